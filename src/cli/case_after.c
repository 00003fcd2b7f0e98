/* case_after.c -- what a case says of sources and topics afterwards. */
#include "cli/case_world.h"

#include <regex.h>

/* Columns as text without what may differ: quotes and the case of what has none, blanks, names of
 * the same type. */
static struct str plain_schema(struct case_world *run, struct str text)
{
    static const struct str words[][2] = {{STR_INIT("INTEGER"), STR_INIT("INT")},
                                          {STR_INIT("VARCHAR"), STR_INIT("STRING")},
                                          {STR_INIT("PRIMARYKEY"), STR_INIT("KEY")}};
    struct buf buf = {0};
    struct buf out = {0};
    bool quoted = false;
    for (size_t i = 0; i < text.size; i++) {
        const char c = text.data[i];
        if (c == '`')
            quoted = !quoted;
        else if (quoted || (c != ' ' && c != '\n'))
            buf_append_byte(&buf, (uint8_t)(!quoted && c >= 'a' && c <= 'z' ? c - 32 : c));
    }
    for (size_t i = 0; i < buf.size;) {
        const struct str rest = {buf.data + i, buf.size - i};
        size_t word = 0;
        while (word < 3 && !str_starts_with(rest, words[word][0]))
            word++;
        if (word < 3) {
            buf_append_str(&out, words[word][1]);
            i += words[word][0].size;
        } else {
            buf_append_byte(&out, (uint8_t)buf.data[i++]);
        }
    }
    const struct str result = arena_str(&run->arena, buf_str(&out));
    buf_release(&buf);
    buf_release(&out);
    return result;
}

/* A format is named, or an object that names it, and the key's window. */
static bool format_same(const struct source *source, bool is_key, const struct json_node *wanted)
{
    static const char *const windows[] = {[WINDOW_NONE] = "",
                                          [WINDOW_TUMBLING] = "TUMBLING",
                                          [WINDOW_HOPPING] = "HOPPING",
                                          [WINDOW_SESSION] = "SESSION"};
    const struct record_format *format = &source->format;
    const enum format_kind kind = is_key ? format->key.kind : format->value.kind;
    if (!wanted)
        return true;
    if (wanted->kind == JSON_STRING)
        return str_equal_nocase(wanted->text, str_from(format_name(kind)));
    const struct str name = json_member_text(wanted, "format", STR(""));
    const struct str window = json_member_text(wanted, "windowType", STR(""));
    return str_equal_nocase(name, str_from(format_name(kind))) &&
           (!is_key || str_equal_nocase(window, str_from(windows[format->window]))) &&
           case_number(wanted, "windowSize", format->window_size_ms) == format->window_size_ms;
}

/* What is said of a source beside its columns. */
static bool kind_same(struct case_world *run, const struct source *source,
                      const struct json_node *wanted)
{
    const struct str type = json_member_text(wanted, "type", STR(""));
    const struct json_node *read_only = json_member(wanted, "isSource");
    const char *words = NULL;
    if (!str_equal_nocase(type, source->kind == SOURCE_STREAM ? STR("stream") : STR("table")))
        words = "type";
    else if (read_only && str_equal(read_only->source, STR("true")) != source->read_only)
        words = "isSource";
    else if (!format_same(source, true, json_member(wanted, "keyFormat")))
        words = "key format";
    else if (!format_same(source, false, json_member(wanted, "valueFormat")))
        words = "value format";
    if (words)
        case_outcome(run, CASE_FAILED, "%.*s has another %s", STR_ARGS(source->name), words);
    return words == NULL;
}

static bool check_sources(struct case_world *run)
{
    const struct json_node *sources = json_member(json_member(run->root, "post"), "sources");
    for (const struct json_node *at = sources ? sources->child : NULL; at; at = at->next) {
        struct source source;
        struct buf schema = {0};
        const struct str name = json_member_text(at, "name", STR(""));
        const struct str wanted = json_member_text(at, "schema", STR(""));
        if (engine_source(run->world.engine, name, &run->arena, &source) != OK) {
            case_outcome(run, CASE_FAILED, "no source %.*s afterwards", STR_ARGS(name));
            return false;
        }
        if (!kind_same(run, &source, at))
            return false;
        row_type_format(source.format.row_type, &schema);
        const bool same = wanted.size == 0 ||
                          str_equal(plain_schema(run, buf_str(&schema)), plain_schema(run, wanted));
        if (!same)
            case_outcome(run, CASE_FAILED, "%.*s has schema %.*s, not %.*s", STR_ARGS(name),
                         STR_ARGS(buf_str(&schema)), STR_ARGS(wanted));
        buf_release(&schema);
        if (!same)
            return false;
    }
    return true;
}

/* Kafka Streams' own: here the windows of a join have no changelog, those of tables have other
 * names, and tables are not sent to meet (docs/dialect.md). */
static bool is_of_other_engine(struct str name)
{
    return str_ends_with(name, STR("-changelog")) ||
           str_ends_with(name, STR("SourceKeyed-SelectKey-repartition"));
}

/* Queries are numbered by the command topic here, from 0 there: the number in the name of a query's
 * topic, "...query_CSAS_OUTPUT_0-...", is left out. */
static struct str without_number(struct case_world *run, struct str name)
{
    const char *const id = memmem(name.data, name.size, "query_", strlen("query_"));
    const char *const end = id ? memchr(id, '-', name.size - (size_t)(id - name.data)) : NULL;
    if (!end)
        return name;
    size_t before = (size_t)(end - name.data);
    while (before > 0 && name.data[before - 1] >= '0' && name.data[before - 1] <= '9')
        before--;
    const size_t rest = name.size - (size_t)(end - name.data);
    return arena_printf(&run->arena, "%.*s%.*s", (int)before, name.data, (int)rest, end);
}

static struct log_topic *find_topic(struct case_world *run, struct str wanted)
{
    struct str *names;
    size_t count;
    struct log_topic *topic;
    if (log_topic_open(run->world.log, wanted, &topic) == OK)
        return topic;
    if (log_list(run->world.log, &run->arena, &names, &count, NULL) != OK)
        return NULL;
    const struct str plain = without_number(run, wanted);
    for (size_t i = 0; i < count; i++)
        if (str_equal(without_number(run, names[i]), plain) &&
            log_topic_open(run->world.log, names[i], &topic) == OK)
            return topic;
    return NULL;
}

static bool check_topics(struct case_world *run, const struct json_node *post)
{
    const struct json_node *topics = json_member(post, "topics");
    for (const struct json_node *at = topics ? topics->child : NULL; at; at = at->next) {
        const struct str name = json_member_text(at, "name", STR(""));
        if (is_of_other_engine(name))
            continue;
        const struct log_topic *topic = find_topic(run, name);
        if (!topic) {
            case_outcome(run, CASE_FAILED, "no topic %.*s afterwards", STR_ARGS(name));
            return false;
        }
        const int64_t partitions = case_number(at, "partitions", topic->partition_count);
        if (partitions != topic->partition_count) {
            case_outcome(run, CASE_FAILED, "topic %.*s has %d partitions", STR_ARGS(name),
                         topic->partition_count);
            return false;
        }
    }
    return true;
}

/* No topic's whole name may match. */
static bool check_blacklist(struct case_world *run, const struct json_node *post)
{
    const struct str pattern = json_member_text(post, "blacklist", STR(""));
    struct str *names;
    size_t count;
    struct why why;
    regex_t regex;
    if (pattern.size == 0)
        return true;
    const struct str whole = arena_printf(&run->arena, "^(%.*s)$", STR_ARGS(pattern));
    if (regcomp(&regex, whole.data, REG_EXTENDED | REG_NOSUB) != 0) {
        case_outcome(run, CASE_NOT_RUN, "the pattern %.*s", STR_ARGS(pattern));
        return false;
    }
    bool found = false;
    const enum err err = log_list(run->world.log, &run->arena, &names, &count, &why);
    if (err)
        case_outcome(run, CASE_FAILED, "%s", why.text);
    for (size_t i = 0; err == OK && !found && i < count; i++) {
        found = regexec(&regex, arena_str(&run->arena, names[i]).data, 0, NULL, 0) == 0;
        if (found)
            case_outcome(run, CASE_FAILED, "topic %.*s must not be there", STR_ARGS(names[i]));
    }
    regfree(&regex);
    return err == OK && !found;
}

bool case_check_after(struct case_world *run)
{
    const struct json_node *post = json_member(json_member(run->root, "post"), "topics");
    return check_sources(run) && check_topics(run, post) && check_blacklist(run, post);
}

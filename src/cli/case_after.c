/* case_after.c -- what a case says of sources and topics afterwards. */
#include "cli/case_world.h"

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

static bool check_sources(struct case_world *run)
{
    const struct json_node *sources = json_member(json_member(run->root, "post"), "sources");
    for (const struct json_node *at = sources ? sources->child : NULL; at; at = at->next) {
        struct source source;
        struct buf schema = {0};
        const struct str name = json_member_text(at, "name", STR(""));
        const struct str type = json_member_text(at, "type", STR(""));
        const struct str wanted = json_member_text(at, "schema", STR(""));
        if (engine_source(run->world.engine, name, &run->arena, &source) != OK) {
            case_outcome(run, CASE_FAILED, "no source %.*s afterwards", STR_ARGS(name));
            return false;
        }
        if (!str_equal_nocase(type, source.kind == SOURCE_STREAM ? STR("stream") : STR("table"))) {
            case_outcome(run, CASE_FAILED, "%.*s is no %.*s", STR_ARGS(name), STR_ARGS(type));
            return false;
        }
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

static bool check_topics(struct case_world *run)
{
    const struct json_node *post = json_member(json_member(run->root, "post"), "topics");
    const struct json_node *topics = json_member(post, "topics");
    for (const struct json_node *at = topics ? topics->child : NULL; at; at = at->next) {
        const struct str name = json_member_text(at, "name", STR(""));
        struct log_topic *topic;
        const bool internal = str_starts_with(name, STR("_confluent"));
        if (!internal && log_topic_open(run->world.log, name, &topic) != OK) {
            case_outcome(run, CASE_FAILED, "no topic %.*s afterwards", STR_ARGS(name));
            return false;
        }
        const int64_t partitions = case_number(at, "partitions", -1);
        if (!internal && partitions >= 0 && partitions != topic->partition_count) {
            case_outcome(run, CASE_FAILED, "topic %.*s has %d partitions", STR_ARGS(name),
                         topic->partition_count);
            return false;
        }
    }
    return true;
}

bool case_check_after(struct case_world *run)
{
    return check_sources(run) && check_topics(run);
}

/* sink_topic.c -- the topics a sink reads: opened when they turn up, made anew when they change. */
#include "base/clock.h"
#include "base/memory.h"
#include "base/trace.h"
#include "sink/form.h"
#include "sink/runtime.h"

#define REFRESH_NS 1000000000

static enum err open_named(struct sink *sink, struct str name, struct why *why);
static enum err topic_new(struct sink *sink, struct str name, struct log_topic *log_topic,
                          struct sink_topic **ret_topic, struct why *why);
static enum err topic_shape(struct sink *sink, struct sink_topic *topic, struct why *why);
static enum err format_get(struct sink *sink, struct str name, struct arena *arena,
                           struct record_format *ret_format, bool *ret_is_table, bool *ret_is_raw,
                           struct why *why);
static struct str identity_of(const struct record_format *format, bool is_table,
                              struct arena *arena);
static enum err make_decoder(struct sink *sink, struct sink_topic *topic, struct why *why);
static enum err topic_check_changed(struct sink *sink, struct sink_topic *topic, struct why *why);
static void shape_free(struct sink_topic *topic);
static void topic_free(struct sink_topic *topic);

enum err topics_refresh(struct sink *sink, struct why *why)
{
    const int64_t now_ns = clock_monotonic_ns();
    if (now_ns < sink->refresh_at_ns)
        return OK;
    enum err err = OK;
    for (uint32_t i = 0; i < sink->topic_count && err == OK; i++)
        err = topic_check_changed(sink, sink->topics[i], why);
    for (uint32_t i = 0; i < sink->settings.topic_count && err == OK; i++)
        err = open_named(sink, sink->settings.topics[i], why);
    if (sink->settings.pattern && err == OK) {
        struct arena arena;
        struct str *names = NULL;
        size_t count = 0;
        arena_init(&arena, 0);
        err = log_list(sink->options.log, &arena, &names, &count, why);
        for (size_t i = 0; i < count && err == OK; i++)
            if (settings_want(&sink->settings, names[i]))
                err = open_named(sink, names[i], why);
        arena_release(&arena);
    }
    if (err == OK)
        sink->refresh_at_ns = now_ns + REFRESH_NS;
    return err;
}

void topics_forget_gone(struct sink *sink)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < sink->topic_count; i++) {
        if (sink->topics[i]->is_gone)
            topic_free(sink->topics[i]);
        else
            sink->topics[kept++] = sink->topics[i];
    }
    sink->group_is_stale |= kept < sink->topic_count;
    sink->topic_count = kept;
}

void topics_free(struct sink *sink)
{
    for (uint32_t i = 0; i < sink->topic_count; i++)
        topic_free(sink->topics[i]);
    free(sink->topics);
    sink->topics = NULL;
    sink->topic_count = 0;
}

/* What is not there yet is looked for again at the next refresh. */
static enum err open_named(struct sink *sink, struct str name, struct why *why)
{
    if (str_equal(name, sink->settings.dead_letter_topic))
        return OK;
    for (uint32_t i = 0; i < sink->topic_count; i++)
        if (str_equal(sink->topics[i]->name, name))
            return OK;
    struct log_topic *log_topic = NULL;
    const enum err found = log_topic_open(sink->options.log, name, &log_topic);
    if (found == ERR_NOT_FOUND || (found == OK && log_topic->internal))
        return OK;
    if (found)
        return why_set(why, found, "cannot open topic '%.*s'", STR_ARGS(name));
    struct sink_topic *topic = NULL;
    const enum err err = topic_new(sink, name, log_topic, &topic, why);
    if (err == ERR_NOT_FOUND)
        return OK;
    if (err)
        return err;
    sink->topics =
        memory_realloc(sink->topics, (sink->topic_count + 1) * sizeof(struct sink_topic *));
    sink->topics[sink->topic_count++] = topic;
    sink->group_is_stale = true;
    return OK;
}

static enum err topic_new(struct sink *sink, struct str name, struct log_topic *log_topic,
                          struct sink_topic **ret_topic, struct why *why)
{
    struct sink_topic *topic = MEMORY_NEW(struct sink_topic);
    topic->name = arena_str(&sink->arena, name);
    topic->log_topic = log_topic;
    topic->partitions =
        memory_zalloc((size_t)log_topic->partition_count * sizeof(*topic->partitions));
    arena_init(&topic->arena, 0);
    for (int32_t p = 0; p < log_topic->partition_count; p++)
        topic->partitions[p].delivered_offset = -1;
    const enum err err = topic_shape(sink, topic, why);
    if (err) {
        topic_free(topic);
        return err;
    }
    *ret_topic = topic;
    return OK;
}

/* Format, settings, decoder, maker: all in the topic's arena. */
static enum err topic_shape(struct sink *sink, struct sink_topic *topic, struct why *why)
{
    enum err err = format_get(sink, topic->name, &topic->arena, &topic->format, &topic->is_table,
                              &topic->is_raw, why);
    if (err)
        return err;
    topic->identity = identity_of(&topic->format, topic->is_table, &topic->arena);
    err = settings_of_topic(&sink->properties, topic->name, &topic->arena, &topic->settings, why);
    if (err == OK)
        err = make_decoder(sink, topic, why);
    return err;
}

static enum err format_get(struct sink *sink, struct str name, struct arena *arena,
                           struct record_format *ret_format, bool *ret_is_table, bool *ret_is_raw,
                           struct why *why)
{
    const struct sink_catalog *catalog = sink->options.catalog;
    enum err err = ERR_NOT_FOUND;
    *ret_is_raw = false;
    if (catalog)
        err = catalog->topic_format(catalog->context, name, arena, ret_format, ret_is_table);
    if (err != ERR_NOT_FOUND)
        return err ? why_set(why, err, "cannot learn the format of '%.*s'", STR_ARGS(name)) : OK;
    *ret_is_table = false;
    return converter_format(sink, name, arena, ret_format, ret_is_raw, why);
}

static struct str identity_of(const struct record_format *format, bool is_table,
                              struct arena *arena)
{
    struct buf buf = {0};
    row_type_format(format->row_type, &buf);
    buf_printf(&buf, " %d/%d/%d %d/%d/%d %d/%lld %d", format->key.kind, format->key.delimiter,
               format->key.unwrapped, format->value.kind, format->value.delimiter,
               format->value.unwrapped, format->window, (long long)format->window_size_ms,
               is_table);
    const struct str identity = arena_str(arena, buf_str(&buf));
    buf_release(&buf);
    return identity;
}

static enum err make_decoder(struct sink *sink, struct sink_topic *topic, struct why *why)
{
    const struct row_type *all = topic->format.row_type;
    struct row_column *columns = ARENA_ARRAY(&topic->arena, struct row_column, all->column_count);
    struct column_origin *origins =
        ARENA_ARRAY(&topic->arena, struct column_origin, all->column_count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < all->column_count; i++) {
        const enum column_role role = all->columns[i].role;
        if (role != COLUMN_KEY && role != COLUMN_VALUE)
            continue;
        columns[count] = all->columns[i];
        origins[count++] = (struct column_origin){.kind = ORIGIN_COLUMN, .column = (uint16_t)i};
    }
    topic->row_type = row_type_new(&topic->arena, columns, count);
    const struct document_shape shape = {
        .topic = topic->name,
        .row_type = topic->row_type,
        .is_table = topic->is_table,
        .window = topic->format.window,
        .is_raw = topic->is_raw,
        .settings = &topic->settings,
        .form = form_get(sink->options.target->form),
    };
    const enum err err = document_maker_new(&topic->arena, &shape, &topic->maker, why);
    if (err)
        return err;
    return decoder_new(&topic->format, origins, count, sink->options.registry, &topic->decoder,
                       why);
}

/* A replaced statement, a new schema: what was gathered is delivered by then. */
static enum err topic_check_changed(struct sink *sink, struct sink_topic *topic, struct why *why)
{
    struct arena arena;
    struct record_format format;
    bool is_table = false;
    bool is_raw = false;
    arena_init(&arena, 0);
    enum err err = format_get(sink, topic->name, &arena, &format, &is_table, &is_raw, why);
    const bool changed =
        err == OK && !str_equal(identity_of(&format, is_table, &arena), topic->identity);
    arena_release(&arena);
    if (err == ERR_NOT_FOUND)
        return OK; /* dropped: its records are still what they were */
    if (!changed)
        return err;
    trace(TRACE_INFO, "sink", "the columns of '%.*s' changed", STR_ARGS(topic->name));
    shape_free(topic);
    return topic_shape(sink, topic, why);
}

static void shape_free(struct sink_topic *topic)
{
    decoder_free(topic->decoder);
    document_maker_release(topic->maker);
    topic->decoder = NULL;
    topic->maker = NULL;
    arena_release(&topic->arena);
    arena_init(&topic->arena, 0);
}

static void topic_free(struct sink_topic *topic)
{
    shape_free(topic);
    arena_release(&topic->arena);
    free(topic->partitions);
    free(topic);
}

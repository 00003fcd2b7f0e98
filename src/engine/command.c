/* command.c -- the command topic: what runs, kept in the log itself.
 *
 * One record a statement that changes what runs, in order, in a topic of one partition that is kept
 * for ever. The value is JSON: {"version":1,"statement":"CREATE ...","settings":{"name":"value"}}.
 * A query's number is the offset of the command that made it. */
#include "base/clock.h"
#include "base/json.h"
#include "base/trace.h"
#include "engine/state.h"

#define COMMAND_BYTES_MAX (1 << 20)
#define COMMAND_TIMEOUT_MS 30000

static enum err find_next_number(struct engine *engine, struct why *why);

enum err command_topic_open(struct engine *engine, struct why *why)
{
    const struct log_topic_config config = {
        .partition_count = 1, .retention_ms = -1, .retention_bytes = -1};
    struct log *log = engine->options.log;
    engine->command_topic_name = arena_printf(&engine->arena, "_confluent-ksql-%.*s_command_topic",
                                              STR_ARGS(engine->options.service_id));
    enum err err = log_topic_open(log, engine->command_topic_name, &engine->command_topic);
    if (err != ERR_NOT_FOUND)
        return err;
    err = log_create(log, engine->command_topic_name, &config, why);
    if (err && err != ERR_EXISTS)
        return err;
    return log_topic_open(log, engine->command_topic_name, &engine->command_topic);
}

static void command_write(const struct execution *execution, struct buf *buf)
{
    const struct properties *settings = &execution->session->settings;
    buf_append_str(buf, STR("{\"version\":1,\"statement\":"));
    json_write_string(buf, execution->statement->text);
    buf_append_str(buf, STR(",\"settings\":{"));
    for (size_t i = 0; i < settings->count; i++) {
        if (i > 0)
            buf_append_byte(buf, ',');
        json_write_string(buf, settings->items[i].name);
        buf_append_byte(buf, ':');
        json_write_string(buf, settings->items[i].value);
    }
    buf_append_str(buf, STR("}}"));
}

enum err command_append(struct execution *execution)
{
    struct engine *engine = execution->engine;
    if (engine->replaying)
        return OK;
    if (!engine->command_topic) {
        engine->next_number++;
        return OK;
    }
    struct buf value = {0};
    struct record_batch_builder builder;
    record_batch_builder_init(&builder);
    command_write(execution, &value);
    const struct record record = {.timestamp_ms = clock_wall_ms(), .value = buf_str(&value)};
    enum err err = record_batch_add(&builder, &record);
    bool taken = false;
    if (err == OK) {
        record_batch_finish(&builder);
        const struct log_append append = {.topic = engine->command_topic,
                                          .batch = builder.buf.data,
                                          .batch_size = builder.buf.size};
        const struct log_step step = {.appends = &append, .append_count = 1};
        err = writer_commit(engine, &step, COMMAND_TIMEOUT_MS, &taken);
    }
    if (taken)
        builder.buf = (struct buf){0};
    record_batch_builder_release(&builder);
    buf_release(&value);
    if (err)
        return why_set(execution->why, err, "cannot keep the statement in topic '%.*s': %s",
                       STR_ARGS(engine->command_topic_name), err_text(err));
    return find_next_number(engine, execution->why);
}

/* Of the next command, whatever the commit of this one took. */
static enum err find_next_number(struct engine *engine, struct why *why)
{
    struct arena arena;
    struct log_topic_info info;
    arena_init(&arena, 0);
    const enum err err =
        log_describe(engine->options.log, engine->command_topic_name, &arena, &info, why);
    if (err == OK)
        engine->next_number = info.partitions[0].end_offset;
    arena_release(&arena);
    return err;
}

/* Reads one command's JSON. ERR_CORRUPT when it was not written by us. */
static enum err command_read(struct str value, struct arena *arena, struct str *ret_statement,
                             struct properties *settings)
{
    struct json_reader reader;
    json_reader_init(&reader, value, arena);
    if (json_next(&reader) != JSON_OBJECT_BEGIN)
        return ERR_CORRUPT;
    *ret_statement = (struct str){0};
    for (;;) {
        enum json_token token = json_next(&reader);
        if (token == JSON_OBJECT_END)
            break;
        if (token != JSON_NAME)
            return ERR_CORRUPT;
        const struct str name = reader.text;
        token = json_next(&reader);
        if (str_equal(name, STR("statement")) && token == JSON_STRING) {
            *ret_statement = reader.text;
        } else if (str_equal(name, STR("settings")) && token == JSON_OBJECT_BEGIN) {
            while ((token = json_next(&reader)) == JSON_NAME) {
                const struct str key = reader.text;
                if (json_next(&reader) != JSON_STRING)
                    return ERR_CORRUPT;
                properties_set(settings, key, reader.text);
            }
            if (token != JSON_OBJECT_END)
                return ERR_CORRUPT;
        } else if (json_skip(&reader, token, NULL) != OK) {
            return ERR_CORRUPT;
        }
    }
    return ret_statement->size > 0 ? OK : ERR_CORRUPT;
}

bool engine_ignore_answer(void *context, const struct statement *statement,
                          const struct answer *answer)
{
    (void)context, (void)statement, (void)answer;
    return true;
}

static enum err command_run(struct engine *engine, const struct record *record, struct why *why)
{
    struct arena arena;
    struct session session;
    struct str text;
    struct statement *statements;
    uint32_t count = 0;
    arena_init(&arena, 0);
    session_init(&session, &arena);
    enum err err = command_read(record->value, &arena, &text, &session.settings);
    if (err) {
        err = why_set(why, err,
                      "record %lld of topic '%.*s' is not a command of ours: this "
                      "service id belongs to another program",
                      (long long)record->offset, STR_ARGS(engine->command_topic_name));
        goto out;
    }
    err = sql_parse(text, NULL, &arena, &statements, &count, why);
    for (uint32_t i = 0; err == OK && i < count; i++) {
        struct execution execution = {.engine = engine,
                                      .session = &session,
                                      .statement = &statements[i],
                                      .catalog = catalog_view(engine, &session),
                                      .arena = &arena,
                                      .on_answer = engine_ignore_answer,
                                      .why = why};
        err = execute_statement(&execution);
    }
out:
    arena_release(&arena);
    return err;
}

enum err command_replay(struct engine *engine, struct why *why)
{
    int64_t offset = 0;
    enum err err = OK;
    engine->replaying = true;
    while (err == OK) {
        struct log_records *records;
        err = log_read(engine->writer, engine->command_topic, 0, offset, COMMAND_BYTES_MAX,
                       &records, why);
        if (err)
            break;
        const bool at_end = records->count == 0 && records->next_offset == offset;
        for (uint32_t i = 0; err == OK && i < records->count; i++) {
            engine->next_number = records->at[i].offset;
            err = command_run(engine, &records->at[i], why);
            if (err)
                why_prefix(why, "cannot run command %lld again", (long long)records->at[i].offset);
        }
        offset = records->next_offset;
        log_records_release(records);
        if (at_end)
            break;
    }
    engine->next_number = offset;
    engine->replaying = false;
    return err;
}

/* command.c -- the command topic: what runs, kept in the log itself.
 *
 * One record a statement that changes what runs, in order, in a topic of one partition that is kept
 * for ever. The value is JSON, and anything else in it is not ours:
 *     {"version":1,"token":"9f2c...","statement":"CREATE ...","settings":{"name":"value"}}
 * A query's number is the offset of the command that made it. The token is one try's own: who does
 * not know whether a statement was kept finds it by that. */
#include "base/clock.h"
#include "base/json.h"
#include "base/trace.h"
#include "engine/state.h"

#define COMMAND_BYTES_MAX (1 << 20)
#define COMMAND_TIMEOUT_MS 30000
#define COMMAND_VERSION 1

enum err command_topic_find(struct engine *engine, struct log_topic **ret_topic, struct why *why)
{
    const struct log_topic_config config = {
        .partition_count = 1, .retention_ms = -1, .retention_bytes = -1};
    struct log *log = engine->options.log;
    engine->command_topic_name = arena_printf(&engine->arena, "_confluent-ksql-%.*s_command_topic",
                                              STR_ARGS(engine->options.service_id));
    enum err err = log_topic_open(log, engine->command_topic_name, ret_topic);
    if (err != ERR_NOT_FOUND)
        return err;
    err = log_create(log, engine->command_topic_name, &config, why);
    if (err && err != ERR_EXISTS)
        return err;
    return log_topic_open(log, engine->command_topic_name, ret_topic);
}

enum err command_topic_open(struct engine *engine, struct why *why)
{
    return command_topic_find(engine, &engine->command_topic, why);
}

static void command_write(const struct execution *execution, struct buf *buf)
{
    const struct properties *settings = &execution->session->settings;
    buf_printf(buf, "{\"version\":%d,\"token\":", COMMAND_VERSION);
    json_write_string(buf, execution->token);
    buf_append_str(buf, STR(",\"statement\":"));
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

static bool starts_something(enum statement_kind kind)
{
    return kind == STATEMENT_CREATE_STREAM_AS || kind == STATEMENT_CREATE_TABLE_AS ||
           kind == STATEMENT_INSERT_SELECT || kind == STATEMENT_CREATE_CONNECTOR;
}

enum err command_append(struct execution *execution)
{
    struct engine *engine = execution->engine;
    if (engine->replaying || engine->following)
        return OK;
    enum err err = OK;
    if (!engine->command_topic && starts_something(execution->statement->kind))
        err = headless_claim(engine, execution->why);
    if (engine->command_topic) {
        struct buf value = {0};
        command_write(execution, &value);
        err = command_append_value(engine, engine->command_topic, engine->next_number,
                                   buf_str(&value), execution->why);
        buf_release(&value);
        execution->is_lost = err != OK;
    }
    if (err)
        return err;
    engine->command_number = engine->next_number++;
    engine->command_offset = engine->next_number;
    return OK;
}

enum err command_append_value(struct engine *engine, struct log_topic *topic, int64_t offset,
                              struct str value, struct why *why)
{
    struct record_batch_builder builder;
    record_batch_builder_init(&builder);
    const struct record record = {.timestamp_ms = clock_wall_ms(), .value = value};
    enum err err = record_batch_add(&builder, &record);
    if (err == OK) {
        record_batch_finish(&builder);
        err = log_append_at(engine->options.log, topic, offset, buf_str(&builder.buf), why);
    }
    record_batch_builder_release(&builder);
    if (err)
        why_prefix(why, "cannot keep the statement");
    return err;
}

static enum err settings_read(struct json_reader *reader, struct properties *settings)
{
    enum json_token token;
    while ((token = json_next(reader)) == JSON_NAME) {
        const struct str key = reader->text;
        if (json_next(reader) != JSON_STRING)
            return ERR_CORRUPT;
        properties_set(settings, key, reader->text);
    }
    return token == JSON_OBJECT_END ? OK : ERR_CORRUPT;
}

enum err command_read(struct str value, struct arena *arena, struct command *command)
{
    struct json_reader reader;
    bool has_settings = false;
    *command = (struct command){0};
    properties_init(&command->settings, arena);
    json_reader_init(&reader, value, arena);
    if (json_next(&reader) != JSON_OBJECT_BEGIN)
        return ERR_CORRUPT;
    for (;;) {
        enum json_token token = json_next(&reader);
        if (token == JSON_OBJECT_END)
            break;
        if (token != JSON_NAME)
            return ERR_CORRUPT;
        const struct str name = reader.text;
        token = json_next(&reader);
        if (str_equal(name, STR("statement")) && token == JSON_STRING)
            command->statement = reader.text;
        else if (str_equal(name, STR("files")) && token == JSON_STRING)
            command->files = reader.text;
        else if (str_equal(name, STR("token")) && token == JSON_STRING)
            command->token = reader.text;
        else if (str_equal(name, STR("settings")) && token == JSON_OBJECT_BEGIN)
            has_settings = settings_read(&reader, &command->settings) == OK;
        else if (!str_equal(name, STR("version")) || token != JSON_NUMBER ||
                 !str_equal(reader.text, STR("1")))
            return ERR_CORRUPT;
    }
    const bool is_statement = has_settings && command->statement.size > 0;
    return is_statement != (command->files.size > 0) ? OK : ERR_CORRUPT;
}

bool engine_ignore_answer(void *context, const struct statement *statement,
                          const struct answer *answer)
{
    (void)context, (void)statement, (void)answer;
    return true;
}

/* Connectors are told when the lock is given back. */
static void note_connector(struct engine *engine, const struct execution *execution)
{
    if (engine->replaying)
        return;
    connector_note(engine, &execution->stops, false);
    connector_note(engine, &execution->starts, true);
}

/* `own`: whose answer it is if the command turns out to be his; NULL: nobody's. */
static enum err command_run(struct engine *engine, const struct record *record,
                            struct execution *own, struct why *why)
{
    struct arena arena;
    struct session session;
    struct command command;
    struct statement *statements;
    uint32_t count = 0;
    arena_init(&arena, 0);
    session_init(&session, &arena);
    enum err err = command_read(record->value, &arena, &command);
    if (err) {
        err = why_set(why, err,
                      "record %lld of topic '%.*s' is not a command of ours: this service id "
                      "belongs to a ksqlDB, or to another program; say another ksql.service.id",
                      (long long)record->offset, STR_ARGS(engine->command_topic_name));
        goto out;
    }
    if (command.files.size > 0) {
        if (!engine->options.catalog_only)
            err =
                why_set(why, ERR_INVALID,
                        "service '%.*s' runs files ('drivethru run'): say another "
                        "ksql.service.id, or delete topic '%.*s' when nothing runs them",
                        STR_ARGS(engine->options.service_id), STR_ARGS(engine->command_topic_name));
        goto out;
    }
    session.settings = command.settings;
    const bool is_own = own && str_equal(command.token, own->token);
    err = sql_parse(command.statement, NULL, &arena, &statements, &count, why);
    for (uint32_t i = 0; err == OK && i < count; i++) {
        struct execution execution = {.engine = engine,
                                      .session = &session,
                                      .statement = &statements[i],
                                      .catalog = catalog_view(engine, &session),
                                      .arena = &arena,
                                      .on_answer = is_own ? own->on_answer : engine_ignore_answer,
                                      .context = is_own ? own->context : NULL,
                                      .why = why};
        err = execute_statement(&execution);
        if (err == OK)
            note_connector(engine, &execution);
    }
    if (is_own) {
        own->is_done = true;
        own->done_err = err;
        if (err && own->why)
            *own->why = *why;
    }
out:
    arena_release(&arena);
    return err;
}

/* What others wrote while this process runs. What cannot be run now is tried again; what never can
 * is passed over, because the service goes on without it. */
static enum err command_take(struct engine *engine, const struct record *record,
                             struct execution *own, struct why *why)
{
    struct why words = {0};
    const bool was_replaying = engine->replaying;
    engine->next_number = record->offset;
    engine->following = !was_replaying;
    enum err err = command_run(engine, record, own, &words);
    engine->following = false;
    if (err && why) {
        *why = words;
        why_prefix(why, "cannot run command %lld again", (long long)record->offset);
    }
    const enum reaction reaction = err_reaction(err);
    if (err && !was_replaying && reaction != REACTION_RETRY && reaction != REACTION_REBUILD) {
        trace(TRACE_ERROR, "engine", "command %lld of the service cannot be run here: %s",
              (long long)record->offset, words.text);
        err = OK;
    }
    if (!err)
        engine->command_number = record->offset;
    return err;
}

enum err command_follow(struct engine *engine, int64_t end_offset, struct execution *own,
                        struct why *why)
{
    const int64_t deadline_ns = clock_monotonic_ns() + COMMAND_TIMEOUT_MS * INT64_C(1000000);
    enum err err = OK;
    bool at_end = false;
    while (err == OK && !at_end && (end_offset < 0 || engine->command_offset < end_offset)) {
        struct log_records *records;
        err = log_read(engine->writer, engine->command_topic, 0, engine->command_offset,
                       COMMAND_BYTES_MAX, &records, why);
        if (err)
            break;
        at_end = records->count == 0 && records->next_offset == engine->command_offset;
        for (uint32_t i = 0; err == OK && i < records->count; i++) {
            err = command_take(engine, &records->at[i], own, why);
            if (err == OK)
                engine->command_offset = records->at[i].offset + 1;
        }
        if (err == OK)
            engine->command_offset = records->next_offset;
        log_records_release(records);
        if (at_end && end_offset >= 0) {
            at_end = false;
            if (clock_monotonic_ns() >= deadline_ns)
                err = why_set(why, ERR_UNAVAILABLE, "topic '%.*s' cannot be read to its end",
                              STR_ARGS(engine->command_topic_name));
            else
                clock_sleep_ms(5);
        }
    }
    if (engine->next_number < engine->command_offset)
        engine->next_number = engine->command_offset;
    return err;
}

enum err command_claim(struct execution *execution)
{
    struct engine *engine = execution->engine;
    int64_t end_offset;
    if (!engine->command_topic)
        return OK;
    enum err err =
        log_claim(engine->options.log, engine->command_topic, &end_offset, execution->why);
    if (err == OK)
        err = command_follow(engine, end_offset, execution, execution->why);
    if (err == OK)
        engine->next_number = end_offset;
    return err;
}

enum err command_replay(struct engine *engine, struct why *why)
{
    engine->replaying = true;
    const enum err err = command_follow(engine, -1, NULL, why);
    engine->replaying = false;
    return err;
}

/* headless.c -- a service that runs files: which files, all its processes have to agree on.
 *
 * The command topic of such a service has no statements, but which files it runs: one record
 * {"version":1,"files":"<digest>"}; the last counts. It is written as a statement is, so that of
 * two processes that come with different files at once one is refused. Other files take over when
 * no process runs those before any more. */
#include "base/buf.h"
#include "base/clock.h"
#include "engine/state.h"

#define TRIES_MAX 20
#define PAUSE_MS 200
#define READ_BYTES_MAX (1 << 20)

/* What the command topic says up to its end: the digest, size 0 when it says nothing. */
static enum err look(struct engine *engine, struct log_topic *topic, int64_t end_offset,
                     struct arena *arena, struct str *ret_files, struct why *why)
{
    *ret_files = STR("");
    for (int64_t offset = 0; offset < end_offset;) {
        struct log_records *records;
        enum err err = log_read(engine->writer, topic, 0, offset, READ_BYTES_MAX, &records, why);
        if (err)
            return err;
        const int64_t next_offset = records->next_offset;
        for (uint32_t i = 0; i < records->count && err == OK; i++) {
            struct command command;
            err = command_read(records->at[i].value, arena, &command);
            if (err)
                err = why_set(why, err, "topic '%.*s' has records that are not ours",
                              STR_ARGS(topic->name));
            else if (command.files.size == 0)
                err =
                    why_set(why, ERR_INVALID,
                            "service '%.*s' is interactive: statements of 'drivethru up' are kept "
                            "in topic '%.*s'; say another ksql.service.id to run files",
                            STR_ARGS(engine->options.service_id), STR_ARGS(topic->name));
            else
                *ret_files = arena_str(arena, command.files);
        }
        log_records_release(records);
        if (err)
            return err;
        if (next_offset == offset)
            clock_sleep_ms(5);
        offset = next_offset;
    }
    return OK;
}

/* Whether others are at work that run something else. */
static enum err check_peers(struct engine *engine, struct arena *arena, struct why *why)
{
    struct peer_info *peers;
    uint32_t count;
    peers_get(engine, arena, &peers, &count);
    for (uint32_t i = 0; i < count; i++)
        if (!str_equal(peers[i].files, engine->files_digest))
            return why_set(why, ERR_LOCKED,
                           peers[i].files.size > 0
                               ? "a process of service '%.*s' runs other files: stop it first, or "
                                 "say another ksql.service.id"
                               : "a process of service '%.*s' is interactive ('drivethru up'): say "
                                 "another ksql.service.id to run files",
                           STR_ARGS(engine->options.service_id));
    return OK;
}

static enum err try_claim(struct engine *engine, struct log_topic *topic, struct arena *arena,
                          struct why *why)
{
    int64_t end_offset;
    struct str files;
    struct buf value = {0};
    enum err err = log_claim(engine->options.log, topic, &end_offset, why);
    if (err == OK)
        err = look(engine, topic, end_offset, arena, &files, why);
    if (err == OK)
        err = check_peers(engine, arena, why);
    if (err || str_equal(files, engine->files_digest))
        return err;
    buf_printf(&value, "{\"version\":1,\"files\":\"%.*s\"}", STR_ARGS(engine->files_digest));
    err = command_append_value(engine, topic, end_offset, buf_str(&value), why);
    buf_release(&value);
    return err;
}

enum err headless_claim(struct engine *engine, struct why *why)
{
    struct log_topic *topic;
    struct arena arena;
    if (!engine->options.shared || engine->files_digest.size == 0 || engine->peers)
        return OK;
    arena_init(&arena, 0);
    enum err err = peers_open(engine, why);
    if (err == OK)
        err = command_topic_find(engine, &topic, why);
    for (int tries = 0; err == OK; tries++) {
        err = try_claim(engine, topic, &arena, why);
        if (err != ERR_AGAIN || tries == TRIES_MAX)
            break;
        clock_sleep_ms(PAUSE_MS);
        err = OK;
    }
    if (err == OK)
        err = peers_start(engine, STR(""), why);
    if (err)
        peers_close(engine);
    arena_release(&arena);
    return err;
}

void engine_say_files(struct engine *engine, struct str digest)
{
    engine->files_digest = arena_str(&engine->arena, digest);
}

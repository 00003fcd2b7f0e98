/* run.c -- drivethru run FILE.sql: headless, the file is all. */
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/md5.h"
#include "cli/answer.h"
#include "cli/connectors.h"

#define SQL_BYTES_MAX (1 << 20)
#define REST_POLL_MS 200

static struct engine *interrupted_engine;

static void on_interrupt(void)
{
    if (interrupted_engine)
        engine_interrupt(interrupted_engine);
}

/* All files, in their order; what they say is told to the engine as a digest. */
static enum err read_files(struct invocation *invocation, struct engine *engine,
                           struct str **ret_texts, struct why *why)
{
    const uint32_t count = invocation->argument_count;
    struct str *texts = ARENA_ARRAY(&invocation->arena, struct str, count);
    struct buf all = {0};
    uint8_t digest[MD5_BYTES];
    char hex[2 * MD5_BYTES + 1];
    enum err err = OK;
    for (uint32_t i = 0; err == OK && i < count; i++) {
        err = file_read(arena_str(&invocation->arena, invocation->arguments[i]).data, SQL_BYTES_MAX,
                        &invocation->arena, &texts[i], why);
        if (err == OK)
            buf_append_str(&all, texts[i]);
    }
    md5(buf_str(&all), digest);
    buf_release(&all);
    for (size_t i = 0; i < MD5_BYTES; i++)
        snprintf(&hex[2 * i], 3, "%02x", digest[i]);
    engine_say_files(engine, str_from(hex));
    *ret_texts = texts;
    return err;
}

static enum err run_file(struct invocation *invocation, struct world *world, uint32_t i,
                         struct str text, struct session *session, struct answer_printer *printer,
                         struct why *why)
{
    const enum err err = engine_execute(world->engine, session, text, answer_print, printer, why);
    if (err)
        why_place(why, arena_str(&invocation->arena, invocation->arguments[i]).data);
    return err;
}

/* Persistent queries go on until somebody asks them to end, or they have nothing left to read. */
static enum err keep_running(struct invocation *invocation, struct world *world, struct why *why)
{
    struct engine_query *queries;
    uint32_t count;
    engine_queries(world->engine, &invocation->arena, &queries, &count);
    struct engine_connector *connectors;
    uint32_t connector_count;
    engine_get_connectors(world->engine, &invocation->arena, &connectors, &connector_count);
    if (count == 0 && connector_count == 0)
        return OK;
    notify_manager("READY=1");
    if (config_flag(invocation, "until.idle")) {
        enum err err = ERR_AGAIN;
        while (err == ERR_AGAIN && !interrupt_wanted()) {
            err = world_rest(world, REST_POLL_MS, why);
            notify_manager("WATCHDOG=1");
        }
        return err == ERR_AGAIN ? OK : err;
    }
    fprintf(stderr, "%u quer%s and %u connector%s running; Ctrl-C ends\n", count,
            count == 1 ? "y" : "ies", connector_count, connector_count == 1 ? "" : "s");
    enum err err = OK;
    while (!interrupt_wanted() && err == OK) {
        clock_sleep_ms(100);
        notify_manager("WATCHDOG=1");
        err = world_check(world, why);
    }
    return err;
}

static int run(struct invocation *invocation)
{
    struct world world;
    struct session session;
    struct why why = {0};
    struct answer_printer printer = {.json = config_wants_json(invocation)};
    if (invocation->argument_count == 0)
        return fail_usage(&command_run, "no file named");
    interrupt_catch();
    enum err err = world_open(invocation, WORLD_LOG | WORLD_QUERIES, &world, &why);
    if (err)
        return fail(err, &why);
    interrupted_engine = world.engine;
    interrupt_on(on_interrupt);
    connectors_start(world.connectors);
    session_init(&session, &invocation->arena);
    struct str *texts;
    err = read_files(invocation, world.engine, &texts, &why);
    for (uint32_t i = 0; err == OK && i < invocation->argument_count; i++)
        err = run_file(invocation, &world, i, texts[i], &session, &printer, &why);
    if (err == OK && !interrupt_wanted())
        err = keep_running(invocation, &world, &why);
    interrupt_on(NULL);
    interrupted_engine = NULL;
    notify_manager("STOPPING=1");
    world_close(&world);
    if (err)
        return fail(err, &why);
    return interrupt_wanted() ? EXIT_INTERRUPTED : EXIT_OK;
}

const struct command command_run = {
    .name = "run",
    .summary = "run statements from files; prints what a bare SELECT yields",
    .usage = "run FILE.sql... [flags]",
    .flags = "data config bootstrap.servers schema.registry.url threads batch.rows ksql.service.id "
             "output until.idle "
             "commit.interval.ms "
             "log.bytes.max memory.max log.sync quiet",
    .examples = "  drivethru run pipeline/01-sources.sql pipeline/02-join.sql\n"
                "  drivethru run report.sql --output json --until-idle\n",
    .run = run,
};

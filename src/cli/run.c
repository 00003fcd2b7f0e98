/* run.c -- drivethru run FILE.sql: headless, the file is all. */
#include "base/clock.h"
#include "base/file.h"
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

static enum err run_file(struct invocation *invocation, struct world *world, struct str path,
                         struct session *session, struct answer_printer *printer, struct why *why)
{
    struct str text;
    enum err err = file_read(arena_str(&invocation->arena, path).data, SQL_BYTES_MAX,
                             &invocation->arena, &text, why);
    if (err == OK) {
        err = engine_execute(world->engine, session, text, answer_print, printer, why);
        if (err)
            why_place(why, arena_str(&invocation->arena, path).data);
    }
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
    for (uint32_t i = 0; err == OK && i < invocation->argument_count; i++)
        err = run_file(invocation, &world, invocation->arguments[i], &session, &printer, &why);
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

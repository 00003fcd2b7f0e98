/* up.c -- drivethru up: the whole pipeline in one process.
 *
 * Opens the data directory, registers the pipeline's schemas and makes their topics, starts what
 * the command topic holds, applies the pipeline's files, starts the sink and the generator, and
 * then shows one line a second until somebody asks it to end. The end is the other way round: the
 * generator stops, queries and sink finish what was made, all is closed. */
#include "api/api.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/connectors.h"
#include "cli/generating.h"
#include "cli/pipeline.h"
#include "cli/status.h"
#include "cli/world.h"

#include <pthread.h>
#include <stdatomic.h>

#define FILE_BYTES_MAX (1 << 20)
#define GENERATOR_TIMEOUT_MS 1000
#define GENERATOR_PAUSE_MS 5
#define GENERATOR_RETRY_MS 200
#define REST_POLL_MS 200
#define REST_MS_MAX 5000

struct up {
    struct invocation *invocation;
    struct world world;
    struct api *api;
    struct generator_options generator_options;
    pthread_t generator_thread;
    bool generator_started;
    atomic_bool stopping;
    /* What the generator's thread says last; under the lock. */
    pthread_mutex_t lock;
    struct generator_progress progress;
    enum err generator_err;
    struct why generator_why;
};

/* Registers the schema of a file and makes the topic of a value where it is missing. */
static enum err prepare_schema(struct up *up, const char *directory, struct str file,
                               struct why *why)
{
    struct arena *arena = &up->invocation->arena;
    struct str text;
    int32_t id;
    const struct str path = arena_printf(arena, "%s/%.*s", directory, STR_ARGS(file));
    enum err err = file_read(path.data, FILE_BYTES_MAX, arena, &text, why);
    if (err)
        return err;
    const struct str subject = pipeline_subject(file);
    /* A version that the registry has already stays: the file may be older than the subject. */
    err = registry_register(up->world.registry, subject, text, &id, why);
    if (err) {
        why_place(why, path.data);
        return err;
    }
    const struct str topic = pipeline_topic(subject);
    if (topic.size == 0)
        return OK;
    const struct log_topic_config config = {
        .partition_count = (int32_t)config_number(up->invocation, "partitions"),
        .retention_ms = -1,
        .retention_bytes = -1};
    struct log_topic *handle;
    if (log_topic_open(up->world.log, topic, &handle) == OK)
        return OK;
    err = log_create(up->world.log, topic, &config, why);
    return err == ERR_EXISTS ? OK : err; /* another process was faster */
}

static enum err prepare_schemas(struct up *up, struct why *why)
{
    struct arena *arena = &up->invocation->arena;
    const struct str directory =
        arena_printf(arena, "%s/schemas", config_path(up->invocation, "pipeline"));
    struct str *names;
    size_t count;
    enum err err = file_list(directory.data, STR(".avsc"), arena, &names, &count, why);
    for (size_t i = 0; err == OK && i < count; i++)
        err = prepare_schema(up, directory.data, names[i], why);
    return err == ERR_NOT_FOUND ? OK : err;
}

static bool show_message(void *context, const struct statement *statement,
                         const struct answer *answer)
{
    (void)context, (void)statement;
    if (answer->kind == ANSWER_MESSAGE)
        fprintf(stderr, "  %.*s\n", STR_ARGS(answer->text));
    return true;
}

static enum err apply_files(struct up *up, struct why *why)
{
    struct arena *arena = &up->invocation->arena;
    const char *directory = config_path(up->invocation, "pipeline");
    struct str *names;
    size_t count;
    enum err err = file_list(directory, STR(".sql"), arena, &names, &count, why);
    if (err == ERR_NOT_FOUND) { /* what runs is kept in the log: files are not needed */
        fprintf(stderr, "no directory '%s': what runs goes on\n", directory);
        return OK;
    }
    for (size_t i = 0; err == OK && i < count; i++) {
        const struct str path = arena_printf(arena, "%s/%.*s", directory, STR_ARGS(names[i]));
        struct str text;
        err = file_read(path.data, FILE_BYTES_MAX, arena, &text, why);
        if (err == OK)
            err = engine_apply(up->world.engine, path, text, show_message, NULL, why);
    }
    return err;
}

static void generator_say(struct up *up, const struct generator_progress *progress, enum err err,
                          const struct why *why)
{
    pthread_mutex_lock(&up->lock);
    up->progress = *progress;
    up->generator_err = err;
    if (err)
        up->generator_why = *why;
    pthread_mutex_unlock(&up->lock);
}

/* No room, nobody there, a commit that failed: whether that lasts is the log's health to say. */
static bool passes(enum err err)
{
    return err == ERR_ABORTED || err_reaction(err) == REACTION_RETRY;
}

static void *generator_main(void *context)
{
    struct up *up = context;
    struct generator *generator = NULL;
    struct generator_progress progress = {0};
    struct why why = {0};
    enum err err =
        generator_open(&up->generator_options, up->world.log, up->world.registry, &generator, &why);
    while (err == OK && !atomic_load(&up->stopping) && !progress.is_done) {
        err = generator_step(generator, clock_wall_ms(), GENERATOR_TIMEOUT_MS, &progress, &why);
        generator_say(up, &progress, err, &why);
        if (passes(err)) {
            /* Shown in the status line; tried again, from the last commit on. */
            if (err != ERR_FULL)
                clock_sleep_ms(GENERATOR_RETRY_MS);
            err = OK;
        } else if (err == OK && progress.history_done >= 1) {
            clock_sleep_ms(GENERATOR_PAUSE_MS);
        }
    }
    if (err)
        generator_say(up, &progress, err, &why);
    generator_close(generator);
    return NULL;
}

/* A registry elsewhere is served there. */
static struct str served_registry(const struct invocation *invocation)
{
    const bool is_elsewhere = config_text(invocation, "schema.registry.url").size > 0;
    return is_elsewhere ? STR("") : config_text(invocation, "registry.listen");
}

static enum err open_api(struct up *up, struct why *why)
{
    struct invocation *invocation = up->invocation;
    const struct api_options options = {
        .listen = config_text(invocation, "listen"),
        .registry_listen = served_registry(invocation),
        .registry_is_optional = !config_is_said(invocation, "registry.listen"),
        .connect_listen = config_text(invocation, "connect.listen"),
        .insecure = config_flag(invocation, "insecure"),
        .engine = up->world.engine,
        .log = up->world.log,
        .directory = config_path(invocation, "data"),
        .registry = up->world.registry,
        .sinks = up->world.connectors->sinks,
        .files = page_files,
        .file_count = page_file_count,
        .dashboard_path = arena_printf(&invocation->arena, "%s/dashboard.json",
                                       config_path(invocation, "pipeline"))
                              .data,
    };
    return api_open(&options, &up->api, why);
}

/* Where others ask: as the settings say, else where it listens. */
static enum err announce(struct up *up, struct why *why)
{
    const struct str said = config_text(up->invocation, "ksql.advertised.listener");
    return engine_announce(up->world.engine, said.size > 0 ? said : api_url(up->api), why);
}

static enum err start(struct up *up, struct why *why)
{
    enum err err = prepare_schemas(up, why);
    if (err == OK)
        err = apply_files(up, why);
    if (err == OK)
        err = connectors_define_files(up->world.connectors, show_message, why);
    if (err == OK)
        connectors_start(up->world.connectors);
    if (err == OK)
        err = open_api(up, why);
    if (err == OK)
        err = announce(up, why);
    if (err || !config_flag(up->invocation, "generate"))
        return err;
    if (pthread_create(&up->generator_thread, NULL, generator_main, up) != 0)
        return why_set(why, ERR_LIMIT, "cannot start a thread");
    up->generator_started = true;
    return OK;
}

/* Before the end, if it does not take long: then every place agrees with the truth. */
static void come_to_rest(struct up *up)
{
    const int64_t deadline_ns = clock_monotonic_ns() + REST_MS_MAX * 1000000LL;
    struct why why = {0};
    enum err err = world_rest(&up->world, REST_POLL_MS, &why);
    while (err == ERR_AGAIN && clock_monotonic_ns() < deadline_ns)
        err = world_rest(&up->world, REST_POLL_MS, &why);
    if (err == ERR_AGAIN)
        fputs("stopped with input left; the next start goes on there\n", stderr);
    else if (err)
        fprintf(stderr, "stopped with input left: %s\n", why.text);
}

/* Until somebody asks to end; with --until-idle, until all is at rest. */
static int watch(struct up *up, struct status *status)
{
    const bool until_idle = config_flag(up->invocation, "until.idle");
    while (!interrupt_wanted()) {
        for (int i = 0; i < 20 && !interrupt_wanted(); i++)
            clock_sleep_ms(50);
        notify_manager("WATCHDOG=1");
        pthread_mutex_lock(&up->lock);
        const struct generator_progress progress = up->progress;
        enum err err = up->generator_err;
        struct why why = up->generator_why;
        pthread_mutex_unlock(&up->lock);
        if (world_check(&up->world, &why) != OK)
            err = ERR_IO;
        if (err == ERR_INVALID) /* the log is another seed's */
            return fail_usage(&command_up, "%s", why.text);
        if (err && !passes(err))
            return fail(err, &why);
        if (!interrupt_wanted() && !config_flag(up->invocation, "quiet"))
            status_show(status, up->generator_started ? &progress : NULL);
        if (!until_idle || (up->generator_started && !progress.is_done))
            continue;
        err = world_rest(&up->world, REST_POLL_MS, &why);
        if (err == ERR_AGAIN)
            continue;
        /* The line above is of before: the last one says what came of it all. */
        if (err == OK && !config_flag(up->invocation, "quiet"))
            status_show(status, NULL);
        return err ? fail(err, &why) : EXIT_OK;
    }
    return EXIT_OK;
}

static int run(struct invocation *invocation)
{
    struct up up = {.invocation = invocation, .lock = PTHREAD_MUTEX_INITIALIZER};
    struct why why = {0};
    int code = generator_options_read(invocation, &up.generator_options);
    if (code)
        return code;
    interrupt_catch();
    const int64_t began_ns = clock_monotonic_ns();
    fprintf(stderr, "opening %s\n", config_path(invocation, "data"));
    enum err err =
        world_open(invocation, WORLD_LOG | WORLD_QUERIES | WORLD_INTERACTIVE, &up.world, &why);
    if (err)
        return fail(err, &why);
    fprintf(stderr, "applying %s\n", config_path(invocation, "pipeline"));
    err = start(&up, &why);
    if (err) {
        code = fail(err, &why);
    } else {
        fprintf(stderr, "up in %.0f ms; Ctrl-C stops\n%.*s\n",
                (double)(clock_monotonic_ns() - began_ns) / 1e6, STR_ARGS(api_url(up.api)));
        if (api_registry_url(up.api).size > 0)
            fprintf(stderr, "schema registry %.*s\n", STR_ARGS(api_registry_url(up.api)));
        const struct str connect_url = api_connect_url(up.api);
        if (connect_url.size > 0)
            fprintf(stderr, "connect %.*s\n", STR_ARGS(connect_url));
        notify_manager("READY=1");
        struct status status;
        status_init(&status, invocation, &up.world);
        code = watch(&up, &status);
        status_release(&status);
    }
    fprintf(stderr, "stopping\n");
    notify_manager("STOPPING=1");
    atomic_store(&up.stopping, true);
    if (up.generator_started)
        pthread_join(up.generator_thread, NULL);
    api_close(up.api);
    if (code == EXIT_OK)
        come_to_rest(&up);
    world_close(&up.world);
    return code;
}

const struct command command_up = {
    .name = "up",
    .summary = "run the whole pipeline: generator, log, queries, documents",
    .usage = "up [flags]",
    .flags = "data config bootstrap.servers schema.registry.url pipeline listen registry.listen "
             "connect.listen insecure threads generate rate history "
             "seed start partitions "
             "generator.unpaid.share generator.late.share generator.disorder.share "
             "generator.duplicate.share generator.orphan.share generator.malformed.share "
             "generator.disorder.max ksql.service.id commit.interval.ms log.bytes.max memory.max "
             "log.sync "
             "documents connection.uri batch.rows orders live until.idle quiet",
    .examples = "  drivethru up\n"
                "  drivethru up --history 2h --rate 100\n"
                "  drivethru up --data /var/lib/drivethru --no-generate\n",
    .run = run,
};

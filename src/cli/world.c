/* world.c -- opens and closes store, log, registry, engine and target: where backends are named. */
#include "cli/world.h"
#include "base/file.h"
#include "base/provider.h"
#include "store/store.h"

#include <sys/stat.h>
#include <unistd.h>

#define SINK_BYTES_MAX (1 << 20)
#define WORKER_PATIENCE_MS 1000
#define READER_PATIENCE_MS 10000

static uint32_t thread_count(const struct invocation *invocation)
{
    const int64_t wanted = config_number(invocation, "threads");
    if (wanted > 0)
        return (uint32_t)(wanted > 256 ? 256 : wanted);
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores > 0 ? (uint32_t)cores : 1;
}

/* A worker must not wait long for a schema; who only looks may. */
static enum err open_registry(struct invocation *invocation, unsigned need, struct world *world,
                              struct why *why)
{
    if (config_text(invocation, "schema.registry.url").size == 0)
        return registry_embedded_open(world->store, &world->registry, why);
    const int64_t patience_ms = need & WORLD_QUERIES ? WORKER_PATIENCE_MS : READER_PATIENCE_MS;
    return registry_remote_open(&invocation->settings, patience_ms, &world->registry, why);
}

static enum err why_locked(struct why *why, const char *directory)
{
    return why_set(why, ERR_LOCKED,
                   "another process runs queries on '%s': stop it, or name another directory "
                   "with --data",
                   directory);
}

/* The store stays: the registry is in it. */
static enum err open_kafka(struct invocation *invocation, unsigned need, struct world *world,
                           struct why *why)
{
    const bool is_said = properties_get(&invocation->origins, STR("commit.interval.ms")) != NULL;
    const struct log_kafka_options options = {
        .settings = &invocation->settings,
        .service_id = config_text(invocation, "ksql.service.id"),
        .commit_interval_ms = is_said ? config_number(invocation, "commit.interval.ms") : 0,
        .runs_queries = (need & WORLD_QUERIES) != 0,
        .directory = config_path(invocation, "data"),
    };
    enum err err = log_kafka_open(&options, &world->log, why);
    if (err == ERR_LOCKED)
        return why_locked(why, options.directory);
    if (err)
        return err;
    return open_registry(invocation, need, world, why);
}

static enum err open_log(struct invocation *invocation, unsigned need, struct world *world,
                         struct why *why)
{
    const char *directory = config_path(invocation, "data");
    struct stat info;
    if ((need & WORLD_EXISTING) && stat(directory, &info) != 0)
        return why_set(why, ERR_NOT_FOUND,
                       "no data directory '%s': 'drivethru up' makes one, --data names another",
                       directory);
    enum err err = file_make_directory(directory, why);
    if (err)
        return err;
    const struct store_options store = {
        .unsynced = !config_flag(invocation, "log.sync"),
        .bytes_max = (uint64_t)config_number(invocation, "log.bytes.max"),
    };
    err = store_open(directory, &store, &world->store, why);
    if (err)
        return err;
    if (config_text(invocation, "bootstrap.servers").size > 0)
        return open_kafka(invocation, need, world, why);
    const int64_t interval_ms = config_number(invocation, "commit.interval.ms");
    const struct log_embedded_options log = {
        .commit_interval_ms = interval_ms > 0 ? interval_ms : LOG_COMMIT_AT_ONCE,
        .runs_queries = (need & WORLD_QUERIES) != 0,
        .directory = directory,
    };
    err = log_embedded_open(world->store, &log, &world->log, why);
    if (err == ERR_LOCKED)
        return why_locked(why, directory);
    if (err)
        return err;
    return open_registry(invocation, need, world, why);
}

static enum err open_engine(struct invocation *invocation, unsigned need, struct world *world,
                            struct why *why)
{
    const struct engine_options options = {
        .log = world->log,
        .registry = world->registry,
        .service_id = config_text(invocation, "ksql.service.id"),
        .interactive = (need & (WORLD_INTERACTIVE | WORLD_CATALOG)) != 0,
        .catalog_only = (need & WORLD_CATALOG) != 0,
        .settle_pulls = (need & WORLD_INTERACTIVE) == 0,
        .thread_count = thread_count(invocation),
        .batch_rows = (uint32_t)config_number(invocation, "batch.rows"),
        .memory_max = (uint64_t)config_number(invocation, "memory.max"),
        .settings = &invocation->settings,
        .window_directory =
            arena_printf(&invocation->arena, "%s/windows", config_path(invocation, "data")).data,
    };
    return engine_open(&options, &world->engine, why);
}

enum err world_open(struct invocation *invocation, unsigned need, struct world *world,
                    struct why *why)
{
    *world = (struct world){0};
    enum err err = open_log(invocation, need, world, why);
    if (err == OK && (need & (WORLD_QUERIES | WORLD_CATALOG)))
        err = open_engine(invocation, need, world, why);
    if (err)
        world_close(world);
    return err;
}

/* The sink's own connection.uri, else that of the settings; none: the embedded documents. */
enum err world_open_target(struct invocation *invocation, struct world *world,
                           const struct properties *sink, bool read_only, struct why *why)
{
    struct target_mongodb_options mongodb = {.read_only = read_only};
    enum err err = sink ? sink_connection(sink, &invocation->arena, &mongodb.uri, why) : OK;
    if (err)
        return err;
    if (mongodb.uri.size == 0)
        mongodb.uri = config_text(invocation, "connection.uri");
    if (mongodb.uri.size > 0) {
        const struct str *database = sink ? properties_get(sink, STR("database")) : NULL;
        if (!database || database->size == 0)
            return why_set(why, ERR_INVALID, "the sink names no 'database'");
        mongodb.database = *database;
        return target_mongodb_open(&mongodb, &world->target, why);
    }
    const char *path = config_path(invocation, "documents");
    if (path[0] == '\0')
        path =
            arena_printf(&invocation->arena, "%s/documents.sqlite", config_path(invocation, "data"))
                .data;
    return target_sqlite_open(path, read_only, &world->target, why);
}

/* Until definitions are kept elsewhere, a pipeline's directory has the only one. */
enum err world_read_sink(struct invocation *invocation, struct properties **ret_properties,
                         struct why *why)
{
    struct arena *arena = &invocation->arena;
    const struct str path =
        arena_printf(arena, "%s/sink.properties", config_path(invocation, "pipeline"));
    struct str text;
    struct properties *properties = ARENA_NEW(arena, struct properties);
    enum err err = file_read(path.data, SINK_BYTES_MAX, arena, &text, why);
    if (err == OK) {
        properties_init(properties, arena);
        err = properties_parse(properties, text, why);
    }
    if (err == OK)
        err = provider_resolve_all(properties, why);
    if (err) {
        why_prefix(why, "%.*s", STR_ARGS(path));
        return err;
    }
    *ret_properties = properties;
    return OK;
}

void world_close(struct world *world)
{
    sink_stop(world->sink);
    engine_close(world->engine);
    target_close(world->target);
    registry_close(world->registry);
    log_close(world->log);
    store_close(world->store);
    *world = (struct world){0};
}

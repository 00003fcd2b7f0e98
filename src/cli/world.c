/* world.c -- opens and closes store, log, registry, engine and target: where backends are named. */
#include "base/file.h"
#include "base/memory.h"
#include "cli/connectors.h"
#include "store/store.h"

#include <sys/stat.h>
#include <unistd.h>

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
    const int64_t replicas = config_number(invocation, "ksql.internal.topic.replicas");
    if (replicas < -1 || replicas == 0 || replicas > INT16_MAX)
        return why_set(why, ERR_SETTING, "'ksql.internal.topic.replicas' is -1, or 1 to %d",
                       INT16_MAX);
    const struct log_kafka_options options = {
        .settings = &invocation->settings,
        .service_id = config_text(invocation, "ksql.service.id"),
        .commit_interval_ms = is_said ? config_number(invocation, "commit.interval.ms") : 0,
        .internal_replicas = (int16_t)(replicas > 0 ? replicas : 0),
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
    const bool is_local = config_text(invocation, "bootstrap.servers").size == 0;
    struct stat info;
    if ((need & WORLD_EXISTING) && is_local && stat(directory, &info) != 0)
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
    if (!is_local)
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

/* A data directory has one process: host and directory name it among those of a service. */
static struct str name_instance(struct invocation *invocation)
{
    char host[256] = "";
    const char *directory = config_path(invocation, "data");
    char *full = realpath(directory, NULL);
    (void)gethostname(host, sizeof(host) - 1);
    const struct str name =
        arena_printf(&invocation->arena, "%s:%s", host, full ? full : directory);
    free(full);
    return name;
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
        .instance = name_instance(invocation),
        .has_registry = config_text(invocation, "schema.registry.url").size == 0,
        .shared = config_text(invocation, "bootstrap.servers").size > 0,
        .settle_pulls = (need & WORLD_INTERACTIVE) == 0,
        .thread_count = thread_count(invocation),
        .batch_rows = (uint32_t)config_number(invocation, "batch.rows"),
        .memory_max = (uint64_t)config_number(invocation, "memory.max"),
        .settings = &invocation->settings,
        .connectors = (need & WORLD_QUERIES) ? &world->connectors->ops : NULL,
        .window_directory =
            arena_printf(&invocation->arena, "%s/windows", config_path(invocation, "data")).data,
    };
    return engine_open(&options, &world->engine, why);
}

enum err world_open(struct invocation *invocation, unsigned need, struct world *world,
                    struct why *why)
{
    *world = (struct world){.target_lock = PTHREAD_MUTEX_INITIALIZER};
    if (need & (WORLD_QUERIES | WORLD_CATALOG)) {
        world->connectors = ARENA_NEW(&invocation->arena, struct connectors);
        connectors_init(world->connectors, invocation, world);
    }
    enum err err = open_log(invocation, need, world, why);
    if (err == OK && (need & (WORLD_QUERIES | WORLD_CATALOG)))
        err = open_engine(invocation, need, world, why);
    if (err)
        world_close(world);
    return err;
}

enum err world_check(struct world *world, struct why *why)
{
    struct why words = {0};
    if (!log_is_broken(world->log, &words))
        return OK;
    if (words.text[0] != '\0')
        return why_set(why, ERR_IO, "%s", words.text);
    return why_set(why, ERR_IO,
                   "'%s/log.mdb' cannot be written: what was reported is there, start again when "
                   "the disk is well",
                   config_path(world->connectors->invocation, "data"));
}

enum err world_rest(struct world *world, int64_t timeout_ms, struct why *why)
{
    enum err err = world_check(world, why);
    if (err == OK)
        err = engine_wait_idle(world->engine, timeout_ms);
    if (err == ERR_AGAIN || err == ERR_IO)
        return err;
    if (err)
        return why_set(why, err, "a query has stopped by itself");
    return sinks_wait_idle(world->connectors->sinks, timeout_ms, why);
}

static const char *documents_path(struct invocation *invocation)
{
    const char *path = config_path(invocation, "documents");
    if (path[0] != '\0')
        return path;
    return arena_printf(&invocation->arena, "%s/documents.sqlite", config_path(invocation, "data"))
        .data;
}

/* Opened once for all sinks that name it; with the lock. */
static enum err target_get(struct world *world, struct str key,
                           const struct target_mongodb_options *mongodb, const char *path,
                           bool read_only, struct target **ret_target, struct why *why)
{
    for (uint32_t i = 0; i < world->target_count; i++) {
        if (!str_equal(str_from(world->targets[i].key), key))
            continue;
        *ret_target = world->targets[i].target;
        return OK;
    }
    if (world->target_count == WORLD_TARGETS_MAX)
        return why_set(why, ERR_LIMIT, "sinks name more than %d places to write to",
                       WORLD_TARGETS_MAX);
    struct target *target = NULL;
    const enum err err = mongodb->uri.size > 0 ? target_mongodb_open(mongodb, &target, why)
                                               : target_sqlite_open(path, read_only, &target, why);
    if (err)
        return err;
    char *kept = memory_alloc(key.size + 1);
    memcpy(kept, key.data, key.size);
    kept[key.size] = '\0';
    world->targets[world->target_count++] = (struct world_target){kept, target};
    *ret_target = target;
    return OK;
}

/* The sink's own connection.uri, else that of the settings; none: the embedded documents. */
enum err world_open_target(struct invocation *invocation, struct world *world,
                           const struct properties *sink, bool read_only,
                           struct target **ret_target, struct why *why)
{
    struct target_mongodb_options mongodb = {.read_only = read_only};
    struct arena arena;
    struct buf key = {0};
    arena_init(&arena, 0);
    enum err err = sink ? sink_connection(sink, &arena, &mongodb.uri, why) : OK;
    pthread_mutex_lock(&world->target_lock);
    if (mongodb.uri.size == 0)
        mongodb.uri = config_text(invocation, "connection.uri");
    const char *path = documents_path(invocation);
    if (err == OK && mongodb.uri.size > 0) {
        const struct str *database = sink ? properties_get(sink, STR("database")) : NULL;
        if (database)
            mongodb.database = *database;
        if (mongodb.database.size == 0)
            err = why_set(why, ERR_INVALID, "the sink names no 'database'");
        buf_printf(&key, "%.*s %.*s", STR_ARGS(mongodb.uri), STR_ARGS(mongodb.database));
    } else {
        buf_append_str(&key, str_from(path));
    }
    if (err == OK)
        err = target_get(world, buf_str(&key), &mongodb, path, read_only, ret_target, why);
    pthread_mutex_unlock(&world->target_lock);
    buf_release(&key);
    arena_release(&arena);
    return err;
}

void world_close(struct world *world)
{
    if (world->connectors)
        sinks_free(world->connectors->sinks);
    engine_close(world->engine);
    for (uint32_t i = 0; i < world->target_count; i++) {
        target_close(world->targets[i].target);
        free(world->targets[i].key);
    }
    registry_close(world->registry);
    log_close(world->log);
    store_close(world->store);
    *world = (struct world){0};
}

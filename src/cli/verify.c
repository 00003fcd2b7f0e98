/* verify.c -- drivethru verify: compares what came out with the truth. */
#include "base/provider.h"
#include "cli/printable.h"
#include "cli/world.h"
#include "generator/generator.h"

#include <unistd.h>

/* Where the joined rows' documents are. */
struct documents {
    struct world *world;
    struct target *target;
};

/* The target of the connector that writes them, else of any, else that of the settings. */
static enum err documents_open(struct invocation *invocation, struct documents *documents,
                               struct why *why)
{
    struct engine_connector *connectors;
    uint32_t count;
    const struct properties *config = NULL;
    engine_get_connectors(documents->world->engine, &invocation->arena, &connectors, &count);
    for (uint32_t i = 0; i < count; i++) {
        const struct str *collection = properties_get(connectors[i].config, STR("collection"));
        if (!config || (collection && str_equal(*collection, STR("orders_payments"))))
            config = connectors[i].config;
    }
    struct properties resolved;
    properties_init(&resolved, &invocation->arena);
    for (size_t i = 0; config && i < config->count; i++)
        properties_set(&resolved, config->items[i].name, config->items[i].value);
    const enum err err = provider_resolve_all(&resolved, why);
    return err ? err
               : world_open_target(invocation, documents->world, config ? &resolved : NULL, true,
                                   &documents->target, why);
}

static enum err walk(void *context, struct str collection,
                     bool (*on_document)(void *context, struct str id, struct str json),
                     void *on_context, struct why *why)
{
    struct target *target = ((const struct documents *)context)->target;
    return target_walk(target, collection, on_document, on_context, why);
}

/* The target knows how far its sinks have come: partitions that none has touched yet are at 0. */
static enum err delivered(void *context, struct log_topic *topic, int64_t *offsets, struct why *why)
{
    struct target *target = ((const struct documents *)context)->target;
    struct target_position *positions;
    uint32_t count;
    bool is_known = false;
    struct arena arena;
    arena_init(&arena, 0);
    const enum err err = target_positions(target, (struct str){0}, &arena, &positions, &count, why);
    for (uint32_t i = 0; i < count && !err; i++) {
        const struct target_position *position = &positions[i];
        if (!str_equal(position->topic, topic->name) || position->partition < 0 ||
            position->partition >= topic->partition_count)
            continue;
        is_known = true;
        if (position->next_offset < offsets[position->partition])
            offsets[position->partition] = position->next_offset;
    }
    for (int32_t p = 0; p < topic->partition_count && is_known; p++)
        if (offsets[p] == INT64_MAX)
            offsets[p] = 0;
    arena_release(&arena);
    return err;
}

/* One line that is written over; nothing where nobody watches. */
static void show_progress(void *context, const char *place, double done)
{
    (void)context;
    fprintf(stderr, "\r\033[Kverifying %s: %.0f %%", place, done * 100);
}

static void show_place(const struct verify_place *place)
{
    printf("%-28.*s %10llu %10llu %8llu %8llu %10llu %8llu %10llu\n", STR_ARGS(place->name),
           (unsigned long long)place->expected, (unsigned long long)place->found,
           (unsigned long long)place->pending, (unsigned long long)place->lost,
           (unsigned long long)place->duplicated, (unsigned long long)place->wrong,
           (unsigned long long)place->unexpected);
    for (uint32_t j = 0; j < place->example_count; j++) {
        fputs("    ", stdout);
        printable_put(stdout, place->examples[j]);
    }
}

/* Returns whether all is well. */
static bool show_places(const struct verify_place *places, uint32_t count)
{
    uint64_t bad = 0;
    uint64_t pending = 0;
    printf("%-28s %10s %10s %8s %8s %10s %8s %10s\n", "place", "expected", "found", "pending",
           "lost", "duplicated", "wrong", "unexpected");
    for (uint32_t i = 0; i < count; i++) {
        show_place(&places[i]);
        bad += places[i].lost + places[i].duplicated + places[i].wrong + places[i].unexpected;
        pending += places[i].pending;
    }
    if (bad > 0)
        puts("NOT all zero: what came out is not the truth");
    else if (pending > 0)
        puts(
            "nothing lost, nothing twice, nothing wrong so far; what is pending comes from records "
            "that were not read yet");
    else
        puts("all zero: nothing lost, nothing twice, nothing wrong");
    return bad == 0;
}

static int run(struct invocation *invocation)
{
    struct world world;
    struct why why = {0};
    struct verify_place *places = NULL;
    uint32_t count = 0;
    enum err err = world_open(invocation, WORLD_LOG | WORLD_EXISTING | WORLD_CATALOG, &world, &why);
    if (err)
        return fail(err, &why);
    struct why no_documents = {0};
    struct documents written = {.world = &world};
    const bool documents = documents_open(invocation, &written, &no_documents) == OK;
    const bool watched = isatty(STDERR_FILENO) && !config_flag(invocation, "quiet");
    if (!documents)
        fprintf(stderr, "documents are not compared: %s\n", no_documents.text);
    const struct verify_options options = {
        .log = world.log,
        .registry = world.registry,
        .walk = documents ? walk : NULL,
        .delivered = documents ? delivered : NULL,
        .walk_context = &written,
        .on_progress = watched ? show_progress : NULL,
    };
    err = verify_run(&options, &invocation->arena, &places, &count, &why);
    if (watched)
        fputs("\r\033[K", stderr);
    int code = EXIT_OK;
    if (err)
        code = fail(err, &why);
    else if (!show_places(places, count))
        code = EXIT_FAILED;
    world_close(&world);
    return code;
}

const struct command command_verify = {
    .name = "verify",
    .summary = "compare joined rows, tables and documents with the truth",
    .usage = "verify [flags]",
    .flags = "data config bootstrap.servers schema.registry.url ksql.service.id documents "
             "connection.uri quiet",
    .examples = "  drivethru verify\n"
                "  drivethru verify --data /var/lib/drivethru --quiet\n",
    .run = run,
};

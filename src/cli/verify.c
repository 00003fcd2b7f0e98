/* verify.c -- drivethru verify: compares what came out with the truth. */
#include "cli/world.h"
#include "generator/generator.h"

static enum err walk(void *context, struct str collection,
                     bool (*on_document)(void *context, struct str id, struct str json),
                     void *on_context, struct why *why)
{
    struct target *target = context;
    return target->ops->walk(target, collection, on_document, on_context, why);
}

static void show_progress(void *context, const char *place, double done)
{
    (void)context;
    fprintf(stderr, "verifying %s: %.0f %%\n", place, done * 100);
}

/* Returns whether all is well. */
static bool show_places(const struct verify_place *places, uint32_t count)
{
    bool good = true;
    printf("%-36s %10s %10s %8s %10s %8s %10s\n", "place", "expected", "found", "lost",
           "duplicated", "wrong", "unexpected");
    for (uint32_t i = 0; i < count; i++) {
        const struct verify_place *place = &places[i];
        printf("%-36.*s %10llu %10llu %8llu %10llu %8llu %10llu\n", STR_ARGS(place->name),
               (unsigned long long)place->expected, (unsigned long long)place->found,
               (unsigned long long)place->lost, (unsigned long long)place->duplicated,
               (unsigned long long)place->wrong, (unsigned long long)place->unexpected);
        for (uint32_t j = 0; j < place->example_count; j++)
            printf("    %.*s\n", STR_ARGS(place->examples[j]));
        if (place->lost + place->duplicated + place->wrong + place->unexpected > 0)
            good = false;
    }
    puts(good ? "all zero: nothing lost, nothing twice, nothing wrong"
              : "NOT all zero: what came out is not the truth");
    return good;
}

static int run(struct invocation *invocation)
{
    struct world world;
    struct why why = {0};
    struct verify_place *places = NULL;
    uint32_t count = 0;
    enum err err = world_open(invocation, WORLD_LOG | WORLD_EXISTING, &world, &why);
    if (err)
        return fail(err, &why);
    struct why no_documents = {0};
    const bool documents = world_open_target(invocation, &world, true, &no_documents) == OK;
    if (!documents)
        fprintf(stderr, "documents are not compared: %s\n", no_documents.text);
    const struct verify_options options = {
        .log = world.log,
        .registry = world.registry,
        .walk = documents ? walk : NULL,
        .walk_context = world.target,
        .on_progress = config_flag(invocation, "quiet") ? NULL : show_progress,
    };
    err = verify_run(&options, &invocation->arena, &places, &count, &why);
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
    .flags = "data config documents quiet",
    .examples = "  drivethru verify\n"
                "  drivethru verify --data /var/lib/drivethru --quiet\n",
    .run = run,
};

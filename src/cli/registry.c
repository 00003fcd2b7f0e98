/* registry.c -- drivethru registry: schemas by subject. */
#include "cli/answer.h"
#include "cli/world.h"

static int list(struct invocation *invocation, struct world *world)
{
    static const char *const columns[] = {"subject", "version", "id"};
    struct table_text table;
    struct registry_version *versions;
    const struct registry_filter filter = {0};
    size_t count;
    struct why why = {0};
    const enum err err =
        registry_list(world->registry, &filter, &invocation->arena, &versions, &count, &why);
    if (err)
        return fail(err, &why);
    table_init(&table, &invocation->arena, columns, 3);
    for (size_t i = 0; i < count; i++) {
        const struct str cells[] = {versions[i].subject,
                                    arena_printf(&invocation->arena, "%d", versions[i].version),
                                    arena_printf(&invocation->arena, "%d", versions[i].id)};
        table_add(&table, cells);
    }
    table_print(&table, invocation);
    return EXIT_OK;
}

static int show(struct invocation *invocation, struct world *world)
{
    struct registry_version version;
    struct why why = {0};
    int64_t number = 0;
    const struct str subject = invocation->arguments[1];
    if (invocation->argument_count > 2 && str_to_int64(invocation->arguments[2], &number) != OK)
        return fail_usage(&command_registry, "a version is a number, not '%.*s'",
                          STR_ARGS(invocation->arguments[2]));
    const enum err err = registry_get_version(world->registry, subject, (int32_t)number,
                                              &invocation->arena, &version, &why);
    if (err)
        return fail(err, &why);
    printf("%.*s\n", STR_ARGS(version.text));
    return EXIT_OK;
}

static int run(struct invocation *invocation)
{
    struct world world;
    struct why why = {0};
    const struct str verb = invocation->argument_count > 0 ? invocation->arguments[0] : STR("");
    const bool listing = str_equal(verb, STR("list"));
    if (!listing && !(str_equal(verb, STR("show")) && invocation->argument_count > 1))
        return fail_usage(&command_registry, "say list, or show and a subject");
    const enum err err = world_open(invocation, WORLD_LOG | WORLD_EXISTING, &world, &why);
    if (err)
        return fail(err, &why);
    const int code = listing ? list(invocation, &world) : show(invocation, &world);
    world_close(&world);
    return code;
}

const struct command command_registry = {
    .name = "registry",
    .summary = "show the schemas there are",
    .usage = "registry list | show SUBJECT [VERSION] [flags]",
    .flags = "data config bootstrap.servers schema.registry.url output",
    .examples = "  drivethru registry list\n"
                "  drivethru registry show mcd_orders-value 1\n",
    .run = run,
};

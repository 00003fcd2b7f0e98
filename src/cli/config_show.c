/* config_show.c -- drivethru config: what the settings are, and who said so. */
#include "base/secret.h"
#include "cli/answer.h"

static int show(struct invocation *invocation)
{
    static const char *const columns[] = {"setting", "value", "origin"};
    const bool with_origin = config_flag(invocation, "origin");
    struct table_text table;
    table_init(&table, &invocation->arena, columns, with_origin ? 3 : 2);
    for (size_t i = 0; i < invocation->settings.count; i++) {
        const struct property *property = &invocation->settings.items[i];
        const struct str *origin = properties_get(&invocation->origins, property->name);
        const struct str cells[] = {property->name, secret_shown(property, &invocation->arena),
                                    origin ? *origin : STR("default")};
        table_add(&table, cells);
    }
    table_print(&table, invocation);
    return EXIT_OK;
}

/* "`default`", or nothing. */
static struct str code(struct arena *arena, const char *before, const char *text)
{
    return text && text[0] ? arena_printf(arena, "`%s%s`", before, text) : STR("");
}

/* A bar would begin another cell. */
static struct str cell(struct arena *arena, const char *text)
{
    struct buf escaped = {0};
    for (; *text; text++)
        buf_printf(&escaped, *text == '|' ? "\\%c" : "%c", *text);
    const struct str copy = arena_str(arena, buf_str(&escaped));
    buf_release(&escaped);
    return copy;
}

/* A table in Markdown: docs/config.md holds it, and a test compares. */
static int list(struct invocation *invocation)
{
    struct arena *arena = &invocation->arena;
    puts("| setting | flag | value | default | meaning |\n| --- | --- | --- | --- | --- |");
    for (uint32_t i = 0; i < setting_count(); i++) {
        const struct setting_info *setting = setting_at(i);
        printf("| `%s` | %.*s | %.*s | %.*s | %s |\n", setting->name,
               STR_ARGS(code(arena, "--", setting->flag)),
               STR_ARGS(cell(arena, setting->value ? setting->value : "true or false")),
               STR_ARGS(code(arena, "", setting->otherwise)), setting->help);
    }
    return EXIT_OK;
}

static int run(struct invocation *invocation)
{
    const struct str verb = invocation->argument_count > 0 ? invocation->arguments[0] : STR("");
    if (str_equal(verb, STR("show")))
        return show(invocation);
    if (str_equal(verb, STR("list")))
        return list(invocation);
    return fail_usage(&command_config, "say show or list");
}

const struct command command_config = {
    .name = "config",
    .summary = "show what the settings are, and where each comes from",
    .usage = "config show [--origin] | list [flags]",
    .flags = "config origin output",
    .examples = "  drivethru config show --origin\n"
                "  DRIVETHRU_RATE=100 drivethru config show --origin --config my.properties\n"
                "  drivethru config list\n",
    .run = run,
};

/* settings.c -- SET, UNSET, DEFINE, UNDEFINE and the settings they may name. */
#include "engine/state.h"

struct setting {
    struct str name;
    enum { SETTING_TEXT, SETTING_NUMBER, SETTING_RESET, SETTING_FORMAT, SETTING_BOOLEAN } kind;
};

/* Every setting a statement may SET, without the prefixes ksql. and ksql.streams. */
static const struct setting settings[] = {
    {STR_INIT("auto.offset.reset"), SETTING_RESET},
    {STR_INIT("cache.max.bytes.buffering"), SETTING_NUMBER},
    {STR_INIT("commit.interval.ms"), SETTING_NUMBER},
    {STR_INIT("num.stream.threads"), SETTING_NUMBER},
    {STR_INIT("processing.guarantee"), SETTING_TEXT},
    {STR_INIT("persistence.default.format.key"), SETTING_FORMAT},
    {STR_INIT("persistence.default.format.value"), SETTING_FORMAT},
    {STR_INIT("persistence.wrap.single.values"), SETTING_BOOLEAN},
    {STR_INIT("output.topic.name.prefix"), SETTING_TEXT},
    {STR_INIT("functions.collect_list.limit"), SETTING_NUMBER},
    {STR_INIT("functions.collect_set.limit"), SETTING_NUMBER},
    {STR_INIT("query.pull.table.scan.enabled"), SETTING_BOOLEAN},
    {STR_INIT("timestamp.throw.on.invalid"), SETTING_BOOLEAN},
    {STR_INIT("max.task.idle.ms"), SETTING_NUMBER},
    {STR_INIT("service.id"), SETTING_TEXT},
};
#define SETTING_COUNT (sizeof(settings) / sizeof(settings[0]))

static struct str bare_name(struct str name)
{
    static const struct str prefixes[] = {STR_INIT("ksql.streams."), STR_INIT("ksql.")};
    for (size_t i = 0; i < 2; i++)
        if (str_starts_with(name, prefixes[i]))
            return (struct str){name.data + prefixes[i].size, name.size - prefixes[i].size};
    return name;
}

static enum err value_check(const struct setting *setting, struct str value, struct why *why)
{
    int64_t number;
    enum format_kind format;
    switch (setting->kind) {
    case SETTING_RESET:
        if (str_equal_nocase(value, STR("earliest")) || str_equal_nocase(value, STR("latest")))
            return OK;
        return why_set(why, ERR_INVALID, "'%.*s' is 'earliest' or 'latest', not '%.*s'",
                       STR_ARGS(setting->name), STR_ARGS(value));
    case SETTING_NUMBER:
        if (str_to_int64(value, &number) == OK)
            return OK;
        return why_set(why, ERR_INVALID, "'%.*s' is a whole number, not '%.*s'",
                       STR_ARGS(setting->name), STR_ARGS(value));
    case SETTING_BOOLEAN:
        if (str_equal_nocase(value, STR("true")) || str_equal_nocase(value, STR("false")))
            return OK;
        return why_set(why, ERR_INVALID, "'%.*s' is 'true' or 'false', not '%.*s'",
                       STR_ARGS(setting->name), STR_ARGS(value));
    case SETTING_FORMAT:
        return format_parse(value, &format, why);
    case SETTING_TEXT:
        return OK;
    }
    must_not_reach();
}

enum err setting_check(struct str name, struct str value, struct why *why)
{
    const struct str bare = bare_name(name);
    struct str names[SETTING_COUNT];
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        if (str_equal(settings[i].name, bare))
            return value.size == 0 ? OK : value_check(&settings[i], value, why);
        names[i] = settings[i].name;
    }
    const struct str nearest = str_nearest(bare, names, SETTING_COUNT);
    if (nearest.size > 0)
        return why_set(why, ERR_INVALID, "unknown property '%.*s', did you mean '%.*s'?",
                       STR_ARGS(name), STR_ARGS(nearest));
    return why_set(why, ERR_INVALID, "unknown property '%.*s'", STR_ARGS(name));
}

static const struct str *lookup(const struct properties *properties, struct str name)
{
    static const char *const prefixes[] = {"", "ksql.", "ksql.streams."};
    char text[128];
    for (size_t i = 0; i < 3; i++) {
        const int size = snprintf(text, sizeof(text), "%s%.*s", prefixes[i], STR_ARGS(name));
        must(size > 0 && (size_t)size < sizeof(text));
        const struct str *value = properties_get(properties, (struct str){text, (size_t)size});
        if (value)
            return value;
    }
    return NULL;
}

struct str setting_get(const struct engine *engine, const struct properties *session,
                       struct str name, struct str otherwise)
{
    const struct str *value = session ? lookup(session, name) : NULL;
    if (!value)
        value = lookup(&engine->settings, name);
    return value ? *value : otherwise;
}

enum err execute_setting(struct execution *execution)
{
    const struct statement *statement = execution->statement;
    struct session *session = execution->session;
    enum err err = OK;
    switch (statement->kind) {
    case STATEMENT_SET:
        err = setting_check(statement->name, statement->value, execution->why);
        if (err)
            return err;
        properties_set(&session->settings, statement->name, statement->value);
        break;
    case STATEMENT_UNSET:
        properties_set(&session->settings, statement->name,
                       setting_get(execution->engine, NULL, bare_name(statement->name), STR("")));
        break;
    case STATEMENT_DEFINE:
        properties_set(&session->variables, statement->name, statement->value);
        break;
    case STATEMENT_UNDEFINE:
        properties_forget(&session->variables, statement->name);
        break;
    default:
        must_not_reach();
    }
    return err;
}

enum err engine_check_setting(struct str name, struct str value, struct why *why)
{
    return setting_check(name, value, why);
}

void session_interrupt(struct session *session)
{
    atomic_store(&session->interrupted, true);
}

void session_init(struct session *session, struct arena *arena)
{
    atomic_init(&session->interrupted, false);
    properties_init(&session->settings, arena);
    properties_init(&session->variables, arena);
}

/* case_run.c -- one case: a world of its own, statements, what they must answer. */
#include "base/file.h"
#include "cli/case_world.h"
#include "store/store.h"

void case_outcome(struct case_world *run, enum case_outcome wanted, const char *format, ...)
{
    va_list arguments;
    run->result->outcome = wanted;
    va_start(arguments, format);
    vsnprintf(run->result->reason, sizeof(run->result->reason), format, arguments);
    va_end(arguments);
}

int64_t case_number(const struct json_node *object, const char *name, int64_t otherwise)
{
    const struct json_node *member = json_member(object, name);
    int64_t number;
    return member && str_to_int64(member->text, &number) == OK ? number : otherwise;
}

static bool ignore(void *context, const struct statement *statement, const struct answer *answer)
{
    (void)context, (void)statement, (void)answer;
    return true;
}

enum refusal { ACCEPTED, REFUSED, REFUSED_SYNTAX, REFUSED_UNSUPPORTED };

static enum refusal run_statement(struct case_world *run, struct str text, struct why *why)
{
    struct statement *statements;
    uint32_t count;
    enum err err = sql_parse(text, &run->session.variables, &run->arena, &statements, &count, why);
    if (err)
        return err == ERR_UNSUPPORTED ? REFUSED_UNSUPPORTED : REFUSED_SYNTAX;
    for (uint32_t i = 0; i < count; i++) {
        case_prepare_source(run, &statements[i]);
        if (!statements[i].query || run->sinks_are_prepared)
            continue;
        run->sinks_are_prepared = true;
        if (!case_prepare_topics(run, true, why))
            return REFUSED;
    }
    err = engine_execute(run->world.engine, &run->session, text, ignore, NULL, why);
    if (err == OK)
        return ACCEPTED;
    return err == ERR_UNSUPPORTED ? REFUSED_UNSUPPORTED : REFUSED;
}

/* A function nobody knows is no honest refusal of anything else. */
static bool is_beside(const struct json_node *expected, const struct why *why)
{
    const struct str message = json_member_text(expected, "message", STR(""));
    if (!strstr(why->text, "unknown function"))
        return false;
    for (size_t i = 0; i + 8 <= message.size; i++)
        if (str_starts_with((struct str){message.data + i, message.size - i}, STR("unction")))
            return false;
    return true;
}

/* Functions that are only in ksqlDB's own test tool. */
static bool needs_test_function(const struct why *why)
{
    static const char *const names[] = {"'TEST_UDF'", "'BAD_UDF'", "'TEST_UDTF'", "'WHENCONDITION'",
                                        "'WHENRESULT'"};
    if (!strstr(why->text, "unknown function"))
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strstr(why->text, names[i]))
            return true;
    return false;
}

/* ksqlDB's other planner, by which a key need not be selected, is not here. */
static bool needs_new_planner(const struct case_world *run)
{
    const struct json_node *properties = json_member(run->root, "properties");
    return str_equal(json_member_text(properties, "ksql.new.query.planner.enabled", STR("")),
                     STR("true"));
}

static bool is_about_syntax(const struct json_node *expected)
{
    const struct str type = json_member_text(expected, "type", STR(""));
    struct str message = json_member_text(expected, "message", STR(""));
    if (str_ends_with(type, STR("ParseFailedException")))
        return true;
    for (; message.size >= 6; message.data++, message.size--)
        if (str_starts_with(message, STR("yntax")) || str_starts_with(message, STR("mismatched")) ||
            str_starts_with(message, STR("extraneous")))
            return true;
    return false;
}

/* Runs all statements. True when records are to follow. */
static bool run_statements(struct case_world *run, struct why *why)
{
    const struct json_node *expected = json_member(run->root, "expectedException");
    const struct json_node *statements = json_member(run->root, "statements");
    run->result->is_negative = expected != NULL;
    for (const struct json_node *at = statements ? statements->child : NULL; at; at = at->next) {
        const enum refusal refusal = run_statement(run, at->text, why);
        const bool last = at->next == NULL;
        if (refusal == ACCEPTED && !(expected && last))
            continue;
        if (refusal == ACCEPTED && json_member(run->root, "inputs")) {
            case_run_to_stop(run, why);
            return false;
        }
        if (!expected &&
            (refusal == REFUSED_UNSUPPORTED || needs_test_function(why) || needs_new_planner(run)))
            case_outcome(run, CASE_NOT_RUN, "%s", why->text);
        else if (!expected)
            case_outcome(run, CASE_FAILED, "refused: %s", why->text);
        else if (refusal == ACCEPTED)
            case_outcome(run, CASE_FAILED, "accepted what must be refused");
        else if (!last)
            case_outcome(run, refusal == REFUSED_UNSUPPORTED ? CASE_NOT_RUN : CASE_FAILED,
                         "an earlier statement was refused: %s", why->text);
        else if (refusal == REFUSED_UNSUPPORTED)
            case_outcome(run, CASE_NOT_RUN, "%s", why->text);
        else if (refusal == REFUSED_SYNTAX && !is_about_syntax(expected))
            case_outcome(run, CASE_FAILED, "refused as syntax: %s", why->text);
        else if (is_beside(expected, why))
            case_outcome(run, CASE_FAILED, "refused for another reason: %s", why->text);
        else
            case_outcome(run, CASE_PASSED, "refused: %s", why->text);
        return false;
    }
    return true;
}

/* Properties of the case over those every case runs with. False: one is not ours. */
static bool read_settings(struct case_world *run, struct properties *settings)
{
    const struct json_node *properties = json_member(run->root, "properties");
    properties_init(settings, &run->arena);
    properties_set(settings, STR("ksql.streams.auto.offset.reset"), STR("earliest"));
    properties_set(settings, STR("ksql.streams.cache.max.bytes.buffering"), STR("0"));
    for (const struct json_node *at = properties ? properties->child : NULL; at; at = at->next) {
        const struct str value = at->kind == JSON_STRING ? at->text : at->source;
        properties_set(settings, at->name, value);
    }
    return true;
}

static enum err open_world(struct case_world *run, const char *directory,
                           const struct properties *settings, struct why *why)
{
    const struct store_options store = {.unsynced = true};
    const struct log_embedded_options log = {
        .commit_interval_ms = 1, .runs_queries = true, .directory = directory};
    const struct log_member_options member = {.name = STR("cases"), .committed_only = true};
    const struct registry_rules no_rules = {.has_level = true, .level = COMPATIBILITY_NONE};
    enum err err = file_make_directory(directory, why);
    if (err == OK)
        err = store_open(directory, &store, &run->world.store, why);
    if (err == OK)
        err = log_embedded_open(run->world.store, &log, &run->world.log, why);
    if (err == OK)
        err = registry_embedded_open(run->world.store, &run->world.registry, why);
    /* The registry of ksqlDB's test tool compares nothing. */
    if (err == OK)
        err = registry_set_rules(run->world.registry, STR(""), &no_rules, why);
    if (err)
        return err;
    const struct engine_options engine = {.log = run->world.log,
                                          .registry = run->world.registry,
                                          .service_id = STR("some.ksql.service.id"),
                                          .thread_count = 1,
                                          .settings = settings};
    err = engine_open(&engine, &run->world.engine, why);
    if (err == OK)
        err = log_join(run->world.log, &member, &run->member, why);
    return err;
}

void case_run(const struct case_text *text, const char *directory, struct case_result *ret_result)
{
    struct case_world run = {.root = text->root, .result = ret_result};
    struct properties settings;
    struct why why = {0};
    *ret_result = (struct case_result){.outcome = CASE_PASSED};
    arena_init(&run.arena, 1 << 16);
    read_settings(&run, &settings);
    session_init(&run.session, &run.arena);
    if (open_world(&run, directory, &settings, &why) != OK)
        case_outcome(&run, CASE_FAILED, "cannot open: %s", why.text);
    else if (case_prepare_topics(&run, false, &why) && run_statements(&run, &why) &&
             case_run_records(&run, &why) && case_check_after(&run))
        ret_result->outcome = CASE_PASSED;
    log_leave(run.member);
    world_close(&run.world);
    arena_release(&run.arena);
    if (file_remove_tree(directory, &why) != OK)
        return;
}

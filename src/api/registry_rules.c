/* registry_rules.c -- /compatibility, /config and /mode: what may become of a subject. */
#include "api/registry_answer.h"
#include "base/json.h"

/* -- compatibility -- */

static void respond_compatible(const struct net_request *request, struct net_response *response,
                               enum err err, const struct why *why)
{
    struct buf body = {0};
    buf_printf(&body, "{\"is_compatible\":%s", err ? "false" : "true");
    if (registry_asks(request, STR("verbose"))) {
        buf_append_str(&body, STR(",\"messages\":["));
        if (err)
            json_write_string(&body, str_from(why->text));
        buf_append_byte(&body, ']');
    }
    buf_append_byte(&body, '}');
    registry_respond(request, response, &body);
}

/* The number of the latest version; 0: the subject has none. */
static enum err latest_version(struct registry *registry, struct str subject, struct arena *arena,
                               int32_t *ret_version, struct why *why)
{
    struct registry_version version;
    const enum err err = registry_get_version(registry, subject, 0, arena, &version, why);
    *ret_version = err ? 0 : version.version;
    return err == ERR_NOT_FOUND ? OK : err;
}

static void respond_check(struct registry *registry, const struct net_request *request,
                          struct net_response *response, struct str subject, int32_t version)
{
    struct registry_draft draft;
    struct why why = {0};
    if (!registry_read_draft(request, response, &draft))
        return;
    const enum err err = registry_check(registry, subject, version, &draft, &why);
    if (err == ERR_NOT_FOUND)
        registry_respond_error(response, REGISTRY_NO_VERSION, "Version %d not found.", version);
    else if (err && err != ERR_INCOMPATIBLE)
        registry_respond_failure(response, err, &why);
    else
        respond_compatible(request, response, err, &why);
}

/* Against all versions that the level asks for. */
static void post_all(void *context, struct net_request *request, struct net_response *response)
{
    struct str subject;
    if (registry_read_subject(request, response, &subject))
        respond_check(context, request, response, subject, 0);
}

/* Against one. The latest of a subject that has none is compatible with anything. */
static void post_one(void *context, struct net_request *request, struct net_response *response)
{
    struct str subject;
    struct why why = {0};
    int32_t version;
    enum err err = OK;
    if (!registry_read_subject(request, response, &subject) ||
        !registry_read_version(request, response, &version))
        return;
    if (version == 0)
        err = latest_version(context, subject, request->arena, &version, &why);
    if (err)
        registry_respond_failure(response, err, &why);
    else
        respond_check(context, request, response, subject, version);
}

/* -- config and mode -- */

/* The rules of the subject in the path, or of all; with ?defaultToGlobal those in force. */
static bool read_rules(struct registry *registry, const struct net_request *request,
                       struct net_response *response, struct registry_rules *ret_rules)
{
    const struct str subject = registry_subject_of(request);
    struct why why = {0};
    const bool in_force = subject.size == 0 || registry_asks(request, STR("defaultToGlobal"));
    const enum err err = in_force ? registry_rules_in_force(registry, subject, ret_rules, &why)
                                  : registry_rules(registry, subject, ret_rules, &why);
    if (err)
        registry_respond_failure(response, err, &why);
    return err == OK;
}

static void respond_level(const struct net_request *request, struct net_response *response,
                          const char *name, enum compatibility level)
{
    struct buf body = {0};
    buf_printf(&body, "{\"%s\":\"%s\"}", name, compatibility_name(level));
    registry_respond(request, response, &body);
}

static void respond_mode(const struct net_request *request, struct net_response *response,
                         enum registry_mode mode)
{
    struct buf body = {0};
    buf_printf(&body, "{\"mode\":\"%s\"}", registry_mode_name(mode));
    registry_respond(request, response, &body);
}

static void respond_no_level(const struct net_request *request, struct net_response *response)
{
    registry_respond_error(response, REGISTRY_NO_LEVEL,
                           "Subject '%.*s' does not have subject-level compatibility configured",
                           STR_ARGS(registry_subject_of(request)));
}

static void respond_no_mode(const struct net_request *request, struct net_response *response)
{
    registry_respond_error(response, REGISTRY_NO_MODE,
                           "Subject '%.*s' does not have subject-level mode configured",
                           STR_ARGS(registry_subject_of(request)));
}

static void get_config(void *context, struct net_request *request, struct net_response *response)
{
    struct registry_rules rules;
    if (!read_rules(context, request, response, &rules))
        return;
    if (rules.has_level)
        respond_level(request, response, "compatibilityLevel", rules.level);
    else
        respond_no_level(request, response);
}

static void get_mode(void *context, struct net_request *request, struct net_response *response)
{
    struct registry_rules rules;
    if (!read_rules(context, request, response, &rules))
        return;
    if (rules.has_mode)
        respond_mode(request, response, rules.mode);
    else
        respond_no_mode(request, response);
}

/* What a body says under `name`; false: it is no JSON object, or says what cannot be had. What asks
 * for nothing, as null and false do, can be. */
static bool read_word(const struct net_request *request, struct str name, struct str *ret_word,
                      struct str *ret_refused)
{
    static const struct str refused[] = {
        STR_INIT("alias"),
        STR_INIT("compatibilityGroup"),
        STR_INIT("defaultMetadata"),
        STR_INIT("overrideMetadata"),
        STR_INIT("defaultRuleSet"),
        STR_INIT("overrideRuleSet"),
        STR_INIT("compatibilityPolicy"),
    };
    struct json_reader reader;
    enum json_token token;
    *ret_word = *ret_refused = (struct str){0};
    json_reader_init(&reader, request->body, request->arena);
    if (json_next(&reader) != JSON_OBJECT_BEGIN)
        return false;
    while ((token = json_next(&reader)) == JSON_NAME) {
        const struct str member = reader.text;
        token = json_next(&reader);
        if (token == JSON_STRING && str_equal(member, name))
            *ret_word = reader.text;
        for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
            if (str_equal(member, refused[i]) && token != JSON_NULL)
                *ret_refused = member;
        if (json_skip(&reader, token, NULL))
            return false;
    }
    return token == JSON_OBJECT_END;
}

/* Changes the rules of the subject in the path, or of all. */
static bool change_rules(struct registry *registry, const struct net_request *request,
                         struct net_response *response, const struct registry_rules *change)
{
    const struct str subject = registry_subject_of(request);
    struct registry_rules rules;
    struct why why = {0};
    enum err err = registry_rules(registry, subject, &rules, &why);
    if (!err && change->has_level) {
        rules.has_level = true;
        rules.level = change->level;
    }
    if (!err && change->has_mode) {
        rules.has_mode = true;
        rules.mode = change->mode;
    }
    if (!err)
        err = registry_set_rules(registry, subject, &rules, &why);
    if (err)
        registry_respond_failure(response, err, &why);
    return err == OK;
}

static void put_config(void *context, struct net_request *request, struct net_response *response)
{
    struct registry_rules change = {.has_level = true};
    struct str word;
    struct str refused;
    if (!read_word(request, STR("compatibility"), &word, &refused)) {
        registry_respond_error(response, REGISTRY_BAD_BODY, "the body is no JSON object");
    } else if (refused.size > 0) {
        registry_respond_error(response, REGISTRY_BAD_LEVEL, "'%.*s' is not kept here",
                               STR_ARGS(refused));
    } else if (compatibility_parse(word, &change.level)) {
        registry_respond_error(response, REGISTRY_BAD_LEVEL,
                               "Invalid compatibility level. Valid values are none, backward, "
                               "forward, full, backward_transitive, forward_transitive, and "
                               "full_transitive");
    } else if (change_rules(context, request, response, &change)) {
        respond_level(request, response, "compatibility", change.level);
    }
}

/* Imported schemas bring their ids: there must be none yet whose ids are ours. */
static bool may_import(struct registry *registry, const struct net_request *request,
                       struct net_response *response)
{
    const struct registry_filter filter = {.subject = registry_subject_of(request)};
    struct registry_version *versions;
    size_t count;
    if (registry_asks(request, STR("force")))
        return true;
    if (!registry_list_or_fail(registry, &filter, request, response, &versions, &count))
        return false;
    if (count == 0)
        return true;
    registry_respond_error(response, REGISTRY_NOT_PERMITTED,
                           "Cannot import since found existing subjects");
    return false;
}

static void put_mode(void *context, struct net_request *request, struct net_response *response)
{
    struct registry_rules change = {.has_mode = true};
    struct str word;
    struct str refused;
    if (!read_word(request, STR("mode"), &word, &refused)) {
        registry_respond_error(response, REGISTRY_BAD_BODY, "the body is no JSON object");
    } else if (registry_mode_parse(word, &change.mode)) {
        registry_respond_error(response, REGISTRY_BAD_MODE,
                               "Invalid mode. Valid values are READWRITE, READONLY, "
                               "READONLY_OVERRIDE, IMPORT");
    } else if ((change.mode != REGISTRY_IMPORT || may_import(context, request, response)) &&
               change_rules(context, request, response, &change)) {
        respond_mode(request, response, change.mode);
    }
}

/* Takes back what was said, and tells what it was; for all, what holds from now on. */
static bool take_back(struct registry *registry, const struct net_request *request,
                      struct net_response *response, bool level, struct registry_rules *ret_before)
{
    const struct str subject = registry_subject_of(request);
    struct why why = {0};
    enum err err = registry_rules(registry, subject, ret_before, &why);
    struct registry_rules rules = *ret_before;
    if (!err && subject.size > 0 && !(level ? rules.has_level : rules.has_mode))
        return true;
    if (level)
        rules.has_level = false;
    else
        rules.has_mode = false;
    if (!err)
        err = registry_set_rules(registry, subject, &rules, &why);
    if (!err && subject.size == 0)
        err = registry_rules_in_force(registry, subject, ret_before, &why);
    if (err)
        registry_respond_failure(response, err, &why);
    return err == OK;
}

static void delete_config(void *context, struct net_request *request, struct net_response *response)
{
    struct registry_rules before = {0};
    if (!take_back(context, request, response, true, &before))
        return;
    if (before.has_level)
        respond_level(request, response, "compatibilityLevel", before.level);
    else
        respond_no_level(request, response);
}

static void delete_mode(void *context, struct net_request *request, struct net_response *response)
{
    struct registry_rules before = {0};
    if (!take_back(context, request, response, false, &before))
        return;
    if (before.has_mode)
        respond_mode(request, response, before.mode);
    else
        respond_no_mode(request, response);
}

static const struct net_route table[] = {
    {NET_POST, "/compatibility/subjects/{subject}/versions", post_all, 0},
    {NET_POST, "/compatibility/subjects/{subject}/versions/{version}", post_one, 0},
    {NET_GET, "/config", get_config, 0},
    {NET_PUT, "/config", put_config, 0},
    {NET_DELETE, "/config", delete_config, 0},
    {NET_GET, "/config/{subject}", get_config, 0},
    {NET_PUT, "/config/{subject}", put_config, 0},
    {NET_DELETE, "/config/{subject}", delete_config, 0},
    {NET_GET, "/mode", get_mode, 0},
    {NET_PUT, "/mode", put_mode, 0},
    {NET_DELETE, "/mode", delete_mode, 0},
    {NET_GET, "/mode/{subject}", get_mode, 0},
    {NET_PUT, "/mode/{subject}", put_mode, 0},
    {NET_DELETE, "/mode/{subject}", delete_mode, 0},
};
const struct api_routes registry_rule_routes = API_ROUTES(table);

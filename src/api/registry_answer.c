/* registry_answer.c -- reads what is asked of the registry, and says what comes of it. */
#include "api/registry_answer.h"
#include "base/json.h"

#define MEDIA_TYPE "application/vnd.schemaregistry.v1+json"

/* -- saying -- */

static void write_error(int code, struct str message, struct buf *body)
{
    buf_printf(body, "{\"error_code\":%d,\"message\":", code);
    json_write_string(body, message);
    buf_append_byte(body, '}');
}

const char *registry_write_refusal(int status, enum net_refusal refusal, struct str message,
                                   struct buf *body)
{
    (void)refusal;
    write_error(status, message, body);
    return MEDIA_TYPE;
}

void registry_respond_error(struct net_response *response, enum registry_code code,
                            const char *format, ...)
{
    struct buf message = {0};
    struct buf body = {0};
    va_list arguments;
    va_start(arguments, format);
    buf_vprintf(&message, format, arguments);
    va_end(arguments);
    write_error(code == REGISTRY_BAD_BODY ? 400 : (int)code, buf_str(&message), &body);
    net_respond(response, (int)code / 100, MEDIA_TYPE, buf_str(&body));
    buf_release(&message);
    buf_release(&body);
}

void registry_respond_failure(struct net_response *response, enum err err, const struct why *why)
{
    static const struct {
        enum err err;
        enum registry_code code;
    } codes[] = {
        {ERR_INVALID, REGISTRY_BAD_SCHEMA},       {ERR_UNSUPPORTED, REGISTRY_BAD_SCHEMA},
        {ERR_LIMIT, REGISTRY_TOO_LARGE},          {ERR_INCOMPATIBLE, REGISTRY_INCOMPATIBLE},
        {ERR_DENIED, REGISTRY_NOT_PERMITTED},     {ERR_LOCKED, REGISTRY_REFERRED_TO},
        {ERR_EXISTS, REGISTRY_OTHER_ID},          {ERR_NOT_FOUND, REGISTRY_NO_VERSION},
        {ERR_UNKNOWN_SCHEMA, REGISTRY_NO_SCHEMA},
    };
    const char *words = why->text[0] != '\0' ? why->text : err_text(err);
    enum registry_code code = REGISTRY_STORE;
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i].err == err)
            code = codes[i].code;
    registry_respond_error(response, code, "%s", words);
}

void registry_respond_text(const struct net_request *request, struct net_response *response,
                           struct str text)
{
    const bool only_plain =
        !net_accepts(request, STR(MEDIA_TYPE)) && net_accepts(request, STR("application/json"));
    net_respond(response, 200, only_plain ? "application/json" : MEDIA_TYPE, text);
}

void registry_respond(const struct net_request *request, struct net_response *response,
                      struct buf *body)
{
    registry_respond_text(request, response, buf_str(body));
    buf_release(body);
}

static void write_references(const struct registry_version *version, struct buf *body)
{
    for (uint32_t i = 0; i < version->reference_count; i++) {
        const struct registry_reference *reference = &version->references[i];
        buf_append_str(body, i == 0 ? STR(",\"references\":[{\"name\":") : STR(",{\"name\":"));
        json_write_string(body, reference->name);
        buf_append_str(body, STR(",\"subject\":"));
        json_write_string(body, reference->subject);
        buf_printf(body, ",\"version\":%d}", reference->version);
    }
    if (version->reference_count > 0)
        buf_append_byte(body, ']');
}

void registry_write_schema(const struct registry_version *version, struct buf *body)
{
    buf_append_str(body, STR(",\"guid\":"));
    json_write_string(body, version->guid);
    buf_append_str(body, STR(",\"schemaType\":\"AVRO\""));
    write_references(version, body);
    if (version->metadata.size > 0) {
        buf_append_str(body, STR(",\"metadata\":"));
        buf_append_str(body, version->metadata);
    }
    buf_append_str(body, STR(",\"schema\":"));
    json_write_string(body, version->text);
}

void registry_write_version(const struct registry_version *version, struct buf *body)
{
    buf_append_str(body, STR("{\"subject\":"));
    json_write_string(body, version->subject);
    buf_printf(body, ",\"version\":%d,\"id\":%d", version->version, version->id);
    registry_write_schema(version, body);
    if (version->registered_ms > 0)
        buf_printf(body, ",\"ts\":%lld", (long long)version->registered_ms);
    if (version->is_deleted)
        buf_append_str(body, STR(",\"deleted\":true"));
    buf_append_byte(body, '}');
}

/* -- reading -- */

bool registry_asks(const struct net_request *request, struct str name)
{
    struct str value;
    return net_query_get(request, name, &value) && str_equal_nocase(value, STR("true"));
}

struct str registry_subject_of(const struct net_request *request)
{
    struct str subject = request->param_count > 0 ? request->params[0] : STR("");
    if (str_starts_with(subject, STR(":.:")))
        subject = (struct str){subject.data + 3, subject.size - 3};
    return subject;
}

bool registry_read_subject(const struct net_request *request, struct net_response *response,
                           struct str *ret_subject)
{
    *ret_subject = registry_subject_of(request);
    if (registry_is_subject(*ret_subject))
        return true;
    registry_respond_error(response, REGISTRY_BAD_SUBJECT,
                           "The specified subject '%.*s' is not a valid subject.",
                           STR_ARGS(*ret_subject));
    return false;
}

bool registry_read_version(const struct net_request *request, struct net_response *response,
                           int32_t *ret_version)
{
    const struct str text = request->params[1];
    int64_t number = 0;
    if (str_equal(text, STR("latest")) || str_equal(text, STR("-1"))) {
        *ret_version = 0;
        return true;
    }
    if (str_to_int64(text, &number) == OK && number >= 1 && number <= INT32_MAX) {
        *ret_version = (int32_t)number;
        return true;
    }
    registry_respond_error(response, REGISTRY_BAD_VERSION,
                           "The specified version '%.*s' is not a valid version id. Allowed values "
                           "are between [1, 2^31-1] and the string \"latest\"",
                           STR_ARGS(text));
    return false;
}

static bool is_nothing(struct str json)
{
    return json.size == 0 || str_equal(json, STR("null")) || str_equal(json, STR("{}"));
}

/* The type of a body, and what of it nobody keeps. */
struct body_rest {
    struct str type;
    struct str rule_set;
};

static enum err read_member(struct json_reader *reader, struct str name, struct arena *arena,
                            struct registry_draft *draft, struct body_rest *rest)
{
    const enum json_token token = json_next(reader);
    int64_t number = 0;
    if (token == JSON_STRING && str_equal(name, STR("schema"))) {
        draft->text = reader->text;
    } else if (token == JSON_STRING && str_equal(name, STR("schemaType"))) {
        rest->type = reader->text;
    } else if (token == JSON_ARRAY_BEGIN && str_equal(name, STR("references"))) {
        return registry_read_references(reader, arena, &draft->references, &draft->reference_count);
    } else if (str_equal(name, STR("metadata"))) {
        return json_skip(reader, token, &draft->metadata);
    } else if (str_equal(name, STR("ruleSet")) || str_equal(name, STR("ruleset"))) {
        return json_skip(reader, token, &rest->rule_set);
    } else if (token == JSON_NUMBER && str_to_int64(reader->text, &number) == OK && number > 0 &&
               number <= INT32_MAX) {
        if (str_equal(name, STR("id")))
            draft->id = (int32_t)number;
        else if (str_equal(name, STR("version")))
            draft->version = (int32_t)number;
    } else {
        return json_skip(reader, token, NULL);
    }
    return OK;
}

static enum err parse_body(struct str body, struct arena *arena, struct registry_draft *draft,
                           struct body_rest *rest)
{
    struct json_reader reader;
    enum json_token token;
    json_reader_init(&reader, body, arena);
    if (json_next(&reader) != JSON_OBJECT_BEGIN)
        return ERR_MALFORMED;
    while ((token = json_next(&reader)) == JSON_NAME)
        if (read_member(&reader, reader.text, arena, draft, rest))
            return ERR_MALFORMED;
    if (is_nothing(draft->metadata))
        draft->metadata = (struct str){0};
    return token == JSON_OBJECT_END && json_next(&reader) == JSON_END ? OK : ERR_MALFORMED;
}

bool registry_read_draft(const struct net_request *request, struct net_response *response,
                         struct registry_draft *ret_draft)
{
    struct registry_draft draft = {0};
    struct body_rest rest = {.type = STR("AVRO")};
    if (parse_body(request->body, request->arena, &draft, &rest)) {
        registry_respond_error(response, REGISTRY_BAD_BODY,
                               "the body is no JSON object with a \"schema\"");
    } else if (!str_equal(rest.type, STR("AVRO")) && rest.type.size > 0) {
        registry_respond_error(response, REGISTRY_BAD_SCHEMA,
                               "schemas of type AVRO are kept here, not %.*s", STR_ARGS(rest.type));
    } else if (draft.text.size == 0) {
        registry_respond_error(response, REGISTRY_BAD_SCHEMA, "the body has no \"schema\"");
    } else if (!is_nothing(rest.rule_set)) {
        registry_respond_error(response, REGISTRY_BAD_RULES, "rule sets are not kept here");
    } else {
        *ret_draft = draft;
        return true;
    }
    return false;
}

bool registry_list_or_fail(struct registry *registry, const struct registry_filter *filter,
                           const struct net_request *request, struct net_response *response,
                           struct registry_version **ret_versions, size_t *ret_count)
{
    struct why why = {0};
    const enum err err =
        registry_list(registry, filter, request->arena, ret_versions, ret_count, &why);
    if (err)
        registry_respond_failure(response, err, &why);
    return err == OK;
}

size_t registry_keep_wanted(const struct net_request *request, struct registry_version *versions,
                            size_t count)
{
    const bool only_deleted = registry_asks(request, STR("deletedOnly"));
    const bool with_deleted = only_deleted || registry_asks(request, STR("deleted"));
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (versions[i].is_deleted ? with_deleted : !only_deleted)
            versions[kept++] = versions[i];
    return kept;
}

static size_t read_size(const struct net_request *request, struct str name, size_t otherwise)
{
    struct str text;
    int64_t number = 0;
    if (!net_query_get(request, name, &text) || str_to_int64(text, &number) || number < 0)
        return otherwise;
    return (size_t)number;
}

void registry_page(const struct net_request *request, size_t count, size_t *ret_begin,
                   size_t *ret_end)
{
    const size_t offset = read_size(request, STR("offset"), 0);
    const size_t limit = read_size(request, STR("limit"), 0);
    *ret_begin = offset < count ? offset : count;
    *ret_end = limit > 0 && limit < count - *ret_begin ? *ret_begin + limit : count;
}

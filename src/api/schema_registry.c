/* schema_registry.c -- Schema Registry's REST API over the registry's seam.
 *
 * Serialisers register and look up, deserialisers ask by id, tools list and check. Nothing is ever
 * deleted here, and there is one mode and one context: those paths say so. */
#include "api/schema_registry.h"
#include "base/json.h"

#define MEDIA_TYPE "application/vnd.schemaregistry.v1+json"

enum code {
    CODE_NO_SUBJECT = 40401,
    CODE_NO_VERSION = 40402,
    CODE_NO_SCHEMA = 40403,
    CODE_INCOMPATIBLE = 40901,
    CODE_BAD_SCHEMA = 42201,
    CODE_BAD_VERSION = 42202,
    CODE_BAD_LEVEL = 42203,
    CODE_STORE = 50001
};

/* -- answers -- */

static void write_error(int code, struct str message, struct buf *body)
{
    buf_printf(body, "{\"error_code\":%d,\"message\":", code);
    json_write_string(body, message);
    buf_append_byte(body, '}');
}

static const char *write_refusal(int status, enum net_refusal refusal, struct str message,
                                 struct buf *body)
{
    (void)refusal;
    write_error(status, message, body);
    return MEDIA_TYPE;
}

static void respond_error(struct net_response *response, int code, struct str message)
{
    struct buf body = {0};
    write_error(code, message, &body);
    net_respond(response, code / 100, MEDIA_TYPE, buf_str(&body));
    buf_release(&body);
}

static void respond_failure(struct net_response *response, enum err err, const struct why *why)
{
    const struct str words = str_from(why->text[0] != '\0' ? why->text : err_text(err));
    switch (err) {
    case ERR_INVALID:
    case ERR_LIMIT:
    case ERR_UNSUPPORTED:
        respond_error(response, CODE_BAD_SCHEMA, words);
        break;
    case ERR_INCOMPATIBLE:
        respond_error(response, CODE_INCOMPATIBLE, words);
        break;
    default:
        respond_error(response, CODE_STORE, words);
        break;
    }
}

static void respond(struct net_response *response, struct buf *body)
{
    net_respond(response, 200, MEDIA_TYPE, buf_str(body));
    buf_release(body);
}

static void respond_text(struct net_response *response, struct str text)
{
    net_respond(response, 200, MEDIA_TYPE, text);
}

/* -- what is asked -- */

/* A registration's members; those nobody asks for are skipped. */
static enum err parse_schema(struct str body, struct arena *arena, struct str *ret_text,
                             struct str *ret_type)
{
    struct json_reader reader;
    enum json_token token;
    json_reader_init(&reader, body, arena);
    if (json_next(&reader) != JSON_OBJECT_BEGIN)
        return ERR_MALFORMED;
    while ((token = json_next(&reader)) == JSON_NAME) {
        const struct str name = reader.text;
        token = json_next(&reader);
        if (token == JSON_STRING && str_equal(name, STR("schema")))
            *ret_text = reader.text;
        else if (token == JSON_STRING && str_equal(name, STR("schemaType")))
            *ret_type = reader.text;
        else if (json_skip(&reader, token, NULL) != OK)
            return ERR_MALFORMED;
    }
    return token == JSON_OBJECT_END ? OK : ERR_MALFORMED;
}

/* The schema in {"schema": text, "schemaType": "AVRO"}; false: answered. */
static bool read_schema(const struct net_request *request, struct net_response *response,
                        struct str *ret_text)
{
    struct str type = STR("AVRO");
    *ret_text = (struct str){0};
    if (parse_schema(request->body, request->arena, ret_text, &type) != OK || ret_text->size == 0) {
        respond_error(response, CODE_BAD_SCHEMA, STR("the body has no \"schema\""));
        return false;
    }
    if (str_equal(type, STR("AVRO")))
        return true;
    respond_error(response, CODE_BAD_SCHEMA, STR("only schemas of type AVRO are kept here"));
    return false;
}

/* All versions of a subject in the arena; false: answered. */
static bool list_subject(struct registry *registry, const struct net_request *request,
                         struct net_response *response, struct registry_version **ret_versions,
                         size_t *ret_count)
{
    struct registry_version *all;
    size_t count;
    struct why why = {0};
    const enum err err = registry_list(registry, request->arena, &all, &count, &why);
    if (err) {
        respond_failure(response, err, &why);
        return false;
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (str_equal(all[i].subject, request->params[0]))
            all[kept++] = all[i];
    *ret_versions = all;
    *ret_count = kept;
    if (kept > 0)
        return true;
    respond_error(
        response, CODE_NO_SUBJECT,
        arena_printf(request->arena, "Subject '%.*s' not found.", STR_ARGS(request->params[0])));
    return false;
}

/* params[1] as a version: 0 is the latest; false: answered. */
static bool read_version(const struct net_request *request, struct net_response *response,
                         int32_t *ret_version)
{
    const struct str text = request->params[1];
    int64_t number = 0;
    if (str_equal(text, STR("latest")) || str_equal(text, STR("-1"))) {
        *ret_version = 0;
        return true;
    }
    if (str_to_int64(text, &number) != OK || number < 1 || number > INT32_MAX) {
        respond_error(response, CODE_BAD_VERSION,
                      STR("a version is a whole number from 1, or \"latest\""));
        return false;
    }
    *ret_version = (int32_t)number;
    return true;
}

static void write_version(const struct registry_version *version, struct buf *body)
{
    buf_append_str(body, STR("{\"subject\":"));
    json_write_string(body, version->subject);
    buf_printf(body, ",\"version\":%d,\"id\":%d,\"schema\":", version->version, version->id);
    json_write_string(body, version->text);
    buf_append_byte(body, '}');
}

/* -- schemas -- */

/* The first version with the id in params[0], or all of them; false: answered. */
static bool find_id(struct registry *registry, const struct net_request *request,
                    struct net_response *response, struct registry_version **ret_versions,
                    size_t *ret_count)
{
    struct registry_version *all;
    size_t count = 0;
    size_t kept = 0;
    int64_t id = 0;
    struct why why = {0};
    const bool is_number = str_to_int64(request->params[0], &id) == OK;
    const enum err err = registry_list(registry, request->arena, &all, &count, &why);
    if (err) {
        respond_failure(response, err, &why);
        return false;
    }
    for (size_t i = 0; is_number && i < count; i++)
        if (all[i].id == id)
            all[kept++] = all[i];
    *ret_versions = all;
    *ret_count = kept;
    if (kept > 0)
        return true;
    respond_error(
        response, CODE_NO_SCHEMA,
        arena_printf(request->arena, "Schema %.*s not found", STR_ARGS(request->params[0])));
    return false;
}

static void get_schema(void *context, struct net_request *request, struct net_response *response)
{
    struct registry_version *versions;
    size_t count;
    if (!find_id(context, request, response, &versions, &count))
        return;
    struct buf body = {0};
    buf_append_str(&body, STR("{\"schema\":"));
    json_write_string(&body, versions[0].text);
    buf_append_byte(&body, '}');
    respond(response, &body);
}

static void get_schema_text(void *context, struct net_request *request,
                            struct net_response *response)
{
    struct registry_version *versions;
    size_t count;
    if (find_id(context, request, response, &versions, &count))
        respond_text(response, versions[0].text);
}

static void get_schema_versions(void *context, struct net_request *request,
                                struct net_response *response)
{
    struct registry_version *versions;
    size_t count;
    if (!find_id(context, request, response, &versions, &count))
        return;
    struct buf body = {0};
    for (size_t i = 0; i < count; i++) {
        buf_append_str(&body, i == 0 ? STR("[{\"subject\":") : STR(",{\"subject\":"));
        json_write_string(&body, versions[i].subject);
        buf_printf(&body, ",\"version\":%d}", versions[i].version);
    }
    buf_append_byte(&body, ']');
    respond(response, &body);
}

static void get_types(void *context, struct net_request *request, struct net_response *response)
{
    (void)context, (void)request;
    respond_text(response, STR("[\"AVRO\"]"));
}

/* -- subjects -- */

static void get_subjects(void *context, struct net_request *request, struct net_response *response)
{
    struct registry_version *all;
    size_t count = 0;
    struct str prefix = {0};
    struct why why = {0};
    const enum err err = registry_list(context, request->arena, &all, &count, &why);
    if (err) {
        respond_failure(response, err, &why);
        return;
    }
    (void)!net_query_get(request, STR("subjectPrefix"), &prefix);
    struct buf body = {0};
    for (size_t i = 0; i < count; i++) {
        if (all[i].version != 1 || !str_starts_with(all[i].subject, prefix))
            continue;
        buf_append_byte(&body, body.size == 0 ? '[' : ',');
        json_write_string(&body, all[i].subject);
    }
    buf_append_str(&body, body.size == 0 ? STR("[]") : STR("]"));
    respond(response, &body);
}

/* Whether the schema is there under the subject, and as what. */
static void post_subject(void *context, struct net_request *request, struct net_response *response)
{
    struct registry_version *versions;
    size_t count;
    struct str text;
    struct avro_schema *wanted;
    struct why why = {0};
    if (!read_schema(request, response, &text) ||
        !list_subject(context, request, response, &versions, &count))
        return;
    const enum err err = avro_schema_parse(text, &wanted, &why);
    if (err) {
        respond_failure(response, err, &why);
        return;
    }
    struct buf body = {0};
    for (size_t i = count; body.size == 0 && i-- > 0;) {
        const struct avro_schema *schema;
        if (registry_by_id(context, versions[i].id, &schema, NULL) == OK &&
            str_equal(schema->identity, wanted->identity))
            write_version(&versions[i], &body);
    }
    avro_schema_free(wanted);
    if (body.size > 0)
        respond(response, &body);
    else
        respond_error(response, CODE_NO_SCHEMA, STR("Schema not found"));
}

static void get_versions(void *context, struct net_request *request, struct net_response *response)
{
    struct registry_version *versions;
    size_t count;
    if (!list_subject(context, request, response, &versions, &count))
        return;
    struct buf body = {0};
    for (size_t i = 0; i < count; i++)
        buf_printf(&body, "%c%d", i == 0 ? '[' : ',', versions[i].version);
    buf_append_byte(&body, ']');
    respond(response, &body);
}

static void post_version(void *context, struct net_request *request, struct net_response *response)
{
    struct str text;
    struct why why = {0};
    int32_t id;
    if (!read_schema(request, response, &text))
        return;
    const enum err err = registry_register(context, request->params[0], text, &id, &why);
    if (err) {
        respond_failure(response, err, &why);
        return;
    }
    struct buf body = {0};
    buf_printf(&body, "{\"id\":%d}", id);
    respond(response, &body);
}

/* The version in params; false: answered. */
static bool find_version(struct registry *registry, const struct net_request *request,
                         struct net_response *response, struct registry_version *ret_version)
{
    struct registry_version *versions;
    size_t count;
    int32_t number;
    if (!read_version(request, response, &number) ||
        !list_subject(registry, request, response, &versions, &count))
        return false;
    if (registry_get_version(registry, request->params[0], number, request->arena, ret_version,
                             NULL) == OK)
        return true;
    respond_error(response, CODE_NO_VERSION,
                  arena_printf(request->arena, "Version %d not found.", number));
    return false;
}

static void get_version(void *context, struct net_request *request, struct net_response *response)
{
    struct registry_version version;
    if (!find_version(context, request, response, &version))
        return;
    struct buf body = {0};
    write_version(&version, &body);
    respond(response, &body);
}

static void get_version_text(void *context, struct net_request *request,
                             struct net_response *response)
{
    struct registry_version version;
    if (find_version(context, request, response, &version))
        respond_text(response, version.text);
}

/* -- compatibility, config -- */

/* Clients write True and False as their language does. */
static bool is_asked_for(const struct net_request *request, struct str name)
{
    struct str value;
    return net_query_get(request, name, &value) && str_equal_nocase(value, STR("true"));
}

static void post_compatibility(void *context, struct net_request *request,
                               struct net_response *response)
{
    struct str text;
    struct why why = {0};
    if (!read_schema(request, response, &text))
        return;
    const enum err err = registry_check(context, request->params[0], text, &why);
    if (err && err != ERR_INCOMPATIBLE) {
        respond_failure(response, err, &why);
        return;
    }
    struct buf body = {0};
    buf_printf(&body, "{\"is_compatible\":%s", err ? "false" : "true");
    if (is_asked_for(request, STR("verbose"))) {
        buf_append_str(&body, STR(",\"messages\":["));
        if (err)
            json_write_string(&body, str_from(why.text));
        buf_append_byte(&body, ']');
    }
    buf_append_byte(&body, '}');
    respond(response, &body);
}

static struct str subject_of(const struct net_request *request)
{
    return request->param_count > 0 ? request->params[0] : STR("");
}

static void get_config(void *context, struct net_request *request, struct net_response *response)
{
    enum compatibility level;
    struct why why = {0};
    const enum err err = registry_level(context, subject_of(request), &level, &why);
    if (err) {
        respond_failure(response, err, &why);
        return;
    }
    struct buf body = {0};
    buf_printf(&body, "{\"compatibilityLevel\":\"%s\"}", compatibility_name(level));
    respond(response, &body);
}

static void put_config(void *context, struct net_request *request, struct net_response *response)
{
    struct json_reader reader;
    enum compatibility level;
    struct why why = {0};
    json_reader_init(&reader, request->body, request->arena);
    if (json_next(&reader) != JSON_OBJECT_BEGIN || json_next(&reader) != JSON_NAME ||
        !str_equal(reader.text, STR("compatibility")) || json_next(&reader) != JSON_STRING ||
        compatibility_parse(reader.text, &level) != OK) {
        respond_error(response, CODE_BAD_LEVEL,
                      STR("Invalid compatibility level. Valid values are none, backward, forward, "
                          "full, backward_transitive, forward_transitive, and full_transitive"));
        return;
    }
    const enum err err = registry_set_level(context, subject_of(request), level, &why);
    if (err) {
        respond_failure(response, err, &why);
        return;
    }
    struct buf body = {0};
    buf_printf(&body, "{\"compatibility\":\"%s\"}", compatibility_name(level));
    respond(response, &body);
}

static void get_mode(void *context, struct net_request *request, struct net_response *response)
{
    (void)context, (void)request;
    respond_text(response, STR("{\"mode\":\"READWRITE\"}"));
}

static void get_contexts(void *context, struct net_request *request, struct net_response *response)
{
    (void)context, (void)request;
    respond_text(response, STR("[\".\"]"));
}

static void get_root(void *context, struct net_request *request, struct net_response *response)
{
    (void)context, (void)request;
    respond_text(response, STR("{}"));
}

static const struct net_route table[] = {
    {NET_GET, "/", get_root, 0},
    {NET_POST, "/", get_root, 0},
    {NET_GET, "/schemas/types", get_types, 0},
    {NET_GET, "/schemas/ids/{id}", get_schema, 0},
    {NET_GET, "/schemas/ids/{id}/schema", get_schema_text, 0},
    {NET_GET, "/schemas/ids/{id}/versions", get_schema_versions, 0},
    {NET_GET, "/subjects", get_subjects, 0},
    {NET_POST, "/subjects/{subject}", post_subject, 0},
    {NET_GET, "/subjects/{subject}/versions", get_versions, 0},
    {NET_POST, "/subjects/{subject}/versions", post_version, 0},
    {NET_GET, "/subjects/{subject}/versions/{version}", get_version, 0},
    {NET_GET, "/subjects/{subject}/versions/{version}/schema", get_version_text, 0},
    {NET_POST, "/compatibility/subjects/{subject}/versions", post_compatibility, 0},
    {NET_POST, "/compatibility/subjects/{subject}/versions/{version}", post_compatibility, 0},
    {NET_GET, "/config", get_config, 0},
    {NET_PUT, "/config", put_config, 0},
    {NET_GET, "/config/{subject}", get_config, 0},
    {NET_PUT, "/config/{subject}", put_config, 0},
    {NET_GET, "/mode", get_mode, 0},
    {NET_GET, "/mode/{subject}", get_mode, 0},
    {NET_GET, "/contexts", get_contexts, 0},
};

enum err schema_registry_open(struct registry *registry, struct str listen, bool insecure,
                              struct net_server **ret_server, struct why *why)
{
    const struct net_options options = {
        .listen = listen,
        .flag = "--registry-listen",
        .insecure = insecure,
        .routes = table,
        .route_count = sizeof(table) / sizeof(table[0]),
        .context = registry,
        .write_error = write_refusal,
    };
    struct net_server *server;
    enum err err = net_server_open(&options, &server, why);
    if (err)
        return err;
    err = net_server_start(server, why);
    if (err) {
        net_server_close(server);
        return err;
    }
    *ret_server = server;
    return OK;
}

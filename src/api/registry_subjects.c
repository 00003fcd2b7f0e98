/* registry_subjects.c -- /subjects: registering, looking up, listing and deleting versions. */
#include "api/registry_answer.h"
#include "base/json.h"

/* -- finding -- */

static void respond_no_subject(struct net_response *response, struct str subject)
{
    registry_respond_error(response, REGISTRY_NO_SUBJECT, "Subject '%.*s' not found.",
                           STR_ARGS(subject));
}

/* The subject's versions, deleted ones too; at least one. */
static bool list_subject(struct registry *registry, const struct net_request *request,
                         struct net_response *response, struct str *ret_subject,
                         struct registry_version **ret_versions, size_t *ret_count)
{
    if (!registry_read_subject(request, response, ret_subject))
        return false;
    const struct registry_filter filter = {.subject = *ret_subject, .with_deleted = true};
    if (!registry_list_or_fail(registry, &filter, request, response, ret_versions, ret_count))
        return false;
    if (*ret_count > 0)
        return true;
    respond_no_subject(response, *ret_subject);
    return false;
}

/* The same, only those that are asked for; at least one. */
static bool list_wanted(struct registry *registry, const struct net_request *request,
                        struct net_response *response, struct registry_version **ret_versions,
                        size_t *ret_count)
{
    struct str subject;
    if (!list_subject(registry, request, response, &subject, ret_versions, ret_count))
        return false;
    *ret_count = registry_keep_wanted(request, *ret_versions, *ret_count);
    if (*ret_count > 0)
        return true;
    respond_no_subject(response, subject);
    return false;
}

/* The version in params[1] among those that are asked for. */
static bool find_version(struct registry *registry, const struct net_request *request,
                         struct net_response *response, const struct registry_version **ret_version)
{
    struct registry_version *versions;
    size_t count;
    int32_t number;
    if (!registry_read_version(request, response, &number) ||
        !list_wanted(registry, request, response, &versions, &count))
        return false;
    for (size_t i = count; i > 0; i--) {
        if (number == 0 || versions[i - 1].version == number) {
            *ret_version = &versions[i - 1];
            return true;
        }
    }
    registry_respond_error(response, REGISTRY_NO_VERSION, "Version %d not found.", number);
    return false;
}

/* -- reading -- */

static void get_subjects(void *context, struct net_request *request, struct net_response *response)
{
    const struct registry_filter every = {.with_deleted = true};
    struct registry_version *all;
    struct str prefix = {0};
    size_t count, begin, end;
    size_t kept = 0;
    if (!registry_list_or_fail(context, &every, request, response, &all, &count))
        return;
    if (net_query_get(request, STR("subjectPrefix"), &prefix) && str_equal(prefix, STR(":*:")))
        prefix = (struct str){0};
    count = registry_keep_wanted(request, all, count);
    for (size_t i = 0; i < count; i++)
        if (str_starts_with(all[i].subject, prefix) &&
            (kept == 0 || !str_equal(all[kept - 1].subject, all[i].subject)))
            all[kept++] = all[i];
    registry_page(request, kept, &begin, &end);
    struct buf body = {0};
    buf_append_byte(&body, '[');
    for (size_t i = begin; i < end; i++) {
        if (i > begin)
            buf_append_byte(&body, ',');
        json_write_string(&body, all[i].subject);
    }
    buf_append_byte(&body, ']');
    registry_respond(request, response, &body);
}

static void get_versions(void *context, struct net_request *request, struct net_response *response)
{
    struct registry_version *versions;
    size_t count, begin, end;
    if (!list_wanted(context, request, response, &versions, &count))
        return;
    registry_page(request, count, &begin, &end);
    struct buf body = {0};
    buf_append_byte(&body, '[');
    for (size_t i = begin; i < end; i++)
        buf_printf(&body, "%s%d", i > begin ? "," : "", versions[i].version);
    buf_append_byte(&body, ']');
    registry_respond(request, response, &body);
}

static void get_version(void *context, struct net_request *request, struct net_response *response)
{
    const struct registry_version *version;
    if (!find_version(context, request, response, &version))
        return;
    struct buf body = {0};
    registry_write_version(version, &body);
    registry_respond(request, response, &body);
}

static void get_text(void *context, struct net_request *request, struct net_response *response)
{
    const struct registry_version *version;
    if (find_version(context, request, response, &version))
        registry_respond_text(request, response, version->text);
}

static bool refers_to(const struct registry_version *version, const struct registry_version *to)
{
    for (uint32_t i = 0; i < version->reference_count; i++)
        if (version->references[i].version == to->version &&
            str_equal(version->references[i].subject, to->subject))
            return true;
    return false;
}

static void get_referenced_by(void *context, struct net_request *request,
                              struct net_response *response)
{
    const struct registry_filter every = {0};
    const struct registry_version *version;
    struct registry_version *all;
    size_t count;
    if (!find_version(context, request, response, &version) ||
        !registry_list_or_fail(context, &every, request, response, &all, &count))
        return;
    struct buf body = {0};
    for (size_t i = 0; i < count; i++)
        if (refers_to(&all[i], version))
            buf_printf(&body, "%c%d", body.size == 0 ? '[' : ',', all[i].id);
    buf_append_str(&body, body.size == 0 ? STR("[]") : STR("]"));
    registry_respond(request, response, &body);
}

/* Whether {"properties":{key:value}} is in the metadata. */
static bool has_property(struct str metadata, struct str key, struct str value, struct arena *arena)
{
    struct json_reader reader;
    enum json_token token;
    bool inside = false;
    json_reader_init(&reader, metadata, arena);
    for (token = json_next(&reader); token != JSON_END && token != JSON_ERROR;
         token = json_next(&reader)) {
        if (token != JSON_NAME)
            continue;
        if (reader.depth == 1)
            inside = str_equal(reader.text, STR("properties"));
        const bool is_key = inside && reader.depth == 2 && str_equal(reader.text, key);
        if (is_key && json_next(&reader) == JSON_STRING)
            return str_equal(reader.text, value);
    }
    return false;
}

/* The latest version whose metadata has the property asked for. */
static void get_by_metadata(void *context, struct net_request *request,
                            struct net_response *response)
{
    struct registry_version *versions;
    struct str key = {0};
    struct str value = {0};
    size_t count;
    if (!list_wanted(context, request, response, &versions, &count))
        return;
    const bool asked =
        net_query_get(request, STR("key"), &key) && net_query_get(request, STR("value"), &value);
    while (asked && count > 0 &&
           !has_property(versions[count - 1].metadata, key, value, request->arena))
        count--;
    if (!asked || count == 0) {
        registry_respond_error(response, REGISTRY_NO_SCHEMA, "Schema not found");
        return;
    }
    struct buf body = {0};
    registry_write_version(&versions[count - 1], &body);
    registry_respond(request, response, &body);
}

/* -- registering -- */

/* Whether the schema is there under the subject, and as what. */
static void post_subject(void *context, struct net_request *request, struct net_response *response)
{
    const bool with_deleted = registry_asks(request, STR("deleted"));
    struct registry_version *versions;
    struct registry_version version;
    struct registry_draft draft;
    struct str subject;
    struct why why = {0};
    size_t count;
    if (!registry_read_draft(request, response, &draft) ||
        !registry_read_subject(request, response, &subject) ||
        !list_wanted(context, request, response, &versions, &count))
        return;
    const enum err err =
        registry_look_up(context, subject, &draft, with_deleted, request->arena, &version, &why);
    if (err == ERR_NOT_FOUND) {
        registry_respond_error(response, REGISTRY_NO_SCHEMA, "Schema not found");
        return;
    }
    if (err) {
        registry_respond_failure(response, err, &why);
        return;
    }
    struct buf body = {0};
    registry_write_version(&version, &body);
    registry_respond(request, response, &body);
}

static void post_version(void *context, struct net_request *request, struct net_response *response)
{
    struct registry_version version;
    struct registry_draft draft;
    struct str subject;
    struct why why = {0};
    if (!registry_read_draft(request, response, &draft) ||
        !registry_read_subject(request, response, &subject))
        return;
    const enum err err =
        registry_register_draft(context, subject, &draft, request->arena, &version, &why);
    if (err) {
        registry_respond_failure(response, err, &why);
        return;
    }
    struct buf body = {0};
    buf_printf(&body, "{\"id\":%d,\"version\":%d", version.id, version.version);
    registry_write_schema(&version, &body);
    buf_append_byte(&body, '}');
    registry_respond(request, response, &body);
}

/* -- deleting -- */

static size_t count_live(const struct registry_version *versions, size_t count)
{
    size_t live = 0;
    for (size_t i = 0; i < count; i++)
        live += !versions[i].is_deleted;
    return live;
}

static void respond_versions(const struct net_request *request, struct net_response *response,
                             const int32_t *versions, size_t count)
{
    struct buf body = {0};
    buf_append_byte(&body, '[');
    for (size_t i = 0; i < count; i++)
        buf_printf(&body, "%s%d", i > 0 ? "," : "", versions[i]);
    buf_append_byte(&body, ']');
    registry_respond(request, response, &body);
}

static void delete_subject(void *context, struct net_request *request,
                           struct net_response *response)
{
    const bool permanently = registry_asks(request, STR("permanent"));
    struct registry_version *versions;
    struct str subject;
    struct why why = {0};
    int32_t *numbers;
    size_t count;
    if (!list_subject(context, request, response, &subject, &versions, &count))
        return;
    const size_t live = count_live(versions, count);
    if (!permanently && live == 0) {
        registry_respond_error(response, REGISTRY_SUBJECT_SOFT_DELETED,
                               "Subject '%.*s' was soft deleted. Set permanent=true to delete "
                               "permanently",
                               STR_ARGS(subject));
        return;
    }
    if (permanently && live > 0) {
        registry_respond_error(response, REGISTRY_SUBJECT_NOT_DELETED,
                               "Subject '%.*s' was not deleted first before being permanently "
                               "deleted",
                               STR_ARGS(subject));
        return;
    }
    const enum err err =
        registry_erase(context, subject, 0, permanently, request->arena, &numbers, &count, &why);
    if (err)
        registry_respond_failure(response, err, &why);
    else
        respond_versions(request, response, numbers, count);
}

/* The latest is the last that can still be deleted this way. */
static const struct registry_version *pick(const struct registry_version *versions, size_t count,
                                           int32_t number, bool permanently)
{
    for (size_t i = count; i > 0; i--) {
        const struct registry_version *version = &versions[i - 1];
        if (number > 0 ? version->version == number : version->is_deleted == permanently)
            return version;
    }
    return NULL;
}

static void delete_version(void *context, struct net_request *request,
                           struct net_response *response)
{
    const bool permanently = registry_asks(request, STR("permanent"));
    struct registry_version *versions;
    struct str subject;
    struct why why = {0};
    int32_t *numbers;
    int32_t number;
    size_t count;
    if (!registry_read_version(request, response, &number) ||
        !list_subject(context, request, response, &subject, &versions, &count))
        return;
    const struct registry_version *version = pick(versions, count, number, permanently);
    if (!version) {
        registry_respond_error(response, REGISTRY_NO_VERSION, "Version %d not found.", number);
        return;
    }
    if (version->is_deleted != permanently) {
        registry_respond_error(
            response, permanently ? REGISTRY_VERSION_NOT_DELETED : REGISTRY_VERSION_SOFT_DELETED,
            permanently
                ? "Subject '%.*s' Version %d was not deleted first before being permanently "
                  "deleted"
                : "Subject '%.*s' Version %d was soft deleted. Set permanent=true to delete "
                  "permanently",
            STR_ARGS(subject), version->version);
        return;
    }
    const enum err err = registry_erase(context, subject, version->version, permanently,
                                        request->arena, &numbers, &count, &why);
    if (err) {
        registry_respond_failure(response, err, &why);
        return;
    }
    struct buf body = {0};
    buf_printf(&body, "%d", version->version);
    registry_respond(request, response, &body);
}

static const struct net_route table[] = {
    {NET_GET, "/subjects", get_subjects, 0},
    {NET_POST, "/subjects/{subject}", post_subject, 0},
    {NET_DELETE, "/subjects/{subject}", delete_subject, 0},
    {NET_GET, "/subjects/{subject}/metadata", get_by_metadata, 0},
    {NET_GET, "/subjects/{subject}/versions", get_versions, 0},
    {NET_POST, "/subjects/{subject}/versions", post_version, 0},
    {NET_GET, "/subjects/{subject}/versions/{version}", get_version, 0},
    {NET_DELETE, "/subjects/{subject}/versions/{version}", delete_version, 0},
    {NET_GET, "/subjects/{subject}/versions/{version}/schema", get_text, 0},
    {NET_GET, "/subjects/{subject}/versions/{version}/referencedby", get_referenced_by, 0},
};
const struct api_routes registry_subject_routes = API_ROUTES(table);

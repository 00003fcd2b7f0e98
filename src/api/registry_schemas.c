/* registry_schemas.c -- /schemas: by id, by guid, all of them. */
#include "api/registry_answer.h"
#include "base/json.h"

/* The versions, deleted ones too, of the id or guid in params[0]. */
static bool find(struct registry *registry, struct registry_filter filter,
                 const struct net_request *request, struct net_response *response,
                 struct registry_version **ret_versions, size_t *ret_count)
{
    filter.with_deleted = true;
    if (!registry_list_or_fail(registry, &filter, request, response, ret_versions, ret_count))
        return false;
    if (*ret_count > 0)
        return true;
    registry_respond_error(response, REGISTRY_NO_SCHEMA, "Schema %.*s not found",
                           STR_ARGS(request->params[0]));
    return false;
}

static bool find_id(struct registry *registry, const struct net_request *request,
                    struct net_response *response, struct registry_version **ret_versions,
                    size_t *ret_count)
{
    int64_t id = 0;
    const bool is_id = str_to_int64(request->params[0], &id) == OK && id >= 1 && id <= INT32_MAX;
    return find(registry, (struct registry_filter){.id = is_id ? (int32_t)id : -1}, request,
                response, ret_versions, ret_count);
}

static bool find_guid(struct registry *registry, const struct net_request *request,
                      struct net_response *response, struct registry_version **ret_versions,
                      size_t *ret_count)
{
    return find(registry, (struct registry_filter){.guid = request->params[0]}, request, response,
                ret_versions, ret_count);
}

static void respond_schema(struct registry *registry, const struct net_request *request,
                           struct net_response *response, const struct registry_version *version)
{
    struct registry_version *all;
    size_t count;
    int32_t id_max = 0;
    const struct registry_filter every = {.with_deleted = true};
    const bool with_max = registry_asks(request, STR("fetchMaxId"));
    if (with_max && !registry_list_or_fail(registry, &every, request, response, &all, &count))
        return;
    for (size_t i = 0; with_max && i < count; i++)
        id_max = all[i].id > id_max ? all[i].id : id_max;
    struct buf schema = {0};
    struct buf body = {0};
    registry_write_schema(version, &schema);
    buf_append_byte(&body, '{');
    if (with_max)
        buf_printf(&body, "\"maxId\":%d,", id_max);
    buf_append(&body, schema.data + 1, schema.size - 1); /* without its first comma */
    buf_append_byte(&body, '}');
    buf_release(&schema);
    registry_respond(request, response, &body);
}

static void get_schema(void *context, struct net_request *request, struct net_response *response)
{
    struct registry_version *versions;
    size_t count;
    if (find_id(context, request, response, &versions, &count))
        respond_schema(context, request, response, &versions[0]);
}

static void get_by_guid(void *context, struct net_request *request, struct net_response *response)
{
    struct registry_version *versions;
    size_t count;
    if (find_guid(context, request, response, &versions, &count))
        respond_schema(context, request, response, &versions[0]);
}

static void get_text(void *context, struct net_request *request, struct net_response *response)
{
    struct registry_version *versions;
    size_t count;
    if (find_id(context, request, response, &versions, &count))
        registry_respond_text(request, response, versions[0].text);
}

static void get_guid_ids(void *context, struct net_request *request, struct net_response *response)
{
    struct registry_version *versions;
    size_t count;
    if (!find_guid(context, request, response, &versions, &count))
        return;
    struct buf body = {0};
    buf_printf(&body, "[{\"context\":\".\",\"id\":%d}]", versions[0].id);
    registry_respond(request, response, &body);
}

static void get_versions(void *context, struct net_request *request, struct net_response *response)
{
    struct registry_version *versions;
    size_t count;
    if (!find_id(context, request, response, &versions, &count))
        return;
    struct buf body = {0};
    count = registry_keep_wanted(request, versions, count);
    buf_append_byte(&body, '[');
    for (size_t i = 0; i < count; i++) {
        buf_append_str(&body, i == 0 ? STR("{\"subject\":") : STR(",{\"subject\":"));
        json_write_string(&body, versions[i].subject);
        buf_printf(&body, ",\"version\":%d}", versions[i].version);
    }
    buf_append_byte(&body, ']');
    registry_respond(request, response, &body);
}

static void get_subjects(void *context, struct net_request *request, struct net_response *response)
{
    struct registry_version *versions;
    size_t count;
    if (!find_id(context, request, response, &versions, &count))
        return;
    struct buf body = {0};
    count = registry_keep_wanted(request, versions, count);
    buf_append_byte(&body, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && str_equal(versions[i].subject, versions[i - 1].subject))
            continue;
        if (i > 0)
            buf_append_byte(&body, ',');
        json_write_string(&body, versions[i].subject);
    }
    buf_append_byte(&body, ']');
    registry_respond(request, response, &body);
}

static void get_types(void *context, struct net_request *request, struct net_response *response)
{
    (void)context;
    registry_respond_text(request, response, STR("[\"AVRO\"]"));
}

static bool is_last_of_subject(const struct registry_version *versions, size_t count, size_t i)
{
    return i + 1 == count || !str_equal(versions[i].subject, versions[i + 1].subject);
}

static void get_all(void *context, struct net_request *request, struct net_response *response)
{
    const struct registry_filter every = {.with_deleted = true};
    const bool only_latest = registry_asks(request, STR("latestOnly"));
    struct registry_version *versions;
    struct str prefix = {0};
    size_t count, begin, end;
    size_t kept = 0;
    if (!registry_list_or_fail(context, &every, request, response, &versions, &count))
        return;
    if (net_query_get(request, STR("subjectPrefix"), &prefix) && str_equal(prefix, STR(":*:")))
        prefix = (struct str){0};
    count = registry_keep_wanted(request, versions, count);
    for (size_t i = 0; i < count; i++)
        if (str_starts_with(versions[i].subject, prefix) &&
            (!only_latest || is_last_of_subject(versions, count, i)))
            versions[kept++] = versions[i];
    registry_page(request, kept, &begin, &end);
    struct buf body = {0};
    buf_append_byte(&body, '[');
    for (size_t i = begin; i < end; i++) {
        if (i > begin)
            buf_append_byte(&body, ',');
        registry_write_version(&versions[i], &body);
    }
    buf_append_byte(&body, ']');
    registry_respond(request, response, &body);
}

static const struct net_route table[] = {
    {NET_GET, "/schemas", get_all, 0},
    {NET_GET, "/schemas/types", get_types, 0},
    {NET_GET, "/schemas/ids/{id}", get_schema, 0},
    {NET_GET, "/schemas/ids/{id}/schema", get_text, 0},
    {NET_GET, "/schemas/ids/{id}/versions", get_versions, 0},
    {NET_GET, "/schemas/ids/{id}/subjects", get_subjects, 0},
    {NET_GET, "/schemas/guids/{guid}", get_by_guid, 0},
    {NET_GET, "/schemas/guids/{guid}/ids", get_guid_ids, 0},
};
const struct api_routes registry_schema_routes = API_ROUTES(table);

/* documents.c -- the documents sinks wrote: the latest, by id, by time, page after page. */
#include "api/csv.h"
#include "api/inside.h"
#include "base/base64.h"
#include "base/json.h"

#define DOCUMENTS_DEFAULT 100
#define DOCUMENTS_MAX 10000

/* "time_ms:id" in base64, so that nobody takes it apart. */
static struct str cursor_make(const struct found_document *last, struct arena *arena)
{
    struct buf buf = {0};
    base64_encode(arena_printf(arena, "%lld:%.*s", (long long)last->time_ms, STR_ARGS(last->id)),
                  &buf);
    const struct str cursor = arena_str(arena, buf_str(&buf));
    buf_release(&buf);
    return cursor;
}

static enum err cursor_read(struct str text, struct arena *arena, struct found_document *ret_after)
{
    uint8_t *bytes = arena_alloc(arena, base64_decoded_max(text.size));
    size_t size = 0;
    enum err err = base64_decode(text, bytes, &size);
    const struct str plain = {(const char *)bytes, err ? 0 : size};
    const size_t colon = str_index(plain, ':');
    if (err == OK)
        err = str_to_int64((struct str){plain.data, colon}, &ret_after->time_ms);
    if (err || colon == plain.size)
        return ERR_INVALID;
    ret_after->id = (struct str){plain.data + colon + 1, plain.size - colon - 1};
    return OK;
}

static enum err number(const struct net_request *request, struct str name, int64_t low,
                       int64_t high, int64_t *number, struct why *why)
{
    struct str text;
    if (!net_query_get(request, name, &text))
        return OK;
    if (str_to_int64(text, number) == OK && *number >= low && *number <= high)
        return OK;
    return why_set(why, ERR_INVALID, "'%.*s' is a number from %lld to %lld, not '%.*s'",
                   STR_ARGS(name), (long long)low, (long long)high, STR_ARGS(text));
}

static enum err parse(const struct net_request *request, struct document_query *query,
                      struct why *why)
{
    int64_t limit = DOCUMENTS_DEFAULT;
    struct str cursor;
    query->collection = request->params[0];
    query->to_ms = INT64_MAX;
    query->from_ms = INT64_MIN;
    enum err err = number(request, STR("limit"), 1, DOCUMENTS_MAX, &limit, why);
    if (err == OK)
        err = number(request, STR("from"), INT64_MIN, INT64_MAX, &query->from_ms, why);
    if (err == OK)
        err = number(request, STR("to"), INT64_MIN, INT64_MAX, &query->to_ms, why);
    query->limit = (uint32_t)limit;
    if (err || !net_query_get(request, STR("cursor"), &cursor))
        return err;
    struct found_document *after = ARENA_NEW(request->arena, struct found_document);
    if (cursor_read(cursor, request->arena, after) != OK)
        return why_set(why, ERR_INVALID, "'cursor' is the one of the page before");
    query->after = after;
    return OK;
}

static void write_json(const struct document_query *query, const struct found_document *documents,
                       uint32_t count, struct arena *arena, struct buf *buf)
{
    buf_append_str(buf, STR("{\"documents\":["));
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buf_append_byte(buf, ',');
        buf_append_str(buf, documents[i].json);
    }
    buf_append_str(buf, STR("],\"cursor\":"));
    if (count == query->limit)
        json_write_string(buf, cursor_make(&documents[count - 1], arena));
    else
        buf_append_str(buf, STR("null"));
    buf_append_byte(buf, '}');
}

static void respond_failure(struct net_response *response, enum err err, const struct why *why)
{
    error_respond(response,
                  err == ERR_INVALID     ? 40000
                  : err == ERR_NOT_FOUND ? 40400
                                         : 50000,
                  str_from(why->text));
}

static struct target *target_of(const struct api *api, struct str collection)
{
    return api->options.sinks ? sinks_target(api->options.sinks, collection) : NULL;
}

static void get_documents(void *context, struct net_request *request, struct net_response *response)
{
    const struct api *api = context;
    struct target *target = target_of(api, request->params[0]);
    struct document_query query = {.id = {NULL, 0}};
    struct found_document *documents;
    uint32_t count;
    struct buf buf = {0};
    struct str format = STR("json");
    struct why why = {0};
    enum err err = parse(request, &query, &why);
    net_query_get(request, STR("format"), &format);
    const bool is_csv = str_equal(format, STR("csv"));
    if (err == OK && !is_csv && !str_equal(format, STR("json")))
        err = why_set(&why, ERR_INVALID, "'format' is json or csv, not '%.*s'", STR_ARGS(format));
    if (err == OK && !target)
        err = why_set(&why, ERR_NOT_FOUND, "no sink writes documents here");
    if (err == OK)
        err = target_find(target, &query, request->arena, &documents, &count, &why);
    if (err == OK && is_csv)
        err = csv_write(documents, count, request->arena, &buf, &why);
    else if (err == OK)
        write_json(&query, documents, count, request->arena, &buf);
    if (err)
        respond_failure(response, err, &why);
    else if (is_csv && count == query.limit)
        net_add_header(response, STR("x-cursor"),
                       cursor_make(&documents[count - 1], request->arena));
    if (err == OK)
        net_respond(response, 200, is_csv ? "text/csv; charset=utf-8" : "application/json",
                    buf_str(&buf));
    buf_release(&buf);
}

/* By _id: an ObjectId's digits, a text, or JSON. */
static void get_document(void *context, struct net_request *request, struct net_response *response)
{
    const struct api *api = context;
    struct target *target = target_of(api, request->params[0]);
    struct document_query query = {
        .collection = request->params[0], .id = request->params[1], .limit = 1};
    struct found_document *documents;
    uint32_t count = 0;
    struct why why = {0};
    enum err err = OK;
    if (!target)
        err = why_set(&why, ERR_NOT_FOUND, "no sink writes documents here");
    if (err == OK)
        err = target_find(target, &query, request->arena, &documents, &count, &why);
    if (err == ERR_INVALID || (err == OK && count == 0)) { /* not JSON: as a text, as an ObjectId */
        struct buf buf = {0};
        json_write_string(&buf, request->params[1]);
        query.id = arena_str(request->arena, buf_str(&buf));
        buf_release(&buf);
        err = target_find(target, &query, request->arena, &documents, &count, &why);
        if (err == OK && count == 0) {
            query.id = arena_printf(request->arena, "{\"$oid\":%.*s}", STR_ARGS(query.id));
            err = target_find(target, &query, request->arena, &documents, &count, &why);
        }
    }
    if (err == OK && count == 0)
        err = why_set(&why, ERR_NOT_FOUND, "no document '%.*s'", STR_ARGS(request->params[1]));
    if (err)
        respond_failure(response, err, &why);
    else
        net_respond(response, 200, "application/json", documents[0].json);
}

static const struct net_route table[] = {
    {NET_GET, "/api/documents/{collection}", get_documents, 0},
    {NET_GET, "/api/documents/{collection}/{id}", get_document, 0},
};
const struct api_routes document_routes = API_ROUTES(table);

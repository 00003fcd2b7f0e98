/* status.c -- /status: what became of statements. */
#include "api/status.h"
#include "api/entity.h"
#include "api/inside.h"
#include "base/json.h"
#include "base/memory.h"

void statuses_init(struct statuses *statuses)
{
    must(pthread_mutex_init(&statuses->lock, NULL) == 0);
}

static void entry_clear(struct status_entry *entry)
{
    free(entry->id);
    free(entry->message);
    free(entry->query_id);
    *entry = (struct status_entry){0};
}

void statuses_release(struct statuses *statuses)
{
    for (uint32_t i = 0; i < STATUS_COUNT_MAX; i++)
        entry_clear(&statuses->entries[i]);
    pthread_mutex_destroy(&statuses->lock);
}

static struct status_entry *find(struct statuses *statuses, struct str id)
{
    for (uint32_t i = 0; i < STATUS_COUNT_MAX; i++)
        if (statuses->entries[i].id && str_equal(str_from(statuses->entries[i].id), id))
            return &statuses->entries[i];
    return NULL;
}

void status_note(struct statuses *statuses, const struct statement *statement,
                 const struct answer *answer)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct str id = entity_command_id(statement, answer->query_id, &arena);
    if (id.size > 0) {
        pthread_mutex_lock(&statuses->lock);
        struct status_entry *entry = find(statuses, id);
        if (!entry)
            entry = &statuses->entries[statuses->next++ % STATUS_COUNT_MAX];
        entry_clear(entry);
        entry->id = memory_strdup(id.data);
        entry->message = memory_strdup(arena_str(&arena, answer->text).data);
        if (answer->query_id.size > 0)
            entry->query_id = memory_strdup(arena_str(&arena, answer->query_id).data);
        pthread_mutex_unlock(&statuses->lock);
    }
    arena_release(&arena);
}

static void get_statuses(void *context, struct net_request *request, struct net_response *response)
{
    struct statuses *statuses = &((struct api *)context)->status;
    struct buf json = {0};
    bool is_first = true;
    buf_append_str(&json, STR("{\"commandStatuses\":{"));
    pthread_mutex_lock(&statuses->lock);
    for (uint32_t i = 0; i < STATUS_COUNT_MAX; i++) {
        if (!statuses->entries[i].id)
            continue;
        if (!is_first)
            buf_append_byte(&json, ',');
        is_first = false;
        json_write_string(&json, str_from(statuses->entries[i].id));
        buf_append_str(&json, STR(":\"SUCCESS\""));
    }
    pthread_mutex_unlock(&statuses->lock);
    buf_append_str(&json, STR("}}"));
    json_respond(response, request, &json);
    buf_release(&json);
}

static void write_status(struct str message, const char *query_id, struct buf *json)
{
    buf_append_str(json, STR("{\"status\":\"SUCCESS\",\"message\":"));
    json_write_string(json, message);
    buf_append_str(json, STR(",\"queryId\":"));
    if (query_id)
        json_write_string(json, str_from(query_id));
    else
        buf_append_str(json, STR("null"));
    buf_append_byte(json, '}');
}

/* What was made before this process began is there, or is not. */
static bool was_created(const struct api *api, const struct net_request *request)
{
    struct source source;
    const struct str word = request->params[0];
    if (!str_equal(request->params[2], STR("create")) ||
        engine_source(api->options.engine, request->params[1], request->arena, &source))
        return false;
    return str_equal(word, source.kind == SOURCE_STREAM ? STR("stream") : STR("table"));
}

static void get_status(void *context, struct net_request *request, struct net_response *response)
{
    struct api *api = context;
    struct buf json = {0};
    const struct str id =
        arena_printf(request->arena, "%.*s/%.*s/%.*s", STR_ARGS(request->params[0]),
                     STR_ARGS(request->params[1]), STR_ARGS(request->params[2]));
    pthread_mutex_lock(&api->status.lock);
    const struct status_entry *entry = find(&api->status, id);
    if (entry)
        write_status(str_from(entry->message), entry->query_id, &json);
    pthread_mutex_unlock(&api->status.lock);
    if (json.size == 0 && was_created(api, request))
        write_status(STR("created"), NULL, &json);
    if (json.size > 0)
        json_respond(response, request, &json);
    else
        error_respond(response, 40400, STR("no statement of that id was executed"));
    buf_release(&json);
}

static const struct net_route table[] = {
    {NET_GET, "/status", get_statuses, 0},
    {NET_GET, "/status/{type}/{entity}/{action}", get_status, 0},
};
const struct api_routes status_routes = API_ROUTES(table);

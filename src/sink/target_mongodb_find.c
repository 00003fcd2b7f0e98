/* target_mongodb_find.c -- documents read from MongoDB. */
#include "sink/form.h"
#include "sink/target_mongodb.h"

enum err mongodb_query(struct mongodb_target *self, struct str database, struct str collection,
                       const bson_t *filter, const bson_t *options,
                       bool (*on_found)(void *context, const bson_t *found), void *context,
                       struct why *why)
{
    struct buf name = {0};
    bson_error_t error;
    const bson_t *found;
    buf_append_str(&name, database);
    buf_append_byte(&name, 0);
    buf_append_str(&name, collection);
    mongoc_client_t *client = mongoc_client_pool_pop(self->pool);
    mongoc_collection_t *from =
        mongoc_client_get_collection(client, name.data, buf_text(&name) + database.size + 1);
    mongoc_cursor_t *cursor = mongoc_collection_find_with_opts(from, filter, options, NULL);
    while (mongoc_cursor_next(cursor, &found))
        if (!on_found(context, found))
            break;
    const enum err err =
        mongoc_cursor_error(cursor, &error) ? mongodb_err(self, &error, "read", why) : OK;
    mongoc_cursor_destroy(cursor);
    mongoc_collection_destroy(from);
    mongoc_client_pool_push(self->pool, client);
    buf_release(&name);
    return err;
}

/* Documents as they come, in an arena. */
struct finding {
    struct arena *arena;
    struct found_document *documents;
    uint32_t count;
    uint32_t capacity;
    enum err err;
};

void *mongodb_grow(struct arena *arena, void *items, size_t size, uint32_t count,
                   uint32_t *capacity)
{
    if (count < *capacity)
        return items;
    *capacity = *capacity > 0 ? *capacity * 2 : 16;
    void *more = arena_array(arena, size, *capacity);
    if (count > 0)
        memcpy(more, items, count * size);
    return more;
}

/* The _id of a document as JSON text, in the arena. */
static enum err id_text(const bson_t *document, struct arena *arena, struct str *ret_id)
{
    static const struct str opening = STR_INIT("{\"_id\":");
    bson_iter_t iter;
    bson_t id = BSON_INITIALIZER;
    struct buf text = {0};
    enum err err = ERR_MALFORMED;
    if (bson_iter_init_find(&iter, document, "_id") && bson_append_iter(&id, "_id", 3, &iter))
        err = bson_to_json(bson_get_data(&id), id.len, (struct str){0}, &text);
    if (err == OK)
        *ret_id =
            arena_str(arena, (struct str){text.data + opening.size, text.size - opening.size - 1});
    buf_release(&text);
    bson_destroy(&id);
    return err;
}

static bool on_document_found(void *context, const bson_t *found)
{
    struct finding *finding = context;
    struct found_document document = {.time_ms = 0};
    struct buf json = {0};
    bson_iter_t iter;
    if (bson_iter_init_find(&iter, found, "_id") && BSON_ITER_HOLDS_OID(&iter))
        document.time_ms = (int64_t)bson_oid_get_time_t(bson_iter_oid(&iter)) * 1000;
    finding->err = bson_to_json(bson_get_data(found), found->len, STR(ORIGIN_MEMBER), &json);
    if (finding->err == OK)
        finding->err = id_text(found, finding->arena, &document.id);
    if (finding->err == OK) {
        document.json = arena_str(finding->arena, buf_str(&json));
        finding->documents = mongodb_grow(finding->arena, finding->documents, sizeof(document),
                                          finding->count, &finding->capacity);
        finding->documents[finding->count++] = document;
    }
    buf_release(&json);
    return finding->err == OK;
}

/* Appends a member whose value is given as JSON text. ERR_INVALID: it is none. */
static enum err append_json(bson_t *to, const char *name, struct str json, struct why *why)
{
    struct buf text = {0};
    bson_iter_t iter;
    buf_printf(&text, "{\"v\":%.*s}", STR_ARGS(json));
    bson_t *parsed = bson_new_from_json((const uint8_t *)text.data, (ssize_t)text.size, NULL);
    const bool good = parsed && bson_count_keys(parsed) == 1 &&
                      bson_iter_init_find(&iter, parsed, "v") &&
                      bson_append_iter(to, name, -1, &iter);
    bson_destroy(parsed);
    buf_release(&text);
    return good ? OK : why_set(why, ERR_INVALID, "_id '%.*s' is no JSON", STR_ARGS(json));
}

/* An ObjectId that is not above any of that second. */
static void append_second(bson_t *to, const char *name, int64_t seconds)
{
    uint8_t bytes[OBJECT_ID_BYTES] = {0};
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)((uint64_t)seconds >> (8 * (3 - i)));
    bson_oid_t id;
    bson_oid_init_from_data(&id, bytes);
    BSON_APPEND_OID(to, name, &id);
}

/* Times are those of ObjectIds: documents with other _ids have none, and come in order of _id. */
static enum err find_filter(const struct document_query *query, bson_t *filter, struct why *why)
{
    if (query->id.size > 0)
        return append_json(filter, "_id", query->id, why);
    bson_t bounds;
    enum err err = OK;
    const int64_t from_s = query->from_ms / 1000;
    const int64_t to_s = query->to_ms / 1000 + (query->to_ms % 1000 > 0);
    const bool has_from = from_s > 0;
    const bool has_to = to_s <= UINT32_MAX;
    if (!has_from && !has_to && !query->after)
        return OK;
    BSON_APPEND_DOCUMENT_BEGIN(filter, "_id", &bounds);
    if (has_from)
        append_second(&bounds, "$gte", from_s <= UINT32_MAX ? from_s : UINT32_MAX);
    if (query->after)
        err = append_json(&bounds, "$lt", query->after->id, why);
    if (has_to && err == OK)
        append_second(&bounds, query->after ? "$lte" : "$lt", to_s > 0 ? to_s : 0);
    bson_append_document_end(filter, &bounds);
    return err;
}

enum err mongodb_find(struct target *target, const struct document_query *query,
                      struct arena *arena, struct found_document **ret_documents,
                      uint32_t *ret_count, struct why *why)
{
    struct mongodb_target *self = mongodb_target(target);
    struct finding finding = {.arena = arena};
    bson_t filter = BSON_INITIALIZER;
    bson_t options = BSON_INITIALIZER;
    bson_t sort;
    BSON_APPEND_INT64(&options, "limit", query->limit);
    BSON_APPEND_DOCUMENT_BEGIN(&options, "sort", &sort);
    BSON_APPEND_INT32(&sort, "_id", -1);
    bson_append_document_end(&options, &sort);
    enum err err = find_filter(query, &filter, why);
    if (err == OK)
        err = mongodb_query(self, str_from(self->database), query->collection, &filter, &options,
                            on_document_found, &finding, why);
    if (err == OK && finding.err)
        err = why_set(why, ERR_CORRUPT, "MongoDB at %s sent a document that is no BSON",
                      self->address);
    bson_destroy(&options);
    bson_destroy(&filter);
    if (err)
        return err;
    *ret_documents = finding.documents;
    *ret_count = finding.count;
    return OK;
}

struct walk {
    bool (*on_document)(void *context, struct str id, struct str json);
    void *context;
    struct arena arena; /* of one document */
    struct buf json;
    enum err err;
};

static bool on_document_walked(void *context, const bson_t *found)
{
    struct walk *walk = context;
    struct str id;
    buf_clear(&walk->json);
    walk->err = bson_to_json(bson_get_data(found), found->len, STR(ORIGIN_MEMBER), &walk->json);
    if (walk->err == OK)
        walk->err = id_text(found, &walk->arena, &id);
    if (walk->err)
        return false;
    const bool goes_on = walk->on_document(walk->context, id, buf_str(&walk->json));
    arena_clear(&walk->arena);
    return goes_on;
}

enum err mongodb_walk(struct target *target, struct str collection,
                      bool (*on_document)(void *context, struct str id, struct str json),
                      void *context, struct why *why)
{
    struct mongodb_target *self = mongodb_target(target);
    struct walk walk = {.on_document = on_document, .context = context};
    bson_t filter = BSON_INITIALIZER;
    bson_t options = BSON_INITIALIZER;
    bson_t sort;
    arena_init(&walk.arena, 0);
    BSON_APPEND_DOCUMENT_BEGIN(&options, "sort", &sort);
    BSON_APPEND_INT32(&sort, "_id", 1);
    bson_append_document_end(&options, &sort);
    enum err err = mongodb_query(self, str_from(self->database), collection, &filter, &options,
                                 on_document_walked, &walk, why);
    if (err == OK && walk.err)
        err = why_set(why, ERR_CORRUPT, "MongoDB at %s sent a document that is no BSON",
                      self->address);
    bson_destroy(&options);
    bson_destroy(&filter);
    buf_release(&walk.json);
    arena_release(&walk.arena);
    return err;
}

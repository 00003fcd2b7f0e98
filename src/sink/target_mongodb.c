/* target_mongodb.c -- documents in MongoDB: opening, positions, reading, closing. Writing is in
 * target_mongodb_write.c.
 *
 * A position is a document of its own: {"_id":"sink|topic|partition","sink":…,"topic":…,
 * "partition":0,"next_offset":17,"epoch":3}. Who takes it raises its epoch, and a write moves it
 * only where the epoch is still the writer's. */
#include "sink/target_mongodb.h"

#include "base/memory.h"
#include "sink/form.h"

#include <inttypes.h>

#define SELECTION_TIMEOUT_MS 5000
#define CONNECT_TIMEOUT_MS 5000
#define SOCKET_TIMEOUT_MS 60000

static void set_defaults(mongoc_uri_t *uri);
static char *address_of(const mongoc_uri_t *uri);

/* Errors come back to whoever asked; what libmongoc would print may have a password in it. */
static void print_nothing(mongoc_log_level_t level, const char *domain, const char *message,
                          void *context)
{
    (void)level, (void)domain, (void)message, (void)context;
}

static void initialise(void)
{
    mongoc_init();
    mongoc_log_set_handler(print_nothing, NULL);
}

bool mongodb_is_passing(int64_t code)
{
    static const int codes[] = {
        6,     /* HostUnreachable */
        7,     /* HostNotFound */
        50,    /* MaxTimeMSExpired */
        64,    /* WriteConcernFailed */
        89,    /* NetworkTimeout */
        91,    /* ShutdownInProgress */
        112,   /* WriteConflict */
        134,   /* ReadConcernMajorityNotAvailableYet */
        189,   /* PrimarySteppedDown */
        251,   /* NoSuchTransaction */
        262,   /* ExceededTimeLimit */
        9001,  /* SocketException */
        10058, /* LegacyNotPrimary */
        10107, /* NotWritablePrimary */
        11600, /* InterruptedAtShutdown */
        11602, /* InterruptedDueToReplStateChange */
        13435, /* NotPrimaryNoSecondaryOk */
        13436, /* NotPrimaryOrSecondary */
    };
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (codes[i] == code)
            return true;
    return false;
}

enum err mongodb_err(const struct mongodb_target *self, const bson_error_t *error,
                     const char *doing, struct why *why)
{
    enum err err = ERR_INVALID;
    switch (error->domain) {
    case MONGOC_ERROR_STREAM:
    case MONGOC_ERROR_SERVER_SELECTION:
    case MONGOC_ERROR_WRITE_CONCERN:
    case MONGOC_ERROR_TRANSACTION:
        err = ERR_UNAVAILABLE;
        break;
    case MONGOC_ERROR_CLIENT:
        err = error->code == MONGOC_ERROR_CLIENT_AUTHENTICATE ? ERR_DENIED : ERR_UNAVAILABLE;
        break;
    case MONGOC_ERROR_SCRAM:
    case MONGOC_ERROR_SASL:
        err = ERR_DENIED;
        break;
    case MONGOC_ERROR_COMMAND:
    case MONGOC_ERROR_QUERY:
    case MONGOC_ERROR_SERVER:
        if (error->code == 18 || error->code == 13 || error->code == 8000)
            err = ERR_DENIED; /* AuthenticationFailed, Unauthorized, Atlas's own */
        else if (error->code == 14031)
            err = ERR_FULL; /* OutOfDiskSpace */
        else if (mongodb_is_passing(error->code))
            err = ERR_UNAVAILABLE;
        break;
    default:
        break;
    }
    return why_set(why, err, "MongoDB at %s: cannot %s: %s", self->address, doing, error->message);
}

void mongodb_position_id(struct str sink, struct str topic, int64_t partition, struct buf *buf)
{
    buf_clear(buf);
    buf_printf(buf, "%.*s|%.*s|%" PRId64, STR_ARGS(sink), STR_ARGS(topic), partition);
}

/* Raises the epoch of one position, which is made when it is missing. */
static enum err take_one(struct mongodb_target *self, mongoc_client_t *client, struct str sink,
                         struct str topic, int64_t partition, struct str id,
                         int64_t *ret_next_offset, int64_t *ret_epoch, struct why *why)
{
    bson_t command = BSON_INITIALIZER;
    bson_t query;
    bson_t update;
    bson_t part;
    bson_t reply;
    bson_error_t error;
    BSON_APPEND_UTF8(&command, "findAndModify", POSITIONS_COLLECTION);
    BSON_APPEND_DOCUMENT_BEGIN(&command, "query", &query);
    bson_append_utf8(&query, "_id", -1, id.data, (int)id.size);
    bson_append_document_end(&command, &query);
    BSON_APPEND_DOCUMENT_BEGIN(&command, "update", &update);
    BSON_APPEND_DOCUMENT_BEGIN(&update, "$inc", &part);
    BSON_APPEND_INT64(&part, "epoch", 1);
    bson_append_document_end(&update, &part);
    BSON_APPEND_DOCUMENT_BEGIN(&update, "$setOnInsert", &part);
    bson_append_utf8(&part, "sink", -1, sink.data, (int)sink.size);
    bson_append_utf8(&part, "topic", -1, topic.data, (int)topic.size);
    BSON_APPEND_INT64(&part, "partition", partition);
    BSON_APPEND_INT64(&part, "next_offset", -1);
    bson_append_document_end(&update, &part);
    bson_append_document_end(&command, &update);
    BSON_APPEND_BOOL(&command, "upsert", true);
    BSON_APPEND_BOOL(&command, "new", true);
    enum err err = OK;
    bson_iter_t iter;
    bson_iter_t at;
    if (!mongoc_client_write_command_with_opts(client, self->database, &command, NULL, &reply,
                                               &error)) {
        err = mongodb_err(self, &error, "take over a position", why);
    } else {
        *ret_next_offset = -1;
        *ret_epoch = 0;
        if (bson_iter_init(&iter, &reply) &&
            bson_iter_find_descendant(&iter, "value.next_offset", &at))
            *ret_next_offset = bson_iter_as_int64(&at);
        if (bson_iter_init(&iter, &reply) && bson_iter_find_descendant(&iter, "value.epoch", &at))
            *ret_epoch = bson_iter_as_int64(&at);
        if (*ret_epoch <= 0)
            err = why_set(why, ERR_CORRUPT, "MongoDB at %s: position '%.*s' has no epoch",
                          self->address, STR_ARGS(id));
    }
    bson_destroy(&reply);
    bson_destroy(&command);
    return err;
}

static void epoch_set(struct mongodb_target *self, struct str id, int64_t epoch)
{
    pthread_mutex_lock(&self->lock);
    int64_t *known = map_get(&self->epochs, id);
    if (!known) {
        known = memory_alloc(sizeof(*known));
        map_set(&self->epochs, id, known);
    }
    *known = epoch;
    pthread_mutex_unlock(&self->lock);
}

static enum err mongodb_take(struct target *target, struct str sink, struct str topic,
                             uint32_t partition_count, int64_t *ret_next_offsets, struct why *why)
{
    struct mongodb_target *self = mongodb_target(target);
    if (self->read_only)
        return why_set(why, ERR_DENIED, "MongoDB at %s was opened for reading only", self->address);
    mongoc_client_t *client = mongoc_client_pool_pop(self->pool);
    struct buf id = {0};
    enum err err = OK;
    for (uint32_t p = 0; p < partition_count && err == OK; p++) {
        int64_t epoch = 0;
        mongodb_position_id(sink, topic, p, &id);
        err =
            take_one(self, client, sink, topic, p, buf_str(&id), &ret_next_offsets[p], &epoch, why);
        if (err == OK)
            epoch_set(self, buf_str(&id), epoch);
    }
    buf_release(&id);
    mongoc_client_pool_push(self->pool, client);
    return err;
}

/* Runs a query and shows each document; stops when on_found says false. */
static enum err query_run(struct mongodb_target *self, struct str database, struct str collection,
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

/* Positions or documents as they come, in an arena. */
struct finding {
    struct arena *arena;
    struct target_position *positions;
    struct found_document *documents;
    uint32_t count;
    uint32_t capacity;
    enum err err;
};

static void *grow(struct finding *finding, void *items, size_t size)
{
    if (finding->count < finding->capacity)
        return items;
    const uint32_t capacity = finding->capacity > 0 ? finding->capacity * 2 : 16;
    void *more = arena_array(finding->arena, size, capacity);
    if (finding->count > 0)
        memcpy(more, items, finding->count * size);
    finding->capacity = capacity;
    return more;
}

static bool on_position(void *context, const bson_t *found)
{
    struct finding *finding = context;
    struct target_position position = {.next_offset = -1};
    bson_iter_t iter;
    if (bson_iter_init_find(&iter, found, "topic") && BSON_ITER_HOLDS_UTF8(&iter))
        position.topic = arena_str(finding->arena, str_from(bson_iter_utf8(&iter, NULL)));
    if (bson_iter_init_find(&iter, found, "partition"))
        position.partition = (int32_t)bson_iter_as_int64(&iter);
    if (bson_iter_init_find(&iter, found, "next_offset"))
        position.next_offset = bson_iter_as_int64(&iter);
    if (position.topic.size == 0 || position.next_offset < 0)
        return true;
    finding->positions = grow(finding, finding->positions, sizeof(position));
    finding->positions[finding->count++] = position;
    return true;
}

static enum err mongodb_positions(struct target *target, struct str sink, struct arena *arena,
                                  struct target_position **ret_positions, uint32_t *ret_count,
                                  struct why *why)
{
    struct mongodb_target *self = mongodb_target(target);
    struct finding finding = {.arena = arena};
    bson_t filter = BSON_INITIALIZER;
    if (sink.size > 0)
        bson_append_utf8(&filter, "sink", -1, sink.data, (int)sink.size);
    const enum err err = query_run(self, str_from(self->database), STR(POSITIONS_COLLECTION),
                                   &filter, NULL, on_position, &finding, why);
    bson_destroy(&filter);
    if (err)
        return err;
    *ret_positions = finding.positions;
    *ret_count = finding.count;
    return OK;
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
        finding->documents = grow(finding, finding->documents, sizeof(document));
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

static enum err mongodb_find(struct target *target, const struct document_query *query,
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
        err = query_run(self, str_from(self->database), query->collection, &filter, &options,
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

static enum err mongodb_walk(struct target *target, struct str collection,
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
    enum err err = query_run(self, str_from(self->database), collection, &filter, &options,
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

static void mongodb_close(struct target *target)
{
    struct mongodb_target *self = mongodb_target(target);
    size_t cursor = 0;
    const struct map_entry *entry;
    while ((entry = map_next(&self->epochs, &cursor)) != NULL)
        free(entry->value);
    map_release(&self->epochs);
    if (self->pool)
        mongoc_client_pool_destroy(self->pool);
    pthread_mutex_destroy(&self->lock);
    free(self->database);
    free(self->address);
    free(self);
}

static const struct target_ops mongodb_ops = {
    .write = mongodb_write,
    .take = mongodb_take,
    .positions = mongodb_positions,
    .find = mongodb_find,
    .walk = mongodb_walk,
    .close = mongodb_close,
};

struct mongodb_target *mongodb_target(struct target *target)
{
    must(target->ops == &mongodb_ops);
    return (struct mongodb_target *)target;
}

enum err target_mongodb_open(const struct target_mongodb_options *options,
                             struct target **ret_target, struct why *why)
{
    must(options->uri.size > 0);
    must(options->database.size > 0);
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, initialise);
    struct buf text = {0};
    bson_error_t error;
    buf_append_str(&text, options->uri);
    /* Its words would repeat the URI. */
    mongoc_uri_t *uri = mongoc_uri_new_with_error(buf_text(&text), &error);
    buf_release(&text);
    if (!uri)
        return why_set(why, ERR_INVALID,
                       "'connection.uri' is no mongodb://user:password@host:port/?options; in user "
                       "and password special characters are written as %%xx");
    set_defaults(uri);
    struct mongodb_target *self = MEMORY_NEW(struct mongodb_target);
    self->base = (struct target){&mongodb_ops, DOCUMENTS_BSON};
    self->read_only = options->read_only;
    self->database = memory_alloc(options->database.size + 1);
    memcpy(self->database, options->database.data, options->database.size);
    self->database[options->database.size] = '\0';
    self->address = address_of(uri);
    pthread_mutex_init(&self->lock, NULL);
    self->pool = mongoc_client_pool_new_with_error(uri, &error);
    mongoc_uri_destroy(uri);
    if (!self->pool) {
        const enum err err =
            why_set(why, ERR_INVALID,
                    "cannot use the options of 'connection.uri' for MongoDB at %s", self->address);
        mongodb_close(&self->base);
        return err;
    }
    mongoc_client_pool_set_error_api(self->pool, MONGOC_ERROR_API_VERSION_2);
    *ret_target = &self->base;
    return OK;
}

/* What the URI leaves open: safe writes, and waiting that ends. */
static void set_defaults(mongoc_uri_t *uri)
{
    static const struct {
        const char *name;
        int32_t value;
    } numbers[] = {{MONGOC_URI_SERVERSELECTIONTIMEOUTMS, SELECTION_TIMEOUT_MS},
                   {MONGOC_URI_CONNECTTIMEOUTMS, CONNECT_TIMEOUT_MS},
                   {MONGOC_URI_SOCKETTIMEOUTMS, SOCKET_TIMEOUT_MS}};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (!mongoc_uri_has_option(uri, numbers[i].name))
            mongoc_uri_set_option_as_int32(uri, numbers[i].name, numbers[i].value);
    if (!mongoc_uri_has_option(uri, MONGOC_URI_APPNAME))
        mongoc_uri_set_appname(uri, "drivethru");
    mongoc_write_concern_t *concern = mongoc_write_concern_copy(mongoc_uri_get_write_concern(uri));
    if (mongoc_write_concern_get_w(concern) == MONGOC_WRITE_CONCERN_W_DEFAULT)
        mongoc_write_concern_set_wmajority(concern, -1);
    if (!mongoc_write_concern_journal_is_set(concern) &&
        mongoc_write_concern_get_w(concern) != MONGOC_WRITE_CONCERN_W_UNACKNOWLEDGED)
        mongoc_write_concern_set_journal(concern, true);
    mongoc_uri_set_write_concern(uri, concern);
    mongoc_write_concern_destroy(concern);
}

static char *address_of(const mongoc_uri_t *uri)
{
    struct buf text = {0};
    const char *service = mongoc_uri_get_srv_hostname(uri);
    if (service)
        buf_append_str(&text, str_from(service));
    for (const mongoc_host_list_t *host = mongoc_uri_get_hosts(uri); host && !service;
         host = host->next)
        buf_printf(&text, "%s%s", text.size > 0 ? "," : "", host->host_and_port);
    char *address = memory_strdup(buf_text(&text));
    buf_release(&text);
    return address;
}

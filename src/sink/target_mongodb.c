/* target_mongodb.c -- documents in MongoDB: opening and closing. Positions, finding and writing
 * have files of their own. */
#include "sink/target_mongodb.h"

#include "base/memory.h"

/* A request and, on a replica set, a transaction have 60 s: a server that takes 20 documents a
 * second is still in time, and no neighbour waits long for what a transaction holds. Ten times as
 * many are hardly faster. */
#define BATCH_DOCUMENTS 1000
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

void mongodb_initialise(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, initialise);
}

static void mongodb_close(struct target *target)
{
    struct mongodb_target *self = mongodb_target(target);
    mongodb_epochs_free(self);
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
    mongodb_initialise();
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
    self->base = (struct target){&mongodb_ops, DOCUMENTS_BSON, BATCH_DOCUMENTS, false};
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

/* target_mongodb_examine.c -- what stands in the way of MongoDB, step by step, for people. */
#include "sink/target_mongodb.h"

#include "net/examine.h"

struct examination {
    const struct examiner *examiner;
    const char *database;
    struct arena arena;
    mongoc_client_t *client;
};

static void say(struct examination *examination, const char *step, enum examined verdict,
                const char *words, const char *advice)
{
    examination->examiner->say(examination->examiner->context, step, verdict, words, advice);
}

static void begin(struct examination *examination, const char *step)
{
    examination->examiner->begin(examination->examiner->context, step, "MongoDB");
}

/* An option of the URI, or of mongodb+srv's TXT record. */
static const char *option(const mongoc_uri_t *uri, const char *name)
{
    return mongoc_uri_get_option_as_utf8(uri, name, NULL);
}

static bool flag(const mongoc_uri_t *uri, const char *name)
{
    return mongoc_uri_get_option_as_bool(uri, name, false);
}

static bool examine_host(struct examination *examination, const char *host, uint16_t port,
                         const struct examine_tls *tls)
{
    const bool is_ipv6 = strchr(host, ':') != NULL;
    const struct str place =
        arena_printf(&examination->arena, is_ipv6 ? "[%s]:%u" : "%s:%u", host, port);
    return examine_way(examination->examiner, place, "27017", tls);
}

/* Each host, also those that an SRV record names; one that is well is enough to go on. */
static bool examine_hosts(struct examination *examination)
{
    const mongoc_uri_t *uri = mongoc_client_get_uri(examination->client);
    const struct examine_tls tls = {
        .files = {.ca_file = option(uri, MONGOC_URI_TLSCAFILE),
                  .certificate_file = option(uri, MONGOC_URI_TLSCERTIFICATEKEYFILE),
                  .key_password = option(uri, MONGOC_URI_TLSCERTIFICATEKEYFILEPASSWORD)},
        .trusts_any =
            flag(uri, MONGOC_URI_TLSINSECURE) || flag(uri, MONGOC_URI_TLSALLOWINVALIDCERTIFICATES),
        .takes_any_name = flag(uri, MONGOC_URI_TLSALLOWINVALIDHOSTNAMES),
        .ca_setting = "tlsCAFile",
    };
    const struct examine_tls *const spoken = mongoc_uri_get_tls(uri) ? &tls : NULL;
    bool any = false;
    for (const mongoc_host_list_t *host = mongoc_uri_get_hosts(uri); host; host = host->next) {
        if (host->family == AF_UNIX)
            any = true;
        else
            any |= examine_host(examination, host->host, host->port, spoken);
    }
    return any;
}

static bool run(struct examination *examination, const char *database, const bson_t *command,
                bson_t *reply, bson_error_t *error)
{
    return mongoc_client_command_simple(examination->client, database, command, NULL, reply, error);
}

static bool is_login(const bson_error_t *error)
{
    return error->code == 18 || error->code == 8000 || error->domain == MONGOC_ERROR_SCRAM ||
           error->domain == MONGOC_ERROR_SASL ||
           (error->domain == MONGOC_ERROR_CLIENT &&
            error->code == MONGOC_ERROR_CLIENT_AUTHENTICATE);
}

/* The first command tells of the login. */
static bool examine_login(struct examination *examination)
{
    const bool has_login =
        mongoc_uri_get_username(mongoc_client_get_uri(examination->client)) != NULL;
    const char *step = has_login ? "login" : "answer";
    bson_error_t error;
    bson_t *ping = BCON_NEW("ping", BCON_INT32(1));
    begin(examination, step);
    const bool good = run(examination, "admin", ping, NULL, &error);
    bson_destroy(ping);
    if (good)
        say(examination, step, EXAMINED_OK, has_login ? "taken" : "it speaks MongoDB's protocol",
            NULL);
    else if (is_login(&error))
        say(examination, "login", EXAMINED_WRONG, error.message,
            "user and password are those of a database user, 'authSource' is where it was made, "
            "and "
            "special characters are written as %xx");
    else
        say(examination, "answer", EXAMINED_AWAY, error.message,
            "is it MongoDB that listens there, does it want tls=true, and is 'replicaSet' right?");
    return good;
}

/* What a sink does first: it looks for its positions. */
static bool examine_permission(struct examination *examination)
{
    bson_error_t error;
    bson_t *find = BCON_NEW("find", BCON_UTF8(POSITIONS_COLLECTION), "limit", BCON_INT32(1));
    begin(examination, "permission");
    const bool good = run(examination, examination->database, find, NULL, &error);
    bson_destroy(find);
    say(examination, "permission", good ? EXAMINED_OK : EXAMINED_WRONG,
        good ? arena_printf(&examination->arena, "'%s' can be read", examination->database).data
             : error.message,
        "give the user the role readWrite on the database that sinks write into");
    return good;
}

static void examine_version(struct examination *examination)
{
    bson_t reply;
    bson_iter_t iter;
    bson_error_t error;
    bson_t *info = BCON_NEW("buildInfo", BCON_INT32(1));
    begin(examination, "version");
    if (!run(examination, "admin", info, &reply, &error))
        say(examination, "version", EXAMINED_ODD, error.message, NULL);
    else if (bson_iter_init_find(&iter, &reply, "version") && BSON_ITER_HOLDS_UTF8(&iter))
        say(examination, "version", EXAMINED_OK, bson_iter_utf8(&iter, NULL), NULL);
    else
        say(examination, "version", EXAMINED_ODD, "not said", NULL);
    bson_destroy(info);
    bson_destroy(&reply);
}

/* Whether documents and positions are one transaction, and what time it is there. */
static void examine_kind(struct examination *examination)
{
    bson_t reply;
    bson_iter_t iter;
    bson_error_t error;
    bson_t *hello = BCON_NEW("hello", BCON_INT32(1));
    begin(examination, "kind");
    const bool good = run(examination, "admin", hello, &reply, &error);
    bson_destroy(hello);
    const bool is_set = good && bson_iter_init_find(&iter, &reply, "setName");
    const bool is_sharded = good && bson_iter_init_find(&iter, &reply, "msg");
    if (!good)
        say(examination, "kind", EXAMINED_ODD, error.message, NULL);
    else
        say(examination, "kind", is_set || is_sharded ? EXAMINED_OK : EXAMINED_ODD,
            is_set       ? "a replica set: documents and position are one transaction"
            : is_sharded ? "a sharded cluster: documents and position are one transaction"
                         : "a standalone server: documents are written before the position",
            "after a kill some are written again; a replica set of one has transactions, too");
    if (good && bson_iter_init_find(&iter, &reply, "localTime") && BSON_ITER_HOLDS_DATE_TIME(&iter))
        examine_clock(examination->examiner, bson_iter_date_time(&iter));
    bson_destroy(&reply);
}

enum err target_mongodb_examine(const struct target_mongodb_options *options,
                                const struct examiner *examiner, struct why *why)
{
    must(options != NULL);
    must(examiner != NULL);
    struct examination examination = {.examiner = examiner};
    bson_error_t error;
    arena_init(&examination.arena, 0);
    mongodb_initialise();
    /* Its words would repeat the URI. */
    mongoc_uri_t *uri =
        mongoc_uri_new_with_error(arena_str(&examination.arena, options->uri).data, &error);
    enum err err = OK;
    if (!uri)
        err = why_set(why, ERR_SETTING,
                      "'connection.uri' is no mongodb://user:password@host:port/?options; in user "
                      "and password special characters are written as %%xx");
    if (uri) {
        if (!mongoc_uri_has_option(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS))
            mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS, 5000);
        examination.database = arena_str(&examination.arena, options->database).data;
        if (strncmp(mongoc_uri_get_string(uri), "mongodb+srv", 11) == 0)
            begin(&examination, "SRV record");
        examination.client = mongoc_client_new_from_uri_with_error(uri, &error);
        mongoc_uri_destroy(uri);
        if (!examination.client)
            say(&examination, "SRV record", EXAMINED_AWAY, error.message,
                "is the cluster's name spelt right, and does this machine's DNS know SRV and TXT "
                "records?");
    }
    if (examination.client) {
        mongoc_client_set_error_api(examination.client, MONGOC_ERROR_API_VERSION_2);
        if (examine_hosts(&examination) && examine_login(&examination) &&
            examine_permission(&examination)) {
            examine_version(&examination);
            examine_kind(&examination);
        }
        mongoc_client_destroy(examination.client);
    }
    arena_release(&examination.arena);
    return err;
}

/* remote_examine.c -- what is wrong with a registry elsewhere, step by step. */
#include "registry/remote.h"

#include "net/reach.h"

#define CONNECT_MS 3000

struct examination {
    struct remote_registry *registry;
    const struct registry_examiner *examiner;
    struct arena *arena;
    const char *url;
};

static bool say(const struct examination *examination, const char *step, enum err err,
                const char *words)
{
    examination->examiner->say(examination->examiner->context, step, err, words);
    return err == OK;
}

static bool begin(const struct examination *examination, const char *step)
{
    examination->examiner->begin(examination->examiner->context, step, examination->url);
    return true;
}

static bool examine_way(const struct examination *examination)
{
    const bool is_tls = strncmp(examination->url, "https", 5) == 0;
    struct reach_place place;
    struct str addresses;
    struct why why = {0};
    enum err err = reach_parse(str_from(examination->url), is_tls ? "443" : "80",
                               examination->arena, &place, &why);
    begin(examination, "name");
    if (!err)
        err = reach_name(&place, examination->arena, &addresses, &why);
    if (!say(examination, "name", err, err ? why.text : addresses.data))
        return false;
    begin(examination, "port");
    err = reach_port(&place, CONNECT_MS, &why);
    return say(
        examination, "port", err,
        err ? why.text
            : arena_printf(examination->arena, "%s takes connections", place.port.data).data);
}

/* The first answer tells of TLS, of the login, and of the path. */
static bool examine_login(const struct examination *examination, struct lane *lane)
{
    struct remote_registry *registry = examination->registry;
    const bool is_tls = strncmp(examination->url, "https", 5) == 0;
    const struct remote_request request = {
        .method = "GET", .path = STR("/subjects"), .tries_max = 1};
    struct remote_answer answer = {0};
    struct why why = {0};
    const char *first = is_tls ? "TLS" : "answer";
    begin(examination, first);
    const enum err err = lane_ask(registry, lane, &request, &answer, &why);
    buf_release(&answer.body);
    const bool is_login = answer.status == 401;
    const bool is_permission = answer.status == 403;
    if (is_tls && answer.status > 0)
        say(examination, first, OK, "the certificate is trusted");
    if (err && !is_login && !is_permission)
        return say(examination, answer.status > 0 ? "answer" : first, err, why.text);
    if (!is_tls)
        say(examination, first, OK, "it speaks HTTP");
    if (!say(examination, "login", is_login ? err : OK, is_login ? why.text : "taken"))
        return false;
    return say(examination, "permission", is_permission ? err : OK,
               is_permission ? why.text : "subjects can be listed");
}

/* Not every registry says its version: that is no failure. */
static void examine_version(const struct examination *examination, struct lane *lane)
{
    const struct remote_request request = {
        .method = "GET", .path = STR("/v1/metadata/version"), .tries_max = 1, .is_optional = true};
    struct remote_answer answer = {0};
    struct str version = {0};
    struct why why = {0};
    begin(examination, "version");
    const enum err err = lane_ask(examination->registry, lane, &request, &answer, &why);
    if (!err && answer.status == 200 &&
        remote_read_word(buf_str(&answer.body), STR("version"), examination->arena, &version, &why))
        version = (struct str){0};
    buf_release(&answer.body);
    const struct str words = arena_str(examination->arena, version);
    say(examination, "version", OK, words.size > 0 ? words.data : "not said");
}

enum err registry_remote_examine(const struct properties *settings,
                                 const struct registry_examiner *examiner, struct why *why)
{
    struct registry *base = NULL;
    struct arena arena;
    enum err err = registry_remote_open(settings, 0, &base, why);
    if (err)
        return err;
    struct remote_registry *registry = remote_of(base);
    arena_init(&arena, 0);
    for (uint32_t i = 0; i < registry->call.count; i++) {
        struct lane one = {.clients = {registry->call.clients[i]}, .count = 1};
        const struct examination examination = {.registry = registry,
                                                .examiner = examiner,
                                                .arena = &arena,
                                                .url = http_client_url(one.clients[0])};
        if (examine_way(&examination) && examine_login(&examination, &one))
            examine_version(&examination, &one);
    }
    arena_release(&arena);
    registry_close(base);
    return OK;
}

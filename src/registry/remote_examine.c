/* remote_examine.c -- what is wrong with a registry elsewhere, step by step. */
#include "registry/remote.h"

#include "net/examine.h"

struct examination {
    struct remote_registry *registry;
    const struct examiner *examiner;
    struct arena *arena;
    const char *url;
    struct examine_tls tls;
};

static void say(const struct examination *examination, const char *step, enum examined verdict,
                const char *words, const char *advice)
{
    examination->examiner->say(examination->examiner->context, step, verdict, words, advice);
}

static void begin(const struct examination *examination, const char *step)
{
    examination->examiner->begin(examination->examiner->context, step, examination->url);
}

static bool examine_url(const struct examination *examination)
{
    const bool is_tls = strncmp(examination->url, "https", 5) == 0;
    return examine_way(examination->examiner, str_from(examination->url), is_tls ? "443" : "80",
                       is_tls ? &examination->tls : NULL);
}

/* The first answer tells of the login, and of the path. */
static bool examine_login(const struct examination *examination, struct lane *lane)
{
    const struct remote_request request = {
        .method = "GET", .path = STR("/subjects"), .tries_max = 1};
    struct remote_answer answer = {0};
    struct why why = {0};
    begin(examination, "answer");
    const enum err err = lane_ask(examination->registry, lane, &request, &answer, &why);
    buf_release(&answer.body);
    if (err && answer.status != 401 && answer.status != 403) {
        say(examination, "answer", err == ERR_UNAVAILABLE ? EXAMINED_AWAY : EXAMINED_WRONG,
            why.text, "is the URL's path right, and is it http or https?");
        return false;
    }
    say(examination, "answer", EXAMINED_OK, "it speaks HTTP", NULL);
    if (answer.status == 401) {
        say(examination, "login", EXAMINED_WRONG, why.text,
            "user and password are the registry's own, not the broker's");
        return false;
    }
    say(examination, "login", EXAMINED_OK, "taken", NULL);
    if (answer.status == 403)
        say(examination, "permission", EXAMINED_WRONG, why.text,
            "give the login the right to read and write subjects");
    else
        say(examination, "permission", EXAMINED_OK, "subjects can be listed", NULL);
    return answer.status != 403;
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
    say(examination, "version", EXAMINED_OK, words.size > 0 ? words.data : "not said", NULL);
    if (answer.date_ms > 0)
        examine_clock(examination->examiner, answer.date_ms);
}

enum err registry_remote_examine(const struct properties *settings, const struct examiner *examiner,
                                 struct why *why)
{
    struct registry *base = NULL;
    struct arena arena;
    enum err err = registry_remote_open(settings, 0, &base, why);
    if (err)
        return err;
    struct remote_registry *registry = remote_of(base);
    struct examine_tls tls = {.ca_setting = "schema.registry.ssl.ca.location"};
    arena_init(&arena, 0);
    must(remote_read_tls(settings, &arena, &tls.files, why) == OK); /* it was opened with them */
    for (uint32_t i = 0; i < registry->call.count; i++) {
        struct lane one = {.clients = {registry->call.clients[i]}, .count = 1};
        const struct examination examination = {.registry = registry,
                                                .examiner = examiner,
                                                .arena = &arena,
                                                .url = http_client_url(one.clients[0]),
                                                .tls = tls};
        if (examine_url(&examination) && examine_login(&examination, &one))
            examine_version(&examination, &one);
    }
    arena_release(&arena);
    registry_close(base);
    return OK;
}

/* remote_test.c -- the remote registry against a real server: the embedded one's REST, and one in
 * between that fails as it is told. */
#include "api/registry_server.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/properties.h"
#include "registry/registry.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#define assert_ok(call) assert_int_equal((call), OK)
#define ONE "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"string\"}]}"
#define TWO                                                                                        \
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"string\"},"        \
    "{\"name\":\"b\",\"type\":\"int\",\"default\":7}]}"
#define BAD "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"}]}"
#define DEADLINE_MS 60000

struct fixture {
    char directory[64];
    struct store *store;
    struct registry *embedded;
    struct registry_server *served;
    struct arena arena;
    struct properties settings;
    struct registry *remote;
};

static void set(struct fixture *fixture, const char *name, const char *value)
{
    properties_set(&fixture->settings, str_from(name), str_from(value));
}

static void fixture_init(struct fixture *fixture)
{
    const struct store_options options = {0};
    *fixture = (struct fixture){.directory = "/tmp/drivethru-remote-XXXXXX"};
    arena_init(&fixture->arena, 0);
    properties_init(&fixture->settings, &fixture->arena);
    assert_non_null(mkdtemp(fixture->directory));
    assert_ok(store_open(fixture->directory, &options, &fixture->store, NULL));
    assert_ok(registry_embedded_open(fixture->store, &fixture->embedded, NULL));
    assert_ok(
        registry_server_open(fixture->embedded, STR("127.0.0.1:0"), false, &fixture->served, NULL));
}

static const char *url_of(struct fixture *fixture)
{
    return arena_printf(&fixture->arena, "http://%.*s",
                        STR_ARGS(registry_server_address(fixture->served)))
        .data;
}

static void open_remote(struct fixture *fixture, const char *url, int64_t patience_ms)
{
    struct why why = {0};
    set(fixture, "schema.registry.url", url);
    assert_ok(registry_remote_open(&fixture->settings, patience_ms, &fixture->remote, &why));
}

static void fixture_release(struct fixture *fixture)
{
    registry_close(fixture->remote);
    registry_server_close(fixture->served);
    registry_close(fixture->embedded);
    store_close(fixture->store);
    assert_ok(file_remove_tree(fixture->directory, NULL));
    arena_release(&fixture->arena);
}

static void every_call_goes_there(void **state)
{
    struct fixture fixture;
    struct registry_version version, again;
    struct registry_version *versions;
    struct registry_rules rules;
    const struct avro_schema *schema = NULL;
    const struct registry_filter all = {0};
    const struct registry_draft one = {.text = STR(ONE)};
    const struct registry_draft bad = {.text = STR(BAD)};
    int32_t *numbers;
    int32_t id = 0;
    size_t count;
    struct why why = {0};
    (void)state;
    fixture_init(&fixture);
    assert_ok(registry_register(fixture.embedded, STR("before"), STR("\"int\""), &id, &why));
    /* The first address is nobody's. */
    open_remote(&fixture,
                arena_printf(&fixture.arena, "http://127.0.0.1:1, %s/", url_of(&fixture)).data,
                DEADLINE_MS);
    struct registry *remote = fixture.remote;
    struct arena *arena = &fixture.arena;
    const struct str subject = STR("odd/subject name-value");

    assert_ok(registry_register_draft(remote, subject, &one, arena, &version, &why));
    assert_int_equal(version.id, 2);
    assert_int_equal(version.version, 1);
    assert_ok(registry_register(remote, subject, STR(TWO), &id, &why));
    assert_int_equal(id, 3);
    assert_int_equal(registry_register(remote, subject, STR(BAD), &id, &why), ERR_INCOMPATIBLE);
    assert_int_equal(registry_register(remote, subject, STR("{"), &id, &why), ERR_INVALID);
    assert_int_equal(registry_check(remote, subject, 0, &bad, &why), ERR_INCOMPATIBLE);
    assert_non_null(strstr(why.text, "TYPE_MISMATCH"));
    assert_int_equal(registry_check(remote, subject, 9, &bad, &why), ERR_NOT_FOUND);
    assert_ok(registry_check(remote, subject, 1, &one, &why));

    assert_ok(registry_by_id(remote, 1, &schema, &why));
    assert_int_equal(schema->root->kind, AVRO_INT);
    assert_ok(registry_by_id(remote, 3, &schema, &why));
    assert_int_equal(schema->root->count, 2);
    assert_int_equal(registry_by_id(remote, 99, &schema, &why), ERR_UNKNOWN_SCHEMA);
    assert_ok(registry_get_version(remote, subject, 0, arena, &again, &why));
    assert_int_equal(again.id, 3);
    assert_true(str_equal(again.text, STR(TWO)));
    assert_int_equal(registry_get_version(remote, STR("nobody"), 0, arena, &again, &why),
                     ERR_NOT_FOUND);
    assert_ok(registry_look_up(remote, subject, &one, false, arena, &again, &why));
    assert_int_equal(again.version, 1);
    assert_int_equal(registry_look_up(remote, subject, &bad, false, arena, &again, &why),
                     ERR_NOT_FOUND);
    assert_ok(registry_list(remote, &all, arena, &versions, &count, &why));
    assert_int_equal(count, 3);
    const struct registry_filter by_id = {.id = 3};
    assert_ok(registry_list(remote, &by_id, arena, &versions, &count, &why));
    assert_int_equal(count, 1);
    assert_true(str_equal(versions[0].subject, subject));

    const struct registry_rules full = {.has_level = true, .level = COMPATIBILITY_FULL};
    assert_ok(registry_set_rules(remote, subject, &full, &why));
    assert_ok(registry_rules_in_force(remote, subject, &rules, &why));
    assert_int_equal(rules.level, COMPATIBILITY_FULL);
    assert_ok(registry_set_rules(remote, subject, &(struct registry_rules){0}, &why));
    assert_ok(registry_rules(remote, subject, &rules, &why));
    assert_false(rules.has_level);

    assert_ok(registry_erase(remote, subject, 2, false, arena, &numbers, &count, &why));
    assert_int_equal(numbers[0], 2);
    assert_int_equal(registry_erase(remote, subject, 2, false, arena, &numbers, &count, &why),
                     ERR_EXISTS);
    assert_ok(registry_erase(remote, subject, 0, false, arena, &numbers, &count, &why));
    assert_int_equal(count, 1);
    assert_int_equal(registry_erase(remote, STR("nobody"), 0, false, arena, &numbers, &count, &why),
                     ERR_NOT_FOUND);
    fixture_release(&fixture);
}

static void references_are_fetched_too(void **state)
{
    struct fixture fixture;
    struct registry_version version;
    const struct avro_schema *schema = NULL;
    struct why why = {0};
    int32_t id = 0;
    const struct registry_reference to_r = {STR("R"), STR("r/value"), 1};
    const struct registry_draft list = {.text = STR("{\"type\":\"array\",\"items\":\"R\"}"),
                                        .references = &to_r,
                                        .reference_count = 1};
    (void)state;
    fixture_init(&fixture);
    assert_ok(registry_register(fixture.embedded, STR("r/value"), STR(ONE), &id, &why));
    open_remote(&fixture, url_of(&fixture), DEADLINE_MS);
    assert_ok(
        registry_register_draft(fixture.remote, STR("l"), &list, &fixture.arena, &version, &why));
    assert_ok(registry_by_id(fixture.remote, version.id, &schema, &why));
    assert_int_equal(schema->root->kind, AVRO_ARRAY);
    assert_int_equal(schema->root->item->count, 1);
    fixture_release(&fixture);
}

/* -- a server that fails -- */

struct double_server {
    struct net_server *server;
    atomic_int status; /* what it answers; 200: a schema */
    atomic_int asked;
    atomic_int slow_ms;
    atomic_bool saw_login;
    const char *login;       /* the Authorization it wants; NULL: none */
    const char *retry_after; /* what it says with a status that passes; NULL: nothing */
    atomic_llong asked_ns;   /* when it was asked last */
    atomic_int token_asked;
    atomic_int token_life_s;
};

/* Gives "token-1", "token-2" ... to whom it knows. */
static void give_token(void *context, struct net_request *request, struct net_response *response)
{
    struct double_server *fake = context;
    char text[100];
    const int number = atomic_fetch_add(&fake->token_asked, 1) + 1;
    const bool is_known =
        str_equal(net_header_get(request, STR("authorization")), STR("Basic Y2xpZW50OnNlY3JldA=="));
    assert_true(
        str_equal(request->body, STR("grant_type=client_credentials&scope=schemas%3Aread%20all")));
    snprintf(text, sizeof(text),
             is_known ? "{\"access_token\":\"token-%d\",\"expires_in\":%d}"
                      : "{\"error\":\"invalid_client\"}",
             number, atomic_load(&fake->token_life_s));
    net_respond(response, is_known ? 200 : 401, "application/json", str_from(text));
}

static void answer(void *context, struct net_request *request, struct net_response *response)
{
    struct double_server *fake = context;
    const struct str login = net_header_get(request, STR("authorization"));
    atomic_fetch_add(&fake->asked, 1);
    atomic_store(&fake->asked_ns, clock_monotonic_ns());
    for (int64_t i = 0; i < atomic_load(&fake->slow_ms); i += 10)
        clock_sleep_ms(10);
    int status = atomic_load(&fake->status);
    if (fake->login && !str_equal(login, str_from(fake->login)))
        status = 401;
    else
        atomic_store(&fake->saw_login, true);
    if (fake->retry_after)
        net_add_header(response, STR("Retry-After"), str_from(fake->retry_after));
    if (status == 200)
        net_respond(response, 200, "application/json",
                    STR("{\"schema\":\"\\\"int\\\"\",\"id\":5}"));
    else if (status == 404)
        net_respond(response, 404, "text/html", STR("<html>not here</html>"));
    else
        net_respond(response, status, "application/json",
                    STR("{\"error_code\":50001,\"message\":\"as told\"}"));
}

static const struct net_route routes[] = {
    {NET_GET, "/base/path/{rest...}", answer, 0},
    {NET_POST, "/base/path/{rest...}", answer, 0},
    {NET_POST, "/token", give_token, 0},
};

static const char *write_nothing(int status, enum net_refusal refusal, struct str message,
                                 struct buf *body)
{
    (void)status, (void)refusal, (void)message, (void)body;
    return "text/plain";
}

static const char *fake_open(struct double_server *fake, struct fixture *fixture)
{
    const struct net_options options = {.listen = STR("127.0.0.1:0"),
                                        .flag = "--listen",
                                        .routes = routes,
                                        .route_count = 3,
                                        .context = fake,
                                        .write_error = write_nothing};
    *fake = (struct double_server){0};
    atomic_init(&fake->status, 200);
    assert_ok(net_server_open(&options, &fake->server, NULL));
    assert_ok(net_server_start(fake->server, NULL));
    return arena_printf(&fixture->arena, "http://%.*s/base/path/",
                        STR_ARGS(net_server_address(fake->server)))
        .data;
}

/* Asks until the answer is no longer "cannot be had now". */
static enum err by_id_at_last(struct fixture *fixture, int32_t id)
{
    const struct avro_schema *schema;
    const int64_t until_ns = clock_monotonic_ns() + DEADLINE_MS * 1000000LL;
    enum err err = ERR_UNAVAILABLE;
    while (err == ERR_UNAVAILABLE && clock_monotonic_ns() < until_ns) {
        err = registry_by_id(fixture->remote, id, &schema, NULL);
        if (err == ERR_UNAVAILABLE)
            clock_sleep_ms(20);
    }
    return err;
}

static void known_ids_flow_and_unknown_ones_wait(void **state)
{
    static const int failures[] = {500, 503, 429, 408, 404};
    struct fixture fixture;
    struct double_server fake;
    const struct avro_schema *schema;
    struct why why = {0};
    (void)state;
    fixture_init(&fixture);
    open_remote(&fixture, fake_open(&fake, &fixture), DEADLINE_MS);
    assert_ok(registry_by_id(fixture.remote, 1, &schema, &why));
    for (int32_t i = 0; i < (int32_t)(sizeof(failures) / sizeof(failures[0])); i++) {
        atomic_store(&fake.status, failures[i]);
        assert_int_equal(registry_by_id(fixture.remote, 10 + i, &schema, &why), ERR_UNAVAILABLE);
        assert_non_null(strstr(why.text, "answers"));
        /* Nobody waits for what is known to be away, though there is patience for a minute. */
        assert_int_equal(registry_by_id(fixture.remote, 100 + i, &schema, &why), ERR_UNAVAILABLE);
        assert_ok(registry_by_id(fixture.remote, 1, &schema, &why));
        atomic_store(&fake.status, 200);
        assert_ok(by_id_at_last(&fixture, 10 + i));
        assert_ok(by_id_at_last(&fixture, 100 + i));
    }
    net_server_close(fake.server);
    assert_int_equal(registry_by_id(fixture.remote, 20, &schema, &why), ERR_UNAVAILABLE);
    assert_ok(registry_by_id(fixture.remote, 1, &schema, &why));
    fixture_release(&fixture);
}

static void a_slow_registry_holds_nobody_up(void **state)
{
    struct fixture fixture;
    struct double_server fake;
    const struct avro_schema *schema;
    struct why why = {0};
    (void)state;
    fixture_init(&fixture);
    open_remote(&fixture, fake_open(&fake, &fixture), 1);
    atomic_store(&fake.slow_ms, 300);
    assert_int_equal(registry_by_id(fixture.remote, 7, &schema, &why), ERR_UNAVAILABLE);
    assert_non_null(strstr(why.text, "has not been answered yet"));
    assert_ok(by_id_at_last(&fixture, 7));
    registry_close(fixture.remote); /* while an answer is on its way */
    fixture.remote = NULL;
    fixture_release(&fixture);
    net_server_close(fake.server);
}

static void calls_are_tried_again(void **state)
{
    struct fixture fixture;
    struct double_server fake;
    struct why why = {0};
    int32_t id = 0;
    (void)state;
    fixture_init(&fixture);
    open_remote(&fixture, fake_open(&fake, &fixture), DEADLINE_MS);
    atomic_store(&fake.status, 500);
    assert_int_equal(registry_register(fixture.remote, STR("s"), STR("\"int\""), &id, &why),
                     ERR_UNAVAILABLE);
    assert_int_equal(atomic_load(&fake.asked), 3);
    atomic_store(&fake.status, 200);
    assert_ok(registry_register(fixture.remote, STR("s"), STR("\"int\""), &id, &why));
    assert_int_equal(id, 5);
    /* Not every registry has modes. */
    struct registry_rules rules;
    atomic_store(&fake.status, 404);
    assert_ok(registry_rules_in_force(fixture.remote, STR("s"), &rules, &why));
    assert_int_equal(rules.mode, REGISTRY_READWRITE);
    /* What is registered is known, though the registry is gone. */
    net_server_close(fake.server);
    const struct avro_schema *schema;
    assert_ok(registry_register(fixture.remote, STR("s"), STR("\"int\""), &id, &why));
    assert_int_equal(id, 5);
    assert_ok(registry_by_id(fixture.remote, 5, &schema, &why));
    fixture_release(&fixture);
}

static void logins_go_along(void **state)
{
    static const struct {
        const char *names[2], *values[2];
        const char *user_in_url;
        const char *login;
    } cases[] = {
        {{"basic.auth.user.info"}, {"key:se:cret"}, "", "Basic a2V5OnNlOmNyZXQ="},
        {{"basic.auth.credentials.source", "schema.registry.basic.auth.user.info"},
         {"USER_INFO", "key:secret"},
         "",
         "Basic a2V5OnNlY3JldA=="},
        {{"basic.auth.credentials.source"}, {"URL"}, "key:s%40cret@", "Basic a2V5OnNAY3JldA=="},
        {{NULL}, {NULL}, "key:secret@", "Basic a2V5OnNlY3JldA=="},
        {{"bearer.auth.credentials.source", "bearer.auth.token"},
         {"STATIC_TOKEN", "abc.def"},
         "",
         "Bearer abc.def"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fixture fixture;
        struct double_server fake;
        const struct avro_schema *schema;
        struct why why = {0};
        fixture_init(&fixture);
        const char *url = fake_open(&fake, &fixture);
        fake.login = cases[i].login;
        for (int j = 0; j < 2 && cases[i].names[j]; j++)
            set(&fixture, cases[i].names[j], cases[i].values[j]);
        open_remote(&fixture,
                    arena_printf(&fixture.arena, "http://%s%s", cases[i].user_in_url, url + 7).data,
                    DEADLINE_MS);
        assert_ok(registry_by_id(fixture.remote, 3, &schema, &why));
        assert_true(atomic_load(&fake.saw_login));
        fake.login = "Basic b3RoZXI=";
        assert_int_equal(registry_by_id(fixture.remote, 4, &schema, &why), ERR_DENIED);
        assert_non_null(strstr(why.text, "401"));
        assert_null(strstr(why.text, "cret"));
        fixture_release(&fixture);
        net_server_close(fake.server);
    }
}

static void a_busy_registry_is_left_alone(void **state)
{
    struct fixture fixture;
    struct double_server fake;
    const struct avro_schema *schema;
    struct why why = {0};
    int32_t id = 0;
    (void)state;
    fixture_init(&fixture);
    open_remote(&fixture, fake_open(&fake, &fixture), DEADLINE_MS);
    /* Longer than a caller waits: it is not asked again. */
    fake.retry_after = "3600";
    atomic_store(&fake.status, 429);
    assert_int_equal(registry_register(fixture.remote, STR("s"), STR("\"int\""), &id, &why),
                     ERR_UNAVAILABLE);
    assert_int_equal(atomic_load(&fake.asked), 1);
    registry_close(fixture.remote);
    /* A moment is waited for: the first try of another client, and its second. */
    fake.retry_after = "1";
    atomic_store(&fake.asked, 0);
    assert_ok(registry_remote_open(&fixture.settings, DEADLINE_MS, &fixture.remote, &why));
    const int64_t from_ns = clock_monotonic_ns();
    atomic_store(&fake.status, 503);
    assert_int_equal(registry_register(fixture.remote, STR("s"), STR("\"int\""), &id, &why),
                     ERR_UNAVAILABLE);
    assert_true(atomic_load(&fake.asked) > 1);
    assert_true(atomic_load(&fake.asked_ns) - from_ns >=
                (atomic_load(&fake.asked) - 1) * 990000000LL);
    /* Ids are asked for one after another: the first answer is for all. */
    registry_close(fixture.remote);
    fake.retry_after = "3600";
    atomic_store(&fake.asked, 0);
    assert_ok(registry_remote_open(&fixture.settings, DEADLINE_MS, &fixture.remote, &why));
    for (int32_t i = 1; i < 5; i++)
        assert_int_equal(registry_by_id(fixture.remote, i, &schema, &why), ERR_UNAVAILABLE);
    assert_int_equal(atomic_load(&fake.asked), 1);
    fixture_release(&fixture);
    net_server_close(fake.server);
}

static void tokens_are_got_and_renewed(void **state)
{
    struct fixture fixture;
    struct double_server fake;
    const struct avro_schema *schema;
    struct why why = {0};
    (void)state;
    fixture_init(&fixture);
    const char *url = fake_open(&fake, &fixture);
    const struct str server = net_server_address(fake.server);
    set(&fixture, "bearer.auth.credentials.source", "OAUTHBEARER");
    set(&fixture, "bearer.auth.issuer.endpoint.url",
        arena_printf(&fixture.arena, "http://%.*s/token", STR_ARGS(server)).data);
    set(&fixture, "bearer.auth.client.id", "client");
    set(&fixture, "bearer.auth.client.secret", "secret");
    set(&fixture, "bearer.auth.scope", "schemas:read all");
    atomic_store(&fake.token_life_s, 3600);
    fake.login = "Bearer token-1";
    open_remote(&fixture, url, DEADLINE_MS);
    assert_ok(registry_by_id(fixture.remote, 1, &schema, &why));
    assert_ok(registry_by_id(fixture.remote, 2, &schema, &why));
    assert_int_equal(atomic_load(&fake.token_asked), 1);
    /* The registry takes another only, and then none. */
    fake.login = "Bearer token-2";
    assert_ok(registry_by_id(fixture.remote, 3, &schema, &why));
    assert_int_equal(atomic_load(&fake.token_asked), 2);
    fake.login = "Bearer none";
    assert_int_equal(registry_by_id(fixture.remote, 4, &schema, &why), ERR_DENIED);
    registry_close(fixture.remote);
    /* One that is over at once is got each time. */
    fake.login = NULL;
    atomic_store(&fake.token_life_s, 0);
    atomic_store(&fake.token_asked, 0);
    assert_ok(registry_remote_open(&fixture.settings, DEADLINE_MS, &fixture.remote, &why));
    assert_ok(registry_by_id(fixture.remote, 1, &schema, &why));
    assert_ok(registry_by_id(fixture.remote, 2, &schema, &why));
    assert_int_equal(atomic_load(&fake.token_asked), 2);
    registry_close(fixture.remote);
    /* Whom nobody knows, and nobody there. */
    set(&fixture, "bearer.auth.client.secret", "CANARY");
    assert_ok(registry_remote_open(&fixture.settings, DEADLINE_MS, &fixture.remote, &why));
    assert_int_equal(registry_by_id(fixture.remote, 1, &schema, &why), ERR_DENIED);
    assert_non_null(strstr(why.text, "invalid_client"));
    assert_null(strstr(why.text, "CANARY"));
    registry_close(fixture.remote);
    set(&fixture, "bearer.auth.issuer.endpoint.url", "http://127.0.0.1:1/token");
    assert_ok(registry_remote_open(&fixture.settings, DEADLINE_MS, &fixture.remote, &why));
    assert_int_equal(registry_by_id(fixture.remote, 1, &schema, &why), ERR_UNAVAILABLE);
    fixture_release(&fixture);
    net_server_close(fake.server);
}

static void settings_that_cannot_be_are_refused(void **state)
{
    static const struct {
        const char *name, *value, *words;
    } cases[] = {
        {"schema.registry.url", " , ", "no URL"},
        {"schema.registry.url", "ftp://x", "no URL such as"},
        {"basic.auth.user.info", "nothing", "colon"},
        {"basic.auth.credentials.source", "SASL_INHERIT", "sasl.username"},
        {"basic.auth.credentials.source", "MAGIC", "not 'MAGIC'"},
        {"bearer.auth.credentials.source", "OAUTHBEARER", "bearer.auth.client.secret"},
        {"bearer.auth.credentials.source", "SASL_OAUTHBEARER_INHERIT", "STATIC_TOKEN or"},
        {"schema.registry.ssl.truststore.location", "/x/y.jks", "keytool"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena arena;
        struct properties settings;
        struct registry *registry = NULL;
        struct why why = {0};
        arena_init(&arena, 0);
        properties_init(&settings, &arena);
        properties_set(&settings, STR("schema.registry.url"), STR("http://127.0.0.1:1"));
        properties_set(&settings, str_from(cases[i].name), str_from(cases[i].value));
        assert_true(registry_remote_knows(str_from(cases[i].name)));
        assert_int_not_equal(registry_remote_open(&settings, 1, &registry, &why), OK);
        assert_non_null(strstr(why.text, cases[i].words));
        assert_null(registry);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_goes_there),
        cmocka_unit_test(references_are_fetched_too),
        cmocka_unit_test(known_ids_flow_and_unknown_ones_wait),
        cmocka_unit_test(a_slow_registry_holds_nobody_up),
        cmocka_unit_test(calls_are_tried_again),
        cmocka_unit_test(logins_go_along),
        cmocka_unit_test(a_busy_registry_is_left_alone),
        cmocka_unit_test(tokens_are_got_and_renewed),
        cmocka_unit_test(settings_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

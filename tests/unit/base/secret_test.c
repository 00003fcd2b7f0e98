/* secret_test.c -- which values nobody is shown. */
#include "unit.h"

#include "base/secret.h"

static void names_that_hold_secrets_are_known(void **state)
{
    (void)state;
    static const char *const secret[] = {
        "sasl.password",
        "server.password",
        "ssl.keystore.password",
        "ssl.key.password",
        "ssl.truststore.password",
        "sasl.jaas.config",
        "basic.auth.user.info",
        "schema.registry.basic.auth.user.info",
        "bearer.auth.token",
        "sasl.oauthbearer.client.secret",
        "bearer.auth.client.secret",
        "connection.uri",
        "connection.password",
        "kafka.api.key",
        "kafka.api.secret",
        "ssl.key.pem",
        "ssl.keystore.key",
        "value.converter.basic.auth.user.info",
    };
    static const char *const open[] = {
        "",
        "bootstrap.servers",
        "sasl.mechanism",
        "sasl.username",
        "basic.auth.credentials.source",
        "bearer.auth.credentials.source",
        "sasl.oauthbearer.token.endpoint.url",
        "schema.registry.url",
        "ssl.keystore.location",
        "key.converter",
    };
    for (size_t i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
        assert_true(secret_is_name(str_from(secret[i])));
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++)
        assert_false(secret_is_name(str_from(open[i])));
}

static void secrets_are_shown_as_hidden(void **state)
{
    (void)state;
    static const struct {
        struct property property;
        const char *shown;
    } cases[] = {
        {{.name = STR_INIT("sasl.password"), .value = STR_INIT("p")}, "[hidden]"},
        {{.name = STR_INIT("sasl.password"), .value = STR_INIT("")}, ""},
        {{.name = STR_INIT("rate"), .value = STR_INIT("7")}, "7"},
        {{.name = STR_INIT("rate"), .value = STR_INIT("7"), .is_provided = true}, "[hidden]"},
        {{.name = STR_INIT("schema.registry.url"),
          .value = STR_INIT("https://u:p@host/a@b,http://two:8081,https://k:s@three")},
         "https://[hidden]@host/a@b,http://two:8081,https://[hidden]@three"},
        {{.name = STR_INIT("x"), .value = STR_INIT("http://a:b@c@host:1?q=@")},
         "http://[hidden]@host:1?q=@"},
        {{.name = STR_INIT("x"), .value = STR_INIT("://")}, "://"},
        {{.name = STR_INIT("x"), .value = STR_INIT("http://host/:@")}, "http://host/:@"},
    };
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_true(str_equal(secret_shown(&cases[i].property, &arena), str_from(cases[i].shown)));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_hold_secrets_are_known),
        cmocka_unit_test(secrets_are_shown_as_hidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

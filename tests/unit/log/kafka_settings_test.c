/* kafka_settings_test.c -- a user's settings for Kafka's clients: known, refused, never repeated.
 */
#include "base/properties.h"
#include "log/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SECRET "CANARY-8f2c"

/* What opening a log says with one or two settings more; nobody listens at the address, so that all
 * must be refused before. */
static enum err open_with(const char *text, struct why *why)
{
    struct arena arena;
    struct properties settings;
    struct log *log = NULL;
    arena_init(&arena, 0);
    properties_init(&settings, &arena);
    properties_set(&settings, STR("bootstrap.servers"), STR("127.0.0.1:1"));
    *why = (struct why){0};
    assert_int_equal(properties_parse(&settings, str_from(text), why), OK);
    const struct log_kafka_options options = {
        .settings = &settings, .service_id = STR("test_"), .directory = "/nonexistent"};
    const enum err err = log_kafka_open(&options, &log, why);
    assert_null(log);
    arena_release(&arena);
    return err;
}

static void test_knows(void **state)
{
    static const char *const known[] = {"security.protocol", "sasl.mechanism",  "sasl.mechanisms",
                                        "sasl.jaas.config",  "sasl.password",   "ssl.ca.location",
                                        "ssl.keystore.type", "compression.type"};
    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        assert_true(log_kafka_knows(str_from(known[i])));
    assert_false(log_kafka_knows(STR("rate")));
    assert_false(log_kafka_knows(STR("no.such.setting")));
}

static void test_refuses(void **state)
{
    static const struct {
        const char *text;
        enum err err;
        const char *words;
    } cases[] = {
        {"acks=1\n", ERR_SETTING, "acks"},
        {"isolation.level=read_uncommitted\n", ERR_SETTING, "isolation.level"},
        {"group.id=mine\n", ERR_SETTING, "group.id"},
        {"ssl.truststore.location=/x/trust.jks\n", ERR_SETTING, "keytool -exportcert"},
        {"ssl.keystore.location=/x/keys.jks\nssl.keystore.password=" SECRET "\n", ERR_SETTING,
         "keytool -importkeystore"},
        {"sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required "
         "username=\"u\" word=\"" SECRET "\";\n",
         ERR_SETTING, "password="},
        {"sasl.jaas.config=com.sun.security.auth.module.Krb5LoginModule required k=\"" SECRET
         "\";\n",
         ERR_SETTING, "ScramLoginModule"},
        {"linger.ms=" SECRET "\n", ERR_SETTING, "linger.ms"},
        {"security.protocol=" SECRET "\n", ERR_SETTING, "security.protocol"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct why why;
        assert_int_equal(open_with(cases[i].text, &why), cases[i].err);
        assert_non_null(strstr(why.text, cases[i].words));
        assert_null(strstr(why.text, SECRET));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_knows),
        cmocka_unit_test(test_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

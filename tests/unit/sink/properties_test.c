/* properties_test.c -- which connector properties are taken, and the words for those that are not.
 */
#include "sink/sink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static enum err check(const char *text, struct why *why)
{
    struct arena arena;
    struct properties properties;
    arena_init(&arena, 0);
    properties_init(&properties, &arena);
    assert_int_equal(properties_parse(&properties, str_from(text), why), OK);
    const enum err err = sink_check(&properties, why);
    arena_release(&arena);
    return err;
}

static void taken(void **state)
{
    static const char *const texts[] = {
        "topics=a",
        "topics=a, b ,c\ncollection=x\ndatabase=d\ntasks.max=2",
        "topics.regex=mcd_.*",
        "topics=a\nconnector.class=com.mongodb.kafka.connect.MongoSinkConnector\n"
        "connection.uri=mongodb://localhost",
        "topics=a\ndocument.id.strategy=FullKeyStrategy",
        "topics=a\ndocument.id.strategy=com.mongodb.kafka.connect.sink.processor.id.strategy."
        "BsonOidStrategy",
        "topics=a\nwritemodel.strategy=ReplaceOneDefault\nbulk.write.ordered=FALSE",
        "topics=a\nwritemodel.strategy=com.mongodb.kafka.connect.sink.writemodel.strategy."
        "UpdateOneTimestampsStrategy",
        "topics=a\nwritemodel.strategy=DefaultWriteModelStrategy",
        "topics=a\ndelete.on.null.values=true",
        "topics=a\ndocument.id.strategy=PartialKey\n"
        "document.id.strategy.partial.key.projection.type=allowlist\n"
        "document.id.strategy.partial.key.projection.list=A,B\n"
        "writemodel.strategy=ReplaceOneBusinessKeyStrategy",
        "topics=a\nvalue.projection.type=BlockList\nvalue.projection.list=SECRET",
        "topics=a\nfield.renamer.mapping=[{\"oldName\":\"value.A\",\"newName\":\"a\"},"
        "{\"oldName\":\"key.B\",\"newName\":\"b\"}]",
        "topics=a\nerrors.tolerance=data\nerrors.deadletterqueue.topic.name=x-dlq\n"
        "errors.log.enable=true",
        "topics=a.b\ntopic.override.a.b.collection=x\ntopic.override.a.b.document.id.strategy=Uuid",
        "topics=a\nmax.batch.size=0\nrate.limiting.every.n=3\nrate.limiting.timeout=100",
        "topics=a\nvalue.converter=io.confluent.connect.avro.AvroConverter\n"
        "value.converter.schema.registry.url=http://localhost:8081",
        /* Confluent Cloud's managed connector. */
        "connector.class=MongoDbAtlasSink\ntopics=a\nkafka.auth.mode=KAFKA_API_KEY\n"
        "kafka.api.key=k\nkafka.api.secret=s\ninput.data.format=AVRO\n"
        "connection.host=cluster0.x.mongodb.net\nconnection.user=u\nconnection.password=p@ss/word\n"
        "database=d\ncollection=c\ndoc.id.strategy=FullKeyStrategy\n"
        "write.strategy=UpdateOneDefaultStrategy\ncdc.handler=None\ntasks.max=1",
        "topics=a\nconsumer.override.max.poll.records=10\nvalue.converter.basic.auth.user.info=a:"
        "b\n"
        "header.converter=x\nmax.num.retries=3",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct why why = {0};
        if (check(texts[i], &why) != OK)
            fail_msg("'%s': %s", texts[i], why.text);
    }
}

/* Another name says the same. */
static void managed_names_mean_the_same(void **state)
{
    struct why why = {0};
    assert_int_equal(check("topics=a\ndoc.id.strategy=PartialValue", &why), ERR_INVALID);
    assert_non_null(strstr(why.text, "PartialValue needs"));
    assert_int_equal(check("topics=a\nwrite.strategy=ReplaceOneBusinessKey", &why), ERR_INVALID);
    assert_non_null(strstr(why.text, "needs a business key"));
}

static enum err connection(const char *text, struct arena *arena, struct str *ret_uri,
                           struct why *why)
{
    struct properties properties;
    properties_init(&properties, arena);
    assert_int_equal(properties_parse(&properties, str_from(text), why), OK);
    return sink_connection(&properties, arena, ret_uri, why);
}

static void connections(void **state)
{
    struct arena arena;
    struct str uri;
    struct why why = {0};
    arena_init(&arena, 0);
    assert_int_equal(connection("topics=a", &arena, &uri, &why), OK);
    assert_int_equal(uri.size, 0);
    assert_int_equal(connection("connection.uri=mongodb://h/", &arena, &uri, &why), OK);
    assert_true(str_equal(uri, STR("mongodb://h/")));
    assert_int_equal(connection("connection.host=c.x.mongodb.net\nconnection.user=me\n"
                                "connection.password=p@ss:w/rd%",
                                &arena, &uri, &why),
                     OK);
    assert_true(str_equal(
        uri, STR("mongodb+srv://me:p%40ss%3Aw%2Frd%25@c.x.mongodb.net/?retryWrites=true")));
    assert_int_equal(connection("connection.password=CANARY", &arena, &uri, &why), ERR_INVALID);
    assert_null(strstr(why.text, "CANARY"));
    assert_int_equal(
        connection("connection.uri=mongodb://h/\nconnection.host=h", &arena, &uri, &why),
        ERR_INVALID);
    arena_release(&arena);
}

static void refused(void **state)
{
    static const char *const pairs[][2] = {
        {"topics=a\ncolection=x", "did you mean 'collection'?"},
        {"topics=a\nqwertyuiop=x", "unknown property 'qwertyuiop'"},
        {"topics=a\ntopic.override.a.colection=x", "unknown property"},
        {"topics=a\ntopic.override.a.tasks.max=2", "cannot differ"},
        {"collection=x", "one of 'topics' and 'topics.regex' is needed"},
        {"topics=a\ntopics.regex=b", "one of 'topics' and 'topics.regex' is needed"},
        {"topics.regex=a(", "no regular expression"},
        {"topics=a\ntransforms=x", "write a query"},
        {"topics=a\ntransforms.x.type=y", "'transforms.x.type' is not supported"},
        {"topics=a\ntimeseries.metafield=x", "no meaning"},
        {"topics=a\nchange.data.capture.handler=x", "no meaning"},
        {"topics=a\ndocument.id.strategy=FullKye", "did you mean 'FullKey'?"},
        {"topics=a\ndocument.id.strategy=org.example.FullKeyStrategy", "document.id.strategy"},
        {"topics=a\nwritemodel.strategy=ReplaceTwo", "writemodel.strategy"},
        {"topics=a\ndelete.on.null.values=yes", "is true or false"},
        {"topics=a\nmax.batch.size=-1", "whole number from 0"},
        {"topics=a\ntasks.max=0", "whole number from 1"},
        {"topics=a\nerrors.tolerance=some", "errors.tolerance"},
        {"topics=a\nconnector.class=JdbcSinkConnector", "connector.class"},
        {"topics=a\ndocument.id.strategy=PartialKey", "partial.key.projection.type"},
        {"topics=a\nvalue.projection.type=allowlist", "go together"},
        {"topics=a\nvalue.projection.list=A", "go together"},
        {"topics=a\nvalue.projection.type=allowlist\nvalue.projection.list=A.*", "whole columns"},
        {"topics=a\ndelete.on.null.values=true\ndocument.id.strategy=BsonOid", "from the key"},
        {"topics=a\nwritemodel.strategy=DeleteOneBusinessKey", "business key"},
        {"topics=a\nfield.renamer.mapping=[{]", "field.renamer.mapping"},
        {"topics=a\nfield.renamer.mapping=[{\"oldName\":\"A\",\"newName\":\"a\"}]", "key."},
        {"topics=a\nfield.renamer.mapping=[{\"oldName\":\"key.A\",\"newName\":\"x\"},"
         "{\"oldName\":\"value.B\",\"newName\":\"x\"}]",
         "two columns the name 'x'"},
        {"topics=a\nfield.renamer.mapping=[{\"oldName\":\"value.A.B\",\"newName\":\"b\"}]",
         "whole columns"},
        {"topics=a\nerrors.deadletterqueue.context.headers.enable=false", "always"},
        {"topics=a\ntopic.override.a.document.id.strategy=Nope", "Nope"},
        {"topics=a\nvalue.converter=org.example.Mine", "value.converter"},
        {"topics=a\npost.processor.chain=x", "their own properties"},
        {"topics=a\nconnection.ssl.truststore=/x.jks", "keytool"},
        {"topics=a\ninput.data.format=JSON_SR", "input.data.format"},
        {"topics=a\ncdc.handler=MongoDbChangeStreamHandler", "cdc.handler"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct why why = {0};
        if (check(pairs[i][0], &why) != ERR_INVALID)
            fail_msg("'%s' was taken", pairs[i][0]);
        if (!strstr(why.text, pairs[i][1]))
            fail_msg("'%s': %s", pairs[i][0], why.text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(taken),
                                       cmocka_unit_test(managed_names_mean_the_same),
                                       cmocka_unit_test(connections), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

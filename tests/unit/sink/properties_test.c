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
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct why why = {0};
        if (check(texts[i], &why) != OK)
            fail_msg("'%s': %s", texts[i], why.text);
    }
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
    const struct CMUnitTest tests[] = {cmocka_unit_test(taken), cmocka_unit_test(refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

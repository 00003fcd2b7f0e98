/* target_test.c -- the SQLite target, and the faulty one around it. */
#include "sink/target.h"

#include "base/buf.h"
#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char directory[64];
    char path[96];
    struct target *target;
    struct arena arena;
    struct why why;
    struct document_refusal refusals[8];
    uint32_t refusal_count;
};

static void fixture_init(struct fixture *f)
{
    *f = (struct fixture){.directory = "/tmp/drivethru-target-XXXXXX"};
    assert_non_null(mkdtemp(f->directory));
    snprintf(f->path, sizeof(f->path), "%s/documents.sqlite", f->directory);
    arena_init(&f->arena, 0);
    assert_int_equal(target_sqlite_open(f->path, false, &f->target, &f->why), OK);
}

static void fixture_release(struct fixture *f)
{
    if (f->target)
        target_close(f->target);
    arena_release(&f->arena);
    assert_int_equal(file_remove_tree(f->directory, NULL), OK);
}

static struct document make(enum document_write write, const char *id, const char *json)
{
    return (struct document){.write = write,
                             .collection = STR("orders"),
                             .id = str_from(id),
                             .body = str_from(json),
                             .time_ms = 1000};
}

static enum err write_some(struct fixture *f, const struct document *documents, uint32_t count,
                           int64_t next_offset)
{
    const struct target_position position = {STR("topic"), 2, next_offset};
    return target_write(f->target, STR("sink"), documents, count, &position, 1, f->refusals,
                        &f->refusal_count, &f->why);
}

static void put(struct fixture *f, struct document document)
{
    assert_int_equal(write_some(f, &document, 1, 1), OK);
    assert_int_equal(f->refusal_count, 0);
}

/* The document of an _id, or NULL. */
static const char *found(struct fixture *f, const char *id)
{
    struct found_document *documents = NULL;
    uint32_t count = 9;
    const struct document_query query = {
        .collection = STR("orders"), .id = str_from(id), .limit = 10};
    assert_int_equal(target_find(f->target, &query, &f->arena, &documents, &count, &f->why), OK);
    assert_in_range(count, 0, 1);
    return count == 1 ? documents[0].json.data : NULL;
}

static int64_t position_of(struct fixture *f)
{
    struct target_position *positions = NULL;
    uint32_t count = 0;
    assert_int_equal(
        target_positions(f->target, STR("sink"), &f->arena, &positions, &count, &f->why), OK);
    if (count == 0)
        return -1;
    assert_int_equal(count, 1);
    assert_true(str_equal(positions[0].topic, STR("topic")));
    assert_int_equal(positions[0].partition, 2);
    return positions[0].next_offset;
}

static void writes_by_kind(void **state)
{
    struct fixture f;
    fixture_init(&f);
    assert_null(found(&f, "\"a\""));
    put(&f, make(DOCUMENT_REPLACE, "\"a\"", "{\"_id\":\"a\",\"n\":1}"));
    put(&f, make(DOCUMENT_REPLACE, "\"a\"", "{\"_id\":\"a\",\"m\":2}"));
    assert_string_equal(found(&f, "\"a\""), "{\"_id\":\"a\",\"m\":2}");
    put(&f, make(DOCUMENT_INSERT, "\"a\"", "{\"_id\":\"a\",\"x\":0}"));
    assert_string_equal(found(&f, "\"a\""), "{\"_id\":\"a\",\"m\":2}");
    put(&f, make(DOCUMENT_INSERT, "\"b\"", "{\"_id\":\"b\"}"));
    assert_string_equal(found(&f, "\"b\""), "{\"_id\":\"b\"}");
    struct document update =
        make(DOCUMENT_UPDATE, "\"a\"", "{\"_id\":\"a\",\"k\":{\"z\":[1]},\"m\":null}");
    update.on_insert = STR("\"born\":1");
    put(&f, update);
    assert_string_equal(found(&f, "\"a\""), "{\"_id\":\"a\",\"m\":null,\"k\":{\"z\":[1]}}");
    /* Of one name the last counts, whether it is new or not. */
    put(&f, make(DOCUMENT_UPDATE, "\"b\"", "{\"n\":1,\"_id\":\"b\",\"n\":2}"));
    assert_string_equal(found(&f, "\"b\""), "{\"_id\":\"b\",\"n\":2}");
    update.id = STR("\"c\"");
    update.body = STR("{\"_id\":\"c\"}");
    put(&f, update);
    assert_string_equal(found(&f, "\"c\""), "{\"_id\":\"c\",\"born\":1}");
    put(&f, make(DOCUMENT_DELETE, "\"a\"", ""));
    assert_null(found(&f, "\"a\""));
    put(&f, make(DOCUMENT_DELETE, "\"a\"", ""));
    fixture_release(&f);
}

/* Of documents with one _id the last given counts, whatever order they are written in. */
static void the_last_of_one_id_counts(void **state)
{
    struct fixture f;
    fixture_init(&f);
    const struct document documents[] = {
        make(DOCUMENT_REPLACE, "\"z\"", "{\"n\":1}"), make(DOCUMENT_REPLACE, "\"a\"", "{\"n\":2}"),
        make(DOCUMENT_DELETE, "\"z\"", ""),           make(DOCUMENT_REPLACE, "\"b\"", "{\"n\":3}"),
        make(DOCUMENT_INSERT, "\"z\"", "{\"n\":4}"),  make(DOCUMENT_UPDATE, "\"z\"", "{\"m\":5}"),
        make(DOCUMENT_DELETE, "\"b\"", ""),           make(DOCUMENT_REPLACE, "\"a\"", "{\"n\":6}"),
    };
    assert_int_equal(write_some(&f, documents, 8, 1), OK);
    assert_string_equal(found(&f, "\"z\""), "{\"n\":4,\"m\":5}");
    assert_string_equal(found(&f, "\"a\""), "{\"n\":6}");
    assert_null(found(&f, "\"b\""));
    fixture_release(&f);
}

static bool on_document(void *context, struct str id, struct str json)
{
    struct buf *buf = context;
    buf_append_str(buf, id);
    buf_append_byte(buf, ' ');
    return buf->size < 1000;
}

/* Ids that look alike stay apart, and come back as they were. */
static void ids_are_told_apart(void **state)
{
    static const char *const ids[] = {
        "\"plain\"",
        "\"7\"",
        "7",
        "\"true\"",
        "true",
        "\"{\\\"a\\\":1}\"",
        "{\"a\":1}",
        "{\"$oid\":\"0123456789abcdef01234567\"}",
        "\"0123456789abcdef01234567\"",
        "{\"$oid\":\"012345678901234567890123\"}",
        "\"012345678901234567890123\"",
        "\"\"",
        "\"\\\"quoted\\\"\"",
        "\"a b\"",
        "{\"$oid\":\"0123456789ABCDEF01234567\"}",
    };
    const size_t count = sizeof(ids) / sizeof(ids[0]);
    struct fixture f;
    fixture_init(&f);
    for (size_t i = 0; i < count; i++)
        put(&f, make(DOCUMENT_REPLACE, ids[i], arena_printf(&f.arena, "{\"n\":%zu}", i).data));
    for (size_t i = 0; i < count; i++)
        assert_string_equal(found(&f, ids[i]), arena_printf(&f.arena, "{\"n\":%zu}", i).data);
    struct buf buf = {0};
    assert_int_equal(target_walk(f.target, STR("orders"), on_document, &buf, &f.why), OK);
    for (size_t i = 0; i < count; i++)
        assert_non_null(strstr(buf_text(&buf), ids[i]));
    buf_release(&buf);
    struct found_document *documents = NULL;
    uint32_t found_count = 0;
    static const char *const no_ids[] = {"{", "{\"$oid\":\"0123456789\"bcdef01234567\"}"};
    for (size_t i = 0; i < 2; i++) {
        const struct document_query query = {
            .collection = STR("orders"), .id = str_from(no_ids[i]), .limit = 1};
        assert_int_equal(target_find(f.target, &query, &f.arena, &documents, &found_count, &f.why),
                         ERR_INVALID);
    }
    fixture_release(&f);
}

static void put_numbered(struct fixture *f, int number, int64_t time_ms)
{
    struct document document =
        make(DOCUMENT_REPLACE, arena_printf(&f->arena, "\"%d\"", number).data,
             arena_printf(&f->arena, "{\"n\":%d}", number).data);
    document.time_ms = time_ms;
    put(f, document);
}

static uint32_t find(struct fixture *f, const struct document_query *query,
                     struct found_document **ret_documents)
{
    uint32_t count = 0;
    assert_int_equal(target_find(f->target, query, &f->arena, ret_documents, &count, &f->why), OK);
    return count;
}

static void finds_newest_first(void **state)
{
    struct fixture f;
    struct found_document *documents = NULL;
    fixture_init(&f);
    for (int i = 0; i < 5; i++)
        put_numbered(&f, i, i * 10);
    struct document_query query = {
        .collection = STR("orders"), .from_ms = 10, .to_ms = 40, .limit = 2};
    assert_int_equal(find(&f, &query, &documents), 2);
    assert_string_equal(documents[0].json.data, "{\"n\":3}");
    assert_int_equal(documents[0].time_ms, 30);
    assert_string_equal(documents[1].json.data, "{\"n\":2}");
    query.collection = STR("no such");
    assert_int_equal(find(&f, &query, &documents), 0);
    fixture_release(&f);
}

/* Pages of three over documents of which many have one time, while newer ones arrive. */
static void finds_every_document_once_by_pages(void **state)
{
    struct fixture f;
    struct document_query query = {
        .collection = STR("orders"), .from_ms = 0, .to_ms = INT64_MAX, .limit = 3};
    struct found_document *documents = NULL;
    struct buf seen = {0};
    uint32_t count;
    fixture_init(&f);
    for (int i = 0; i < 10; i++)
        put_numbered(&f, i, i < 2 ? 5 : 7);
    for (int page = 0; (count = find(&f, &query, &documents)) > 0; page++) {
        for (uint32_t i = 0; i < count; i++)
            buf_append_str(&seen, documents[i].json);
        query.after = &documents[count - 1];
        put_numbered(&f, 100 + page, 100 + page);
    }
    assert_string_equal(buf_text(&seen),
                        "{\"n\":9}{\"n\":8}{\"n\":7}{\"n\":6}{\"n\":5}{\"n\":4}{\"n\":3}{\"n\":2}"
                        "{\"n\":1}{\"n\":0}");
    buf_release(&seen);
    fixture_release(&f);
}

/* One refused document: nothing is written, the position stays, its neighbours are not blamed. */
static void refusals_name_the_document(void **state)
{
    struct fixture f;
    fixture_init(&f);
    put(&f, make(DOCUMENT_REPLACE, "\"a\"", "{\"n\":1}"));
    struct document documents[] = {make(DOCUMENT_REPLACE, "\"a\"", "{\"n\":2}"),
                                   make(DOCUMENT_REPLACE, "no json", "{\"n\":3}"),
                                   make(DOCUMENT_REPLACE, "\"b\"", ""),
                                   make(DOCUMENT_REPLACE, "\"c\"", "{\"n\":4}")};
    documents[3].collection = STR("drivethru_positions");
    assert_int_equal(write_some(&f, documents, 4, 9), OK);
    assert_int_equal(f.refusal_count, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(f.refusals[i].index, i + 1);
    assert_string_equal(found(&f, "\"a\""), "{\"n\":1}");
    assert_int_equal(position_of(&f), 1);
    fixture_release(&f);
}

static void documents_and_position_are_one(void **state)
{
    struct fixture f;
    fixture_init(&f);
    assert_int_equal(position_of(&f), -1);
    put(&f, make(DOCUMENT_UPDATE, "\"a\"", "[1]"));
    assert_int_equal(position_of(&f), 1);
    /* An update of what is no object fails in the middle of the transaction. */
    const struct document documents[] = {make(DOCUMENT_REPLACE, "\"0\"", "{\"n\":1}"),
                                         make(DOCUMENT_UPDATE, "\"a\"", "{\"n\":2}"),
                                         make(DOCUMENT_REPLACE, "\"x\"", "{\"n\":3}")};
    assert_int_equal(write_some(&f, documents, 3, 50), ERR_CORRUPT);
    assert_null(found(&f, "\"0\""));
    assert_null(found(&f, "\"x\""));
    assert_int_equal(position_of(&f), 1);
    put(&f, make(DOCUMENT_REPLACE, "\"x\"", "{\"n\":3}"));
    assert_string_equal(found(&f, "\"x\""), "{\"n\":3}");
    target_close(f.target);
    assert_int_equal(target_sqlite_open(f.path, true, &f.target, &f.why), OK);
    assert_string_equal(found(&f, "\"x\""), "{\"n\":3}");
    assert_int_equal(position_of(&f), 1);
    assert_int_equal(write_some(&f, documents, 1, 60), ERR_DENIED);
    fixture_release(&f);
}

static bool count_document(void *context, struct str id, struct str json)
{
    (void)id, (void)json;
    ++*(int *)context;
    return true;
}

static int walked(struct fixture *f, struct target *target)
{
    int count = 0;
    assert_int_equal(target_walk(target, STR("orders"), count_document, &count, &f->why), OK);
    return count;
}

static void a_read_only_target_shows_one_picture(void **state)
{
    struct fixture f;
    struct target *picture = NULL;
    fixture_init(&f);
    assert_int_equal(target_sqlite_open(f.path, true, &picture, &f.why), OK);
    put(&f, make(DOCUMENT_REPLACE, "\"a\"", "{\"_id\":\"a\"}"));
    assert_int_equal(walked(&f, picture), 1);
    put(&f, make(DOCUMENT_REPLACE, "\"b\"", "{\"_id\":\"b\"}"));
    assert_int_equal(walked(&f, picture), 1);
    assert_int_equal(walked(&f, f.target), 2);
    target_close(picture);
    fixture_release(&f);
}

static void a_second_writer_is_told_which_setting_to_use(void **state)
{
    struct fixture f;
    struct target *second = NULL;
    fixture_init(&f);
    put(&f, make(DOCUMENT_REPLACE, "\"a\"", "{\"_id\":\"a\"}"));
    assert_int_equal(target_sqlite_open(f.path, false, &second, &f.why), ERR_LOCKED);
    assert_non_null(strstr(f.why.text, "--documents"));
    /* The one that was refused took no lock of the first one's with it. */
    put(&f, make(DOCUMENT_REPLACE, "\"b\"", "{\"_id\":\"b\"}"));
    assert_int_equal(walked(&f, f.target), 2);
    target_close(f.target);
    assert_int_equal(target_sqlite_open(f.path, false, &f.target, &f.why), OK);
    assert_int_equal(walked(&f, f.target), 2);
    fixture_release(&f);
}

static void bad_files_are_named(void **state)
{
    struct fixture f;
    struct target *target = NULL;
    fixture_init(&f);
    assert_int_equal(target_sqlite_open("/tmp/no such directory/x", true, &target, &f.why),
                     ERR_NOT_FOUND);
    assert_int_equal(target_sqlite_open("/tmp/no such directory/x", false, &target, &f.why),
                     ERR_DENIED);
    assert_non_null(strstr(f.why.text, "/tmp/no such directory/x"));
    char path[96];
    snprintf(path, sizeof(path), "%s/text", f.directory);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (int i = 0; i < 1000; i++)
        fputs("this is no database\n", file);
    fclose(file);
    assert_int_equal(target_sqlite_open(path, false, &target, &f.why), ERR_CORRUPT);
    assert_null(target);
    fixture_release(&f);
}

static void faulty_fails_as_planned(void **state)
{
    struct fixture f;
    fixture_init(&f);
    struct target *inner = f.target;
    f.target = target_faulty_new(inner, 2, false, ERR_FULL);
    const struct document document = make(DOCUMENT_REPLACE, "\"a\"", "{}");
    assert_int_equal(write_some(&f, &document, 1, 1), OK);
    assert_int_equal(write_some(&f, &document, 1, 2), ERR_FULL);
    assert_int_equal(write_some(&f, &document, 1, 3), OK);
    assert_int_equal(position_of(&f), 3);
    assert_int_equal(target_faulty_calls(f.target), 4);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_by_kind),
        cmocka_unit_test(the_last_of_one_id_counts),
        cmocka_unit_test(ids_are_told_apart),
        cmocka_unit_test(finds_newest_first),
        cmocka_unit_test(finds_every_document_once_by_pages),
        cmocka_unit_test(refusals_name_the_document),
        cmocka_unit_test(documents_and_position_are_one),
        cmocka_unit_test(a_read_only_target_shows_one_picture),
        cmocka_unit_test(a_second_writer_is_told_which_setting_to_use),
        cmocka_unit_test(bad_files_are_named),
        cmocka_unit_test(faulty_fails_as_planned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* fixture.h -- a small catalog that statements put sources into, for the tests of sql/. */
#ifndef TESTS_SQL_FIXTURE_H
#define TESTS_SQL_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sql/sql.h"

#define FIXTURE_SOURCES_MAX 16

struct fixture {
    struct arena arena;
    struct catalog catalog;
    struct source sources[FIXTURE_SOURCES_MAX];
    int32_t partitions[FIXTURE_SOURCES_MAX];
    size_t source_count;
    struct why why;
};

static inline const struct source *fixture_source(void *context, struct str name)
{
    struct fixture *fixture = context;
    for (size_t i = 0; i < fixture->source_count; i++) {
        if (str_equal(fixture->sources[i].name, name))
            return &fixture->sources[i];
    }
    return NULL;
}

static inline void fixture_names(void *context, struct arena *arena, struct str **ret_names,
                                 size_t *ret_count)
{
    struct fixture *fixture = context;
    *ret_names = ARENA_ARRAY(arena, struct str, FIXTURE_SOURCES_MAX);
    *ret_count = fixture->source_count;
    for (size_t i = 0; i < fixture->source_count; i++)
        (*ret_names)[i] = fixture->sources[i].name;
}

static inline const struct type *fixture_type(void *context, struct str name)
{
    (void)context;
    return str_equal(name, STR("CENTS")) ? &type_bigint : NULL;
}

static inline enum err fixture_partitions(void *context, struct str topic, int32_t *ret_count)
{
    struct fixture *fixture = context;
    for (size_t i = 0; i < fixture->source_count; i++) {
        if (str_equal(fixture->sources[i].format.topic, topic)) {
            *ret_count = fixture->partitions[i];
            return OK;
        }
    }
    return ERR_NOT_FOUND;
}

/* Every topic's value has C1 INTEGER and C2 STRING; "keyed" has a key too. */
static inline enum err fixture_schema(void *context, struct str topic,
                                      const struct format_spec *spec, bool is_key,
                                      struct arena *arena, struct row_column **ret_columns,
                                      uint32_t *ret_count, struct why *why)
{
    (void)context;
    (void)spec;
    if (str_equal(topic, STR("empty")))
        return why_set(why, ERR_NOT_FOUND, "no subject");
    *ret_columns = ARENA_ARRAY(arena, struct row_column, 2);
    *ret_count = is_key ? 1 : 2;
    (*ret_columns)[0] =
        (struct row_column){.name = is_key ? STR("ROWKEY") : STR("C1"), .type = &type_integer};
    if (!is_key)
        (*ret_columns)[1] = (struct row_column){.name = STR("C2"), .type = &type_string};
    return OK;
}

static inline void fixture_init(struct fixture *fixture)
{
    *fixture = (struct fixture){0};
    arena_init(&fixture->arena, 0);
    fixture->catalog = (struct catalog){
        .context = fixture,
        .source = fixture_source,
        .names = fixture_names,
        .type = fixture_type,
        .partitions = fixture_partitions,
        .schema = fixture_schema,
        .default_key_format = FORMAT_KAFKA,
        .default_value_format = FORMAT_JSON,
    };
}

static inline void fixture_release(struct fixture *fixture)
{
    arena_release(&fixture->arena);
}

static inline enum err fixture_parse(struct fixture *fixture, const char *text,
                                     struct statement **ret_statements, uint32_t *ret_count)
{
    return sql_parse(str_from(text), NULL, &fixture->arena, ret_statements, ret_count,
                     &fixture->why);
}

/* One statement that parses. */
static inline struct statement *fixture_statement(struct fixture *fixture, const char *text)
{
    struct statement *statements;
    uint32_t count;
    const enum err err = fixture_parse(fixture, text, &statements, &count);
    if (err != OK)
        fail_msg("%s: line %d:%d: %s", text, fixture->why.line, fixture->why.column,
                 fixture->why.text);
    assert_int_equal(count, 1);
    return statements;
}

/* Checks a CREATE without AS and puts the source into the catalog. */
static inline enum err fixture_declare(struct fixture *fixture, const char *text)
{
    const struct statement *statement = fixture_statement(fixture, text);
    struct source_wish wish;
    const enum err err =
        sql_check_source(statement, &fixture->catalog, &fixture->arena, &wish, &fixture->why);
    if (err == OK) {
        assert_true(fixture->source_count < FIXTURE_SOURCES_MAX);
        fixture->partitions[fixture->source_count] =
            wish.partition_count > 0 ? wish.partition_count : 1;
        fixture->sources[fixture->source_count++] = wish.source;
    }
    return err;
}

static inline void fixture_must_declare(struct fixture *fixture, const char *text)
{
    if (fixture_declare(fixture, text) != OK)
        fail_msg("%s: line %d:%d: %s", text, fixture->why.line, fixture->why.column,
                 fixture->why.text);
}

/* `row_type` as text equals `expected`. */
static inline void fixture_assert_row_type(struct fixture *fixture, const struct row_type *row_type,
                                           const char *expected)
{
    struct buf buf = {0};
    row_type_format(row_type, &buf);
    const struct str text = arena_str(&fixture->arena, buf_str(&buf));
    buf_release(&buf);
    assert_string_equal(text.data, expected);
}

static inline void fixture_assert_refused(struct fixture *fixture, enum err err, const char *words)
{
    if (err == OK)
        fail_msg("accepted, expected '%s'", words);
    if (!strstr(fixture->why.text, words))
        fail_msg("refused with '%s', expected '%s'", fixture->why.text, words);
    assert_true(fixture->why.line > 0);
    assert_true(fixture->why.column > 0);
}

#endif

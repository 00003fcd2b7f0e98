/* avro_testing.h -- what the tests of avro/ share: bodies by hand, columns, schemas that must
 * parse.
 */
#ifndef TESTS_UNIT_AVRO_AVRO_TESTING_H
#define TESTS_UNIT_AVRO_AVRO_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "avro/avro.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/random.h"
#include "base/varint.h"

#define ROWS 4
#define COLUMNS_MAX 64

/* A codec on one schema, its columns and its memory. */
struct bench {
    struct arena arena;
    struct avro_schema *schema;
    struct avro_target targets[COLUMNS_MAX];
    struct column columns[COLUMNS_MAX];
    uint32_t count;
    const struct avro_decoder *decoder;
    const struct avro_encoder *encoder;
    struct why why;
};

static inline struct avro_schema *schema_of(const char *text)
{
    struct avro_schema *schema = NULL;
    struct why why = {0};
    if (avro_schema_parse(str_from(text), &schema, &why))
        fail_msg("%s: %s", text, why.text);
    return schema;
}

static inline void bench_init(struct bench *bench, const char *schema)
{
    *bench = (struct bench){.schema = schema_of(schema)};
    arena_init(&bench->arena, 0);
}

static inline void bench_release(struct bench *bench)
{
    arena_release(&bench->arena);
    avro_schema_free(bench->schema);
}

static inline struct column *bench_column(struct bench *bench, const char *name,
                                          const struct type *type)
{
    const uint32_t i = bench->count++;
    assert_true(i < COLUMNS_MAX);
    column_init(&bench->columns[i], type, ROWS, &bench->arena);
    bench->targets[i] =
        (struct avro_target){.name = str_from(name), .type = type, .column = (uint16_t)i};
    return &bench->columns[i];
}

/* One column for every field of the schema's record that has a SQL type. */
static inline void bench_all_columns(struct bench *bench)
{
    const struct avro_node *root = bench->schema->root;
    for (uint32_t i = 0; i < root->count; i++) {
        const struct type *type = avro_sql_type(root->fields[i].node, false, &bench->arena);
        const struct str name = arena_str(&bench->arena, root->fields[i].name);
        if (type)
            bench_column(bench, name.data, type);
    }
}

static inline enum err bench_decoder(struct bench *bench, const struct avro_schema *reader,
                                     bool whole)
{
    return avro_decoder_new(&bench->arena, bench->schema, reader, bench->targets, bench->count,
                            whole, &bench->decoder, &bench->why);
}

static inline enum err bench_encoder(struct bench *bench, bool whole)
{
    return avro_encoder_new(&bench->arena, bench->schema, bench->targets, bench->count, whole,
                            &bench->encoder, &bench->why);
}

/* Decodes a copy on the heap of exactly that size, so that a read past its end is seen. */
static inline enum err bench_decode(struct bench *bench, struct str body, uint32_t row)
{
    struct str exact = arena_str(&bench->arena, body);
    char *copy = malloc(body.size ? body.size : 1);
    if (body.size)
        memcpy(copy, body.data, body.size);
    const enum err err = avro_decode(bench->decoder, (struct str){copy, body.size}, bench->columns,
                                     row, &bench->arena);
    free(copy);
    if (err)
        return err;
    return avro_decode(bench->decoder, exact, bench->columns, row, &bench->arena);
}

static inline void put_text(struct buf *buf, const char *text)
{
    varint_append(buf, (int64_t)strlen(text));
    buf_append(buf, text, strlen(text));
}

static inline void put_double(struct buf *buf, double number)
{
    buf_append(buf, &number, sizeof(number));
}

#define assert_text(text, wanted)                                                                  \
    do {                                                                                           \
        const struct str text_found = (text), text_wanted = str_from(wanted);                      \
        if (!str_equal(text_found, text_wanted))                                                   \
            fail_msg("found '%.*s', wanted '%.*s'", STR_ARGS(text_found), STR_ARGS(text_wanted));  \
    } while (0)

#endif

/* format_help.h -- one record through a decoder or encoder, for tests: rows are shown as text. */
#ifndef FORMAT_HELP_H
#define FORMAT_HELP_H

#include "format/format.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define HELP_COLUMNS_MAX 16

/* A format under test: columns in order, then the two sides. */
struct help {
    struct arena arena;
    struct row_column columns[HELP_COLUMNS_MAX];
    uint32_t column_count;
    struct row_type row_type;
    struct record_format format;
    struct registry *registry;
    struct decoder *decoder;
    struct encoder *encoder;
    struct batch *batch;
    struct format_reject reject;
    struct why why;
};

static inline void help_init(struct help *help, enum format_kind key, enum format_kind value)
{
    *help = (struct help){0};
    arena_init(&help->arena, 0);
    help->format = (struct record_format){.topic = STR("topic"),
                                          .row_type = &help->row_type,
                                          .key = {.kind = key, .delimiter = ','},
                                          .value = {.kind = value, .delimiter = ','}};
    help->row_type.columns = help->columns;
}

static inline void help_release(struct help *help)
{
    decoder_free(help->decoder);
    encoder_free(help->encoder);
    arena_release(&help->arena);
}

static inline void help_add(struct help *help, enum column_role role, const char *name,
                            const struct type *type)
{
    assert_true(help->column_count < HELP_COLUMNS_MAX);
    help->columns[help->column_count++] =
        (struct row_column){.name = str_from(name), .type = type, .role = role};
    help->row_type.column_count = help->column_count;
}

/* All columns of the row type, in order; a new batch each time. */
static inline enum err help_decode(struct help *help, const struct record *record)
{
    struct column_origin origins[HELP_COLUMNS_MAX] = {0};
    for (uint32_t i = 0; i < help->column_count; i++)
        origins[i] = (struct column_origin){.kind = ORIGIN_COLUMN, .column = (uint16_t)i};
    if (!help->decoder)
        assert_int_equal(decoder_new(&help->format, origins, help->column_count, help->registry,
                                     &help->decoder, &help->why),
                         OK);
    help->batch = batch_new(&help->arena, &help->row_type, 4);
    batch_add_null_values(help->batch);
    if (help->format.window != WINDOW_NONE)
        batch_add_windows(help->batch);
    uint32_t reject_count = 0;
    uint32_t done = 0;
    const enum err err = decoder_decode(help->decoder, record, 1, 3, help->batch, &help->reject,
                                        &reject_count, &done, &help->why);
    if (err)
        return err;
    assert_int_equal(done, 1);
    assert_int_equal(help->batch->row_count + reject_count, 1);
    assert_int_equal(help->batch->selected_count, help->batch->row_count);
    return reject_count == 1 ? help->reject.err : OK;
}

static inline enum err help_decode_value(struct help *help, struct str value)
{
    const struct record record = {.offset = 7, .timestamp_ms = 1000, .value = value};
    return help_decode(help, &record);
}

/* The only row as "a|b|c", each cell as JSON. */
static inline const char *help_row(struct help *help)
{
    struct buf buf = {0};
    assert_int_equal(help->batch->row_count, 1);
    for (uint32_t i = 0; i < help->column_count; i++) {
        const struct value value = column_get(&help->batch->columns[i], 0, &help->arena);
        if (i > 0)
            buf_append_byte(&buf, '|');
        value_write_json(help->columns[i].type, &value, &buf);
    }
    const struct str text = arena_str(&help->arena, buf_str(&buf));
    buf_release(&buf);
    return text.data;
}

static inline void help_reads(struct help *help, const char *value, const char *row)
{
    const enum err err = help_decode_value(help, str_from(value));
    if (err)
        print_message("'%s' was rejected: %s\n", value, help->reject.why.text);
    assert_int_equal(err, OK);
    assert_string_equal(help_row(help), row);
}

static inline void help_rejects(struct help *help, const char *value)
{
    const enum err err = help_decode_value(help, str_from(value));
    if (err == OK)
        print_message("'%s' was read as %s\n", value, help_row(help));
    assert_int_equal(err, ERR_MALFORMED);
    assert_true(help->reject.why.text[0] != '\0');
}

/* The row decoded last, as bytes of the same or another format; NULL when there are none. */
static inline const char *help_write(struct help *help, bool is_key, struct str *ret_bytes)
{
    uint16_t map[HELP_COLUMNS_MAX];
    for (uint16_t i = 0; i < HELP_COLUMNS_MAX; i++)
        map[i] = i;
    if (!help->encoder)
        assert_int_equal(
            encoder_new(&help->format, map, help->registry, &help->encoder, &help->why), OK);
    struct buf buf = {0};
    bool is_null = false;
    assert_int_equal(
        (is_key ? encoder_key : encoder_value)(help->encoder, help->batch, 0, &buf, &is_null), OK);
    const struct str text = arena_str(&help->arena, buf_str(&buf));
    buf_release(&buf);
    if (is_null)
        assert_int_equal(text.size, 0);
    if (ret_bytes)
        *ret_bytes = is_null ? (struct str){0} : text;
    return is_null ? NULL : text.data;
}

#endif

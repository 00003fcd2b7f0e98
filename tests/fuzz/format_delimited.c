/* format_delimited.c -- any bytes as a DELIMITED record; what is read is written and read again. */
#include "format/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct row_column columns[] = {
    {.name = STR("S"), .type = &type_string, .role = COLUMN_VALUE},
    {.name = STR("I"), .type = &type_integer, .role = COLUMN_VALUE},
    {.name = STR("B"), .type = &type_bytes, .role = COLUMN_VALUE},
    {.name = STR("T"), .type = &type_string, .role = COLUMN_VALUE},
};
static const struct row_type row_type = {4, columns};

static struct batch *row_read(struct decoder *decoder, struct str value, struct arena *arena)
{
    const struct record record = {.value = value};
    struct batch *batch = batch_new(arena, &row_type, 1);
    struct format_reject reject;
    struct why why;
    uint32_t reject_count = 0;
    uint32_t done = 0;
    must(decoder_decode(decoder, &record, 1, 0, batch, &reject, &reject_count, &done, &why) == OK);
    must(batch->row_count + reject_count == 1);
    return reject_count == 0 ? batch : NULL;
}

static void rows_agree(const struct batch *a, const struct batch *b)
{
    for (uint32_t i = 0; i < row_type.column_count; i++) {
        must(a->columns[i].nulls[0] == b->columns[i].nulls[0]);
        if (a->columns[i].nulls[0])
            continue;
        if (columns[i].type->kind == TYPE_INTEGER)
            must(a->columns[i].integers[0] == b->columns[i].integers[0]);
        else
            must(str_equal(a->columns[i].strings[0], b->columns[i].strings[0]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char delimiters[] = ", \t;";
    const uint16_t map[] = {0, 1, 2, 3};
    struct column_origin origins[4];
    for (uint16_t i = 0; i < 4; i++)
        origins[i] = (struct column_origin){.kind = ORIGIN_COLUMN, .column = i};
    const struct record_format format = {
        .topic = STR("fuzz"),
        .row_type = &row_type,
        .value = {.kind = FORMAT_DELIMITED, .delimiter = delimiters[size % 4]}};
    struct decoder *decoder = NULL;
    struct encoder *encoder = NULL;
    struct why why;
    must(decoder_new(&format, origins, 4, NULL, &decoder, &why) == OK);
    must(encoder_new(&format, map, NULL, &encoder, &why) == OK);
    struct arena arena;
    arena_init(&arena, 0);
    struct buf buf = {0};
    bool is_null = false;
    struct batch *batch =
        row_read(decoder, (struct str){size ? (const char *)data : "", size}, &arena);
    if (batch) {
        must(encoder_value(encoder, batch, 0, &buf, &is_null) == OK);
        struct batch *again = row_read(decoder, buf_str(&buf), &arena);
        must(again != NULL);
        rows_agree(batch, again);
    }
    buf_release(&buf);
    arena_release(&arena);
    decoder_free(decoder);
    encoder_free(encoder);
    return 0;
}

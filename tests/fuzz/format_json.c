/* format_json.c -- any bytes as a JSON record; what is read is written and read again. */
#include "format/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct target {
    struct arena arena;
    struct record_format format;
    struct decoder *decoder;
    struct encoder *encoder;
};

static void target_make(struct target *target)
{
    arena_init(&target->arena, 0);
    struct arena *arena = &target->arena;
    const struct type_field fields[] = {{STR("A"), &type_integer},
                                        {STR("b"), type_array(arena, &type_bytes)}};
    const struct type *record = type_struct(arena, fields, 2);
    const struct row_column columns[] = {
        {.name = STR("I"), .type = &type_integer, .role = COLUMN_VALUE},
        {.name = STR("D"), .type = type_decimal(arena, 12, 3), .role = COLUMN_VALUE},
        {.name = STR("s"), .type = &type_string, .role = COLUMN_VALUE},
        {.name = STR("R"), .type = type_array(arena, record), .role = COLUMN_VALUE},
        {.name = STR("M"),
         .type = type_map(arena, &type_string, &type_double),
         .role = COLUMN_VALUE},
        {.name = STR("O"), .type = &type_boolean, .role = COLUMN_VALUE},
        {.name = STR("T"), .type = &type_timestamp, .role = COLUMN_VALUE},
    };
    target->format = (struct record_format){.topic = STR("fuzz"),
                                            .row_type = row_type_new(arena, columns, 7),
                                            .value = {.kind = FORMAT_JSON}};
    struct column_origin origins[7];
    uint16_t map[7];
    for (uint16_t i = 0; i < 7; i++) {
        origins[i] = (struct column_origin){.kind = ORIGIN_COLUMN, .column = i};
        map[i] = i;
    }
    struct why why;
    must(decoder_new(&target->format, origins, 7, NULL, &target->decoder, &why) == OK);
    must(encoder_new(&target->format, map, NULL, &target->encoder, &why) == OK);
}

static bool row_read(struct target *target, struct str value, struct batch *batch)
{
    const struct record record = {.value = value};
    struct format_reject reject;
    struct why why;
    uint32_t reject_count = 0;
    uint32_t done = 0;
    must(decoder_decode(target->decoder, &record, 1, 0, batch, &reject, &reject_count, &done,
                        &why) == OK);
    must(batch->row_count + reject_count == 1);
    return reject_count == 0;
}

static struct str row_write(struct target *target, const struct batch *batch, struct buf *buf)
{
    bool is_null = false;
    must(encoder_value(target->encoder, batch, 0, buf, &is_null) == OK);
    return buf_str(buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct target target;
    if (!target.decoder)
        target_make(&target);
    struct arena arena;
    arena_init(&arena, 0);
    struct batch *batch = batch_new(&arena, target.format.row_type, 1);
    if (row_read(&target, (struct str){size ? (const char *)data : "", size}, batch)) {
        struct buf first = {0};
        struct buf second = {0};
        struct batch *again = batch_new(&arena, target.format.row_type, 1);
        must(row_read(&target, row_write(&target, batch, &first), again));
        must(str_equal(buf_str(&first), row_write(&target, again, &second)));
        buf_release(&first);
        buf_release(&second);
    }
    arena_release(&arena);
    return 0;
}

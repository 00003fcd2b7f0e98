/* data_kept.c -- kept rows of any type from any bytes; what is read is written and read again. */
#include "data/kept.h"

#define COLUMNS_MAX 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *at;
    const uint8_t *end;
};

static uint8_t next(struct input *input)
{
    return input->at < input->end ? *input->at++ : 0;
}

/* The first bytes say which types the rest is read as. */
static const struct type *next_type(struct input *input, int depth, struct arena *arena)
{
    static const struct type *const basic[] = {&type_boolean, &type_integer, &type_bigint,
                                               &type_double,  &type_string,  &type_bytes,
                                               &type_time,    &type_date,    &type_timestamp};
    const uint8_t kind = next(input) % (depth > 0 ? 13 : 10);
    if (kind < 9)
        return basic[kind];
    if (kind == 9)
        return type_decimal(arena, 1 + next(input) % DECIMAL_PRECISION_MAX, 0);
    if (kind == 10)
        return type_array(arena, next_type(input, depth - 1, arena));
    if (kind == 11)
        return type_map(arena, &type_string, next_type(input, depth - 1, arena));
    struct type_field fields[4];
    const uint32_t count = next(input) % 5;
    for (uint32_t i = 0; i < count; i++)
        fields[i] = (struct type_field){STR("F"), next_type(input, depth - 1, arena)};
    return type_struct(arena, fields, count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input input = {data, data + size};
    struct arena arena;
    arena_init(&arena, 0);
    const struct type *types[COLUMNS_MAX];
    struct column columns[COLUMNS_MAX];
    struct column again[COLUMNS_MAX];
    struct value values[COLUMNS_MAX];
    const uint32_t count = next(&input) % (COLUMNS_MAX + 1);
    for (uint32_t i = 0; i < count; i++) {
        types[i] = next_type(&input, 4, &arena);
        column_init(&columns[i], types[i], 1, &arena);
        column_init(&again[i], types[i], 1, &arena);
    }
    const struct str bytes = {(const char *)input.at, (size_t)(input.end - input.at)};
    const enum err err = kept_read(bytes, columns, NULL, count, 0, &arena);
    must(kept_read_values(bytes, types, count, values, &arena) == err);
    if (err == OK) {
        struct buf buf = {0};
        struct buf boxed = {0};
        kept_append(columns, NULL, count, 0, &buf);
        kept_append_values(types, values, count, &boxed);
        must(str_equal(buf_str(&buf), buf_str(&boxed)));
        must(kept_read(buf_str(&buf), again, NULL, count, 0, &arena) == OK);
        for (uint32_t i = 0; i < count; i++) {
            const struct value value = column_get(&again[i], 0, &arena);
            must(value_equal(types[i], &value, &values[i]));
            must(value_hash(types[i], &value) == value_hash(types[i], &values[i]));
            buf_clear(&boxed);
            value_write_json(types[i], &value, &boxed);
        }
        buf_release(&buf);
        buf_release(&boxed);
    }
    arena_release(&arena);
    return 0;
}

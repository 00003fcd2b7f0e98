/* unit.h -- cmocka with the headers it wants before it, and random types and values. */
#ifndef UNIT_DATA_UNIT_H
#define UNIT_DATA_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/random.h"
#include "data/value.h"

#include <inttypes.h>

#define assert_str(text, literal)                                                                  \
    do {                                                                                           \
        const struct str asserted = (text);                                                        \
        assert_int_equal(asserted.size, sizeof(literal) - 1);                                      \
        assert_memory_equal(asserted.data, literal, sizeof(literal) - 1);                          \
    } while (0)

/* A generator with a new seed each run; the seed is printed, so that a run can be repeated. */
static inline struct random random_begin(const char *test)
{
    const struct random random = {(uint64_t)clock_wall_ms()};
    print_message("%s: seed %" PRIu64 "\n", test, random.state);
    return random;
}

static inline const struct type *random_type(struct random *random, int depth, struct arena *arena)
{
    static const struct type *const basic[] = {&type_boolean, &type_integer, &type_bigint,
                                               &type_double,  &type_string,  &type_bytes,
                                               &type_time,    &type_date,    &type_timestamp};
    switch (random_below(random, depth > 0 ? 13 : 10)) {
    default:
        return basic[random_below(random, sizeof(basic) / sizeof(basic[0]))];
    case 9: {
        const int precision = 1 + (int)random_below(random, DECIMAL_PRECISION_MAX);
        return type_decimal(arena, precision, (int)random_below(random, (uint64_t)precision + 1));
    }
    case 10:
        return type_array(arena, random_type(random, depth - 1, arena));
    case 11:
        return type_map(arena, &type_string, random_type(random, depth - 1, arena));
    case 12: {
        struct type_field fields[10];
        const uint32_t count = (uint32_t)random_below(random, 11);
        for (uint32_t i = 0; i < count; i++)
            fields[i] = (struct type_field){.name = arena_printf(arena, "F%" PRIu32, i),
                                            .type = random_type(random, depth - 1, arena)};
        return type_struct(arena, fields, count);
    }
    }
}

/* Numbers of every size alike. */
static inline int64_t random_int64(struct random *random)
{
    return (int64_t)random_next(random) >> random_below(random, 64);
}

static inline struct str random_text(struct random *random, size_t size_max, struct arena *arena)
{
    const size_t size = random_below(random, size_max + 1);
    char *text = arena_alloc(arena, size);
    for (size_t i = 0; i < size; i++)
        text[i] = (char)('a' + random_below(random, 26));
    return (struct str){text, size};
}

static inline struct value random_value(struct random *random, const struct type *type,
                                        struct arena *arena)
{
    if (random_below(random, 5) == 0)
        return VALUE_NULL;
    switch (type->kind) {
    case TYPE_BOOLEAN:
        return (struct value){.boolean = random_below(random, 2)};
    case TYPE_INTEGER:
    case TYPE_DATE:
    case TYPE_TIME:
        return (struct value){.integer = (int32_t)random_int64(random)};
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
        return (struct value){.bigint = random_int64(random)};
    case TYPE_DOUBLE:
        return (struct value){.number = (double)random_int64(random) / 8};
    case TYPE_DECIMAL: {
        const decimal wide = (decimal)random_int64(random) * random_int64(random);
        return (struct value){.decimal = wide % decimal_power_of_ten(type->precision)};
    }
    case TYPE_STRING:
    case TYPE_BYTES:
        return (struct value){.text = random_text(random, 80, arena)};
    default: {
        const uint32_t count =
            type->kind == TYPE_STRUCT ? type->field_count : (uint32_t)random_below(random, 12);
        struct value *items = arena_alloc(arena, 2 * count * sizeof(*items));
        for (uint32_t i = 0; i < count; i++) {
            if (type->kind == TYPE_MAP) {
                items[2 * i] = (struct value){.text = arena_printf(arena, "key %" PRIu32, i)};
                items[2 * i + 1] = random_value(random, type->item, arena);
            } else {
                items[i] = random_value(
                    random, type->kind == TYPE_STRUCT ? type->fields[i].type : type->item, arena);
            }
        }
        return (struct value){.list = {.items = items, .count = count}};
    }
    }
}

#endif

/* value.c -- boxed values: copying, comparing, hashing. */
#include "data/value.h"

#include "base/hash.h"
#include "base/memory.h"

#define HASH_NULL 0x6e756c6c6e756c6cull

static bool maps_equal(const struct type *type, const struct value *a, const struct value *b);
static int compare_int64(int64_t a, int64_t b);
static int compare_double(double a, double b);
static uint64_t hash_number(int64_t number);
static uint64_t hash_list(const struct type *type, const struct value *value);

struct value value_copy(struct arena *arena, const struct type *type, const struct value *value)
{
    if (value->is_null)
        return VALUE_NULL;
    if (type->kind == TYPE_STRING || type->kind == TYPE_BYTES)
        return (struct value){.text = arena_str(arena, value->text)};
    if (type->kind < TYPE_ARRAY)
        return *value;

    const uint32_t count = value->list.count;
    const uint32_t stride = type->kind == TYPE_MAP ? 2 : 1;
    struct value *items = arena_alloc(arena, (size_t)count * stride * sizeof(*items));
    for (size_t i = 0; i < (size_t)count * stride; i++) {
        const struct type *item = type->kind == TYPE_STRUCT   ? type->fields[i].type
                                  : stride == 2 && i % 2 == 0 ? type->key
                                                              : type->item;
        items[i] = value_copy(arena, item, &value->list.items[i]);
    }
    return (struct value){.list = {.items = items, .count = count}};
}

bool value_equal(const struct type *type, const struct value *a, const struct value *b)
{
    if (a->is_null || b->is_null)
        return a->is_null && b->is_null;
    if (type->kind < TYPE_ARRAY)
        return value_compare(type, a, b) == 0;
    if (a->list.count != b->list.count)
        return false;
    if (type->kind == TYPE_MAP)
        return maps_equal(type, a, b);
    for (uint32_t i = 0; i < a->list.count; i++) {
        const struct type *item = type->kind == TYPE_STRUCT ? type->fields[i].type : type->item;
        if (!value_equal(item, &a->list.items[i], &b->list.items[i]))
            return false;
    }
    return true;
}

int value_compare(const struct type *type, const struct value *a, const struct value *b)
{
    must(!a->is_null);
    must(!b->is_null);
    switch (type->kind) {
    case TYPE_BOOLEAN:
        return (int)a->boolean - (int)b->boolean;
    case TYPE_INTEGER:
    case TYPE_TIME:
    case TYPE_DATE:
        return compare_int64(a->integer, b->integer);
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
        return compare_int64(a->bigint, b->bigint);
    case TYPE_DOUBLE:
        return compare_double(a->number, b->number);
    case TYPE_DECIMAL:
        return (a->decimal > b->decimal) - (a->decimal < b->decimal);
    case TYPE_STRING:
    case TYPE_BYTES:
        return str_compare(a->text, b->text);
    default:
        must_not_reach();
    }
}

uint64_t value_hash(const struct type *type, const struct value *value)
{
    if (value->is_null)
        return HASH_NULL;
    switch (type->kind) {
    case TYPE_BOOLEAN:
        return hash_number(value->boolean);
    case TYPE_INTEGER:
    case TYPE_TIME:
    case TYPE_DATE:
        return hash_number(value->integer);
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
        return hash_number(value->bigint);
    case TYPE_DOUBLE: {
        /* What is equal hashes alike: both zeros, every NaN. */
        double number = value->number == 0 ? 0 : value->number;
        if (number != number)
            number = __builtin_nan("");
        return hash64(&number, sizeof(number));
    }
    case TYPE_DECIMAL:
        return hash64(&value->decimal, sizeof(value->decimal));
    case TYPE_STRING:
    case TYPE_BYTES:
        return hash64(value->text.data, value->text.size);
    case TYPE_ARRAY:
    case TYPE_MAP:
    case TYPE_STRUCT:
        return hash_list(type, value);
    default:
        must_not_reach();
    }
}

static int compare_entries(const void *a, const void *b, void *key_type)
{
    const struct value *x = *(const struct value *const *)a;
    const struct value *y = *(const struct value *const *)b;
    if (x->is_null || y->is_null)
        return (int)x->is_null - (int)y->is_null;
    const int order = value_compare(key_type, x, y);
    /* The same key twice: as they came. */
    return order != 0 ? order : (x > y) - (x < y);
}

/* Maps made the same way have their entries in the same order, so try that first. */
static bool maps_equal(const struct type *type, const struct value *a, const struct value *b)
{
    const uint32_t count = a->list.count;
    uint32_t same = 0;
    while (same < count &&
           value_equal(type->key, &a->list.items[2 * (size_t)same],
                       &b->list.items[2 * (size_t)same]) &&
           value_equal(type->item, &a->list.items[2 * (size_t)same + 1],
                       &b->list.items[2 * (size_t)same + 1]))
        same++;
    if (same == count)
        return true;

    /* Each side's entries sorted by key; an entry is a pointer to its key, the value behind it. */
    const struct value **entries = memory_alloc(2 * (size_t)count * sizeof(*entries));
    for (size_t i = 0; i < count; i++) {
        entries[i] = &a->list.items[2 * i];
        entries[count + i] = &b->list.items[2 * i];
    }
    qsort_r(entries, count, sizeof(*entries), compare_entries, (void *)type->key);
    qsort_r(entries + count, count, sizeof(*entries), compare_entries, (void *)type->key);
    bool equal = true;
    for (size_t i = 0; i < count && equal; i++)
        equal = value_equal(type->key, entries[i], entries[count + i]) &&
                value_equal(type->item, entries[i] + 1, entries[count + i] + 1);
    free(entries);
    return equal;
}

static int compare_int64(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* NaN equals NaN and stands after everything else; both zeros are equal. */
static int compare_double(double a, double b)
{
    const bool a_is_nan = a != a;
    const bool b_is_nan = b != b;
    if (a_is_nan || b_is_nan)
        return (int)a_is_nan - (int)b_is_nan;
    return (a > b) - (a < b);
}

static uint64_t hash_number(int64_t number)
{
    return hash64(&number, sizeof(number));
}

static uint64_t hash_list(const struct type *type, const struct value *value)
{
    uint64_t hash = hash_number(value->list.count);
    for (uint32_t i = 0; i < value->list.count; i++) {
        if (type->kind == TYPE_MAP) {
            /* A sum, because order does not count. */
            const struct value *entry = &value->list.items[2 * (size_t)i];
            const uint64_t key = value_hash(type->key, entry);
            const uint64_t item = value_hash(type->item, entry + 1);
            hash += hash64_seeded(&item, sizeof(item), key);
            continue;
        }
        const struct type *item_type =
            type->kind == TYPE_STRUCT ? type->fields[i].type : type->item;
        const uint64_t item = value_hash(item_type, &value->list.items[i]);
        hash = hash64_seeded(&item, sizeof(item), hash);
    }
    return hash;
}

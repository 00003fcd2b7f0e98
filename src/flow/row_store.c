/* row_store.c -- chunks of rows, with lists of free places by size.
 *
 * Up to EXACT_UNITS a place is as large as its row, in units; larger ones come in eight steps a
 * power of two. Places never join or split, so a ref always points at a row's header. */
#include "flow/row_store.h"

#include "base/memory.h"

#define UNIT_BYTES 8
#define CHUNK_UNITS_BITS 18
#define CHUNK_UNITS (1u << CHUNK_UNITS_BITS)
#define CHUNKS_MAX (1u << (32 - CHUNK_UNITS_BITS))
#define EXACT_UNITS 64

struct size_class {
    uint32_t index;
    uint32_t units;
};

static struct size_class class_of(size_t bytes);
static enum err place_take(struct row_store *store, size_t bytes, row_ref *ret_ref);

void row_store_release(struct row_store *store)
{
    for (uint32_t i = 0; i < store->chunk_count; i++)
        free(store->chunks[i]);
    free(store->chunks);
    *store = (struct row_store){0};
}

enum err row_store_add(struct row_store *store, struct str key, struct str value, row_ref *ret_ref)
{
    row_ref ref = 0;
    const enum err err = place_take(store, key.size + value.size, &ref);
    if (err != OK)
        return err;
    struct row *row = row_store_at(store, ref);
    row->offset = -1;
    row->key_size = key.size;
    row->value_size = value.size;
    if (key.size > 0)
        memcpy(row->bytes, key.data, key.size);
    if (value.size > 0)
        memcpy(row->bytes + key.size, value.data, value.size);
    *ret_ref = ref;
    return OK;
}

enum err row_store_set_value(struct row_store *store, row_ref *ref, struct str value)
{
    struct row *row = row_store_at(store, *ref);
    const size_t room = row->units * UNIT_BYTES - sizeof(*row) - row->key_size;
    if (value.size <= room) {
        row->value_size = value.size;
        if (value.size > 0)
            memmove(row->bytes + row->key_size, value.data, value.size);
        return OK;
    }
    row_ref moved = 0;
    const enum err err = row_store_add(store, row_key(row), value, &moved);
    if (err != OK)
        return err;
    row_store_at(store, moved)->offset = row->offset;
    row_store_remove(store, *ref);
    *ref = moved;
    return OK;
}

void row_store_remove(struct row_store *store, row_ref ref)
{
    struct row *row = row_store_at(store, ref);
    const struct size_class class = class_of(row->units * UNIT_BYTES - sizeof(*row));
    must(class.units == row->units);
    store->bytes -= row->units * UNIT_BYTES;
    row->offset = -1;
    row->key_size = 0;
    row->value_size = 0;
    memcpy(row->bytes, &store->free[class.index], sizeof(row_ref));
    store->free[class.index] = ref;
}

struct row *row_store_at(const struct row_store *store, row_ref ref)
{
    must(ref != 0);
    char *chunk = store->chunks[ref >> CHUNK_UNITS_BITS];
    return (struct row *)(chunk + (size_t)(ref & (CHUNK_UNITS - 1)) * UNIT_BYTES);
}

/* A place has at least one unit for bytes: a free one holds the next of its list there. */
static struct size_class class_of(size_t bytes)
{
    const size_t wanted =
        (sizeof(struct row) + (bytes > 0 ? bytes : 1) + UNIT_BYTES - 1) / UNIT_BYTES;
    const uint32_t units = (uint32_t)wanted;
    if (units <= EXACT_UNITS)
        return (struct size_class){.index = units, .units = units};
    const uint32_t power = 31 - (uint32_t)__builtin_clz(units);
    const uint32_t step = 1u << (power - 3);
    const uint32_t steps = (units - (1u << power) + step - 1) / step;
    return (struct size_class){.index = EXACT_UNITS + (power - 6) * 8 + steps,
                               .units = (1u << power) + steps * step};
}

static enum err place_take(struct row_store *store, size_t bytes, row_ref *ret_ref)
{
    if (bytes > ROW_BYTES_MAX)
        return ERR_LIMIT;
    const struct size_class class = class_of(bytes);
    must(class.index < ROW_CLASSES);
    row_ref ref = store->free[class.index];
    if (ref != 0) {
        memcpy(&store->free[class.index], row_store_at(store, ref)->bytes, sizeof(row_ref));
    } else {
        if (store->chunk_count == 0 || CHUNK_UNITS - store->used_units < class.units) {
            if (store->chunk_count == CHUNKS_MAX)
                return ERR_LIMIT;
            store->chunks =
                memory_realloc(store->chunks, (store->chunk_count + 1) * sizeof(*store->chunks));
            store->chunks[store->chunk_count++] = memory_alloc((size_t)CHUNK_UNITS * UNIT_BYTES);
            store->used_units = 1; /* so that no row is called 0 */
        }
        ref = (store->chunk_count - 1) << CHUNK_UNITS_BITS | store->used_units;
        store->used_units += class.units;
    }
    row_store_at(store, ref)->units = class.units;
    store->bytes += (uint64_t) class.units * UNIT_BYTES;
    *ret_ref = ref;
    return OK;
}

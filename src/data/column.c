/* column.c -- typed arrays: room, boxing, setting and copying cells. */
#include "data/batch.h"

#define CHILD_CAPACITY_MIN 16

/* Bytes a cell takes in `data`. A STRUCT's cells are its children's. */
static const uint8_t cell_sizes[TYPE_KIND_COUNT] = {
    [TYPE_BOOLEAN] = 1,
    [TYPE_INTEGER] = sizeof(int32_t),
    [TYPE_BIGINT] = sizeof(int64_t),
    [TYPE_DECIMAL] = sizeof(decimal),
    [TYPE_DOUBLE] = sizeof(double),
    [TYPE_STRING] = sizeof(struct str),
    [TYPE_BYTES] = sizeof(struct str),
    [TYPE_TIME] = sizeof(int32_t),
    [TYPE_DATE] = sizeof(int32_t),
    [TYPE_TIMESTAMP] = sizeof(int64_t),
    [TYPE_ARRAY] = sizeof(struct span),
    [TYPE_MAP] = sizeof(struct span),
};

static void children_init(struct column *column, struct arena *arena);
static struct value *items_get(const struct column *column, struct span span, struct arena *arena);
static void items_set(struct column *column, uint32_t row, const struct value *value,
                      struct arena *arena);
static void cells_copy(struct column *to, uint32_t to_row, const struct column *from,
                       uint32_t from_row, uint32_t count, struct arena *arena);
static void spans_copy(struct column *to, uint32_t to_row, const struct column *from,
                       uint32_t from_row, struct arena *arena);

void column_init(struct column *column, const struct type *type, uint32_t capacity,
                 struct arena *arena)
{
    must(type->kind < TYPE_KIND_COUNT);
    *column = (struct column){.type = type, .capacity = capacity};
    column->nulls = ARENA_ARRAY(arena, uint8_t, capacity);
    column->data = arena_alloc(arena, (size_t)capacity * cell_sizes[type->kind]);
    if (type->kind >= TYPE_ARRAY)
        children_init(column, arena);
}

void column_reserve(struct column *column, uint32_t capacity, struct arena *arena)
{
    if (capacity <= column->capacity)
        return;
    /* Twice as much as before at least, so that what stays behind in the arena is bounded. */
    uint32_t wanted = capacity < CHILD_CAPACITY_MIN ? CHILD_CAPACITY_MIN : capacity;
    if (column->capacity <= UINT32_MAX / 2 && wanted < column->capacity * 2)
        wanted = column->capacity * 2;
    const size_t cell_size = cell_sizes[column->type->kind];
    const size_t old = column->capacity;
    uint8_t *nulls = arena_alloc(arena, wanted);
    void *data = arena_alloc(arena, (size_t)wanted * cell_size);
    if (old > 0) {
        memcpy(nulls, column->nulls, old);
        memcpy(data, column->data, old * cell_size);
    }
    memset(nulls + old, 0, wanted - old);
    column->nulls = nulls;
    column->data = data;
    column->capacity = wanted;
    if (column->type->kind == TYPE_STRUCT)
        for (uint32_t i = 0; i < column->type->field_count; i++)
            column_reserve(&column->children[i], wanted, arena);
}

uint32_t column_append_items(struct column *column, uint32_t row, uint32_t count,
                             struct arena *arena)
{
    must(column->type->kind == TYPE_ARRAY || column->type->kind == TYPE_MAP);
    must(row < column->capacity);
    const uint32_t child_count = column->type->kind == TYPE_MAP ? 2 : 1;
    const uint32_t start = column->children[0].used;
    must(count <= UINT32_MAX - start);
    for (uint32_t i = 0; i < child_count; i++) {
        column_reserve(&column->children[i], start + count, arena);
        column->children[i].used = start + count;
    }
    column->nulls[row] = 0;
    column->spans[row] = (struct span){.start = start, .count = count};
    return start;
}

struct value column_get(const struct column *column, uint32_t row, struct arena *arena)
{
    must(row < column->capacity);
    if (column->nulls[row])
        return VALUE_NULL;
    switch (column->type->kind) {
    case TYPE_BOOLEAN:
        return (struct value){.boolean = column->booleans[row]};
    case TYPE_INTEGER:
    case TYPE_TIME:
    case TYPE_DATE:
        return (struct value){.integer = column->integers[row]};
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
        return (struct value){.bigint = column->bigints[row]};
    case TYPE_DOUBLE:
        return (struct value){.number = column->doubles[row]};
    case TYPE_DECIMAL:
        return (struct value){.decimal = column->decimals[row]};
    case TYPE_STRING:
    case TYPE_BYTES:
        return (struct value){.text = column->strings[row]};
    case TYPE_ARRAY:
    case TYPE_MAP: {
        const struct span span = column->spans[row];
        return (struct value){
            .list = {.items = items_get(column, span, arena), .count = span.count}};
    }
    case TYPE_STRUCT: {
        const uint32_t count = column->type->field_count;
        struct value *fields = arena_alloc(arena, count * sizeof(*fields));
        for (uint32_t i = 0; i < count; i++)
            fields[i] = column_get(&column->children[i], row, arena);
        return (struct value){.list = {.items = fields, .count = count}};
    }
    default:
        must_not_reach();
    }
}

void column_set(struct column *column, uint32_t row, const struct value *value, struct arena *arena)
{
    must(row < column->capacity);
    column->nulls[row] = value->is_null;
    if (value->is_null)
        return;
    switch (column->type->kind) {
    case TYPE_BOOLEAN:
        column->booleans[row] = value->boolean;
        return;
    case TYPE_INTEGER:
    case TYPE_TIME:
    case TYPE_DATE:
        column->integers[row] = value->integer;
        return;
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
        column->bigints[row] = value->bigint;
        return;
    case TYPE_DOUBLE:
        column->doubles[row] = value->number;
        return;
    case TYPE_DECIMAL:
        column->decimals[row] = value->decimal;
        return;
    case TYPE_STRING:
    case TYPE_BYTES:
        column->strings[row] = value->text;
        return;
    case TYPE_ARRAY:
    case TYPE_MAP:
        items_set(column, row, value, arena);
        return;
    case TYPE_STRUCT:
        must(value->list.count == column->type->field_count);
        for (uint32_t i = 0; i < value->list.count; i++)
            column_set(&column->children[i], row, &value->list.items[i], arena);
        return;
    default:
        must_not_reach();
    }
}

void column_copy_cell(struct column *to, uint32_t to_row, const struct column *from,
                      uint32_t from_row, struct arena *arena)
{
    must(to->type->kind == from->type->kind);
    must(to_row < to->capacity);
    must(from_row < from->capacity);
    if (from->nulls[from_row]) {
        to->nulls[to_row] = 1;
        return;
    }
    to->nulls[to_row] = 0;
    switch (cell_sizes[to->type->kind]) {
    case 0:
        must(to->type->field_count == from->type->field_count);
        for (uint32_t i = 0; i < to->type->field_count; i++)
            column_copy_cell(&to->children[i], to_row, &from->children[i], from_row, arena);
        return;
    case 1:
        to->booleans[to_row] = from->booleans[from_row];
        return;
    case 4:
        to->integers[to_row] = from->integers[from_row];
        return;
    case 8:
        if (to->type->kind >= TYPE_ARRAY)
            spans_copy(to, to_row, from, from_row, arena);
        else
            memcpy((char *)to->data + (size_t)to_row * 8,
                   (const char *)from->data + (size_t)from_row * 8, 8);
        return;
    default:
        memcpy((char *)to->data + (size_t)to_row * 16,
               (const char *)from->data + (size_t)from_row * 16, 16);
    }
}

/* Children of arrays and maps start empty: most batches never fill them to the parent's size. */
static void children_init(struct column *column, struct arena *arena)
{
    const struct type *type = column->type;
    const uint32_t count = type->kind == TYPE_STRUCT ? type->field_count
                           : type->kind == TYPE_MAP  ? 2
                                                     : 1;
    column->children = arena_alloc(arena, count * sizeof(*column->children));
    switch (type->kind) {
    case TYPE_ARRAY:
        column_init(&column->children[0], type->item, 0, arena);
        return;
    case TYPE_MAP:
        column_init(&column->children[0], type->key, 0, arena);
        column_init(&column->children[1], type->item, 0, arena);
        return;
    default:
        for (uint32_t i = 0; i < count; i++)
            column_init(&column->children[i], type->fields[i].type, column->capacity, arena);
    }
}

static struct value *items_get(const struct column *column, struct span span, struct arena *arena)
{
    const uint32_t stride = column->type->kind == TYPE_MAP ? 2 : 1;
    struct value *items = arena_alloc(arena, (size_t)span.count * stride * sizeof(*items));
    for (uint32_t i = 0; i < span.count; i++)
        for (uint32_t part = 0; part < stride; part++)
            items[i * stride + part] = column_get(&column->children[part], span.start + i, arena);
    return items;
}

static void items_set(struct column *column, uint32_t row, const struct value *value,
                      struct arena *arena)
{
    const uint32_t stride = column->type->kind == TYPE_MAP ? 2 : 1;
    const uint32_t start = column_append_items(column, row, value->list.count, arena);
    for (uint32_t i = 0; i < value->list.count; i++)
        for (uint32_t part = 0; part < stride; part++)
            column_set(&column->children[part], start + i, &value->list.items[i * stride + part],
                       arena);
}

/* Copies a range: flat items in one move, others one by one. */
static void cells_copy(struct column *to, uint32_t to_row, const struct column *from,
                       uint32_t from_row, uint32_t count, struct arena *arena)
{
    if (count == 0)
        return;
    const size_t cell_size = cell_sizes[to->type->kind];
    if (to->type->kind < TYPE_ARRAY) {
        memcpy(to->nulls + to_row, from->nulls + from_row, count);
        memcpy((char *)to->data + to_row * cell_size, (char *)from->data + from_row * cell_size,
               count * cell_size);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        column_copy_cell(to, to_row + i, from, from_row + i, arena);
}

static void spans_copy(struct column *to, uint32_t to_row, const struct column *from,
                       uint32_t from_row, struct arena *arena)
{
    const struct span span = from->spans[from_row];
    const uint32_t start = column_append_items(to, to_row, span.count, arena);
    cells_copy(&to->children[0], start, &from->children[0], span.start, span.count, arena);
    if (to->type->kind == TYPE_MAP)
        cells_copy(&to->children[1], start, &from->children[1], span.start, span.count, arena);
}

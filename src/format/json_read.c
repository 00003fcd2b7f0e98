/* json_read.c -- JSON text straight into columns, without a tree.
 *
 * A member goes to the column of exactly its name; else to the one its upper-cased name names, as
 * ksqlDB finds fields. The exact name wins wherever it stands; of two alike the last. Values are
 * coerced as KsqlJsonDeserializer does: numbers may be strings, a fraction is cut off where the
 * type has none, an object or array read as STRING is its compact text.
 *
 * What walks the text nests as deep as the type does, which is bounded; the reader bounds the rest.
 */
#include "base/hash.h"
#include "base/json.h"
#include "format/cell_text.h"
#include "format/json_side.h"

struct shape;

struct member {
    struct str name;
    uint16_t column; /* among the columns handed to members_read */
    struct shape *shape;
};

enum seen { SEEN_NOT, SEEN_UPPER, SEEN_EXACT };

/* What a value of a type looks like. `last` and `seen` belong to the object being read: a type does
 * not hold itself, so there is at most one at a time. */
struct shape {
    const struct type *type; /* NULL: the record itself */
    struct shape *item;      /* ARRAY's items, MAP's values */
    struct member *members;  /* STRUCT, record: sorted by name */
    uint32_t member_count;
    uint32_t *followers; /* of a member: the one that stood after it last time */
    uint32_t last;       /* the member found last; member_count: none yet */
    uint8_t *seen;       /* of a member: enum seen */
};

struct json_side_reader {
    struct side_reader base;
    struct shape *shape;
};

struct source {
    struct json_reader reader;
    struct arena *arena;
    struct why *why;
};

static struct shape *shape_new(const struct type *type, struct arena *arena);
static void shape_sort(struct shape *shape, struct arena *arena);
static enum err value_read(struct source *source, struct shape *shape, enum json_token token,
                           struct column *column, uint32_t row);
static enum err scalar_read(struct source *source, enum json_token token, struct column *column,
                            uint32_t row);
static enum err text_read(struct source *source, enum json_token token, struct column *column,
                          uint32_t row);
static struct str container_text(struct source *source);
static enum err array_read(struct source *source, struct shape *shape, struct column *column,
                           uint32_t row);
static enum err map_read(struct source *source, struct shape *shape, struct column *column,
                         uint32_t row);
static uint32_t map_drop_doubles(struct column *column, struct span span, struct arena *arena);
static enum err members_read(struct source *source, struct shape *shape, struct column *columns,
                             uint32_t row);
static enum err named_read(struct source *source, struct shape *shape, struct str name,
                           struct column *columns, uint32_t row);
static struct member *member_find(struct shape *shape, struct str name);
static struct member *member_find_upper(struct shape *shape, struct str name, struct arena *arena);
static enum err member_read(struct source *source, struct shape *shape, struct member *member,
                            enum json_token token, struct column *columns, uint32_t row,
                            enum seen seen);
static enum err refuse(struct source *source, enum json_token token, const struct type *type);

enum err json_side_reader_new(const struct side *side, struct side_reader **ret_reader,
                              struct why *why)
{
    struct json_side_reader *reader = ARENA_NEW(side->arena, struct json_side_reader);
    reader->base.side = side;
    if (side->whole) {
        reader->shape = shape_new(side->columns[0].type, side->arena);
        *ret_reader = &reader->base;
        return OK;
    }
    struct shape *shape = ARENA_NEW(side->arena, struct shape);
    shape->members = ARENA_ARRAY(side->arena, struct member, side->count);
    for (uint32_t i = 0; i < side->count; i++) {
        const struct side_column *column = &side->columns[i];
        if (column->column != SIDE_UNWANTED)
            shape->members[shape->member_count++] =
                (struct member){.name = column->name,
                                .column = column->column,
                                .shape = shape_new(column->type, side->arena)};
    }
    shape_sort(shape, side->arena);
    reader->shape = shape;
    *ret_reader = &reader->base;
    return OK;
}

enum err json_side_read(struct side_reader *base, struct str bytes, struct column *columns,
                        uint32_t row, struct arena *arena, bool *ret_is_null, struct why *why)
{
    struct json_side_reader *reader = (struct json_side_reader *)base;
    const struct side *side = base->side;
    struct source source = {.arena = arena, .why = why};
    json_reader_init(&source.reader, bytes, arena);
    const enum json_token first = json_next(&source.reader);
    enum err err = OK;
    if (first == JSON_NULL)
        *ret_is_null = true;
    else if (first == JSON_ERROR || first == JSON_END)
        return refuse(&source, JSON_ERROR, NULL);
    else if (side->whole && side->columns[0].column == SIDE_UNWANTED)
        err = json_skip(&source.reader, first, NULL) ? refuse(&source, JSON_ERROR, NULL) : OK;
    else if (side->whole)
        err = value_read(&source, reader->shape, first, &columns[side->columns[0].column], row);
    else if (first == JSON_OBJECT_BEGIN)
        err = members_read(&source, reader->shape, columns, row);
    else
        return why_set(why, ERR_MALFORMED, "the JSON text is no object");
    if (err)
        return err;
    return json_next(&source.reader) == JSON_END ? OK : refuse(&source, JSON_ERROR, NULL);
}

static struct shape *shape_new(const struct type *type, struct arena *arena)
{
    struct shape *shape = ARENA_NEW(arena, struct shape);
    shape->type = type;
    if (type->kind == TYPE_ARRAY || type->kind == TYPE_MAP)
        shape->item = shape_new(type->item, arena);
    if (type->kind != TYPE_STRUCT)
        return shape;
    must(type->field_count <= UINT16_MAX);
    shape->members = ARENA_ARRAY(arena, struct member, type->field_count);
    shape->member_count = type->field_count;
    for (uint32_t i = 0; i < type->field_count; i++)
        shape->members[i] = (struct member){.name = type->fields[i].name,
                                            .column = (uint16_t)i,
                                            .shape = shape_new(type->fields[i].type, arena)};
    shape_sort(shape, arena);
    return shape;
}

static int member_compare(const void *a, const void *b)
{
    return str_compare(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static void shape_sort(struct shape *shape, struct arena *arena)
{
    if (shape->member_count > 1)
        qsort(shape->members, shape->member_count, sizeof(*shape->members), member_compare);
    shape->followers = ARENA_ARRAY(arena, uint32_t, shape->member_count + 1);
    shape->seen = ARENA_ARRAY(arena, uint8_t, shape->member_count);
}

static enum err value_read(struct source *source, struct shape *shape, enum json_token token,
                           struct column *column, uint32_t row)
{
    column->nulls[row] = token == JSON_NULL;
    if (token == JSON_NULL)
        return OK;
    switch (shape->type->kind) {
    case TYPE_ARRAY:
        return token == JSON_ARRAY_BEGIN ? array_read(source, shape, column, row)
                                         : refuse(source, token, shape->type);
    case TYPE_MAP:
        return token == JSON_OBJECT_BEGIN ? map_read(source, shape, column, row)
                                          : refuse(source, token, shape->type);
    case TYPE_STRUCT:
        return token == JSON_OBJECT_BEGIN ? members_read(source, shape, column->children, row)
                                          : refuse(source, token, shape->type);
    case TYPE_STRING:
        return text_read(source, token, column, row);
    default:
        return scalar_read(source, token, column, row);
    }
}

static enum err scalar_read(struct source *source, enum json_token token, struct column *column,
                            uint32_t row)
{
    const enum type_kind kind = column->type->kind;
    enum err err = ERR_MALFORMED;
    if (kind == TYPE_BOOLEAN && (token == JSON_TRUE || token == JSON_FALSE)) {
        column->booleans[row] = token == JSON_TRUE;
        return OK;
    }
    if (kind != TYPE_BOOLEAN && token == JSON_STRING)
        err = cell_from_text(column, row, source->reader.text, source->arena);
    if (kind != TYPE_BOOLEAN && kind != TYPE_BYTES && token == JSON_NUMBER)
        err = cell_from_number(column, row, source->reader.text);
    return err ? refuse(source, token, column->type) : OK;
}

static enum err text_read(struct source *source, enum json_token token, struct column *column,
                          uint32_t row)
{
    switch (token) {
    case JSON_STRING:
    case JSON_NUMBER:
        column->strings[row] = source->reader.text;
        return OK;
    case JSON_TRUE:
        column->strings[row] = STR("true");
        return OK;
    case JSON_FALSE:
        column->strings[row] = STR("false");
        return OK;
    case JSON_OBJECT_BEGIN:
    case JSON_ARRAY_BEGIN: {
        struct str text;
        if (json_skip(&source->reader, token, &text))
            return refuse(source, JSON_ERROR, NULL);
        struct source inner = {.arena = source->arena};
        json_reader_init(&inner.reader, text, source->arena);
        column->strings[row] = container_text(&inner);
        return OK;
    }
    default:
        return refuse(source, token, column->type);
    }
}

/* The whole of what was checked already, without blanks. */
static struct str container_text(struct source *source)
{
    struct buf buf = {0};
    enum json_token token = json_next(&source->reader);
    bool comma = false;
    for (; token != JSON_END && token != JSON_ERROR; token = json_next(&source->reader)) {
        const bool closes = token == JSON_OBJECT_END || token == JSON_ARRAY_END;
        if (comma && !closes)
            buf_append_byte(&buf, ',');
        comma = token != JSON_OBJECT_BEGIN && token != JSON_ARRAY_BEGIN && token != JSON_NAME;
        if (token == JSON_STRING || token == JSON_NAME)
            json_write_string(&buf, source->reader.text);
        else if (token == JSON_NUMBER)
            buf_append_str(&buf, source->reader.text);
        else
            buf_append_str(&buf, token == JSON_OBJECT_BEGIN  ? STR("{")
                                 : token == JSON_OBJECT_END  ? STR("}")
                                 : token == JSON_ARRAY_BEGIN ? STR("[")
                                 : token == JSON_ARRAY_END   ? STR("]")
                                 : token == JSON_TRUE        ? STR("true")
                                 : token == JSON_FALSE       ? STR("false")
                                                             : STR("null"));
        if (token == JSON_NAME)
            buf_append_byte(&buf, ':');
    }
    const struct str text = arena_str(source->arena, buf_str(&buf));
    buf_release(&buf);
    return text;
}

/* Adds an item to a child column; returns its row. */
static uint32_t item_add(struct column *items, struct arena *arena)
{
    const uint32_t row = items->used;
    must(row < UINT32_MAX);
    column_reserve(items, row + 1, arena);
    items->used = row + 1;
    return row;
}

static enum err array_read(struct source *source, struct shape *shape, struct column *column,
                           uint32_t row)
{
    struct column *items = &column->children[0];
    const uint32_t start = items->used;
    for (;;) {
        const enum json_token token = json_next(&source->reader);
        if (token == JSON_ARRAY_END)
            break;
        const enum err err =
            value_read(source, shape->item, token, items, item_add(items, source->arena));
        if (err)
            return err;
    }
    column->spans[row] = (struct span){.start = start, .count = items->used - start};
    return OK;
}

static enum err map_read(struct source *source, struct shape *shape, struct column *column,
                         uint32_t row)
{
    struct column *keys = &column->children[0];
    struct column *values = &column->children[1];
    struct span span = {.start = keys->used};
    for (;;) {
        enum json_token token = json_next(&source->reader);
        if (token == JSON_OBJECT_END)
            break;
        if (token != JSON_NAME)
            return refuse(source, JSON_ERROR, NULL);
        const uint32_t item = item_add(keys, source->arena);
        keys->nulls[item] = 0;
        keys->strings[item] = source->reader.text;
        token = json_next(&source->reader);
        const enum err err =
            value_read(source, shape->item, token, values, item_add(values, source->arena));
        if (err)
            return err;
        span.count++;
    }
    span.count = map_drop_doubles(column, span, source->arena);
    column->spans[row] = span;
    return OK;
}

/* Of entries with one key the last counts, in the place of the first. Returns how many stay. */
static uint32_t map_drop_doubles(struct column *column, struct span span, struct arena *arena)
{
    if (span.count < 2)
        return span.count;
    struct column *keys = &column->children[0];
    struct column *values = &column->children[1];
    uint32_t slot_count = 4;
    while (slot_count < span.count * 2)
        slot_count *= 2;
    uint32_t *slots = ARENA_ARRAY(arena, uint32_t, slot_count); /* row + 1, 0: free */
    uint32_t to = span.start;
    for (uint32_t i = span.start; i < span.start + span.count; i++) {
        const struct str key = keys->strings[i];
        uint32_t slot = (uint32_t)hash64(key.data, key.size) & (slot_count - 1);
        while (slots[slot] > 0 && !str_equal(keys->strings[slots[slot] - 1], key))
            slot = (slot + 1) & (slot_count - 1);
        const uint32_t place = slots[slot] > 0 ? slots[slot] - 1 : to++;
        slots[slot] = place + 1;
        if (place == i)
            continue;
        keys->strings[place] = key;
        column_copy_cell(values, place, values, i, arena);
    }
    keys->used = to;
    values->used = to;
    return to - span.start;
}

static enum err members_read(struct source *source, struct shape *shape, struct column *columns,
                             uint32_t row)
{
    for (uint32_t i = 0; i < shape->member_count; i++) {
        columns[shape->members[i].column].nulls[row] = 1;
        shape->seen[i] = SEEN_NOT;
    }
    shape->last = shape->member_count;
    for (;;) {
        const enum json_token token = json_next(&source->reader);
        if (token == JSON_OBJECT_END)
            return OK;
        if (token != JSON_NAME)
            return refuse(source, JSON_ERROR, NULL);
        const enum err err = named_read(source, shape, source->reader.text, columns, row);
        if (err)
            return err;
    }
}

static enum err named_read(struct source *source, struct shape *shape, struct str name,
                           struct column *columns, uint32_t row)
{
    struct member *exact = member_find(shape, name);
    struct member *upper = exact ? NULL : member_find_upper(shape, name, source->arena);
    const enum json_token token = json_next(&source->reader);
    if (token == JSON_ERROR)
        return refuse(source, token, NULL);
    if (exact)
        return member_read(source, shape, exact, token, columns, row, SEEN_EXACT);
    if (upper && shape->seen[upper - shape->members] != SEEN_EXACT)
        return member_read(source, shape, upper, token, columns, row, SEEN_UPPER);
    return json_skip(&source->reader, token, NULL) ? refuse(source, JSON_ERROR, NULL) : OK;
}

/* Members mostly stand in the same order in each record: the one that followed last time is tried
 * first. */
static struct member *member_find(struct shape *shape, struct str name)
{
    if (shape->member_count == 0)
        return NULL;
    struct member *found = &shape->members[shape->followers[shape->last]];
    if (!str_equal(found->name, name)) {
        const struct member wanted = {.name = name};
        found =
            bsearch(&wanted, shape->members, shape->member_count, sizeof(wanted), member_compare);
        if (!found)
            return NULL;
        shape->followers[shape->last] = (uint32_t)(found - shape->members);
    }
    shape->last = (uint32_t)(found - shape->members);
    return found;
}

/* NULL also when the name has no lower-case letter. */
static struct member *member_find_upper(struct shape *shape, struct str name, struct arena *arena)
{
    char *const text = arena_alloc(arena, name.size);
    bool has_lower = false;
    for (size_t i = 0; i < name.size; i++) {
        const bool is_lower = name.data[i] >= 'a' && name.data[i] <= 'z';
        text[i] = is_lower ? (char)(name.data[i] - 'a' + 'A') : name.data[i];
        has_lower |= is_lower;
    }
    return has_lower ? member_find(shape, (struct str){text, name.size}) : NULL;
}

static enum err member_read(struct source *source, struct shape *shape, struct member *member,
                            enum json_token token, struct column *columns, uint32_t row,
                            enum seen seen)
{
    const uint32_t index = (uint32_t)(member - shape->members);
    shape->seen[index] = (uint8_t)seen;
    const enum err err = value_read(source, member->shape, token, &columns[member->column], row);
    if (err)
        why_prefix(source->why, "'%.*s'", STR_ARGS(member->name));
    return err;
}

static enum err refuse(struct source *source, enum json_token token, const struct type *type)
{
    static const char *const names[] = {
        [JSON_OBJECT_BEGIN] = "an object",
        [JSON_ARRAY_BEGIN] = "an array",
        [JSON_STRING] = "this string",
        [JSON_NUMBER] = "this number",
        [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",
    };
    const bool has_name = token < sizeof(names) / sizeof(names[0]) && names[token] != NULL;
    if (!type || !has_name)
        return why_set(source->why, ERR_MALFORMED, "no JSON at byte %zu",
                       source->reader.error_offset);
    struct buf text = {0};
    type_format(type, &text);
    const enum err err = why_set(source->why, ERR_MALFORMED, "%s is no %.*s", names[token],
                                 STR_ARGS(buf_str(&text)));
    buf_release(&text);
    return err;
}

/* sql_type.c -- the SQL type that an Avro type is read as (ksqlDB's schema inference). */
#include "avro/resolve.h"

/* Types in one answer; a few names can stand for trees that never end. */
#define TYPES_MAX 16384

struct typing {
    struct arena *arena;
    bool upper;
    uint32_t count;
    const struct avro_node *around[TYPE_DEPTH_MAX]; /* by depth */
};

static const struct type *type_of(struct typing *typing, const struct avro_node *node, int depth);

const struct type *avro_sql_type(const struct avro_node *node, bool upper, struct arena *arena)
{
    must(node != NULL);
    must(arena != NULL);
    struct typing typing = {.arena = arena, .upper = upper};
    const struct type *type = type_of(&typing, node, 0);
    return typing.count <= TYPES_MAX ? type : NULL;
}

/* [null, T] and [T, null] are T; other unions have no SQL type. */
static const struct avro_node *without_null(const struct avro_node *node)
{
    if (node->kind != AVRO_UNION)
        return node;
    if (node->count == 1)
        return node->branches[0];
    if (node->count != 2)
        return NULL;
    if (node->branches[0]->kind == AVRO_NULL)
        return node->branches[1];
    return node->branches[1]->kind == AVRO_NULL ? node->branches[0] : NULL;
}

static struct str field_name(struct typing *typing, struct str name)
{
    if (!typing->upper)
        return name;
    char *upper = arena_copy(typing->arena, name.data, name.size);
    for (size_t i = 0; i < name.size; i++)
        if (upper[i] >= 'a' && upper[i] <= 'z')
            upper[i] -= 'a' - 'A';
    return (struct str){upper, name.size};
}

/* Fields without a SQL type are left out; a record of none has none. */
static const struct type *struct_of(struct typing *typing, const struct avro_node *node, int depth)
{
    struct type_field *fields = ARENA_ARRAY(typing->arena, struct type_field, node->count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < node->count && typing->count <= TYPES_MAX; i++) {
        const struct type *type = type_of(typing, node->fields[i].node, depth + 1);
        if (!type)
            continue;
        fields[count++] =
            (struct type_field){.name = field_name(typing, node->fields[i].name), .type = type};
    }
    return count ? type_struct(typing->arena, fields, count) : NULL;
}

static const struct type *array_of(struct typing *typing, const struct avro_node *node, int depth)
{
    if (!node->is_map_entry) {
        const struct type *item = type_of(typing, node->item, depth + 1);
        return item ? type_array(typing->arena, item) : NULL;
    }
    const struct avro_node *key = without_null(node->item->fields[0].node);
    const struct type *value = type_of(typing, node->item->fields[1].node, depth + 1);
    if (!key || key->kind != AVRO_STRING || !value)
        return NULL;
    return type_map(typing->arena, &type_string, value);
}

static const struct type *decimal_of(struct typing *typing, const struct avro_node *node)
{
    const int precision =
        node->precision < DECIMAL_PRECISION_MAX ? node->precision : DECIMAL_PRECISION_MAX;
    return type_decimal(typing->arena, precision, node->scale);
}

static const struct type *type_of(struct typing *typing, const struct avro_node *node, int depth)
{
    if (++typing->count > TYPES_MAX || depth >= TYPE_DEPTH_MAX - 1)
        return NULL;
    typing->around[depth] = node;
    for (int i = 0; i < depth && node->kind == AVRO_RECORD; i++)
        if (typing->around[i] == node)
            return NULL;
    switch (node->kind) {
    case AVRO_NULL:
        return NULL;
    case AVRO_BOOLEAN:
        return &type_boolean;
    case AVRO_INT:
        return node->logical == AVRO_DATE          ? &type_date
               : node->logical == AVRO_TIME_MILLIS ? &type_time
                                                   : &type_integer;
    case AVRO_LONG:
        return node->logical == AVRO_TIMESTAMP_MILLIS ? &type_timestamp : &type_bigint;
    case AVRO_FLOAT:
    case AVRO_DOUBLE:
        return &type_double;
    case AVRO_BYTES:
    case AVRO_FIXED:
        return node->logical == AVRO_DECIMAL ? decimal_of(typing, node) : &type_bytes;
    case AVRO_STRING:
    case AVRO_ENUM:
        return &type_string;
    case AVRO_ARRAY:
        return array_of(typing, node, depth);
    case AVRO_MAP: {
        const struct type *item = type_of(typing, node->item, depth + 1);
        return item ? type_map(typing->arena, &type_string, item) : NULL;
    }
    case AVRO_RECORD:
        return struct_of(typing, node, depth);
    case AVRO_UNION: {
        const struct avro_node *branch = without_null(node);
        return branch ? type_of(typing, branch, depth + 1) : NULL;
    }
    }
    must_not_reach();
}

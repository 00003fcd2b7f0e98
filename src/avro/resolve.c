/* resolve.c -- which of the writer's types and fields the reader's meet. */
#include "avro/resolve.h"
#include "avro/place.h"
#include "avro/schema_json.h"

bool avro_promotes(enum avro_kind writer, enum avro_kind reader)
{
    if (writer == reader)
        return true;
    switch (writer) {
    case AVRO_INT:
        return reader == AVRO_LONG || reader == AVRO_FLOAT || reader == AVRO_DOUBLE;
    case AVRO_LONG:
        return reader == AVRO_FLOAT || reader == AVRO_DOUBLE;
    case AVRO_FLOAT:
        return reader == AVRO_DOUBLE;
    case AVRO_STRING:
        return reader == AVRO_BYTES;
    case AVRO_BYTES:
        return reader == AVRO_STRING;
    default:
        return false;
    }
}

bool avro_names_match(const struct avro_node *reader, const struct avro_node *writer)
{
    if (str_equal(avro_unqualified(reader->name), avro_unqualified(writer->name)))
        return true;
    for (uint32_t i = 0; i < reader->alias_count; i++)
        if (str_equal(reader->aliases[i], writer->name))
            return true;
    return false;
}

int avro_writer_field(const struct avro_node *writer, const struct avro_field *field)
{
    int found = -1;
    for (uint32_t i = 0; i < writer->count; i++) {
        const struct str name = writer->fields[i].name;
        bool hit = str_equal(name, field->name);
        for (uint32_t j = 0; j < field->alias_count && !hit; j++)
            hit = str_equal(name, field->aliases[j]);
        if (hit && found >= 0)
            return -2;
        if (hit)
            found = (int)i;
    }
    return found;
}

const struct avro_node *avro_reader_branch(const struct avro_node *reader,
                                           const struct avro_node *writer)
{
    must(reader->kind == AVRO_UNION);
    for (uint32_t i = 0; i < reader->count; i++) {
        const struct avro_node *branch = reader->branches[i];
        const bool named = branch->name.size > 0;
        if (branch->kind == writer->kind && (!named || avro_names_match(branch, writer)))
            return branch;
    }
    for (uint32_t i = 0; i < reader->count; i++) {
        const struct avro_node *branch = reader->branches[i];
        if (branch->kind != writer->kind && avro_promotes(writer->kind, branch->kind))
            return branch;
    }
    return NULL;
}

const struct avro_target *avro_struct_targets(struct arena *arena, const struct type *type)
{
    struct avro_target *targets = ARENA_ARRAY(arena, struct avro_target, type->field_count);
    for (uint32_t i = 0; i < type->field_count; i++)
        targets[i] = (struct avro_target){
            .name = type->fields[i].name, .type = type->fields[i].type, .column = (uint16_t)i};
    return targets;
}

int avro_symbol_index(const struct avro_node *node, struct str symbol)
{
    for (uint32_t i = 0; i < node->count; i++)
        if (str_equal(node->symbols[i], symbol))
            return (int)i;
    return -1;
}

void avro_node_describe(const struct avro_node *node, struct buf *buf)
{
    static const char *const words[] = {
        [AVRO_NULL] = "null",   [AVRO_BOOLEAN] = "boolean", [AVRO_INT] = "int",
        [AVRO_LONG] = "long",   [AVRO_FLOAT] = "float",     [AVRO_DOUBLE] = "double",
        [AVRO_BYTES] = "bytes", [AVRO_STRING] = "string",   [AVRO_ARRAY] = "array",
        [AVRO_MAP] = "map",     [AVRO_RECORD] = "record",   [AVRO_ENUM] = "enum",
        [AVRO_FIXED] = "fixed", [AVRO_UNION] = "union",
    };
    buf_append_str(buf, str_from(words[node->kind]));
    if (node->name.size)
        buf_printf(buf, " '%.*s'", STR_ARGS(node->name));
}

void place_write(const struct place *place, struct buf *buf)
{
    const struct place *chain[PLACE_CHAIN_MAX];
    size_t count = 0;
    for (; place->up && count < PLACE_CHAIN_MAX; place = place->up)
        chain[count++] = place;
    if (count > 0)
        buf_append_str(buf, STR(" at "));
    while (count > 0) {
        place = chain[--count];
        if (place->name)
            buf_printf(buf, "/%s", place->name);
        else
            buf_printf(buf, "/%zu", place->index);
    }
}

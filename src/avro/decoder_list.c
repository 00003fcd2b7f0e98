/* decoder_list.c -- compiles what holds other values: arrays, maps, STRUCTs. */
#include "avro/compiler.h"

/* Bytes of cells that one value takes, nulls included. */
static uint32_t cell_cost(const struct type *type)
{
    static const uint8_t sizes[TYPE_KIND_COUNT] = {
        [TYPE_BOOLEAN] = 1, [TYPE_INTEGER] = 4,   [TYPE_BIGINT] = 8, [TYPE_DECIMAL] = 16,
        [TYPE_DOUBLE] = 8,  [TYPE_STRING] = 16,   [TYPE_BYTES] = 16, [TYPE_TIME] = 4,
        [TYPE_DATE] = 4,    [TYPE_TIMESTAMP] = 8, [TYPE_ARRAY] = 8,  [TYPE_MAP] = 8,
    };
    uint32_t cost = 1 + sizes[type->kind];
    for (uint32_t i = 0; type->kind == TYPE_STRUCT && i < type->field_count; i++)
        cost += cell_cost(type->fields[i].type);
    return cost;
}

/* The bytes of a map's entry beside its keys and values, for telling keys apart. */
#define ENTRY_COST 16

static uint32_t begin_list(struct compiler *compiler, const struct avro_node *writer,
                           const struct type *type, uint16_t column, enum list_shape shape)
{
    const bool map = writer->kind == AVRO_MAP;
    const uint32_t key_cost = type->key ? cell_cost(type->key) + ENTRY_COST : 0;
    return avro_compiler_emit(
        compiler, (struct step){.code = STEP_LIST,
                                .shape = (uint8_t)shape,
                                .column = column,
                                .list = {.width_min = writer->item->width_min + (map ? 1 : 0),
                                         .cost = cell_cost(type->item) + key_cost}});
}

static void end_list(struct compiler *compiler, uint32_t begin)
{
    avro_compiler_emit(compiler, (struct step){.code = STEP_LIST_END});
    avro_compiler_jump_here(compiler, begin);
}

enum err avro_compile_array(struct compiler *compiler, const struct avro_node *writer,
                            const struct avro_node *reader, const struct type *type,
                            uint16_t column)
{
    const struct avro_node *item = writer->item;
    const struct avro_node *reader_item = reader ? reader->item : NULL;
    enum err err;
    if (type->kind == TYPE_ARRAY && type->item->kind == TYPE_STRUCT && item->kind == AVRO_RECORD) {
        const uint32_t begin = begin_list(compiler, writer, type, column, LIST_FIELDS);
        err = avro_compile_record(compiler, item, avro_reader_of(reader_item, item),
                                  avro_struct_targets(compiler->arena, type->item),
                                  type->item->field_count);
        end_list(compiler, begin);
        return err;
    }
    if (type->kind == TYPE_ARRAY) {
        const uint32_t begin = begin_list(compiler, writer, type, column, LIST_ITEMS);
        err = avro_compile_value(compiler, item, reader_item, type->item, 0);
        end_list(compiler, begin);
        return err;
    }
    if (type->kind != TYPE_MAP || item->kind != AVRO_RECORD || !writer->is_map_entry)
        return avro_compiler_refuse(compiler, writer, type);
    const struct avro_target entry[] = {{.name = STR("key"), .type = type->key, .column = 0},
                                        {.name = STR("value"), .type = type->item, .column = 1}};
    const uint32_t begin = begin_list(compiler, writer, type, column, LIST_ENTRIES);
    err = avro_compile_record(compiler, item, avro_reader_of(reader_item, item), entry, 2);
    end_list(compiler, begin);
    return err;
}

enum err avro_compile_map(struct compiler *compiler, const struct avro_node *writer,
                          const struct avro_node *reader, const struct type *type, uint16_t column)
{
    if (type->kind != TYPE_MAP || type->key->kind != TYPE_STRING)
        return avro_compiler_refuse(compiler, writer, type);
    const uint32_t begin = begin_list(compiler, writer, type, column, LIST_ENTRIES);
    avro_compiler_emit(compiler, (struct step){.code = STEP_STRING, .column = 0});
    const enum err err =
        avro_compile_value(compiler, writer->item, reader ? reader->item : NULL, type->item, 1);
    end_list(compiler, begin);
    return err;
}

enum err avro_compile_struct(struct compiler *compiler, const struct avro_node *writer,
                             const struct avro_node *reader, const struct type *type,
                             uint16_t column)
{
    if (type->kind != TYPE_STRUCT)
        return avro_compiler_refuse(compiler, writer, type);
    avro_compiler_emit(compiler, (struct step){.code = STEP_STRUCT, .column = column});
    const enum err err = avro_compile_record(
        compiler, writer, reader, avro_struct_targets(compiler->arena, type), type->field_count);
    avro_compiler_emit(compiler, (struct step){.code = STEP_STRUCT_END});
    return err;
}

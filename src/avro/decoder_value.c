/* decoder_value.c -- compiles one value into one cell: unions, numbers, bytes, symbols. */
#include "avro/compiler.h"

static enum err compile_union(struct compiler *compiler, const struct avro_node *writer,
                              const struct avro_node *reader, const struct type *type,
                              uint16_t column)
{
    if (avro_is_nullable(writer)) {
        const uint8_t null_branch = writer->branches[0]->kind != AVRO_NULL;
        const uint32_t test = avro_compiler_emit(
            compiler, (struct step){.code = STEP_NULLABLE, .from = null_branch, .column = column});
        const enum err err =
            avro_compile_value(compiler, writer->branches[!null_branch], reader, type, column);
        avro_compiler_jump_here(compiler, test);
        return err;
    }
    const struct ways ways = avro_ways_begin(compiler, writer->count);
    for (uint32_t i = 0; i < writer->count; i++) {
        ways.jumps[i] = compiler->count - ways.from;
        const enum err err =
            avro_compile_value(compiler, writer->branches[i], reader, type, column);
        if (err)
            return err;
        ways.ends[i] = avro_compiler_emit(compiler, (struct step){.code = STEP_JUMP});
    }
    avro_ways_end(compiler, &ways);
    return OK;
}

/* The reader's schema may be gone when the decoder runs. */
static const struct avro_node *leaf_copy(struct compiler *compiler, const struct avro_node *node)
{
    struct avro_node *copy = ARENA_NEW(compiler->arena, struct avro_node);
    copy->kind = node->kind;
    copy->logical = node->logical;
    copy->precision = node->precision;
    copy->scale = node->scale;
    return copy;
}

/* Numbers and booleans. `node` is the reader's side. */
static enum err compile_number(struct compiler *compiler, enum avro_kind from,
                               const struct avro_node *node, const struct type *type,
                               uint16_t column)
{
    static const struct {
        enum avro_kind kind;
        enum type_kind type;
        enum step_code code;
    } ways[] = {
        {AVRO_BOOLEAN, TYPE_BOOLEAN, STEP_BOOLEAN},
        {AVRO_BOOLEAN, TYPE_STRING, STEP_NUMBER},
        {AVRO_INT, TYPE_INTEGER, STEP_INT},
        {AVRO_INT, TYPE_BIGINT, STEP_INT_TO_BIGINT},
        {AVRO_INT, TYPE_DOUBLE, STEP_NUMBER},
        {AVRO_INT, TYPE_STRING, STEP_NUMBER},
        {AVRO_INT, TYPE_DATE, STEP_INT},
        {AVRO_INT, TYPE_TIME, STEP_INT},
        {AVRO_LONG, TYPE_BIGINT, STEP_LONG},
        {AVRO_LONG, TYPE_DOUBLE, STEP_NUMBER},
        {AVRO_LONG, TYPE_STRING, STEP_NUMBER},
        {AVRO_LONG, TYPE_TIMESTAMP, STEP_LONG},
        {AVRO_LONG, TYPE_TIME, STEP_NUMBER},
        {AVRO_FLOAT, TYPE_DOUBLE, STEP_FLOAT},
        {AVRO_FLOAT, TYPE_STRING, STEP_NUMBER},
        {AVRO_DOUBLE, TYPE_DOUBLE, STEP_DOUBLE},
        {AVRO_DOUBLE, TYPE_STRING, STEP_NUMBER},
    };
    const enum avro_logical logical = node->logical;
    const bool micros = logical == AVRO_TIMESTAMP_MICROS || logical == AVRO_TIME_MICROS;
    const bool fits = type->kind == TYPE_DATE ? logical == AVRO_DATE
                      : type->kind == TYPE_TIME
                          ? logical == AVRO_TIME_MILLIS || logical == AVRO_TIME_MICROS
                      : type->kind == TYPE_TIMESTAMP
                          ? logical == AVRO_TIMESTAMP_MILLIS || logical == AVRO_TIMESTAMP_MICROS
                      : type->kind == TYPE_STRING ? logical == AVRO_LOGICAL_NONE
                                                  : true;
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]) && fits; i++) {
        if (ways[i].kind != node->kind || ways[i].type != type->kind)
            continue;
        struct step step = {.code = (uint8_t)ways[i].code, .column = column};
        const bool scaled = micros && type->kind != TYPE_BIGINT;
        if (step.code == STEP_NUMBER || from != node->kind || scaled) {
            step.code = STEP_NUMBER;
            step.from = (uint8_t)from;
            step.via = (uint8_t)node->kind;
            step.node = leaf_copy(compiler, node);
            step.type = type;
        }
        avro_compiler_emit(compiler, step);
        return OK;
    }
    return avro_compiler_refuse(compiler, node, type);
}

/* bytes, string and fixed; a reader may take bytes for a string and the other way round. */
static enum err compile_bytes(struct compiler *compiler, const struct avro_node *writer,
                              const struct avro_node *node, const struct type *type,
                              uint16_t column)
{
    struct step step = {.column = column};
    const bool fixed = writer->kind == AVRO_FIXED;
    if (node->logical == AVRO_DECIMAL && type->kind == TYPE_DECIMAL) {
        step.code = STEP_DECIMAL;
        step.count = fixed ? writer->count : DECIMAL_IN_BYTES;
        step.node = leaf_copy(compiler, node);
        step.type = type;
    } else if (node->kind == AVRO_STRING && type->kind == TYPE_STRING) {
        step.code = STEP_STRING;
    } else if (node->kind != AVRO_STRING && type->kind == TYPE_BYTES) {
        step.code = fixed ? STEP_FIXED : writer->kind == AVRO_STRING ? STEP_STRING : STEP_BYTES;
        step.count = writer->count;
    } else {
        return avro_compiler_refuse(compiler, node, type);
    }
    avro_compiler_emit(compiler, step);
    return OK;
}

static enum err compile_enum(struct compiler *compiler, const struct avro_node *writer,
                             const struct avro_node *reader, const struct type *type,
                             uint16_t column)
{
    if (type->kind != TYPE_STRING)
        return avro_compiler_refuse(compiler, writer, type);
    struct str *symbols = ARENA_ARRAY(compiler->arena, struct str, writer->count);
    for (uint32_t i = 0; i < writer->count; i++) {
        const bool known = !reader || avro_symbol_index(reader, writer->symbols[i]) >= 0;
        symbols[i] = arena_str(compiler->arena, known ? writer->symbols[i] : reader->enum_default);
    }
    avro_compiler_emit(compiler, (struct step){.code = STEP_ENUM,
                                               .column = column,
                                               .count = writer->count,
                                               .symbols = symbols});
    return OK;
}

static enum err compile_plain(struct compiler *compiler, const struct avro_node *writer,
                              const struct avro_node *reader, const struct type *type,
                              uint16_t column)
{
    const struct avro_node *node = reader ? reader : writer;
    switch (writer->kind) {
    case AVRO_NULL:
        avro_compiler_emit(compiler, (struct step){.code = STEP_NULL, .column = column});
        return OK;
    case AVRO_BOOLEAN:
    case AVRO_INT:
    case AVRO_LONG:
    case AVRO_FLOAT:
    case AVRO_DOUBLE:
        return compile_number(compiler, writer->kind, node, type, column);
    case AVRO_BYTES:
    case AVRO_STRING:
    case AVRO_FIXED:
        return compile_bytes(compiler, writer, node, type, column);
    case AVRO_ENUM:
        return compile_enum(compiler, writer, reader, type, column);
    case AVRO_ARRAY:
        return avro_compile_array(compiler, writer, reader, type, column);
    case AVRO_MAP:
        return avro_compile_map(compiler, writer, reader, type, column);
    case AVRO_RECORD:
        return avro_compile_struct(compiler, writer, reader, type, column);
    case AVRO_UNION:
        return compile_union(compiler, writer, reader, type, column);
    }
    must_not_reach();
}

enum err avro_compile_value(struct compiler *compiler, const struct avro_node *writer,
                            const struct avro_node *reader, const struct type *type,
                            uint16_t column)
{
    if (compiler->depth >= AVRO_DEPTH_MAX - 1)
        return why_set(compiler->why, ERR_LIMIT, "types nested deeper than %d", AVRO_DEPTH_MAX);
    if (compiler->count >= STEPS_MAX)
        return why_set(compiler->why, ERR_LIMIT, "schema needs more than %d steps to decode",
                       STEPS_MAX);
    const struct avro_node *side =
        writer->kind == AVRO_UNION ? reader : avro_reader_of(reader, writer);
    compiler->depth++;
    const enum err err = compile_plain(compiler, writer, side, type, column);
    compiler->depth--;
    return err;
}

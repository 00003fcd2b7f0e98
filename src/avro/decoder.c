/* decoder.c -- compiles a decoder: writer, reader and targets to steps, once. */
#include "avro/program.h"
#include "avro/resolve.h"

/* Skipped values beyond these are not compiled. */
#define SKIP_DEPTH_MAX 8
#define SKIP_STEPS_MAX 4096
#define SKIP_FIELDS_MAX 256

struct compiler {
    struct arena *arena;
    struct step *steps;
    uint32_t count;
    uint32_t capacity;
    struct why *why;
    uint32_t depth;
    uint32_t skip_depth;
};

static enum err compile_root(struct compiler *compiler, const struct avro_node *writer,
                             const struct avro_node *reader, const struct avro_target *targets,
                             uint32_t target_count);
static enum err compile_record(struct compiler *compiler, const struct avro_node *writer,
                               const struct avro_node *reader, const struct avro_target *targets,
                               uint32_t target_count);
static enum err compile_value(struct compiler *compiler, const struct avro_node *writer,
                              const struct avro_node *reader, const struct type *type,
                              uint16_t column);
static uint32_t emit(struct compiler *compiler, struct step step);

enum err avro_decoder_new(struct arena *arena, const struct avro_schema *writer,
                          const struct avro_schema *reader, const struct avro_target *targets,
                          uint32_t target_count, bool whole,
                          const struct avro_decoder **ret_decoder, struct why *why)
{
    must(arena != NULL);
    must(writer != NULL);
    must(ret_decoder != NULL);
    must(!whole || target_count <= 1);
    if (reader) {
        const enum err err = avro_can_read(reader, writer, why);
        if (err)
            return err;
    }
    struct compiler compiler = {.arena = arena, .why = why};
    const struct avro_node *root = reader ? reader->root : NULL;
    enum err err;
    if (whole && target_count == 1)
        err = compile_value(&compiler, writer->root, root, targets[0].type, targets[0].column);
    else if (whole)
        err = OK;
    else
        err = compile_root(&compiler, writer->root, root, targets, target_count);
    if (whole && target_count == 0)
        emit(&compiler, (struct step){.code = STEP_SKIP_NODE, .node = writer->root});
    emit(&compiler, (struct step){.code = STEP_END});
    if (err)
        return err;
    if (compiler.count > STEPS_MAX)
        return why_set(why, ERR_LIMIT, "schema needs more than %d steps to decode", STEPS_MAX);
    struct avro_decoder *decoder = ARENA_NEW(arena, struct avro_decoder);
    decoder->steps = compiler.steps;
    decoder->step_count = compiler.count;
    *ret_decoder = decoder;
    return OK;
}

/* Beyond STEPS_MAX the last step is overwritten: avro_decoder_new refuses the whole then. */
static uint32_t emit(struct compiler *compiler, struct step step)
{
    if (compiler->count == compiler->capacity) {
        const uint32_t capacity = compiler->capacity ? compiler->capacity * 2 : 32;
        struct step *steps = ARENA_ARRAY(compiler->arena, struct step, capacity);
        if (compiler->count)
            memcpy(steps, compiler->steps, compiler->count * sizeof(*steps));
        compiler->steps = steps;
        compiler->capacity = capacity;
    }
    if (compiler->count > STEPS_MAX)
        compiler->count--;
    compiler->steps[compiler->count] = step;
    return compiler->count++;
}

static void jump_here(struct compiler *compiler, uint32_t from)
{
    compiler->steps[from].jump = compiler->count - from;
}

static enum err refuse(struct compiler *compiler, const struct avro_node *node,
                       const struct type *type)
{
    struct buf words = {0};
    buf_append_str(&words, STR("cannot read "));
    avro_node_describe(node, &words);
    buf_append_str(&words, STR(" as "));
    type_format(type, &words);
    why_set(compiler->why, ERR_INCOMPATIBLE, "%s", buf_text(&words));
    buf_release(&words);
    return ERR_INCOMPATIBLE;
}

/* The reader's side of a value whose writer's side is no union. */
static const struct avro_node *reader_of(const struct avro_node *reader,
                                         const struct avro_node *writer)
{
    if (!reader || reader->kind != AVRO_UNION)
        return reader;
    return avro_reader_branch(reader, writer);
}

/* [null, T] or [T, null]. */
static bool node_is_nullable(const struct avro_node *node)
{
    return node->count == 2 &&
           (node->branches[0]->kind == AVRO_NULL || node->branches[1]->kind == AVRO_NULL);
}

/* One way for each of the union's branches, all of which end here. */
struct ways {
    uint32_t *jumps;
    uint32_t *ends;
    uint32_t count;
    uint32_t from; /* the UNION */
};

static struct ways ways_begin(struct compiler *compiler, uint32_t count)
{
    struct ways ways = {.jumps = ARENA_ARRAY(compiler->arena, uint32_t, count),
                        .ends = ARENA_ARRAY(compiler->arena, uint32_t, count),
                        .count = count};
    ways.from =
        emit(compiler, (struct step){.code = STEP_UNION, .count = count, .jumps = ways.jumps});
    return ways;
}

static void ways_end(struct compiler *compiler, const struct ways *ways)
{
    for (uint32_t i = 0; i < ways->count; i++)
        jump_here(compiler, ways->ends[i]);
}

static void emit_nulls(struct compiler *compiler, const struct avro_target *targets,
                       uint32_t target_count)
{
    for (uint32_t i = 0; i < target_count; i++)
        emit(compiler, (struct step){.code = STEP_NULL, .column = targets[i].column});
}

/* The root of a wrapped value: a record, or a union of records and null. */
static enum err compile_root(struct compiler *compiler, const struct avro_node *writer,
                             const struct avro_node *reader, const struct avro_target *targets,
                             uint32_t target_count)
{
    if (writer->kind == AVRO_RECORD)
        return compile_record(compiler, writer, reader_of(reader, writer), targets, target_count);
    if (writer->kind == AVRO_NULL) {
        emit_nulls(compiler, targets, target_count);
        return OK;
    }
    if (writer->kind != AVRO_UNION) {
        struct buf words = {0};
        avro_node_describe(writer, &words);
        why_set(compiler->why, ERR_INCOMPATIBLE, "expected a record, the schema is %s",
                buf_text(&words));
        buf_release(&words);
        return ERR_INCOMPATIBLE;
    }
    const struct ways ways = ways_begin(compiler, writer->count);
    for (uint32_t i = 0; i < writer->count; i++) {
        ways.jumps[i] = compiler->count - ways.from;
        const enum err err =
            compile_root(compiler, writer->branches[i], reader, targets, target_count);
        if (err)
            return err;
        ways.ends[i] = emit(compiler, (struct step){.code = STEP_JUMP});
    }
    ways_end(compiler, &ways);
    return OK;
}

static void compile_skip(struct compiler *compiler, const struct avro_node *node);

static void skip_list(struct compiler *compiler, const struct avro_node *node)
{
    const bool map = node->kind == AVRO_MAP;
    const uint32_t width_min = node->item->width_min + (map ? 1 : 0);
    const uint32_t begin =
        emit(compiler, (struct step){.code = STEP_SKIP_LIST, .list = {.width_min = width_min}});
    if (map)
        emit(compiler, (struct step){.code = STEP_SKIP_STRING});
    compile_skip(compiler, node->item);
    emit(compiler, (struct step){.code = STEP_SKIP_LIST_END});
    jump_here(compiler, begin);
}

static void skip_nullable(struct compiler *compiler, const struct avro_node *node)
{
    const uint8_t null_branch = node->branches[0]->kind != AVRO_NULL;
    const uint32_t test =
        emit(compiler, (struct step){.code = STEP_SKIP_NULLABLE, .from = null_branch});
    compile_skip(compiler, node->branches[!null_branch]);
    jump_here(compiler, test);
}

/* Whether a value is skipped by steps of its own: the shapes that real schemas are made of, as
 * long as they are few. The rest, and whatever is recursive, is left to avro_skip_value. */
static bool skips_by_steps(const struct compiler *compiler, const struct avro_node *node)
{
    const bool small = compiler->skip_depth < SKIP_DEPTH_MAX && compiler->count < SKIP_STEPS_MAX &&
                       compiler->depth + SKIP_DEPTH_MAX < AVRO_DEPTH_MAX;
    if (!small || node->width_min == 0)
        return false;
    if (node->kind == AVRO_RECORD)
        return node->count <= SKIP_FIELDS_MAX;
    return node->kind == AVRO_ARRAY || node->kind == AVRO_MAP ||
           (node->kind == AVRO_UNION && node_is_nullable(node));
}

static void compile_skip(struct compiler *compiler, const struct avro_node *node)
{
    static const uint8_t codes[AVRO_UNION + 1] = {
        [AVRO_INT] = STEP_SKIP_INT,     [AVRO_LONG] = STEP_SKIP_LONG,
        [AVRO_FLOAT] = STEP_SKIP_FIXED, [AVRO_DOUBLE] = STEP_SKIP_FIXED,
        [AVRO_FIXED] = STEP_SKIP_FIXED, [AVRO_STRING] = STEP_SKIP_STRING,
        [AVRO_BYTES] = STEP_SKIP_BYTES,
    };
    if (skips_by_steps(compiler, node)) {
        compiler->skip_depth++;
        if (node->kind == AVRO_UNION)
            skip_nullable(compiler, node);
        else if (node->kind != AVRO_RECORD)
            skip_list(compiler, node);
        for (uint32_t i = 0; node->kind == AVRO_RECORD && i < node->count; i++)
            compile_skip(compiler, node->fields[i].node);
        compiler->skip_depth--;
        return;
    }
    struct step step = {.code = codes[node->kind]};
    if (step.code == STEP_SKIP_FIXED)
        step.count = node->width_min;
    if (step.code == 0) {
        step.code = STEP_SKIP_NODE;
        step.node = node;
    }
    emit(compiler, step);
}

/* For each target the field of `node` it means: the exact name first, then without regard to case;
 * a field is one target's. -1: none. */
static int32_t *match_fields(struct compiler *compiler, const struct avro_node *node,
                             const struct avro_target *targets, uint32_t target_count)
{
    int32_t *matches = ARENA_ARRAY(compiler->arena, int32_t, target_count);
    bool *taken = ARENA_ARRAY(compiler->arena, bool, node->count);
    for (uint32_t i = 0; i < target_count; i++) {
        matches[i] = -1;
        for (uint32_t j = 0; j < node->count && matches[i] < 0; j++)
            if (!taken[j] && str_equal(targets[i].name, node->fields[j].name))
                taken[matches[i] = (int32_t)j] = true;
    }
    for (uint32_t i = 0; i < target_count; i++)
        for (uint32_t j = 0; j < node->count && matches[i] < 0; j++)
            if (!taken[j] && str_equal_nocase(targets[i].name, node->fields[j].name))
                taken[matches[i] = (int32_t)j] = true;
    return matches;
}

static enum err compile_field(struct compiler *compiler, const struct avro_field *writer,
                              const struct avro_field *reader, const struct avro_target *target)
{
    const enum err err = compile_value(compiler, writer->node, reader ? reader->node : NULL,
                                       target->type, target->column);
    if (err)
        why_prefix(compiler->why, "field '%.*s'", STR_ARGS(writer->name));
    return err;
}

/* A field that only the reader has: its default, read like any other value. */
static enum err compile_default(struct compiler *compiler, const struct avro_field *field,
                                const struct avro_target *target)
{
    struct buf bytes = {0};
    enum err err = avro_default_encode(field, &bytes);
    if (err) {
        buf_release(&bytes);
        return why_set(compiler->why, ERR_INCOMPATIBLE, "default of field '%.*s' is no value of it",
                       STR_ARGS(field->name));
    }
    emit(compiler, (struct step){.code = STEP_CONSTANT,
                                 .constant = arena_str(compiler->arena, buf_str(&bytes))});
    buf_release(&bytes);
    const struct avro_field own = {.name = field->name, .node = field->node};
    err = compile_field(compiler, &own, NULL, target);
    emit(compiler, (struct step){.code = STEP_CONSTANT_END});
    return err;
}

/* The targets that are not among the writer's fields. */
static enum err compile_missing(struct compiler *compiler, const struct avro_node *reader,
                                const int32_t *matches, const bool *done,
                                const struct avro_target *targets, uint32_t target_count)
{
    for (uint32_t i = 0; i < target_count; i++) {
        if (done[i])
            continue;
        if (!reader || matches[i] < 0) {
            emit(compiler, (struct step){.code = STEP_NULL, .column = targets[i].column});
            continue;
        }
        const enum err err = compile_default(compiler, &reader->fields[matches[i]], &targets[i]);
        if (err)
            return err;
    }
    return OK;
}

static enum err compile_record(struct compiler *compiler, const struct avro_node *writer,
                               const struct avro_node *reader, const struct avro_target *targets,
                               uint32_t target_count)
{
    const struct avro_node *named = reader ? reader : writer;
    const int32_t *matches = match_fields(compiler, named, targets, target_count);
    const struct avro_target **wanted =
        ARENA_ARRAY(compiler->arena, const struct avro_target *, writer->count);
    const struct avro_field **sources =
        ARENA_ARRAY(compiler->arena, const struct avro_field *, writer->count);
    bool *done = ARENA_ARRAY(compiler->arena, bool, target_count);
    for (uint32_t i = 0; i < target_count; i++) {
        if (matches[i] < 0)
            continue;
        const struct avro_field *field = &named->fields[matches[i]];
        const int index = reader ? avro_writer_field(writer, field) : matches[i];
        if (index < 0)
            continue;
        wanted[index] = &targets[i];
        sources[index] = reader ? field : NULL;
        done[i] = true;
    }
    for (uint32_t i = 0; i < writer->count; i++) {
        if (!wanted[i]) {
            compile_skip(compiler, writer->fields[i].node);
            continue;
        }
        const enum err err = compile_field(compiler, &writer->fields[i], sources[i], wanted[i]);
        if (err)
            return err;
    }
    return compile_missing(compiler, reader, matches, done, targets, target_count);
}

static enum err compile_union(struct compiler *compiler, const struct avro_node *writer,
                              const struct avro_node *reader, const struct type *type,
                              uint16_t column)
{
    if (node_is_nullable(writer)) {
        const uint8_t null_branch = writer->branches[0]->kind != AVRO_NULL;
        const uint32_t test = emit(
            compiler, (struct step){.code = STEP_NULLABLE, .from = null_branch, .column = column});
        const enum err err =
            compile_value(compiler, writer->branches[!null_branch], reader, type, column);
        jump_here(compiler, test);
        return err;
    }
    const struct ways ways = ways_begin(compiler, writer->count);
    for (uint32_t i = 0; i < writer->count; i++) {
        ways.jumps[i] = compiler->count - ways.from;
        const enum err err = compile_value(compiler, writer->branches[i], reader, type, column);
        if (err)
            return err;
        ways.ends[i] = emit(compiler, (struct step){.code = STEP_JUMP});
    }
    ways_end(compiler, &ways);
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
        emit(compiler, step);
        return OK;
    }
    return refuse(compiler, node, type);
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
        return refuse(compiler, node, type);
    }
    emit(compiler, step);
    return OK;
}

static enum err compile_enum(struct compiler *compiler, const struct avro_node *writer,
                             const struct avro_node *reader, const struct type *type,
                             uint16_t column)
{
    if (type->kind != TYPE_STRING)
        return refuse(compiler, writer, type);
    struct str *symbols = ARENA_ARRAY(compiler->arena, struct str, writer->count);
    for (uint32_t i = 0; i < writer->count; i++) {
        const bool known = !reader || avro_symbol_index(reader, writer->symbols[i]) >= 0;
        symbols[i] = arena_str(compiler->arena, known ? writer->symbols[i] : reader->enum_default);
    }
    emit(compiler,
         (struct step){
             .code = STEP_ENUM, .column = column, .count = writer->count, .symbols = symbols});
    return OK;
}

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

static const struct avro_target *struct_targets(struct compiler *compiler, const struct type *type)
{
    struct avro_target *targets =
        ARENA_ARRAY(compiler->arena, struct avro_target, type->field_count);
    for (uint32_t i = 0; i < type->field_count; i++)
        targets[i] = (struct avro_target){
            .name = type->fields[i].name, .type = type->fields[i].type, .column = (uint16_t)i};
    return targets;
}

/* The bytes of a map's entry beside its keys and values, for telling keys apart. */
#define ENTRY_COST 16

static uint32_t begin_list(struct compiler *compiler, const struct avro_node *writer,
                           const struct type *type, uint16_t column, enum list_shape shape)
{
    const bool map = writer->kind == AVRO_MAP;
    const uint32_t key_cost = type->key ? cell_cost(type->key) + ENTRY_COST : 0;
    return emit(compiler,
                (struct step){.code = STEP_LIST,
                              .shape = (uint8_t)shape,
                              .column = column,
                              .list = {.width_min = writer->item->width_min + (map ? 1 : 0),
                                       .cost = cell_cost(type->item) + key_cost}});
}

static void end_list(struct compiler *compiler, uint32_t begin)
{
    emit(compiler, (struct step){.code = STEP_LIST_END});
    jump_here(compiler, begin);
}

static enum err compile_array(struct compiler *compiler, const struct avro_node *writer,
                              const struct avro_node *reader, const struct type *type,
                              uint16_t column)
{
    const struct avro_node *item = writer->item;
    const struct avro_node *reader_item = reader ? reader->item : NULL;
    enum err err;
    if (type->kind == TYPE_ARRAY && type->item->kind == TYPE_STRUCT && item->kind == AVRO_RECORD) {
        const uint32_t begin = begin_list(compiler, writer, type, column, LIST_FIELDS);
        err = compile_record(compiler, item, reader_of(reader_item, item),
                             struct_targets(compiler, type->item), type->item->field_count);
        end_list(compiler, begin);
        return err;
    }
    if (type->kind == TYPE_ARRAY) {
        const uint32_t begin = begin_list(compiler, writer, type, column, LIST_ITEMS);
        err = compile_value(compiler, item, reader_item, type->item, 0);
        end_list(compiler, begin);
        return err;
    }
    if (type->kind != TYPE_MAP || item->kind != AVRO_RECORD || !writer->is_map_entry)
        return refuse(compiler, writer, type);
    const struct avro_target entry[] = {{.name = STR("key"), .type = type->key, .column = 0},
                                        {.name = STR("value"), .type = type->item, .column = 1}};
    const uint32_t begin = begin_list(compiler, writer, type, column, LIST_ENTRIES);
    err = compile_record(compiler, item, reader_of(reader_item, item), entry, 2);
    end_list(compiler, begin);
    return err;
}

static enum err compile_map(struct compiler *compiler, const struct avro_node *writer,
                            const struct avro_node *reader, const struct type *type,
                            uint16_t column)
{
    if (type->kind != TYPE_MAP || type->key->kind != TYPE_STRING)
        return refuse(compiler, writer, type);
    const uint32_t begin = begin_list(compiler, writer, type, column, LIST_ENTRIES);
    emit(compiler, (struct step){.code = STEP_STRING, .column = 0});
    const enum err err =
        compile_value(compiler, writer->item, reader ? reader->item : NULL, type->item, 1);
    end_list(compiler, begin);
    return err;
}

static enum err compile_struct(struct compiler *compiler, const struct avro_node *writer,
                               const struct avro_node *reader, const struct type *type,
                               uint16_t column)
{
    if (type->kind != TYPE_STRUCT)
        return refuse(compiler, writer, type);
    emit(compiler, (struct step){.code = STEP_STRUCT, .column = column});
    const enum err err =
        compile_record(compiler, writer, reader, struct_targets(compiler, type), type->field_count);
    emit(compiler, (struct step){.code = STEP_STRUCT_END});
    return err;
}

static enum err compile_plain(struct compiler *compiler, const struct avro_node *writer,
                              const struct avro_node *reader, const struct type *type,
                              uint16_t column)
{
    const struct avro_node *node = reader ? reader : writer;
    switch (writer->kind) {
    case AVRO_NULL:
        emit(compiler, (struct step){.code = STEP_NULL, .column = column});
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
        return compile_array(compiler, writer, reader, type, column);
    case AVRO_MAP:
        return compile_map(compiler, writer, reader, type, column);
    case AVRO_RECORD:
        return compile_struct(compiler, writer, reader, type, column);
    case AVRO_UNION:
        return compile_union(compiler, writer, reader, type, column);
    }
    must_not_reach();
}

/* One value into one cell. Recursive types end where the target's type ends. */
static enum err compile_value(struct compiler *compiler, const struct avro_node *writer,
                              const struct avro_node *reader, const struct type *type,
                              uint16_t column)
{
    if (compiler->depth >= AVRO_DEPTH_MAX - 1)
        return why_set(compiler->why, ERR_LIMIT, "types nested deeper than %d", AVRO_DEPTH_MAX);
    if (compiler->count >= STEPS_MAX)
        return why_set(compiler->why, ERR_LIMIT, "schema needs more than %d steps to decode",
                       STEPS_MAX);
    const struct avro_node *side = writer->kind == AVRO_UNION ? reader : reader_of(reader, writer);
    compiler->depth++;
    const enum err err = compile_plain(compiler, writer, side, type, column);
    compiler->depth--;
    return err;
}

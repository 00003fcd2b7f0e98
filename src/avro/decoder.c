/* decoder.c -- compiles a decoder: writer, reader and targets to steps, once. */
#include "avro/compiler.h"

static enum err finish(struct compiler *compiler, enum step_code end,
                       const struct avro_decoder **ret_decoder);
static enum err compile_root(struct compiler *compiler, const struct avro_node *writer,
                             const struct avro_node *reader, const struct avro_target *targets,
                             uint32_t target_count);

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
        err = avro_compile_value(&compiler, writer->root, root, targets[0].type, targets[0].column);
    else if (whole)
        err = OK;
    else
        err = compile_root(&compiler, writer->root, root, targets, target_count);
    if (whole && target_count == 0)
        avro_compiler_emit(&compiler, (struct step){.code = STEP_SKIP_NODE, .node = writer->root});
    return err ? err : finish(&compiler, STEP_END, ret_decoder);
}

enum err avro_decoder_new_head(struct arena *arena, const struct avro_schema *writer,
                               const struct avro_target *targets, uint32_t target_count,
                               const struct avro_decoder **ret_decoder, struct why *why)
{
    must(arena != NULL);
    must(writer != NULL);
    must(ret_decoder != NULL);
    struct compiler compiler = {.arena = arena, .why = why, .head_only = true};
    const enum err err = compile_root(&compiler, writer->root, NULL, targets, target_count);
    return err ? err : finish(&compiler, STEP_HEAD_END, ret_decoder);
}

static enum err finish(struct compiler *compiler, enum step_code end,
                       const struct avro_decoder **ret_decoder)
{
    avro_compiler_emit(compiler, (struct step){.code = (uint8_t)end});
    if (compiler->count > STEPS_MAX)
        return why_set(compiler->why, ERR_LIMIT, "schema needs more than %d steps to decode",
                       STEPS_MAX);
    struct avro_decoder *decoder = ARENA_NEW(compiler->arena, struct avro_decoder);
    decoder->steps = compiler->steps;
    decoder->step_count = compiler->count;
    *ret_decoder = decoder;
    return OK;
}

uint32_t avro_compiler_emit(struct compiler *compiler, struct step step)
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

void avro_compiler_jump_here(struct compiler *compiler, uint32_t from)
{
    compiler->steps[from].jump = compiler->count - from;
}

enum err avro_compiler_refuse(struct compiler *compiler, const struct avro_node *node,
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

const struct avro_node *avro_reader_of(const struct avro_node *reader,
                                       const struct avro_node *writer)
{
    if (!reader || reader->kind != AVRO_UNION)
        return reader;
    return avro_reader_branch(reader, writer);
}

struct ways avro_ways_begin(struct compiler *compiler, uint32_t count)
{
    struct ways ways = {.jumps = ARENA_ARRAY(compiler->arena, uint32_t, count),
                        .ends = ARENA_ARRAY(compiler->arena, uint32_t, count),
                        .count = count};
    ways.from = avro_compiler_emit(
        compiler, (struct step){.code = STEP_UNION, .count = count, .jumps = ways.jumps});
    return ways;
}

void avro_ways_end(struct compiler *compiler, const struct ways *ways)
{
    for (uint32_t i = 0; i < ways->count; i++)
        avro_compiler_jump_here(compiler, ways->ends[i]);
}

static void emit_nulls(struct compiler *compiler, const struct avro_target *targets,
                       uint32_t target_count)
{
    for (uint32_t i = 0; i < target_count; i++)
        avro_compiler_emit(compiler, (struct step){.code = STEP_NULL, .column = targets[i].column});
}

/* The root of a wrapped value: a record, or a union of records and null. */
static enum err compile_root(struct compiler *compiler, const struct avro_node *writer,
                             const struct avro_node *reader, const struct avro_target *targets,
                             uint32_t target_count)
{
    if (writer->kind == AVRO_RECORD)
        return avro_compile_record(compiler, writer, avro_reader_of(reader, writer), targets,
                                   target_count);
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
    const struct ways ways = avro_ways_begin(compiler, writer->count);
    for (uint32_t i = 0; i < writer->count; i++) {
        ways.jumps[i] = compiler->count - ways.from;
        const enum err err =
            compile_root(compiler, writer->branches[i], reader, targets, target_count);
        if (err)
            return err;
        ways.ends[i] = avro_compiler_emit(compiler, (struct step){.code = STEP_JUMP});
    }
    avro_ways_end(compiler, &ways);
    return OK;
}

/* decoder_record.c -- compiles records: which field goes where, and the fields that are not there.
 */
#include "avro/compiler.h"

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
    const enum err err = avro_compile_value(compiler, writer->node, reader ? reader->node : NULL,
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
    avro_compiler_emit(compiler,
                       (struct step){.code = STEP_CONSTANT,
                                     .constant = arena_str(compiler->arena, buf_str(&bytes))});
    buf_release(&bytes);
    const struct avro_field own = {.name = field->name, .node = field->node};
    err = compile_field(compiler, &own, NULL, target);
    avro_compiler_emit(compiler, (struct step){.code = STEP_CONSTANT_END});
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
            avro_compiler_emit(compiler,
                               (struct step){.code = STEP_NULL, .column = targets[i].column});
            continue;
        }
        const enum err err = compile_default(compiler, &reader->fields[matches[i]], &targets[i]);
        if (err)
            return err;
    }
    return OK;
}

enum err avro_compile_record(struct compiler *compiler, const struct avro_node *writer,
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
    uint32_t count = writer->count;
    const bool head_only = compiler->head_only;
    while (head_only && count > 0 && !wanted[count - 1])
        count--;
    compiler->head_only = false;
    for (uint32_t i = 0; i < count; i++) {
        if (!wanted[i]) {
            avro_compile_skip(compiler, writer->fields[i].node);
            continue;
        }
        const enum err err = compile_field(compiler, &writer->fields[i], sources[i], wanted[i]);
        if (err)
            return err;
    }
    compiler->head_only = head_only;
    return compile_missing(compiler, reader, matches, done, targets, target_count);
}

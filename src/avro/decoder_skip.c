/* decoder_skip.c -- compiles the way past values that nobody wants. */
#include "avro/compiler.h"

/* Skipped values beyond these are not compiled. */
#define SKIP_DEPTH_MAX 8
#define SKIP_STEPS_MAX 4096
#define SKIP_FIELDS_MAX 256

static void skip_list(struct compiler *compiler, const struct avro_node *node)
{
    const bool map = node->kind == AVRO_MAP;
    const uint32_t width_min = node->item->width_min + (map ? 1 : 0);
    const uint32_t begin = avro_compiler_emit(
        compiler, (struct step){.code = STEP_SKIP_LIST, .list = {.width_min = width_min}});
    if (map)
        avro_compiler_emit(compiler, (struct step){.code = STEP_SKIP_STRING});
    avro_compile_skip(compiler, node->item);
    avro_compiler_emit(compiler, (struct step){.code = STEP_SKIP_LIST_END});
    avro_compiler_jump_here(compiler, begin);
}

static void skip_nullable(struct compiler *compiler, const struct avro_node *node)
{
    const uint8_t null_branch = node->branches[0]->kind != AVRO_NULL;
    const uint32_t test = avro_compiler_emit(
        compiler, (struct step){.code = STEP_SKIP_NULLABLE, .from = null_branch});
    avro_compile_skip(compiler, node->branches[!null_branch]);
    avro_compiler_jump_here(compiler, test);
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
           (node->kind == AVRO_UNION && avro_is_nullable(node));
}

void avro_compile_skip(struct compiler *compiler, const struct avro_node *node)
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
            avro_compile_skip(compiler, node->fields[i].node);
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
    avro_compiler_emit(compiler, step);
}

/* pull_where.c -- which partitions a pull query's rows are in. */
#include "base/hash.h"
#include "data/kept.h"
#include "flow/pull.h"
#include "flow/query.h"
#include "format/format.h"

static enum err find_partitions(const struct pull *pull, const struct plan_input *input,
                                int32_t partition_count, int32_t *partitions, struct why *why);
static const struct plan_input *keyed_input(const struct pull *pull);
static int32_t count_partitions(const struct pull *pull);

enum err flow_pull_where(struct flow_query *query, const struct pull_plan *plan,
                         struct arena *arena, uint32_t *ret_stage, const int32_t **ret_partitions,
                         uint32_t *ret_count, struct why *why)
{
    struct pull pull = {.query = query, .plan = plan};
    arena_init(&pull.arena, 0);
    enum err err = pull_resolve(&pull, why);
    if (err == OK) {
        const struct plan_input *input = keyed_input(&pull);
        *ret_stage = pull.stage;
        *ret_partitions = NULL;
        *ret_count = 0;
        if (input) {
            int32_t *partitions = ARENA_ARRAY(arena, int32_t, pull.key_count + 1);
            err = find_partitions(&pull, input, count_partitions(&pull), partitions, why);
            *ret_partitions = partitions;
            *ret_count = pull.key_count;
        }
    }
    arena_release(&pull.arena);
    return err;
}

/* The input whose keys are the state's, if we have put its records where they are: a user's topic
 * may be written by whatever rule. With one column there is one order. NULL: not known. */
static const struct plan_input *keyed_input(const struct pull *pull)
{
    const struct plan_stage *stage = &pull->query->plan->stages[pull->stage];
    const struct plan_input *input = &stage->inputs[0];
    const struct row_type *row_type = input->format.row_type;
    if (!pull->keys || !input->is_internal || stage->gathers || pull->shape.key_count != 1 ||
        row_type_key_count(row_type) != 1 || input->format.window != WINDOW_NONE)
        return NULL;
    for (uint32_t i = 0; i < row_type->column_count; i++)
        if (row_type->columns[i].role == COLUMN_KEY &&
            type_equal(row_type->columns[i].type, pull->shape.key_types[0]))
            return input;
    return NULL;
}

static int32_t count_partitions(const struct pull *pull)
{
    int32_t count = 0;
    for (uint32_t i = 0; i < pull->query->task_count; i++)
        count += pull->query->tasks[i].stage == pull->stage;
    return count;
}

/* As flow/output.c has chosen it. */
static enum err find_partitions(const struct pull *pull, const struct plan_input *input,
                                int32_t partition_count, int32_t *partitions, struct why *why)
{
    const struct row_type *row_type = input->format.row_type;
    struct arena arena;
    struct encoder *encoder = NULL;
    struct buf key = {0};
    uint32_t column = 0;
    arena_init(&arena, 0);
    uint16_t *map = ARENA_ARRAY(&arena, uint16_t, row_type->column_count + 1);
    for (uint32_t i = 0; i < row_type->column_count; i++) {
        map[i] = (uint16_t)i;
        if (row_type->columns[i].role == COLUMN_KEY)
            column = i;
    }
    struct record_format format = input->format;
    format.topic = query_internal_topic(pull->query, format.topic, &arena);
    enum err err = encoder_new(&format, map, pull->query->flow->options.registry, &encoder, why);
    for (uint32_t i = 0; i < pull->key_count && err == OK; i++) {
        struct batch *batch = batch_new(&arena, row_type, 1);
        struct value value;
        bool is_null = false;
        buf_clear(&key);
        err = kept_read_values(pull->keys[i], pull->shape.key_types, 1, &value, &arena);
        if (err == OK) {
            column_set(&batch->columns[column], 0, &value, &arena);
            batch->row_count = 1;
            err = encoder_key(encoder, batch, 0, &key, &is_null);
        }
        if (err == OK)
            partitions[i] = hash_partition(key.size > 0 ? (const char *)key.data : "", key.size,
                                           partition_count);
    }
    encoder_free(encoder);
    buf_release(&key);
    arena_release(&arena);
    return err;
}

/* pull_rows.c -- from rows of a state to rows of the answer, in the caller's thread. */
#include "flow/pull.h"

static enum err pass_batch(struct pull *pull, const struct pull_row *rows, uint32_t count,
                           struct why *why);
static void project(struct expr *const *exprs, const struct row_type *row_type,
                    struct batch *batch);
static struct batch *scan_batch(const struct pull *pull, const struct batch *from);
static void set_times(struct column *column, const struct batch *from, const int64_t *times);
static void keep_keys(const struct pull *pull, struct batch *batch);
static bool has_key(const struct pull *pull, const struct batch *batch, uint32_t row, uint32_t key);

enum err pull_pass_rows(struct pull *pull, const struct pull_answer *answer, struct why *why)
{
    size_t begin = 0;
    while (begin < answer->count && !pull->stopped) {
        const size_t rest = answer->count - begin;
        const uint32_t count = rest < BATCH_ROWS_MAX ? (uint32_t)rest : BATCH_ROWS_MAX;
        const enum err err = pass_batch(pull, &answer->rows[begin], count, why);
        if (err != OK)
            return err;
        begin += count;
    }
    return OK;
}

static enum err pass_batch(struct pull *pull, const struct pull_row *rows, uint32_t count,
                           struct why *why)
{
    struct arena *arena = &pull->batch_arena;
    arena_clear(arena);
    struct batch *batch = batch_new(arena, pull->state->row_type, count);
    if (pull->shape.is_windowed)
        batch_add_windows(batch);
    for (uint32_t i = 0; i < count; i++) {
        if (state_row_read(&pull->shape, rows[i].key, rows[i].value, batch, i) != OK)
            return why_set(why, ERR_CORRUPT, "a row of the table cannot be read");
    }
    batch->row_count = count;
    batch_select_all(batch);
    struct evaluation evaluation = {.arena = arena, .batch = batch};
    for (uint32_t i = 0; i < pull->above_count; i++) {
        const struct plan_node *node = pull->above[i];
        if (node->kind == NODE_FILTER)
            expr_filter(node->condition, &evaluation, batch);
        else
            project(node->exprs, node->row_type, batch);
    }
    batch = scan_batch(pull, batch);
    evaluation.batch = batch;
    if (pull->compares)
        keep_keys(pull, batch);
    if (pull->plan->condition)
        expr_filter(pull->plan->condition, &evaluation, batch);
    if (pull->left >= 0 && batch->selected_count > pull->left)
        batch->selected_count = (uint32_t)pull->left;
    if (pull->left >= 0)
        pull->left -= batch->selected_count;
    project(pull->plan->exprs, pull->plan->row_type, batch);
    if (batch->selected_count > 0 && !pull->on_rows(pull->context, batch))
        pull->stopped = true;
    if (pull->left == 0)
        pull->stopped = true;
    return OK;
}

static void project(struct expr *const *exprs, const struct row_type *row_type, struct batch *batch)
{
    struct evaluation evaluation = {.arena = batch->arena, .batch = batch};
    struct column *columns = ARENA_ARRAY(batch->arena, struct column, row_type->column_count);
    for (uint32_t i = 0; i < row_type->column_count; i++)
        columns[i] = *expr_evaluate(exprs[i], &evaluation);
    batch->columns = columns;
    batch->row_type = row_type;
}

/* The table's columns, then ROWTIME, WINDOWSTART and WINDOWEND. */
static struct batch *scan_batch(const struct pull *pull, const struct batch *from)
{
    const struct row_type *row_type = pull->plan->scan_type;
    const uint32_t count = pull->output->format.row_type->column_count;
    struct batch *batch = arena_copy(from->arena, from, sizeof(*from));
    batch->row_type = row_type;
    batch->columns = ARENA_ARRAY(from->arena, struct column, row_type->column_count);
    for (uint32_t i = 0; i < count; i++)
        batch->columns[i] = from->columns[pull->output->map[i]];
    for (uint32_t i = count; i < row_type->column_count; i++)
        column_init(&batch->columns[i], row_type->columns[i].type, from->capacity, from->arena);
    set_times(&batch->columns[count], from, from->timestamps);
    set_times(&batch->columns[count + 1], from, from->window_starts);
    set_times(&batch->columns[count + 2], from, from->window_ends);
    return batch;
}

/* times NULL: there are none. */
static void set_times(struct column *column, const struct batch *from, const int64_t *times)
{
    for (uint32_t i = 0; i < from->row_count; i++) {
        if (times)
            column->bigints[i] = times[i];
        else
            column_set_null(column, i);
    }
}

static void keep_keys(const struct pull *pull, struct batch *batch)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < batch->selected_count; i++) {
        const uint16_t row = batch->selection[i];
        bool wanted = false;
        for (uint32_t j = 0; j < pull->plan->key_count && !wanted; j++)
            wanted = has_key(pull, batch, row, j);
        if (wanted)
            batch->selection[kept++] = row;
    }
    batch->selected_count = kept;
}

static bool has_key(const struct pull *pull, const struct batch *batch, uint32_t row, uint32_t key)
{
    const uint32_t width = row_type_key_count(pull->output->format.row_type);
    for (uint32_t i = 0; i < width; i++) {
        const struct value value = column_get(&batch->columns[i], row, batch->arena);
        if (!value_equal(batch->columns[i].type, &value, &pull->plan->keys[key * width + i]))
            return false;
    }
    return true;
}

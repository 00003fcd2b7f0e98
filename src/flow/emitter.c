/* emitter.c -- rows of a table into batches: kinds, and the row before where it is wanted. */
#include "flow/emitter.h"

#include "flow/task.h"

#define ROWS_MIN 16

static struct batch *batch_make(struct emitter *emitter, uint32_t capacity);
static bool read_row(struct emitter *emitter, struct str key, struct str value, struct batch *batch,
                     uint32_t row);

void emitter_init(struct emitter *emitter, struct operator* op, const struct state_shape *shape)
{
    *emitter = (struct emitter){.op = op, .shape = shape};
    const struct operator* above = op->next;
    while (above->node && above->node->kind == NODE_PROJECT)
        above = above->next;
    emitter->with_before = above->node != NULL;
}

/* Batches begin small, so that one change costs little, and grow as long as they fill up. */
void emitter_add(struct emitter *emitter, const struct emission *emission)
{
    struct task *task = emitter->op->task;
    if (task->replaying || task_failed(task))
        return;
    uint32_t capacity = ROWS_MIN;
    if (emitter->batch && emitter->batch->row_count == emitter->batch->capacity) {
        capacity = emitter->batch->capacity * 4;
        emitter_flush(emitter);
    }
    if (!emitter->batch)
        emitter->batch = batch_make(emitter, capacity < BATCH_ROWS_MAX ? capacity : BATCH_ROWS_MAX);
    struct batch *batch = emitter->batch;
    const uint32_t row = batch->row_count;
    struct arena *arena = &task->batch_arena;
    const struct str key = arena_str(arena, emission->key);
    const struct str no_value = {NULL, 0};
    const struct str value = emission->value.data ? arena_str(arena, emission->value) : no_value;

    batch->kinds[row] = value.data ? ROW_PUT : ROW_DELETE;
    batch->timestamps[row] = emission->timestamp_ms;
    if (!read_row(emitter, key, value, batch, row))
        return;
    if (emitter->with_before && emission->before.data) {
        batch->before_exists[row] = 1;
        if (!read_row(emitter, key, arena_str(arena, emission->before), batch->before, row))
            return;
    }
    batch_set_headers(batch, row, emission->headers);
    batch->row_count++;
}

void emitter_flush(struct emitter *emitter)
{
    struct batch *batch = emitter->batch;
    emitter->batch = NULL;
    if (!batch || batch->row_count == 0)
        return;
    batch_select_all(batch);
    if (batch->before)
        batch->before->row_count = batch->row_count;
    operator_emit(emitter->op, batch);
}

void emitter_add_step(struct emitter *emitter, const struct table *table)
{
    const struct table_step *step = table_step(table);
    for (uint32_t i = 0; i < step->count; i++) {
        const struct table_change *change = &step->changes[i];
        struct emission emission = {
            .key = change->key, .before = change->before, .timestamp_ms = change->timestamp_ms};
        if (table_get(table, change->key, &emission.value) || change->before.data)
            emitter_add(emitter, &emission);
    }
}

static struct batch *batch_make(struct emitter *emitter, uint32_t capacity)
{
    struct batch *batch =
        batch_new(&emitter->op->task->batch_arena, emitter->shape->node->row_type, capacity);
    batch_add_kinds(batch);
    if (emitter->shape->is_windowed)
        batch_add_windows(batch);
    if (emitter->with_before) {
        batch_add_before(batch);
        if (emitter->shape->is_windowed)
            batch_add_windows(batch->before);
    }
    return batch;
}

static bool read_row(struct emitter *emitter, struct str key, struct str value, struct batch *batch,
                     uint32_t row)
{
    const enum err err = state_row_read(emitter->shape, key, value, batch, row);
    if (err == OK)
        return true;
    struct why why;
    (void)why_set(&why, err, "the table of node %u has a row that cannot be read: %s",
                  emitter->shape->node->id, err_text(err));
    task_fail(emitter->op->task, ERR_CORRUPT, &why);
    return false;
}

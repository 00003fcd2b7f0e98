/* op_table.c -- changes of an input, or from below, as a table that is kept. */
#include "flow/op_table.h"

#include "base/memory.h"
#include "flow/emitter.h"
#include "flow/task.h"

struct op_table {
    struct operator op; /* first */
    struct state_shape shape;
    struct emitter emitter;
    bool is_looked_up; /* a join looks rows up: nothing is emitted */
    struct buf key;
    struct buf value;
    struct buf before;
};

static struct op_table *self_of(const struct operator* op);
static void run(struct operator* op, uint32_t side, struct batch *batch);
static void drain(struct operator* op);
static void end_step(struct operator* op);
static enum err restore(struct operator* op, struct why *why);
static void committed(struct operator* op, uint64_t step_number);
static void measure(const struct operator* op, struct operator_usage *usage);
static void op_table_free(struct operator* op);
static void change_row(struct op_table *self, const struct batch *batch, uint32_t row);

static const struct operator_ops op_table_ops = {
    .prepare = operator_prepare_none,
    .run = run,
    .drain = drain,
    .end_step = end_step,
    .restore = restore,
    .committed = committed,
    .measure = measure,
    .free = op_table_free,
};

enum err op_table_new(struct task *task, const struct plan_node *node, struct operator** ret_op,
                      struct why *why)
{
    must(node->kind == NODE_TABLE || node->kind == NODE_KEEP);
    struct op_table *self = MEMORY_NEW(struct op_table);
    self->op = (struct operator){.ops = &op_table_ops, .node = node, .task = task};
    state_shape_init(&self->shape, node, &task->arena);
    const enum err err = table_open(task, node->id, self->shape.is_windowed, &self->op.table, why);
    if (err == OK)
        *ret_op = &self->op;
    else
        op_table_free(&self->op);
    return err;
}

const struct state_shape *op_table_shape(const struct operator* op)
{
    return &self_of(op)->shape;
}

static struct op_table *self_of(const struct operator* op)
{
    must(op->ops == &op_table_ops);
    return (struct op_table *)op;
}

static void run(struct operator* op, uint32_t side, struct batch *batch)
{
    struct op_table *self = self_of(op);
    if (op->task->replaying)
        return;
    for (uint32_t i = 0; i < batch->selected_count && !task_failed(op->task); i++)
        change_row(self, batch, batch->selection[i]);
    /* Another table is looked at for each change, as it is before it changes itself. */
    if (op->next->node && op->next->node->kind == NODE_TABLES_JOIN)
        emitter_flush(&self->emitter);
}

static void drain(struct operator* op)
{
    emitter_flush(&self_of(op)->emitter);
}

static void end_step(struct operator* op)
{
    struct op_table *self = self_of(op);
    if (!self->is_looked_up && !op->task->emit_every_change)
        emitter_add_step(&self->emitter, op->table);
    emitter_flush(&self->emitter);
    const enum err err = table_end_step(op->table);
    if (err != OK)
        task_fail(op->task, err, NULL);
}

static enum err restore(struct operator* op, struct why *why)
{
    struct op_table *self = self_of(op);
    self->is_looked_up = op->next->node && op->next->node->kind == NODE_TABLE_JOIN;
    emitter_init(&self->emitter, op, &self->shape);
    return OK;
}

static void committed(struct operator* op, uint64_t step_number)
{
    table_committed(op->table, step_number);
}

static void measure(const struct operator* op, struct operator_usage *usage)
{
    if (op->table)
        table_measure(op->table, usage);
}

static void op_table_free(struct operator* op)
{
    struct op_table *self = self_of(op);
    table_free(op->table);
    buf_release(&self->key);
    buf_release(&self->value);
    buf_release(&self->before);
    free(self);
}

static void change_row(struct op_table *self, const struct batch *batch, uint32_t row)
{
    struct task *task = self->op.task;
    struct table *table = self->op.table;
    buf_clear(&self->key);
    if (!state_row_key(&self->shape, batch, row, &self->key)) {
        task_count(task, COUNTER_null_key, 1);
        return;
    }
    const bool emits = task->emit_every_change && !self->is_looked_up;
    struct emission emission = {.key = buf_str(&self->key),
                                .timestamp_ms = batch->timestamps[row],
                                .headers = batch_headers(batch, row)};
    struct str before;
    if (emits && table_get(table, emission.key, &before)) {
        buf_clear(&self->before);
        buf_append_str(&self->before, before);
        emission.before = buf_str(&self->before);
    }
    if (batch->kinds && batch->kinds[row] == ROW_DELETE) {
        table_remove(table, emission.key, emission.timestamp_ms);
    } else {
        buf_clear(&self->value);
        state_row_value(&self->shape, batch, row, &self->value);
        emission.value = buf_str(&self->value);
        const enum err err = table_put(table, emission.key, emission.value);
        if (err != OK)
            task_fail(task, err, NULL);
    }
    if (emits)
        emitter_add(&self->emitter, &emission);
}

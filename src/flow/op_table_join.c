/* op_table_join.c -- each row of a stream with the table's current row of the same key.
 *
 * The table is the one its NODE_TABLE keeps; changes of it emit nothing. A batch goes on as it is,
 * with other columns: the stream's are shared, the table's are read beside them. */
#include "base/memory.h"
#include "data/kept.h"
#include "flow/op_table.h"
#include "flow/prepared.h"
#include "flow/table.h"
#include "flow/task.h"

struct table_join {
    struct operator op; /* first */
    const struct operator* table_op;
    const struct state_shape *shape; /* of the table */
    uint16_t *stream_keys;           /* columns of the stream's rows */
    struct prepared prepared;        /* struct made */
    struct buf key;
};

/* Of a batch of the stream. */
struct made {
    struct batch *table_rows;
    struct batch joined;
};

static struct table_join *self_of(const struct operator* op);
static void prepare(struct operator* op, uint32_t side, struct batch *batch);
static void run(struct operator* op, uint32_t side, struct batch *batch);
static void table_join_free(struct operator* op);
static bool join_row(struct table_join *self, const struct batch *batch, uint32_t row,
                     struct batch *table_rows);
static void joined_init(const struct table_join *self, const struct batch *batch,
                        const struct column *table_columns, struct batch *joined);

static const struct operator_ops table_join_ops = {
    .prepare = prepare,
    .run = run,
    .drain = operator_drain_none,
    .end_step = operator_end_step_none,
    .restore = operator_restore_none,
    .committed = operator_committed_none,
    .measure = operator_measure_none,
    .free = table_join_free,
};

enum err op_table_join_new(struct task *task, const struct plan_node *node,
                           struct operator** ret_op, struct why *why)
{
    must(node->kind == NODE_TABLE_JOIN);
    must(node->join == JOIN_INNER || node->join == JOIN_LEFT);
    const struct operator* table_op = NULL;
    for (uint32_t i = 0; i < task->operator_count; i++)
        if (task->operators[i]->node == node->inputs[1])
            table_op = task->operators[i];
    must(table_op != NULL);
    if (table_op->node->kind != NODE_TABLE)
        return why_set(why, ERR_UNSUPPORTED, "a join with a table that is not kept");

    struct table_join *self = MEMORY_NEW(struct table_join);
    self->op = (struct operator){.ops = &table_join_ops, .node = node, .task = task};
    self->table_op = table_op;
    self->shape = op_table_shape(table_op);
    must(self->shape->key_count == node->key_count);
    self->stream_keys = ARENA_ARRAY(&task->arena, uint16_t, node->key_count);
    const struct row_type *stream = node->inputs[0]->row_type;
    uint32_t count = 0;
    for (uint32_t i = 0; i < stream->column_count && count < node->key_count; i++)
        if (stream->columns[i].role == COLUMN_KEY)
            self->stream_keys[count++] = (uint16_t)i;
    must(count == node->key_count);
    *ret_op = &self->op;
    return OK;
}

static struct table_join *self_of(const struct operator* op)
{
    must(op->ops == &table_join_ops);
    return (struct table_join *)op;
}

/* Once a batch: where the table's rows are read to, by the stream's row numbers, and what the rows
 * that go on look like. */
static void prepare(struct operator* op, uint32_t side, struct batch *batch)
{
    struct table_join *self = self_of(op);
    if (side != 0)
        return;
    struct made *made = ARENA_NEW(batch->arena, struct made);
    made->table_rows = batch_new(batch->arena, self->table_op->node->row_type, batch->capacity);
    joined_init(self, batch, made->table_rows->columns, &made->joined);
    prepared_add(&self->prepared, batch, made);
}

static void run(struct operator* op, uint32_t side, struct batch *batch)
{
    struct table_join *self = self_of(op);
    if (side != 0)
        return;
    const struct made *made = prepared_take(&self->prepared, batch);
    if (op->task->replaying)
        return;
    struct batch *joined = arena_copy(batch->arena, &made->joined, sizeof(made->joined));
    joined->selection =
        arena_alloc(batch->arena, (batch->selected_count + 1) * sizeof(*joined->selection));
    for (uint32_t i = 0; i < batch->selected_count && !task_failed(op->task); i++)
        if (join_row(self, batch, batch->selection[i], made->table_rows))
            joined->selection[joined->selected_count++] = batch->selection[i];
    operator_emit(op, joined);
}

static void table_join_free(struct operator* op)
{
    struct table_join *self = self_of(op);
    prepared_release(&self->prepared);
    buf_release(&self->key);
    free(self);
}

/* Whether the row goes on. The table may change before the row is done with: bytes are copied. */
static bool join_row(struct table_join *self, const struct batch *batch, uint32_t row,
                     struct batch *table_rows)
{
    const struct plan_node *node = self->op.node;
    if (batch->null_values && batch->null_values[row]) {
        task_count(self->op.task, COUNTER_null_value, 1);
        return false;
    }
    bool has_key = true;
    for (uint32_t i = 0; i < node->key_count; i++)
        has_key = has_key && !batch->columns[self->stream_keys[i]].nulls[row];
    if (!has_key && node->join == JOIN_INNER)
        task_count(self->op.task, COUNTER_null_key, 1);

    struct str value = {NULL, 0};
    buf_clear(&self->key);
    bool found = false;
    if (has_key) {
        kept_append(batch->columns, self->stream_keys, node->key_count, row, &self->key);
        found = table_get(self->table_op->table, buf_str(&self->key), &value);
    }
    if (!found) {
        for (uint32_t i = 0; i < table_rows->row_type->column_count; i++)
            column_set_null(&table_rows->columns[i], row);
        return node->join == JOIN_LEFT;
    }
    const struct str key = arena_str(batch->arena, buf_str(&self->key));
    const enum err err =
        state_row_read(self->shape, key, arena_str(batch->arena, value), table_rows, row);
    if (err != OK)
        task_fail(self->op.task, ERR_CORRUPT, NULL);
    return err == OK;
}

/* The stream's batch with other columns and nothing selected. */
static void joined_init(const struct table_join *self, const struct batch *batch,
                        const struct column *table_columns, struct batch *joined)
{
    const struct plan_node *node = self->op.node;
    *joined = *batch;
    joined->row_type = node->row_type;
    joined->selected_count = 0;
    joined->null_values = NULL;
    struct column *to = ARENA_ARRAY(batch->arena, struct column, node->row_type->column_count);
    joined->columns = to;
    for (uint32_t i = 0; i < node->key_count; i++)
        *to++ = batch->columns[self->stream_keys[i]];
    for (uint32_t i = 0; i < node->carried_count[0]; i++)
        *to++ = batch->columns[node->carried[0][i]];
    for (uint32_t i = 0; i < node->carried_count[1]; i++)
        *to++ = table_columns[node->carried[1][i]];
    must(to == joined->columns + node->row_type->column_count);
}

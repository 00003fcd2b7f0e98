/* op_tables_join.c -- two tables as one: what the rows of one key, or of a foreign key, make.
 *
 * Both sides are kept below (a NODE_TABLE, or another join of tables, whose rows are put together
 * when they are asked for); nothing is kept here but, for a foreign key, which rows of the left
 * side name a key of the right one. A change of one side is looked up in the other, and the result
 * goes on as a change of the joined table, with the row before. Kafka Streams' rules:
 * KTableKTable*Join, ForeignTableJoin. */
#include "base/memory.h"
#include "data/kept.h"
#include "flow/key_sets.h"
#include "flow/op_table.h"
#include "flow/table.h"
#include "flow/task.h"

#define KEY_COLUMNS_MAX 64

struct tables_join {
    struct operator op; /* first */
    const struct operator* below[2];
    uint16_t keys[2][KEY_COLUMNS_MAX]; /* columns of each side's rows */
    uint32_t key_counts[2];
    struct key_sets readers; /* by foreign key: keys of the left rows that have it */
    struct batch *to;        /* being filled, in task->batch_arena; NULL: none */
    struct buf key;
    struct buf foreign;
    struct buf foreign_before;
};

/* A row of one side; batch NULL: there is none. */
struct side_row {
    const struct batch *batch;
    uint32_t row;
};

static struct tables_join *self_of(const struct operator* op);
static void run(struct operator* op, uint32_t side, struct batch *batch);
static void drain(struct operator* op);
static enum err restore(struct operator* op, struct why *why);
static void tables_join_free(struct operator* op);
static void find_keys(struct tables_join *self, uint32_t side);
static void change_row(struct tables_join *self, uint32_t side, const struct batch *batch,
                       uint32_t row);
static void change_left(struct tables_join *self, const struct batch *batch, uint32_t row);
static void change_right(struct tables_join *self, const struct batch *batch, uint32_t row);
static bool foreign_key(struct tables_join *self, const struct batch *batch, uint32_t row,
                        struct buf *buf);
static bool find_row(const struct operator* op, struct str key, bool as_begun, struct arena *arena,
                     struct side_row *ret_row);
static bool find_table_row(const struct operator* op, struct str key, bool as_begun,
                           struct arena *arena, struct side_row *ret_row);
static bool find_joined_row(const struct operator* op, struct str key, bool as_begun,
                            struct arena *arena, struct side_row *ret_row);
static bool sees_begun(const struct tables_join *self, uint32_t side);
static bool joins(const struct plan_node *node, const struct side_row sides[2]);
static void emit(struct tables_join *self, uint32_t key_side, const struct side_row *key,
                 const struct side_row now[2], const struct side_row before[2],
                 int64_t timestamp_ms);
static void write_row(const struct tables_join *self, uint32_t key_side, const struct side_row *key,
                      const struct side_row sides[2], struct batch *to, uint32_t at);
static void flush(struct tables_join *self);

static const struct operator_ops tables_join_ops = {
    .prepare = operator_prepare_none,
    .run = run,
    .drain = drain,
    .end_step = drain,
    .restore = restore,
    .committed = operator_committed_none,
    .measure = operator_measure_none,
    .free = tables_join_free,
};

enum err op_tables_join_new(struct task *task, const struct plan_node *node,
                            struct operator** ret_op, struct why *why)
{
    must(node->kind == NODE_TABLES_JOIN);
    struct tables_join *self = MEMORY_NEW(struct tables_join);
    self->op = (struct operator){.ops = &tables_join_ops, .node = node, .task = task};
    for (uint32_t side = 0; side < 2; side++) {
        for (uint32_t i = 0; i < task->operator_count; i++)
            if (task->operators[i]->node == node->inputs[side])
                self->below[side] = task->operators[i];
        must(self->below[side] != NULL);
        find_keys(self, side);
    }
    *ret_op = &self->op;
    return OK;
}

static struct tables_join *self_of(const struct operator* op)
{
    must(op->ops == &tables_join_ops);
    return (struct tables_join *)op;
}

/* The key columns of a joined table stand first, those of a table are marked. */
static void find_keys(struct tables_join *self, uint32_t side)
{
    const struct plan_node *below = self->op.node->inputs[side];
    uint32_t count = 0;
    for (uint32_t i = 0; i < below->row_type->column_count && count < KEY_COLUMNS_MAX; i++) {
        const bool is_key = below->kind == NODE_TABLES_JOIN
                                ? i < below->key_count
                                : below->row_type->columns[i].role == COLUMN_KEY;
        if (is_key)
            self->keys[side][count++] = (uint16_t)i;
    }
    self->key_counts[side] = count;
}

static void run(struct operator* op, uint32_t side, struct batch *batch)
{
    struct tables_join *self = self_of(op);
    for (uint32_t i = 0; i < batch->selected_count && !task_failed(op->task); i++)
        change_row(self, side, batch, batch->selection[i]);
    flush(self);
}

static void drain(struct operator* op)
{
    flush(self_of(op));
}

/* Which left rows name which right ones is known again from the left table, which is kept. */
static bool restore_reader(void *context, struct str key, struct str value)
{
    struct tables_join *self = context;
    struct arena arena;
    struct side_row left;
    arena_init(&arena, 0);
    if (find_row(self->below[0], key, false, &arena, &left) &&
        foreign_key(self, left.batch, left.row, &self->foreign))
        key_sets_add(&self->readers, buf_str(&self->foreign), key);
    arena_release(&arena);
    return true;
}

static enum err restore(struct operator* op, struct why *why)
{
    struct tables_join *self = self_of(op);
    const struct operator* left = self->below[0];
    if (!op->node->foreign_key)
        return OK;
    while (left->node->kind == NODE_TABLES_JOIN)
        left = self_of(left)->below[0];
    table_committed_scan(left->table, restore_reader, self);
    return OK;
}

static void tables_join_free(struct operator* op)
{
    struct tables_join *self = self_of(op);
    key_sets_release(&self->readers);
    buf_release(&self->key);
    buf_release(&self->foreign);
    buf_release(&self->foreign_before);
    free(self);
}

static void change_row(struct tables_join *self, uint32_t side, const struct batch *batch,
                       uint32_t row)
{
    if (self->op.node->foreign_key) {
        if (side == 0)
            change_left(self, batch, row);
        else
            change_right(self, batch, row);
        return;
    }
    struct arena *arena = &self->op.task->batch_arena;
    const struct side_row key = {batch, row};
    const bool existed = batch->before && batch->before_exists[row];
    struct side_row now[2] = {{NULL, 0}, {NULL, 0}};
    struct side_row before[2] = {{NULL, 0}, {NULL, 0}};
    buf_clear(&self->key);
    kept_append(batch->columns, self->keys[side], self->key_counts[side], row, &self->key);
    const bool met = find_row(self->below[1 - side], buf_str(&self->key),
                              sees_begun(self, 1 - side), arena, &now[1 - side]);
    before[1 - side] = now[1 - side];
    if (batch->kinds[row] == ROW_PUT)
        now[side] = key;
    if (existed)
        before[side] = (struct side_row){batch->before, row};
    const enum join_kind join = self->op.node->join;
    const bool pads = join == JOIN_FULL || join == (side == 0 ? JOIN_LEFT : JOIN_RIGHT);
    if (!met && !pads)
        return;
    if (!met && join == JOIN_FULL && !now[side].batch && !existed)
        return;
    emit(self, side, &key, now, before, batch->timestamps[row]);
    batch_set_headers(self->to, self->to->row_count - 1, batch_headers(batch, row));
}

/* A left row that changed its foreign key is unset even where the new one meets nothing. */
static void change_left(struct tables_join *self, const struct batch *batch, uint32_t row)
{
    struct arena *arena = &self->op.task->batch_arena;
    const struct side_row key = {batch, row};
    const bool is_put = batch->kinds[row] == ROW_PUT;
    const bool existed = batch->before && batch->before_exists[row];
    struct side_row now[2] = {{NULL, 0}, {NULL, 0}};
    struct side_row before[2] = {{NULL, 0}, {NULL, 0}};
    buf_clear(&self->key);
    kept_append(batch->columns, self->keys[0], self->key_counts[0], row, &self->key);
    const bool named = existed && foreign_key(self, batch->before, row, &self->foreign_before);
    const bool names = is_put && foreign_key(self, batch, row, &self->foreign);
    if (existed)
        before[0] = (struct side_row){batch->before, row};
    if (is_put)
        now[0] = key;
    if (named)
        (void)find_row(self->below[1], buf_str(&self->foreign_before), sees_begun(self, 1), arena,
                       &before[1]);
    if (names)
        (void)find_row(self->below[1], buf_str(&self->foreign), sees_begun(self, 1), arena,
                       &now[1]);
    if (named)
        key_sets_remove(&self->readers, buf_str(&self->foreign_before), buf_str(&self->key));
    if (names)
        key_sets_add(&self->readers, buf_str(&self->foreign), buf_str(&self->key));
    const bool is_left_join = self->op.node->join == JOIN_LEFT;
    if (!now[1].batch && !named && !(is_left_join && (is_put || existed)))
        return;
    emit(self, 0, &key, now, before, batch->timestamps[row]);
    batch_set_headers(self->to, self->to->row_count - 1, batch_headers(batch, row));
}

static void change_right(struct tables_join *self, const struct batch *batch, uint32_t row)
{
    struct arena *arena = &self->op.task->batch_arena;
    buf_clear(&self->key);
    kept_append(batch->columns, self->keys[1], self->key_counts[1], row, &self->key);
    const struct key_set *readers = key_sets_get(&self->readers, buf_str(&self->key));
    for (uint32_t i = 0; readers && i < readers->count; i++) {
        struct side_row now[2] = {{NULL, 0}, {NULL, 0}};
        if (!find_row(self->below[0], readers->keys[i], false, arena, &now[0]))
            continue;
        struct side_row before[2] = {now[0], {NULL, 0}};
        if (batch->kinds[row] == ROW_PUT)
            now[1] = (struct side_row){batch, row};
        if (batch->before && batch->before_exists[row])
            before[1] = (struct side_row){batch->before, row};
        const struct side_row key = now[0];
        emit(self, 0, &key, now, before, batch->timestamps[row]);
        batch_set_headers(self->to, self->to->row_count - 1, batch_headers(batch, row));
    }
}

/* False: it is NULL. */
static bool foreign_key(struct tables_join *self, const struct batch *batch, uint32_t row,
                        struct buf *buf)
{
    struct batch one = *batch;
    uint16_t selection = (uint16_t)row;
    one.selection = &selection;
    one.selected_count = 1;
    struct evaluation evaluation = {.arena = batch->arena, .batch = &one};
    const struct column *column = expr_evaluate(self->op.node->foreign_key, &evaluation);
    task_count(self->op.task, COUNTER_expression_errors, evaluation.fail_count);
    if (column->nulls[row])
        return false;
    buf_clear(buf);
    kept_append(column, NULL, 1, row, buf);
    return true;
}

/* A step's changes come at its end, side by side: the left side's meet the right one as it was when
 * the step began, the right side's meet what the left one has become. */
static bool sees_begun(const struct tables_join *self, uint32_t side)
{
    return side == 1 && !self->op.task->emit_every_change;
}

/* The row of a key, the newest or as the step began; its bytes are copied, because the table may
 * change before it is used. */
static bool find_row(const struct operator* op, struct str key, bool as_begun, struct arena *arena,
                     struct side_row *ret_row)
{
    return op->node->kind == NODE_TABLE ? find_table_row(op, key, as_begun, arena, ret_row)
                                        : find_joined_row(op, key, as_begun, arena, ret_row);
}

static bool find_table_row(const struct operator* op, struct str key, bool as_begun,
                           struct arena *arena, struct side_row *ret_row)
{
    struct str value;
    if (!(as_begun ? table_get_before : table_get)(op->table, key, &value))
        return false;
    struct batch *batch = batch_new(arena, op->node->row_type, 1);
    batch->row_count = 1;
    if (state_row_read(op_table_shape(op), arena_str(arena, key), arena_str(arena, value), batch,
                       0) != OK) {
        task_fail(op->task, ERR_CORRUPT, NULL);
        return false;
    }
    *ret_row = (struct side_row){batch, 0};
    return true;
}

static bool find_joined_row(const struct operator* op, struct str key, bool as_begun,
                            struct arena *arena, struct side_row *ret_row)
{
    struct tables_join *self = self_of(op);
    const struct plan_node *node = op->node;
    struct side_row sides[2] = {{NULL, 0}, {NULL, 0}};
    const bool has_left = find_row(self->below[0], key, as_begun, arena, &sides[0]);
    if (!node->foreign_key)
        (void)find_row(self->below[1], key, as_begun, arena, &sides[1]);
    else if (has_left && foreign_key(self, sides[0].batch, sides[0].row, &self->foreign))
        (void)find_row(self->below[1], buf_str(&self->foreign), as_begun, arena, &sides[1]);
    if (!joins(node, sides))
        return false;
    struct batch *batch = batch_new(arena, node->row_type, 1);
    batch->row_count = 1;
    const uint32_t key_side = has_left ? 0 : 1;
    write_row(self, key_side, &sides[key_side], sides, batch, 0);
    *ret_row = (struct side_row){batch, 0};
    return true;
}

/* Whether these rows make one of the joined table. */
static bool joins(const struct plan_node *node, const struct side_row sides[2])
{
    const bool left = sides[0].batch != NULL;
    const bool right = sides[1].batch != NULL;
    switch (node->join) {
    case JOIN_INNER:
        return left && right;
    case JOIN_LEFT:
        return left;
    case JOIN_RIGHT:
        return right;
    case JOIN_FULL:
        return left || right;
    }
    must_not_reach();
}

static int64_t later(const struct side_row *side, int64_t timestamp_ms)
{
    const int64_t own_ms = side->batch ? side->batch->timestamps[side->row] : INT64_MIN;
    return own_ms > timestamp_ms ? own_ms : timestamp_ms;
}

static void emit(struct tables_join *self, uint32_t key_side, const struct side_row *key,
                 const struct side_row now[2], const struct side_row before[2],
                 int64_t timestamp_ms)
{
    const struct plan_node *node = self->op.node;
    if (self->to && self->to->row_count == self->to->capacity)
        flush(self);
    if (!self->to) {
        self->to = batch_new(&self->op.task->batch_arena, node->row_type, BATCH_ROWS_MAX / 16);
        batch_add_kinds(self->to);
        batch_add_before(self->to);
    }
    struct batch *to = self->to;
    const uint32_t at = to->row_count++;
    const bool exists = joins(node, now);
    static const struct side_row none[2] = {{NULL, 0}, {NULL, 0}};
    write_row(self, key_side, key, exists ? now : none, to, at);
    to->kinds[at] = exists ? ROW_PUT : ROW_DELETE;
    to->timestamps[at] = later(&now[0], later(&now[1], timestamp_ms));
    if (!joins(node, before))
        return;
    to->before_exists[at] = 1;
    write_row(self, key_side, key, before, to->before, at);
}

/* key is a row of key_side, whose key is the joined row's. */
static void write_row(const struct tables_join *self, uint32_t key_side, const struct side_row *key,
                      const struct side_row sides[2], struct batch *to, uint32_t at)
{
    const struct plan_node *node = self->op.node;
    struct column *column = to->columns;
    for (uint32_t i = 0; i < node->key_count; i++)
        column_copy_cell(column++, at, &key->batch->columns[self->keys[key_side][i]], key->row,
                         to->arena);
    for (uint32_t side = 0; side < 2; side++) {
        for (uint32_t i = 0; i < node->carried_count[side]; i++, column++) {
            if (sides[side].batch)
                column_copy_cell(column, at, &sides[side].batch->columns[node->carried[side][i]],
                                 sides[side].row, to->arena);
            else
                column_set_null(column, at);
        }
    }
    to->timestamps[at] = later(&sides[0], later(&sides[1], INT64_MIN));
    to->offsets[at] = -1;
    to->partitions[at] = -1;
}

static void flush(struct tables_join *self)
{
    struct batch *to = self->to;
    self->to = NULL;
    if (!to || to->row_count == 0)
        return;
    batch_select_all(to);
    to->before->row_count = to->row_count;
    operator_emit(&self->op, to);
}

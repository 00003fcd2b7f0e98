/* op_aggregate.c -- GROUP BY: groups of rows, windowed or not, as a table of their aggregates.
 *
 * Keys and arguments are evaluated once a batch; then row by row the states of the row's group
 * change in memory. At the step's end the groups go into the table, and each changed key is emitted
 * once; or at every change, when the task says so; or, EMIT FINAL, when its window closes. */
#include "base/memory.h"
#include "data/kept.h"
#include "flow/aggregate_sessions.h"
#include "flow/aggregate_windows.h"
#include "flow/groups.h"
#include "flow/prepared.h"
#include "flow/task.h"

#define MARK_STREAM_TIME 't'

struct op_aggregate {
    struct operator op; /* first */
    struct state_shape shape;
    struct groups groups;
    struct aggregate_windows windows;   /* TUMBLING, HOPPING */
    struct aggregate_sessions sessions; /* SESSION */
    struct emitter emitter;
    struct prepared prepared; /* struct column *: the keys, then the arguments */
    uint32_t column_count;    /* of a prepared batch */
    struct value *args;       /* of one call */
    bool emits_each;          /* every change, at once */
    struct group *taken_back; /* its change waits for the row that is added right after */
    struct row_headers taken_back_headers;
    struct buf kept; /* key columns */
    struct buf key;  /* of the table */
    struct buf before;
};

/* A row on its way into its groups. */
struct source_row {
    const struct batch *batch;
    const struct column *columns;
    uint32_t row;
    bool take_back;
};

static struct op_aggregate *self_of(const struct operator* op);
static void prepare(struct operator* op, uint32_t side, struct batch *batch);
static void run(struct operator* op, uint32_t side, struct batch *batch);
static void drain(struct operator* op);
static void end_step(struct operator* op);
static enum err restore(struct operator* op, struct why *why);
static void committed(struct operator* op, uint64_t step_number);
static void measure(const struct operator* op, struct operator_usage *usage);
static void op_aggregate_free(struct operator* op);
static bool read_key(struct op_aggregate *self, const struct source_row *from);
static void run_windows(struct op_aggregate *self, const struct source_row *from);
static void run_sessions(struct op_aggregate *self, const struct source_row *from);
static void merge_sessions(struct op_aggregate *self, const struct source_row *from,
                           const struct session_merge *merge);
static bool take_session(struct op_aggregate *self, const struct session_bounds *bounds,
                         struct value *states);
static void change_group(struct op_aggregate *self, const struct source_row *from, struct str key);
static void change_states(struct op_aggregate *self, const struct source_row *from,
                          struct group *group);
static void emit_group(struct op_aggregate *self, struct group *group, struct row_headers headers);
static void check(struct op_aggregate *self, enum err err);

static const struct operator_ops aggregate_ops = {
    .prepare = prepare,
    .run = run,
    .drain = drain,
    .end_step = end_step,
    .restore = restore,
    .committed = committed,
    .measure = measure,
    .free = op_aggregate_free,
};

enum err op_aggregate_new(struct task *task, const struct plan_node *node, struct operator** ret_op,
                          struct why *why)
{
    must(node->kind == NODE_AGGREGATE);
    must(node->key_count > 0);
    must(node->row_type->column_count ==
         node->key_count + node->aggregate_count + (node->window != WINDOW_NONE ? 2 : 0));
    struct op_aggregate *self = MEMORY_NEW(struct op_aggregate);
    self->op = (struct operator){.ops = &aggregate_ops, .node = node, .task = task};
    state_shape_init(&self->shape, node, &task->arena);
    self->column_count = node->key_count;
    uint32_t args_max = 0;
    for (uint32_t i = 0; i < node->aggregate_count; i++) {
        const uint32_t count = node->aggregates[i].aggregate->arg_count;
        self->column_count += count;
        args_max = count > args_max ? count : args_max;
    }
    self->args = ARENA_ARRAY(&task->arena, struct value, args_max);
    self->emits_each = task->emit_every_change && !node->is_final;
    enum err err = OK;
    if (node->window == WINDOW_SESSION)
        aggregate_sessions_init(&self->sessions, node);
    else if (node->window != WINDOW_NONE)
        err = aggregate_windows_init(&self->windows, node, why);
    if (err == OK)
        err = table_open(task, node->id, node->window != WINDOW_NONE, &self->op.table, why);
    if (err == OK)
        *ret_op = &self->op;
    else
        op_aggregate_free(&self->op);
    return err;
}

static struct op_aggregate *self_of(const struct operator* op)
{
    must(op->ops == &aggregate_ops);
    return (struct op_aggregate *)op;
}

static void prepare(struct operator* op, uint32_t side, struct batch *batch)
{
    struct op_aggregate *self = self_of(op);
    const struct plan_node *node = op->node;
    struct evaluation evaluation = {.arena = batch->arena, .batch = batch};
    struct column *columns = ARENA_ARRAY(batch->arena, struct column, self->column_count);
    struct column *at = columns;
    for (uint32_t i = 0; i < node->key_count; i++)
        *at++ = *expr_evaluate(node->keys[i], &evaluation);
    for (uint32_t i = 0; i < node->aggregate_count; i++)
        for (uint32_t j = 0; j < node->aggregates[i].aggregate->arg_count; j++)
            *at++ = *expr_evaluate(node->aggregates[i].args[j], &evaluation);
    task_count(op->task, COUNTER_expression_errors, evaluation.fail_count);
    prepared_add(&self->prepared, batch, columns);
}

static void run(struct operator* op, uint32_t side, struct batch *batch)
{
    struct op_aggregate *self = self_of(op);
    const struct plan_node *node = op->node;
    struct source_row from = {.batch = batch, .columns = prepared_take(&self->prepared, batch)};
    if (op->task->replaying)
        return;
    if (groups_are_large(&self->groups)) {
        check(self, groups_write_all(&self->groups));
        groups_clear(&self->groups);
    }
    uint64_t null_keys = 0;
    uint64_t null_values = 0;
    for (uint32_t i = 0; i < batch->selected_count && !task_failed(op->task); i++) {
        from.row = batch->selection[i];
        if (batch->null_values && batch->null_values[from.row]) {
            null_values++;
            continue;
        }
        if (!read_key(self, &from)) {
            null_keys++;
            continue;
        }
        if (node->take_back >= 0)
            from.take_back = batch->columns[node->take_back].booleans[from.row];
        if (node->window == WINDOW_SESSION)
            run_sessions(self, &from);
        else if (node->window != WINDOW_NONE)
            run_windows(self, &from);
        else
            change_group(self, &from, buf_str(&self->kept));
    }
    if (self->taken_back)
        emit_group(self, self->taken_back, self->taken_back_headers);
    self->taken_back = NULL;
    task_count(op->task, COUNTER_null_key, null_keys);
    task_count(op->task, COUNTER_null_value, null_values);
}

static void drain(struct operator* op)
{
    struct op_aggregate *self = self_of(op);
    emitter_flush(&self->emitter);
}

static void end_step(struct operator* op)
{
    struct op_aggregate *self = self_of(op);
    check(self, groups_write_all(&self->groups));
    if (!self->emits_each && !op->node->is_final)
        emitter_add_step(&self->emitter, op->table);
    emitter_flush(&self->emitter);
    if (!task_failed(op->task))
        check(self, table_end_step(op->table));
    groups_clear(&self->groups);
    if (op->node->window == WINDOW_NONE)
        return;
    const bool is_session = op->node->window == WINDOW_SESSION;
    if (is_session)
        aggregate_sessions_expire(&self->sessions, op->table);
    else
        aggregate_windows_expire(&self->windows, op->table);
    const int64_t stream_time_ms =
        is_session ? self->sessions.stream_time_ms : self->windows.stream_time_ms;
    if (stream_time_ms != INT64_MIN)
        marks_set(&op->task->marks, op->node->id, MARK_STREAM_TIME, stream_time_ms);
}

static enum err restore(struct operator* op, struct why *why)
{
    struct op_aggregate *self = self_of(op);
    emitter_init(&self->emitter, op, &self->shape);
    const bool is_windowed = op->node->window != WINDOW_NONE;
    groups_init(&self->groups, &self->shape, op->table);
    if (!is_windowed)
        return OK;
    const int64_t stream_time_ms =
        marks_get(&op->task->marks, op->node->id, MARK_STREAM_TIME, INT64_MIN);
    if (op->node->window == WINDOW_SESSION) {
        aggregate_sessions_restore(&self->sessions, op->table, stream_time_ms);
        aggregate_sessions_expire(&self->sessions, op->table);
    } else {
        aggregate_windows_restore(&self->windows, op->table, stream_time_ms);
        aggregate_windows_expire(&self->windows, op->table);
    }
    return OK;
}

static void committed(struct operator* op, uint64_t step_number)
{
    table_committed(op->table, step_number);
}

static void measure(const struct operator* op, struct operator_usage *usage)
{
    if (!op->table)
        return;
    table_measure(op->table, usage);
    usage->state_bytes += self_of(op)->groups.arena.bytes;
}

static void op_aggregate_free(struct operator* op)
{
    struct op_aggregate *self = self_of(op);
    groups_release(&self->groups);
    aggregate_sessions_release(&self->sessions);
    table_free(op->table);
    prepared_release(&self->prepared);
    buf_release(&self->kept);
    buf_release(&self->key);
    buf_release(&self->before);
    free(self);
}

/* The key columns into self->kept; false: one is NULL. */
static bool read_key(struct op_aggregate *self, const struct source_row *from)
{
    const uint32_t count = self->op.node->key_count;
    for (uint32_t i = 0; i < count; i++)
        if (from->columns[i].nulls[from->row])
            return false;
    buf_clear(&self->kept);
    kept_append(from->columns, NULL, count, from->row, &self->kept);
    return true;
}

static void run_windows(struct op_aggregate *self, const struct source_row *from)
{
    struct aggregate_windows *windows = &self->windows;
    const int64_t timestamp_ms = from->batch->timestamps[from->row];
    struct window_bounds bounds = aggregate_windows_first(windows, timestamp_ms);
    do {
        if (aggregate_windows_late(windows, &bounds)) {
            task_count(self->op.task, COUNTER_late_window, 1);
            continue;
        }
        buf_clear(&self->key);
        table_key_window(&self->key, bounds.start_ms, bounds.end_ms);
        buf_append_str(&self->key, buf_str(&self->kept));
        change_group(self, from, buf_str(&self->key));
    } while (aggregate_windows_next(windows, timestamp_ms, &bounds));
    if (aggregate_windows_have_closed(windows)) {
        check(self, groups_write_all(&self->groups));
        aggregate_windows_close(windows, self->op.table, &self->emitter);
    }
}

static void run_sessions(struct op_aggregate *self, const struct source_row *from)
{
    struct aggregate_sessions *sessions = &self->sessions;
    struct session_merge merge;
    const int64_t timestamp_ms = from->batch->timestamps[from->row];
    if (aggregate_sessions_add(sessions, buf_str(&self->kept), timestamp_ms, &merge))
        merge_sessions(self, from, &merge);
    else
        task_count(self->op.task, COUNTER_late_window, 1);
    if (aggregate_sessions_may_close(sessions)) {
        check(self, groups_write_all(&self->groups));
        aggregate_sessions_close(sessions, self->op.table, &self->emitter);
    }
}

/* The sessions a row is near to go, also when the one that comes has their bounds; only a row at
 * the one moment of a session just changes it. */
static void merge_sessions(struct op_aggregate *self, const struct source_row *from,
                           const struct session_merge *merge)
{
    const struct plan_node *node = self->op.node;
    const int64_t timestamp_ms = from->batch->timestamps[from->row];
    const bool is_moment =
        merge->merged.start_ms == timestamp_ms && merge->merged.end_ms == timestamp_ms;
    struct value *states = ARENA_ARRAY(&self->groups.arena, struct value, node->aggregate_count);
    bool merged = false;
    for (uint32_t i = 0; i < node->aggregate_count; i++) {
        const struct aggregate *aggregate = node->aggregates[i].aggregate;
        aggregate->ops->init(aggregate, &states[i], &self->groups.arena);
    }
    for (uint32_t i = 0; !is_moment && i < merge->old_count; i++)
        merged |= take_session(self, &merge->old[i], states);
    buf_clear(&self->key);
    table_key_window(&self->key, merge->merged.start_ms, merge->merged.end_ms);
    buf_append_str(&self->key, buf_str(&self->kept));
    if (merged) {
        struct group *group = NULL;
        if (groups_get(&self->groups, buf_str(&self->key), &group) != OK) {
            check(self, ERR_CORRUPT);
            return;
        }
        group->exists = true;
        group->states = states;
        group->timestamp_ms = merge->merged.end_ms;
    }
    change_group(self, from, buf_str(&self->key));
}

/* Adds an old session's states to these, and removes it. False: it is not there any more. */
static bool take_session(struct op_aggregate *self, const struct session_bounds *bounds,
                         struct value *states)
{
    const struct plan_node *node = self->op.node;
    struct group *group = NULL;
    buf_clear(&self->key);
    table_key_window(&self->key, bounds->start_ms, bounds->end_ms);
    buf_append_str(&self->key, buf_str(&self->kept));
    if (groups_get(&self->groups, buf_str(&self->key), &group) != OK) {
        check(self, ERR_CORRUPT);
        return false;
    }
    if (!group->exists)
        return false;
    uint64_t failed = 0;
    for (uint32_t i = 0; i < node->aggregate_count; i++) {
        const struct aggregate *aggregate = node->aggregates[i].aggregate;
        failed += aggregate->ops->merge(aggregate, &states[i], &group->states[i],
                                        &self->groups.arena) != OK;
    }
    task_count(self->op.task, COUNTER_expression_errors, failed);
    struct emission emission = {.key = group->key, .timestamp_ms = bounds->end_ms};
    struct str before;
    if (table_get(self->op.table, group->key, &before)) {
        buf_clear(&self->before);
        buf_append_str(&self->before, before);
        emission.before = buf_str(&self->before);
    }
    group->exists = false;
    group->is_changed = false;
    group->timestamp_ms = INT64_MIN;
    table_remove(self->op.table, group->key, bounds->end_ms);
    if (self->emits_each)
        emitter_add(&self->emitter, &emission);
    return true;
}

/* A row taken back and the one added right after it are one change of a group they share. */
static void change_group(struct op_aggregate *self, const struct source_row *from, struct str key)
{
    struct group *group = NULL;
    const enum err err = groups_get(&self->groups, key, &group);
    if (err != OK) {
        check(self, ERR_CORRUPT);
        return;
    }
    if (self->taken_back && (self->taken_back != group || from->take_back))
        emit_group(self, self->taken_back, self->taken_back_headers);
    self->taken_back = NULL;
    if (from->take_back && !group->exists)
        return;
    if (!group->exists)
        groups_begin(&self->groups, group);
    change_states(self, from, group);
    group->is_changed = true;
    const int64_t timestamp_ms = from->batch->timestamps[from->row];
    if (timestamp_ms > group->timestamp_ms)
        group->timestamp_ms = timestamp_ms;
    if (!self->emits_each)
        return;
    const struct row_headers headers = batch_headers(from->batch, from->row);
    if (from->take_back) {
        self->taken_back = group;
        self->taken_back_headers = headers;
    } else {
        emit_group(self, group, headers);
    }
}

static void change_states(struct op_aggregate *self, const struct source_row *from,
                          struct group *group)
{
    const struct plan_node *node = self->op.node;
    const struct column *column = from->columns + node->key_count;
    uint64_t failed = 0;
    for (uint32_t i = 0; i < node->aggregate_count; i++) {
        const struct aggregate *aggregate = node->aggregates[i].aggregate;
        for (uint32_t j = 0; j < aggregate->arg_count; j++)
            self->args[j] = column_get(column++, from->row, from->batch->arena);
        const enum err err = from->take_back ? aggregate->ops->undo(aggregate, &group->states[i],
                                                                    self->args, &self->groups.arena)
                                             : aggregate->ops->add(aggregate, &group->states[i],
                                                                   self->args, &self->groups.arena);
        failed += err != OK;
    }
    task_count(self->op.task, COUNTER_expression_errors, failed);
}

static void emit_group(struct op_aggregate *self, struct group *group, struct row_headers headers)
{
    struct emission emission = {.key = group->key, .headers = headers};
    struct str before;
    if (table_get(self->op.table, group->key, &before)) {
        buf_clear(&self->before);
        buf_append_str(&self->before, before);
        emission.before = buf_str(&self->before);
    }
    check(self, groups_write(&self->groups, group, &emission.value));
    emitter_add(&self->emitter, &emission);
}

static void check(struct op_aggregate *self, enum err err)
{
    if (err == OK)
        return;
    struct why why;
    (void)why_set(&why, err, "the table of node %u: %s", self->op.node->id, err_text(err));
    task_fail(self->op.task, err, &why);
}

/* op_stream_join.c -- the windowed join of two streams: INNER, LEFT, RIGHT, FULL. */
#include "flow/op_stream_join.h"

#include "base/memory.h"
#include "base/saturate.h"
#include "flow/input.h"
#include "flow/query.h"
#include "flow/stream_join.h"
#include "flow/task.h"

static void join_init(struct stream_join *join);
static void join_run(struct operator* op, uint32_t side, struct batch *batch);
static void join_row(struct stream_join *join, const struct join_arrival *arrival);
static uint32_t find_partners(struct stream_join *join, const struct join_arrival *arrival);
static void hidden_add(struct stream_join *join, uint32_t id);
static uint32_t match_add(struct stream_join *join, uint32_t count, uint32_t id);
static void match_sort(struct stream_join *join, const struct window *window, uint32_t count);
static uint32_t join_put(struct stream_join *join, const struct join_arrival *arrival);
WINDOW_INLINE void prefetch(struct stream_join *join, uint32_t side_index, bool probes);
static void join_drain(struct operator* op);
static void join_end_step(struct operator* op);
static enum err join_restore(struct operator* op, struct why *why);
static void restore_times(struct stream_join *join);
static void join_measure(const struct operator* op, struct operator_usage *usage);
static void join_free(struct operator* op);
static struct stream_join *join_of(struct operator* op);
static uint32_t leaf_input(const struct plan_node *node);

static const struct operator_ops join_ops = {
    .prepare = join_prepare,
    .run = join_run,
    .drain = join_drain,
    .end_step = join_end_step,
    .restore = join_restore,
    .committed = operator_committed_none,
    .measure = join_measure,
    .free = join_free,
};

enum err op_stream_join_new(struct task *task, const struct plan_node *node,
                            struct operator** ret_op, struct why *why)
{
    must(node->kind == NODE_STREAM_JOIN);
    must(node->key_count > 0);
    struct stream_join *join = MEMORY_NEW(struct stream_join);
    join->op = (struct operator){.ops = &join_ops, .node = node, .task = task};
    join_init(join);
    join->op.reads_in_order = join->waits;
    enum err err = OK;
    if (join->waits)
        err = join_outer_open(join, why);
    if (err == OK)
        *ret_op = &join->op;
    else
        join_free(&join->op);
    return err;
}

static void join_init(struct stream_join *join)
{
    const struct plan_node *node = join->op.node;
    struct join_side *left = &join->sides[JOIN_LEFT_SIDE];
    struct join_side *right = &join->sides[JOIN_RIGHT_SIDE];
    join->stream_time_ms = INT64_MIN;
    join->expired_ms = INT64_MIN;
    join->retention_ms =
        add_saturated(add_saturated(node->before_ms, node->after_ms), node->grace_ms);
    left->back_ms = right->ahead_ms = node->before_ms;
    left->ahead_ms = right->back_ms = node->after_ms;
    left->pads = node->join == JOIN_LEFT || node->join == JOIN_FULL;
    right->pads = node->join == JOIN_RIGHT || node->join == JOIN_FULL;
    join->waits = node->join != JOIN_INNER && node->grace_given;
    left->first_column = node->key_count;
    right->first_column = node->key_count + node->carried_count[0];
    for (uint32_t i = 0; i < 2; i++) {
        struct join_side *side = &join->sides[i];
        side->observed_ms = INT64_MIN;
        side->input = leaf_input(node->inputs[i]);
        side->carried = node->carried[i];
        side->carried_count = node->carried_count[i];
        window_init(&side->window);
    }
    join_rows_init(join);
}

static void join_run(struct operator* op, uint32_t side_index, struct batch *batch)
{
    struct stream_join *join = join_of(op);
    struct join_side *side = &join->sides[side_index];
    const bool probes = !op->task->replaying || join->waits;
    for (uint32_t i = 0; i < batch->selected_count; i++) {
        const uint32_t row = batch->selection[i];
        prefetch(join, side_index, probes);
        const struct join_arrival arrival = {
            .side = side_index,
            .batch = batch,
            .row = row,
            .timestamp_ms = batch->timestamps[row],
            .offset = batch->offsets[row],
            .hash = side->hashes[row],
            .key = side->keys[row],
        };
        join_row(join, &arrival);
    }
}

/* Kafka Streams' order: time, then what has waited long enough, partners, the row without one, and
 * last its own window. */
static void join_row(struct stream_join *join, const struct join_arrival *arrival)
{
    struct task *task = join->op.task;
    struct join_side *side = &join->sides[arrival->side];
    if (arrival->timestamp_ms > join->stream_time_ms)
        join->stream_time_ms = arrival->timestamp_ms;
    if (arrival->batch->null_values && arrival->batch->null_values[arrival->row]) {
        task_count(task, COUNTER_null_value, 1);
        return;
    }
    if (!arrival->key.data) {
        task_count(task, COUNTER_null_key, 1);
        if (side->pads && !task->replaying)
            join_emit_alone(join, arrival);
        return;
    }
    if (join->waits && arrival->timestamp_ms == join->stream_time_ms && !task->replaying)
        join_outer_expire(join);

    const bool probes = !task->replaying || join->waits;
    const uint32_t count = probes ? find_partners(join, arrival) : 0;
    struct window *partners = &join->sides[1 - arrival->side].window;
    for (uint32_t i = 0; i < count; i++) {
        if (join->waits)
            window_mark(partners, join->matches[i], false);
        if (join->noted.waits_count > 0 && !task->replaying)
            join_outer_matched(join, 1 - arrival->side, join->matches[i]);
        if (!task->replaying)
            join_emit_match(join, arrival, join->matches[i]);
    }
    const bool eager = side->pads && count == 0 && !join->waits && !task->replaying;
    if (eager)
        join_emit_alone(join, arrival);
    const uint32_t id = join_put(join, arrival);
    if (side->pads && count == 0 && join->waits)
        join_outer_unmatched(join, arrival, id);
    if (join->hidden_count > 0)
        join_outer_hidden(join, arrival, id);
}

/* False: the row cannot be had, and the task has failed. */
static inline bool is_fetched(struct stream_join *join, uint32_t side, uint32_t id)
{
    return window_is_here(&join->sides[side].window, id) || join_fetch(join, side, id);
}

/* Ids of the rows that join with the arrival, in order of their time, then as they came. */
static uint32_t find_partners(struct stream_join *join, const struct join_arrival *arrival)
{
    const struct join_side *side = &join->sides[arrival->side];
    const struct join_side *other = &join->sides[1 - arrival->side];
    const struct window *window = &other->window;
    /* A window that is read back finds all that lies in it: what was hidden is noted. */
    const bool replaying = join->op.task->replaying;
    const int64_t reach_ms = add_saturated(arrival->timestamp_ms, -side->back_ms);
    int64_t from_ms = reach_ms;
    const int64_t to_ms = add_saturated(arrival->timestamp_ms, side->ahead_ms);
    const int64_t floor_ms =
        add_saturated(add_saturated(other->observed_ms, -join->retention_ms), 1);
    if (other->observed_ms != INT64_MIN && floor_ms > from_ms && !replaying)
        from_ms = floor_ms;
    const int64_t lowest_ms = join->waits ? reach_ms : from_ms;

    uint32_t count = 0;
    bool sorted = true;
    int64_t last_ms = INT64_MAX;
    for (uint32_t id = window_head(window, arrival->hash); window_has(window, id);) {
        const struct window_entry *entry = window_entry(window, id);
        const bool is_partner = entry->hash == arrival->hash && entry->timestamp_ms >= lowest_ms &&
                                entry->timestamp_ms <= to_ms &&
                                is_fetched(join, 1 - arrival->side, id) &&
                                str_equal(window_read(window, id).key, arrival->key);
        if (is_partner && entry->timestamp_ms < from_ms) {
            hidden_add(join, id);
        } else if (is_partner) {
            sorted = sorted && entry->timestamp_ms <= last_ms;
            last_ms = entry->timestamp_ms;
            count = match_add(join, count, id);
        }
        id = entry->next;
    }
    /* Newest first, as chains are, becomes oldest first. */
    for (uint32_t i = 0; i < count / 2; i++) {
        const uint32_t id = join->matches[i];
        join->matches[i] = join->matches[count - 1 - i];
        join->matches[count - 1 - i] = id;
    }
    if (!sorted)
        match_sort(join, window, count);
    return count;
}

static void hidden_add(struct stream_join *join, uint32_t id)
{
    if (join->hidden_count == join->hidden_capacity) {
        join->hidden_capacity = join->hidden_capacity ? join->hidden_capacity * 2 : 16;
        join->hidden = memory_realloc(join->hidden, join->hidden_capacity * sizeof(*join->hidden));
    }
    join->hidden[join->hidden_count++] = id;
}

static uint32_t match_add(struct stream_join *join, uint32_t count, uint32_t id)
{
    if (count == join->match_capacity) {
        join->match_capacity = count > 0 ? count * 2 : 16;
        join->matches =
            memory_realloc(join->matches, join->match_capacity * sizeof(*join->matches));
    }
    join->matches[count] = id;
    return count + 1;
}

static int compare_matches(const void *a, const void *b, void *context)
{
    const struct window *window = context;
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;
    const int64_t x_ms = window_entry(window, x)->timestamp_ms;
    const int64_t y_ms = window_entry(window, y)->timestamp_ms;
    if (x_ms != y_ms)
        return x_ms < y_ms ? -1 : 1;
    /* As they came: ids go around. */
    const uint32_t x_age = x - window->lowest_id;
    const uint32_t y_age = y - window->lowest_id;
    return (x_age > y_age) - (x_age < y_age);
}

static void match_sort(struct stream_join *join, const struct window *window, uint32_t count)
{
    qsort_r(join->matches, count, sizeof(*join->matches), compare_matches, (void *)window);
}

/* Into its own window, unless nothing could find it there any more: then 0. */
static uint32_t join_put(struct stream_join *join, const struct join_arrival *arrival)
{
    struct join_side *side = &join->sides[arrival->side];
    if (arrival->timestamp_ms > side->observed_ms)
        side->observed_ms = arrival->timestamp_ms;
    const int64_t floor_ms = add_saturated(side->observed_ms, -join->retention_ms);
    if (arrival->timestamp_ms <= floor_ms)
        task_count(join->op.task, COUNTER_late_join, 1);
    /* One that may still wait for its end is kept a moment longer. */
    if (arrival->timestamp_ms < floor_ms)
        return 0;
    if (join->op.task->replaying && join_fetch_can(join, side))
        return window_put_entry(&side->window, arrival->hash, arrival->timestamp_ms,
                                arrival->offset);
    return window_put(&side->window, arrival->hash, arrival->timestamp_ms, arrival->offset,
                      arrival->key, join_value(join, arrival));
}

/* While a row is run, the memory that later rows of its side will want is on its way: heads first,
 * entries then, and at last rows. */
WINDOW_INLINE void prefetch(struct stream_join *join, uint32_t side_index, bool probes)
{
    struct join_side *side = &join->sides[side_index];
    const struct window *other = &join->sides[1 - side_index].window;
    const uint32_t at = side->order_at++;
    if (at + PREFETCH_HEAD < side->order_count) {
        const uint32_t hash = side->hashes[side->order[at + PREFETCH_HEAD]];
        window_prefetch_head(&side->window, hash);
        if (probes)
            window_prefetch_head(other, hash);
    }
    if (!probes)
        return;
    if (at + PREFETCH_ENTRY < side->order_count)
        window_prefetch_entry(other, side->hashes[side->order[at + PREFETCH_ENTRY]]);
    for (uint32_t depth = 1; depth <= PREFETCH_DEPTH; depth++) {
        const uint32_t ahead = at + PREFETCH_ROW * (PREFETCH_DEPTH + 1 - depth);
        if (ahead < side->order_count)
            window_prefetch_row(other, side->hashes[side->order[ahead]], depth);
    }
}

/* The older half of a large window goes before the newest rows of a small one. */
void join_move_rows(struct stream_join *join)
{
    struct task *task = join->op.task;
    for (uint32_t i = 0; i < 2 && task->over_bytes > 0; i++) {
        const struct window *left = &join->sides[JOIN_LEFT_SIDE].window;
        const struct window *right = &join->sides[JOIN_RIGHT_SIDE].window;
        const uint32_t larger =
            right->row_bytes > left->row_bytes ? JOIN_RIGHT_SIDE : JOIN_LEFT_SIDE;
        struct window *window = &join->sides[i == 0 ? larger : 1 - larger].window;
        uint64_t moved = 0;
        struct why why;
        const enum err err = window_move(window, task->over_bytes,
                                         task->query->flow->options.window_directory, &moved, &why);
        if (err != OK)
            task_fail(task, err, &why);
        task->over_bytes -= moved < task->over_bytes ? moved : task->over_bytes;
    }
    task->over_bytes = 0;
}

/* Windows are emptied here, where nothing borrows from them. A row that still waits is never past
 * the floor: it would have gone out when stream time came to expired_ms. */
static void join_drain(struct operator* op)
{
    struct stream_join *join = join_of(op);
    join_flush(join);
    for (uint32_t i = 0; i < 2; i++) {
        struct join_side *side = &join->sides[i];
        int64_t time_ms = side->observed_ms;
        if (join->waits && join->expired_ms < time_ms)
            time_ms = join->expired_ms;
        if (time_ms != INT64_MIN)
            window_expire(&side->window, add_saturated(time_ms, -join->retention_ms));
    }
    if (op->task->over_bytes > 0)
        join_move_rows(join);
    if (join->was_replaying && !op->task->replaying) {
        join->was_replaying = false;
        restore_times(join);
        if (join->waits)
            join_outer_restored(join);
    }
}

static void join_end_step(struct operator* op)
{
    struct stream_join *join = join_of(op);
    struct task *task = op->task;
    if (join->waits)
        join_outer_end_step(join);
    marks_set(&task->marks, op->node->id, 's', join->stream_time_ms);
    marks_set(&task->marks, op->node->id, 'e', join->expired_ms);
    marks_set(&task->marks, op->node->id, 'l', join->sides[JOIN_LEFT_SIDE].observed_ms);
    marks_set(&task->marks, op->node->id, 'r', join->sides[JOIN_RIGHT_SIDE].observed_ms);
    for (uint32_t i = 0; i < 2; i++)
        task_keep_from(task, join->sides[i].input, window_from_offset(&join->sides[i].window));
}

/* While windows are read back times run as they ran before; the marks count afterwards. */
static enum err join_restore(struct operator* op, struct why *why)
{
    struct stream_join *join = join_of(op);
    join->was_replaying = op->task->replaying;
    if (!join->was_replaying)
        restore_times(join);
    return OK;
}

static void restore_times(struct stream_join *join)
{
    const struct marks *marks = &join->op.task->marks;
    const uint32_t id = join->op.node->id;
    join->stream_time_ms = marks_get(marks, id, 's', INT64_MIN);
    join->expired_ms = marks_get(marks, id, 'e', join->stream_time_ms);
    join->sides[JOIN_LEFT_SIDE].observed_ms = marks_get(marks, id, 'l', INT64_MIN);
    join->sides[JOIN_RIGHT_SIDE].observed_ms = marks_get(marks, id, 'r', INT64_MIN);
}

static void join_measure(const struct operator* op, struct operator_usage *usage)
{
    const struct stream_join *join = (const struct stream_join *)op;
    for (uint32_t i = 0; i < 2; i++) {
        const struct window *window = &join->sides[i].window;
        usage->state_bytes += window->bytes + waiting_bytes(&join->sides[i].waiting);
        usage->movable_bytes += window->row_bytes;
        usage->file_bytes += window->file_bytes;
        usage->state_rows += window_row_count(&join->sides[i].window);
    }
}

static void join_free(struct operator* op)
{
    struct stream_join *join = join_of(op);
    join_outer_release(join);
    join_rows_release(join);
    for (uint32_t i = 0; i < 2; i++)
        window_release(&join->sides[i].window);
    free(join->matches);
    free(join->hidden);
    free(join);
}

static struct stream_join *join_of(struct operator* op)
{
    must(op->ops == &join_ops);
    return (struct stream_join *)op;
}

/* A side of a windowed join stands on an input, with row-wise nodes between at most. */
static uint32_t leaf_input(const struct plan_node *node)
{
    while (node->kind != NODE_INPUT) {
        must(node->inputs[0] != NULL);
        must(node->inputs[1] == NULL);
        node = node->inputs[0];
    }
    return node->input;
}

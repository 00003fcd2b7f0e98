/* aggregate_windows.c -- windows by arithmetic, and the rows of those that closed, in order. */
#include "flow/aggregate_windows.h"

#include "base/memory.h"
#include "base/saturate.h"
#include "data/kept.h"
#include "flow/task.h"

#define WINDOWS_MAX 100000 /* that one row may belong to */

struct closing_row {
    const struct state_shape *shape;
    struct str key;
    struct str value;
    struct value *keys;
};

static int64_t close_ms_of(const struct aggregate_windows *windows, int64_t end_ms);
static int64_t start_min_ms(const struct aggregate_windows *windows);
static void find_next_close(struct aggregate_windows *windows, const struct table *table);
static void close_window(const struct table *table, const struct table_window *window,
                         struct emitter *emitter);
static int compare_rows(const void *a, const void *b);

enum err aggregate_windows_init(struct aggregate_windows *windows, const struct plan_node *node,
                                struct why *why)
{
    const int64_t advance_ms =
        node->window == WINDOW_HOPPING ? node->window_advance_ms : node->window_size_ms;
    must(node->window != WINDOW_SESSION);
    must(advance_ms > 0);
    must(node->window_size_ms >= advance_ms);
    if (node->window_size_ms / advance_ms > WINDOWS_MAX)
        return why_set(why, ERR_LIMIT, "a row may belong to %d windows at most", WINDOWS_MAX);
    const int64_t least_ms = add_saturated(node->window_size_ms, node->window_grace_ms);
    *windows = (struct aggregate_windows){
        .node = node,
        .retention_ms = node->window_retention_ms > least_ms ? node->window_retention_ms : least_ms,
        .stream_time_ms = INT64_MIN,
        .start_max_ms = INT64_MIN,
        .closed_ms = INT64_MIN,
        .next_close_ms = INT64_MAX,
    };
    return OK;
}

void aggregate_windows_restore(struct aggregate_windows *windows, const struct table *table,
                               int64_t stream_time_ms)
{
    const uint32_t count = table_window_count(table);
    windows->stream_time_ms = stream_time_ms;
    windows->closed_ms = stream_time_ms;
    if (count > 0)
        windows->start_max_ms = table_window_at(table, count - 1)->start_ms;
    find_next_close(windows, table);
}

struct window_bounds aggregate_windows_first(struct aggregate_windows *windows,
                                             int64_t timestamp_ms)
{
    const struct plan_node *node = windows->node;
    if (timestamp_ms > windows->stream_time_ms)
        windows->stream_time_ms = timestamp_ms;
    const int64_t size_ms = node->window_size_ms;
    const int64_t advance_ms = node->window == WINDOW_HOPPING ? node->window_advance_ms : size_ms;
    int64_t start_ms = timestamp_ms - size_ms + advance_ms;
    start_ms = start_ms > 0 ? start_ms / advance_ms * advance_ms : 0;
    return (struct window_bounds){.start_ms = start_ms, .end_ms = add_saturated(start_ms, size_ms)};
}

bool aggregate_windows_next(const struct aggregate_windows *windows, int64_t timestamp_ms,
                            struct window_bounds *bounds)
{
    const struct plan_node *node = windows->node;
    if (node->window != WINDOW_HOPPING ||
        add_saturated(bounds->start_ms, node->window_advance_ms) > timestamp_ms)
        return false;
    if (bounds->start_ms > INT64_MAX - node->window_advance_ms)
        return false;
    bounds->start_ms += node->window_advance_ms;
    bounds->end_ms = add_saturated(bounds->start_ms, node->window_size_ms);
    return true;
}

bool aggregate_windows_late(struct aggregate_windows *windows, const struct window_bounds *bounds)
{
    const int64_t close_ms = close_ms_of(windows, bounds->end_ms);
    if (close_ms <= windows->stream_time_ms)
        return true;
    if (bounds->start_ms > windows->start_max_ms)
        windows->start_max_ms = bounds->start_ms;
    if (windows->node->is_final && close_ms < windows->next_close_ms)
        windows->next_close_ms = close_ms;
    return false;
}

/* A window that a jump of stream time pushed past its retention before it was emitted is not
 * emitted any more: so it is in ksqlDB. */
void aggregate_windows_close(struct aggregate_windows *windows, const struct table *table,
                             struct emitter *emitter)
{
    const int64_t start_ms = start_min_ms(windows);
    const uint32_t count = table_window_count(table);
    for (uint32_t i = 0; i < count; i++) {
        const struct table_window *window = table_window_at(table, i);
        const int64_t close_ms = close_ms_of(windows, window->end_ms);
        if (close_ms > windows->closed_ms && close_ms <= windows->stream_time_ms &&
            window->start_ms >= start_ms)
            close_window(table, window, emitter);
    }
    windows->closed_ms = windows->stream_time_ms;
    find_next_close(windows, table);
}

void aggregate_windows_expire(const struct aggregate_windows *windows, struct table *table)
{
    table_expire(table, start_min_ms(windows));
}

static int64_t close_ms_of(const struct aggregate_windows *windows, int64_t end_ms)
{
    return add_saturated(end_ms, windows->node->window_grace_ms);
}

/* The first start that is still kept. */
static int64_t start_min_ms(const struct aggregate_windows *windows)
{
    return windows->start_max_ms <= windows->retention_ms
               ? INT64_MIN
               : windows->start_max_ms - windows->retention_ms + 1;
}

static void find_next_close(struct aggregate_windows *windows, const struct table *table)
{
    windows->next_close_ms = INT64_MAX;
    if (!windows->node->is_final)
        return;
    for (uint32_t i = 0; i < table_window_count(table); i++) {
        const int64_t close_ms = close_ms_of(windows, table_window_at(table, i)->end_ms);
        if (close_ms > windows->closed_ms && close_ms < windows->next_close_ms)
            windows->next_close_ms = close_ms;
    }
}

static void close_window(const struct table *table, const struct table_window *window,
                         struct emitter *emitter)
{
    const struct state_shape *shape = emitter->shape;
    struct arena arena;
    arena_init(&arena, 0);
    struct closing_row *rows = ARENA_ARRAY(&arena, struct closing_row, window->rows.count);
    uint32_t count = 0;
    enum err err = OK;
    for (uint32_t slot = 0; slot < window->rows.capacity && err == OK; slot++) {
        struct closing_row *row = &rows[count];
        struct str kept;
        int64_t start_ms, end_ms;
        if (!table_window_row(table, window, slot, &row->key, &row->value))
            continue;
        count++;
        row->shape = shape;
        row->keys = ARENA_ARRAY(&arena, struct value, shape->key_count);
        err = table_key_read(true, row->key, &kept, &start_ms, &end_ms);
        if (err == OK)
            err = kept_read_values(kept, shape->key_types, shape->key_count, row->keys, &arena);
    }
    if (err == OK) {
        qsort(rows, count, sizeof(*rows), compare_rows);
        for (uint32_t i = 0; i < count; i++)
            emitter_add(emitter, &(struct emission){.key = rows[i].key, .value = rows[i].value});
    } else {
        task_fail(emitter->op->task, ERR_CORRUPT, NULL);
    }
    arena_release(&arena);
}

/* Types without an order stand in the order of their bytes. */
static int compare_rows(const void *a, const void *b)
{
    const struct closing_row *left = a;
    const struct closing_row *right = b;
    for (uint32_t i = 0; i < left->shape->key_count; i++) {
        const struct type *type = left->shape->key_types[i];
        if (type->kind == TYPE_ARRAY || type->kind == TYPE_MAP || type->kind == TYPE_STRUCT)
            break;
        const int order = value_compare(type, &left->keys[i], &right->keys[i]);
        if (order != 0)
            return order;
    }
    return str_compare(left->key, right->key);
}

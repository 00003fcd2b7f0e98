/* aggregate_sessions.c -- a list of sessions a key. */
#include "flow/aggregate_sessions.h"

#include "base/memory.h"
#include "base/saturate.h"
#include "flow/task.h"

#define EXPIRE_SHARE 8

struct session_list {
    struct session_bounds *at; /* in order of time */
    uint32_t count;
    uint32_t capacity;
};

static int64_t close_before_ms(const struct aggregate_sessions *sessions);
static struct session_list *list_of(struct aggregate_sessions *sessions, struct str kept);
static void list_insert(struct session_list *list, struct session_bounds bounds);
static void lists_clear(struct aggregate_sessions *sessions);
static void lists_read(struct aggregate_sessions *sessions, const struct table *table);

void aggregate_sessions_init(struct aggregate_sessions *sessions, const struct plan_node *node)
{
    const int64_t least_ms = add_saturated(node->window_size_ms, node->window_grace_ms);
    *sessions = (struct aggregate_sessions){
        .node = node,
        .retention_ms = node->window_retention_ms > least_ms ? node->window_retention_ms : least_ms,
        .stream_time_ms = INT64_MIN,
        .closed_ms = INT64_MIN,
    };
}

void aggregate_sessions_release(struct aggregate_sessions *sessions)
{
    lists_clear(sessions);
    map_release(&sessions->lists);
}

void aggregate_sessions_restore(struct aggregate_sessions *sessions, const struct table *table,
                                int64_t stream_time_ms)
{
    sessions->stream_time_ms = stream_time_ms;
    sessions->closed_ms = close_before_ms(sessions);
    lists_read(sessions, table);
}

bool aggregate_sessions_add(struct aggregate_sessions *sessions, struct str kept,
                            int64_t timestamp_ms, struct session_merge *ret_merge)
{
    const int64_t gap_ms = sessions->node->window_size_ms;
    if (timestamp_ms > sessions->stream_time_ms)
        sessions->stream_time_ms = timestamp_ms;
    struct session_list *list = list_of(sessions, kept);
    struct session_merge merge = {.merged = {timestamp_ms, timestamp_ms}};
    /* What is past retention is not seen any more, also when it is still there. */
    const int64_t kept_ms = subtract_saturated(sessions->stream_time_ms, sessions->retention_ms);
    const int64_t near_ms = subtract_saturated(timestamp_ms, gap_ms);
    const int64_t end_min_ms = kept_ms > near_ms ? kept_ms : near_ms;
    uint32_t first = 0;
    while (first < list->count && list->at[first].end_ms < end_min_ms)
        first++;
    uint32_t end = first;
    for (; end < list->count && merge.old_count < 2 &&
           list->at[end].start_ms <= add_saturated(timestamp_ms, gap_ms);
         end++) {
        const struct session_bounds old = list->at[end];
        merge.old[merge.old_count++] = old;
        if (old.start_ms < merge.merged.start_ms)
            merge.merged.start_ms = old.start_ms;
        if (old.end_ms > merge.merged.end_ms)
            merge.merged.end_ms = old.end_ms;
    }
    if (merge.merged.end_ms < close_before_ms(sessions))
        return false;
    if (end > first)
        memmove(list->at + first, list->at + end, (list->count - end) * sizeof(*list->at));
    list->count -= end - first;
    list_insert(list, merge.merged);
    *ret_merge = merge;
    return true;
}

bool aggregate_sessions_may_close(const struct aggregate_sessions *sessions)
{
    return sessions->node->is_final && close_before_ms(sessions) > sessions->closed_ms;
}

/* Windows stand in order of their start; the rows of one have one place each. */
void aggregate_sessions_close(struct aggregate_sessions *sessions, const struct table *table,
                              struct emitter *emitter)
{
    const int64_t before_ms = close_before_ms(sessions);
    for (uint32_t i = 0; i < table_window_count(table); i++) {
        const struct table_window *window = table_window_at(table, i);
        if (window->end_ms >= before_ms || window->end_ms < sessions->closed_ms)
            continue;
        for (uint32_t slot = 0; slot < window->rows.capacity; slot++) {
            struct emission emission = {.timestamp_ms = window->end_ms};
            if (table_window_row(table, window, slot, &emission.key, &emission.value))
                emitter_add(emitter, &emission);
        }
    }
    sessions->closed_ms = before_ms;
}

/* A long session may have begun before others that ended long ago: those wait for it. The lists
 * are made anew, so some must be gone before it is worth it. */
void aggregate_sessions_expire(struct aggregate_sessions *sessions, struct table *table)
{
    const int64_t end_min_ms = subtract_saturated(sessions->stream_time_ms, sessions->retention_ms);
    const uint32_t count = table_window_count(table);
    uint32_t gone = 0;
    while (gone < count && table_window_at(table, gone)->end_ms < end_min_ms)
        gone++;
    if (sessions->stream_time_ms == INT64_MIN || gone < 1 + count / EXPIRE_SHARE)
        return;
    table_expire(table,
                 gone < count ? table_window_at(table, gone)->start_ms : sessions->stream_time_ms);
    lists_clear(sessions);
    lists_read(sessions, table);
}

static int64_t close_before_ms(const struct aggregate_sessions *sessions)
{
    const int64_t wait_ms =
        add_saturated(sessions->node->window_size_ms, sessions->node->window_grace_ms);
    return subtract_saturated(sessions->stream_time_ms, wait_ms);
}

static struct session_list *list_of(struct aggregate_sessions *sessions, struct str kept)
{
    struct session_list *list = map_get(&sessions->lists, kept);
    if (list)
        return list;
    list = MEMORY_NEW(struct session_list);
    map_set(&sessions->lists, kept, list);
    return list;
}

static void list_insert(struct session_list *list, struct session_bounds bounds)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 2;
        list->at = memory_realloc(list->at, list->capacity * sizeof(*list->at));
    }
    uint32_t at = list->count;
    for (; at > 0 && list->at[at - 1].start_ms > bounds.start_ms; at--)
        list->at[at] = list->at[at - 1];
    list->at[at] = bounds;
    list->count++;
}

static void lists_clear(struct aggregate_sessions *sessions)
{
    size_t cursor = 0;
    const struct map_entry *at;
    while ((at = map_next(&sessions->lists, &cursor)) != NULL) {
        struct session_list *list = at->value;
        free(list->at);
        free(list);
    }
    map_release(&sessions->lists);
    sessions->lists = (struct map){0};
}

static void lists_read(struct aggregate_sessions *sessions, const struct table *table)
{
    for (uint32_t i = 0; i < table_window_count(table); i++) {
        const struct table_window *window = table_window_at(table, i);
        for (uint32_t slot = 0; slot < window->rows.capacity; slot++) {
            struct session_bounds bounds;
            struct str key, value, kept;
            if (!table_window_row(table, window, slot, &key, &value) ||
                table_key_read(true, key, &kept, &bounds.start_ms, &bounds.end_ms) != OK)
                continue;
            list_insert(list_of(sessions, kept), bounds);
        }
    }
}

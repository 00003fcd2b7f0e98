/* table.c -- the map, its windows, and its changes by step. */
#include "flow/table.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/varint.h"
#include "flow/table_log.h"
#include "flow/task.h"

#define START_BYTES 8

struct table {
    struct task *task;
    struct row_store store;
    struct table_log log;
    bool is_windowed;
    struct table_window **windows; /* not windowed: one, for good */
    uint32_t window_count;
    uint32_t window_capacity;
    uint64_t row_count;
    struct table_step *oldest; /* ... to newest, which is the step being made */
    struct table_step *newest;
};

static enum err load_record(void *context, const struct record *record, struct why *why);
static uint32_t window_place(const struct table *table, int64_t start_ms, int64_t end_ms);
static struct table_window *window_find(const struct table *table, struct str key);
static struct table_window *window_make(struct table *table, struct str key);
static void window_drop(struct table *table, uint32_t index);
static enum err row_set(struct table *table, uint64_t hash, struct str key, struct str value);
static void row_drop(struct table *table, uint64_t hash, struct str key);
static row_ref row_find(const struct table *table, uint64_t hash, struct str key);
static struct table_change *note(struct table *table, uint64_t hash, struct str key);
static bool committed_get(const struct table *table, struct str key, struct str *ret_value);
static bool is_undone(const struct table *table);

enum err table_open(struct task *task, uint32_t node_id, bool is_windowed, struct table **ret_table,
                    struct why *why)
{
    struct table *table = MEMORY_NEW(struct table);
    table->task = task;
    table->is_windowed = is_windowed;
    table->oldest = table->newest = table_step_new();
    if (!is_windowed)
        (void)window_make(table, (struct str){0});
    const enum err err =
        changelog_open(task, node_id, load_record, table, &table->log.changelog, why);
    if (err == OK)
        *ret_table = table;
    else
        table_free(table);
    return err;
}

void table_free(struct table *table)
{
    if (!table)
        return;
    for (uint32_t i = 0; i < table->window_count; i++) {
        row_index_release(&table->windows[i]->rows);
        free(table->windows[i]);
    }
    free(table->windows);
    while (table->oldest) {
        struct table_step *step = table->oldest;
        table->oldest = step->next;
        table_step_free(step);
    }
    table_log_release(&table->log);
    row_store_release(&table->store);
    free(table);
}

bool table_get(const struct table *table, struct str key, struct str *ret_value)
{
    const row_ref ref = row_find(table, hash64(key.data, key.size), key);
    if (ref != 0)
        *ret_value = row_value(row_store_at(&table->store, ref));
    return ref != 0;
}

bool table_get_before(const struct table *table, struct str key, struct str *ret_value)
{
    const struct table_change *change =
        table_step_find(table_step(table), hash64(key.data, key.size), key);
    if (!change)
        return table_get(table, key, ret_value);
    *ret_value = change->before;
    return change->before.data != NULL;
}

enum err table_put(struct table *table, struct str key, struct str value)
{
    const uint64_t hash = hash64(key.data, key.size);
    (void)note(table, hash, key);
    return row_set(table, hash, key, value);
}

void table_remove(struct table *table, struct str key, int64_t timestamp_ms)
{
    const uint64_t hash = hash64(key.data, key.size);
    note(table, hash, key)->timestamp_ms = timestamp_ms;
    row_drop(table, hash, key);
}

const struct table_step *table_step(const struct table *table)
{
    return table->newest;
}

enum err table_end_step(struct table *table)
{
    struct table_step *step = table->newest;
    for (uint32_t i = 0; i < step->count; i++) {
        const struct table_change *change = &step->changes[i];
        const row_ref ref =
            row_find(table, hash64(change->key.data, change->key.size), change->key);
        if (ref == 0 && !change->before.data)
            continue;
        const struct row *row = ref ? row_store_at(&table->store, ref) : NULL;
        if (row && change->before.data && str_equal(row_value(row), change->before))
            continue;
        const enum err err = ref ? table_log_put(&table->log, &table->store, ref)
                                 : table_log_remove(&table->log, change->key);
        if (err != OK)
            return err;
    }
    const enum err err = table_log_tidy(&table->log, &table->store, table->row_count, step->count);
    if (err != OK || step->count == 0)
        return err;
    step->number = table->task->step_number;
    table->newest = step->next = table_step_new();
    return OK;
}

void table_committed(struct table *table, uint64_t step_number)
{
    while (table->oldest != table->newest && table->oldest->number <= step_number) {
        struct table_step *step = table->oldest;
        table->oldest = step->next;
        table_step_free(step);
    }
}

uint32_t table_window_count(const struct table *table)
{
    return table->window_count;
}

const struct table_window *table_window_at(const struct table *table, uint32_t index)
{
    must(index < table->window_count);
    return table->windows[index];
}

void table_expire(struct table *table, int64_t start_ms)
{
    must(table->is_windowed);
    uint32_t gone = 0;
    while (gone < table->window_count && table->windows[gone]->start_ms < start_ms)
        gone++;
    for (uint32_t i = gone; i-- > 0;) {
        struct row_index *rows = &table->windows[i]->rows;
        for (uint32_t slot = 0; slot < rows->capacity; slot++)
            if (rows->refs[slot] != 0)
                row_store_remove(&table->store, rows->refs[slot]);
        table->row_count -= rows->count;
        row_index_release(rows);
        free(table->windows[i]);
    }
    if (gone == 0)
        return;
    table->window_count -= gone;
    memmove(table->windows, table->windows + gone, table->window_count * sizeof(*table->windows));
}

bool table_window_row(const struct table *table, const struct table_window *window, uint32_t slot,
                      struct str *ret_key, struct str *ret_value)
{
    must(slot < window->rows.capacity);
    const row_ref ref = window->rows.refs[slot];
    if (ref == 0)
        return false;
    const struct row *row = row_store_at(&table->store, ref);
    *ret_key = row_key(row);
    *ret_value = row_value(row);
    return true;
}

/* Eight bytes of the start, little-endian, and the length as a varint. */
void table_key_window(struct buf *buf, int64_t start_ms, int64_t end_ms)
{
    buf_append(buf, &start_ms, START_BYTES);
    varint_append(buf, end_ms - start_ms);
}

enum err table_key_read(bool is_windowed, struct str key, struct str *ret_kept,
                        int64_t *ret_start_ms, int64_t *ret_end_ms)
{
    if (!is_windowed) {
        *ret_kept = key;
        return OK;
    }
    if (key.size <= START_BYTES)
        return ERR_CORRUPT;
    int64_t start_ms = 0;
    int64_t size_ms = 0;
    int64_t end_ms = 0;
    memcpy(&start_ms, key.data, START_BYTES);
    const uint8_t *const end = (const uint8_t *)key.data + key.size;
    const uint8_t *at = varint_get((const uint8_t *)key.data + START_BYTES, end, &size_ms);
    if (!at || __builtin_add_overflow(start_ms, size_ms, &end_ms))
        return ERR_CORRUPT;
    *ret_kept = (struct str){(const char *)at, (size_t)(end - at)};
    *ret_start_ms = start_ms;
    *ret_end_ms = end_ms;
    return OK;
}

/* What the map has, seen through the steps on their way; then what these took out of it. */
void table_committed_scan(const struct table *table, table_row *on_row, void *context)
{
    const bool as_it_is = !is_undone(table);
    for (uint32_t i = 0; i < table->window_count; i++) {
        const struct table_window *window = table->windows[i];
        for (uint32_t slot = 0; slot < window->rows.capacity; slot++) {
            struct str key, value;
            if (!table_window_row(table, window, slot, &key, &value))
                continue;
            if (!as_it_is && !committed_get(table, key, &value))
                continue;
            if (!on_row(context, key, value))
                return;
        }
    }
    for (const struct table_step *step = table->oldest; step; step = step->next) {
        for (uint32_t i = 0; i < step->count; i++) {
            const struct str key = step->changes[i].key;
            struct str value;
            if (table_get(table, key, &value) || !committed_get(table, key, &value))
                continue;
            /* A key of several steps is told once: by the oldest, whose row is the committed one.
             */
            if (value.data == step->changes[i].before.data && !on_row(context, key, value))
                return;
        }
    }
}

void table_committed_find(const struct table *table, struct str kept, table_row *on_row,
                          void *context)
{
    struct str value;
    if (!table->is_windowed) {
        if (committed_get(table, kept, &value))
            (void)on_row(context, kept, value);
        return;
    }
    struct buf key = {0};
    for (uint32_t i = 0; i < table->window_count; i++) {
        buf_clear(&key);
        table_key_window(&key, table->windows[i]->start_ms, table->windows[i]->end_ms);
        buf_append_str(&key, kept);
        if (committed_get(table, buf_str(&key), &value) && !on_row(context, buf_str(&key), value))
            break;
    }
    buf_release(&key);
}

void table_measure(const struct table *table, struct operator_usage *usage)
{
    uint64_t bytes = table->store.bytes + table_log_bytes(&table->log);
    for (uint32_t i = 0; i < table->window_count; i++)
        bytes += sizeof(struct table_window) +
                 table->windows[i]->rows.capacity * (sizeof(row_ref) + sizeof(uint8_t));
    for (const struct table_step *step = table->oldest; step; step = step->next)
        bytes += step->arena.bytes + step->capacity * sizeof(*step->changes) +
                 step->slot_count * sizeof(*step->slots);
    usage->state_bytes += bytes;
    usage->state_rows += table->row_count;
}

static enum err load_record(void *context, const struct record *record, struct why *why)
{
    struct table *table = context;
    struct str kept;
    int64_t start_ms, end_ms;
    if (table_key_read(table->is_windowed, record->key, &kept, &start_ms, &end_ms) != OK)
        return why_set(why, ERR_CORRUPT, "changelog of task '%.*s': a key cannot be read",
                       STR_ARGS(table->task->name));
    const uint64_t hash = hash64(record->key.data, record->key.size);
    row_ref ref = 0;
    if (record->value.data) {
        const enum err err = row_set(table, hash, record->key, record->value);
        if (err != OK)
            return why_set(why, err, "changelog of task '%.*s': %s", STR_ARGS(table->task->name),
                           err_text(err));
        ref = row_find(table, hash, record->key);
    } else {
        row_drop(table, hash, record->key);
    }
    table_log_loaded(&table->log, &table->store, ref, record->offset);
    return OK;
}

/* The first window that is not before this one. */
static uint32_t window_place(const struct table *table, int64_t start_ms, int64_t end_ms)
{
    uint32_t low = 0;
    uint32_t high = table->window_count;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        const struct table_window *window = table->windows[middle];
        if (window->start_ms < start_ms ||
            (window->start_ms == start_ms && window->end_ms < end_ms))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct table_window *window_find(const struct table *table, struct str key)
{
    if (!table->is_windowed)
        return table->windows[0];
    struct str kept;
    int64_t start_ms = 0;
    int64_t end_ms = 0;
    const enum err err = table_key_read(true, key, &kept, &start_ms, &end_ms);
    must(err == OK);
    const uint32_t index = window_place(table, start_ms, end_ms);
    if (index == table->window_count || table->windows[index]->start_ms != start_ms ||
        table->windows[index]->end_ms != end_ms)
        return NULL;
    return table->windows[index];
}

static struct table_window *window_make(struct table *table, struct str key)
{
    int64_t start_ms = 0;
    int64_t end_ms = 0;
    struct str kept;
    const enum err err = table_key_read(table->is_windowed, key, &kept, &start_ms, &end_ms);
    must(err == OK);
    if (table->window_count == table->window_capacity) {
        table->window_capacity = table->window_capacity ? table->window_capacity * 2 : 1;
        table->windows =
            memory_realloc(table->windows, table->window_capacity * sizeof(*table->windows));
    }
    const uint32_t index = window_place(table, start_ms, end_ms);
    memmove(table->windows + index + 1, table->windows + index,
            (table->window_count - index) * sizeof(*table->windows));
    struct table_window *window = MEMORY_NEW(struct table_window);
    window->start_ms = start_ms;
    window->end_ms = end_ms;
    table->windows[index] = window;
    table->window_count++;
    return window;
}

static void window_drop(struct table *table, uint32_t index)
{
    struct table_window *window = table->windows[index];
    row_index_release(&window->rows);
    free(window);
    table->window_count--;
    memmove(table->windows + index, table->windows + index + 1,
            (table->window_count - index) * sizeof(*table->windows));
}

static enum err row_set(struct table *table, uint64_t hash, struct str key, struct str value)
{
    struct table_window *window = window_find(table, key);
    row_ref ref = window ? row_index_find(&window->rows, &table->store, hash, key) : 0;
    if (ref != 0) {
        const row_ref old = ref;
        const enum err err = row_store_set_value(&table->store, &ref, value);
        if (err == OK && ref != old)
            row_index_replace(&window->rows, hash, old, ref);
        if (err == OK && ref != old)
            table_log_moved(&table->log, &table->store, ref);
        return err;
    }
    const enum err err = row_store_add(&table->store, key, value, &ref);
    if (err != OK)
        return err;
    if (!window)
        window = window_make(table, key);
    row_index_add(&window->rows, &table->store, hash, ref);
    table->row_count++;
    return OK;
}

static void row_drop(struct table *table, uint64_t hash, struct str key)
{
    struct table_window *window = window_find(table, key);
    const row_ref ref = window ? row_index_find(&window->rows, &table->store, hash, key) : 0;
    if (ref == 0)
        return;
    row_index_remove(&window->rows, &table->store, hash, ref);
    row_store_remove(&table->store, ref);
    table->row_count--;
    if (table->is_windowed && window->rows.count == 0)
        window_drop(table, window_place(table, window->start_ms, window->end_ms));
}

static row_ref row_find(const struct table *table, uint64_t hash, struct str key)
{
    const struct table_window *window = window_find(table, key);
    return window ? row_index_find(&window->rows, &table->store, hash, key) : 0;
}

/* Remembers the row before a key's first change in this step. */
static struct table_change *note(struct table *table, uint64_t hash, struct str key)
{
    struct table_change *change = table_step_find(table->newest, hash, key);
    if (change)
        return change;
    const row_ref ref = row_find(table, hash, key);
    const struct str before =
        ref ? row_value(row_store_at(&table->store, ref)) : (struct str){NULL, 0};
    return table_step_add(table->newest, hash, key, before);
}

static bool committed_get(const struct table *table, struct str key, struct str *ret_value)
{
    const uint64_t hash = hash64(key.data, key.size);
    for (const struct table_step *step = table->oldest; step; step = step->next) {
        const struct table_change *change = table_step_find(step, hash, key);
        if (!change)
            continue;
        *ret_value = change->before;
        return change->before.data != NULL;
    }
    return table_get(table, key, ret_value);
}

static bool is_undone(const struct table *table)
{
    return table->oldest != table->newest || table->newest->count > 0;
}

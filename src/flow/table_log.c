/* table_log.c -- a ring of the changelog's records in order of offset.
 *
 * A record counts while its row is there and was not written again: row->offset is its offset. A
 * deletion never counts: records are dropped from the oldest on, so that by the time it is the
 * oldest no put of its key stands before it. */
#include "flow/table_log.h"

#include "base/memory.h"

#define CAPACITY_MIN 64
#define DEAD_MIN 1024 /* fewer are not worth the trouble */
#define TIDY_MIN 512  /* records looked at in a step, at least */

static void push(struct table_log *log, row_ref ref, int64_t offset);

void table_log_release(struct table_log *log)
{
    free(log->refs);
    *log = (struct table_log){0};
}

void table_log_loaded(struct table_log *log, struct row_store *store, row_ref ref, int64_t offset)
{
    push(log, ref, offset);
    if (ref != 0)
        row_store_at(store, ref)->offset = offset;
}

void table_log_moved(struct table_log *log, const struct row_store *store, row_ref ref)
{
    const int64_t offset = row_store_at(store, ref)->offset;
    if (offset >= log->begin_offset && offset - log->begin_offset < log->count)
        log->refs[(log->first + (uint32_t)(offset - log->begin_offset)) & (log->capacity - 1)] =
            ref;
}

enum err table_log_put(struct table_log *log, struct row_store *store, row_ref ref)
{
    struct row *row = row_store_at(store, ref);
    int64_t offset = 0;
    const enum err err =
        changelog_append(log->changelog, row_key(row), row_value(row), false, &offset);
    if (err != OK)
        return err;
    push(log, ref, offset);
    row->offset = offset;
    return OK;
}

enum err table_log_remove(struct table_log *log, struct str key)
{
    int64_t offset = 0;
    const enum err err =
        changelog_append(log->changelog, key, (struct str){NULL, 0}, true, &offset);
    if (err == OK)
        push(log, 0, offset);
    return err;
}

/* Looks at a few more records than the step added, so that the oldest end is caught up with. */
enum err table_log_tidy(struct table_log *log, struct row_store *store, uint64_t row_count,
                        uint32_t change_count)
{
    uint64_t budget = TIDY_MIN + 4 * (uint64_t)change_count;
    while (budget-- > 0 && log->count > 2 * row_count + DEAD_MIN) {
        const row_ref ref = log->refs[log->first];
        const bool counts = ref != 0 && row_store_at(store, ref)->offset == log->begin_offset;
        if (counts) {
            const enum err err = table_log_put(log, store, ref);
            if (err != OK)
                return err;
        }
        log->first = (log->first + 1) & (log->capacity - 1);
        log->count--;
        log->begin_offset++;
    }
    if (log->count > 0)
        changelog_trim(log->changelog, log->begin_offset);
    return OK;
}

uint64_t table_log_bytes(const struct table_log *log)
{
    return log->capacity * sizeof(*log->refs);
}

/* Offsets may have gaps: these are like deletions. */
static void push(struct table_log *log, row_ref ref, int64_t offset)
{
    if (log->count == 0)
        log->begin_offset = offset;
    must(offset >= log->begin_offset + log->count);
    for (bool done = false; !done;) {
        if (log->count == log->capacity) {
            const uint32_t capacity = log->capacity ? log->capacity * 2 : CAPACITY_MIN;
            must(capacity > log->capacity);
            row_ref *refs = memory_alloc(capacity * sizeof(*refs));
            for (uint32_t i = 0; i < log->count; i++)
                refs[i] = log->refs[(log->first + i) & (log->capacity - 1)];
            free(log->refs);
            log->refs = refs;
            log->capacity = capacity;
            log->first = 0;
        }
        done = offset == log->begin_offset + log->count;
        log->refs[(log->first + log->count) & (log->capacity - 1)] = done ? ref : 0;
        log->count++;
    }
}

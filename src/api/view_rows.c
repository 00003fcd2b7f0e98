/* view_rows.c -- rows by key and by slot, what changed among them, and which may stay. */
#include "api/view_rows.h"
#include "base/memory.h"

/* The oldest go in bulk, so that sorting is paid for rarely. */
#define SLACK_SHARE 8

static void drop_oldest(struct view_rows *rows);
static void forget(struct view_rows *rows, struct view_row *row);
static void write_row(const struct view_row *row, struct buf *buf);

void view_rows_init(struct view_rows *rows, size_t rows_max, bool is_keyed, bool drops_old)
{
    must(rows_max > 0);
    *rows = (struct view_rows){
        .next_slot = 1, .is_keyed = is_keyed, .drops_old = drops_old, .rows_max = rows_max};
}

static void row_free(struct view_row *row)
{
    buf_release(&row->cells);
    free(row);
}

void view_rows_release(struct view_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        row_free(rows->at[i]);
    free(rows->at);
    free(rows->gone);
    map_release(&rows->by_key);
    *rows = (struct view_rows){0};
}

static struct view_row *add(struct view_rows *rows, struct str key)
{
    struct view_row *row = memory_alloc(sizeof(*row) + key.size);
    *row = (struct view_row){.key_size = key.size};
    if (key.size > 0)
        memcpy(row->key, key.data, key.size);
    if (rows->count == rows->capacity) {
        rows->capacity = rows->capacity ? rows->capacity * 2 : 64;
        rows->at = memory_realloc(rows->at, rows->capacity * sizeof(*rows->at));
    }
    rows->at[rows->count++] = row;
    if (rows->is_keyed)
        map_set(&rows->by_key, key, row);
    return row;
}

struct buf *view_rows_put(struct view_rows *rows, struct str key, int64_t time_ms)
{
    struct view_row *row = rows->is_keyed ? map_get(&rows->by_key, key) : NULL;
    if (!row && !rows->drops_old && rows->count >= rows->rows_max) {
        rows->left_out++;
        return NULL;
    }
    if (!row)
        row = add(rows, rows->is_keyed ? key : (struct str){0});
    row->time_ms = time_ms;
    row->is_changed = true;
    rows->is_changed = true;
    buf_clear(&row->cells);
    return &row->cells;
}

void view_rows_remove(struct view_rows *rows, struct str key)
{
    struct view_row *row = rows->is_keyed ? map_get(&rows->by_key, key) : NULL;
    if (!row)
        return;
    for (size_t i = 0; i < rows->count; i++) {
        if (rows->at[i] != row)
            continue;
        rows->at[i] = rows->at[--rows->count];
        break;
    }
    forget(rows, row);
}

/* The row is out of `at` already. */
static void forget(struct view_rows *rows, struct view_row *row)
{
    if (rows->is_keyed)
        map_remove(&rows->by_key, (struct str){row->key, row->key_size});
    if (row->slot > 0) {
        if (rows->gone_count == rows->gone_capacity) {
            rows->gone_capacity = rows->gone_capacity ? rows->gone_capacity * 2 : 64;
            rows->gone = memory_realloc(rows->gone, rows->gone_capacity * sizeof(*rows->gone));
        }
        rows->gone[rows->gone_count++] = row->slot;
        rows->is_changed = true;
    }
    row_free(row);
}

/* Rows without a slot last; those by time, then as they came. */
static int compare_new(const void *a, const void *b)
{
    const struct view_row *const *left = a, *const *right = b;
    if (((*left)->slot == 0) != ((*right)->slot == 0))
        return (*left)->slot == 0 ? 1 : -1;
    if ((*left)->slot != (*right)->slot)
        return (*left)->slot < (*right)->slot ? -1 : 1;
    return ((*left)->time_ms > (*right)->time_ms) - ((*left)->time_ms < (*right)->time_ms);
}

static int compare_time(const void *a, const void *b)
{
    const struct view_row *const *left = a, *const *right = b;
    return ((*left)->time_ms > (*right)->time_ms) - ((*left)->time_ms < (*right)->time_ms);
}

void view_rows_settle(struct view_rows *rows)
{
    const size_t slack = rows->is_keyed ? rows->rows_max / SLACK_SHARE : 0;
    if (rows->drops_old && rows->count > rows->rows_max + slack)
        drop_oldest(rows);
    if (!rows->is_keyed && rows->is_changed)
        qsort(rows->at, rows->count, sizeof(struct view_row *), compare_new);
    for (size_t i = 0; i < rows->count; i++)
        if (rows->at[i]->slot == 0)
            rows->at[i]->slot = rows->next_slot++;
}

static void drop_oldest(struct view_rows *rows)
{
    const size_t extra = rows->count - rows->rows_max;
    qsort(rows->at, rows->count, sizeof(struct view_row *), compare_time);
    for (size_t i = 0; i < extra; i++)
        forget(rows, rows->at[i]);
    rows->count -= extra;
    memmove(rows->at, rows->at + extra, rows->count * sizeof(struct view_row *));
}

static void write_row(const struct view_row *row, struct buf *buf)
{
    buf_printf(buf, "[%llu", (unsigned long long)row->slot);
    buf_append_str(buf, buf_str(&row->cells));
    buf_append_byte(buf, ']');
}

void view_rows_write(const struct view_rows *rows, struct buf *buf)
{
    buf_append_byte(buf, '[');
    for (size_t i = 0; i < rows->count; i++) {
        if (i > 0)
            buf_append_byte(buf, ',');
        write_row(rows->at[i], buf);
    }
    buf_append_byte(buf, ']');
}

bool view_rows_write_changes(struct view_rows *rows, struct buf *buf)
{
    if (!rows->is_changed)
        return false;
    buf_append_byte(buf, '[');
    const size_t begin = buf->size;
    for (size_t i = 0; i < rows->gone_count; i++)
        buf_printf(buf, "%s[%llu]", buf->size > begin ? "," : "",
                   (unsigned long long)rows->gone[i]);
    for (size_t i = 0; i < rows->count; i++) {
        if (!rows->at[i]->is_changed)
            continue;
        if (buf->size > begin)
            buf_append_byte(buf, ',');
        write_row(rows->at[i], buf);
        rows->at[i]->is_changed = false;
    }
    buf_append_byte(buf, ']');
    rows->gone_count = 0;
    rows->is_changed = false;
    return true;
}

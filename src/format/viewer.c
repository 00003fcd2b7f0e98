/* viewer.c -- a topic's records as JSON text, for people: by the catalog where bytes do not tell.
 *
 * AVRO and JSON say themselves what they are, and are shown as they were written. KAFKA and
 * DELIMITED bytes, and the window at a key's end, mean something only to whoever knows the columns.
 */
#include "base/json.h"
#include "base/memory.h"
#include "data/time.h"
#include "format/format.h"

/* One side of the records: NULL decoder: bytes must speak for themselves. */
struct viewer_side {
    struct row_type row_type;
    struct record_format format;
    struct decoder *decoder;
};

struct viewer {
    struct registry *registry;
    struct arena arena;
    struct arena row_arena;
    struct viewer_side key;
    struct viewer_side value;
};

static bool side_needs_columns(const struct record_format *format, bool is_key);
static enum err side_init(struct viewer *viewer, struct viewer_side *side,
                          const struct record_format *format, bool is_key, struct why *why);
static bool side_show(struct viewer *viewer, const struct viewer_side *side,
                      const struct record *record, struct buf *buf);
static void write_row(const struct batch *batch, struct buf *buf);
static void write_window(const struct batch *batch, struct arena *arena, struct buf *buf);

enum err viewer_new(const struct record_format *format, struct registry *registry,
                    struct viewer **ret_viewer, struct why *why)
{
    must(ret_viewer != NULL);
    struct viewer *viewer = MEMORY_NEW(struct viewer);
    enum err err = OK;
    viewer->registry = registry;
    arena_init(&viewer->arena, 0);
    arena_init(&viewer->row_arena, 0);
    if (format && side_needs_columns(format, true))
        err = side_init(viewer, &viewer->key, format, true, why);
    if (!err && format && side_needs_columns(format, false))
        err = side_init(viewer, &viewer->value, format, false, why);
    if (err) {
        viewer_free(viewer);
        return err;
    }
    *ret_viewer = viewer;
    return OK;
}

void viewer_free(struct viewer *viewer)
{
    if (!viewer)
        return;
    decoder_free(viewer->key.decoder);
    decoder_free(viewer->value.decoder);
    arena_release(&viewer->row_arena);
    arena_release(&viewer->arena);
    free(viewer);
}

void viewer_show_key(struct viewer *viewer, const struct record *record, struct buf *buf)
{
    const struct record key = {.key = record->key};
    if (!record->key.data || !side_show(viewer, &viewer->key, &key, buf))
        format_show(record->key, record->key.data == NULL, viewer->registry, buf);
}

void viewer_show_value(struct viewer *viewer, const struct record *record, struct buf *buf)
{
    const struct record value = {.value = record->value};
    if (!record->value.data || !side_show(viewer, &viewer->value, &value, buf))
        format_show(record->value, record->value.data == NULL, viewer->registry, buf);
}

static bool side_needs_columns(const struct record_format *format, bool is_key)
{
    const enum format_kind kind = is_key ? format->key.kind : format->value.kind;
    return kind == FORMAT_KAFKA || kind == FORMAT_DELIMITED ||
           (is_key && format->window != WINDOW_NONE && kind != FORMAT_NONE);
}

/* The format with this side's columns only; the other side has none. */
static enum err side_init(struct viewer *viewer, struct viewer_side *side,
                          const struct record_format *format, bool is_key, struct why *why)
{
    const struct row_type *all = format->row_type;
    struct row_column *columns = ARENA_ARRAY(&viewer->arena, struct row_column, all->column_count);
    struct column_origin *origins =
        ARENA_ARRAY(&viewer->arena, struct column_origin, all->column_count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < all->column_count; i++) {
        if (all->columns[i].role != (is_key ? COLUMN_KEY : COLUMN_VALUE))
            continue;
        columns[count] = all->columns[i];
        origins[count] = (struct column_origin){.kind = ORIGIN_COLUMN, .column = (uint16_t)count};
        count++;
    }
    if (count == 0)
        return OK;
    side->row_type = (struct row_type){count, columns};
    side->format = *format;
    side->format.row_type = &side->row_type;
    if (is_key)
        side->format.value = (struct format_spec){.kind = FORMAT_NONE};
    else
        side->format.key = (struct format_spec){.kind = FORMAT_NONE};
    if (!is_key)
        side->format.window = WINDOW_NONE;
    return decoder_new(&side->format, origins, count, viewer->registry, &side->decoder, why);
}

/* False: the bytes are not what the catalog says. */
static bool side_show(struct viewer *viewer, const struct viewer_side *side,
                      const struct record *record, struct buf *buf)
{
    struct format_reject reject;
    uint32_t reject_count = 0;
    uint32_t done = 0;
    if (!side->decoder)
        return false;
    arena_clear(&viewer->row_arena);
    struct batch *batch = batch_new(&viewer->row_arena, &side->row_type, 1);
    if (side->format.window != WINDOW_NONE)
        batch_add_windows(batch);
    if (decoder_decode(side->decoder, record, 1, 0, batch, &reject, &reject_count, &done, NULL) ||
        reject_count > 0 || batch->row_count != 1)
        return false;
    write_row(batch, buf);
    return true;
}

/* A single column is shown bare; the window stands beside it. */
static void write_row(const struct batch *batch, struct buf *buf)
{
    const struct row_type *row_type = batch->row_type;
    const bool is_bare = row_type->column_count == 1 && !batch->window_starts;
    if (!is_bare)
        buf_append_byte(buf, '{');
    for (uint32_t i = 0; i < row_type->column_count; i++) {
        if (i > 0)
            buf_append_byte(buf, ',');
        if (!is_bare) {
            json_write_string(buf, row_type->columns[i].name);
            buf_append_byte(buf, ':');
        }
        const struct value value = column_get(&batch->columns[i], 0, batch->arena);
        value_write_json(row_type->columns[i].type, &value, buf);
    }
    if (batch->window_starts)
        write_window(batch, batch->arena, buf);
    if (!is_bare)
        buf_append_byte(buf, '}');
}

static void write_window(const struct batch *batch, struct arena *arena, struct buf *buf)
{
    const struct str start = timestamp_format_iso(batch->window_starts[0], arena);
    buf_printf(buf, ",\"WINDOWSTART\":\"%.*s\"", STR_ARGS(start));
    if (batch->window_ends[0] == INT64_MAX)
        return; /* its size is not known */
    const struct str end = timestamp_format_iso(batch->window_ends[0], arena);
    buf_printf(buf, ",\"WINDOWEND\":\"%.*s\"", STR_ARGS(end));
}

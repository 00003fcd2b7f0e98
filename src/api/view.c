/* view.c -- a view's life: planned, started near the end of its topic, read on. */
#include "api/view.h"
#include "api/view_rows.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"

#define FLOOD_NS 250000000 /* so often all rows being others is too often */
#define READ_BYTES_MAX (1 << 20)
#define ROUNDS_MAX 64 /* reads of one partition in one call: others get their turn */

struct view {
    struct view_options options;
    struct arena arena; /* the plan and what it stands on */
    struct why why;     /* why there is no plan */
    struct str sql;
    const struct pull_plan *plan; /* NULL: see why */
    struct str source_sql;        /* of the table or stream, to notice another */
    struct decoder *decoder;
    struct log_topic *topic;
    int64_t *offsets; /* -1: not found yet */
    struct view_rows rows;
    int64_t read_ns; /* when it last read */
    bool is_flooded;

    struct arena batch_arena;
    struct format_reject rejects[BATCH_ROWS_MAX];
};

static enum err plan(struct view *view);
static enum err read_partition(struct view *view, struct log_member *member, int32_t partition,
                               struct why *why);
static enum err find_begin(struct view *view, struct log_member *member, int32_t partition,
                           int64_t end_offset, struct why *why);
static enum err take(struct view *view, const struct record *records, uint32_t count,
                     int32_t partition, struct why *why);
static void take_rows(struct view *view, struct batch *batch, const struct record *records,
                      uint32_t count);

struct view *view_new(const struct view_options *options)
{
    must(options->rows_max > 0 && options->rows_max <= VIEW_ROWS_MAX);
    struct view *view = MEMORY_NEW(struct view);
    view->options = *options;
    arena_init(&view->arena, 0);
    arena_init(&view->batch_arena, 256 << 10);
    view->sql = arena_str(&view->arena, options->sql);
    if (plan(view) != OK)
        view->plan = NULL;
    return view;
}

void view_free(struct view *view)
{
    if (!view)
        return;
    decoder_free(view->decoder);
    view_rows_release(&view->rows);
    arena_release(&view->batch_arena);
    arena_release(&view->arena);
    free(view);
}

struct str view_topic(const struct view *view)
{
    return view->topic ? view->topic->name : (struct str){0};
}

static enum err plan(struct view *view)
{
    struct pull_plan *scan;
    enum err err =
        engine_plan_scan(view->options.engine, view->sql, &view->arena, &scan, &view->why);
    if (err)
        return err;
    const struct source *source = scan->table;
    const uint32_t own_count = source->format.row_type->column_count;
    struct column_origin *origins =
        ARENA_ARRAY(&view->arena, struct column_origin, scan->scan_type->column_count);
    must(scan->scan_type->column_count == own_count + 3);
    for (uint32_t i = 0; i < own_count; i++)
        origins[i] = (struct column_origin){.kind = ORIGIN_COLUMN, .column = (uint16_t)i};
    origins[own_count].kind = ORIGIN_ROWTIME;
    origins[own_count + 1].kind = ORIGIN_WINDOWSTART;
    origins[own_count + 2].kind = ORIGIN_WINDOWEND;
    err = log_topic_open(view->options.log, source->format.topic, &view->topic);
    if (err)
        return why_set(&view->why, err, "no topic '%.*s'", STR_ARGS(source->format.topic));
    err = decoder_new(&source->format, origins, scan->scan_type->column_count,
                      view->options.registry, &view->decoder, &view->why);
    if (err)
        return err;
    view->offsets = ARENA_ARRAY(&view->arena, int64_t, (size_t)view->topic->partition_count);
    for (int32_t i = 0; i < view->topic->partition_count; i++)
        view->offsets[i] = -1;
    const bool is_table = source->kind == SOURCE_TABLE;
    view_rows_init(&view->rows, view->options.rows_max, is_table,
                   !is_table || source->format.window != WINDOW_NONE);
    view->source_sql = arena_str(&view->arena, source->sql);
    view->plan = scan;
    return OK;
}

bool view_is_outdated(const struct view *view)
{
    struct arena arena;
    struct source source;
    struct pull_plan *scan;
    bool outdated;
    arena_init(&arena, 0);
    if (view->plan) /* dropped, or made anew by another statement? */
        outdated =
            engine_source(view->options.engine, view->plan->table->name, &arena, &source) != OK ||
            !str_equal(source.sql, view->source_sql);
    else /* or there by now? */
        outdated = engine_plan_scan(view->options.engine, view->sql, &arena, &scan, NULL) == OK;
    arena_release(&arena);
    return outdated;
}

/* The sum over partitions; those that were not read yet count nothing. */
static int64_t records_read(const struct view *view)
{
    int64_t sum = 0;
    for (int32_t i = 0; i < view->topic->partition_count; i++)
        sum += view->offsets[i] > 0 ? view->offsets[i] : 0;
    return sum;
}

enum err view_read(struct view *view, struct log_member *member, struct why *why)
{
    enum err err = OK;
    if (!view->plan)
        return OK;
    const int64_t now_ns = clock_monotonic_ns();
    const int64_t before = records_read(view);
    for (int32_t i = 0; err == OK && i < view->topic->partition_count; i++)
        err = read_partition(view, member, i, why);
    view_rows_settle(&view->rows);
    const double quarters = (double)(now_ns - view->read_ns) / FLOOD_NS;
    const double per_quarter = (double)(records_read(view) - before) / quarters;
    view->is_flooded = !view->rows.is_keyed && per_quarter >= view->options.rows_max;
    view->read_ns = now_ns;
    return err == ERR_NOT_FOUND ? OK : err; /* the topic went: view_is_outdated tells */
}

bool view_is_flooded(const struct view *view)
{
    return view->is_flooded;
}

static enum err read_partition(struct view *view, struct log_member *member, int32_t partition,
                               struct why *why)
{
    int64_t *offset = &view->offsets[partition];
    for (int round = 0; round < ROUNDS_MAX; round++) {
        struct log_records *records;
        enum err err = log_read(member, view->topic, partition, *offset < 0 ? 0 : *offset,
                                READ_BYTES_MAX, &records, why);
        if (err == ERR_OUT_OF_RANGE) { /* retention, or a topic made anew */
            err = find_begin(view, member, partition, -1, why);
            if (err)
                return err;
            continue;
        }
        if (err)
            return err;
        const int64_t end_offset = records->end_offset;
        const bool begins = *offset < 0;
        const bool is_behind =
            !view->rows.is_keyed && end_offset - *offset > view->options.rows_max;
        if (begins || is_behind) {
            log_records_release(records);
            err = find_begin(view, member, partition, end_offset, why);
            if (err)
                return err;
            continue;
        }
        const bool at_end = records->count == 0;
        err = take(view, records->at, records->count, partition, why);
        *offset = records->next_offset;
        log_records_release(records);
        if (err || at_end)
            return err;
    }
    return OK;
}

/* Where reading has to begin for the newest rows_max rows to come out: of a stream so many records
 * before the end, of a windowed table so many windows before the newest, of a table the beginning.
 */
static enum err find_begin(struct view *view, struct log_member *member, int32_t partition,
                           int64_t end_offset, struct why *why)
{
    const struct source *source = view->plan->table;
    int64_t *offset = &view->offsets[partition];
    struct log_topic_info info;
    struct log_records *records;
    enum err err =
        log_describe(view->options.log, view->topic->name, &view->batch_arena, &info, why);
    if (err)
        return err;
    const int64_t begin = info.partitions[partition].begin_offset;
    const int64_t end = end_offset < 0 ? info.partitions[partition].end_offset : end_offset;
    const int64_t rows_max = view->options.rows_max;
    *offset = begin;
    if (!view->rows.is_keyed && end - rows_max > begin)
        *offset = end - rows_max;
    if (source->format.window_size_ms <= 0 || end <= begin)
        return OK;
    err = log_read_last(member, view->topic, partition, begin, end, READ_BYTES_MAX, &records, why);
    if (err)
        return err;
    int64_t newest_ms = INT64_MIN;
    if (records->count > 0)
        newest_ms = records->at[records->count - 1].timestamp_ms;
    log_records_release(records);
    if (newest_ms == INT64_MIN)
        return OK;
    int64_t found;
    err = log_find(view->options.log, view->topic, partition,
                   newest_ms - rows_max * source->format.window_size_ms, &found, why);
    if (err == OK && found > begin)
        *offset = found;
    return err;
}

static enum err take(struct view *view, const struct record *records, uint32_t count,
                     int32_t partition, struct why *why)
{
    for (uint32_t begin = 0; begin < count; begin += BATCH_ROWS_MAX) {
        const uint32_t piece = count - begin < BATCH_ROWS_MAX ? count - begin : BATCH_ROWS_MAX;
        uint32_t reject_count, done;
        arena_clear(&view->batch_arena);
        struct batch *batch = batch_new(&view->batch_arena, view->plan->scan_type, piece);
        batch_add_kinds(batch);
        if (view->plan->table->format.window != WINDOW_NONE)
            batch_add_windows(batch);
        const enum err err = decoder_decode(view->decoder, records + begin, piece, partition, batch,
                                            view->rejects, &reject_count, &done, why);
        if (err)
            return err;
        take_rows(view, batch, records + begin, piece);
    }
    return OK;
}

static void write_cells(const struct view *view, const struct column *const *columns, uint32_t row,
                        struct buf *cells)
{
    const struct row_type *row_type = view->plan->row_type;
    for (uint32_t i = 0; i < row_type->column_count; i++) {
        const struct value value = column_get(columns[i], row, (struct arena *)&view->batch_arena);
        buf_append_byte(cells, ',');
        value_write_json(row_type->columns[i].type, &value, cells);
    }
}

/* Rows that fail the query's condition go out like deleted ones. */
static void take_rows(struct view *view, struct batch *batch, const struct record *records,
                      uint32_t count)
{
    const struct pull_plan *scan = view->plan;
    struct evaluation evaluation = {.arena = &view->batch_arena, .batch = batch};
    uint8_t *passes = ARENA_ARRAY(&view->batch_arena, uint8_t, batch->row_count);
    const struct column **columns =
        ARENA_ARRAY(&view->batch_arena, const struct column *, scan->row_type->column_count);
    if (scan->condition)
        expr_filter(scan->condition, &evaluation, batch);
    for (uint32_t i = 0; i < batch->selected_count; i++)
        passes[batch->selection[i]] = 1;
    for (uint32_t i = 0; i < scan->row_type->column_count; i++)
        columns[i] = expr_evaluate(scan->exprs[i], &evaluation);
    for (uint32_t row = 0, at = 0; row < batch->row_count; row++, at++) {
        while (records[at].offset != batch->offsets[row]) /* rejects became no row */
            at++;
        must(at < count);
        if (!passes[row] || batch->kinds[row] == ROW_DELETE) {
            view_rows_remove(&view->rows, records[at].key);
            continue;
        }
        const int64_t time_ms =
            batch->window_starts ? batch->window_starts[row] : batch->timestamps[row];
        struct buf *cells = view_rows_put(&view->rows, records[at].key, time_ms);
        if (cells)
            write_cells(view, columns, row, cells);
    }
}

void view_write(const struct view *view, struct buf *buf)
{
    buf_append_str(buf, STR("{\"sql\":"));
    json_write_string(buf, view->sql);
    buf_append_str(buf, STR(",\"columns\":["));
    for (uint32_t i = 0; view->plan && i < view->plan->row_type->column_count; i++) {
        const struct row_column *column = &view->plan->row_type->columns[i];
        struct buf type = {0};
        type_format(column->type, &type);
        buf_append_str(buf, i > 0 ? STR(",{\"name\":") : STR("{\"name\":"));
        json_write_string(buf, column->name);
        buf_append_str(buf, STR(",\"type\":"));
        json_write_string(buf, buf_str(&type));
        buf_append_byte(buf, '}');
        buf_release(&type);
    }
    buf_append_str(buf, STR("],\"error\":"));
    if (view->plan)
        buf_append_str(buf, STR("null"));
    else
        json_write_string(buf, str_from(view->why.text));
    buf_printf(buf, ",\"left_out\":%llu,\"rows\":", (unsigned long long)view->rows.left_out);
    view_rows_write(&view->rows, buf);
    buf_append_byte(buf, '}');
}

bool view_write_changes(struct view *view, struct buf *buf)
{
    return view_rows_write_changes(&view->rows, buf);
}

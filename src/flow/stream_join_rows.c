/* stream_join_rows.c -- the join's rows as bytes in a window and as columns of the result. */
#include "base/hash.h"
#include "base/memory.h"
#include "data/kept.h"
#include "flow/input.h"
#include "flow/op_stream_join.h"
#include "flow/query.h"
#include "flow/stream_join.h"
#include "flow/task.h"

/* Rows that go out together: few enough that what was read to make them is still in a cache when
 * they are encoded, whose first look at each text else waits for memory. */
#define OUT_ROWS_MAX 128

static bool is_text(const struct type *type);
static bool is_value_column(const struct row_type *row_type, const struct column_origin *origin);
static bool is_among(const struct column_origin *origins, uint32_t at);
static void map_decoded(struct join_side *side);
static struct str key_of(struct stream_join *join, struct join_side *side,
                         const struct batch *batch, uint32_t row);
static bool kept_has_null(struct str kept, uint32_t cell_count);
static uint32_t spare_column(struct stream_join *join, const struct type *type);
static uint32_t out_row(struct stream_join *join, const struct join_arrival *arrival);
static void fill_key(struct stream_join *join, uint32_t row, struct str key);
static void fill_arrival(struct stream_join *join, uint32_t row,
                         const struct join_arrival *arrival);
static void fill_stored(struct stream_join *join, uint32_t row, uint32_t side_index, uint32_t id);
static void fill_cells(struct stream_join *join, uint32_t row, struct join_side *side,
                       struct str key, struct str value);
static void fill_nulls(struct stream_join *join, uint32_t row, const struct join_side *side);
static void row_done(struct stream_join *join);

void join_rows_init(struct stream_join *join)
{
    const struct plan_node *node = join->op.node;
    struct task *task = join->op.task;
    const struct row_type *row_type = node->row_type;
    must(row_type->column_count ==
         node->key_count + node->carried_count[0] + node->carried_count[1]);
    join->key_is_text = node->key_count == 1 && is_text(row_type->columns[0].type);
    for (uint32_t i = 0; i < 2; i++) {
        struct join_side *side = &join->sides[i];
        const struct plan_input *input = &task->stage->inputs[side->input];
        /* Such keys come as kept rows, and both sides must have the same bytes. */
        if (input->is_internal && input->format.key.kind == FORMAT_KEPT)
            join->key_is_text = false;
        side->hashes = ARENA_ARRAY(&task->arena, uint32_t, BATCH_ROWS_MAX);
        side->keys = ARENA_ARRAY(&task->arena, struct str, BATCH_ROWS_MAX);
        arena_init(&side->fetch.arena, 0);
        map_decoded(side);
    }
    arena_init(&join->out_arena, 64 << 10);
}

void join_rows_release(struct stream_join *join)
{
    for (uint32_t i = 0; i < 2; i++) {
        buf_release(&join->sides[i].key_bytes);
        buf_release(&join->sides[i].value_bytes);
        decoder_free(join->sides[i].kept_decoder);
        join_fetch_close(&join->sides[i].fetch);
        free(join->sides[i].read_map);
        free(join->sides[i].key_columns);
        free(join->sides[i].key_numbers);
    }
    free(join->spare_types);
    arena_release(&join->out_arena);
}

bool stream_join_take_raw(struct operator* op, uint32_t side_index, const struct input *input)
{
    struct stream_join *join = (struct stream_join *)op;
    struct join_side *side = &join->sides[side_index];
    const struct plan_input *plan = input->plan;
    const struct record_format *format = &plan->format;
    const enum format_kind key_kind = join->key_is_text ? FORMAT_KAFKA : FORMAT_KEPT;
    const uint32_t key_count = row_type_key_count(format->row_type);
    if (!plan->is_internal || format->value.kind != FORMAT_KEPT || format->key.kind != key_kind ||
        plan->timestamp_column >= 0 || key_count != op->node->key_count)
        return false;

    /* Which kept cell, or which part of the key, each carried column is. */
    const uint32_t value_count = format->row_type->column_count - key_count;
    uint32_t cells[ROW_TYPE_COLUMNS_MAX];
    uint32_t key_columns = 0;
    for (uint32_t i = 0; i < value_count; i++)
        cells[i] = UINT32_MAX;
    for (uint32_t i = 0; i < side->carried_count; i++) {
        const struct column_origin *origin = &plan->origins[side->carried[i]];
        if (origin->kind != ORIGIN_COLUMN)
            return false;
        if (origin->column < key_count)
            key_columns++;
        else if (cells[origin->column - key_count] != UINT32_MAX)
            return false;
        else
            cells[origin->column - key_count] = side->first_column + i;
    }

    side->read_map = memory_realloc(side->read_map, (value_count + 1) * sizeof(*side->read_map));
    side->read_count = value_count;
    for (uint32_t i = 0; i < value_count; i++)
        side->read_map[i] =
            (uint16_t)(cells[i] != UINT32_MAX
                           ? cells[i]
                           : spare_column(join, format->row_type->columns[key_count + i].type));
    side->key_columns = memory_zalloc((key_columns + 1) * sizeof(*side->key_columns));
    side->key_numbers = memory_zalloc((key_columns + 1) * sizeof(*side->key_numbers));
    for (uint32_t i = 0; i < side->carried_count; i++) {
        const uint32_t column = plan->origins[side->carried[i]].column;
        if (column >= key_count)
            continue;
        side->key_columns[side->key_column_count] = (uint16_t)(side->first_column + i);
        side->key_numbers[side->key_column_count++] = (uint16_t)column;
    }
    side->raw = input;
    return true;
}

/* Kept rows take less room when the join carries little of a record. Else an Avro value is kept as
 * it came: encoding the row again is the dearest part of keeping it. What was set aside when it
 * came never gets here: reading a value again cannot fail. */
enum err stream_join_keep_records(struct operator* op, uint32_t side_index,
                                  const struct input *input, bool *ret_keeps, struct why *why)
{
    struct stream_join *join = (struct stream_join *)op;
    struct join_side *side = &join->sides[side_index];
    const struct record_format *format = &input->format;
    *ret_keeps = false;
    const uint32_t key_count = op->node->key_count;
    struct column_origin origins[ROW_TYPE_COLUMNS_MAX];
    uint32_t value_columns = 0;
    if (format->value.kind != FORMAT_AVRO)
        return OK;
    for (uint32_t i = 0; i < side->carried_count; i++) {
        origins[i] = (struct column_origin){.kind = ORIGIN_NONE};
        if (side->carried[i] < key_count)
            continue;
        origins[i] = input->plan->origins[side->carried[i]];
        if (!is_value_column(format->row_type, &origins[i]) || is_among(origins, i))
            return OK;
        value_columns++;
    }
    if (2 * value_columns < row_type_value_count(format->row_type))
        return OK;
    const enum err err =
        decoder_new(format, origins, side->carried_count, op->task->query->flow->options.registry,
                    &side->kept_decoder, why);
    if (err != OK)
        return err;
    side->key_columns = memory_zalloc((side->carried_count + 1) * sizeof(*side->key_columns));
    side->key_numbers = memory_zalloc((side->carried_count + 1) * sizeof(*side->key_numbers));
    for (uint32_t i = 0; i < side->carried_count; i++) {
        if (side->carried[i] >= key_count)
            continue;
        side->key_columns[side->key_column_count] = (uint16_t)(side->first_column + i);
        side->key_numbers[side->key_column_count++] = side->carried[i];
    }
    side->kept = input;
    *ret_keeps = true;
    return join_fetch_open(&side->fetch, join, input, why);
}

void join_prepare(struct operator* op, uint32_t side_index, struct batch *batch)
{
    struct stream_join *join = (struct stream_join *)op;
    struct join_side *side = &join->sides[side_index];
    const struct window *other = &join->sides[1 - side_index].window;
    buf_clear(&side->key_bytes);
    side->order = batch->selection;
    side->order_count = batch->selected_count;
    side->order_at = 0;
    for (uint32_t i = 0; i < batch->selected_count; i++) {
        const uint32_t row = batch->selection[i];
        side->keys[row] = key_of(join, side, batch, row);
    }
    for (uint32_t i = 0; i < batch->selected_count; i++) {
        const uint32_t row = batch->selection[i];
        struct str *key = &side->keys[row];
        if (!key->data && key->size > 0) /* a place in key_bytes, see key_of */
            *key = (struct str){side->key_bytes.data + (key->size >> 32), (uint32_t)key->size};
        side->hashes[row] = key->data ? (uint32_t)hash64(key->data, key->size) : 0;
        if (i < PREFETCH_HEAD) {
            window_prefetch_head(&side->window, side->hashes[row]);
            window_prefetch_head(other, side->hashes[row]);
        }
    }
}

struct str join_value(struct stream_join *join, const struct join_arrival *arrival)
{
    struct join_side *side = &join->sides[arrival->side];
    if (side->raw)
        return side->raw->batch_records[arrival->row].value;
    if (side->kept)
        return input_record(side->kept, arrival->row)->value;
    buf_clear(&side->value_bytes);
    kept_append(arrival->batch->columns, side->carried, side->carried_count, arrival->row,
                &side->value_bytes);
    return buf_str(&side->value_bytes);
}

void join_emit_match(struct stream_join *join, const struct join_arrival *arrival,
                     uint32_t partner_id)
{
    const uint32_t other = 1 - arrival->side;
    const int64_t partner_ms = window_entry(&join->sides[other].window, partner_id)->timestamp_ms;
    const uint32_t row = out_row(join, arrival);
    if (partner_ms > arrival->timestamp_ms)
        join->out->timestamps[row] = partner_ms;
    fill_key(join, row, arrival->key);
    fill_arrival(join, row, arrival);
    fill_stored(join, row, other, partner_id);
    row_done(join);
}

void join_emit_alone(struct stream_join *join, const struct join_arrival *arrival)
{
    const uint32_t row = out_row(join, arrival);
    fill_key(join, row, arrival->key);
    fill_arrival(join, row, arrival);
    fill_nulls(join, row, &join->sides[1 - arrival->side]);
    row_done(join);
}

void join_emit_stored(struct stream_join *join, uint32_t side_index, uint32_t id)
{
    const struct join_side *side = &join->sides[side_index];
    const struct window_row stored = window_read(&side->window, id);
    const struct join_arrival as_if = {
        .timestamp_ms = window_entry(&side->window, id)->timestamp_ms, .offset = stored.offset};
    const uint32_t row = out_row(join, &as_if);
    fill_key(join, row, stored.key);
    fill_stored(join, row, side_index, id);
    fill_nulls(join, row, &join->sides[1 - side_index]);
    row_done(join);
}

void join_flush(struct stream_join *join)
{
    if (!join->out)
        return;
    batch_select_all(join->out);
    operator_emit(&join->op, join->out);
    for (struct operator* op = join->op.next; op; op = op->next)
        op->ops->drain(op);
    arena_clear(&join->out_arena);
    join->out = NULL;
}

static bool is_text(const struct type *type)
{
    return type->kind == TYPE_STRING || type->kind == TYPE_BYTES;
}

static bool is_value_column(const struct row_type *row_type, const struct column_origin *origin)
{
    return origin->kind == ORIGIN_COLUMN && row_type->columns[origin->column].role == COLUMN_VALUE;
}

/* Whether the column of the last origin is one of those before it. */
static bool is_among(const struct column_origin *origins, uint32_t at)
{
    for (uint32_t i = 0; i < at; i++)
        if (origins[i].kind == ORIGIN_COLUMN && origins[i].column == origins[at].column)
            return true;
    return false;
}

/* Decoded rows are stored as the carried columns in order. */
static void map_decoded(struct join_side *side)
{
    side->read_count = side->carried_count;
    side->read_map = memory_alloc((side->carried_count + 1) * sizeof(*side->read_map));
    for (uint32_t i = 0; i < side->carried_count; i++)
        side->read_map[i] = (uint16_t)(side->first_column + i);
}

/* The key's bytes, data NULL: there is none. While key_bytes grows a key in it is its place: data
 * NULL, and size is offset << 32 | size. */
static struct str key_of(struct stream_join *join, struct join_side *side,
                         const struct batch *batch, uint32_t row)
{
    static const struct str none = {0};
    const uint32_t key_count = join->op.node->key_count;
    if (side->raw) {
        const struct str key = side->raw->batch_records[row].key;
        return join->key_is_text || !kept_has_null(key, key_count) ? key : none;
    }
    for (uint32_t i = 0; i < key_count; i++)
        if (batch->columns[i].nulls[row])
            return none;
    if (join->key_is_text) {
        const struct str text = batch->columns[0].strings[row];
        return (struct str){text.data ? text.data : "", text.size};
    }
    const size_t begin = side->key_bytes.size;
    kept_append(batch->columns, NULL, key_count, row, &side->key_bytes);
    return (struct str){NULL, begin << 32 | (side->key_bytes.size - begin)};
}

/* Whether one of the first cells of a kept row is NULL. */
static bool kept_has_null(struct str kept, uint32_t cell_count)
{
    for (size_t i = 0; i < (cell_count + 7) / 8 && i < kept.size; i++)
        if (kept.data[i] != 0)
            return true;
    return false;
}

static uint32_t spare_column(struct stream_join *join, const struct type *type)
{
    join->spare_types =
        memory_realloc(join->spare_types, (join->spare_count + 1) * sizeof(*join->spare_types));
    join->spare_types[join->spare_count] = type;
    return join->op.node->row_type->column_count + join->spare_count++;
}

/* A fresh row of the result with the arrival's time and place. */
static uint32_t out_row(struct stream_join *join, const struct join_arrival *arrival)
{
    if (!join->out) {
        const struct row_type *row_type = join->op.node->row_type;
        const uint32_t rows_max = join->op.task->query->flow->options.batch_rows;
        const uint32_t capacity = rows_max < OUT_ROWS_MAX ? rows_max : OUT_ROWS_MAX;
        struct batch *out = batch_new(&join->out_arena, row_type, capacity);
        struct column *columns = ARENA_ARRAY(&join->out_arena, struct column,
                                             row_type->column_count + join->spare_count);
        memcpy(columns, out->columns, row_type->column_count * sizeof(*columns));
        for (uint32_t i = 0; i < join->spare_count; i++)
            column_init(&columns[row_type->column_count + i], join->spare_types[i], capacity,
                        &join->out_arena);
        out->columns = columns;
        join->out = out;
    }
    const uint32_t row = join->out->row_count;
    join->out->timestamps[row] = arrival->timestamp_ms;
    join->out->offsets[row] = arrival->offset;
    join->out->partitions[row] = join->op.task->partition;
    if (arrival->batch)
        batch_set_headers(join->out, row, batch_headers(arrival->batch, arrival->row));
    return row;
}

static void fill_key(struct stream_join *join, uint32_t row, struct str key)
{
    const uint32_t key_count = join->op.node->key_count;
    struct column *columns = join->out->columns;
    if (!key.data) {
        for (uint32_t i = 0; i < key_count; i++)
            column_set_null(&columns[i], row);
    } else if (join->key_is_text) {
        columns[0].nulls[row] = 0;
        columns[0].strings[row] = key;
    } else {
        const enum err err = kept_read(key, columns, NULL, key_count, row, &join->out_arena);
        if (err != OK)
            task_fail(join->op.task, ERR_CORRUPT, NULL);
    }
}

static void fill_arrival(struct stream_join *join, uint32_t row, const struct join_arrival *arrival)
{
    struct join_side *side = &join->sides[arrival->side];
    if (side->raw) {
        fill_cells(join, row, side, arrival->key, side->raw->batch_records[arrival->row].value);
        return;
    }
    struct column *columns = join->out->columns + side->first_column;
    for (uint32_t i = 0; i < side->carried_count; i++)
        column_copy_cell(&columns[i], row, &arrival->batch->columns[side->carried[i]], arrival->row,
                         &join->out_arena);
}

static void fill_stored(struct stream_join *join, uint32_t row, uint32_t side_index, uint32_t id)
{
    struct join_side *side = &join->sides[side_index];
    const struct window_row stored = window_read(&side->window, id);
    fill_cells(join, row, side, stored.key, stored.value);
}

static void fill_cells(struct stream_join *join, uint32_t row, struct join_side *side,
                       struct str key, struct str value)
{
    struct column *columns = join->out->columns;
    struct why why;
    const enum err err =
        side->kept
            ? decoder_read_value(side->kept_decoder, value, columns + side->first_column, row,
                                 &join->out_arena, &why)
            : kept_read(value, columns, side->read_map, side->read_count, row, &join->out_arena);
    if (err != OK) {
        (void)why_set(&why, ERR_CORRUPT, "a row of a window cannot be read");
        task_fail(join->op.task, ERR_CORRUPT, &why);
        fill_nulls(join, row, side);
    }
    /* The key's own columns were filled before. */
    for (uint32_t i = 0; i < side->key_column_count; i++)
        column_copy_cell(&columns[side->key_columns[i]], row, &columns[side->key_numbers[i]], row,
                         &join->out_arena);
}

static void fill_nulls(struct stream_join *join, uint32_t row, const struct join_side *side)
{
    for (uint32_t i = 0; i < side->carried_count; i++)
        column_set_null(&join->out->columns[side->first_column + i], row);
}

static void row_done(struct stream_join *join)
{
    if (++join->out->row_count == join->out->capacity)
        join_flush(join);
}

/* state_row.c -- bytes of tables to rows of batches and back. */
#include "flow/state_row.h"

#include "base/varint.h"
#include "data/kept.h"
#include "flow/table.h"

static enum err value_begin(struct str value, int64_t *ret_timestamp_ms, struct str *ret_kept);
static enum err read_results(const struct state_shape *shape, struct str value, struct batch *batch,
                             uint32_t row);

void state_shape_init(struct state_shape *shape, const struct plan_node *node, struct arena *arena)
{
    const bool is_aggregate = node->kind == NODE_AGGREGATE;
    must(is_aggregate || node->kind == NODE_TABLE || node->kind == NODE_KEEP);
    const struct row_type *row_type = node->row_type;
    uint16_t *keys = ARENA_ARRAY(arena, uint16_t, row_type->column_count);
    uint16_t *values = ARENA_ARRAY(arena, uint16_t, row_type->column_count);
    const struct type **key_types = ARENA_ARRAY(arena, const struct type *, row_type->column_count);
    const struct type **state_types =
        ARENA_ARRAY(arena, const struct type *, node->aggregate_count);
    *shape = (struct state_shape){.node = node,
                                  .is_windowed = is_aggregate ? node->window != WINDOW_NONE
                                                              : node->is_windowed,
                                  .keys = keys,
                                  .key_types = key_types,
                                  .values = values,
                                  .state_types = state_types};
    for (uint32_t i = 0; i < row_type->column_count; i++) {
        const bool is_key =
            is_aggregate ? i < node->key_count : row_type->columns[i].role == COLUMN_KEY;
        if (is_key) {
            key_types[shape->key_count] = row_type->columns[i].type;
            keys[shape->key_count++] = (uint16_t)i;
        } else if (!is_aggregate) {
            values[shape->value_count++] = (uint16_t)i;
        }
    }
    for (uint32_t i = 0; is_aggregate && i < node->aggregate_count; i++)
        state_types[i] = node->aggregates[i].aggregate->state_type;
}

bool state_row_key(const struct state_shape *shape, const struct batch *batch, uint32_t row,
                   struct buf *buf)
{
    for (uint32_t i = 0; i < shape->key_count; i++)
        if (batch->columns[shape->keys[i]].nulls[row])
            return false;
    if (shape->is_windowed)
        table_key_window(buf, batch->window_starts[row], batch->window_ends[row]);
    kept_append(batch->columns, shape->keys, shape->key_count, row, buf);
    return true;
}

void state_row_value(const struct state_shape *shape, const struct batch *batch, uint32_t row,
                     struct buf *buf)
{
    varint_append(buf, batch->timestamps[row]);
    kept_append(batch->columns, shape->values, shape->value_count, row, buf);
}

enum err state_row_read(const struct state_shape *shape, struct str key, struct str value,
                        struct batch *batch, uint32_t row)
{
    struct str kept;
    int64_t start_ms = 0;
    int64_t end_ms = 0;
    enum err err = table_key_read(shape->is_windowed, key, &kept, &start_ms, &end_ms);
    if (err == OK)
        err = kept_read(kept, batch->columns, shape->keys, shape->key_count, row, batch->arena);
    if (err != OK)
        return err;
    batch->offsets[row] = -1;
    batch->partitions[row] = -1;
    if (shape->is_windowed && batch->window_starts) {
        batch->window_starts[row] = start_ms;
        batch->window_ends[row] = end_ms;
    }
    const struct plan_node *node = shape->node;
    if (node->kind == NODE_AGGREGATE && node->window != WINDOW_NONE) {
        const uint32_t bounds = node->row_type->column_count - 2;
        batch->columns[bounds].nulls[row] = 0;
        batch->columns[bounds].bigints[row] = start_ms;
        batch->columns[bounds + 1].nulls[row] = 0;
        batch->columns[bounds + 1].bigints[row] = end_ms;
    }
    if (node->kind == NODE_AGGREGATE)
        return read_results(shape, value, batch, row);
    if (value.data) {
        err = value_begin(value, &batch->timestamps[row], &kept);
        return err != OK ? err
                         : kept_read(kept, batch->columns, shape->values, shape->value_count, row,
                                     batch->arena);
    }
    for (uint32_t i = 0; i < shape->value_count; i++)
        column_set_null(&batch->columns[shape->values[i]], row);
    return OK;
}

enum err state_row_states(const struct state_shape *shape, struct str value, struct arena *arena,
                          int64_t *ret_timestamp_ms, struct value *ret_states)
{
    struct str kept;
    const enum err err = value_begin(value, ret_timestamp_ms, &kept);
    if (err != OK)
        return err;
    return kept_read_values(kept, shape->state_types, shape->node->aggregate_count, ret_states,
                            arena);
}

void state_row_set_states(const struct state_shape *shape, int64_t timestamp_ms,
                          const struct value *states, struct buf *buf)
{
    varint_append(buf, timestamp_ms);
    kept_append_values(shape->state_types, states, shape->node->aggregate_count, buf);
}

static enum err value_begin(struct str value, int64_t *ret_timestamp_ms, struct str *ret_kept)
{
    const uint8_t *const end = (const uint8_t *)value.data + value.size;
    const uint8_t *at = varint_get((const uint8_t *)value.data, end, ret_timestamp_ms);
    if (!at)
        return ERR_CORRUPT;
    *ret_kept = (struct str){(const char *)at, (size_t)(end - at)};
    return OK;
}

static enum err read_results(const struct state_shape *shape, struct str value, struct batch *batch,
                             uint32_t row)
{
    const struct plan_node *node = shape->node;
    struct column *columns = batch->columns + node->key_count;
    if (!value.data) {
        for (uint32_t i = 0; i < node->aggregate_count; i++)
            column_set_null(&columns[i], row);
        return OK;
    }
    struct value *states = arena_alloc(batch->arena, node->aggregate_count * sizeof(*states));
    const enum err err =
        state_row_states(shape, value, batch->arena, &batch->timestamps[row], states);
    if (err != OK)
        return err;
    for (uint32_t i = 0; i < node->aggregate_count; i++) {
        const struct aggregate *aggregate = node->aggregates[i].aggregate;
        const struct value result = aggregate->ops->result(aggregate, &states[i], batch->arena);
        column_set(&columns[i], row, &result, batch->arena);
    }
    return OK;
}

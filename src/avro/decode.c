/* decode.c -- runs a decoder's steps over one body. */
#include "avro/program.h"
#include "base/hash.h"
#include "base/memory.h"

/* What a list or STRUCT comes back to. */
struct frame {
    struct column *columns;
    uint32_t row;
    uint32_t left;            /* LIST: items of the block still to come, this one included */
    const uint8_t *block_end; /* LIST: NULL when unknown */
    const struct step *step;  /* the LIST */
    struct column *list;
};

static enum err list_block(struct frame *frame, const uint8_t *at, const uint8_t *end,
                           struct allowance *allowance, struct arena *arena,
                           const uint8_t **ret_at);

/* One loop, one switch: every step is a few lines, and what they share stays in registers. Split
 * into functions it would be shorter to look at and slower to run. */
enum err avro_decode(const struct avro_decoder *decoder, struct str body, struct column *columns,
                     uint32_t row, struct arena *arena)
{
    must(decoder != NULL);
    if (body.size > AVRO_MESSAGE_BYTES_MAX)
        return ERR_LIMIT;
    const uint8_t *at = (const uint8_t *)(body.size ? body.data : "");
    const uint8_t *end = at + body.size;
    const uint8_t *resume_at = NULL, *resume_end = NULL;
    struct allowance allowance = {.cell_bytes = 4 * (int64_t)body.size + (1 << 20),
                                  .zero_width_items = AVRO_ZERO_WIDTH_ITEMS_MAX};
    struct frame frames[AVRO_DEPTH_MAX];
    struct frame *frame = frames;
    const struct step *step = decoder->steps;
    for (;; step++) {
        struct column *column = &columns[step->column];
        int64_t number;
        switch ((enum step_code)step->code) {
        case STEP_END:
            return at == end ? OK : ERR_MALFORMED;
        case STEP_NULL:
            column->nulls[row] = 1;
            continue;
        case STEP_BOOLEAN:
            if (at == end || *at > 1)
                return ERR_MALFORMED;
            column->nulls[row] = 0;
            column->booleans[row] = *at++;
            continue;
        case STEP_INT:
            column->nulls[row] = 0;
            at = int_read(at, end, &column->integers[row]);
            break;
        case STEP_INT_TO_BIGINT:
            at = varint_get(at, end, &number);
            if (!at || number != (int32_t)number)
                return ERR_MALFORMED;
            column->nulls[row] = 0;
            column->bigints[row] = number;
            continue;
        case STEP_LONG:
            column->nulls[row] = 0;
            at = varint_get(at, end, &column->bigints[row]);
            break;
        case STEP_FLOAT: {
            float narrow;
            if (end - at < 4)
                return ERR_MALFORMED;
            memcpy(&narrow, at, 4);
            at += 4;
            column->nulls[row] = 0;
            column->doubles[row] = (double)narrow;
            continue;
        }
        case STEP_DOUBLE:
            if (end - at < 8)
                return ERR_MALFORMED;
            column->nulls[row] = 0;
            memcpy(&column->doubles[row], at, 8);
            at += 8;
            continue;
        case STEP_STRING:
            column->nulls[row] = 0;
            at = string_read(at, end, &column->strings[row]);
            break;
        case STEP_BYTES:
            column->nulls[row] = 0;
            at = bytes_read(at, end, &column->strings[row]);
            break;
        case STEP_FIXED:
            if ((size_t)(end - at) < step->count)
                return ERR_MALFORMED;
            column->nulls[row] = 0;
            column->strings[row] = (struct str){(const char *)at, step->count};
            at += step->count;
            continue;
        case STEP_ENUM:
            at = varint_get(at, end, &number);
            if (!at || (uint64_t)number >= step->count)
                return ERR_MALFORMED;
            column->nulls[row] = 0;
            column->strings[row] = step->symbols[number];
            continue;
        case STEP_DECIMAL:
            at = avro_decimal_read(step, at, end, column, row);
            break;
        case STEP_NUMBER:
            at = avro_number_read(step, at, end, column, row, arena);
            break;
        case STEP_NULLABLE:
            at = varint_get(at, end, &number);
            if (!at || (uint64_t)number > 1)
                return ERR_MALFORMED;
            if (number == step->from) {
                column->nulls[row] = 1;
                step = decoder->steps + step->jump - 1;
            }
            continue;
        case STEP_UNION:
            at = varint_get(at, end, &number);
            if (!at || (uint64_t)number >= step->count)
                return ERR_MALFORMED;
            step = decoder->steps + step->jumps[number] - 1;
            continue;
        case STEP_JUMP:
            step = decoder->steps + step->jump - 1;
            continue;
        case STEP_STRUCT:
            column->nulls[row] = 0;
            (frame++)->columns = columns;
            columns = column->children;
            continue;
        case STEP_STRUCT_END:
            columns = (--frame)->columns;
            continue;
        case STEP_LIST: {
            *frame = (struct frame){.columns = columns, .row = row, .step = step, .list = column};
            column->nulls[row] = 0;
            column->spans[row] = (struct span){.start = column->children[0].used};
            const enum err err = list_block(frame, at, end, &allowance, arena, &at);
            if (err)
                return err;
            if (frame->left == 0) {
                step = decoder->steps + step->jump - 1;
                continue;
            }
            row = column->children[0].used - frame->left;
            columns = step->shape == LIST_FIELDS ? column->children[0].children : column->children;
            frame++;
            continue;
        }
        case STEP_LIST_END: {
            struct frame *list = frame - 1;
            if (--list->left > 0) {
                row++;
                step = list->step;
                continue;
            }
            if (list->block_end && list->block_end != at)
                return ERR_MALFORMED;
            const enum err err = list_block(list, at, end, &allowance, arena, &at);
            if (err)
                return err;
            step = list->step;
            column = list->list;
            if (list->left > 0) {
                row = column->children[0].used - list->left;
                columns =
                    step->shape == LIST_FIELDS ? column->children[0].children : column->children;
                continue;
            }
            frame = list;
            row = list->row;
            columns = list->columns;
            if (step->shape == LIST_ENTRIES)
                avro_map_unify(column, row, arena);
            step = decoder->steps + step->jump - 1;
            continue;
        }
        case STEP_CONSTANT:
            resume_at = at;
            resume_end = end;
            at = (const uint8_t *)step->constant.data;
            end = at + step->constant.size;
            continue;
        case STEP_CONSTANT_END:
            at = resume_at;
            end = resume_end;
            continue;
        case STEP_SKIP_INT:
            at = varint_get(at, end, &number);
            if (!at || number != (int32_t)number)
                return ERR_MALFORMED;
            continue;
        case STEP_SKIP_LONG:
            at = varint_get(at, end, &number);
            break;
        case STEP_SKIP_STRING: {
            struct str text;
            at = string_read(at, end, &text);
            break;
        }
        case STEP_SKIP_BYTES: {
            struct str text;
            at = bytes_read(at, end, &text);
            break;
        }
        case STEP_SKIP_FIXED:
            if ((size_t)(end - at) < step->count)
                return ERR_MALFORMED;
            at += step->count;
            continue;
        case STEP_SKIP_NODE: {
            const enum err err = avro_skip(step->node, at, end, &allowance, 0, &at);
            if (err)
                return err;
            continue;
        }
        }
        if (__builtin_expect(!at, 0))
            return ERR_MALFORMED;
    }
}

/* Reads a block's head and makes room for its items; counts them into the list's span. */
static enum err list_block(struct frame *frame, const uint8_t *at, const uint8_t *end,
                           struct allowance *allowance, struct arena *arena, const uint8_t **ret_at)
{
    struct column *column = frame->list;
    const struct step *step = frame->step;
    struct block block;
    const enum err err = avro_block_read(at, end, step->list.width_min, allowance, &block, ret_at);
    if (err)
        return err;
    frame->left = block.count;
    frame->block_end = block.end;
    if (block.count == 0)
        return block.end && block.end != *ret_at ? ERR_MALFORMED : OK;
    allowance->cell_bytes -= (int64_t)block.count * step->list.cost;
    if (allowance->cell_bytes < 0)
        return ERR_LIMIT;
    const uint32_t used = column->children[0].used;
    if (block.count > UINT32_MAX / 2 - used)
        return ERR_LIMIT;
    for (uint32_t i = 0; i < (step->shape == LIST_ENTRIES ? 2u : 1u); i++) {
        struct column *child = &column->children[i];
        if (child->capacity < used + block.count)
            column_reserve(child, used + block.count, arena);
        child->used = used + block.count;
    }
    if (step->shape == LIST_FIELDS)
        memset(column->children[0].nulls + used, 0, block.count);
    column->spans[frame->row].count += block.count;
    return OK;
}

/* Where `key` of the entry stands among the first `count` kept ones, or `count`. */
static uint32_t find_key(const struct column *keys, const uint32_t *slots, uint32_t mask,
                         uint32_t start, uint32_t entry, uint32_t *ret_slot)
{
    const bool is_null = keys->nulls[entry];
    const struct str key = is_null ? (struct str){0} : keys->strings[entry];
    uint32_t slot = (uint32_t)hash64(key.data, key.size) & mask;
    for (; slots[slot] != UINT32_MAX; slot = (slot + 1) & mask) {
        const uint32_t other = start + slots[slot];
        if (keys->nulls[other] == is_null && (is_null || str_equal(keys->strings[other], key)))
            break;
    }
    *ret_slot = slot;
    return slots[slot];
}

void avro_map_unify(struct column *column, uint32_t row, struct arena *arena)
{
    struct column *keys = &column->children[0], *values = &column->children[1];
    struct span *span = &column->spans[row];
    if (span->count < 2 || keys->type->kind != TYPE_STRING)
        return;
    uint32_t capacity = 4;
    while (capacity < span->count * 2)
        capacity *= 2;
    uint32_t few[64];
    uint32_t *slots = capacity <= 64 ? few : memory_alloc(capacity * sizeof(*slots));
    memset(slots, 0xff, capacity * sizeof(*slots));
    uint32_t kept = 0;
    for (uint32_t i = 0; i < span->count; i++) {
        const uint32_t entry = span->start + i;
        uint32_t slot;
        uint32_t place = find_key(keys, slots, capacity - 1, span->start, entry, &slot);
        if (place == UINT32_MAX) {
            slots[slot] = place = kept++;
            if (span->start + place != entry)
                column_copy_cell(keys, span->start + place, keys, entry, arena);
        }
        if (span->start + place != entry)
            column_copy_cell(values, span->start + place, values, entry, arena);
    }
    if (slots != few)
        free(slots);
    /* The entries left over at the end stay unused: values made of lists may stand behind them. */
    span->count = kept;
}

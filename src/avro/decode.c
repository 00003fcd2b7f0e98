/* decode.c -- runs a decoder's steps over one body. */
#include "avro/program.h"

/* What a list or STRUCT comes back to. */
struct frame {
    struct column *columns;
    size_t row;
    uint32_t left;            /* LIST: items of the block still to come, this one included */
    const uint8_t *block_end; /* LIST: NULL when unknown */
    const struct step *step;  /* the LIST */
    struct column *list;
};

/* What few steps need, kept out of the registers of those that many do. */
struct run {
    struct allowance allowance;
    struct arena *arena;
    const uint8_t *resume_at; /* after a constant */
    const uint8_t *resume_end;
};

static inline enum err skip_block(struct run *run, struct frame *frame, const uint8_t *at,
                                  const uint8_t *end, const uint8_t **ret_at);
static enum err list_block(struct run *run, struct frame *frame, const uint8_t *at,
                           const uint8_t *end, const uint8_t **ret_at);

/* Goes to the next step. Each step jumps on by itself, so that the processor learns which follows
 * which: on an order of 143 bytes 82 ns, where one switch in a loop takes 106. */
#define NEXT_STEP()                                                                                \
    do {                                                                                           \
        step++;                                                                                    \
        column = &columns[step->column];                                                           \
        goto *labels[step->code];                                                                  \
    } while (0)

/* The same after a read that leaves NULL in `at` when the bytes are malformed. */
#define NEXT_STEP_IF_READ()                                                                        \
    do {                                                                                           \
        if (__builtin_expect(!at, 0))                                                              \
            return ERR_MALFORMED;                                                                  \
        NEXT_STEP();                                                                               \
    } while (0)

/* gcc would merge the jumps again. */
#if defined(__GNUC__) && !defined(__clang__)
#define KEEP_JUMPS __attribute__((optimize("no-crossjumping", "no-gcse")))
#else
#define KEEP_JUMPS
#endif

/* All steps in one function: what they share stays in registers. */
KEEP_JUMPS
enum err avro_decode(const struct avro_decoder *decoder, struct str body, struct column *columns,
                     uint32_t first_row, struct arena *arena)
{
    must(decoder != NULL);
    if (body.size > AVRO_MESSAGE_BYTES_MAX)
        return ERR_LIMIT;
    const uint8_t *at = (const uint8_t *)(body.size ? body.data : "");
    const uint8_t *end = at + body.size;
    struct run run = {.allowance = {.cell_bytes = 4 * (int64_t)body.size + (1 << 20),
                                    .zero_width_items = AVRO_ZERO_WIDTH_ITEMS_MAX},
                      .arena = arena};
    size_t row = first_row;
    struct column none; /* nobody's: there are no targets */
    if (!columns)
        columns = &none;
    struct frame frames[AVRO_DEPTH_MAX];
    struct frame *frame = frames;
    const struct step *step = decoder->steps;
    struct column *column = &columns[step->column];
    int64_t number;
    static const void *const labels[] = {
#define STEP(NAME, label) &&label##_step,
#include "avro/step.def"
#undef STEP
    };
    goto *labels[step->code];

end_step:
    return at == end ? OK : ERR_MALFORMED;
head_end_step:
    return OK;
null_step:
    column->nulls[row] = 1;
    NEXT_STEP();
boolean_step:
    if (at == end || *at > 1)
        return ERR_MALFORMED;
    column->nulls[row] = 0;
    column->booleans[row] = *at++;
    NEXT_STEP();
int_step:
    column->nulls[row] = 0;
    at = int_read(at, end, &column->integers[row]);
    NEXT_STEP_IF_READ();
int_to_bigint_step:
    at = varint_get(at, end, &number);
    if (!at || number != (int32_t)number)
        return ERR_MALFORMED;
    column->nulls[row] = 0;
    column->bigints[row] = number;
    NEXT_STEP();
long_step:
    column->nulls[row] = 0;
    at = varint_get(at, end, &column->bigints[row]);
    NEXT_STEP_IF_READ();
float_step : {
    float narrow;
    if (end - at < 4)
        return ERR_MALFORMED;
    memcpy(&narrow, at, 4);
    at += 4;
    column->nulls[row] = 0;
    column->doubles[row] = (double)narrow;
    NEXT_STEP();
}
double_step:
    if (end - at < 8)
        return ERR_MALFORMED;
    column->nulls[row] = 0;
    memcpy(&column->doubles[row], at, 8);
    at += 8;
    NEXT_STEP();
string_step:
    column->nulls[row] = 0;
    at = string_read(at, end, &column->strings[row]);
    NEXT_STEP_IF_READ();
bytes_step:
    column->nulls[row] = 0;
    at = bytes_read(at, end, &column->strings[row]);
    NEXT_STEP_IF_READ();
fixed_step:
    if ((size_t)(end - at) < step->count)
        return ERR_MALFORMED;
    column->nulls[row] = 0;
    column->strings[row] = (struct str){(const char *)at, step->count};
    at += step->count;
    NEXT_STEP();
enum_step:
    at = varint_get(at, end, &number);
    if (!at || (uint64_t)number >= step->count)
        return ERR_MALFORMED;
    column->nulls[row] = 0;
    column->strings[row] = step->symbols[number];
    NEXT_STEP();
decimal_step:
    at = avro_decimal_read(step, at, end, column, (uint32_t)row);
    NEXT_STEP_IF_READ();
number_step:
    at = avro_number_read(step, at, end, column, (uint32_t)row, run.arena);
    NEXT_STEP_IF_READ();
nullable_step:
    at = varint_get(at, end, &number);
    if (!at || (uint64_t)number > 1)
        return ERR_MALFORMED;
    if (number == step->from) {
        column->nulls[row] = 1;
        step += step->jump - 1;
    }
    NEXT_STEP();
union_step:
    at = varint_get(at, end, &number);
    if (!at || (uint64_t)number >= step->count)
        return ERR_MALFORMED;
    step += step->jumps[number] - 1;
    NEXT_STEP();
jump_step:
    step += step->jump - 1;
    NEXT_STEP();
struct_step:
    column->nulls[row] = 0;
    (frame++)->columns = columns;
    columns = column->children;
    NEXT_STEP();
struct_end_step:
    columns = (--frame)->columns;
    NEXT_STEP();
list_step : {
    *frame = (struct frame){.columns = columns, .row = row, .step = step, .list = column};
    column->nulls[row] = 0;
    column->spans[row] = (struct span){.start = column->children[0].used};
    const uint8_t *items;
    const enum err err = list_block(&run, frame, at, end, &items);
    if (err)
        return err;
    at = items;
    if (frame->left == 0) {
        step += step->jump - 1;
        NEXT_STEP();
    }
    row = column->children[0].used - frame->left;
    columns = step->shape == LIST_FIELDS ? column->children[0].children : column->children;
    frame++;
    NEXT_STEP();
}
list_end_step : {
    struct frame *list = frame - 1;
    if (--list->left > 0) {
        row++;
        step = list->step;
        NEXT_STEP();
    }
    if (list->block_end && list->block_end != at)
        return ERR_MALFORMED;
    step = list->step;
    column = list->list;
    if (at < end && *at == 0) {
        at++;
    } else {
        const uint8_t *items;
        const enum err err = list_block(&run, list, at, end, &items);
        if (err)
            return err;
        at = items;
    }
    if (list->left > 0) {
        row = column->children[0].used - list->left;
        columns = step->shape == LIST_FIELDS ? column->children[0].children : column->children;
        NEXT_STEP();
    }
    frame = list;
    row = list->row;
    columns = list->columns;
    if (step->shape == LIST_ENTRIES)
        avro_map_unify(column, (uint32_t)row, run.arena);
    step += step->jump - 1;
    NEXT_STEP();
}
constant_step:
    run.resume_at = at;
    run.resume_end = end;
    at = (const uint8_t *)step->constant.data;
    end = at + step->constant.size;
    NEXT_STEP();
constant_end_step:
    at = run.resume_at;
    end = run.resume_end;
    NEXT_STEP();
skip_int_step:
    at = varint_get(at, end, &number);
    if (!at || number != (int32_t)number)
        return ERR_MALFORMED;
    NEXT_STEP();
skip_long_step:
    at = varint_get(at, end, &number);
    NEXT_STEP_IF_READ();
skip_string_step : {
    struct str text;
    at = string_read(at, end, &text);
    NEXT_STEP_IF_READ();
}
skip_bytes_step : {
    struct str text;
    at = bytes_read(at, end, &text);
    NEXT_STEP_IF_READ();
}
skip_fixed_step:
    if ((size_t)(end - at) < step->count)
        return ERR_MALFORMED;
    at += step->count;
    NEXT_STEP();
skip_nullable_step:
    at = varint_get(at, end, &number);
    if (!at || (uint64_t)number > 1)
        return ERR_MALFORMED;
    if (number == step->from)
        step += step->jump - 1;
    NEXT_STEP();
skip_list_step : {
    *frame = (struct frame){.step = step};
    const uint8_t *items;
    const enum err err = skip_block(&run, frame, at, end, &items);
    if (err)
        return err;
    at = items;
    if (frame->left == 0)
        step += step->jump - 1;
    else
        frame++;
    NEXT_STEP();
}
skip_list_end_step : {
    struct frame *list = frame - 1;
    if (--list->left == 0) {
        if (list->block_end && list->block_end != at)
            return ERR_MALFORMED;
        const uint8_t *items;
        const enum err err = skip_block(&run, list, at, end, &items);
        if (err)
            return err;
        at = items;
    }
    step = list->step;
    if (list->left == 0) {
        frame = list;
        step += step->jump - 1;
    }
    NEXT_STEP();
}
skip_node_step : {
    const uint8_t *after;
    const enum err err = avro_skip_value(step->node, at, end, &run.allowance, 0, &after);
    if (err)
        return err;
    at = after;
    NEXT_STEP();
}
}

#undef NEXT_STEP
#undef NEXT_STEP_IF_READ

/* Items asked for beyond those that are needed now. */
#define GROW_AHEAD_MAX 16384

/* Room for `count` more items. Rows so far tell how many the batch will have in the end: asking
 * for those at once saves copying them over and over. */
static void list_grow(struct column *column, struct column *child, size_t row, uint32_t count,
                      struct arena *arena)
{
    const uint64_t needed = (uint64_t)child->used + count;
    uint64_t wanted = needed;
    if (row >= 16 && row < column->capacity)
        wanted = (uint64_t)child->used * column->capacity / row * 9 / 8;
    if (wanted > needed + GROW_AHEAD_MAX)
        wanted = needed + GROW_AHEAD_MAX;
    column_reserve(child, (uint32_t)(wanted > needed ? wanted : needed), arena);
}

/* Eight at a time where they fit: what stands behind the last item is not in use. */
static inline void clear_nulls(struct column *column, uint32_t start, uint32_t count)
{
    if (count <= 8 && column->capacity - start >= 8)
        memset(column->nulls + start, 0, 8);
    else
        memset(column->nulls + start, 0, count);
}

/* Reads a block's head. left 0: the list is over. */
static inline enum err skip_block(struct run *run, struct frame *frame, const uint8_t *at,
                                  const uint8_t *end, const uint8_t **ret_at)
{
    struct block block;
    const enum err err =
        avro_block_read(at, end, frame->step->list.width_min, &run->allowance, &block, ret_at);
    if (err)
        return err;
    frame->left = block.count;
    frame->block_end = block.end;
    const bool ends_early = block.count == 0 && block.end && block.end != *ret_at;
    return ends_early ? ERR_MALFORMED : OK;
}

/* Reads a block's head and makes room for its items; counts them into the list's span. */
static enum err list_block(struct run *run, struct frame *frame, const uint8_t *at,
                           const uint8_t *end, const uint8_t **ret_at)
{
    const enum err err = skip_block(run, frame, at, end, ret_at);
    const uint32_t count = frame->left;
    if (err || count == 0)
        return err;
    struct column *column = frame->list;
    const struct step *step = frame->step;
    run->allowance.cell_bytes -= (int64_t)count * step->list.cost;
    const uint32_t used = column->children[0].used;
    if (run->allowance.cell_bytes < 0 || count > UINT32_MAX / 16 - used)
        return ERR_LIMIT;
    for (uint32_t i = 0; i < (step->shape == LIST_ENTRIES ? 2u : 1u); i++) {
        struct column *child = &column->children[i];
        if (child->capacity < used + count)
            list_grow(column, child, frame->row, count, run->arena);
        child->used = used + count;
    }
    if (step->shape == LIST_FIELDS)
        clear_nulls(&column->children[0], used, count);
    column->spans[frame->row].count += count;
    return OK;
}

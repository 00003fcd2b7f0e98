/* program.h -- a decoder's program: the steps it is made of, and what its parts share.
 *
 * The steps follow the writer's bytes from left to right. A step that takes a value reads it and
 * sets cell `row` of `columns[column]`; both belong to the frame the step runs in: the caller's
 * columns, a STRUCT's children, or a list's items. Only lists go back; jumps go forward and count
 * from the step they stand in. */
#ifndef AVRO_PROGRAM_H
#define AVRO_PROGRAM_H

#include "avro/avro.h"
#include "base/varint.h"

#define STEPS_MAX 65536

enum step_code {
#define STEP(NAME, label) STEP_##NAME,
#include "avro/step.def"
#undef STEP
};

#define DECIMAL_IN_BYTES UINT32_MAX

enum list_shape {
    LIST_ITEMS,  /* columns[0] is the items' */
    LIST_FIELDS, /* items are STRUCTs: columns are their fields' */
    LIST_ENTRIES /* a MAP: columns[0] keys, columns[1] values */
};

struct step {
    uint8_t code;  /* enum step_code */
    uint8_t from;  /* enum avro_kind the bytes have */
    uint8_t via;   /* enum avro_kind the reader has */
    uint8_t shape; /* enum list_shape */
    uint16_t column;
    uint32_t jump;
    uint32_t count;
    union {
        struct {
            const struct avro_node *node; /* whose logical type counts */
            const struct type *type;
        };
        const struct str *symbols;
        const uint32_t *jumps;
        struct str constant;
        struct {
            uint32_t width_min; /* of an item, in the bytes */
            uint32_t cost;      /* of an item, in cells */
        } list;
    };
};

struct avro_decoder {
    const struct step *steps;
    uint32_t step_count;
};

/* What one body may still use up. */
struct allowance {
    int64_t cell_bytes;
    int64_t zero_width_items;
};

/* Where a list's block of items stands. */
struct block {
    uint32_t count;     /* 0: the list is over */
    const uint8_t *end; /* NULL: the writer did not say */
};

/* Reads the head of a block of items that take `width_min` bytes at least. ret_at: after it. */
MUST_CHECK enum err avro_block_read_slow(const uint8_t *at, const uint8_t *end, uint32_t width_min,
                                         struct allowance *allowance, struct block *ret_block,
                                         const uint8_t **ret_at);
/* The same; most blocks say nothing but a small number of items. */
MUST_CHECK static inline enum err avro_block_read(const uint8_t *at, const uint8_t *end,
                                                  uint32_t width_min, struct allowance *allowance,
                                                  struct block *ret_block, const uint8_t **ret_at)
{
    const bool small = at < end && (*at & 0x81) == 0 && width_min > 0;
    const uint32_t count = small ? *at >> 1 : 0;
    if (__builtin_expect(!small || count * (uint64_t)width_min > (size_t)(end - at - 1), 0))
        return avro_block_read_slow(at, end, width_min, allowance, ret_block, ret_at);
    *ret_block = (struct block){.count = count};
    *ret_at = at + 1;
    return OK;
}

/* Goes past one value and checks it on the way. `depth` counts from 0. */
MUST_CHECK enum err avro_skip_value(const struct avro_node *node, const uint8_t *at,
                                    const uint8_t *end, struct allowance *allowance, int depth,
                                    const uint8_t **ret_at);
/* STEP_NUMBER: any number's way to a cell that has no step of its own; text is made in the arena.
 * NULL when the bytes are malformed. */
const uint8_t *avro_number_read(const struct step *step, const uint8_t *at, const uint8_t *end,
                                struct column *column, uint32_t row, struct arena *arena);
/* STEP_DECIMAL, the same way. */
const uint8_t *avro_decimal_read(const struct step *step, const uint8_t *at, const uint8_t *end,
                                 struct column *column, uint32_t row);
/* Makes the keys of a map that has just been read unique: the last value of a key counts, at the
 * place of the first. The entries are the last of the children. */
void avro_map_unify(struct column *column, uint32_t row, struct arena *arena);

/* Appends a field's default as Avro bytes. ERR_INVALID when it is no value of `node`. */
MUST_CHECK enum err avro_default_encode(const struct avro_field *field, struct buf *buf);

static inline uint64_t load_64(const void *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof(word));
    return word;
}

extern const uint8_t high_bits[32];

/* Well-formed UTF-8; most text is ASCII, which is told eight bytes at a time. The bytes go on to
 * `end` at least: short text is looked at with what follows it, and the rest masked. */
static inline bool text_is_valid(const uint8_t *at, size_t size, const uint8_t *end)
{
    uint64_t high = 0;
    if (size <= 16 && end - at >= 16) {
        high = (load_64(at) & load_64(high_bits + 16 - size)) |
               (load_64(at + 8) & load_64(high_bits + 24 - size));
    } else if (size >= 8) {
        for (size_t i = 0; i + 8 < size; i += 8)
            high |= load_64(at + i);
        high |= load_64(at + size - 8);
    } else {
        for (size_t i = 0; i < size; i++)
            high |= at[i];
    }
    if (__builtin_expect((high & 0x8080808080808080ull) == 0, 1))
        return true;
    return str_is_utf8((struct str){(const char *)at, size});
}

/* bytes and string: a size, then as many bytes. NULL when they end before. */
static inline const uint8_t *bytes_read(const uint8_t *at, const uint8_t *end, struct str *ret_text)
{
    int64_t size;
    at = varint_get(at, end, &size);
    if (__builtin_expect(!at || (uint64_t)size > (uint64_t)(end - at), 0))
        return NULL;
    *ret_text = (struct str){(const char *)at, (size_t)size};
    return at + size;
}

static inline const uint8_t *string_read(const uint8_t *at, const uint8_t *end,
                                         struct str *ret_text)
{
    struct str text;
    at = bytes_read(at, end, &text);
    if (__builtin_expect(!at || !text_is_valid((const uint8_t *)text.data, text.size, end), 0))
        return NULL;
    *ret_text = text;
    return at;
}

static inline const uint8_t *int_read(const uint8_t *at, const uint8_t *end, int32_t *ret_number)
{
    int64_t number;
    at = varint_get(at, end, &number);
    if (__builtin_expect(!at || number != (int32_t)number, 0))
        return NULL;
    *ret_number = (int32_t)number;
    return at;
}

#endif

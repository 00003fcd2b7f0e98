/* encode.c -- writes cells as an encoder says. */
#include "avro/encoder.h"
#include "avro/resolve.h"
#include "base/varint.h"

static enum err write_fields(const struct write *write, const struct column *columns, uint32_t row,
                             struct buf *buf);
static enum err write_cell(const struct write *write, const struct column *columns, uint32_t row,
                           struct buf *buf);
static enum err write_value(const struct write *write, const struct column *column, uint32_t row,
                            struct buf *buf);

enum err avro_encode(const struct avro_encoder *encoder, const struct column *columns, uint32_t row,
                     struct buf *buf)
{
    must(encoder != NULL);
    must(buf != NULL);
    const size_t size = buf->size;
    const struct column none = {0}; /* nobody's: there are no targets */
    if (!columns)
        columns = &none;
    enum err err;
    if (encoder->root.is_root) {
        if (encoder->root.branch >= 0)
            varint_append(buf, encoder->root.branch);
        err = write_fields(&encoder->root, columns, row, buf);
    } else {
        err = write_cell(&encoder->root, columns, row, buf);
    }
    if (err)
        buf->size = size;
    return err;
}

/* At most 16 bytes, by pieces that overlap: a call costs more than they do. */
static inline void copy_short(uint8_t *to, const char *from, size_t size)
{
    uint64_t first, last;
    if (size >= 8) {
        memcpy(&first, from, 8);
        memcpy(&last, from + size - 8, 8);
        memcpy(to, &first, 8);
        memcpy(to + size - 8, &last, 8);
    } else {
        for (size_t i = 0; i < size; i++)
            to[i] = (uint8_t)from[i];
    }
}

static inline uint8_t *put_sized(uint8_t *at, struct str bytes)
{
    at = varint_put(at, (int64_t)bytes.size);
    if (bytes.size <= 16)
        copy_short(at, bytes.data, bytes.size);
    else
        memcpy(at, bytes.data, bytes.size);
    return at + bytes.size;
}

/* The cells most records are made of are written where they stand, with one look at the room. */
static enum err write_fields(const struct write *write, const struct column *columns, uint32_t row,
                             struct buf *buf)
{
    const struct write *const end = write->members + write->member_count;
    for (const struct write *member = write->members; member < end; member++) {
        const struct column *column = &columns[member->column];
        const bool plain = member->code >= WRITE_INT && member->code <= WRITE_BYTES;
        if (!plain || column->nulls[row]) {
            const enum err err = write_cell(member, columns, row, buf);
            if (err)
                return err;
            continue;
        }
        const struct str text =
            member->code == WRITE_BYTES ? column->strings[row] : (struct str){0};
        uint8_t *const begin = (uint8_t *)buf_reserve(buf, 2 * VARINT_BYTES_MAX + text.size);
        uint8_t *at = begin;
        if (member->branch >= 0)
            at = varint_put(at, member->branch);
        if (member->code == WRITE_BYTES)
            at = put_sized(at, text);
        else if (member->code == WRITE_LONG)
            at = varint_put(at, column->bigints[row]);
        else if (member->code == WRITE_DOUBLE)
            at = (uint8_t *)memcpy(at, &column->doubles[row], 8) + 8;
        else
            at = varint_put(at, column->integers[row]);
        buf->size += (size_t)(at - begin);
    }
    return OK;
}

static enum err write_cell(const struct write *write, const struct column *columns, uint32_t row,
                           struct buf *buf)
{
    if (write->code == WRITE_CONSTANT) {
        buf_append_str(buf, write->constant);
        return OK;
    }
    const struct column *column = &columns[write->column];
    if (column->nulls[row]) {
        if (write->code == WRITE_NOTHING)
            return OK;
        if (write->null_is_default) {
            buf_append_str(buf, write->constant);
            return OK;
        }
        if (write->null_branch < 0)
            return ERR_INVALID;
        varint_append(buf, write->null_branch);
        return OK;
    }
    if (write->branch >= 0)
        varint_append(buf, write->branch);
    return write_value(write, column, row, buf);
}

static void append_sized(struct buf *buf, struct str bytes)
{
    uint8_t *begin = (uint8_t *)buf_reserve(buf, VARINT_BYTES_MAX + bytes.size);
    buf->size += (size_t)(put_sized(begin, bytes) - begin);
}

static void append_double(struct buf *buf, double number)
{
    buf_append(buf, &number, sizeof(number));
}

static enum err write_enum(const struct write *write, struct str text, struct buf *buf)
{
    const int index = avro_symbol_index(write->node, text);
    if (index < 0)
        return ERR_INVALID;
    varint_append(buf, index);
    return OK;
}

static enum err write_decimal(const struct write *write, decimal value, struct buf *buf)
{
    const struct avro_node *node = write->node;
    const int precision =
        node->precision < DECIMAL_PRECISION_MAX ? node->precision : DECIMAL_PRECISION_MAX;
    const bool same = node->scale == write->type->scale && precision >= write->type->precision;
    if (!same && decimal_rescale(value, write->type->scale, precision, node->scale, &value))
        return ERR_INVALID;
    uint8_t bytes[16];
    const size_t size = decimal_to_bytes(value, bytes);
    if (write->code == WRITE_DECIMAL) {
        append_sized(buf, (struct str){(const char *)bytes, size});
        return OK;
    }
    if (size > node->count)
        return ERR_INVALID;
    char *at = buf_reserve(buf, node->count);
    memset(at, value < 0 ? 0xff : 0, node->count - size);
    memcpy(at + node->count - size, bytes, size);
    buf->size += node->count;
    return OK;
}

/* One block, without its size in bytes: what Java writes. */
static enum err write_list(const struct write *write, const struct column *column, uint32_t row,
                           struct buf *buf)
{
    const struct span span = column->spans[row];
    if (span.count > 0)
        varint_append(buf, span.count);
    for (uint32_t i = 0; i < span.count; i++) {
        const enum err err = write_fields(write, column->children, span.start + i, buf);
        if (err)
            return err;
    }
    buf_append_byte(buf, 0);
    return OK;
}

static enum err write_value(const struct write *write, const struct column *column, uint32_t row,
                            struct buf *buf)
{
    int64_t micros;
    float narrow;
    switch ((enum write_code)write->code) {
    case WRITE_BOOLEAN:
        buf_append_byte(buf, column->booleans[row]);
        return OK;
    case WRITE_INT:
    case WRITE_LONG_FROM_INT:
        varint_append(buf, column->integers[row]);
        return OK;
    case WRITE_LONG:
        varint_append(buf, column->bigints[row]);
        return OK;
    case WRITE_LONG_MICROS:
        if (__builtin_mul_overflow(column->bigints[row], 1000, &micros))
            return ERR_INVALID;
        varint_append(buf, micros);
        return OK;
    case WRITE_TIME_MICROS:
        varint_append(buf, column->integers[row] * (int64_t)1000);
        return OK;
    case WRITE_FLOAT:
        narrow = (float)column->doubles[row];
        buf_append(buf, &narrow, sizeof(narrow));
        return OK;
    case WRITE_DOUBLE:
        append_double(buf, column->doubles[row]);
        return OK;
    case WRITE_DOUBLE_FROM_INT:
        append_double(buf, column->integers[row]);
        return OK;
    case WRITE_BYTES:
        append_sized(buf, column->strings[row]);
        return OK;
    case WRITE_FIXED:
        if (column->strings[row].size != write->node->count)
            return ERR_INVALID;
        buf_append_str(buf, column->strings[row]);
        return OK;
    case WRITE_ENUM:
        return write_enum(write, column->strings[row], buf);
    case WRITE_DECIMAL:
    case WRITE_DECIMAL_FIXED:
        return write_decimal(write, column->decimals[row], buf);
    case WRITE_FIELDS:
        return write_fields(write, column->children, row, buf);
    case WRITE_ITEMS:
    case WRITE_ENTRIES:
        return write_list(write, column, row, buf);
    case WRITE_CONSTANT:
    case WRITE_NOTHING:
        break;
    }
    return ERR_INVALID;
}

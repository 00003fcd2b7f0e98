/* format_kafka.c -- KAFKA: one column as Kafka's own serializers write it.
 *
 * INTEGER 4 and BIGINT 8 bytes big-endian, DOUBLE its IEEE 754 bits as 8 bytes big-endian, STRING
 * UTF-8, BYTES as they are. No size but these is taken. */
#include "base/big_endian.h"
#include "format/cell_text.h"
#include "format/side.h"

#include <endian.h>

static enum err read_size(const char *kind, size_t wanted, struct str bytes, struct why *why);

static enum err kafka_check(const struct format_spec *spec, bool is_key,
                            const struct row_column *columns, uint32_t count, struct why *why)
{
    if (count > 1)
        return why_set(why, ERR_INVALID,
                       "the 'KAFKA' format only supports a single field, but there are `%.*s` and "
                       "`%.*s`",
                       STR_ARGS(columns[0].name), STR_ARGS(columns[1].name));
    if (count == 0)
        return OK;
    switch (columns[0].type->kind) {
    case TYPE_INTEGER:
    case TYPE_BIGINT:
    case TYPE_DOUBLE:
    case TYPE_STRING:
    case TYPE_BYTES:
        return OK;
    default:
        return format_refuse_type(&format_kafka, &columns[0], columns[0].type, why);
    }
}

static enum err kafka_read(struct side_reader *reader, struct str bytes, struct column *columns,
                           uint32_t row, struct arena *arena, bool *ret_is_null, struct why *why)
{
    const struct side_column *source = &reader->side->columns[0];
    struct column *column = source->column == SIDE_UNWANTED ? NULL : &columns[source->column];
    enum err err = OK;
    if (column)
        column->nulls[row] = 0;
    switch (source->type->kind) {
    case TYPE_INTEGER:
        err = read_size("INTEGER", sizeof(int32_t), bytes, why);
        if (err == OK && column)
            column->integers[row] = (int32_t)big_endian_get_32(bytes.data);
        return err;
    case TYPE_BIGINT:
        err = read_size("BIGINT", sizeof(int64_t), bytes, why);
        if (err == OK && column)
            column->bigints[row] = (int64_t)big_endian_get_64(bytes.data);
        return err;
    case TYPE_DOUBLE:
        err = read_size("DOUBLE", sizeof(double), bytes, why);
        if (err == OK && column) {
            const uint64_t bits = big_endian_get_64(bytes.data);
            memcpy(&column->doubles[row], &bits, sizeof(bits));
        }
        return err;
    case TYPE_STRING:
        if (column)
            column->strings[row] = text_repair(bytes, arena);
        return OK;
    default:
        if (column)
            column->strings[row] = bytes;
        return OK;
    }
}

static enum err kafka_write(struct side_writer *writer, const struct column *columns, uint32_t row,
                            struct buf *buf, bool *ret_is_null)
{
    if (writer->side->count == 0) {
        *ret_is_null = true;
        return OK;
    }
    const struct column *column = &columns[writer->side->columns[0].column];
    uint64_t bits = 0;
    switch (column->type->kind) {
    case TYPE_INTEGER: {
        const uint32_t swapped = htobe32((uint32_t)column->integers[row]);
        buf_append(buf, &swapped, sizeof(swapped));
        return OK;
    }
    case TYPE_BIGINT:
        bits = htobe64((uint64_t)column->bigints[row]);
        break;
    case TYPE_DOUBLE:
        memcpy(&bits, &column->doubles[row], sizeof(bits));
        bits = htobe64(bits);
        break;
    default:
        buf_append_str(buf, column->strings[row]);
        return OK;
    }
    buf_append(buf, &bits, sizeof(bits));
    return OK;
}

static enum err read_size(const char *kind, size_t wanted, struct str bytes, struct why *why)
{
    if (bytes.size == wanted)
        return OK;
    return why_set(why, ERR_MALFORMED, "%zu bytes are no %s of the KAFKA format, which has %zu",
                   bytes.size, kind, wanted);
}

const struct format_ops format_kafka = {
    .name = "KAFKA",
    .check = kafka_check,
    .reader_new = side_reader_plain,
    .read = kafka_read,
    .reader_free = side_reader_keep,
    .writer_new = side_writer_plain,
    .write = kafka_write,
};

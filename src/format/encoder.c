/* encoder.c -- rows of a batch to the bytes of keys and values. */
#include "format/side.h"

#include <endian.h>

struct encoder {
    struct arena arena;
    enum window_kind window;
    struct side key;
    struct side value;
    struct side_writer *key_writer; /* NULL: the side has no columns */
    struct side_writer *value_writer;
};

static enum err writer_open(const struct side *side, struct side_writer **ret_writer,
                            struct why *why);
static enum err side_write(struct side_writer *writer, const struct batch *batch, uint32_t row,
                           struct buf *buf, bool *ret_is_null);
static void append_64(struct buf *buf, int64_t number);

enum err encoder_new(const struct record_format *format, const uint16_t *map,
                     struct registry *registry, struct encoder **ret_encoder, struct why *why)
{
    must(format != NULL);
    must(format->row_type->column_count == 0 || map != NULL);
    struct arena arena;
    arena_init(&arena, 0);
    struct encoder *encoder = ARENA_NEW(&arena, struct encoder);
    encoder->arena = arena;
    encoder->window = format->window;
    side_init(&encoder->key, format, true, map, registry, &encoder->arena);
    side_init(&encoder->value, format, false, map, registry, &encoder->arena);
    enum err err = writer_open(&encoder->key, &encoder->key_writer, why);
    if (err == OK)
        err = writer_open(&encoder->value, &encoder->value_writer, why);
    if (err) {
        encoder_free(encoder);
        return err;
    }
    *ret_encoder = encoder;
    return OK;
}

void encoder_free(struct encoder *encoder)
{
    if (!encoder)
        return;
    /* The encoder itself lies in the arena. */
    struct arena arena = encoder->arena;
    arena_release(&arena);
}

enum err encoder_key(struct encoder *encoder, const struct batch *batch, uint32_t row,
                     struct buf *buf, bool *ret_is_null)
{
    must(encoder != NULL);
    must(row < batch->row_count);
    bool is_null = encoder->key_writer == NULL;
    if (!is_null) {
        const enum err err = side_write(encoder->key_writer, batch, row, buf, &is_null);
        if (err)
            return err;
    }
    if (!is_null && encoder->window != WINDOW_NONE) {
        must(batch->window_starts != NULL);
        if (encoder->window == WINDOW_SESSION)
            append_64(buf, batch->window_ends[row]);
        append_64(buf, batch->window_starts[row]);
    }
    *ret_is_null = is_null;
    return OK;
}

enum err encoder_value(struct encoder *encoder, const struct batch *batch, uint32_t row,
                       struct buf *buf, bool *ret_is_null)
{
    must(encoder != NULL);
    must(row < batch->row_count);
    bool is_null = encoder->value_writer == NULL ||
                   (batch->kinds && batch->kinds[row] == ROW_DELETE) ||
                   (batch->null_values && batch->null_values[row]);
    if (!is_null) {
        const enum err err = side_write(encoder->value_writer, batch, row, buf, &is_null);
        if (err)
            return err;
    }
    *ret_is_null = is_null;
    return OK;
}

static enum err writer_open(const struct side *side, struct side_writer **ret_writer,
                            struct why *why)
{
    /* A kept row of no columns is a row all the same: internal topics carry keys alone like that.
     */
    if (side->count == 0 && (side->is_key || side->spec->kind != FORMAT_KEPT))
        return OK;
    return format_get_ops(side->spec->kind)->writer_new(side, ret_writer, why);
}

/* A bare column that is NULL is no bytes at all, in every format. */
static enum err side_write(struct side_writer *writer, const struct batch *batch, uint32_t row,
                           struct buf *buf, bool *ret_is_null)
{
    const struct side *side = writer->side;
    if (side->whole && batch->columns[side->columns[0].column].nulls[row]) {
        *ret_is_null = true;
        return OK;
    }
    const size_t size = buf->size;
    bool is_null = false;
    const enum err err =
        format_get_ops(side->spec->kind)->write(writer, batch->columns, row, buf, &is_null);
    if (err) {
        buf->size = size;
        return err;
    }
    *ret_is_null = is_null;
    return OK;
}

static void append_64(struct buf *buf, int64_t number)
{
    const uint64_t bits = htobe64((uint64_t)number);
    buf_append(buf, &bits, sizeof(bits));
}

/* decoder.c -- records to rows of a batch: two sides, headers, windows, pseudo columns. */
#include "format/side.h"

#include "base/big_endian.h"

/* A column of the batch that does not come from the bytes of a side. */
struct plain_origin {
    struct column_origin origin;
    uint16_t column;
};

struct decoder {
    struct arena arena;
    const struct record_format *format;
    struct side key;
    struct side value;
    struct side_reader *key_reader; /* NULL: the side has no columns */
    struct side_reader *value_reader;
    struct plain_origin *plain; /* headers, pseudo columns */
    uint32_t plain_count;
    struct plain_origin *doubles; /* columns asked for again: origin.column is the batch's first */
    uint32_t double_count;
};

struct window {
    bool exists;
    int64_t start_ms;
    int64_t end_ms;
};

static void origins_sort(struct decoder *decoder, const struct column_origin *origins,
                         uint32_t origin_count, uint16_t *maps);
static enum err reader_open(const struct side *side, struct side_reader **ret_reader,
                            struct why *why);
static enum err row_read(struct decoder *decoder, const struct record *record, struct batch *batch,
                         uint32_t row, int32_t partition, bool *ret_in_key, struct why *why);
static enum err window_read(const struct record_format *format, struct str *key,
                            struct window *ret_window, struct why *why);
static enum err side_read(struct side_reader *reader, struct str bytes, struct column *columns,
                          uint32_t row, struct arena *arena, bool *ret_is_null, struct why *why);
static void plain_set(struct decoder *decoder, const struct record *record, struct batch *batch,
                      uint32_t row, int32_t partition, const struct window *window);
static void header_set(const struct row_column *source, const struct record *record,
                       struct column *column, uint32_t row, struct arena *arena);

enum err decoder_new(const struct record_format *format, const struct column_origin *origins,
                     uint32_t origin_count, struct registry *registry, struct decoder **ret_decoder,
                     struct why *why)
{
    must(format != NULL);
    must(origin_count == 0 || origins != NULL);
    must(origin_count < SIDE_UNWANTED);
    struct arena arena;
    arena_init(&arena, 0);
    struct decoder *decoder = ARENA_NEW(&arena, struct decoder);
    decoder->arena = arena;
    decoder->format = format;
    uint16_t *maps = ARENA_ARRAY(&decoder->arena, uint16_t, format->row_type->column_count);
    origins_sort(decoder, origins, origin_count, maps);
    side_init(&decoder->key, format, true, maps, registry, &decoder->arena);
    side_init(&decoder->value, format, false, maps, registry, &decoder->arena);
    enum err err = reader_open(&decoder->key, &decoder->key_reader, why);
    if (err == OK)
        err = reader_open(&decoder->value, &decoder->value_reader, why);
    if (err) {
        decoder_free(decoder);
        return err;
    }
    *ret_decoder = decoder;
    return OK;
}

void decoder_free(struct decoder *decoder)
{
    if (!decoder)
        return;
    if (decoder->key_reader)
        format_get_ops(decoder->key.spec->kind)->reader_free(decoder->key_reader);
    if (decoder->value_reader)
        format_get_ops(decoder->value.spec->kind)->reader_free(decoder->value_reader);
    /* The decoder itself lies in the arena. */
    struct arena arena = decoder->arena;
    arena_release(&arena);
}

enum err decoder_decode(struct decoder *decoder, const struct record *records, uint32_t count,
                        int32_t partition, struct batch *batch, struct format_reject *rejects,
                        uint32_t *ret_reject_count, uint32_t *ret_done, struct why *why)
{
    must(decoder != NULL);
    must(count <= batch->capacity - batch->row_count);
    enum err err = OK;
    uint32_t reject_count = 0;
    uint32_t done = 0;
    for (; done < count; done++) {
        struct format_reject *reject = &rejects[reject_count];
        const uint32_t row = batch->row_count;
        bool in_key = false;
        err = row_read(decoder, &records[done], batch, row, partition, &in_key, &reject->why);
        if (err == OK) {
            batch->row_count++;
            batch->selection[batch->selected_count++] = (uint16_t)row;
            continue;
        }
        if (err_reaction(err) != REACTION_DEAD_LETTER) {
            why_set(why, err, "%s", reject->why.text);
            break;
        }
        reject->record = done;
        reject->in_key = in_key;
        reject->err = err;
        reject_count++;
        err = OK;
    }
    *ret_reject_count = reject_count;
    *ret_done = done;
    return err;
}

enum err decoder_read_value(struct decoder *decoder, struct str bytes, struct column *columns,
                            uint32_t row, struct arena *arena, struct why *why)
{
    must(decoder != NULL);
    must(decoder->plain_count == 0);
    must(decoder->double_count == 0);
    bool is_null = false;
    if (!decoder->value_reader)
        return OK;
    return side_read(decoder->value_reader, bytes, columns, row, arena, &is_null, why);
}

/* Fills `maps` with the batch's column of each column of the row type, and the lists of all that
 * comes from elsewhere. */
static void origins_sort(struct decoder *decoder, const struct column_origin *origins,
                         uint32_t origin_count, uint16_t *maps)
{
    const struct row_type *row_type = decoder->format->row_type;
    decoder->plain = ARENA_ARRAY(&decoder->arena, struct plain_origin, origin_count);
    decoder->doubles = ARENA_ARRAY(&decoder->arena, struct plain_origin, origin_count);
    for (uint32_t i = 0; i < row_type->column_count; i++)
        maps[i] = SIDE_UNWANTED;
    for (uint32_t i = 0; i < origin_count; i++) {
        struct plain_origin plain = {.origin = origins[i], .column = (uint16_t)i};
        const bool is_column = origins[i].kind == ORIGIN_COLUMN;
        if (origins[i].kind == ORIGIN_NONE)
            continue;
        must(!is_column || origins[i].column < row_type->column_count);
        if (!is_column || row_type->columns[origins[i].column].role == COLUMN_HEADERS) {
            decoder->plain[decoder->plain_count++] = plain;
            continue;
        }
        uint16_t *map = &maps[origins[i].column];
        if (*map == SIDE_UNWANTED) {
            *map = (uint16_t)i;
            continue;
        }
        plain.origin.column = *map;
        decoder->doubles[decoder->double_count++] = plain;
    }
}

static enum err reader_open(const struct side *side, struct side_reader **ret_reader,
                            struct why *why)
{
    if (side->count == 0)
        return OK;
    return format_get_ops(side->spec->kind)->reader_new(side, ret_reader, why);
}

static enum err row_read(struct decoder *decoder, const struct record *record, struct batch *batch,
                         uint32_t row, int32_t partition, bool *ret_in_key, struct why *why)
{
    struct str key = record->key;
    struct window window = {0};
    bool is_null = false;
    *ret_in_key = true;
    enum err err = window_read(decoder->format, &key, &window, why);
    if (err == OK && decoder->key_reader)
        err = side_read(decoder->key_reader, key, batch->columns, row, batch->arena, &is_null, why);
    if (err)
        return err;
    *ret_in_key = false;
    is_null = record->value.data == NULL;
    if (decoder->value_reader)
        err = side_read(decoder->value_reader, record->value, batch->columns, row, batch->arena,
                        &is_null, why);
    if (err)
        return err;
    batch->timestamps[row] = record->timestamp_ms;
    batch->offsets[row] = record->offset;
    batch->partitions[row] = partition;
    if (batch->null_values)
        batch->null_values[row] = is_null;
    if (batch->kinds)
        batch->kinds[row] = is_null ? ROW_DELETE : ROW_PUT;
    if (batch->window_starts) {
        batch->window_starts[row] = window.start_ms;
        batch->window_ends[row] = window.end_ms;
    }
    plain_set(decoder, record, batch, row, partition, &window);
    for (uint32_t i = 0; i < decoder->double_count; i++)
        column_copy_cell(&batch->columns[decoder->doubles[i].column], row,
                         &batch->columns[decoder->doubles[i].origin.column], row, batch->arena);
    return OK;
}

/* Takes the window's bytes off the key. */
static enum err window_read(const struct record_format *format, struct str *key,
                            struct window *ret_window, struct why *why)
{
    if (format->window == WINDOW_NONE || key->data == NULL)
        return OK;
    const bool is_session = format->window == WINDOW_SESSION;
    const size_t size = is_session ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
    if (key->size < size)
        return why_set(why, ERR_MALFORMED,
                       "a key of %zu bytes does not end with the %zu bytes of a window", key->size,
                       size);
    key->size -= size;
    const char *bounds = key->data + key->size;
    struct window window = {.exists = true, .end_ms = INT64_MAX};
    window.start_ms = (int64_t)big_endian_get_64(bounds + (is_session ? sizeof(uint64_t) : 0));
    if (is_session)
        window.end_ms = (int64_t)big_endian_get_64(bounds);
    else if (format->window_size_ms > 0 &&
             __builtin_add_overflow(window.start_ms, format->window_size_ms, &window.end_ms))
        return why_set(why, ERR_MALFORMED, "the key's window starts at %lld",
                       (long long)window.start_ms);
    *ret_window = window;
    return OK;
}

/* Without bytes all of the side's cells are NULL. */
static enum err side_read(struct side_reader *reader, struct str bytes, struct column *columns,
                          uint32_t row, struct arena *arena, bool *ret_is_null, struct why *why)
{
    const struct side *side = reader->side;
    bool is_null = bytes.data == NULL;
    if (!is_null) {
        const enum err err = side->ops->read(reader, bytes, columns, row, arena, &is_null, why);
        if (err)
            return err;
    }
    *ret_is_null = is_null;
    if (!is_null)
        return OK;
    for (uint32_t i = 0; i < side->count; i++)
        if (side->columns[i].column != SIDE_UNWANTED)
            column_set_null(&columns[side->columns[i].column], row);
    return OK;
}

static void plain_set(struct decoder *decoder, const struct record *record, struct batch *batch,
                      uint32_t row, int32_t partition, const struct window *window)
{
    for (uint32_t i = 0; i < decoder->plain_count; i++) {
        const struct plain_origin *plain = &decoder->plain[i];
        struct column *column = &batch->columns[plain->column];
        column->nulls[row] = 0;
        switch (plain->origin.kind) {
        case ORIGIN_COLUMN:
            header_set(&decoder->format->row_type->columns[plain->origin.column], record, column,
                       row, batch->arena);
            break;
        case ORIGIN_ROWTIME:
            column->bigints[row] = record->timestamp_ms;
            break;
        case ORIGIN_ROWPARTITION:
            column->integers[row] = partition;
            break;
        case ORIGIN_ROWOFFSET:
            column->bigints[row] = record->offset;
            break;
        case ORIGIN_WINDOWSTART:
            column->nulls[row] = !window->exists;
            column->bigints[row] = window->start_ms;
            break;
        case ORIGIN_WINDOWEND:
            column->nulls[row] = !window->exists;
            column->bigints[row] = window->end_ms;
            break;
        case ORIGIN_NONE:
            must_not_reach();
        }
    }
}

/* HEADER('name'): the value of the last one of that name. HEADERS: all of them, as an array of
 * STRUCT<KEY, VALUE>. */
static void header_set(const struct row_column *source, const struct record *record,
                       struct column *column, uint32_t row, struct arena *arena)
{
    if (source->header_name.size > 0) {
        column->nulls[row] = 1;
        for (uint32_t i = 0; i < record->header_count; i++) {
            const struct record_header *header = &record->headers[i];
            if (!str_equal(header->name, source->header_name))
                continue;
            column->nulls[row] = header->is_null;
            column->strings[row] = header->value;
        }
        return;
    }
    const uint32_t start = column_append_items(column, row, record->header_count, arena);
    struct column *items = &column->children[0];
    for (uint32_t i = 0; i < record->header_count; i++) {
        const struct record_header *header = &record->headers[i];
        items->nulls[start + i] = 0;
        items->children[0].nulls[start + i] = 0;
        items->children[0].strings[start + i] = header->name;
        items->children[1].nulls[start + i] = header->is_null;
        items->children[1].strings[start + i] = header->value;
    }
}

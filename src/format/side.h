/* side.h -- how a format reads and writes one side, key or value, of a record.
 *
 * Inside format/ only. Each format is one ops table in its own file; format.c lists them, decoder.c
 * and encoder.c drive two sides each. */
#ifndef FORMAT_SIDE_H
#define FORMAT_SIDE_H

#include "format/format.h"

/* side_column.column: nobody asks for it. */
#define SIDE_UNWANTED UINT16_MAX

struct side_column {
    struct str name;
    const struct type *type;
    uint16_t column; /* of the batch, or SIDE_UNWANTED */
};

/* One side's shape. */
struct side {
    const struct format_spec *spec;
    const struct format_ops *ops; /* of the spec's kind */
    struct str topic;
    bool is_key;
    bool whole; /* one column, written bare */
    uint32_t count;
    const struct side_column *columns; /* in the order of the row type */
    struct registry *registry;
    struct arena *arena; /* as long as the decoder or encoder */
};

/* Bases of each format's own state, made in side->arena. */
struct side_reader {
    const struct side *side;
};
struct side_writer {
    const struct side *side;
};

struct format_ops {
    const char *name;
    /* Whether these columns can be carried; what holds for all formats was checked before. */
    enum err (*check)(const struct format_spec *spec, bool is_key, const struct row_column *columns,
                      uint32_t count, struct why *why);
    enum err (*reader_new)(const struct side *side, struct side_reader **ret_reader,
                           struct why *why);
    /* Sets every wanted cell of `row`; text is borrowed from `bytes`, items live in `arena`.
     * *ret_is_null, false before: the bytes stand for no value, no cell is set. Failures that are
     * the record's: ERR_MALFORMED, ERR_UNKNOWN_SCHEMA, ERR_LIMIT; any other is the world's. */
    enum err (*read)(struct side_reader *reader, struct str bytes, struct column *columns,
                     uint32_t row, struct arena *arena, bool *ret_is_null, struct why *why);
    void (*reader_free)(struct side_reader *reader);
    enum err (*writer_new)(const struct side *side, struct side_writer **ret_writer,
                           struct why *why);
    /* Appends the bytes of a row; *ret_is_null, false before: there are none. After a failure what
     * was appended is taken back by the caller. ERR_INVALID. */
    enum err (*write)(struct side_writer *writer, const struct column *columns, uint32_t row,
                      struct buf *buf, bool *ret_is_null);
};

extern const struct format_ops format_avro, format_delimited, format_json, format_kafka,
    format_kept, format_none;

const struct format_ops *format_get_ops(enum format_kind kind);
/* The columns of one role; maps[i] is the batch's column of row type column i. */
void side_init(struct side *side, const struct record_format *format, bool is_key,
               const uint16_t *maps, struct registry *registry, struct arena *arena);
/* For formats whose readers and writers are nothing but their side. */
enum err side_reader_plain(const struct side *side, struct side_reader **ret_reader,
                           struct why *why);
enum err side_writer_plain(const struct side *side, struct side_writer **ret_writer,
                           struct why *why);
void side_reader_keep(struct side_reader *reader);
/* ERR_INVALID: "the 'KAFKA' format does not support type 'ARRAY', column: `K`". */
enum err format_refuse_type(const struct format_ops *ops, const struct row_column *column,
                            const struct type *type, struct why *why);

#endif

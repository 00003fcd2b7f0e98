/* format.h -- bytes of records to rows and back: AVRO, JSON, KAFKA, DELIMITED, NONE.
 *
 * A decoder or encoder is made once for a source and used by one thread. KEPT is the format of
 * internal topics: the value is a kept row of the columns in order; users cannot name it. */
#ifndef FORMAT_FORMAT_H
#define FORMAT_FORMAT_H

#include "data/batch.h"
#include "data/record.h"
#include "registry/registry.h"

#include <stdint.h>

enum format_kind {
    FORMAT_NONE,
    FORMAT_KAFKA,
    FORMAT_AVRO,
    FORMAT_JSON,
    FORMAT_DELIMITED,
    FORMAT_KEPT
};

/* How one side (key or value) of a topic's records is written. */
struct format_spec {
    enum format_kind kind;
    char delimiter;              /* DELIMITED; default ',' */
    bool unwrapped;              /* a single column is written bare, without a record around it */
    struct str schema_full_name; /* AVRO record name; size 0: the default */
    int32_t schema_id;           /* AVRO: KEY_SCHEMA_ID, VALUE_SCHEMA_ID; 0: none */
    bool checked; /* AVRO: a decoder of these and perhaps more columns has taken all there is to
                     read; so nobody looks behind the last column that is wanted */
};

enum window_kind { WINDOW_NONE, WINDOW_TUMBLING, WINDOW_HOPPING, WINDOW_SESSION };

/* The shape of a topic's records. */
struct record_format {
    struct str topic;
    const struct row_type *row_type; /* all columns: keys, values, headers; no pseudo columns */
    struct format_spec key;
    struct format_spec value;
    enum window_kind window; /* the key bytes end with the window's start (SESSION: end, start) */
    int64_t window_size_ms;  /* TUMBLING, HOPPING; 0: not known */
};

/* "AVRO", and back; ERR_INVALID with did-you-mean. */
const char *format_name(enum format_kind kind);
MUST_CHECK enum err format_parse(struct str name, enum format_kind *ret_kind, struct why *why);
/* Whether a single column can be written both bare and in a record. */
bool format_wraps(enum format_kind kind);
/* Whether the format can carry these columns as key or as value. ERR_INVALID with the reason, as
 * ksqlDB refuses. */
MUST_CHECK enum err format_check(const struct format_spec *spec, bool is_key,
                                 const struct row_column *columns, uint32_t column_count,
                                 struct why *why);

/* Where the rows of a batch come from: which of record_format's columns, in the batch's order. */
enum origin_kind {
    ORIGIN_COLUMN,
    ORIGIN_ROWTIME,
    ORIGIN_ROWPARTITION,
    ORIGIN_ROWOFFSET,
    ORIGIN_WINDOWSTART,
    ORIGIN_WINDOWEND,
    ORIGIN_NONE /* the decoder leaves the column alone */
};
struct column_origin {
    enum origin_kind kind;
    uint16_t column; /* ORIGIN_COLUMN: into record_format's row type */
};

/* A record that cannot be used. Valid until the next decode. */
struct format_reject {
    uint32_t record; /* index into the records given */
    bool in_key;
    enum err err;
    struct why why;
};

struct decoder;

/* origins[i] fills column i of the batches given to decoder_decode. AVRO asks the registry for
 * writer schemas as their ids turn up. registry may be NULL when no side is AVRO. Everything
 * borrowed must outlive it. Freed by decoder_free. */
MUST_CHECK enum err decoder_new(const struct record_format *format,
                                const struct column_origin *origins, uint32_t origin_count,
                                struct registry *registry, struct decoder **ret_decoder,
                                struct why *why);
void decoder_free(struct decoder *decoder);
/* Appends records[0 .. count - 1] as rows to the batch (which has room) and selects them: row
 * timestamps, offsets and partition, null_values (if the batch has them), windows (if it has them).
 * A record that cannot be used becomes no row and an entry in rejects (room for count). Text is
 * borrowed from the records. ERR_UNAVAILABLE: a schema cannot be had now; rows before it are
 * appended, *ret_done says how many records were dealt with. */
MUST_CHECK enum err decoder_decode(struct decoder *decoder, const struct record *records,
                                   uint32_t count, int32_t partition, struct batch *batch,
                                   struct format_reject *rejects, uint32_t *ret_reject_count,
                                   uint32_t *ret_done, struct why *why);

/* Reads the value's bytes of one record, kept since it was decoded, into cells of `row`: columns[i]
 * as origins[i] says, each a column of the value, none of them twice. Text is borrowed from the
 * bytes, items live in `arena`. Any failure means that decoder_decode would not have taken them. */
MUST_CHECK enum err decoder_read_value(struct decoder *decoder, struct str bytes,
                                       struct column *columns, uint32_t row, struct arena *arena,
                                       struct why *why);

struct encoder;

/* columns[i] of row_type come from column map[i] of the batch. For AVRO the schemas
 * <topic>-key / <topic>-value are registered here (or the schema_id's used). */
MUST_CHECK enum err encoder_new(const struct record_format *format, const uint16_t *map,
                                struct registry *registry, struct encoder **ret_encoder,
                                struct why *why);
void encoder_free(struct encoder *encoder);
/* Appends the key's bytes of a row, with the window's bytes when the format has windows.
 * *ret_is_null: there is no key. ERR_INVALID: it cannot be written; buf has its old size. */
MUST_CHECK enum err encoder_key(struct encoder *encoder, const struct batch *batch, uint32_t row,
                                struct buf *buf, bool *ret_is_null);
/* Appends the value's bytes. A row of ROW_DELETE or with null_values is null. */
MUST_CHECK enum err encoder_value(struct encoder *encoder, const struct batch *batch, uint32_t row,
                                  struct buf *buf, bool *ret_is_null);

/* For tools: any bytes as JSON text (AVRO by its schema id, else JSON, else a string or hex, the
 * long ones cut: "0x0102... 300 bytes"). Appends. */
void format_show(struct str bytes, bool is_null, struct registry *registry, struct buf *buf);

/* For tools: a topic's records as JSON text, by the format the catalog gives where the bytes alone
 * do not tell (KAFKA, DELIMITED, windows), else as format_show does. One column is shown bare,
 * several as an object; a windowed key has WINDOWSTART and WINDOWEND beside it. Format (NULL: not
 * known) and registry outlive the viewer. One thread at a time. */
struct viewer;
MUST_CHECK enum err viewer_new(const struct record_format *format, struct registry *registry,
                               struct viewer **ret_viewer, struct why *why);
void viewer_free(struct viewer *viewer);
/* Append. */
void viewer_show_key(struct viewer *viewer, const struct record *record, struct buf *buf);
void viewer_show_value(struct viewer *viewer, const struct record *record, struct buf *buf);

#endif

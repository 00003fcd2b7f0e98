/* document.h -- rows of a topic as documents. Inside sink/ only. */
#ifndef SINK_DOCUMENT_H
#define SINK_DOCUMENT_H

#include "data/batch.h"
#include "sink/settings.h"
#include "sink/target.h"

struct document_maker;
struct form;

/* What the rows are. All text is borrowed and outlives the maker. */
struct document_shape {
    struct str topic;
    const struct row_type *row_type; /* of the batches: key columns, then value columns */
    bool is_table;
    enum window_kind window;
    bool is_raw; /* the one value column is the text of a JSON object */
    const struct topic_settings *settings;
    const struct form *form;
};

/* Lives in the arena. ERR_INVALID when settings and columns do not fit. */
MUST_CHECK enum err document_maker_new(struct arena *arena, const struct document_shape *shape,
                                       struct document_maker **ret_maker, struct why *why);
/* The document of a row; its text lives in `arena`. ERR_INVALID: there is none, for the record's
 * sake. */
MUST_CHECK enum err document_make(struct document_maker *maker, const struct batch *batch,
                                  uint32_t row, struct arena *arena, struct document *ret_document,
                                  struct why *why);
void document_maker_release(struct document_maker *maker);

/* document_id.c: appends the _id in the shape's form, and nothing on failure. */
struct document_columns {
    const struct document_shape *shape;
    const struct str *names; /* a column: its name, changed and in the shape's form */
    struct str window_start_name;
    struct str window_end_name;
    uint32_t key_count;
    int id_in_key; /* the column _id; -1: none */
    int id_in_value;
};
MUST_CHECK enum err document_id_write(const struct document_columns *columns,
                                      const struct batch *batch, uint32_t row, struct buf *buf,
                                      struct why *why);
/* The one that counts: never ID_DEFAULT. */
enum id_strategy document_id_strategy(const struct document_columns *columns);
bool projection_has(const struct projection *projection, struct str name);

#endif

/* input.h -- one partition that a task reads: records to batches of rows, and how far it got.
 *
 * An input holds at most one batch of rows: decoded, and taken through the stateless operators
 * right above it (its prefix). `row` is the head, the next row to run. Records that were set aside
 * while decoding become dead letters when the head passes them, so that they go with the step that
 * counts them as read.
 *
 * A raw input decodes nothing: a stream join takes the records as they lie. It may also ask for the
 * record of a row that was decoded. */
#ifndef FLOW_INPUT_H
#define FLOW_INPUT_H

#include "data/time.h"
#include "flow/operator.h"
#include "flow/task.h"
#include "format/format.h"
#include "log/log.h"

#include <stdint.h>

#define INPUT_READ_BYTES_MAX (256 << 10)
#define INPUT_PREFIX_MAX 16

/* A record that becomes no row. */
struct reject {
    const struct record *record;
    enum reject_stage stage;
    struct str reason;
};

/* Reading back what was decoded before takes the key and the time alone. A record that was set
 * aside then would not be seen to be one: so it is done only from behind the last one of those,
 * which marks tell. input_brief.c */
struct input_brief {
    struct record_format format;
    struct decoder *decoder; /* NULL: not for this input */
    int64_t rejected_offset; /* one past the last record that was set aside; INT64_MAX: unknown */
    int64_t shape;           /* what decoding in full means: other columns may refuse others */
    bool is_used;
};

struct input {
    struct task *task;
    const struct plan_input *plan;
    uint32_t plan_index; /* of the stage's inputs */
    int32_t partition;
    struct log_topic *topic;
    struct log_member *reader;
    struct record_format format; /* with the topic's full name */
    struct decoder *decoder;     /* NULL: raw */
    struct input_brief brief;
    const struct time_pattern *pattern;
    struct operator* prefix[INPUT_PREFIX_MAX];
    uint32_t prefix_count;
    struct operator* entry; /* what the rows are run into */
    uint32_t entry_side;

    int64_t next_offset;    /* of the first record that was not run: the position */
    int64_t from_offset;    /* the lowest its windows hold; INT64_MAX: none */
    int64_t trimmed_offset; /* internal: before this is gone, or asked to go */
    int64_t read_offset;    /* where the next read begins */
    int64_t stop_offset;    /* replaying ends here; INT64_MAX: not replaying */
    struct log_records *records;
    uint32_t record_at; /* the first record not decoded */

    struct arena arena;  /* of the batch */
    struct batch *batch; /* NULL: none; selection as the prefix left it */
    const struct record *batch_records;
    const struct record **row_records; /* by row; NULL: batch_records, none was set aside */
    int64_t after_offset;              /* where reading goes on after the batch */
    uint32_t row;
    uint16_t *selection;
    uint32_t selected_count;
    uint32_t selected_at;
    struct reject *rejects;
    uint32_t reject_count;
    uint32_t reject_at;

    int64_t time_ms;        /* highest ROWTIME run */
    int64_t low_ms;         /* without rows: nothing earlier than this will come */
    int64_t reached_ms;     /* how far its topic's writers had come; LOG_LOW_NONE: it has none */
    uint64_t polled;        /* the merge's epoch of the last poll */
    int64_t counted_offset; /* what was read before this is counted */
};

void input_release(struct input *input);
/* Reading goes on at the offset; drops the batch. */
void input_seek(struct input *input, int64_t offset);
static inline bool input_has_row(const struct input *input)
{
    return input->batch && input->row < input->batch->row_count;
}

/* The record that a row of the batch came from. */
static inline const struct record *input_record(const struct input *input, uint32_t row)
{
    return input->row_records ? input->row_records[row] : &input->batch_records[row];
}

/* Without a row: gets the next batch, if there are records. *ret_got: records were read, though
 * perhaps no row came of them. ERR_UNAVAILABLE, ERR_AGAIN: cannot be had now. */
MUST_CHECK enum err input_poll(struct input *input, bool *ret_got, struct why *why);
/* For an input of a join that keeps records: of a batch it wants the first columns, and the time.
 */
MUST_CHECK enum err input_brief_open(struct input *input, uint32_t key_count, struct why *why);
/* The task is new: no record of the input was ever set aside. */
void input_brief_first(struct input *input);
/* The marks were read; records from `from` on are read back. */
void input_brief_begin(struct input *input, int64_t from);
/* Reading back is over. */
void input_brief_end(struct input *input);
/* Into the step's marks. */
void input_brief_mark(const struct input *input);
/* Runs rows up to (not including) `end`. */
void input_run(struct input *input, uint32_t end);

#endif

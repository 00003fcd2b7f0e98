/* step.c -- collecting what a task writes, handing it to the log as one. */
#include "flow/step.h"

#include "base/memory.h"
#include "flow/task.h"

#define TRIMS_MAX 256

struct step_writer {
    struct log_topic *topic;
    int32_t partition;
    struct record_batch_builder builder;
    size_t size_last; /* of the batch before: room to begin with */
    int64_t record_count;
    struct step_writer *next;
};

struct step {
    struct task *task;
    struct step_writer *writers;
    /* Finished batches. */
    struct log_append *appends;
    uint32_t append_count;
    uint32_t append_capacity;
    struct log_trim trims[TRIMS_MAX];
    uint32_t trim_count;
    uint64_t row_count;
    uint64_t record_count;
    size_t bytes;
    bool sealed;
    /* Sealed: what goes with it. */
    struct log_position *positions;
    uint32_t position_count;
    struct log_low *lows;
    uint32_t low_count;
    struct buf marks;
    uint64_t sequence; /* of the last one handed over */
};

static void finish_batch(struct step *step, struct step_writer *writer);
static void count_out(struct step *step);
static void clear(struct step *step);

struct step *step_new(struct task *task)
{
    struct step *step = MEMORY_NEW(struct step);
    step->task = task;
    return step;
}

void step_free(struct step *step)
{
    if (!step)
        return;
    for (uint32_t i = 0; i < step->append_count; i++)
        free(step->appends[i].batch);
    for (struct step_writer *writer = step->writers; writer;) {
        struct step_writer *next = writer->next;
        record_batch_builder_release(&writer->builder);
        free(writer);
        writer = next;
    }
    buf_release(&step->marks);
    free(step->appends);
    free(step->positions);
    free(step->lows);
    free(step);
}

struct step_writer *step_add_writer(struct step *step, struct log_topic *topic, int32_t partition)
{
    must(partition >= 0);
    must(partition < topic->partition_count);
    struct step_writer *writer = MEMORY_NEW(struct step_writer);
    writer->topic = topic;
    writer->partition = partition;
    record_batch_builder_init(&writer->builder);
    writer->next = step->writers;
    step->writers = writer;
    return writer;
}

enum err step_write(struct step *step, struct step_writer *writer, const struct record *record)
{
    must(!step->sealed);
    if (writer->builder.record_count == 0 && writer->size_last > 0)
        buf_reserve(&writer->builder.buf, writer->size_last);
    enum err err = record_batch_add(&writer->builder, record);
    if (err == ERR_FULL) {
        finish_batch(step, writer);
        err = record_batch_add(&writer->builder, record);
    }
    if (err != OK)
        return err;
    writer->record_count++;
    step->record_count++;
    step->bytes += record->key.size + record->value.size;
    return OK;
}

int64_t step_writer_count(const struct step_writer *writer)
{
    return writer->record_count;
}

void step_trim(struct step *step, struct log_topic *topic, int32_t partition, int64_t before_offset)
{
    must(!step->sealed);
    for (uint32_t i = 0; i < step->trim_count; i++) {
        struct log_trim *trim = &step->trims[i];
        if (trim->topic == topic && trim->partition == partition) {
            if (before_offset > trim->before_offset)
                trim->before_offset = before_offset;
            return;
        }
    }
    /* Trimming is housekeeping: what does not fit is done with a later step. */
    if (step->trim_count < TRIMS_MAX)
        step->trims[step->trim_count++] = (struct log_trim){
            .topic = topic, .partition = partition, .before_offset = before_offset};
}

void step_count_rows(struct step *step, uint64_t count)
{
    step->row_count += count;
}

bool step_is_full(const struct step *step)
{
    return step->row_count >= STEP_ROWS_MAX || step->bytes >= STEP_BYTES_MAX;
}

bool step_is_empty(const struct step *step)
{
    return step->row_count == 0 && step->record_count == 0 && step->trim_count == 0;
}

void step_seal(struct step *step, const struct step_ends *ends)
{
    must(!step->sealed);
    for (struct step_writer *writer = step->writers; writer; writer = writer->next)
        if (writer->builder.record_count > 0)
            finish_batch(step, writer);

    const size_t positions_size = ends->position_count * sizeof(*step->positions);
    step->positions = memory_realloc(step->positions, positions_size + 1);
    if (positions_size > 0)
        memcpy(step->positions, ends->positions, positions_size);
    step->position_count = ends->position_count;
    const size_t lows_size = ends->low_count * sizeof(*step->lows);
    step->lows = memory_realloc(step->lows, lows_size + 1);
    if (lows_size > 0)
        memcpy(step->lows, ends->lows, lows_size);
    step->low_count = ends->low_count;
    buf_clear(&step->marks);
    marks_write(&step->task->marks, &step->marks);
    step->sealed = true;
}

bool step_is_sealed(const struct step *step)
{
    return step->sealed;
}

enum err step_hand_over(struct step *step)
{
    must(step->sealed);
    const struct log_step handed = {
        .task = step->task->name,
        .appends = step->appends,
        .append_count = step->append_count,
        .positions = step->positions,
        .position_count = step->position_count,
        .lows = step->lows,
        .low_count = step->low_count,
        .trims = step->trims,
        .trim_count = step->trim_count,
        .marks = buf_str(&step->marks),
    };
    const enum err err = log_commit(step->task->member, &handed, &step->sequence);
    if (err != OK)
        return err;
    count_out(step);
    clear(step);
    step->task->step_number = step->sequence + 1;
    return OK;
}

enum err step_say_lows(struct step *step, const struct log_low *lows, uint32_t count)
{
    must(!step->sealed);
    const struct log_step handed = {.task = step->task->name, .lows = lows, .low_count = count};
    const enum err err = log_commit(step->task->member, &handed, &step->sequence);
    if (err == OK)
        step->task->step_number = step->sequence + 1;
    return err;
}

enum err step_collect(struct step *step, uint64_t *ret_durable)
{
    uint64_t durable = 0;
    const enum err err = log_committed(step->task->member, &durable);
    if (err == OK || err == ERR_FULL)
        *ret_durable = durable;
    return err == ERR_FULL ? OK : err;
}

uint64_t step_handed_over(const struct step *step)
{
    return step->sequence;
}

static void finish_batch(struct step *step, struct step_writer *writer)
{
    if (step->append_count == step->append_capacity) {
        step->append_capacity = step->append_capacity ? step->append_capacity * 2 : 8;
        step->appends =
            memory_realloc(step->appends, step->append_capacity * sizeof(*step->appends));
    }
    record_batch_finish(&writer->builder);
    struct buf batch = record_batch_take(&writer->builder);
    writer->size_last = batch.size;
    step->appends[step->append_count++] = (struct log_append){.topic = writer->topic,
                                                              .partition = writer->partition,
                                                              .batch = batch.data,
                                                              .batch_size = batch.size};
}

static void count_out(struct step *step)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < step->append_count; i++)
        bytes += step->appends[i].batch_size;
    counters_add(step->task->counters, COUNTER_steps, 1);
    counters_add(step->task->counters, COUNTER_records_out, step->record_count);
    counters_add(step->task->counters, COUNTER_bytes_out, bytes);
}

static void clear(struct step *step)
{
    step->append_count = 0;
    step->trim_count = 0;
    step->row_count = 0;
    step->record_count = 0;
    step->bytes = 0;
    step->sealed = false;
}

/* gather.c -- committed records of a sink's topics become documents, a delivery at a time.
 *
 * A delivery is full at max.batch.size documents or 16 MB; else it waits at most 5 ms for more,
 * which bounds how often the target must sync. */
#include "base/clock.h"
#include "base/memory.h"
#include "base/trace.h"
#include "sink/runtime.h"

#include <inttypes.h>

#define READ_BYTES (1 << 20)
#define DELIVERY_BYTES (16 << 20)
#define GATHER_NS 5000000
/* With a steady trickle each pass finds a little: then it ends here. */
#define GATHER_BUSY_NS 50000000
#define PASS_FEW 256

static enum err pass(struct sink *sink, uint32_t *ret_count, struct why *why);
static enum err partition_read(struct sink *sink, struct sink_topic *topic, int32_t p,
                               uint32_t *ret_count, struct why *why);
static enum err records_take(struct sink *sink, struct sink_topic *topic, int32_t p,
                             const struct record *records, uint32_t count, struct why *why);
static enum err rows_take(struct sink *sink, struct sink_topic *topic, int32_t p,
                          const struct record *records, uint32_t count, const struct batch *batch,
                          int64_t *end_offset, struct why *why);
static enum err reject(struct sink *sink, const struct origin *origin, const struct record *record,
                       const char *stage, enum err reason, const struct why *reason_why,
                       struct why *why);
static enum err partition_reset(struct sink *sink, struct sink_topic *topic, int32_t p,
                                struct why *why);

static bool is_full(const struct sink *sink)
{
    return sink->delivery.count >= sink->settings.batch_documents_max ||
           sink->delivery.bytes >= DELIVERY_BYTES;
}

void delivery_init(struct sink *sink)
{
    struct delivery *delivery = &sink->delivery;
    const size_t max = sink->settings.batch_documents_max;
    arena_init(&delivery->arena, 256 << 10);
    delivery->documents = memory_alloc(max * sizeof(*delivery->documents));
    delivery->origins = memory_alloc(max * sizeof(*delivery->origins));
    /* Not touched, and so not in memory, until something is refused. */
    delivery->refusals = memory_alloc((max + 1) * sizeof(*delivery->refusals));
    delivery->rejects = memory_alloc(BATCH_ROWS_MAX * sizeof(*delivery->rejects));
}

void delivery_release(struct sink *sink)
{
    struct delivery *delivery = &sink->delivery;
    arena_release(&delivery->arena);
    free(delivery->documents);
    free(delivery->origins);
    free(delivery->refusals);
    free(delivery->rejects);
}

enum err delivery_gather(struct sink *sink, struct why *why)
{
    const int64_t start_ns = clock_monotonic_ns();
    for (;;) {
        uint32_t count = 0;
        const enum err err = pass(sink, &count, why);
        if (err || is_full(sink) || sink_is_stopping(sink))
            return err;
        const bool is_empty = sink->delivery.count == 0 && sink->letters.waiting == 0;
        if (count == 0 && is_empty)
            return OK;
        const int64_t spent_ns = clock_monotonic_ns() - start_ns;
        if (spent_ns >= (count < PASS_FEW ? GATHER_NS : GATHER_BUSY_NS))
            return OK;
        if (count == 0 && log_wait(sink->member, (GATHER_NS - spent_ns) / 1000000 + 1))
            return OK;
    }
}

/* One read of every partition. */
static enum err pass(struct sink *sink, uint32_t *ret_count, struct why *why)
{
    for (uint32_t t = 0; t < sink->topic_count; t++) {
        struct sink_topic *topic = sink->topics[t];
        for (int32_t p = 0; p < topic->log_topic->partition_count; p++) {
            if (topic->is_gone || is_full(sink))
                break;
            if (!topic->partitions[p].is_ours)
                continue;
            const enum err err = partition_read(sink, topic, p, ret_count, why);
            if (err)
                return err;
        }
    }
    return OK;
}

static enum err partition_read(struct sink *sink, struct sink_topic *topic, int32_t p,
                               uint32_t *ret_count, struct why *why)
{
    struct sink_partition *partition = &topic->partitions[p];
    struct log_records *records = NULL;
    enum err err = log_read(sink->member, topic->log_topic, p, partition->next_offset, READ_BYTES,
                            &records, why);
    if (err == ERR_OUT_OF_RANGE)
        return partition_reset(sink, topic, p, why);
    if (err == ERR_NOT_FOUND) {
        trace(TRACE_INFO, "sink", "topic '%.*s' was deleted", STR_ARGS(topic->name));
        topic->is_gone = true;
        for (int32_t i = 0; i < topic->log_topic->partition_count; i++)
            topic->partitions[i].next_offset = 0;
        return OK;
    }
    if (err)
        return err;
    partition->end_offset = records->end_offset;
    uint32_t done = 0;
    while (done < records->count && err == OK && !is_full(sink)) {
        uint32_t count = records->count - done;
        const uint32_t room = sink->settings.batch_documents_max - sink->delivery.count;
        if (count > BATCH_ROWS_MAX)
            count = BATCH_ROWS_MAX;
        if (count > room)
            count = room;
        err = records_take(sink, topic, p, records->at + done, count, why);
        done += count;
    }
    if (err == OK && done == records->count && records->next_offset > partition->next_offset)
        partition->next_offset = records->next_offset;
    *ret_count += done;
    log_records_release(records);
    return err;
}

/* Moves next_offset past what was dealt with. */
static enum err records_take(struct sink *sink, struct sink_topic *topic, int32_t p,
                             const struct record *records, uint32_t count, struct why *why)
{
    arena_clear(&sink->batch_arena);
    struct batch *batch = batch_new(&sink->batch_arena, topic->row_type, count);
    batch_add_null_values(batch);
    if (topic->format.window != WINDOW_NONE)
        batch_add_windows(batch);
    struct format_reject *rejects = sink->delivery.rejects;
    uint32_t reject_count = 0;
    uint32_t done = 0;
    struct why decode_why;
    const enum err decoded = decoder_decode(topic->decoder, records, count, p, batch, rejects,
                                            &reject_count, &done, &decode_why);
    int64_t end_offset = done > 0 ? records[done - 1].offset + 1 : topic->partitions[p].next_offset;
    if (reject_count > 0 && !sink->settings.tolerates)
        end_offset = records[rejects[0].record].offset;
    enum err err = rows_take(sink, topic, p, records, done, batch, &end_offset, why);
    for (uint32_t i = 0; i < reject_count && err == OK; i++) {
        const struct record *record = &records[rejects[i].record];
        const struct origin origin = {topic, p, record->offset};
        err = reject(sink, &origin, record, rejects[i].in_key ? "KEY_CONVERTER" : "VALUE_CONVERTER",
                     rejects[i].err, &rejects[i].why, why);
    }
    /* Cut short while writing dead letters: the same records are taken again, which does no harm.
     */
    if (err && sink->settings.tolerates)
        return err;
    topic->partitions[p].next_offset = end_offset;
    if (err == OK && decoded)
        err = why_set(why, decoded, "%s", decode_why.text);
    return err;
}

/* Rows before *end_offset become documents; a bad one that is not tolerated lowers it. */
static enum err rows_take(struct sink *sink, struct sink_topic *topic, int32_t p,
                          const struct record *records, uint32_t count, const struct batch *batch,
                          int64_t *end_offset, struct why *why)
{
    struct delivery *delivery = &sink->delivery;
    uint32_t at = 0; /* into the records, which the rows follow */
    for (uint32_t row = 0; row < batch->row_count; row++) {
        const struct origin origin = {topic, p, batch->offsets[row]};
        struct why reason;
        if (origin.offset >= *end_offset)
            return OK;
        struct document *document = &delivery->documents[delivery->count];
        const enum err made =
            document_make(topic->maker, batch, row, &delivery->arena, document, &reason);
        if (made == OK) {
            delivery->bytes += document->body.size + document->id.size;
            delivery->origins[delivery->count++] = origin;
            continue;
        }
        while (at < count && records[at].offset != origin.offset)
            at++;
        must(at < count);
        const enum err err = reject(sink, &origin, &records[at], "TASK_PUT", made, &reason, why);
        if (err && !sink->settings.tolerates)
            *end_offset = origin.offset;
        if (err)
            return err;
    }
    return OK;
}

static enum err reject(struct sink *sink, const struct origin *origin, const struct record *record,
                       const char *stage, enum err reason, const struct why *reason_why,
                       struct why *why)
{
    if (!sink->settings.tolerates)
        return why_set(why, ERR_INVALID,
                       "bad record at offset %" PRId64 " of '%.*s', partition %" PRId32
                       ", and 'errors.tolerance' is none: %s",
                       origin->offset, STR_ARGS(origin->topic->name), origin->partition,
                       reason_why->text);
    if (sink->settings.logs_errors)
        trace(TRACE_WARNING, "sink", "bad record at offset %" PRId64 " of '%.*s', partition %d: %s",
              origin->offset, STR_ARGS(origin->topic->name), origin->partition, reason_why->text);
    return letters_add(sink, origin, record, stage, reason, reason_why, why);
}

/* Retention took what comes next, or the topic was made anew: the first record there is. */
static enum err partition_reset(struct sink *sink, struct sink_topic *topic, int32_t p,
                                struct why *why)
{
    struct arena arena;
    struct log_topic_info info;
    struct sink_partition *partition = &topic->partitions[p];
    arena_init(&arena, 0);
    const enum err err = log_describe(sink->options.log, topic->name, &arena, &info, why);
    if (err == OK) {
        const int64_t begin_offset = info.partitions[p].begin_offset;
        if (partition->delivered_offset >= 0)
            trace(TRACE_WARNING, "sink",
                  "position %" PRId64
                  " of '%.*s', partition %d, is not there: going on at %" PRId64,
                  partition->next_offset, STR_ARGS(topic->name), p, begin_offset);
        partition->next_offset = begin_offset;
        partition->end_offset = info.partitions[p].end_offset;
    }
    arena_release(&arena);
    return err == ERR_NOT_FOUND ? OK : err;
}

/* deliver.c -- a delivery into the target: dead letters first, then documents and positions. */
#include "base/clock.h"
#include "base/memory.h"
#include "sink/runtime.h"

#include <inttypes.h>

#define HOLD_NS 1000000000
#define REREAD_BYTES 1

static void delivery_clear(struct delivery *delivery);
static uint32_t positions_list(struct sink *sink, struct arena *arena,
                               struct target_position **ret_positions);
static enum err write_patiently(struct sink *sink, const struct target_position *positions,
                                uint32_t position_count, uint32_t *ret_refusal_count,
                                struct why *why);
static enum err set_refused_aside(struct sink *sink, uint32_t refusal_count, struct why *why);
static enum err reread(struct sink *sink, const struct origin *origin, const struct why *reason,
                       struct why *why);
static void move_positions(struct sink *sink);
static void limit_rate(struct sink *sink);

enum err delivery_write(struct sink *sink, struct why *why)
{
    struct delivery *delivery = &sink->delivery;
    struct target_position *positions = NULL;
    const uint32_t position_count = positions_list(sink, &delivery->arena, &positions);
    uint32_t refusal_count = 0;
    enum err err = OK;
    if (delivery->count > 0 || position_count > 0 || sink->letters.waiting > 0) {
        do {
            err = letters_flush(sink, why);
            if (err == OK)
                err = write_patiently(sink, positions, position_count, &refusal_count, why);
            if (err == OK && refusal_count > 0)
                err = set_refused_aside(sink, refusal_count, why);
        } while (err == OK && refusal_count > 0);
    }
    if (err)
        return err;
    if (position_count > 0) {
        move_positions(sink);
        sink_count(sink, delivery->count, 0);
        limit_rate(sink);
    }
    topics_forget_gone(sink);
    delivery_clear(delivery);
    return OK;
}

void delivery_drop(struct sink *sink)
{
    delivery_clear(&sink->delivery);
    record_batch_builder_clear(&sink->letters.builder);
    sink->letters.waiting = 0;
}

static void delivery_clear(struct delivery *delivery)
{
    delivery->count = 0;
    delivery->bytes = 0;
    arena_clear(&delivery->arena);
}

void delivery_hold(struct sink *sink)
{
    const int64_t now_ns = clock_monotonic_ns();
    if (!sink->hold_is_due || now_ns < sink->hold_at_ns)
        return;
    struct arena arena;
    arena_init(&arena, 0);
    uint32_t count = 0;
    uint32_t room = 0;
    for (uint32_t t = 0; t < sink->topic_count; t++)
        room += (uint32_t)sink->topics[t]->log_topic->partition_count;
    struct log_position *positions = ARENA_ARRAY(&arena, struct log_position, room);
    for (uint32_t t = 0; t < sink->topic_count; t++) {
        const struct sink_topic *topic = sink->topics[t];
        for (int32_t p = 0; p < topic->log_topic->partition_count; p++) {
            const int64_t delivered = topic->partitions[p].delivered_offset;
            if (topic->partitions[p].is_ours)
                positions[count++] =
                    (struct log_position){topic->log_topic, p, delivered < 0 ? 0 : delivered,
                                          delivered < 0 ? 0 : delivered};
        }
    }
    const struct log_step step = {
        .task = sink->task, .positions = positions, .position_count = count};
    uint64_t sequence = 0;
    const enum err err = count > 0 ? log_commit(sink->member, &step, &sequence) : OK;
    arena_release(&arena);
    /* Nothing but retention waits for it: what fails now is tried with the next. */
    sink->hold_is_due = err != OK;
    sink->hold_at_ns = now_ns + HOLD_NS;
    if (err == ERR_ABORTED && sink_rejoin(sink, NULL))
        sink->hold_at_ns = now_ns;
}

/* The partitions that moved. */
static uint32_t positions_list(struct sink *sink, struct arena *arena,
                               struct target_position **ret_positions)
{
    uint32_t room = 0;
    uint32_t count = 0;
    for (uint32_t t = 0; t < sink->topic_count; t++)
        room += (uint32_t)sink->topics[t]->log_topic->partition_count;
    struct target_position *positions = ARENA_ARRAY(arena, struct target_position, room);
    for (uint32_t t = 0; t < sink->topic_count; t++) {
        const struct sink_topic *topic = sink->topics[t];
        for (int32_t p = 0; p < topic->log_topic->partition_count; p++) {
            const struct sink_partition *partition = &topic->partitions[p];
            const int64_t delivered =
                partition->delivered_offset < 0 ? 0 : partition->delivered_offset;
            if (partition->is_ours && partition->next_offset != delivered)
                positions[count++] =
                    (struct target_position){topic->name, p, partition->next_offset};
        }
    }
    *ret_positions = positions;
    return count;
}

/* Waits for a target that is away, however long. ERR_CLOSED: the sink is to stop, or has other
 * partitions. */
static enum err write_patiently(struct sink *sink, const struct target_position *positions,
                                uint32_t position_count, uint32_t *ret_refusal_count,
                                struct why *why)
{
    struct target *target = sink->options.target;
    struct delivery *delivery = &sink->delivery;
    for (uint32_t attempt = 0;; attempt++) {
        *ret_refusal_count = 0;
        const enum err err =
            target_write(target, sink->name, delivery->documents, delivery->count, positions,
                         position_count, delivery->refusals, ret_refusal_count, why);
        if (err == OK) {
            if (attempt > 0)
                sink_run_again(sink);
            return OK;
        }
        const enum reaction reaction = err_reaction(err);
        if (reaction != REACTION_RETRY && reaction != REACTION_REBUILD)
            return err;
        if (!sink_wait_out(sink, attempt, why))
            return ERR_CLOSED;
    }
}

/* Refused documents leave the delivery and become dead letters. */
static enum err set_refused_aside(struct sink *sink, uint32_t refusal_count, struct why *why)
{
    struct delivery *delivery = &sink->delivery;
    bool *refused = ARENA_ARRAY(&delivery->arena, bool, delivery->count);
    for (uint32_t i = 0; i < refusal_count; i++) {
        const struct document_refusal *refusal = &delivery->refusals[i];
        must(refusal->index < delivery->count);
        const struct origin *origin = &delivery->origins[refusal->index];
        refused[refusal->index] = true;
        if (!sink->settings.tolerates)
            return why_set(why, ERR_INVALID,
                           "the target refused the record at offset %" PRId64 " of '%.*s', and "
                           "'errors.tolerance' is none: %s",
                           origin->offset, STR_ARGS(origin->topic->name), refusal->why.text);
        const enum err err = reread(sink, origin, &refusal->why, why);
        if (err)
            return err;
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < delivery->count; i++) {
        if (refused[i])
            continue;
        delivery->documents[kept] = delivery->documents[i];
        delivery->origins[kept++] = delivery->origins[i];
    }
    delivery->count = kept;
    return OK;
}

/* The original is still in the log: the position did not move. */
static enum err reread(struct sink *sink, const struct origin *origin, const struct why *reason,
                       struct why *why)
{
    struct log_records *records = NULL;
    const struct record missing = {.offset = origin->offset};
    const struct record *record = &missing;
    const enum err err = log_read(sink->member, origin->topic->log_topic, origin->partition,
                                  origin->offset, REREAD_BYTES, &records, why);
    if (err && err != ERR_OUT_OF_RANGE && err != ERR_NOT_FOUND)
        return err;
    for (uint32_t i = 0; err == OK && i < records->count; i++)
        if (records->at[i].offset == origin->offset)
            record = &records->at[i];
    const enum err added = letters_add(sink, origin, record, "TASK_PUT", ERR_INVALID, reason, why);
    log_records_release(records);
    return added;
}

static void move_positions(struct sink *sink)
{
    for (uint32_t t = 0; t < sink->topic_count; t++) {
        struct sink_topic *topic = sink->topics[t];
        for (int32_t p = 0; p < topic->log_topic->partition_count; p++)
            if (topic->partitions[p].is_ours)
                topic->partitions[p].delivered_offset = topic->partitions[p].next_offset;
    }
    sink->hold_is_due = true;
}

static void limit_rate(struct sink *sink)
{
    const struct sink_settings *settings = &sink->settings;
    if (settings->rate_every_batches == 0 || settings->rate_wait_ms == 0)
        return;
    if (++sink->writes_since_wait < settings->rate_every_batches)
        return;
    sink->writes_since_wait = 0;
    int64_t left_ms = settings->rate_wait_ms;
    while (left_ms > 0 && !sink_is_stopping(sink)) {
        const int64_t part_ms = left_ms < 50 ? left_ms : 50;
        clock_sleep_ms(part_ms);
        left_ms -= part_ms;
    }
}

/* embedded_step.c -- hand-over: a member's step is checked, copied and queued. */
#include "log/embedded.h"
#include "log/embedded_committer.h"
#include "log/embedded_lows.h"
#include "log/embedded_member.h"

#include "base/memory.h"

static enum err check_step(const struct embedded_log *log, const struct log_step *step);
static struct pending_step *copy_step(struct embedded_member *member, const struct log_step *step);
static enum err check_batch(const struct log_append *append, struct pending_batch *batch);
static enum err admit(struct embedded_member *member, const struct log_step *step);
static void enqueue(struct embedded_log *log, struct pending_step *step);
static void assign_offsets(struct embedded_log *log, struct pending_step *step);
static bool is_shown_at_once(const struct embedded_log *log, const struct embedded_topic *topic);

enum err embedded_commit(struct log_member *base, const struct log_step *given,
                         uint64_t *ret_sequence)
{
    struct embedded_member *member = embedded_member_of(base);
    struct embedded_log *log = member->log;
    must(ret_sequence != NULL);
    enum err err = check_step(log, given);
    if (err)
        return err;
    struct pending_step *step = copy_step(member, given);
    for (uint32_t i = 0; i < step->batch_count && !err; i++) {
        err = check_batch(&given->appends[i], step->batches[i]);
        step->bytes += step->batches[i]->size;
    }
    pthread_mutex_lock(&log->lock);
    if (!err)
        err = admit(member, given);
    if (!err) {
        for (uint32_t i = 0; i < step->batch_count; i++)
            step->batches[i]->bytes = given->appends[i].batch;
        assign_offsets(log, step);
        lows_hand_over(step, given);
        if (given->forget)
            for (struct embedded_topic *topic = log->handles; topic; topic = topic->next)
                topic_lows_forget(&topic->lows, given->task);
        step->sequence = ledger_take(&log->ledger, &member->account);
        enqueue(log, step);
        *ret_sequence = step->sequence;
        step = NULL;
    }
    pthread_mutex_unlock(&log->lock);
    pending_step_free(step);
    return err;
}

void pending_batch_release(struct pending_batch *batch)
{
    if (atomic_fetch_sub_explicit(&batch->references, 1, memory_order_acq_rel) != 1)
        return;
    free(batch->bytes);
    free(batch);
}

void pending_batch_show(struct pending_batch *batch)
{
    struct partition *partition = &batch->topic->partitions[batch->partition];
    partition->assigned_offset = batch->base_offset + batch->offset_count;
    atomic_fetch_add_explicit(&batch->references, 1, memory_order_relaxed);
    if (partition->pending_last)
        partition->pending_last->next = batch;
    else
        partition->pending_first = batch;
    partition->pending_last = batch;
    batch->shown = true;
}

void pending_step_free(struct pending_step *step)
{
    if (!step)
        return;
    for (uint32_t i = 0; i < step->batch_count; i++)
        pending_batch_release(step->batches[i]);
    free(step);
}

static enum err check_step(const struct embedded_log *log, const struct log_step *step)
{
    const enum err err = ledger_check_step(step, MARKS_BYTES_MAX, TASK_NAME_BYTES_MAX);
    return log->read_only ? ERR_DENIED : err;
}

/* One allocation: the step, its positions, trims, batch pointers, lows and texts. */
static struct pending_step *copy_step(struct embedded_member *member, const struct log_step *given)
{
    const size_t positions_size = given->position_count * sizeof(struct task_position);
    const size_t trims_size = given->trim_count * sizeof(struct pending_trim);
    const size_t batches_size = given->append_count * sizeof(struct pending_batch *);
    const size_t lows_size = given->low_count * sizeof(struct log_low);
    const size_t inputs_size =
        given->low_count > 0 ? given->position_count * sizeof(struct low_input) : 0;
    struct pending_step *step =
        memory_zalloc(sizeof(*step) + positions_size + trims_size + batches_size + lows_size +
                      inputs_size + given->task.size + given->marks.size);
    char *at = (char *)(step + 1);
    step->positions = (struct task_position *)(void *)at;
    at += positions_size;
    step->trims = (struct pending_trim *)(void *)at;
    at += trims_size;
    step->batches = (struct pending_batch **)(void *)at;
    at += batches_size;
    step->lows = (struct log_low *)(void *)at;
    at += lows_size;
    step->low_inputs = inputs_size > 0 ? (struct low_input *)(void *)at : NULL;
    at += inputs_size;
    if (given->task.size)
        step->task = (struct str){memcpy(at, given->task.data, given->task.size), given->task.size};
    at += given->task.size;
    if (given->marks.size)
        step->marks =
            (struct str){memcpy(at, given->marks.data, given->marks.size), given->marks.size};
    step->member = member;
    step->forget = given->forget;
    step->position_count = given->position_count;
    step->trim_count = given->trim_count;
    step->batch_count = given->append_count;
    for (uint32_t i = 0; i < given->position_count; i++)
        step->positions[i] = (struct task_position){
            .topic_id = embedded_topic_of(given->positions[i].topic)->id,
            .partition = given->positions[i].partition,
            .next_offset = given->positions[i].next_offset,
            .from_offset = given->positions[i].from_offset,
        };
    for (uint32_t i = 0; i < given->trim_count; i++)
        step->trims[i] = (struct pending_trim){
            .topic = embedded_topic_of(given->trims[i].topic),
            .partition = given->trims[i].partition,
            .before_offset = given->trims[i].before_offset,
        };
    for (uint32_t i = 0; i < given->append_count; i++) {
        step->batches[i] = MEMORY_NEW(struct pending_batch);
        atomic_init(&step->batches[i]->references, 1);
    }
    return step;
}

/* The bytes stay the caller's until the step is taken. */
static enum err check_batch(const struct log_append *append, struct pending_batch *batch)
{
    struct record_batch_info info;
    const uint64_t key = 0;
    if (append->batch_size < RECORD_BATCH_OVERHEAD)
        return ERR_CORRUPT;
    record_batch_set_base_offset(append->batch, 0);
    const enum err err = batch_check((struct str){(const char *)&key, sizeof(key)},
                                     (struct str){append->batch, append->batch_size}, &info, NULL);
    if (err)
        return err;
    batch->topic = embedded_topic_of(append->topic);
    batch->partition = append->partition;
    batch->size = append->batch_size;
    batch->offset_count = (uint32_t)(info.last_offset - info.base_offset + 1);
    batch->record_count = info.record_count;
    return OK;
}

static enum err admit(struct embedded_member *member, const struct log_step *step)
{
    enum err err = ledger_admit(&member->account);
    if (!err && member->account.steps_max == STEPS_MAX_AT_ONCE &&
        member->account.pending_count >= STEPS_MAX_DEFAULT &&
        member->log->queue.bytes >= member->log->commit_bytes)
        err = ERR_FULL;
    if (err == ERR_FULL) {
        /* It can do nothing but wait: so the commit does not. */
        member->log->hurry = true;
        pthread_cond_signal(&member->log->work);
    }
    if (err)
        return err;
    for (uint32_t i = 0; i < step->append_count; i++) {
        const struct embedded_topic *topic = embedded_topic_of(step->appends[i].topic);
        if (topic->removed)
            return ERR_NOT_FOUND;
        if (topic->partitions[step->appends[i].partition].broken)
            return ERR_CORRUPT;
    }
    return OK;
}

/* The committer is woken when it may sleep for long, or when it need not sleep longer. */
static void enqueue(struct embedded_log *log, struct pending_step *step)
{
    struct step_list *queue = &log->queue;
    const bool wake = !queue->first || queue->bytes + step->bytes >= log->commit_bytes;
    if (queue->last)
        queue->last->next = step;
    else
        queue->first = step;
    queue->last = step;
    queue->bytes += step->bytes;
    if (wake)
        pthread_cond_signal(&log->work);
}

/* Readers see these batches from here on. */
static void assign_offsets(struct embedded_log *log, struct pending_step *step)
{
    bool any = false;
    for (uint32_t i = 0; i < step->batch_count; i++) {
        struct pending_batch *batch = step->batches[i];
        if (!is_shown_at_once(log, batch->topic))
            continue;
        batch->base_offset = batch->topic->partitions[batch->partition].assigned_offset;
        record_batch_set_base_offset(batch->bytes, batch->base_offset);
        pending_batch_show(batch);
        any = true;
    }
    if (any)
        tell_readers(log);
}

/* Internal topics are this process's alone. Of others that is hoped, where commits shall be soon:
 * when another process has written to one first, all that was read goes back, once a topic. */
static bool is_shown_at_once(const struct embedded_log *log, const struct embedded_topic *topic)
{
    const bool is_hoped = log->commit_interval_ns == 0 && log->runs_queries && !topic->is_shared;
    return topic->base.internal || is_hoped;
}

/* faulty.c -- a log that wraps another and makes the Nth call fail: it proves the seam. */
#include "log/log.h"

#include "base/memory.h"

#include <stdatomic.h>

struct faulty_log {
    struct log base; /* first */
    struct log *inner;
    struct log_faulty_plan plan;
    _Atomic uint64_t fail_call;
    _Atomic uint64_t calls;
};

struct faulty_member {
    struct log_member base; /* first */
    struct faulty_log *log;
    struct log_member *inner;
};

static const struct log_ops faulty_ops;
static const struct log_member_ops faulty_member_ops;

static struct faulty_log *faulty_of(struct log *log)
{
    must(log != NULL);
    must(log->ops == &faulty_ops);
    return (struct faulty_log *)log;
}

static struct faulty_member *faulty_member_of(struct log_member *member)
{
    must(member != NULL);
    must(member->ops == &faulty_member_ops);
    return (struct faulty_member *)member;
}

/* Counts one call; what it must return, or OK to go through. */
static enum err count_call(struct faulty_log *log)
{
    const uint64_t call = atomic_fetch_add(&log->calls, 1) + 1;
    const uint64_t fail_call = atomic_load(&log->fail_call);
    const bool fails = fail_call && (call == fail_call || (log->plan.sticky && call > fail_call));
    return fails ? log->plan.err : OK;
}

static enum err count_call_why(struct faulty_log *log, struct why *why)
{
    const enum err err = count_call(log);
    return err ? why_set(why, err, "call %llu was made to fail",
                         (unsigned long long)atomic_load(&log->calls))
               : OK;
}

struct log *log_faulty_new(struct log *inner, const struct log_faulty_plan *plan)
{
    must(inner != NULL);
    must(plan != NULL);
    must(plan->fail_call == 0 || plan->err != OK);
    struct faulty_log *log = MEMORY_NEW(struct faulty_log);
    log->base.ops = &faulty_ops;
    log->inner = inner;
    log->plan = *plan;
    atomic_store(&log->fail_call, plan->fail_call);
    return &log->base;
}

void log_faulty_fail(struct log *log, uint64_t nth)
{
    struct faulty_log *faulty = faulty_of(log);
    must(faulty->plan.err != OK);
    atomic_store(&faulty->fail_call, nth > 0 ? atomic_load(&faulty->calls) + nth : 0);
}

uint64_t log_faulty_calls(struct log *log)
{
    return atomic_load(&faulty_of(log)->calls);
}

static enum err faulty_create(struct log *log, struct str name,
                              const struct log_topic_config *config, struct why *why)
{
    struct faulty_log *faulty = faulty_of(log);
    const enum err err = count_call_why(faulty, why);
    return err ? err : log_create(faulty->inner, name, config, why);
}

static enum err faulty_topic(struct log *log, struct str name, struct log_topic **ret_topic)
{
    struct faulty_log *faulty = faulty_of(log);
    const enum err err = count_call(faulty);
    return err ? err : log_topic_open(faulty->inner, name, ret_topic);
}

static enum err faulty_describe(struct log *log, struct str name, struct arena *arena,
                                struct log_topic_info *ret_info, struct why *why)
{
    struct faulty_log *faulty = faulty_of(log);
    const enum err err = count_call_why(faulty, why);
    return err ? err : log_describe(faulty->inner, name, arena, ret_info, why);
}

static enum err faulty_list(struct log *log, struct arena *arena, struct str **ret_names,
                            size_t *ret_count, struct why *why)
{
    struct faulty_log *faulty = faulty_of(log);
    const enum err err = count_call_why(faulty, why);
    return err ? err : log_list(faulty->inner, arena, ret_names, ret_count, why);
}

static enum err faulty_remove(struct log *log, struct str name, struct why *why)
{
    struct faulty_log *faulty = faulty_of(log);
    const enum err err = count_call_why(faulty, why);
    return err ? err : log_remove(faulty->inner, name, why);
}

static enum err faulty_find(struct log *log, struct log_topic *topic, int32_t partition,
                            int64_t timestamp_ms, int64_t *ret_offset, struct why *why)
{
    struct faulty_log *faulty = faulty_of(log);
    const enum err err = count_call_why(faulty, why);
    return err ? err : log_find(faulty->inner, topic, partition, timestamp_ms, ret_offset, why);
}

static enum err faulty_readers(struct log *log, struct log_topic *topic, struct arena *arena,
                               struct log_reader **ret_readers, size_t *ret_count, struct why *why)
{
    struct faulty_log *faulty = faulty_of(log);
    const enum err err = count_call_why(faulty, why);
    return err ? err : log_readers(faulty->inner, topic, arena, ret_readers, ret_count, why);
}

static enum err faulty_join(struct log *log, const struct log_member_options *options,
                            struct log_member **ret_member, struct why *why)
{
    struct faulty_log *faulty = faulty_of(log);
    struct log_member *inner = NULL;
    enum err err = count_call_why(faulty, why);
    if (!err)
        err = log_join(faulty->inner, options, &inner, why);
    if (err)
        return err;
    struct faulty_member *member = MEMORY_NEW(struct faulty_member);
    member->base.ops = &faulty_member_ops;
    member->log = faulty;
    member->inner = inner;
    *ret_member = &member->base;
    return OK;
}

/* The group is the inner one's own. */
static enum err faulty_group(struct log *log, const struct log_group_options *options,
                             struct log_group **ret_group, struct why *why)
{
    struct faulty_log *faulty = faulty_of(log);
    const enum err err = count_call_why(faulty, why);
    return err ? err : log_group_join(faulty->inner, options, ret_group, why);
}

static enum err faulty_claim(struct log *log, struct log_topic *topic, int64_t *ret_end_offset,
                             struct why *why)
{
    struct faulty_log *faulty = faulty_of(log);
    const enum err err = count_call_why(faulty, why);
    return err ? err : log_claim(faulty->inner, topic, ret_end_offset, why);
}

static enum err faulty_append_at(struct log *log, struct log_topic *topic, int64_t end_offset,
                                 struct str batch, struct why *why)
{
    struct faulty_log *faulty = faulty_of(log);
    const enum err err = count_call_why(faulty, why);
    return err ? err : log_append_at(faulty->inner, topic, end_offset, batch, why);
}

static enum err faulty_forget(struct log *log, struct str prefix, struct why *why)
{
    struct faulty_log *faulty = faulty_of(log);
    const enum err err = count_call_why(faulty, why);
    return err ? err : log_forget(faulty->inner, prefix, why);
}

static enum log_health faulty_health(struct log *log, struct why *why)
{
    struct log *inner = faulty_of(log)->inner;
    return inner->ops->health(inner, why);
}

static void faulty_close(struct log *log)
{
    struct faulty_log *faulty = faulty_of(log);
    log_close(faulty->inner);
    free(faulty);
}

/* Records keep the inner member's name, so that releasing them goes straight there. */
static enum err faulty_read(struct log_member *member, struct log_topic *topic, int32_t partition,
                            int64_t offset, size_t bytes_max, struct log_records **ret_records,
                            struct why *why)
{
    struct faulty_member *faulty = faulty_member_of(member);
    const enum err err = count_call_why(faulty->log, why);
    return err ? err
               : log_read(faulty->inner, topic, partition, offset, bytes_max, ret_records, why);
}

static void faulty_release(struct log_member *member, struct log_records *records)
{
    (void)faulty_member_of(member);
    log_records_release(records);
}

static enum err faulty_wait(struct log_member *member, int64_t timeout_ms)
{
    struct faulty_member *faulty = faulty_member_of(member);
    const enum err err = count_call(faulty->log);
    return err ? err : log_wait(faulty->inner, timeout_ms);
}

static void faulty_wake(struct log_member *member)
{
    log_wake(faulty_member_of(member)->inner);
}

static enum err faulty_commit(struct log_member *member, const struct log_step *step,
                              uint64_t *ret_sequence)
{
    struct faulty_member *faulty = faulty_member_of(member);
    const enum err err = count_call(faulty->log);
    return err ? err : log_commit(faulty->inner, step, ret_sequence);
}

static enum err faulty_committed(struct log_member *member, uint64_t *ret_sequence)
{
    struct faulty_member *faulty = faulty_member_of(member);
    const enum err err = count_call(faulty->log);
    return err ? err : log_committed(faulty->inner, ret_sequence);
}

static enum err faulty_load(struct log_member *member, struct str task,
                            const struct log_share *inputs, uint32_t input_count,
                            struct arena *arena, struct log_task_state *ret_state, struct why *why)
{
    struct faulty_member *faulty = faulty_member_of(member);
    const enum err err = count_call_why(faulty->log, why);
    return err ? err : log_load(faulty->inner, task, inputs, input_count, arena, ret_state, why);
}

static void faulty_leave(struct log_member *member)
{
    struct faulty_member *faulty = faulty_member_of(member);
    log_leave(faulty->inner);
    free(faulty);
}

static const struct log_ops faulty_ops = {
    .create = faulty_create,
    .topic = faulty_topic,
    .describe = faulty_describe,
    .list = faulty_list,
    .remove = faulty_remove,
    .find = faulty_find,
    .readers = faulty_readers,
    .join = faulty_join,
    .group = faulty_group,
    .claim = faulty_claim,
    .append_at = faulty_append_at,
    .forget = faulty_forget,
    .health = faulty_health,
    .close = faulty_close,
};

static const struct log_member_ops faulty_member_ops = {
    .read = faulty_read,
    .release = faulty_release,
    .wait = faulty_wait,
    .wake = faulty_wake,
    .commit = faulty_commit,
    .committed = faulty_committed,
    .load = faulty_load,
    .leave = faulty_leave,
};

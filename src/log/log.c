/* log.c -- what every backend of the log shares. */
#include "log/log.h"

#include "base/clock.h"

#define FORGET_TIMEOUT_MS 10000

enum err log_commit_wait(struct log_member *member, const struct log_step *step, int64_t timeout_ms,
                         bool *ret_taken)
{
    must(ret_taken != NULL);
    const int64_t deadline_ns = clock_monotonic_ns() + timeout_ms * 1000000;
    uint64_t sequence = 0;
    bool taken = false;
    for (;;) {
        enum err err = OK;
        if (!taken) {
            err = log_commit(member, step, &sequence);
            taken = err == OK;
        }
        if (taken) {
            uint64_t durable = 0;
            err = log_committed(member, &durable);
            if (durable >= sequence && err != ERR_ABORTED)
                err = OK;
            else if (err == OK)
                err = ERR_AGAIN;
        }
        *ret_taken = taken;
        if (err == OK || (err != ERR_FULL && err != ERR_AGAIN))
            return err;
        const int64_t left_ms = (deadline_ns - clock_monotonic_ns()) / 1000000;
        if (left_ms <= 0)
            return err;
        const enum err waited = log_wait(member, left_ms < 100 ? left_ms : 100);
        if (waited && waited != ERR_AGAIN)
            return waited;
    }
}

enum err log_forget_by_step(struct log *log, struct str prefix, struct why *why)
{
    const struct log_member_options options = {.name = STR("forget")};
    const struct log_step step = {.task = prefix, .forget = true};
    struct log_member *member;
    enum err err = log_join(log, &options, &member, why);
    if (err)
        return err;
    bool taken = false;
    err = log_commit_wait(member, &step, FORGET_TIMEOUT_MS, &taken);
    log_leave(member);
    return err ? why_set(why, err, "cannot forget '%.*s': %s", STR_ARGS(prefix), err_text(err))
               : OK;
}

enum err log_read_last(struct log_member *member, struct log_topic *topic, int32_t partition,
                       int64_t begin_offset, int64_t end_offset, size_t bytes_max,
                       struct log_records **ret_records, struct why *why)
{
    must(begin_offset < end_offset);
    int64_t offset = end_offset;
    struct log_records *found = NULL;
    for (int64_t back = 1; !found && offset > begin_offset; back *= 8) {
        offset = end_offset - begin_offset > back ? end_offset - back : begin_offset;
        for (int64_t at = offset; at < end_offset;) {
            struct log_records *records;
            const enum err err = log_read(member, topic, partition, at, bytes_max, &records, why);
            if (err) {
                log_records_release(found);
                return err;
            }
            const bool is_last = records->next_offset <= at;
            at = records->next_offset;
            if (records->count > 0 || !found) {
                log_records_release(found);
                found = records;
            } else {
                log_records_release(records);
            }
            if (is_last)
                break;
        }
        if (found && found->count == 0 && offset > begin_offset) {
            log_records_release(found);
            found = NULL;
        }
    }
    *ret_records = found;
    return OK;
}

const char *log_refuses(const struct log_topic *topic, const struct record *record)
{
    const struct log_limits *limits = &topic->limits;
    size_t bytes = record->key.size + record->value.size;
    for (uint32_t i = 0; i < record->header_count; i++)
        bytes += record->headers[i].name.size + record->headers[i].value.size;
    if (bytes > limits->record_bytes_max)
        return "the record is larger than its topic takes";
    if (limits->needs_key && !record->key.data)
        return "a compacted topic takes no record without a key";
    if (limits->behind_ms_max == INT64_MAX && limits->ahead_ms_max == INT64_MAX)
        return NULL;
    const int64_t now_ms = clock_wall_ms();
    if (record->timestamp_ms > now_ms && record->timestamp_ms - now_ms > limits->ahead_ms_max)
        return "the timestamp is later than its topic takes";
    if (record->timestamp_ms < now_ms && now_ms - record->timestamp_ms > limits->behind_ms_max)
        return "the timestamp is earlier than its topic takes";
    return NULL;
}

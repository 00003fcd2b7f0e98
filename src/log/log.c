/* log.c -- what every backend of the log shares. */
#include "log/log.h"

#include "base/clock.h"

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

/* ledger.c -- accounts of members: a list, sequences, and how the log is. */
#include "log/ledger.h"

void ledger_join(struct ledger *ledger, struct account *account,
                 const struct log_member_options *options, uint32_t steps_max_default)
{
    account->steps_max = options->steps_max ? options->steps_max : steps_max_default;
    account->committed_only = options->committed_only;
    account->next = ledger->accounts;
    ledger->accounts = account;
}

bool ledger_leave(struct ledger *ledger, struct account *account)
{
    struct account **at = &ledger->accounts;
    while (*at != account)
        at = &(*at)->next;
    *at = account->next;
    if (account->aborted && !account->committed_only && --ledger->aborted_count == 0 &&
        ledger->health == LOG_FAILED)
        ledger->health = LOG_HEALTHY;
    account->left = true;
    return account->pending_count == 0;
}

enum err ledger_admit(const struct account *account)
{
    if (account->aborted)
        return ERR_ABORTED;
    return account->pending_count >= account->steps_max ? ERR_FULL : OK;
}

uint64_t ledger_take(struct ledger *ledger, struct account *account)
{
    account->pending_count++;
    ledger->handed_count++;
    return ++account->handed_sequence;
}

bool ledger_done(struct ledger *ledger, struct account *account, uint64_t sequence)
{
    must(account->pending_count > 0);
    if (sequence > 0)
        account->durable_sequence = sequence;
    ledger->done_count++;
    return --account->pending_count == 0 && account->left;
}

enum err ledger_committed(const struct ledger *ledger, const struct account *account,
                          uint64_t *ret_sequence)
{
    *ret_sequence = account->durable_sequence;
    if (account->aborted)
        return ERR_ABORTED;
    return ledger->health == LOG_FULL && account->pending_count ? ERR_FULL : OK;
}

void ledger_abort(struct ledger *ledger)
{
    for (struct account *account = ledger->accounts; account; account = account->next) {
        ledger->aborted_count += !account->aborted && !account->committed_only;
        account->aborted = true;
    }
}

void ledger_recover(struct ledger *ledger)
{
    ledger->health = ledger->aborted_count ? LOG_FAILED : LOG_HEALTHY;
}

enum err ledger_check_step(const struct log_step *step, size_t marks_bytes_max,
                           size_t task_bytes_max)
{
    must(step->append_count == 0 || step->appends != NULL);
    must(step->position_count == 0 || step->positions != NULL);
    must(step->task.size > 0 || (step->position_count == 0 && step->marks.size == 0));
    must(!step->forget || step->task.size > 0);
    if (step->marks.size > marks_bytes_max || step->task.size > task_bytes_max)
        return ERR_LIMIT;
    for (uint32_t i = 0; i < step->append_count; i++) {
        must(step->appends[i].partition >= 0);
        must(step->appends[i].partition < step->appends[i].topic->partition_count);
    }
    for (uint32_t i = 0; i < step->position_count; i++) {
        must(step->positions[i].from_offset >= 0);
        must(step->positions[i].from_offset <= step->positions[i].next_offset);
    }
    for (uint32_t i = 0; i < step->trim_count; i++) {
        must(step->trims[i].partition >= 0);
        must(step->trims[i].partition < step->trims[i].topic->partition_count);
    }
    return OK;
}

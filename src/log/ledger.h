/* ledger.h -- which steps of which member are on their way, and what came of them; for backends
 * that commit in a thread of their own. All of it under the log's lock. */
#ifndef LOG_LEDGER_H
#define LOG_LEDGER_H

#include "log/log.h"

/* One member's. Lives in the backend's member, and is released with it. */
struct account {
    struct account *next;
    uint32_t steps_max;
    uint32_t pending_count;
    uint64_t handed_sequence;
    uint64_t durable_sequence;
    bool aborted; /* a step of the process has failed since it joined */
    bool left;
    bool committed_only;
};

struct ledger {
    struct account *accounts; /* of members that have not left */
    uint64_t handed_count;    /* steps of all members */
    uint64_t done_count;      /* of them durable or dropped */
    uint32_t aborted_count;   /* members that are to leave and join again */
    enum log_health health;
};

void ledger_join(struct ledger *ledger, struct account *account,
                 const struct log_member_options *options, uint32_t steps_max_default);
/* True: its member can be freed; else ledger_done says when. */
bool ledger_leave(struct ledger *ledger, struct account *account);

/* Whether one more step is taken: ERR_ABORTED, ERR_FULL. */
enum err ledger_admit(const struct account *account);
/* Takes it; gives its sequence. */
uint64_t ledger_take(struct ledger *ledger, struct account *account);
/* It is durable, or was dropped (sequence 0). True: its member has left and can be freed. */
bool ledger_done(struct ledger *ledger, struct account *account, uint64_t sequence);
/* As log_committed. */
enum err ledger_committed(const struct ledger *ledger, const struct account *account,
                          uint64_t *ret_sequence);

/* A step has failed: nothing handed over before may commit later. Whoever reads committed records
 * only need not leave for that. */
void ledger_abort(struct ledger *ledger);
/* What hindered is over; members may still have to leave. */
void ledger_recover(struct ledger *ledger);

/* A programmer's mistakes abort; ERR_LIMIT: marks or the task's name are longer than so many bytes.
 * Batches are the backend's to check. */
enum err ledger_check_step(const struct log_step *step, size_t marks_bytes_max,
                           size_t task_bytes_max);

#endif

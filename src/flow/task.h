/* task.h -- a stage on one partition (or, when it gathers, on all): reads, runs, hands over steps.
 *
 * A task belongs to one worker's thread and everything in it is touched by that thread only, except
 * what says that it is atomic. After a failed commit a task is freed and made anew. [worker] */
#ifndef FLOW_TASK_H
#define FLOW_TASK_H

#include "base/counters.h"
#include "flow/marks.h"
#include "flow/operator.h"
#include "log/log.h"

#include <stdint.h>

struct changelog;
struct flow_query;
struct input;
struct merge;
struct step;
struct step_writer;
struct worker;

#define TASK_CHANGELOGS_MAX 64

struct task {
    struct flow_query *query;
    struct worker *worker;
    const struct plan_stage *stage;
    uint32_t stage_index;
    int32_t partition;       /* 0 when it gathers */
    int32_t partition_count; /* tasks of this stage: 1 when it gathers */
    struct str name;         /* "CSAS_PAID_3/1/0" */

    struct arena arena;       /* lives as long as the task */
    struct arena batch_arena; /* for operators: cleared after each drain */

    struct operator** operators; /* leaves first, outputs last */
    uint32_t operator_count;
    struct changelog *changelogs[TASK_CHANGELOGS_MAX];
    uint32_t changelog_count;

    bool restoring;         /* changelogs are being read back: operators are not run yet */
    bool replaying;         /* windows are being read back: nothing is emitted or counted */
    bool replays_in_order;  /* merged by time; else each input by itself */
    bool emit_every_change; /* no coalescing within a step */
    uint64_t step_number;   /* of the step being made; from 1 */
    struct marks marks;     /* as loaded; go out with each step */
    struct counters *counters;
    _Atomic int64_t stream_time_ms; /* highest ROWTIME run; for show */

    /* What follows is for task.c and what it drives. */
    struct log_member *member;   /* hands over steps, reads the first inputs */
    struct log_member **readers; /* one for every few inputs; [0] is `member` */
    uint32_t reader_count;
    struct log_member
        *restorer;        /* reads changelogs back: one that waits for what has to be there */
    struct input *inputs; /* one a partition read, in the order of ties */
    uint32_t input_count;
    struct merge *merge;
    struct operator** outputs; /* one a branch */
    uint32_t output_count;
    struct step *step;
    struct log_topic *dead_letter_topic;
    struct step_writer *dead_letters; /* NULL: rejected records are only counted */
    struct log_position *positions;   /* scratch: input_count; while replaying, where it ends */
    struct log_low *lows;             /* scratch: output_count */
    int64_t low_ms;                   /* as last said */
    bool low_at_end;
    bool must_hand_over;      /* the first step of all: where it begins */
    bool at_end;              /* the last turn found nothing to read and nothing pending */
    uint64_t durable;         /* steps known to be durable */
    uint32_t settle_failures; /* in a row */
    uint64_t movable_bytes;   /* as last told: budget.h */
    uint64_t fixed_bytes;
    uint64_t over_bytes;  /* so much of its windows should move to files */
    int64_t restore_done; /* records of changelogs read back, and how many there are */
    int64_t restore_total;
    int64_t replay_done; /* the same of inputs, for windows */
    int64_t replay_total;
    enum err err; /* the first failure; the query stops with it */
    struct why why;
};

/* Builds the task of a place and loads its last commit; tables and windows are read back in its
 * first turns.
 * The failure says what to do, by its reaction. */
MUST_CHECK enum err task_new(struct flow_query *query, uint32_t index, struct task **ret_task,
                             struct why *why);
/* Steps on their way still commit. NULL is fine. */
void task_free(struct task *task);
/* Reads, runs and hands over, a bounded amount. *ret_did: there was something to do, so there may
 * be more. Otherwise the task waits for news or for the time to pass. */
MUST_CHECK enum err task_turn(struct task *task, bool *ret_did, struct why *why);
/* task_restore.c: reads changelogs back, from where they end after the last commit was loaded. When
 * there is nothing in them it is over at once; else each turn loads a piece. */
MUST_CHECK enum err task_restore_begin(struct task *task, struct why *why);
MUST_CHECK enum err task_restore(struct task *task, struct why *why);
/* All inputs were at their end, and all steps are durable, when the last turn ended. */
bool task_is_idle(const struct task *task);
/* parts.c: how far its state is read back: 0 to 1, where 1 means that it runs. [worker] */
double task_restored(const struct task *task);
/* Whether nothing of it is on its way to the log any more: until then a task of the same name must
 * not load. */
bool task_is_settled(struct task *task);
/* Gives back the records it has read and not run: they are read again. A task that reads back keeps
 * them. Between turns. */
void task_give_back(struct task *task);
/* Lets operators emit what they hold, then gives back what they borrowed. */
void task_drain(struct task *task);

/* The task cannot go on: its query goes to FLOW_ERROR with these words. The first one counts. */
void task_fail(struct task *task, enum err err, const struct why *why);
static inline bool task_failed(const struct task *task)
{
    return task->err != OK;
}

/* Counts, unless the task is replaying. */
static inline void task_count(struct task *task, enum counter counter, uint64_t count)
{
    if (!task->replaying && count > 0)
        counters_add(task->counters, counter, count);
}

/* For an operator with windows: rows of the plan's input `input` from this offset on are still
 * needed after a restart (INT64_MAX: none). Set anew in end_step; the partition is the task's. */
void task_keep_from(struct task *task, uint32_t input, int64_t from_offset);

/* What found fault with a record. */
enum reject_stage { REJECT_DECODE, REJECT_TIMESTAMP, REJECT_ENCODE };

/* Sets a record aside: into the dead-letter topic with this step, and counted. The record's bytes
 * are copied. Nothing while replaying: it was done then. */
void task_reject(struct task *task, const struct record *record, struct str topic,
                 int32_t partition, enum reject_stage stage, struct str reason);

#endif

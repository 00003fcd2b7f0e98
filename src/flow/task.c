/* task.c -- a task's turns: fill, run, end the step, hand it over; and reading windows back. */
#include "flow/task.h"

#include "flow/budget.h"
#include "flow/input.h"
#include "flow/lows.h"
#include "flow/merge.h"
#include "flow/output.h"
#include "flow/query.h"
#include "flow/step.h"

#define TURN_ROWS_MAX 4096
#define TRIM_RECORDS_MIN 4096
#define SETTLE_FAILURES_MAX 5

static enum err collect(struct task *task);
/* Whoever is fed and has enough pauses the query: no further batch then. */
static enum err run_rows(struct task *task, enum merge_state *ret_state, bool *ret_did,
                         struct why *why);
static enum err replay(struct task *task, bool *ret_did, struct why *why);
static void end_replay(struct task *task);
static void end_step(struct task *task);
static bool has_moved(const struct task *task);
static void trim_inputs(struct task *task);
static enum err hand_over(struct task *task, bool *ret_did);

enum err task_turn(struct task *task, bool *ret_did, struct why *why)
{
    *ret_did = false;
    task->at_end = false;
    enum err err = collect(task);
    if (err != OK)
        return err;
    if (step_is_sealed(task->step)) {
        err = hand_over(task, ret_did);
        if (err != OK || step_is_sealed(task->step))
            return err;
    }
    if (task->restoring) {
        *ret_did = true;
        return task_restore(task, why);
    }
    if (task->replaying)
        return replay(task, ret_did, why);

    enum merge_state state = MERGE_ROWS;
    err = run_rows(task, &state, ret_did, why);
    if (err != OK || step_is_sealed(task->step))
        return err;

    /* A step ends when there is nothing more to put in, or nobody is busy with the last one. A
     * reader may also wait for nothing but a new low. */
    const bool is_busy = step_handed_over(task->step) > task->durable;
    const bool is_lower = state != MERGE_ROWS && lows_collect(task) > 0 && lows_have_changed(task);
    const bool is_ready =
        (!step_is_empty(task->step) || has_moved(task)) && (state != MERGE_ROWS || !is_busy);
    if (is_ready || is_lower || task->must_hand_over) {
        end_step(task);
        err = task_failed(task) ? task->err : hand_over(task, ret_did);
    }
    task->at_end = state == MERGE_ENDED && !step_is_sealed(task->step);
    if (task_failed(task)) {
        if (why)
            *why = task->why;
        return task->err;
    }
    return err;
}

bool task_is_idle(const struct task *task)
{
    return task->at_end && step_is_empty(task->step) &&
           step_handed_over(task->step) == task->durable;
}

/* Steps that were aborted are over too; one failed call does not say so yet. */
bool task_is_settled(struct task *task)
{
    uint64_t durable = task->durable;
    const enum err err = step_collect(task->step, &durable);
    if (err == OK)
        task->settle_failures = 0;
    else if (++task->settle_failures >= SETTLE_FAILURES_MAX)
        return true;
    return err == OK && durable == step_handed_over(task->step);
}

void task_give_back(struct task *task)
{
    if (task->restoring || task->replaying)
        return;
    task_drain(task);
    for (uint32_t i = 0; i < task->input_count; i++)
        input_seek(&task->inputs[i], task->inputs[i].next_offset);
    merge_reset(task->merge);
}

void task_drain(struct task *task)
{
    for (uint32_t i = 0; i < task->operator_count; i++)
        task->operators[i]->ops->drain(task->operators[i]);
    arena_clear(&task->batch_arena);
}

void task_fail(struct task *task, enum err err, const struct why *why)
{
    must(err != OK);
    if (task->err != OK)
        return;
    task->err = err;
    if (why)
        task->why = *why;
    else
        (void)why_set(&task->why, err, "%s", err_text(err));
}

void task_keep_from(struct task *task, uint32_t input, int64_t from_offset)
{
    must(!task->stage->gathers);
    for (uint32_t i = 0; i < task->input_count; i++)
        if (task->inputs[i].plan_index == input)
            task->inputs[i].from_offset = from_offset;
}

/* Tells the operators what has become durable. */
static enum err collect(struct task *task)
{
    uint64_t durable = task->durable;
    const enum err err = step_collect(task->step, &durable);
    if (err != OK)
        return err;
    if (durable > task->durable) {
        task->durable = durable;
        for (uint32_t i = 0; i < task->operator_count; i++)
            task->operators[i]->ops->committed(task->operators[i], durable);
    }
    return OK;
}

/* A query whose feed has enough was paused: no further batch then. */
static enum err run_rows(struct task *task, enum merge_state *ret_state, bool *ret_did,
                         struct why *why)
{
    uint32_t rows = 0;
    while (rows < TURN_ROWS_MAX && !flow_is_paused(task->query)) {
        const enum err err = merge_fill(task->merge, ret_state, why);
        if (err != OK)
            return err;
        if (*ret_state != MERGE_ROWS)
            break;
        *ret_did = true;
        uint32_t count = 0;
        do {
            count = merge_run(task->merge);
            rows += count;
            step_count_rows(task->step, count);
        } while (count > 0 && !step_is_full(task->step) && !task_failed(task) &&
                 !flow_is_paused(task->query));
        if (step_is_full(task->step) && !task_failed(task)) {
            end_step(task); /* it may fail */
            bool did = false;
            const enum err handed = task_failed(task) ? OK : hand_over(task, &did);
            if (handed != OK || (step_is_sealed(task->step) && !task_failed(task)))
                return handed;
        }
        if (task_failed(task)) {
            if (why)
                *why = task->why;
            return task->err;
        }
    }
    return OK;
}

/* Runs the records from each input's `from` to its position, without emitting. */
static enum err replay(struct task *task, bool *ret_did, struct why *why)
{
    enum merge_state state = MERGE_ROWS;
    *ret_did = true;
    uint32_t rows = 0;
    while (rows < TURN_ROWS_MAX && state == MERGE_ROWS) {
        const enum err err = merge_fill(task->merge, &state, why);
        if (err != OK)
            return err;
        uint32_t count = state == MERGE_ROWS ? 1 : 0;
        while (count > 0 && !task_failed(task)) {
            count = merge_run(task->merge);
            rows += count;
        }
        if (task_failed(task)) {
            if (why)
                *why = task->why;
            return task->err;
        }
    }
    task->replay_done += rows;
    budget_settle(task);
    if (state == MERGE_WAITS)
        *ret_did = false;
    if (state == MERGE_ENDED)
        end_replay(task);
    return OK;
}

static void end_replay(struct task *task)
{
    task_drain(task);
    task->replaying = false;
    task_drain(task); /* operators see that it is over before the first new row */
    for (uint32_t i = 0; i < task->input_count; i++) {
        struct input *input = &task->inputs[i];
        input->stop_offset = INT64_MAX;
        input_brief_end(input);
        input_seek(input, task->positions[i].next_offset);
    }
    merge_reset(task->merge);
}

static void end_step(struct task *task)
{
    budget_settle(task);
    task_drain(task);
    for (uint32_t i = 0; i < task->operator_count; i++)
        task->operators[i]->ops->end_step(task->operators[i]);
    task_drain(task);
    trim_inputs(task);
    for (uint32_t i = 0; i < task->input_count; i++) {
        const struct input *input = &task->inputs[i];
        const int64_t next = input->next_offset;
        input_brief_mark(input);
        task->positions[i] = (struct log_position){
            .topic = input->topic,
            .partition = input->partition,
            .next_offset = next,
            .from_offset = input->from_offset < next ? input->from_offset : next,
        };
    }
    const uint32_t low_count = lows_collect(task);
    lows_note_said(task, low_count);
    task->must_hand_over = false;
    const struct step_ends ends = {.positions = task->positions,
                                   .position_count = task->input_count,
                                   .lows = task->lows,
                                   .low_count = low_count};
    step_seal(task->step, &ends);
}

/* Past records that gave no row, perhaps none at all. Whoever asks whether the task has anything
 * left to read goes by the position in its last step. */
static bool has_moved(const struct task *task)
{
    for (uint32_t i = 0; i < task->input_count; i++)
        if (task->inputs[i].next_offset != task->positions[i].next_offset)
            return true;
    return false;
}

/* What this task needs of an internal topic nobody else reads: the rest can go. */
static void trim_inputs(struct task *task)
{
    for (uint32_t i = 0; i < task->input_count; i++) {
        struct input *input = &task->inputs[i];
        const int64_t needed =
            input->from_offset < input->next_offset ? input->from_offset : input->next_offset;
        if (!input->plan->is_internal || needed - input->trimmed_offset < TRIM_RECORDS_MIN)
            continue;
        step_trim(task->step, input->topic, input->partition, needed);
        input->trimmed_offset = needed;
    }
}

/* When the log is full the step stays sealed. */
static enum err hand_over(struct task *task, bool *ret_did)
{
    const enum err err = step_hand_over(task->step);
    if (err == OK)
        *ret_did = true;
    return err == ERR_FULL ? OK : err;
}

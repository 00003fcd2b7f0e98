/* lows.c -- a task's lows: collected, compared, said. */
#include "flow/lows.h"

#include "flow/input.h"
#include "flow/merge.h"
#include "flow/output.h"
#include "flow/query.h"
#include "flow/step.h"

static struct str sink_topic(const struct plan *plan);
static bool reads(const struct plan *plan, struct str topic);
static bool has_low(const struct task *task, const struct log_topic *topic);
static int64_t reached_ms(const struct task *task);

bool lows_are_free(const struct flow_query *query)
{
    const struct flow *flow = query->flow;
    const struct flow_query *reached[FLOW_QUERIES_MAX + 1] = {query};
    uint32_t count = 1;
    if (sink_topic(query->plan).size == 0)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const struct str topic = sink_topic(reached[i]->plan);
        if (reads(query->plan, topic))
            return false;
        for (uint32_t j = 0; j < flow->query_count; j++) {
            const struct flow_query *next = flow->queries[j];
            bool is_known = false;
            for (uint32_t k = 0; k < count && !is_known; k++)
                is_known = reached[k] == next;
            if (!is_known && next->says_lows && reads(next->plan, topic))
                reached[count++] = next;
        }
    }
    return true;
}

uint32_t lows_collect(struct task *task)
{
    const int64_t next_ms = merge_low_ms(task->merge);
    const bool at_end = next_ms == LOG_LOW_NONE;
    const int64_t low_ms = at_end ? reached_ms(task) : next_ms;
    uint32_t count = 0;
    for (uint32_t i = 0; i < task->output_count; i++) {
        struct log_topic *topic = output_topic(task->outputs[i]);
        if (has_low(task, topic))
            task->lows[count++] = (struct log_low){.topic = topic,
                                                   .low_ms = low_ms,
                                                   .at_end = at_end,
                                                   .writer_count = (uint32_t)task->partition_count};
    }
    return count;
}

bool lows_have_changed(const struct task *task)
{
    return task->lows[0].low_ms != task->low_ms || task->lows[0].at_end != task->low_at_end;
}

void lows_note_said(struct task *task, uint32_t count)
{
    if (count == 0)
        return;
    task->low_ms = task->lows[0].low_ms;
    task->low_at_end = task->lows[0].at_end;
}

enum err lows_begin(struct task *task, struct why *why)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < task->output_count; i++) {
        struct log_topic *topic = output_topic(task->outputs[i]);
        if (has_low(task, topic))
            task->lows[count++] = (struct log_low){.topic = topic,
                                                   .low_ms = LOG_LOW_UNKNOWN,
                                                   .writer_count = (uint32_t)task->partition_count};
    }
    if (count == 0)
        return OK;
    const enum err err = step_say_lows(task->step, task->lows, count);
    return err == OK ? OK : why_set(why, err, "cannot begin: %s", err_text(err));
}

enum err lows_release(struct flow_query *query, const struct query_task *place)
{
    struct log *log = query->flow->options.log;
    const struct plan_stage *stage = &query->plan->stages[place->stage];
    if (!query->says_lows)
        return OK;
    struct log_member *member;
    const struct log_member_options options = {.name = query->id};
    enum err err = log_join(log, &options, &member, NULL);
    if (err != OK)
        return err;
    struct arena arena;
    arena_init(&arena, 0);
    for (uint32_t i = 0; i < stage->branch_count && err == OK; i++) {
        const struct plan_output *output = &stage->branches[i].output;
        struct log_low low = {.low_ms = LOG_LOW_NONE};
        uint64_t sequence;
        if (output->kind != OUTPUT_SINK ||
            log_topic_open(log, output->format.topic, &low.topic) != OK)
            continue;
        const struct log_step step = {
            .task = query_task_name(query, place, &arena), .lows = &low, .low_count = 1};
        err = log_commit(member, &step, &sequence);
    }
    arena_release(&arena);
    log_leave(member);
    return err;
}

/* size 0: it has none. */
static struct str sink_topic(const struct plan *plan)
{
    for (uint32_t i = 0; i < plan->stage_count; i++)
        for (uint32_t j = 0; j < plan->stages[i].branch_count; j++)
            if (plan->stages[i].branches[j].output.kind == OUTPUT_SINK)
                return plan->stages[i].branches[j].output.format.topic;
    return (struct str){0};
}

static bool reads(const struct plan *plan, struct str topic)
{
    for (uint32_t i = 0; i < plan->stage_count; i++)
        for (uint32_t j = 0; j < plan->stages[i].input_count; j++)
            if (!plan->stages[i].inputs[j].is_internal &&
                str_equal(plan->stages[i].inputs[j].format.topic, topic))
                return true;
    return false;
}

static bool has_low(const struct task *task, const struct log_topic *topic)
{
    return topic && (topic->internal || task->query->says_lows);
}

/* At the end: as far as rows were run; or as far as those who write its inputs have come, which a
 * task that few rows come to would not know otherwise. */
static int64_t reached_ms(const struct task *task)
{
    const int64_t run_ms = atomic_load_explicit(&task->stream_time_ms, memory_order_relaxed);
    int64_t inputs_ms = LOG_LOW_NONE;
    for (uint32_t i = 0; i < task->input_count; i++)
        if (task->inputs[i].reached_ms < inputs_ms)
            inputs_ms = task->inputs[i].reached_ms;
    return inputs_ms != LOG_LOW_NONE && inputs_ms > run_ms ? inputs_ms : run_ms;
}

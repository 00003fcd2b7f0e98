/* status.c -- a picture of queries, put together from their workers' answers: each worker is asked
 * once for all of them. */
#include "base/map.h"
#include "flow/input.h"
#include "flow/query.h"

struct status_question {
    struct flow_query *query;
    struct arena *arena;
    struct flow_status *status;
    uint32_t capacity;
    uint32_t built;
    int64_t replay_done;
    int64_t replay_total;
    bool replaying;
};

struct status_round {
    struct status_question *questions;
    uint32_t count;
};

static void find_ends(struct log *log, struct arena *arena, struct status_round *round);
static void finish(struct status_question *question);
static bool act_status(struct worker *worker, void *context);
static uint32_t count_own(const struct flow_query *query);
static void add_task(struct status_question *question, const struct task *task);
static void add_position(struct status_question *question, const struct input *input);

void flow_get_statuses(struct flow_query *const *queries, uint32_t count, struct arena *arena,
                       struct flow_status *ret_statuses)
{
    struct status_round round = {.questions = ARENA_ARRAY(arena, struct status_question, count + 1),
                                 .count = count};
    for (uint32_t i = 0; i < count; i++) {
        ret_statuses[i] = (struct flow_status){.stream_time_ms = INT64_MIN, .restored = 1};
        round.questions[i] = (struct status_question){
            .query = queries[i], .arena = arena, .status = &ret_statuses[i]};
    }
    for (uint32_t i = 0; count > 0 && i < queries[0]->flow->worker_count; i++)
        worker_ask(queries[0]->flow->workers[i], act_status, &round);
    if (count > 0)
        find_ends(queries[0]->flow->options.log, arena, &round);
    for (uint32_t i = 0; i < count; i++)
        finish(&round.questions[i]);
}

/* Not in act_status: a worker has better to do than to look up topics. Each topic once. */
static void find_ends(struct log *log, struct arena *arena, struct status_round *round)
{
    struct map seen = {0};
    for (uint32_t q = 0; q < round->count; q++)
        for (uint32_t i = 0; i < round->questions[q].status->position_count; i++) {
            struct flow_position *position = &round->questions[q].status->positions[i];
            struct log_topic_info *info = map_get(&seen, position->topic);
            if (!info) {
                info = ARENA_NEW(arena, struct log_topic_info);
                if (log_describe(log, position->topic, arena, info, NULL) != OK)
                    *info = (struct log_topic_info){0};
                map_set(&seen, position->topic, info);
            }
            if (position->partition < info->config.partition_count &&
                info->partitions[position->partition].end_offset > position->next_offset)
                position->end_offset = info->partitions[position->partition].end_offset;
        }
    map_release(&seen);
}

static void finish(struct status_question *question)
{
    struct flow_query *query = question->query;
    struct flow_status *status = question->status;
    if (query_failed(query))
        status->state = FLOW_ERROR;
    else if (atomic_load(&query->paused))
        status->state = FLOW_PAUSED;
    else if (question->replaying || !atomic_load(&query->is_placed) ||
             question->built < count_own(query))
        status->state = FLOW_RESTORING;
    else
        status->state = FLOW_RUNNING;
    if (status->state == FLOW_RESTORING && question->replay_done < question->replay_total)
        status->restored = (double)question->replay_done / (double)question->replay_total;
    pthread_mutex_lock(&query->why_lock);
    status->why = query->why;
    pthread_mutex_unlock(&query->why_lock);
    for (uint32_t i = 0; i < COUNTER_COUNT; i++)
        atomic_store(&status->counters.at[i], counters_get(&query->counters, i));
}

/* Places that are another process's have no share in the picture. */
static uint32_t count_own(const struct flow_query *query)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < query->task_count; i++)
        count += atomic_load(&query->tasks[i].is_ours);
    return count;
}

static bool act_status(struct worker *worker, void *context)
{
    const struct status_round *round = context;
    for (uint32_t q = 0; q < round->count; q++) {
        const struct flow_query *query = round->questions[q].query;
        for (uint32_t i = 0; i < query->task_count; i++)
            if (query->tasks[i].worker == worker && query->tasks[i].task)
                add_task(&round->questions[q], query->tasks[i].task);
    }
    return false;
}

static void add_task(struct status_question *question, const struct task *task)
{
    struct operator_usage usage = {0};
    for (uint32_t i = 0; i < task->operator_count; i++)
        task->operators[i]->ops->measure(task->operators[i], &usage);
    question->status->state_bytes += usage.state_bytes;
    question->status->file_bytes += usage.file_bytes;
    question->status->state_rows += usage.state_rows;
    question->built++;
    question->replaying = question->replaying || task->restoring || task->replaying;
    question->replay_done += task->restore_done;
    question->replay_total += task->restore_total;
    question->replay_done += task->replaying ? task->replay_done : task->replay_total;
    question->replay_total += task->replay_total;
    const int64_t time_ms = atomic_load(&task->stream_time_ms);
    if (time_ms > question->status->stream_time_ms)
        question->status->stream_time_ms = time_ms;
    for (uint32_t i = 0; i < task->input_count; i++)
        if (!task->inputs[i].plan->is_internal)
            add_position(question, &task->inputs[i]);
}

static void add_position(struct status_question *question, const struct input *input)
{
    struct flow_status *status = question->status;
    if (status->position_count == question->capacity) {
        const uint32_t capacity = question->capacity ? question->capacity * 2 : 16;
        struct flow_position *positions =
            ARENA_ARRAY(question->arena, struct flow_position, capacity);
        if (status->position_count > 0)
            memcpy(positions, status->positions, status->position_count * sizeof(*positions));
        status->positions = positions;
        question->capacity = capacity;
    }
    const int64_t next = input->task->replaying ? input->stop_offset : input->next_offset;
    status->positions[status->position_count++] =
        (struct flow_position){.topic = input->topic->name,
                               .partition = input->partition,
                               .next_offset = next,
                               .end_offset = input->next_offset};
}

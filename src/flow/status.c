/* status.c -- a picture of a query, put together from its workers' answers. */
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

static void act_status(struct worker *worker, void *context);
static void add_task(struct status_question *question, const struct task *task);
static void add_position(struct status_question *question, const struct input *input);

void flow_get_status(struct flow_query *query, struct arena *arena, struct flow_status *ret_status)
{
    struct flow_status status = {.stream_time_ms = INT64_MIN};
    struct status_question question = {.query = query, .arena = arena, .status = &status};
    for (uint32_t i = 0; i < query->flow->worker_count; i++)
        worker_ask(query->flow->workers[i], act_status, &question);

    status.restored = 1;
    if (question.replay_total > 0 && question.replay_done < question.replay_total)
        status.restored = (double)question.replay_done / (double)question.replay_total;
    if (query_failed(query))
        status.state = FLOW_ERROR;
    else if (atomic_load(&query->paused))
        status.state = FLOW_PAUSED;
    else if (question.replaying || question.built < query->task_count)
        status.state = FLOW_RESTORING;
    else
        status.state = FLOW_RUNNING;
    if (status.state != FLOW_RESTORING)
        status.restored = 1;
    pthread_mutex_lock(&query->why_lock);
    status.why = query->why;
    pthread_mutex_unlock(&query->why_lock);
    for (uint32_t i = 0; i < COUNTER_COUNT; i++)
        atomic_store(&status.counters.at[i], counters_get(&query->counters, i));
    *ret_status = status;
}

static void act_status(struct worker *worker, void *context)
{
    struct status_question *question = context;
    const struct flow_query *query = question->query;
    for (uint32_t i = 0; i < query->task_count; i++)
        if (query->tasks[i].worker == worker && query->tasks[i].task)
            add_task(question, query->tasks[i].task);
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
    question->replaying = question->replaying || task->replaying;
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
    int64_t end_offset = input->next_offset;
    struct log_topic_info info;
    struct why why;
    if (log_describe(question->query->flow->options.log, input->topic->name, question->arena, &info,
                     &why) == OK)
        end_offset = info.partitions[input->partition].end_offset;
    const int64_t next = input->task->replaying ? input->stop_offset : input->next_offset;
    status->positions[status->position_count++] =
        (struct flow_position){.topic = input->topic->name,
                               .partition = input->partition,
                               .next_offset = next,
                               .end_offset = end_offset};
}

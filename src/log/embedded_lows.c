/* embedded_lows.c -- what may still come into a topic: the lows its writing tasks have said.
 *
 * A task that was at the end of its inputs has nothing to write; until something comes into one of
 * them, which it may not have seen yet. So its inputs' ends are looked at whenever its word counts,
 * and the lows of what writes those, down to topics no task writes. Whoever read a record from
 * another topic before it looks here thereby knows that everything that lay in the log then has
 * gone through all tasks between. */
#include "log/embedded_lows.h"
#include "log/embedded.h"

#include "base/memory.h"

static void set_low(struct embedded_topic *topic, const struct pending_step *step,
                    const struct log_low *low);
static struct topic_low *find_low(struct embedded_topic *topic, struct str task);
static bool is_at_end(struct embedded_log *log, struct embedded_topic *topic);
static bool has_no_news(struct embedded_log *log, const struct topic_low *low);

void lows_hand_over(struct pending_step *step, const struct log_step *given)
{
    for (uint32_t i = 0; step->low_inputs && i < given->position_count; i++)
        step->low_inputs[i] = (struct low_input){
            .topic = embedded_topic_of(given->positions[i].topic),
            .partition = given->positions[i].partition,
            .next_offset = given->positions[i].next_offset,
        };
    for (uint32_t i = 0; i < given->low_count; i++) {
        const struct log_low *low = &given->lows[i];
        struct embedded_topic *topic = embedded_topic_of(low->topic);
        if (topic->base.internal || low->low_ms == LOG_LOW_UNKNOWN)
            set_low(topic, step, low);
        else
            step->lows[step->low_count++] = *low;
    }
}

void lows_commit(struct pending_step *step)
{
    for (uint32_t i = 0; i < step->low_count; i++)
        set_low(embedded_topic_of(step->lows[i].topic), step, &step->lows[i]);
}

void topic_forget_lows(struct embedded_topic *topic, struct str prefix)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < topic->low_count; i++) {
        const struct topic_low low = topic->lows[i];
        if (str_starts_with((struct str){low.task, low.task_size}, prefix)) {
            free(low.task);
            free(low.inputs);
        } else {
            topic->lows[kept++] = low;
        }
    }
    topic->low_count = kept;
}

void topic_reset_lows(struct embedded_topic *topic)
{
    for (uint32_t i = 0; i < topic->low_count; i++) {
        struct topic_low *low = &topic->lows[i];
        if (low->low_ms == LOG_LOW_NONE)
            continue;
        low->low_ms = LOG_LOW_UNKNOWN;
        low->at_end = false;
    }
}

void topic_release_lows(struct embedded_topic *topic)
{
    topic_forget_lows(topic, (struct str){0});
    free(topic->lows);
    topic->lows = NULL;
}

void topic_read_low(struct embedded_log *log, struct embedded_topic *topic, int64_t *ret_low_ms,
                    int64_t *ret_reached_ms)
{
    log->low_looks++;
    int64_t low_ms = LOG_LOW_NONE;
    int64_t reached_ms = LOG_LOW_NONE;
    for (uint32_t i = 0; i < topic->low_count; i++) {
        const struct topic_low *low = &topic->lows[i];
        if (low->low_ms < reached_ms)
            reached_ms = low->low_ms;
        if (low->low_ms < low_ms && !(low->at_end && has_no_news(log, low)))
            low_ms = low->low_ms;
    }
    if (topic->low_count == 0 && topic->base.internal)
        low_ms = reached_ms = LOG_LOW_UNKNOWN;
    *ret_low_ms = low_ms;
    *ret_reached_ms = reached_ms;
}

static void set_low(struct embedded_topic *topic, const struct pending_step *step,
                    const struct log_low *given)
{
    struct topic_low *low = find_low(topic, step->task);
    low->low_ms = given->low_ms;
    low->at_end = given->at_end;
    if (!low->at_end)
        return;
    must(step->low_inputs != NULL);
    const size_t size = step->position_count * sizeof(*low->inputs);
    if (low->input_count != step->position_count)
        low->inputs = memory_realloc(low->inputs, size);
    low->input_count = step->position_count;
    memcpy(low->inputs, step->low_inputs, size);
}

/* The task's, made anew if it has not spoken. */
static struct topic_low *find_low(struct embedded_topic *topic, struct str task)
{
    for (uint32_t i = 0; i < topic->low_count; i++)
        if (str_equal((struct str){topic->lows[i].task, topic->lows[i].task_size}, task))
            return &topic->lows[i];
    if (topic->low_count == topic->low_capacity) {
        topic->low_capacity = topic->low_capacity ? topic->low_capacity * 2 : 8;
        topic->lows = memory_realloc(topic->lows, topic->low_capacity * sizeof(*topic->lows));
    }
    char *name = memory_alloc(task.size + 1);
    if (task.size > 0)
        memcpy(name, task.data, task.size);
    struct topic_low *low = &topic->lows[topic->low_count++];
    *low = (struct topic_low){.task = name, .task_size = task.size};
    return low;
}

/* Whether all writers are at their end. Each topic is asked once a look, however many ways lead to
 * it; one that leads back to itself is not. */
static bool is_at_end(struct embedded_log *log, struct embedded_topic *topic)
{
    if (topic->low_look == log->low_looks)
        return topic->low_is_at_end;
    topic->low_look = log->low_looks;
    topic->low_is_at_end = false;
    bool at_end = topic->low_count > 0 || !topic->base.internal;
    for (uint32_t i = 0; i < topic->low_count && at_end; i++) {
        const struct topic_low *low = &topic->lows[i];
        at_end = low->low_ms == LOG_LOW_NONE || (low->at_end && has_no_news(log, low));
    }
    topic->low_is_at_end = at_end;
    return at_end;
}

static bool has_no_news(struct embedded_log *log, const struct topic_low *low)
{
    for (uint32_t i = 0; i < low->input_count; i++) {
        const struct low_input *input = &low->inputs[i];
        const struct partition *at = &input->topic->partitions[input->partition];
        if (input->topic->removed)
            continue;
        /* Another process has written since: whoever reads there next will know. */
        if (at->generation != log->generation)
            return false;
        const int64_t end_offset =
            input->topic->base.internal ? at->assigned_offset : at->end_offset;
        if (input->next_offset < end_offset || !is_at_end(log, input->topic))
            return false;
    }
    return true;
}

/* topic_lows.c -- the lows of a topic's writing tasks: kept, reset, asked.
 *
 * A task that was at the end of its inputs has nothing to write; until something comes into one of
 * them, which it may not have seen yet. So its inputs' ends are looked at whenever its word counts,
 * and the lows of what writes those, down to topics no task writes. Whoever read a record from
 * another topic before it looks here thereby knows that everything that lay in the log then has
 * gone through all tasks between. */
#include "log/topic_lows.h"

#include "base/memory.h"

static struct topic_low *find_low(struct topic_lows *topic, struct str task);
static bool is_at_end(struct lows_board *board, struct topic_lows *topic);
static bool has_no_news(struct lows_board *board, const struct topic_low *low);

void topic_lows_set(struct topic_lows *topic, struct str task, const struct log_low *given,
                    const struct low_input *inputs, uint32_t input_count)
{
    struct topic_low *low = find_low(topic, task);
    low->low_ms = given->low_ms;
    low->at_end = given->at_end;
    if (!low->at_end)
        return;
    must(inputs != NULL);
    const size_t size = input_count * sizeof(*low->inputs);
    if (low->input_count != input_count)
        low->inputs = memory_realloc(low->inputs, size);
    low->input_count = input_count;
    memcpy(low->inputs, inputs, size);
}

void topic_lows_forget(struct topic_lows *topic, struct str prefix)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < topic->count; i++) {
        const struct topic_low low = topic->lows[i];
        if (str_starts_with((struct str){low.task, low.task_size}, prefix)) {
            free(low.task);
            free(low.inputs);
        } else {
            topic->lows[kept++] = low;
        }
    }
    topic->count = kept;
}

void topic_lows_reset(struct topic_lows *topic)
{
    for (uint32_t i = 0; i < topic->count; i++) {
        struct topic_low *low = &topic->lows[i];
        if (low->low_ms == LOG_LOW_NONE)
            continue;
        low->low_ms = LOG_LOW_UNKNOWN;
        low->at_end = false;
    }
}

void topic_lows_release(struct topic_lows *topic)
{
    topic_lows_forget(topic, (struct str){0});
    free(topic->lows);
    topic->lows = NULL;
    topic->capacity = 0;
}

void topic_lows_read(struct lows_board *board, struct topic_lows *topic, int64_t *ret_low_ms,
                     int64_t *ret_reached_ms)
{
    board->looks++;
    int64_t low_ms = LOG_LOW_NONE;
    int64_t reached_ms = LOG_LOW_NONE;
    for (uint32_t i = 0; i < topic->count; i++) {
        const struct topic_low *low = &topic->lows[i];
        if (low->low_ms < reached_ms)
            reached_ms = low->low_ms;
        if (low->low_ms < low_ms && !(low->at_end && has_no_news(board, low)))
            low_ms = low->low_ms;
    }
    if (topic->count == 0 && topic->internal)
        low_ms = reached_ms = LOG_LOW_UNKNOWN;
    *ret_low_ms = low_ms;
    *ret_reached_ms = reached_ms;
}

/* The task's, made anew if it has not spoken. */
static struct topic_low *find_low(struct topic_lows *topic, struct str task)
{
    for (uint32_t i = 0; i < topic->count; i++)
        if (str_equal((struct str){topic->lows[i].task, topic->lows[i].task_size}, task))
            return &topic->lows[i];
    if (topic->count == topic->capacity) {
        topic->capacity = topic->capacity ? topic->capacity * 2 : 8;
        topic->lows = memory_realloc(topic->lows, topic->capacity * sizeof(*topic->lows));
    }
    char *name = memory_alloc(task.size + 1);
    if (task.size > 0)
        memcpy(name, task.data, task.size);
    struct topic_low *low = &topic->lows[topic->count++];
    *low = (struct topic_low){.task = name, .task_size = task.size};
    return low;
}

/* Whether all writers are at their end. Each topic is asked once a look, however many ways lead to
 * it; one that leads back to itself is not. */
static bool is_at_end(struct lows_board *board, struct topic_lows *topic)
{
    if (topic->look == board->looks)
        return topic->is_at_end;
    topic->look = board->looks;
    topic->is_at_end = false;
    bool at_end = topic->count > 0 || !topic->internal;
    for (uint32_t i = 0; i < topic->count && at_end; i++) {
        const struct topic_low *low = &topic->lows[i];
        at_end = low->low_ms == LOG_LOW_NONE || (low->at_end && has_no_news(board, low));
    }
    topic->is_at_end = at_end;
    return at_end;
}

static bool has_no_news(struct lows_board *board, const struct topic_low *low)
{
    for (uint32_t i = 0; i < low->input_count; i++) {
        const struct low_input *input = &low->inputs[i];
        const enum low_news news =
            board->look(board, input->topic, input->partition, input->next_offset);
        if (news == LOW_NEWS || (news == LOW_NO_NEWS && !is_at_end(board, input->topic)))
            return false;
    }
    return true;
}

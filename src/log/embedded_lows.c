/* embedded_lows.c -- when what a task says of its outputs counts, and where its inputs end. */
#include "log/embedded_lows.h"
#include "log/embedded.h"

static void set_low(struct embedded_topic *topic, const struct pending_step *step,
                    const struct log_low *low);

void lows_hand_over(struct pending_step *step, const struct log_step *given)
{
    for (uint32_t i = 0; step->low_inputs && i < given->position_count; i++)
        step->low_inputs[i] = (struct low_input){
            .topic = &embedded_topic_of(given->positions[i].topic)->lows,
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

enum low_news embedded_look(const struct lows_board *board, const struct topic_lows *lows,
                            int32_t partition, int64_t next_offset)
{
    const struct embedded_log *log =
        (const struct embedded_log *)(const void *)((const char *)board -
                                                    offsetof(struct embedded_log, lows));
    const struct embedded_topic *topic =
        (const struct embedded_topic *)(const void *)((const char *)lows -
                                                      offsetof(struct embedded_topic, lows));
    const struct partition *at = &topic->partitions[partition];
    if (topic->removed)
        return LOW_GONE;
    /* Another process has written since: whoever reads there next will know. */
    if (at->generation != log->generation)
        return LOW_NEWS;
    const bool has_news = next_offset < at->end_offset || next_offset < at->assigned_offset;
    return has_news ? LOW_NEWS : LOW_NO_NEWS;
}

static void set_low(struct embedded_topic *topic, const struct pending_step *step,
                    const struct log_low *low)
{
    topic_lows_set(&topic->lows, step->task, low, step->low_inputs, step->position_count);
}

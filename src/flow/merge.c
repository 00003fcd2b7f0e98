/* merge.c -- a heap of inputs by the timestamp of their heads. */
#include "flow/merge.h"

#include "base/memory.h"
#include "flow/input.h"
#include "flow/task.h"

/* A row may make thousands: a step can end after so many. */
#define RUN_ROWS_MAX 128

/* The heap holds numbers of inputs; keys[i] is input i's key. Smaller number first on a tie. */
struct merge {
    struct task *task;
    struct input *inputs;
    uint32_t input_count;
    uint64_t epoch; /* grows with every read that found something */
    bool has_gap;   /* some input may have no row */
    bool later;     /* some input cannot be had now */
    int64_t *keys;
    uint32_t *heap;
};

static enum err poll_all(struct merge *merge, bool *ret_news, struct why *why);
static void rebuild(struct merge *merge);
static void sift_down(struct merge *merge, uint32_t at);
static bool before(const struct merge *merge, uint32_t a, uint32_t b);
static int64_t key_of(const struct input *input);
static bool in_order(const struct merge *merge);

struct merge *merge_new(struct task *task, struct input *inputs, uint32_t input_count)
{
    must(input_count > 0);
    struct merge *merge = MEMORY_NEW(struct merge);
    merge->task = task;
    merge->inputs = inputs;
    merge->input_count = input_count;
    merge->keys = memory_zalloc(input_count * sizeof(*merge->keys));
    merge->heap = memory_zalloc(input_count * sizeof(*merge->heap));
    for (uint32_t i = 0; i < input_count; i++)
        merge->heap[i] = i;
    merge_reset(merge);
    return merge;
}

void merge_free(struct merge *merge)
{
    if (!merge)
        return;
    free(merge->keys);
    free(merge->heap);
    free(merge);
}

void merge_reset(struct merge *merge)
{
    merge->epoch++;
    merge->has_gap = true;
}

enum err merge_fill(struct merge *merge, enum merge_state *ret_state, struct why *why)
{
    /* Without a gap since the last fill every input has a row. */
    if (merge->has_gap) {
        bool news = true;
        merge->later = false;
        /* What the inputs at their end had to say counts only if it was asked after the last read
         * that found something. */
        merge->epoch++;
        while (news) {
            const enum err err = poll_all(merge, &news, why);
            if (err != OK)
                return err;
        }
        rebuild(merge);
    }
    const uint32_t top = merge->heap[0];
    if (input_has_row(&merge->inputs[top]))
        *ret_state = MERGE_ROWS;
    else if (merge->keys[top] != LOG_LOW_NONE || merge->later)
        *ret_state = MERGE_WAITS;
    else
        *ret_state = MERGE_ENDED;
    return OK;
}

uint32_t merge_run(struct merge *merge)
{
    const uint32_t top = merge->heap[0];
    struct input *input = &merge->inputs[top];
    if (!input_has_row(input))
        return 0;
    const uint32_t begin = input->row;
    uint32_t end = input->batch->row_count;
    if (end - begin > RUN_ROWS_MAX)
        end = begin + RUN_ROWS_MAX;
    if (merge->input_count > 1 && in_order(merge)) {
        uint32_t second = merge->heap[1];
        if (merge->input_count > 2 && before(merge, merge->heap[2], second))
            second = merge->heap[2];
        const int64_t second_ms = merge->keys[second];
        const int64_t *timestamps = input->batch->timestamps;
        uint32_t row = begin + 1;
        if (top < second)
            while (row < end && timestamps[row] <= second_ms)
                row++;
        else
            while (row < end && timestamps[row] < second_ms)
                row++;
        end = row;
    }
    input_run(input, end);
    if (input_has_row(input)) {
        merge->keys[top] = key_of(input);
        sift_down(merge, 0);
    } else {
        merge->has_gap = true;
    }
    return end - begin;
}

int64_t merge_low_ms(const struct merge *merge)
{
    return merge->keys[merge->heap[0]];
}

/* Polls every input without a row that was not polled since the last news. */
static enum err poll_all(struct merge *merge, bool *ret_news, struct why *why)
{
    *ret_news = false;
    merge->has_gap = false;
    for (uint32_t i = 0; i < merge->input_count; i++) {
        struct input *input = &merge->inputs[i];
        if (input_has_row(input))
            continue;
        merge->has_gap = true;
        if (input->polled == merge->epoch)
            continue;
        if (input->batch)
            task_drain(merge->task);
        input->polled = merge->epoch;
        bool got = false;
        const enum err err = input_poll(input, &got, why);
        if (err == ERR_UNAVAILABLE || err == ERR_AGAIN) {
            /* Nothing may overtake what it would have. */
            input->low_ms = LOG_LOW_UNKNOWN;
            merge->later = true;
        } else if (err != OK) {
            return err;
        }
        if (got) {
            merge->epoch++;
            *ret_news = true;
            if (!input_has_row(input))
                input->polled = 0;
        }
    }
    return OK;
}

static void rebuild(struct merge *merge)
{
    for (uint32_t i = 0; i < merge->input_count; i++)
        merge->keys[i] = key_of(&merge->inputs[i]);
    for (uint32_t i = merge->input_count / 2; i-- > 0;)
        sift_down(merge, i);
}

static void sift_down(struct merge *merge, uint32_t at)
{
    const uint32_t moved = merge->heap[at];
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= merge->input_count)
            break;
        if (child + 1 < merge->input_count &&
            before(merge, merge->heap[child + 1], merge->heap[child]))
            child++;
        if (!before(merge, merge->heap[child], moved))
            break;
        merge->heap[at] = merge->heap[child];
        at = child;
    }
    merge->heap[at] = moved;
}

static bool before(const struct merge *merge, uint32_t a, uint32_t b)
{
    return merge->keys[a] < merge->keys[b] || (merge->keys[a] == merge->keys[b] && a < b);
}

static int64_t key_of(const struct input *input)
{
    return input_has_row(input) ? input->batch->timestamps[input->row] : input->low_ms;
}

/* Each side's window has a time of its own: read back, it may be filled a batch at a time. */
static bool in_order(const struct merge *merge)
{
    return !merge->task->replaying || merge->task->replays_in_order;
}

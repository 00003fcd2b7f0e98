/* dead_letter.c -- records that are set aside: original bytes, where they stood, and why.
 *
 * They go into the query's dead-letter topic with the step that passes them. */
#include "base/clock.h"
#include "base/memory.h"
#include "flow/query.h"
#include "flow/step.h"
#include "flow/task.h"

#include <inttypes.h>

#define HEADERS_OWN 7
#define REASON_BYTES_MAX 1000

static void add(struct record_header *headers, uint32_t *count, struct str name, struct str value);

void task_reject(struct task *task, const struct record *record, struct str topic,
                 int32_t partition, enum reject_stage stage, struct str reason)
{
    static const struct {
        struct str word;
        enum counter counter;
    } stages[] = {
        [REJECT_DECODE] = {STR_INIT("decode"), COUNTER_bad_record},
        [REJECT_TIMESTAMP] = {STR_INIT("timestamp"), COUNTER_bad_timestamp},
        [REJECT_ENCODE] = {STR_INIT("encode"), COUNTER_bad_row},
    };
    if (task->replaying)
        return;
    counters_add(task->counters, COUNTER_dead_letters, 1);
    counters_add(task->counters, stages[stage].counter, 1);
    if (!task->dead_letters)
        return;

    char partition_text[16];
    char offset_text[24];
    snprintf(partition_text, sizeof(partition_text), "%" PRId32, partition);
    snprintf(offset_text, sizeof(offset_text), "%" PRId64, record->offset);
    if (reason.size > REASON_BYTES_MAX)
        reason.size = REASON_BYTES_MAX;
    struct record_header headers[RECORD_HEADERS_MAX];
    uint32_t count = 0;
    for (uint32_t i = 0; i < record->header_count && count + HEADERS_OWN < RECORD_HEADERS_MAX; i++)
        headers[count++] = record->headers[i];
    add(headers, &count, STR("__drivethru.errors.topic"), topic);
    add(headers, &count, STR("__drivethru.errors.partition"), str_from(partition_text));
    add(headers, &count, STR("__drivethru.errors.offset"), str_from(offset_text));
    add(headers, &count, STR("__drivethru.errors.query"), task->query->id);
    add(headers, &count, STR("__drivethru.errors.stage"), stages[stage].word);
    add(headers, &count, STR("__drivethru.errors.reason"), reason);

    struct record letter = *record;
    letter.headers = headers;
    letter.header_count = count;
    if (letter.timestamp_ms < 0)
        letter.timestamp_ms = 0;
    if (!log_refuses(task->dead_letter_topic, &letter) &&
        step_write(task->step, task->dead_letters, &letter) == OK)
        return;
    /* The headers made it too large, or nobody takes its time: where it stood and why is worth more
     * than its bytes. */
    letter.timestamp_ms = clock_wall_ms();
    add(headers, &count, STR("__drivethru.errors.shortened"), STR("true"));
    letter.key = (struct str){0};
    letter.value = (struct str){0};
    letter.headers = headers + count - HEADERS_OWN;
    letter.header_count = HEADERS_OWN;
    const enum err err = step_write(task->step, task->dead_letters, &letter);
    must(err == OK);
}

static void add(struct record_header *headers, uint32_t *count, struct str name, struct str value)
{
    headers[(*count)++] =
        (struct record_header){.name = name, .value = {value.data ? value.data : "", value.size}};
}

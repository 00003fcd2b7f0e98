/* read_last_test.c -- the last records of a partition whose offsets have gaps: transactions leave
 * some, and one that was aborted leaves nothing else. */
#include "base/memory.h"
#include "log/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define END 100

/* A partition with one record, or none: all other offsets are gaps, of which a read passes a few.
 */
struct gappy {
    struct log_member base; /* first */
    int64_t at;             /* -1: none */
    int64_t step;
    uint32_t reads;
    uint32_t unreleased;
};

struct gappy_records {
    struct log_records base; /* first */
    struct record record;
};

static enum err gappy_read(struct log_member *base, struct log_topic *topic, int32_t partition,
                           int64_t offset, size_t bytes_max, struct log_records **ret_records,
                           struct why *why)
{
    struct gappy *gappy = (struct gappy *)base;
    struct gappy_records *records = memory_zalloc(sizeof(*records));
    (void)topic, (void)partition, (void)bytes_max, (void)why;
    records->base.member = base;
    records->base.at = &records->record;
    records->base.next_offset = offset + gappy->step < END ? offset + gappy->step : END;
    records->record.offset = gappy->at;
    records->base.count = gappy->at >= offset && gappy->at < records->base.next_offset;
    gappy->reads++;
    gappy->unreleased++;
    *ret_records = &records->base;
    return OK;
}

static void gappy_release(struct log_member *base, struct log_records *records)
{
    ((struct gappy *)base)->unreleased--;
    free(records);
}

static const struct log_member_ops gappy_ops = {.read = gappy_read, .release = gappy_release};

static void finds_the_last_record_behind_gaps(void **state)
{
    static const int64_t places[] = {-1, 0, 1, 50, 98, 99};
    static const int64_t steps[] = {1, 7, 1000};
    (void)state;
    for (size_t p = 0; p < sizeof(places) / sizeof(places[0]); p++)
        for (size_t s = 0; s < sizeof(steps) / sizeof(steps[0]); s++) {
            struct gappy gappy = {.base = {&gappy_ops}, .at = places[p], .step = steps[s]};
            struct log_topic topic = {.name = STR("t"), .partition_count = 1};
            struct log_records *records = NULL;
            assert_int_equal(log_read_last(&gappy.base, &topic, 0, 0, END, 1000, &records, NULL),
                             OK);
            assert_non_null(records);
            assert_int_equal(records->count, places[p] >= 0);
            if (places[p] >= 0)
                assert_int_equal(records->at[0].offset, places[p]);
            log_records_release(records);
            assert_int_equal(gappy.unreleased, 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_the_last_record_behind_gaps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

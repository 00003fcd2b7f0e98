/* fault_test.c -- a sink whose target or log fails. */
#include "fixture.h"

/* Whichever call of the target fails, once: nothing is lost and nothing is there twice. */
static void a_target_that_fails_once_is_waited_for(void **state)
{
    static const enum err errors[] = {ERR_UNAVAILABLE, ERR_FULL, ERR_IO};
    for (uint64_t call = 1; call <= 3; call++) {
        struct fixture f;
        fixture_init(&f, "topics=ORDERS\nmax.batch.size=4");
        f.target = target_faulty_new(f.target, call, false, errors[call - 1]);
        make_topic(&f, "ORDERS");
        for (int i = 0; i < 10; i++)
            send_one(&f, "ORDERS", "o", i == 5 ? "bad" : "{\"TOTAL\":1}");
        start(&f);
        wait_until(&f, 9, 1);
        assert_int_equal(wait_for_state(&f, SINK_RUNNING).lag_records, 0);
        assert_int_equal(count_lines(documents(&f, "ORDERS")), 9);
        fixture_release(&f);
    }
}

/* Whichever call of the log fails, once: the same. Call 1 is the sink's joining, whose failure its
 * owner is told. */
static void a_log_that_fails_once_is_asked_again(void **state)
{
    static const enum err errors[] = {ERR_UNAVAILABLE, ERR_IO, ERR_FULL, ERR_ABORTED};
    for (uint64_t call = 1; call <= 24; call++) {
        struct fixture f;
        fixture_init(&f, "topics=ORDERS\nmax.batch.size=4");
        make_topic(&f, "ORDERS");
        for (int i = 0; i < 6; i++)
            send_one(&f, "ORDERS", "o", i == 3 ? "bad" : "{\"TOTAL\":1}");
        const struct log_faulty_plan plan = {.fail_call = call, .err = errors[call % 4]};
        f.log = log_faulty_new(f.log, &plan);
        if (call == 1) {
            const struct sink_options options = {.name = STR("docs"),
                                                 .properties = &f.properties,
                                                 .log = f.log,
                                                 .target = f.target,
                                                 .catalog = &f.catalog};
            assert_int_equal(sink_start(&options, &f.sink, &f.why), ERR_IO);
        }
        start(&f);
        wait_until(&f, 5, 1);
        stop(&f);
        const bool was_made = log_faulty_calls(f.log) >= call;
        assert_int_equal(count_lines(documents(&f, "ORDERS")), 5);
        /* Reading would make the call that is to fail, where the sink did not. */
        if (was_made)
            assert_non_null(strstr(letters(&f, "docs-dlq"), "docs/ORDERS/0/3|bad|"));
        fixture_release(&f);
        if (!was_made) {
            assert_in_range(call, 14, 24);
            return;
        }
    }
}

static void a_target_that_is_away_shows(void **state)
{
    struct fixture f;
    fixture_init(&f, "topics=ORDERS");
    f.target = target_faulty_new(f.target, 2, true, ERR_UNAVAILABLE);
    make_topic(&f, "ORDERS");
    send_one(&f, "ORDERS", "o", "{\"TOTAL\":1}");
    start(&f);
    assert_non_null(strstr(wait_for_state(&f, SINK_WAITING).why.text, "fails on purpose"));
    stop(&f);
    fixture_release(&f);
}

/* A target that refuses every document with an odd TOTAL. */
struct picky_target {
    struct target base;
    struct target *inner;
};

static enum err picky_write(struct target *target, struct str sink, const struct document *given,
                            uint32_t count, const struct target_position *positions,
                            uint32_t position_count, struct document_refusal *refusals,
                            uint32_t *ret_refusal_count, struct why *why)
{
    struct target *inner = ((struct picky_target *)target)->inner;
    uint32_t refusal_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!strstr(given[i].body.data, "\"TOTAL\":1.0"))
            continue;
        refusals[refusal_count].index = i;
        assert_int_equal(why_set(&refusals[refusal_count++].why, ERR_INVALID, "odd document"),
                         ERR_INVALID);
    }
    *ret_refusal_count = refusal_count;
    if (refusal_count > 0)
        return OK;
    return target_write(inner, sink, given, count, positions, position_count, refusals,
                        ret_refusal_count, why);
}

static enum err picky_take(struct target *target, struct str sink, struct str topic,
                           int32_t partition, int64_t *ret_next_offset, struct why *why)
{
    struct target *inner = ((struct picky_target *)target)->inner;
    return target_take(inner, sink, topic, partition, ret_next_offset, why);
}

static void refused_documents_become_dead_letters(void **state)
{
    static const struct target_ops ops = {.write = picky_write, .take = picky_take};
    struct fixture f;
    fixture_init(&f, "topics=ORDERS\nerrors.deadletterqueue.topic.name=odd-dlq");
    struct target *inner = f.target;
    struct picky_target picky = {{&ops, DOCUMENTS_JSON, inner->batch_documents, false}, inner};
    f.target = &picky.base;
    make_topic(&f, "ORDERS");
    for (int i = 0; i < 6; i++)
        send_one(&f, "ORDERS", "o", i % 2 ? "{\"TOTAL\":1}" : "{\"TOTAL\":2}");
    start(&f);
    wait_until(&f, 3, 3);
    f.target = inner;
    assert_int_equal(count_lines(documents(&f, "ORDERS")), 3);
    const char *text = letters(&f, "odd-dlq");
    assert_int_equal(count_lines(text), 3);
    assert_non_null(strstr(text, "docs/ORDERS/0/5|{\"TOTAL\":1}|odd document|o\n"));
    fixture_release(&f);
}

int main(void)
{
    trace_set_level(TRACE_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_target_that_fails_once_is_waited_for),
        cmocka_unit_test(a_log_that_fails_once_is_asked_again),
        cmocka_unit_test(a_target_that_is_away_shows),
        cmocka_unit_test(refused_documents_become_dead_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

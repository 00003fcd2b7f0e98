/* shares_test.c -- a connector that runs in two processes: who delivers which partitions. */
#include "fixture.h"

#include <pthread.h>

/* A process's view of a log that it shares: all is the inner log's, but its groups are told their
 * shares by the test. */
struct process {
    struct log base;
    struct log *inner;
    struct log_group group;
    pthread_mutex_t lock;
    struct log_group_options joined; /* on_change NULL: not joined */
    struct log_topic *topic;
    struct sink *sink;
};

static struct process *process(struct log *log)
{
    return (struct process *)log;
}

static enum err process_create(struct log *log, struct str name,
                               const struct log_topic_config *config, struct why *why)
{
    return log_create(process(log)->inner, name, config, why);
}

static enum err process_topic(struct log *log, struct str name, struct log_topic **ret_topic)
{
    return log_topic_open(process(log)->inner, name, ret_topic);
}

static enum err process_describe(struct log *log, struct str name, struct arena *arena,
                                 struct log_topic_info *ret_info, struct why *why)
{
    return log_describe(process(log)->inner, name, arena, ret_info, why);
}

static enum err process_list(struct log *log, struct arena *arena, struct str **ret_names,
                             size_t *ret_count, struct why *why)
{
    return log_list(process(log)->inner, arena, ret_names, ret_count, why);
}

static enum err process_join(struct log *log, const struct log_member_options *options,
                             struct log_member **ret_member, struct why *why)
{
    return log_join(process(log)->inner, options, ret_member, why);
}

static void process_leave(struct log_group *group)
{
    struct process *self = (struct process *)((char *)group - offsetof(struct process, group));
    pthread_mutex_lock(&self->lock);
    self->joined.on_change = NULL;
    pthread_mutex_unlock(&self->lock);
}

static enum err process_group(struct log *log, const struct log_group_options *options,
                              struct log_group **ret_group, struct why *why)
{
    static const struct log_group_ops ops = {.leave = process_leave};
    struct process *self = process(log);
    (void)why;
    assert_true(str_equal(options->name, STR("sink/docs")));
    pthread_mutex_lock(&self->lock);
    self->group.ops = &ops;
    self->joined = *options;
    self->topic = options->topics[0];
    pthread_mutex_unlock(&self->lock);
    *ret_group = &self->group;
    return OK;
}

static const struct log_ops process_ops = {
    .create = process_create,
    .topic = process_topic,
    .describe = process_describe,
    .list = process_list,
    .join = process_join,
    .group = process_group,
};

/* Tells the process, once it has joined. */
static void tell(struct process *self, enum log_group_change change, int32_t first, int32_t end)
{
    struct log_share shares[2];
    const int64_t end_ns = clock_monotonic_ns() + (int64_t)WAIT_MS * 1000000;
    struct log_group_options joined = {.on_change = NULL};
    for (;;) {
        pthread_mutex_lock(&self->lock);
        joined = self->joined;
        pthread_mutex_unlock(&self->lock);
        if (joined.on_change)
            break;
        assert_true(clock_monotonic_ns() < end_ns);
        clock_sleep_ms(2);
    }
    for (int32_t p = first; p < end; p++)
        shares[p - first] = (struct log_share){self->topic, p};
    joined.on_change(joined.context, change, shares, (uint32_t)(end - first));
}

static void process_start(struct process *self, struct fixture *f)
{
    const struct sink_options options = {.name = STR("docs"),
                                         .properties = &f->properties,
                                         .log = &self->base,
                                         .target = f->target,
                                         .catalog = &f->catalog};
    *self = (struct process){.base = {&process_ops}, .inner = f->log};
    pthread_mutex_init(&self->lock, NULL);
    assert_int_equal(sink_start(&options, &self->sink, &f->why), OK);
}

static void process_end(struct process *self)
{
    sink_stop(self->sink);
    pthread_mutex_destroy(&self->lock);
}

static void send_both(struct fixture *f, const char *key)
{
    const struct record record = {
        .timestamp_ms = 1767225600000, .key = str_from(key), .value = STR("{\"TOTAL\":1}")};
    send(f, "ORDERS", 0, &record, 1);
    send(f, "ORDERS", 1, &record, 1);
}

static uint64_t delivered(struct process *self)
{
    struct sink_status status;
    sink_get_status(self->sink, &status);
    return status.documents;
}

/* Until the two have written so many; polls, for the collection tells no news. */
static void await_documents(struct fixture *f, int count)
{
    const int64_t end_ns = clock_monotonic_ns() + (int64_t)WAIT_MS * 1000000;
    while (count_lines(documents(f, "ORDERS")) < count && clock_monotonic_ns() < end_ns)
        clock_sleep_ms(2);
    assert_int_equal(count_lines(documents(f, "ORDERS")), count);
}

/* The last of them may be written and not yet counted. */
static void await_count(struct process *self, uint64_t count)
{
    const int64_t end_ns = clock_monotonic_ns() + (int64_t)WAIT_MS * 1000000;
    while (delivered(self) < count && clock_monotonic_ns() < end_ns)
        clock_sleep_ms(2);
    assert_int_equal(delivered(self), count);
}

static void partitions_go_from_one_to_the_other(void **state)
{
    struct fixture f;
    struct process one;
    struct process two;
    (void)state;
    fixture_init(&f, "topics=ORDERS");
    f.target->is_private = false; /* as if it were a server */
    make_topic(&f, "ORDERS");
    send_both(&f, "a");
    process_start(&one, &f);
    assert_int_equal(sink_wait_idle(one.sink, 100), ERR_AGAIN); /* it has no share yet */
    assert_int_equal(delivered(&one), 0);
    tell(&one, LOG_GROUP_ASSIGNED, 0, 2);
    await_documents(&f, 2);
    await_count(&one, 2);
    process_start(&two, &f);
    tell(&one, LOG_GROUP_REVOKED, 0, 2);
    send_both(&f, "b");
    tell(&two, LOG_GROUP_ASSIGNED, 1, 2);
    await_documents(&f, 3);
    await_count(&two, 1);
    assert_int_equal(delivered(&one), 2); /* nobody's partition waits */
    tell(&one, LOG_GROUP_ASSIGNED, 0, 1);
    await_documents(&f, 4);
    send_both(&f, "c");
    await_documents(&f, 6);
    await_count(&one, 4);
    await_count(&two, 2);
    tell(&two, LOG_GROUP_LOST, 1, 2);
    tell(&one, LOG_GROUP_REVOKED, 0, 1);
    tell(&one, LOG_GROUP_ASSIGNED, 0, 2);
    send_both(&f, "d");
    await_documents(&f, 8);
    await_count(&one, 6);
    assert_int_equal(delivered(&two), 2);
    assert_int_equal(sink_wait_idle(one.sink, WAIT_MS), OK);
    process_end(&two);
    process_end(&one);
    fixture_release(&f);
}

static struct sink_status await_state(struct process *self, enum sink_state state)
{
    struct sink_status status;
    const int64_t end_ns = clock_monotonic_ns() + (int64_t)WAIT_MS * 1000000;
    do {
        clock_sleep_ms(2);
        sink_get_status(self->sink, &status);
    } while (status.state != state && clock_monotonic_ns() < end_ns);
    assert_int_equal(status.state, state);
    return status;
}

static void a_file_belongs_to_one_process(void **state)
{
    struct fixture f;
    struct process one;
    struct process two;
    (void)state;
    fixture_init(&f, "topics=ORDERS");
    make_topic(&f, "ORDERS");
    process_start(&one, &f);
    tell(&one, LOG_GROUP_ASSIGNED, 0, 2);
    send_both(&f, "a");
    await_documents(&f, 2);
    process_start(&two, &f);
    tell(&one, LOG_GROUP_REVOKED, 0, 2);
    tell(&two, LOG_GROUP_ASSIGNED, 1, 2);
    tell(&one, LOG_GROUP_ASSIGNED, 0, 1);
    const struct sink_status refused = await_state(&two, SINK_FAILED);
    assert_non_null(strstr(refused.why.text, "set 'connection.uri'"));
    /* The first one waits for the other to go, and then goes on. */
    await_state(&one, SINK_WAITING);
    send_both(&f, "b");
    assert_int_equal(count_lines(documents(&f, "ORDERS")), 2);
    tell(&one, LOG_GROUP_REVOKED, 0, 1);
    tell(&one, LOG_GROUP_ASSIGNED, 0, 2);
    await_documents(&f, 4);
    process_end(&two);
    process_end(&one);
    fixture_release(&f);
}

int main(void)
{
    trace_set_level(TRACE_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(partitions_go_from_one_to_the_other),
        cmocka_unit_test(a_file_belongs_to_one_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

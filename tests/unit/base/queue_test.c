/* queue_test.c -- the queue alone and between threads, and the clocks it waits by. */
#include "unit.h"

#include "base/clock.h"
#include "base/queue.h"

#define ITEMS 20000
#define THREADS 2

static void items_leave_in_order_and_the_queue_is_bounded(void **state)
{
    struct queue queue;
    queue_init(&queue, 3);
    int items[4];
    void *item = &items[3];
    assert_int_equal(queue_pop(&queue, 0, &item), ERR_AGAIN);
    assert_ptr_equal(item, &items[3]);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 3; i++)
            assert_int_equal(queue_push(&queue, &items[i], 0), OK);
        assert_int_equal(queue_push(&queue, &items[3], 0), ERR_FULL);
        assert_int_equal(queue_count(&queue), 3);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(queue_pop(&queue, 0, &item), OK);
            assert_ptr_equal(item, &items[i]);
        }
        assert_int_equal(queue_pop(&queue, QUEUE_FOREVER, &item), OK);
        assert_ptr_equal(item, &items[2]);
    }
    queue_release(&queue);
    queue_release(NULL);
}

static void waiting_ends_in_time(void **state)
{
    struct queue queue;
    queue_init(&queue, 1);
    void *item = NULL;
    int64_t begin_ns = clock_monotonic_ns();
    assert_int_equal(queue_pop(&queue, 30, &item), ERR_AGAIN);
    assert_true(clock_monotonic_ns() - begin_ns >= 30 * 1000000);
    assert_int_equal(queue_push(&queue, &queue, INT64_MAX), OK);
    begin_ns = clock_monotonic_ns();
    assert_int_equal(queue_push(&queue, &queue, 30), ERR_FULL);
    assert_true(clock_monotonic_ns() - begin_ns >= 30 * 1000000);
    queue_release(&queue);
}

static void a_closed_queue_can_be_emptied(void **state)
{
    struct queue queue;
    queue_init(&queue, 2);
    assert_int_equal(queue_push(&queue, &queue, 0), OK);
    queue_close(&queue);
    assert_int_equal(queue_push(&queue, &queue, QUEUE_FOREVER), ERR_CLOSED);
    void *item = NULL;
    assert_int_equal(queue_pop(&queue, QUEUE_FOREVER, &item), OK);
    assert_ptr_equal(item, &queue);
    assert_int_equal(queue_pop(&queue, QUEUE_FOREVER, &item), ERR_CLOSED);
    queue_release(&queue);
}

static void *close_later(void *argument)
{
    clock_sleep_ms(20);
    queue_close(argument);
    return NULL;
}

static void closing_wakes_who_waits(void **state)
{
    struct queue queue;
    queue_init(&queue, 2);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, close_later, &queue), 0);
    void *item = NULL;
    assert_int_equal(queue_pop(&queue, QUEUE_FOREVER, &item), ERR_CLOSED);
    pthread_join(thread, NULL);
    queue_release(&queue);
}

static uint8_t seen[THREADS * ITEMS];

struct producer {
    struct queue *queue;
    uint8_t *items;
};

static void *produce(void *argument)
{
    const struct producer *producer = argument;
    for (int i = 0; i < ITEMS; i++) {
        if (queue_push(producer->queue, &producer->items[i], QUEUE_FOREVER) != OK)
            return argument;
    }
    return NULL;
}

static void *consume(void *argument)
{
    void *item = NULL;
    while (queue_pop(argument, QUEUE_FOREVER, &item) == OK)
        __atomic_fetch_add((uint8_t *)item, 1, __ATOMIC_RELAXED);
    return NULL;
}

static void every_item_arrives_once(void **state)
{
    struct queue queue;
    queue_init(&queue, 5);
    pthread_t producers[THREADS], consumers[THREADS];
    struct producer arguments[THREADS];
    for (int i = 0; i < THREADS; i++) {
        arguments[i] = (struct producer){&queue, seen + i * ITEMS};
        assert_int_equal(pthread_create(&producers[i], NULL, produce, &arguments[i]), 0);
        assert_int_equal(pthread_create(&consumers[i], NULL, consume, &queue), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *failed = NULL;
        pthread_join(producers[i], &failed);
        assert_null(failed);
    }
    queue_close(&queue);
    for (int i = 0; i < THREADS; i++)
        pthread_join(consumers[i], NULL);
    for (size_t i = 0; i < sizeof(seen); i++)
        assert_int_equal(seen[i], 1);
    queue_release(&queue);
}

static void clocks_go_forward(void **state)
{
    assert_true(clock_wall_ms() > INT64_C(1600000000000));
    const int64_t begin_ns = clock_monotonic_ns();
    clock_sleep_ms(-5);
    clock_sleep_ms(0);
    clock_sleep_ms(20);
    assert_true(clock_monotonic_ns() - begin_ns >= 20 * 1000000);
    const int64_t cpu_ns = clock_cpu_ns();
    while (clock_cpu_ns() == cpu_ns) {
    }
    assert_true(clock_cpu_ns() > cpu_ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_leave_in_order_and_the_queue_is_bounded),
        cmocka_unit_test(waiting_ends_in_time),
        cmocka_unit_test(a_closed_queue_can_be_emptied),
        cmocka_unit_test(closing_wakes_who_waits),
        cmocka_unit_test(every_item_arrives_once),
        cmocka_unit_test(clocks_go_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

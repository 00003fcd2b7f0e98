/* letters_test.c -- dead letters are sent back once: all, one by one, by several at the same time.
 */
#include "../flow/fixture.h"

#include "letters/letters.h"

#include <pthread.h>

#define LETTERS 2000
#define SENDERS 4

static struct fixture fixture;

static int setup(void **state)
{
    (void)state;
    fixture_init(&fixture);
    make_topic(&fixture, "orders", 2);
    make_topic(&fixture, "x-dlq", 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_release(&fixture);
    return 0;
}

/* key NULL: a query's letter; else a sink's, which has the same key when it is written again. */
static void add_letter(struct producer *producer, const char *key, const char *value)
{
    const struct record_header headers[] = {
        {.name = STR("__drivethru.errors.topic"), .value = STR("orders")},
        {.name = STR("__drivethru.errors.partition"), .value = STR("1")},
        {.name = STR("__drivethru.errors.connector.name"), .value = STR("sink")},
    };
    const struct record letter = {.timestamp_ms = 7,
                                  .key = key ? str_from(key) : (struct str){0},
                                  .value = str_from(value),
                                  .headers = headers,
                                  .header_count = key ? 3 : 2};
    producer_add_record(producer, "x-dlq", &letter);
}

static void put_letters(uint32_t count)
{
    struct producer producer = {.fixture = &fixture};
    for (uint32_t i = 0; i < count; i++)
        add_letter(&producer, NULL, arena_printf(&fixture.arena, "%u", i).data);
    producer_send(&producer);
}

static enum err send_one(int64_t offset)
{
    return letters_replay_one(fixture.log, fixture.directory, STR("x-dlq"), 0, offset, NULL);
}

static uint64_t send_all(void)
{
    uint64_t sent;
    uint64_t too_short;
    struct why why = {0};
    if (letters_replay(fixture.log, fixture.directory, STR("x-dlq"), &sent, &too_short, &why) != OK)
        fail_msg("%s", why.text);
    return sent;
}

static void one_letter_goes_back_once(void **state)
{
    (void)state;
    put_letters(3);
    assert_int_equal(send_one(1), OK);
    assert_int_equal(send_one(1), ERR_EXISTS);
    assert_int_equal(send_one(3), ERR_NOT_FOUND);
    assert_int_equal(send_all(), 2);
    assert_int_equal(send_one(0), ERR_EXISTS);
    assert_int_equal(send_all(), 0);
    assert_text(read_partition(&fixture, "orders", 1), STR("-|1|7\n-|0|7\n-|2|7\n"));
}

/* Marks of single letters run out only behind one that was left out. */
static void letters_go_back_one_by_one(void **state)
{
    (void)state;
    put_letters(2 * LETTERS_SINGLE_MAX + 1);
    for (int64_t i = 0; i < LETTERS_SINGLE_MAX; i++)
        assert_int_equal(send_one(i), OK);
    for (int64_t i = 0; i < LETTERS_SINGLE_MAX; i++)
        assert_int_equal(send_one(LETTERS_SINGLE_MAX + 1 + i), OK);
    assert_int_equal(send_one(LETTERS_SINGLE_MAX), ERR_LIMIT);
    assert_int_equal(send_all(), 1);
    for (int64_t i = 0; i <= 2 * LETTERS_SINGLE_MAX; i++)
        assert_int_equal(send_one(i), ERR_EXISTS);
}

static void a_letter_written_twice_is_one(void **state)
{
    struct producer producer = {.fixture = &fixture};
    (void)state;
    add_letter(&producer, "sink/1", "a");
    add_letter(&producer, "sink/2", "b");
    add_letter(&producer, "sink/1", "a");
    producer_send(&producer);
    assert_int_equal(send_one(2), OK);
    assert_int_equal(send_one(0), ERR_EXISTS);
    assert_int_equal(send_one(2), ERR_EXISTS);
    assert_int_equal(send_all(), 1);
}

struct sender {
    pthread_t thread;
    uint64_t sent;
    enum err err;
};

static void *sender_run(void *context)
{
    struct sender *sender = context;
    uint64_t too_short;
    sender->err = letters_replay(fixture.log, fixture.directory, STR("x-dlq"), &sender->sent,
                                 &too_short, NULL);
    return NULL;
}

/* Who had to wait for too long has sent nothing. */
static void several_send_all_once(void **state)
{
    struct sender senders[SENDERS] = {0};
    uint64_t sent = 0;
    (void)state;
    put_letters(LETTERS);
    for (int i = 0; i < SENDERS; i++)
        assert_int_equal(pthread_create(&senders[i].thread, NULL, sender_run, &senders[i]), 0);
    for (int i = 0; i < SENDERS; i++) {
        assert_int_equal(pthread_join(senders[i].thread, NULL), 0);
        assert_true(senders[i].err == OK || senders[i].err == ERR_LOCKED);
        sent += senders[i].sent;
    }
    assert_int_equal(sent, LETTERS);
    assert_int_equal(send_all(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_letter_goes_back_once, setup, teardown),
        cmocka_unit_test_setup_teardown(letters_go_back_one_by_one, setup, teardown),
        cmocka_unit_test_setup_teardown(a_letter_written_twice_is_one, setup, teardown),
        cmocka_unit_test_setup_teardown(several_send_all_once, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

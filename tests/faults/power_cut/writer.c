/* writer.c -- commits numbered records and reports each, for having its power cut.
 *
 * usage: power-cut-writer write|write-unsynced DIRECTORY REPORTED COMMITS
 *        power-cut-writer check DIRECTORY NUMBER
 *
 * Step n appends record n to topic "numbers", partition n mod 2, and to the internal topic
 * "inside", trims what is older than KEPT records there, so that the store's pages are used again,
 * and says in its marks that it was the nth. Once it is durable, n is written to the file REPORTED,
 * at once, in one write. `check` wants the store to open as it is, every step up to some number not
 * below NUMBER whole, none after it, and the log to take another. `write-unsynced` breaks its
 * promises: it is there to be found out. */
#include "base/buf.h"
#include "base/random.h"
#include "log/log.h"
#include "store/store.h"

#include <fcntl.h>
#include <unistd.h>

#define TASK STR("writer/0/0")
#define PARTITIONS 2
#define KEPT 50
#define VALUE_BYTES_MAX 20000
#define WAIT_MS 5000

struct world {
    struct store *store;
    struct log *log;
    struct log_member *member;
    struct log_topic *numbers;
    struct log_topic *inside;
};

static void fail(const char *what, enum err err, const struct why *why)
{
    fprintf(stderr, "power-cut-writer: %s: %s: %s\n", what, err_text(err), why ? why->text : "");
    exit(1);
}

static void expect(bool right, const char *what, int64_t number)
{
    if (right)
        return;
    fprintf(stderr, "power-cut-writer: %s: %lld\n", what, (long long)number);
    exit(1);
}

static struct log_topic *topic_open(struct log *log, struct str name, bool internal)
{
    const struct log_topic_config config = {.partition_count = PARTITIONS,
                                            .internal = internal,
                                            .retention_ms = -1,
                                            .retention_bytes = -1};
    struct log_topic *topic = NULL;
    struct why why = {0};
    enum err err = log_topic_open(log, name, &topic);
    if (err == ERR_NOT_FOUND) {
        err = log_create(log, name, &config, &why);
        if (!err)
            err = log_topic_open(log, name, &topic);
    }
    if (err)
        fail("cannot open a topic", err, &why);
    return topic;
}

static void world_open(struct world *world, const char *directory, bool unsynced)
{
    const struct store_options store_options = {.unsynced = unsynced};
    const struct log_embedded_options log_options = {
        .commit_interval_ms = 1, .runs_queries = true, .directory = directory};
    const struct log_member_options member_options = {.name = STR("writer")};
    struct why why = {0};
    enum err err = store_open(directory, &store_options, &world->store, &why);
    if (!err)
        err = log_embedded_open(world->store, &log_options, &world->log, &why);
    if (!err)
        err = log_join(world->log, &member_options, &world->member, &why);
    if (err)
        fail("the store does not open", err, &why);
    world->numbers = topic_open(world->log, STR("numbers"), false);
    world->inside = topic_open(world->log, STR("inside"), true);
}

static void world_close(struct world *world)
{
    log_leave(world->member);
    log_close(world->log);
    store_close(world->store);
}

/* The same for a number whoever asks. Most are short; some fill pages of their own. */
static void make_value(int64_t number, struct buf *value)
{
    struct random random = {(uint64_t)number};
    const uint64_t size = random_below(&random, 10) ? random_below(&random, 500)
                                                    : random_below(&random, VALUE_BYTES_MAX);
    buf_clear(value);
    buf_printf(value, "%lld:", (long long)number);
    while (value->size < size)
        buf_append_byte(value, (char)random_next(&random));
}

static struct log_append make_append(struct log_topic *topic, int64_t number, struct buf *value)
{
    struct record_batch_builder builder;
    record_batch_builder_init(&builder);
    make_value(number, value);
    const struct record record = {.timestamp_ms = number, .value = buf_str(value)};
    const enum err err = record_batch_add(&builder, &record);
    if (err)
        fail("cannot build a batch", err, NULL);
    record_batch_finish(&builder);
    const struct buf batch = record_batch_take(&builder);
    return (struct log_append){.topic = topic,
                               .partition = (int32_t)(number % PARTITIONS),
                               .batch = batch.data,
                               .batch_size = batch.size};
}

/* False: too many are on their way. */
static bool hand_over(struct world *world, int64_t number, struct buf *value)
{
    const int32_t partition = (int32_t)(number % PARTITIONS);
    const struct log_append appends[] = {make_append(world->numbers, number, value),
                                         make_append(world->inside, number, value)};
    const struct log_position position = {.topic = world->numbers,
                                          .partition = partition,
                                          .next_offset = number / PARTITIONS,
                                          .from_offset = 0};
    const struct log_trim trim = {.topic = world->inside,
                                  .partition = partition,
                                  .before_offset = number / PARTITIONS - KEPT};
    const struct log_step step = {.task = TASK,
                                  .appends = appends,
                                  .append_count = 2,
                                  .positions = &position,
                                  .position_count = 1,
                                  .trims = &trim,
                                  .trim_count = trim.before_offset > 0,
                                  .marks = {(const char *)&number, sizeof(number)}};
    uint64_t sequence = 0;
    const enum err err = log_commit(world->member, &step, &sequence);
    if (!err)
        return true;
    free(appends[0].batch);
    free(appends[1].batch);
    if (err != ERR_FULL)
        fail("a step is refused", err, NULL);
    return false;
}

static void report(int fd, uint64_t number)
{
    char text[32];
    const int size = snprintf(text, sizeof(text), "%llu\n", (unsigned long long)number);
    if (write(fd, text, (size_t)size) != size)
        fail("cannot report", ERR_IO, NULL);
}

static void run(const char *directory, const char *reported, int64_t commits, bool unsynced)
{
    struct world world;
    struct buf value = {0};
    const int fd = open(reported, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
    if (fd < 0)
        fail("cannot open the file of reports", ERR_IO, NULL);
    world_open(&world, directory, unsynced);
    uint64_t durable = 0;
    for (int64_t number = 1; durable < (uint64_t)commits;) {
        if (number <= commits && hand_over(&world, number, &value)) {
            number++;
            continue;
        }
        uint64_t now = durable;
        const enum err waited = log_wait(world.member, WAIT_MS);
        const enum err err = log_committed(world.member, &now);
        if (waited || err)
            fail("steps do not commit", waited ? waited : err, NULL);
        if (now > durable)
            report(fd, now);
        durable = now;
    }
    buf_release(&value);
    world_close(&world);
    close(fd);
}

/* Every record of a partition is the one that belongs there; returns the last one's number. */
static int64_t check_partition(struct world *world, struct log_topic *topic, int32_t partition,
                               int64_t begin, int64_t last)
{
    struct buf value = {0};
    struct why why = {0};
    /* Offset 0 holds the partition's first number that is not 0. */
    const int64_t first = partition == 0 ? PARTITIONS : partition;
    int64_t offset = begin;
    for (;;) {
        struct log_records *records = NULL;
        const enum err err =
            log_read(world->member, topic, partition, offset, 1 << 20, &records, &why);
        if (err)
            fail("a partition cannot be read", err, &why);
        for (uint32_t i = 0; i < records->count; i++) {
            const int64_t number = first + records->at[i].offset * PARTITIONS;
            make_value(number, &value);
            expect(records->at[i].offset == offset + i, "a record is missing", offset + i);
            expect(str_equal(records->at[i].value, buf_str(&value)), "a record is wrong", number);
        }
        const uint32_t count = records->count;
        offset = records->next_offset;
        log_records_release(records);
        if (count == 0)
            break;
    }
    const int64_t count = last < first ? 0 : (last - first) / PARTITIONS + 1;
    expect(offset == count, "a partition does not end where the marks say", offset);
    buf_release(&value);
    return offset;
}

static int64_t begin_of(struct world *world, struct log_topic *topic, int32_t partition,
                        struct arena *arena)
{
    struct log_topic_info info;
    struct why why = {0};
    const enum err err = log_describe(world->log, topic->name, arena, &info, &why);
    if (err)
        fail("a topic cannot be described", err, &why);
    return info.partitions[partition].begin_offset;
}

static void check(const char *directory, int64_t reported)
{
    struct world world;
    struct arena arena;
    struct log_task_state state;
    struct why why = {0};
    struct buf value = {0};
    int64_t last = 0;
    arena_init(&arena, 0);
    world_open(&world, directory, false);
    const enum err err = log_load(world.member, TASK, NULL, 0, &arena, &state, &why);
    if (err)
        fail("the task cannot be loaded", err, &why);
    expect(state.exists || reported == 0, "there is no task, but reported was", reported);
    if (state.exists) {
        expect(state.marks.size == sizeof(last), "marks have bytes", (int64_t)state.marks.size);
        memcpy(&last, state.marks.data, sizeof(last));
    }
    expect(last >= reported, "reported and not there", reported);
    for (int32_t partition = 0; partition < PARTITIONS; partition++) {
        expect(begin_of(&world, world.numbers, partition, &arena) == 0, "trimmed", partition);
        check_partition(&world, world.numbers, partition, 0, last);
        check_partition(&world, world.inside, partition,
                        begin_of(&world, world.inside, partition, &arena), last);
    }
    expect(hand_over(&world, last + 1, &value), "the log takes no step after", last);
    uint64_t durable = 0;
    while (log_committed(world.member, &durable) == OK && durable < 1)
        expect(log_wait(world.member, WAIT_MS) == OK, "the log does not commit after", last);
    expect(durable == 1, "the log fails a commit after", last);
    buf_release(&value);
    arena_release(&arena);
    world_close(&world);
    printf("%lld reported, %lld there\n", (long long)reported, (long long)last);
}

int main(int argc, char **argv)
{
    int64_t number = 0;
    const bool unsynced = argc == 5 && strcmp(argv[1], "write-unsynced") == 0;
    const bool writes = unsynced || (argc == 5 && strcmp(argv[1], "write") == 0);
    const bool checks = argc == 4 && strcmp(argv[1], "check") == 0;
    if (!(writes || checks) || str_to_int64(str_from(argv[argc - 1]), &number) != OK) {
        fprintf(stderr, "usage: power-cut-writer write|write-unsynced DIRECTORY REPORTED COMMITS\n"
                        "       power-cut-writer check DIRECTORY NUMBER\n");
        return 2;
    }
    if (writes)
        run(argv[2], argv[3], number, unsynced);
    else
        check(argv[2], number);
    return 0;
}

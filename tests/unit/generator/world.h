/* world.h -- what the generator's tests share: a log and a registry in a directory of their own,
 * topics read whole. */
#ifndef TESTS_GENERATOR_WORLD_H
#define TESTS_GENERATOR_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/hash.h"
#include "generator/generator.h"
#include "store/store.h"

#include <unistd.h>

#define START_MS 1767225600000LL /* 2026-01-01T00:00:00Z */
#define HOUR_MS 3600000LL
#define WAIT_MS 5000

#define assert_ok(call) assert_int_equal((call), OK)

struct world {
    char directory[64];
    struct store *store;
    struct log *log;
    struct registry *registry;
};

static inline void world_open(struct world *world)
{
    const struct store_options store_options = {.unsynced = true};
    const struct log_embedded_options log_options = {.commit_interval_ms = 1,
                                                     .directory = world->directory};
    assert_ok(store_open(world->directory, &store_options, &world->store, NULL));
    assert_ok(log_embedded_open(world->store, &log_options, &world->log, NULL));
    assert_ok(registry_embedded_open(world->store, &world->registry, NULL));
}

static inline void world_close(struct world *world)
{
    registry_close(world->registry);
    log_close(world->log);
    store_close(world->store);
    world->registry = NULL;
    world->log = NULL;
    world->store = NULL;
}

static inline void world_init(struct world *world)
{
    *world = (struct world){.directory = "/tmp/drivethru-generator-XXXXXX"};
    assert_non_null(mkdtemp(world->directory));
    world_open(world);
}

static inline void world_release(struct world *world)
{
    if (world->log)
        world_close(world);
    assert_ok(file_remove_tree(world->directory, NULL));
}

/* A short history with much of everything. */
static inline struct generator_options busy_options(uint64_t seed)
{
    struct generator_options options;
    generator_options_init(&options);
    options.seed = seed;
    options.rate = 2;
    options.start_ms = START_MS + 7 * HOUR_MS;
    options.history_ms = 8 * HOUR_MS;
    options.live = false;
    options.unpaid_share = 0.1;
    options.late_share = 0.1;
    options.disorder_share = 0.1;
    options.duplicate_share = 0.05;
    options.orphan_share = 0.05;
    options.malformed_share = 0.03;
    return options;
}

/* Steps until the generator says that it is done. */
static inline struct generator_progress run_to_end(struct world *world,
                                                   const struct generator_options *options)
{
    struct generator *generator = NULL;
    struct generator_progress progress = {0};
    struct why why = {0};
    if (generator_open(options, world->log, world->registry, &generator, &why))
        fail_msg("%s", why.text);
    while (!progress.is_done)
        if (generator_step(generator, START_MS, WAIT_MS, &progress, &why))
            fail_msg("%s", why.text);
    generator_close(generator);
    return progress;
}

/* Calls on_record for every record of a topic, partition by partition. Returns how many. */
static inline uint64_t each_record(struct log *log, const char *name,
                                   void (*on_record)(void *context, int32_t partition,
                                                     const struct record *record),
                                   void *context)
{
    const struct log_member_options options = {.name = STR("test"), .committed_only = true};
    struct log_topic *topic = NULL;
    struct log_member *member = NULL;
    uint64_t count = 0;
    assert_ok(log_topic_open(log, str_from(name), &topic));
    assert_ok(log_join(log, &options, &member, NULL));
    for (int32_t partition = 0; partition < topic->partition_count; partition++) {
        int64_t offset = 0;
        for (uint32_t got = 1; got > 0;) {
            struct log_records *records = NULL;
            assert_ok(log_read(member, topic, partition, offset, 1 << 20, &records, NULL));
            got = records->count;
            offset = records->next_offset;
            for (uint32_t i = 0; i < got; i++)
                on_record(context, partition, &records->at[i]);
            count += got;
            log_records_release(records);
        }
    }
    log_leave(member);
    return count;
}

static inline void digest_record(void *context, int32_t partition, const struct record *record)
{
    uint64_t *digest = context;
    *digest = hash64_seeded(&partition, sizeof(partition), *digest);
    *digest = hash64_seeded(&record->offset, sizeof(record->offset), *digest);
    *digest = hash64_seeded(&record->timestamp_ms, sizeof(record->timestamp_ms), *digest);
    *digest = hash64_seeded(record->key.data, record->key.size, *digest);
    *digest = hash64_seeded(record->value.data, record->value.size, *digest);
}

/* Every byte of both topics, in order. */
static inline uint64_t digest_of(struct log *log)
{
    uint64_t digest = 0;
    each_record(log, "mcd_orders", digest_record, &digest);
    each_record(log, "mcd_payments", digest_record, &digest);
    return digest;
}

#endif

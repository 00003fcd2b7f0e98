/* fixture.h -- what the flow's tests share: a log in a directory, plans made by hand, records put
 * and read.
 *
 * Sources L and R: key K STRING (KAFKA), value ID STRING, V STRING (DELIMITED). */
#ifndef TESTS_FLOW_FIXTURE_H
#define TESTS_FLOW_FIXTURE_H

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/random.h"
#include "flow/flow.h"
#include "log/log.h"
#include "store/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

#define IDLE_MS 20000
#define assert_ok(call) assert_int_equal((call), OK)

struct fixture {
    char directory[64];
    struct arena arena;
    struct store *store;
    struct log *log;   /* what the flow uses; with faults, a wrapper of `inner` */
    struct log *inner; /* what the tests read and write */
    struct log_member *member;
    struct flow *flow;
    struct flow_query *query;
    struct flow_options flow_options;
    struct log_faulty_plan faults; /* fail_call 0: none */
    int64_t commit_interval_ms;    /* 0: 1; else no commit comes earlier, however much waits */
};

static inline void fixture_open(struct fixture *fixture)
{
    struct why why = {0};
    const struct store_options store_options = {.unsynced = true};
    const int64_t interval_ms = fixture->commit_interval_ms;
    const struct log_embedded_options log_options = {.commit_interval_ms =
                                                         interval_ms ? interval_ms : 1,
                                                     .commit_bytes = interval_ms ? UINT64_MAX : 0,
                                                     .runs_queries = true,
                                                     .directory = fixture->directory};
    assert_ok(store_open(fixture->directory, &store_options, &fixture->store, &why));
    assert_ok(log_embedded_open(fixture->store, &log_options, &fixture->log, &why));
    fixture->inner = fixture->log;
    if (fixture->faults.fail_call > 0)
        fixture->log = log_faulty_new(fixture->log, &fixture->faults);
}

static inline void fixture_join(struct fixture *fixture)
{
    const struct log_member_options options = {
        .name = STR("test"), .committed_only = true, .steps_max = 64};
    assert_ok(log_join(fixture->inner, &options, &fixture->member, NULL));
}

static inline void fixture_close(struct fixture *fixture)
{
    flow_close(fixture->flow);
    log_leave(fixture->member);
    log_close(fixture->log);
    store_close(fixture->store);
    fixture->flow = NULL;
    fixture->query = NULL;
    fixture->member = NULL;
    fixture->log = NULL;
    fixture->inner = NULL;
    fixture->store = NULL;
}

static inline void fixture_init(struct fixture *fixture)
{
    *fixture = (struct fixture){.directory = "/tmp/drivethru-flow-XXXXXX"};
    assert_non_null(mkdtemp(fixture->directory));
    arena_init(&fixture->arena, 0);
    fixture->flow_options.thread_count = 1;
    fixture_open(fixture);
    fixture_join(fixture);
}

static inline void fixture_release(struct fixture *fixture)
{
    if (fixture->log)
        fixture_close(fixture);
    arena_release(&fixture->arena);
    assert_ok(file_remove_tree(fixture->directory, NULL));
}

static inline void make_topic(struct fixture *fixture, const char *name, int32_t partition_count)
{
    const struct log_topic_config config = {
        .partition_count = partition_count, .retention_ms = -1, .retention_bytes = -1};
    assert_ok(log_create(fixture->inner, str_from(name), &config, NULL));
}

static inline struct log_topic *open_topic(struct fixture *fixture, const char *name)
{
    struct log_topic *topic = NULL;
    assert_ok(log_topic_open(fixture->inner, str_from(name), &topic));
    return topic;
}

/* Puts records into topics, many in one step. */
struct producer {
    struct fixture *fixture;
    struct {
        struct log_topic *topic;
        int32_t partition;
        struct record_batch_builder builder;
    } parts[32];
    uint32_t part_count;
};

/* Keys decide the partition; without one it is the first. */
static inline void producer_add_record(struct producer *producer, const char *topic_name,
                                       const struct record *record)
{
    struct log_topic *topic = open_topic(producer->fixture, topic_name);
    int32_t partition = 0;
    if (record->key.data)
        partition = hash_partition(record->key.data, record->key.size, topic->partition_count);
    uint32_t i = 0;
    while (i < producer->part_count &&
           (producer->parts[i].topic != topic || producer->parts[i].partition != partition))
        i++;
    if (i == producer->part_count) {
        assert_true(i < 32);
        producer->part_count++;
        producer->parts[i].topic = topic;
        producer->parts[i].partition = partition;
        record_batch_builder_init(&producer->parts[i].builder);
    }
    assert_ok(record_batch_add(&producer->parts[i].builder, record));
}

/* NULL: no key, no value. */
static inline void producer_add(struct producer *producer, const char *topic_name, const char *key,
                                const char *value, int64_t timestamp_ms)
{
    const struct record record = {
        .timestamp_ms = timestamp_ms, .key = str_from(key), .value = str_from(value)};
    producer_add_record(producer, topic_name, &record);
}

static inline void producer_send(struct producer *producer)
{
    struct log_append appends[32];
    for (uint32_t i = 0; i < producer->part_count; i++) {
        record_batch_finish(&producer->parts[i].builder);
        const struct buf batch = record_batch_take(&producer->parts[i].builder);
        appends[i] = (struct log_append){.topic = producer->parts[i].topic,
                                         .partition = producer->parts[i].partition,
                                         .batch = batch.data,
                                         .batch_size = batch.size};
    }
    const struct log_step step = {.appends = appends, .append_count = producer->part_count};
    bool taken = false;
    assert_ok(log_commit_wait(producer->fixture->member, &step, IDLE_MS, &taken));
    producer->part_count = 0;
}

static inline void put(struct fixture *fixture, const char *topic, const char *key,
                       const char *value, int64_t timestamp_ms)
{
    struct producer producer = {.fixture = fixture};
    producer_add(&producer, topic, key, value, timestamp_ms);
    producer_send(&producer);
}

/* A windowed key ends in bytes that are no text, perhaps a line's end. */
static inline void append_key(struct buf *text, struct str key)
{
    for (size_t i = 0; i < key.size; i++)
        if (key.data[i] >= ' ' && key.data[i] <= '~' && key.data[i] != '|')
            buf_append_byte(text, (uint8_t)key.data[i]);
        else
            buf_printf(text, "\\%02x", (unsigned)(uint8_t)key.data[i]);
}

/* All records of a partition as "key|value|timestamp\n", in order. */
static inline struct str read_partition(struct fixture *fixture, const char *topic_name,
                                        int32_t partition)
{
    struct log_topic *topic = open_topic(fixture, topic_name);
    struct buf text = {0};
    int64_t offset = 0;
    for (;;) {
        struct log_records *records = NULL;
        assert_ok(log_read(fixture->member, topic, partition, offset, 1 << 20, &records, NULL));
        for (uint32_t i = 0; i < records->count; i++) {
            const struct record *record = &records->at[i];
            if (record->key.data)
                append_key(&text, record->key);
            else
                buf_printf(&text, "-");
            buf_printf(&text, "|%.*s|%lld\n", STR_ARGS(record->value),
                       (long long)record->timestamp_ms);
        }
        offset = records->next_offset;
        const uint32_t count = records->count;
        log_records_release(records);
        if (count == 0)
            break;
    }
    const struct str all = arena_str(&fixture->arena, buf_str(&text));
    buf_release(&text);
    return all;
}

static inline int compare_lines(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

/* The lines of a text in order of their bytes. */
static inline struct str sort_lines(struct fixture *fixture, struct str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++)
        count += text.data[i] == '\n';
    struct str *lines = ARENA_ARRAY(&fixture->arena, struct str, count + 1);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        const struct str rest = {text.data + at, text.size - at};
        lines[i] = (struct str){rest.data, str_index(rest, '\n') + 1};
        at += lines[i].size;
    }
    qsort(lines, count, sizeof(*lines), compare_lines);
    struct buf sorted = {0};
    for (size_t i = 0; i < count; i++)
        buf_append_str(&sorted, lines[i]);
    const struct str all = arena_str(&fixture->arena, buf_str(&sorted));
    buf_release(&sorted);
    return all;
}

/* All partitions' records, sorted. */
static inline struct str read_sorted(struct fixture *fixture, const char *topic_name)
{
    struct buf text = {0};
    for (int32_t i = 0; i < open_topic(fixture, topic_name)->partition_count; i++)
        buf_append_str(&text, read_partition(fixture, topic_name, i));
    const struct str sorted = sort_lines(fixture, buf_str(&text));
    buf_release(&text);
    return sorted;
}

#define assert_text(text, expected)                                                                \
    do {                                                                                           \
        const struct str asserted = (text);                                                        \
        const struct str wanted = (expected);                                                      \
        if (!str_equal(asserted, wanted))                                                          \
            fail_msg("found:\n%.*s\nexpected:\n%.*s", STR_ARGS(asserted), STR_ARGS(wanted));       \
    } while (0)

static inline const struct row_type *make_row_type(struct arena *arena, uint32_t count,
                                                   const char *const *names)
{
    struct row_column *columns = ARENA_ARRAY(arena, struct row_column, count);
    for (uint32_t i = 0; i < count; i++)
        columns[i] = (struct row_column){.name = str_from(names[i]),
                                         .type = &type_string,
                                         .role = i == 0 ? COLUMN_KEY : COLUMN_VALUE};
    return row_type_new(arena, columns, count);
}

static inline struct record_format make_format(struct arena *arena, const char *topic,
                                               uint32_t count, const char *const *names,
                                               enum format_kind value)
{
    return (struct record_format){
        .topic = str_from(topic),
        .row_type = make_row_type(arena, count, names),
        .key = {.kind = FORMAT_KAFKA, .delimiter = ','},
        .value = {.kind = value, .delimiter = ','},
    };
}

static inline struct plan_input make_input(struct arena *arena, struct record_format format,
                                           bool is_internal)
{
    const uint32_t count = format.row_type->column_count;
    struct column_origin *origins = ARENA_ARRAY(arena, struct column_origin, count);
    for (uint32_t i = 0; i < count; i++)
        origins[i] = (struct column_origin){.kind = ORIGIN_COLUMN, .column = (uint16_t)i};
    return (struct plan_input){.format = format,
                               .is_internal = is_internal,
                               .source = is_internal ? (struct str){0} : format.topic,
                               .origins = origins,
                               .row_type = format.row_type,
                               .timestamp_column = -1};
}

static inline struct plan_node *make_node(struct arena *arena, enum node_kind kind, uint32_t id,
                                          const struct row_type *row_type)
{
    struct plan_node *node = ARENA_NEW(arena, struct plan_node);
    node->kind = kind;
    node->id = id;
    node->row_type = row_type;
    node->take_back = -1;
    return node;
}

static inline const uint16_t *make_map(struct arena *arena, uint32_t count, const uint16_t *from)
{
    return arena_copy(arena, from, count * sizeof(*from));
}

struct join_options {
    enum join_kind join;
    int64_t before_ms;
    int64_t after_ms;
    int64_t grace_ms;
    bool grace_given;
    bool rekeys; /* by ID, through internal topics; else by K */
    bool raw;    /* the re-keyed rows are joined as they lie; false: a filter stands between */
};

/* ON L.K = R.K, or ON L.ID = R.ID: the key, L's V, R's V into OUT (DELIMITED). */
static inline struct plan *make_join_plan(struct arena *arena, const struct join_options *options)
{
    static const char *const source_names[] = {"K", "ID", "V"};
    static const char *const rekeyed_names[] = {"ID", "V"};
    static const char *const out_names[] = {"K", "LV", "RV"};
    static const char *const topics[] = {"L", "R"};
    static const char *const suffixes[] = {"left", "right"};
    struct plan *plan = ARENA_NEW(arena, struct plan);
    struct plan_stage *stages = ARENA_ARRAY(arena, struct plan_stage, 2);
    struct plan_input *sources = ARENA_ARRAY(arena, struct plan_input, 2);
    struct plan_input *inputs = sources;
    for (int i = 0; i < 2; i++)
        sources[i] = make_input(
            arena, make_format(arena, topics[i], 3, source_names, FORMAT_DELIMITED), false);
    struct plan_stage *join_stage = &stages[0];
    if (options->rekeys) {
        struct plan_branch *branches = ARENA_ARRAY(arena, struct plan_branch, 2);
        inputs = ARENA_ARRAY(arena, struct plan_input, 2);
        for (uint32_t i = 0; i < 2; i++) {
            const struct record_format format =
                make_format(arena, suffixes[i], 2, rekeyed_names, FORMAT_KEPT);
            struct plan_node *input = make_node(arena, NODE_INPUT, 10 + i, sources[i].row_type);
            input->input = i;
            struct plan_node *project = make_node(arena, NODE_PROJECT, 20 + i, format.row_type);
            project->inputs[0] = input;
            struct expr **exprs = ARENA_ARRAY(arena, struct expr *, 2);
            exprs[0] = expr_column(arena, 1, &type_string, (struct place){1, 1});
            exprs[1] = expr_column(arena, 2, &type_string, (struct place){1, 1});
            project->exprs = exprs;
            project->expr_count = 2;
            branches[i] =
                (struct plan_branch){.root = project,
                                     .output = {.kind = OUTPUT_INTERNAL,
                                                .format = format,
                                                .map = make_map(arena, 2, (const uint16_t[]){0, 1}),
                                                .timestamp_column = -1,
                                                .drop_null_keys = true}};
            inputs[i] = make_input(arena, format, true);
        }
        stages[0] = (struct plan_stage){.inputs = sources,
                                        .input_count = 2,
                                        .branches = branches,
                                        .branch_count = 2,
                                        .gathers = true};
        join_stage = &stages[1];
    }

    const uint16_t value_column = options->rekeys ? 1 : 2;
    const struct record_format out = make_format(arena, "OUT", 3, out_names, FORMAT_DELIMITED);
    struct plan_node *join = make_node(arena, NODE_STREAM_JOIN, 1, out.row_type);
    for (uint32_t i = 0; i < 2; i++) {
        struct plan_node *input = make_node(arena, NODE_INPUT, 30 + i, inputs[i].row_type);
        input->input = i;
        join->inputs[i] = input;
        if (options->rekeys && !options->raw) {
            struct plan_node *filter = make_node(arena, NODE_FILTER, 40 + i, inputs[i].row_type);
            filter->inputs[0] = input;
            const struct value yes = {.boolean = true};
            filter->condition = expr_literal(arena, &type_boolean, yes, (struct place){1, 1});
            join->inputs[i] = filter;
        }
        join->carried[i] = make_map(arena, 1, &value_column);
        join->carried_count[i] = 1;
    }
    join->key_count = 1;
    join->join = options->join;
    join->before_ms = options->before_ms;
    join->after_ms = options->after_ms;
    join->grace_ms = options->grace_ms;
    join->grace_given = options->grace_given;
    struct plan_branch *branch = ARENA_NEW(arena, struct plan_branch);
    *branch =
        (struct plan_branch){.root = join,
                             .output = {.kind = OUTPUT_SINK,
                                        .format = out,
                                        .map = make_map(arena, 3, (const uint16_t[]){0, 1, 2}),
                                        .timestamp_column = -1}};
    *join_stage = (struct plan_stage){
        .inputs = inputs, .input_count = 2, .branches = branch, .branch_count = 1};
    plan->stages = stages;
    plan->stage_count = options->rekeys ? 2 : 1;
    return plan;
}

/* Opens a flow and starts the plan as Q_1. */
static inline void open_flow(struct fixture *fixture)
{
    fixture->flow_options.log = fixture->log;
    assert_ok(flow_open(&fixture->flow_options, &fixture->flow, NULL));
}

static inline void start_query(struct fixture *fixture, const struct plan *plan)
{
    struct why why = {0};
    const struct flow_query_options options = {.id = STR("Q_1"),
                                               .internal_prefix = STR("_query_Q_1-"),
                                               .dead_letter_topic = STR("DEAD"),
                                               .from_earliest = true};
    const enum err err = flow_start(fixture->flow, plan, &options, &fixture->query, &why);
    if (err != OK)
        fail_msg("%s: %s", err_name(err), why.text);
}

static inline void start(struct fixture *fixture, const struct plan *plan)
{
    open_flow(fixture);
    start_query(fixture, plan);
}

static inline void wait_idle(struct fixture *fixture)
{
    const enum err err = flow_wait_idle(fixture->flow, IDLE_MS);
    if (err != OK) {
        struct flow_status status;
        flow_get_status(fixture->query, &fixture->arena, &status);
        fail_msg("%s: %s", err_name(err), status.why.text);
    }
}

static inline uint64_t counted(struct fixture *fixture, enum counter counter)
{
    struct flow_status status;
    flow_get_status(fixture->query, &fixture->arena, &status);
    return counters_get(&status.counters, counter);
}

static inline void make_join_topics(struct fixture *fixture, int32_t partition_count)
{
    make_topic(fixture, "L", partition_count);
    make_topic(fixture, "R", partition_count);
    make_topic(fixture, "OUT", partition_count);
    make_topic(fixture, "DEAD", 1);
}

#endif

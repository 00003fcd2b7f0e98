/* tables.h -- plans of tables and aggregates made by hand, for tests.
 *
 * Source S: key K STRING (KAFKA), value G STRING, N BIGINT (DELIMITED). */
#ifndef TESTS_FLOW_TABLES_H
#define TESTS_FLOW_TABLES_H

#include "fixture.h"

#define AT ((struct place){1, 1})

struct table_options {
    bool from_table;  /* S is a table */
    bool groups_by_g; /* else by K */
    bool collects;    /* COLLECT_LIST(N) too */
    int64_t having;   /* COUNT(*) > this; 0: no HAVING */
    enum window_kind window;
    int64_t size_ms;
    int64_t advance_ms;
    int64_t grace_ms;
    bool is_final;
};

static inline struct row_column make_column(const char *name, const struct type *type, bool is_key)
{
    return (struct row_column){
        .name = str_from(name), .type = type, .role = is_key ? COLUMN_KEY : COLUMN_VALUE};
}

static inline struct record_format typed_format(struct arena *arena, const char *topic,
                                                const struct row_column *columns, uint32_t count)
{
    return (struct record_format){
        .topic = str_from(topic),
        .row_type = row_type_new(arena, columns, count),
        .key = {.kind = FORMAT_KAFKA, .delimiter = ','},
        .value = {.kind = FORMAT_DELIMITED, .delimiter = ','},
    };
}

static inline struct plan_input make_source(struct arena *arena, const char *topic, bool is_table)
{
    const struct row_column columns[] = {make_column("K", &type_string, true),
                                         make_column("G", &type_string, false),
                                         make_column("N", &type_bigint, false)};
    struct plan_input input = make_input(arena, typed_format(arena, topic, columns, 3), false);
    input.is_table = is_table;
    return input;
}

static inline struct plan *make_one_stage(struct arena *arena, const struct plan_input *inputs,
                                          uint32_t input_count, struct plan_node *root)
{
    const uint32_t count = root->row_type->column_count;
    uint16_t *map = ARENA_ARRAY(arena, uint16_t, count);
    for (uint32_t i = 0; i < count; i++)
        map[i] = (uint16_t)i;
    struct plan_branch *branch = ARENA_NEW(arena, struct plan_branch);
    *branch = (struct plan_branch){
        .root = root,
        .output = {.kind = OUTPUT_SINK,
                   .format = typed_format(arena, "OUT", root->row_type->columns, count),
                   .map = map,
                   .timestamp_column = -1}};
    struct plan_stage *stage = ARENA_NEW(arena, struct plan_stage);
    *stage = (struct plan_stage){
        .inputs = inputs, .input_count = input_count, .branches = branch, .branch_count = 1};
    struct plan *plan = ARENA_NEW(arena, struct plan);
    plan->stages = stage;
    plan->stage_count = 1;
    return plan;
}

static inline struct plan_node *make_table(struct arena *arena, const struct plan_input *input,
                                           uint32_t index)
{
    struct plan_node *node = make_node(arena, NODE_TABLE, 1, input->row_type);
    node->input = index;
    node->is_table = true;
    return node;
}

static inline struct plan_aggregate make_aggregate(struct arena *arena, const char *name,
                                                   struct expr *arg)
{
    struct expr **args = ARENA_ARRAY(arena, struct expr *, 1);
    const struct aggregate *aggregate = NULL;
    assert_ok(
        aggregate_resolve(arena, str_from(name), &arg, arg ? 1 : 0, AT, &aggregate, args, NULL));
    return (struct plan_aggregate){.aggregate = aggregate, .args = args};
}

static inline struct plan_node *make_having(struct arena *arena, struct plan_node *below,
                                            uint32_t column, int64_t more_than)
{
    struct plan_node *filter = make_node(arena, NODE_FILTER, 3, below->row_type);
    filter->inputs[0] = below;
    filter->is_table = true;
    filter->is_windowed = below->is_windowed;
    struct expr *sides[] = {
        expr_column(arena, column, below->row_type->columns[column].type, AT),
        expr_literal(arena, &type_bigint, (struct value){.bigint = more_than}, AT)};
    assert_ok(expr_call(arena, STR(">"), sides, 2, AT, &filter->condition, NULL));
    return filter;
}

/* SELECT K (or G), COUNT(*), SUM(N)[, COLLECT_LIST(N)][, WINDOWSTART, WINDOWEND] FROM S GROUP BY.
 */
static inline struct plan *make_aggregate_plan(struct arena *arena,
                                               const struct table_options *options)
{
    struct plan_input *input = ARENA_NEW(arena, struct plan_input);
    *input = make_source(arena, "S", options->from_table);
    struct plan_node *below;
    if (options->from_table) {
        struct row_column columns[4];
        memcpy(columns, input->row_type->columns, 3 * sizeof(*columns));
        columns[3] = make_column("UNDO", &type_boolean, false);
        below = make_node(arena, NODE_CHANGES, 5, row_type_new(arena, columns, 4));
        below->inputs[0] = make_table(arena, input, 0);
    } else {
        below = make_node(arena, NODE_INPUT, 5, input->row_type);
    }

    struct row_column columns[6] = {make_column("K", &type_string, true),
                                    make_column("CNT", &type_bigint, false),
                                    make_column("TOTAL", &type_bigint, false)};
    struct plan_aggregate *aggregates = ARENA_ARRAY(arena, struct plan_aggregate, 3);
    struct expr *number = expr_column(arena, 2, &type_bigint, AT);
    uint32_t count = 3;
    aggregates[0] = make_aggregate(arena, "COUNT", NULL);
    aggregates[1] = make_aggregate(arena, "SUM", number);
    if (options->collects) {
        aggregates[2] = make_aggregate(arena, "COLLECT_LIST", number);
        columns[count++] = make_column("LIST", aggregates[2].aggregate->result_type, false);
    }
    if (options->window != WINDOW_NONE) {
        columns[count++] = make_column("WINDOWSTART", &type_bigint, false);
        columns[count++] = make_column("WINDOWEND", &type_bigint, false);
    }
    struct plan_node *node =
        make_node(arena, NODE_AGGREGATE, 2, row_type_new(arena, columns, count));
    struct expr **keys = ARENA_ARRAY(arena, struct expr *, 1);
    keys[0] = expr_column(arena, options->groups_by_g ? 1 : 0, &type_string, AT);
    node->inputs[0] = below;
    node->is_table = true;
    node->is_windowed = options->window != WINDOW_NONE;
    node->keys = keys;
    node->key_count = 1;
    node->take_back = options->from_table ? 3 : -1;
    node->aggregates = aggregates;
    node->aggregate_count = options->collects ? 3 : 2;
    node->window = options->window;
    node->window_size_ms = options->size_ms;
    node->window_advance_ms = options->advance_ms;
    node->window_grace_ms = options->grace_ms;
    node->is_final = options->is_final;
    struct plan_node *root = node;
    if (options->having > 0)
        root = make_having(arena, node, 1, options->having);
    struct plan *plan = make_one_stage(arena, input, 1, root);
    if (options->collects)
        ((struct plan_branch *)plan->stages->branches)->output.format.value.kind = FORMAT_JSON;
    return plan;
}

/* SELECT S.K, S.N, T.G, T.N FROM S JOIN T ON S.K = T.K. */
static inline const struct plan *make_table_join_plan(struct arena *arena, enum join_kind kind)
{
    struct plan_input *inputs = ARENA_ARRAY(arena, struct plan_input, 2);
    inputs[0] = make_source(arena, "S", false);
    inputs[1] = make_source(arena, "T", true);
    const struct row_column columns[] = {
        make_column("K", &type_string, true), make_column("SN", &type_bigint, false),
        make_column("TG", &type_string, false), make_column("TN", &type_bigint, false)};
    struct plan_node *join = make_node(arena, NODE_TABLE_JOIN, 7, row_type_new(arena, columns, 4));
    join->inputs[0] = make_node(arena, NODE_INPUT, 8, inputs[0].row_type);
    join->inputs[1] = make_table(arena, &inputs[1], 1);
    join->join = kind;
    join->key_count = 1;
    join->carried[0] = make_map(arena, 1, (const uint16_t[]){2});
    join->carried_count[0] = 1;
    join->carried[1] = make_map(arena, 2, (const uint16_t[]){1, 2});
    join->carried_count[1] = 2;
    return make_one_stage(arena, inputs, 2, join);
}

static inline void make_table_topics(struct fixture *fixture)
{
    make_topic(fixture, "S", 1);
    make_topic(fixture, "OUT", 1);
    make_topic(fixture, "DEAD", 1);
}

static inline struct str output(struct fixture *fixture)
{
    wait_idle(fixture);
    return read_partition(fixture, "OUT", 0);
}

/* As after a crash of the process that lost nothing: everything is opened anew. */
static inline void restart(struct fixture *fixture, const struct plan *plan)
{
    fixture_close(fixture);
    fixture_open(fixture);
    fixture_join(fixture);
    start(fixture, plan);
}

#endif

/* plan_aggregate.c -- GROUP BY: rows brought to their groups, aggregated, HAVING on top. */
#include "data/time.h"
#include "sql/group.h"

static void name_keys(const struct grouping *grouping, struct select *select);
static enum err check_window(struct planner *planner, const struct relation *relation);
static enum err resolve_keys(struct planner *planner, const struct relation *relation,
                             struct grouping *grouping);
static void add_changes(struct planner *planner, struct relation *relation);
static bool keyed_already(const struct relation *relation, const struct grouping *grouping);
static enum err bring_together(struct planner *planner, struct relation *relation,
                               struct grouping *grouping);
static struct plan_node *aggregate_node(struct planner *planner, const struct relation *relation,
                                        const struct grouping *grouping);
static void set_window(const struct syntax_query *query, struct plan_node *node);

/* The name of the column that NODE_CHANGES adds; no statement can name its source. */
static const struct str take_back_alias = STR(" ");

enum err plan_aggregate(struct planner *planner, struct relation *relation,
                        struct select *ret_select)
{
    const struct syntax_query *query = planner->query;
    struct grouping grouping = {.planner = planner,
                                .source = relation->scope,
                                .key_count = query->group_by_count,
                                .is_windowed = query->window != NULL,
                                .is_table = relation->is_table,
                                .flat_states =
                                    relation->left->format.value.kind == FORMAT_DELIMITED};
    enum err err = check_window(planner, relation);
    if (!err)
        err = resolve_keys(planner, relation, &grouping);
    struct select select = {.key_count = grouping.key_count, .key_words = "grouping expression"};
    if (!err)
        err = select_expand(planner, relation, NULL, &select);
    /* Moving columns must not change what the source's names mean. */
    grouping.source.columns.data =
        arena_copy(planner->arena, relation->scope.columns.data,
                   relation->scope.columns.count * sizeof(struct scope_column));
    if (!err)
        err = bring_together(planner, relation, &grouping);
    struct expr *having = NULL;
    if (!err)
        err = group_resolve(&grouping, &select, &having);
    if (err)
        return err;

    relation->node = aggregate_node(planner, relation, &grouping);
    relation->is_table = true;
    relation->is_stateful = true;
    relation->key_count = grouping.key_count;
    relation->window = query->window ? query->window->kind : WINDOW_NONE;
    relation->window_size_ms =
        query->window && query->window->kind != WINDOW_SESSION ? query->window->size_ms : 0;
    name_keys(&grouping, &select);
    if (having) {
        struct plan_node *filter = plan_node_new(planner, NODE_FILTER, query->having->place,
                                                 relation->node->row_type, relation->node);
        filter->condition = having;
        relation->node = filter;
    }
    *ret_select = select;
    return OK;
}

/* The result is keyed by the groups' keys, which messages call what GROUP BY does. */
static void name_keys(const struct grouping *grouping, struct select *select)
{
    struct arena *arena = grouping->planner->arena;
    const struct syntax_query *query = grouping->planner->query;
    struct expr **keys = ARENA_ARRAY(arena, struct expr *, grouping->key_count);
    struct str *names = ARENA_ARRAY(arena, struct str, grouping->key_count);
    for (uint32_t i = 0; i < grouping->key_count; i++) {
        keys[i] = expr_column(arena, i, grouping->keys[i]->type, query->place);
        names[i] = syntax_text(query->group_by[i], arena);
    }
    select->keys = keys;
    select->key_names = names;
}

static enum err check_window(struct planner *planner, const struct relation *relation)
{
    const struct syntax_window *window = planner->query->window;
    if (relation->left->format.value.kind == FORMAT_KAFKA)
        return plan_refuse(planner, planner->query->group_by_place,
                           "'%.*s' has the value format KAFKA, which does not support GROUP BY",
                           STR_ARGS(relation->name));
    if (relation->is_table && relation->window != WINDOW_NONE)
        return plan_refuse(planner, planner->query->group_by_place,
                           "GROUP BY is not supported on tables with windowed keys");
    if (!window)
        return OK;
    if (relation->is_table)
        return plan_refuse(planner, window->place, "WINDOW is only for streams, '%.*s' is a table",
                           STR_ARGS(relation->name));
    if (window->size_ms <= 0 || window->advance_ms <= 0)
        return plan_refuse(planner, window->place, "a window cannot have the size or advance 0");
    if (window->advance_ms > window->size_ms)
        return plan_refuse(planner, window->place, "a window cannot advance by more than its size");
    const int64_t needed = window->size_ms + (window->has_grace ? window->grace_ms : 0);
    if (window->has_retention && window->retention_ms < needed)
        return plan_refuse(planner, window->place,
                           "RETENTION must be at least the window's SIZE and GRACE PERIOD");
    return OK;
}

static enum err resolve_keys(struct planner *planner, const struct relation *relation,
                             struct grouping *grouping)
{
    const struct syntax_query *query = planner->query;
    struct resolver resolver = plan_resolver(planner, &relation->scope, "GROUP BY");
    grouping->source_keys = ARENA_ARRAY(planner->arena, struct expr *, query->group_by_count);
    for (uint32_t i = 0; i < query->group_by_count; i++) {
        const struct syntax_expr *syntax = query->group_by[i];
        const struct syntax_expr *found = syntax_find_aggregate(syntax);
        if (found)
            return plan_refuse(planner, found->place,
                               "GROUP BY does not support aggregate functions: %.*s is one",
                               STR_ARGS(found->name));
        found = syntax_find_table_function(syntax);
        if (found)
            return plan_refuse(planner, found->place,
                               "GROUP BY does not support table functions: %.*s is one",
                               STR_ARGS(found->name));
        enum err err = resolve_expr(&resolver, syntax, &grouping->source_keys[i]);
        if (err)
            return err;
        if (!grouping->source_keys[i]->type)
            return plan_refuse(planner, syntax->place, "cannot GROUP BY NULL");
        for (uint32_t j = 0; j < i; j++) {
            if (expr_equal(grouping->source_keys[i], grouping->source_keys[j]))
                return plan_refuse(planner, syntax->place, "GROUP BY names %.*s twice",
                                   STR_ARGS(syntax_text(syntax, planner->arena)));
        }
    }
    return OK;
}

/* A table's changes as rows to take back and to add, so that they can go different ways. */
static void add_changes(struct planner *planner, struct relation *relation)
{
    const struct row_type *below = relation->node->row_type;
    struct row_column *columns =
        ARENA_ARRAY(planner->arena, struct row_column, below->column_count + 1);
    for (uint32_t i = 0; i < below->column_count; i++)
        columns[i] = below->columns[i];
    columns[below->column_count] =
        (struct row_column){.name = STR("TAKE_BACK"), .type = &type_boolean, .role = COLUMN_PSEUDO};
    struct plan_node *node = plan_node_new(
        planner, NODE_CHANGES, planner->query->group_by_place,
        row_type_new(planner->arena, columns, below->column_count + 1), relation->node);
    node->is_table = false;
    relation->node = node;
    *VECTOR_PUSH(&relation->scope.columns, planner->arena, struct scope_column) =
        (struct scope_column){.alias = take_back_alias,
                              .name = columns[below->column_count].name,
                              .type = &type_boolean,
                              .column = below->column_count,
                              .is_pseudo = true};
}

static bool keyed_already(const struct relation *relation, const struct grouping *grouping)
{
    if (relation->key_count != grouping->key_count || relation->window != WINDOW_NONE)
        return false;
    for (uint32_t i = 0; i < grouping->key_count; i++) {
        const struct expr *key = grouping->source_keys[i];
        bool same = key->kind == EXPR_COLUMN && key->index == i;
        /* A join's key may be called by several names. */
        const uint32_t *same_keys = relation->same_keys.data;
        for (uint32_t j = 0; relation->key_count == 1 && j < relation->same_keys.count; j++)
            same |= key->kind == EXPR_COLUMN &&
                    key->index == scope_columns(&relation->scope)[same_keys[j]].column;
        if (!same)
            return false;
    }
    return true;
}

/* Rows of one group come to one task: those not keyed by the group go through a topic. */
static enum err bring_together(struct planner *planner, struct relation *relation,
                               struct grouping *grouping)
{
    const bool keyed = keyed_already(relation, grouping);
    if (grouping->is_table)
        add_changes(planner, relation);
    struct stage *from = NULL;
    if (!keyed) {
        enum err err = relation_settle(planner, relation, STR("Aggregate-GroupBy-source"),
                                       planner->query->group_by_place);
        if (err)
            return err;
        err = relation_rekey(planner, relation, grouping->source_keys, grouping->key_count,
                             planner->query->group_by_place);
        struct format_spec key = relation->sink_key;
        if (key.kind == FORMAT_AVRO)
            key = (struct format_spec){.kind = FORMAT_KAFKA};
        if (!err)
            err = relation_through(planner, relation, &from, STR("Aggregate-GroupBy-repartition"),
                                   &key, relation->partition_count, true,
                                   planner->query->group_by_place);
        if (err)
            return err;
    }
    grouping->input = relation->scope;
    grouping->keys = ARENA_ARRAY(planner->arena, struct expr *, grouping->key_count);
    for (uint32_t i = 0; i < grouping->key_count; i++)
        grouping->keys[i] = keyed ? grouping->source_keys[i]
                                  : expr_column(planner->arena, i, grouping->source_keys[i]->type,
                                                grouping->source_keys[i]->place);
    return OK;
}

static struct plan_node *aggregate_node(struct planner *planner, const struct relation *relation,
                                        const struct grouping *grouping)
{
    const struct syntax_query *query = planner->query;
    struct row_column *columns = ARENA_ARRAY(planner->arena, struct row_column,
                                             grouping->key_count + grouping->aggregates.count + 2);
    uint32_t count = 0;
    for (; count < grouping->key_count; count++)
        columns[count] = (struct row_column){
            .name = query->group_by[count]->kind == SYNTAX_NAME
                        ? query->group_by[count]->name
                        : arena_printf(planner->arena, "KSQL_KEY_%u", count),
            .type = grouping->keys[count]->type,
            .role = COLUMN_KEY,
        };
    const struct plan_aggregate *aggregates = grouping->aggregates.data;
    for (uint32_t i = 0; i < grouping->aggregates.count; i++)
        columns[count++] = (struct row_column){
            .name = arena_printf(planner->arena, "KSQL_AGG_%u", i),
            .type = aggregates[i].aggregate->result_type,
            .role = COLUMN_VALUE,
        };
    if (query->window) {
        columns[count++] = (struct row_column){
            .name = STR("WINDOWSTART"), .type = &type_bigint, .role = COLUMN_PSEUDO};
        columns[count++] = (struct row_column){
            .name = STR("WINDOWEND"), .type = &type_bigint, .role = COLUMN_PSEUDO};
    }
    struct plan_node *node =
        plan_node_new(planner, NODE_AGGREGATE, query->group_by_place,
                      row_type_new(planner->arena, columns, count), relation->node);
    node->is_table = true;
    node->is_windowed = query->window != NULL;
    node->keys = grouping->keys;
    node->key_count = grouping->key_count;
    node->aggregates = aggregates;
    node->aggregate_count = grouping->aggregates.count;
    uint32_t found;
    const struct scope_column *take_back =
        scope_find(&relation->scope, take_back_alias, STR("TAKE_BACK"), &found);
    node->take_back = take_back ? (int32_t)take_back->column : -1;
    set_window(query, node);
    return node;
}

static void set_window(const struct syntax_query *query, struct plan_node *node)
{
    const struct syntax_window *window = query->window;
    if (!window)
        return;
    const int64_t rest_of_day = window->size_ms < TIME_DAY_MS ? TIME_DAY_MS - window->size_ms : 0;
    node->window = window->kind;
    node->window_size_ms = window->size_ms;
    node->window_advance_ms = window->advance_ms;
    node->window_grace_ms = window->has_grace   ? window->grace_ms
                            : query->emit_final ? 0
                                                : rest_of_day;
    const int64_t needed = node->window_size_ms + node->window_grace_ms;
    node->window_retention_ms =
        window->has_retention && window->retention_ms > needed ? window->retention_ms : needed;
    node->is_final = query->emit_final;
}

/* plan_aggregate.c -- GROUP BY: rows brought to their groups, aggregates found, HAVING on top.
 *
 * Names in SELECT and HAVING mean columns of the source, but the rows there are the aggregate's:
 * each expression is rebuilt with aggregates and grouping expressions as columns of those. */
#include "sql/planner.h"

#define DAY_MS 86400000
/* The window's bounds stand after the aggregates, whose number is only known at the end: until then
 * they are these columns. */
#define WINDOWSTART_LATER ROW_TYPE_COLUMNS_MAX
#define WINDOWEND_LATER (ROW_TYPE_COLUMNS_MAX + 1)

/* One GROUP BY. */
struct grouping {
    struct planner *planner;
    struct scope source;       /* as it was when the grouping expressions were resolved */
    struct expr **source_keys; /* over the source's rows */
    struct scope input;        /* the rows that reach the aggregate */
    struct expr **keys;        /* over those */
    uint32_t key_count;
    struct vector aggregates; /* of struct plan_aggregate */
    bool is_windowed;
    bool is_table; /* the source is */
    const char *clause;
};

static enum err check_window(struct planner *planner, const struct relation *relation);
static enum err resolve_keys(struct planner *planner, const struct relation *relation,
                             struct grouping *grouping);
static void add_changes(struct planner *planner, struct relation *relation);
static bool keyed_already(const struct relation *relation, const struct grouping *grouping);
static enum err bring_together(struct planner *planner, struct relation *relation,
                               struct grouping *grouping);
static enum err resolve_items(struct grouping *grouping, struct select *select);
static enum err grouping_special(struct resolver *resolver, const struct syntax_expr *syntax,
                                 struct expr **ret_expr);
static enum err resolve_aggregate(struct grouping *grouping, struct resolver *resolver,
                                  const struct syntax_expr *call, struct expr **ret_expr);
static const struct aggregate *with_limit(const struct planner *planner,
                                          const struct aggregate *aggregate);
static enum err resolve_group_key(struct grouping *grouping, struct resolver *resolver,
                                  const struct syntax_expr *syntax, struct expr **ret_expr);
static enum err resolve_leaf(struct grouping *grouping, struct resolver *resolver,
                             const struct syntax_expr *name, struct expr **ret_expr);
static void put_window_bounds(struct grouping *grouping, struct select *select,
                              struct expr **having);
static enum err not_grouped(struct grouping *grouping, struct place place, struct str text);
static bool same_aggregate(const struct plan_aggregate *a, const struct plan_aggregate *b);
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
                                .clause = "SELECT"};
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
    if (!err)
        err = resolve_items(&grouping, &select);
    struct resolver resolver = plan_resolver(planner, &grouping.source, "HAVING");
    resolver.special = grouping_special;
    resolver.context = &grouping;
    grouping.clause = "HAVING";
    struct expr *having = NULL;
    if (!err && query->having)
        err = resolve_condition(&resolver, query->having, &having);
    if (!err && grouping.aggregates.count == 0)
        err = plan_refuse(planner, query->group_by_place,
                          "GROUP BY needs an aggregate function in SELECT or HAVING");
    if (!err && grouping.key_count + grouping.aggregates.count + 2 > ROW_TYPE_COLUMNS_MAX)
        err = plan_refuse(planner, query->group_by_place, "there are too many aggregates");
    if (err)
        return err;
    put_window_bounds(&grouping, &select, &having);

    relation->node = aggregate_node(planner, relation, &grouping);
    relation->is_table = true;
    relation->is_stateful = true;
    relation->key_count = grouping.key_count;
    relation->window = query->window ? query->window->kind : WINDOW_NONE;
    relation->window_size_ms =
        query->window && query->window->kind != WINDOW_SESSION ? query->window->size_ms : 0;
    struct expr **keys = ARENA_ARRAY(planner->arena, struct expr *, grouping.key_count);
    struct str *names = ARENA_ARRAY(planner->arena, struct str, grouping.key_count);
    for (uint32_t i = 0; i < grouping.key_count; i++) {
        keys[i] = expr_column(planner->arena, i, grouping.keys[i]->type, query->place);
        names[i] = syntax_text(query->group_by[i], planner->arena);
    }
    select.keys = keys;
    select.key_names = names;
    if (having) {
        struct plan_node *filter = plan_node_new(planner, NODE_FILTER, query->having->place,
                                                 relation->node->row_type, relation->node);
        filter->condition = having;
        relation->node = filter;
    }
    *ret_select = select;
    return OK;
}

const struct syntax_expr *syntax_find_aggregate(const struct syntax_expr *syntax)
{
    if (syntax->kind == SYNTAX_CALL) {
        const struct function_info *info = function_find(syntax->name);
        if (info && info->kind == FUNCTION_AGGREGATE)
            return syntax;
    }
    for (uint32_t i = 0; i < syntax->arg_count; i++) {
        const struct syntax_expr *found = syntax_find_aggregate(syntax->args[i]);
        if (found)
            return found;
    }
    return NULL;
}

const struct syntax_expr *syntax_find_table_function(const struct syntax_expr *syntax)
{
    if (syntax->kind == SYNTAX_CALL) {
        const struct function_info *info = function_find(syntax->name);
        if (info && info->kind == FUNCTION_TABLE)
            return syntax;
    }
    for (uint32_t i = 0; i < syntax->arg_count; i++) {
        const struct syntax_expr *found = syntax_find_table_function(syntax->args[i]);
        if (found)
            return found;
    }
    return NULL;
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
    const bool plain_keys = keyed;
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
        grouping->keys[i] = plain_keys
                                ? grouping->source_keys[i]
                                : expr_column(planner->arena, i, grouping->source_keys[i]->type,
                                              grouping->source_keys[i]->place);
    return OK;
}

static enum err resolve_items(struct grouping *grouping, struct select *select)
{
    struct planner *planner = grouping->planner;
    struct resolver resolver = plan_resolver(planner, &grouping->source, "SELECT");
    resolver.special = grouping_special;
    resolver.context = grouping;
    struct select_item *items = select->items.data;
    for (uint32_t i = 0; i < select->items.count; i++) {
        struct select_item *item = &items[i];
        const struct syntax_expr *syntax = item->syntax;
        const struct syntax_expr star = {.kind = SYNTAX_NAME,
                                         .place = item->place,
                                         .qualifier = item->column ? item->column->alias : STR(""),
                                         .name = item->column ? item->column->name : STR(""),
                                         .text = item->name};
        const struct syntax_expr *found = syntax ? syntax_find_table_function(syntax) : NULL;
        if (found)
            return plan_refuse(planner, found->place,
                               "table functions cannot be used with aggregations");
        enum err err = resolve_expr(&resolver, syntax ? syntax : &star, &item->expr);
        if (err)
            return err;
    }
    return OK;
}

/* What the usual rules do not know: aggregates, grouping expressions, the window's bounds. */
static enum err grouping_special(struct resolver *resolver, const struct syntax_expr *syntax,
                                 struct expr **ret_expr)
{
    struct grouping *grouping = resolver->context;
    if (syntax->kind == SYNTAX_CALL) {
        const struct function_info *info = function_find(syntax->name);
        if (info && info->kind == FUNCTION_AGGREGATE)
            return resolve_aggregate(grouping, resolver, syntax, ret_expr);
    }
    const enum err err = resolve_group_key(grouping, resolver, syntax, ret_expr);
    if (err != ERR_NOT_FOUND)
        return err;
    if (syntax->kind == SYNTAX_NAME)
        return resolve_leaf(grouping, resolver, syntax, ret_expr);
    return ERR_NOT_FOUND;
}

static enum err resolve_aggregate(struct grouping *grouping, struct resolver *resolver,
                                  const struct syntax_expr *call, struct expr **ret_expr)
{
    struct planner *planner = grouping->planner;
    struct arena *arena = planner->arena;
    for (uint32_t i = 0; i < call->arg_count; i++) {
        const struct syntax_expr *nested = syntax_find_aggregate(call->args[i]);
        if (nested)
            return plan_refuse(planner, nested->place, "aggregate functions cannot be nested: %.*s",
                               STR_ARGS(syntax_text(call, arena)));
    }
    if (resolver->frame)
        return plan_refuse(planner, call->place, "an aggregate function cannot stand in a lambda");
    struct resolver inner = plan_resolver(planner, &grouping->input, grouping->clause);
    struct expr **args;
    enum err err = resolve_args(&inner, call, &args);
    if (err)
        return err;
    struct plan_aggregate found = {0};
    struct expr **varying = ARENA_ARRAY(arena, struct expr *, call->arg_count);
    err = aggregate_resolve(arena, call->name, args, call->arg_count, call->place, &found.aggregate,
                            varying, planner->why);
    if (err)
        return err;
    found.args = varying;
    found.aggregate = with_limit(planner, found.aggregate);
    if (grouping->is_table && !found.aggregate->can_undo)
        return plan_refuse(planner, call->place,
                           "the aggregate function %.*s cannot be applied to a table, only to a "
                           "stream",
                           STR_ARGS(call->name));
    const struct plan_aggregate *known = grouping->aggregates.data;
    uint32_t index = 0;
    while (index < grouping->aggregates.count && !same_aggregate(&known[index], &found))
        index++;
    if (index == grouping->aggregates.count)
        *VECTOR_PUSH(&grouping->aggregates, arena, struct plan_aggregate) = found;
    *ret_expr =
        expr_column(arena, grouping->key_count + index, found.aggregate->result_type, call->place);
    return OK;
}

/* What the settings say of how much may be collected. */
static const struct aggregate *with_limit(const struct planner *planner,
                                          const struct aggregate *aggregate)
{
    const bool is_list = str_equal(aggregate->name, STR("COLLECT_LIST"));
    if (!is_list && !str_equal(aggregate->name, STR("COLLECT_SET")))
        return aggregate;
    struct aggregate *limited = arena_copy(planner->arena, aggregate, sizeof(*aggregate));
    limited->items_max =
        is_list ? planner->catalog->collect_list_max : planner->catalog->collect_set_max;
    return limited;
}

/* ERR_NOT_FOUND: it is no grouping expression. Only what has the same shape can be one. */
static enum err resolve_group_key(struct grouping *grouping, struct resolver *resolver,
                                  const struct syntax_expr *syntax, struct expr **ret_expr)
{
    const struct syntax_query *query = grouping->planner->query;
    bool may_be = false;
    for (uint32_t i = 0; i < grouping->key_count; i++)
        may_be |= query->group_by[i]->kind == syntax->kind;
    if (!may_be || resolver->frame || syntax_find_aggregate(syntax))
        return ERR_NOT_FOUND;
    struct resolver inner = plan_resolver(grouping->planner, &grouping->source, grouping->clause);
    inner.why = NULL;
    struct expr *expr;
    if (resolve_expr(&inner, syntax, &expr) != OK)
        return ERR_NOT_FOUND;
    for (uint32_t i = 0; i < grouping->key_count; i++) {
        if (expr_equal(expr, grouping->source_keys[i])) {
            *ret_expr = expr_column(grouping->planner->arena, i, expr->type, syntax->place);
            return OK;
        }
    }
    return ERR_NOT_FOUND;
}

/* A name that is not grouped by: a lambda's parameter, a bound of the window, or wrong. */
static enum err resolve_leaf(struct grouping *grouping, struct resolver *resolver,
                             const struct syntax_expr *name, struct expr **ret_expr)
{
    for (const struct lambda_frame *frame = resolver->frame; frame; frame = frame->outer) {
        for (uint32_t i = 0; name->qualifier.size == 0 && i < frame->count; i++) {
            if (str_equal(frame->names[i], name->name))
                return ERR_NOT_FOUND;
        }
    }
    const bool is_start = str_equal(name->name, STR("WINDOWSTART"));
    const bool is_end = str_equal(name->name, STR("WINDOWEND"));
    if (grouping->is_windowed && name->qualifier.size == 0 && (is_start || is_end)) {
        *ret_expr =
            expr_column(grouping->planner->arena, is_start ? WINDOWSTART_LATER : WINDOWEND_LATER,
                        &type_bigint, name->place);
        return OK;
    }
    struct resolver inner = plan_resolver(grouping->planner, &grouping->source, grouping->clause);
    const struct scope_column *column;
    enum err err = resolve_name(&inner, name, &column);
    if (err)
        return err;
    return not_grouped(grouping, name->place, syntax_text(name, grouping->planner->arena));
}

/* Now that all aggregates are known, the window's bounds have their columns. */
static void put_window_bounds(struct grouping *grouping, struct select *select,
                              struct expr **having)
{
    if (!grouping->is_windowed)
        return;
    struct arena *arena = grouping->planner->arena;
    uint16_t *map = ARENA_ARRAY(arena, uint16_t, ROW_TYPE_COLUMNS_MAX + 2);
    for (uint32_t i = 0; i < ROW_TYPE_COLUMNS_MAX; i++)
        map[i] = (uint16_t)i;
    const uint32_t first = grouping->key_count + grouping->aggregates.count;
    map[WINDOWSTART_LATER] = (uint16_t)first;
    map[WINDOWEND_LATER] = (uint16_t)(first + 1);
    struct select_item *items = select->items.data;
    for (uint32_t i = 0; i < select->items.count; i++)
        items[i].expr = expr_remap(arena, items[i].expr, map);
    if (*having)
        *having = expr_remap(arena, *having, map);
}

static enum err not_grouped(struct grouping *grouping, struct place place, struct str text)
{
    return plan_refuse(grouping->planner, place,
                       "%s: '%.*s' is neither grouped by nor in an aggregate function",
                       grouping->clause, STR_ARGS(text));
}

static bool same_aggregate(const struct plan_aggregate *a, const struct plan_aggregate *b)
{
    if (a->aggregate->ops != b->aggregate->ops ||
        !str_equal(a->aggregate->name, b->aggregate->name) ||
        !type_equal(a->aggregate->result_type, b->aggregate->result_type) ||
        a->aggregate->arg_count != b->aggregate->arg_count || a->aggregate->constant_count > 0 ||
        b->aggregate->constant_count > 0)
        return false;
    for (uint32_t i = 0; i < a->aggregate->arg_count; i++) {
        if (!expr_equal(a->args[i], b->args[i]))
            return false;
    }
    return true;
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
    const int64_t rest_of_day = window->size_ms < DAY_MS ? DAY_MS - window->size_ms : 0;
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

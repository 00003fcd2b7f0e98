/* group.c -- SELECT and HAVING of a GROUP BY, over the aggregate's rows.
 *
 * Names there mean columns of the source, but the rows are the aggregate's: each expression is
 * rebuilt with aggregates and grouping expressions as columns of those. */
#include "sql/group.h"

/* The window's bounds stand after the aggregates, whose number is only known at the end: until then
 * they are these columns. */
#define WINDOWSTART_LATER ROW_TYPE_COLUMNS_MAX
#define WINDOWEND_LATER (ROW_TYPE_COLUMNS_MAX + 1)

static enum err resolve_items(struct grouping *grouping, struct select *select);
static enum err resolve_having(struct grouping *grouping, struct expr **ret_having);
static struct resolver group_resolver(struct grouping *grouping);
static enum err resolve_special(struct resolver *resolver, const struct syntax_expr *syntax,
                                struct expr **ret_expr);
static enum err resolve_aggregate(struct grouping *grouping, struct resolver *resolver,
                                  const struct syntax_expr *call, struct expr **ret_expr);
static enum err refuse_place(struct planner *planner, const struct resolver *resolver,
                             const struct syntax_expr *call);
static uint32_t aggregate_index(struct grouping *grouping, const struct plan_aggregate *aggregate);
static bool same_aggregate(const struct plan_aggregate *a, const struct plan_aggregate *b);
static const struct aggregate *with_limit(const struct planner *planner,
                                          const struct aggregate *aggregate);
static enum err resolve_group_key(struct grouping *grouping, struct resolver *resolver,
                                  const struct syntax_expr *syntax, struct expr **ret_expr);
static enum err resolve_leaf(struct grouping *grouping, struct resolver *resolver,
                             const struct syntax_expr *name, struct expr **ret_expr);
static void put_window_bounds(struct grouping *grouping, struct select *select,
                              struct expr **having);

enum err group_resolve(struct grouping *grouping, struct select *select, struct expr **ret_having)
{
    struct planner *planner = grouping->planner;
    struct expr *having = NULL;
    enum err err = resolve_items(grouping, select);
    if (!err && planner->query->having)
        err = resolve_having(grouping, &having);
    if (!err && grouping->aggregates.count == 0)
        err = plan_refuse(planner, planner->query->group_by_place,
                          "GROUP BY needs an aggregate function in SELECT or HAVING");
    if (!err && grouping->key_count + grouping->aggregates.count + 2 > ROW_TYPE_COLUMNS_MAX)
        err = plan_refuse(planner, planner->query->group_by_place, "there are too many aggregates");
    if (err)
        return err;
    put_window_bounds(grouping, select, &having);
    *ret_having = having;
    return OK;
}

static enum err resolve_items(struct grouping *grouping, struct select *select)
{
    struct planner *planner = grouping->planner;
    grouping->clause = "SELECT";
    struct resolver resolver = group_resolver(grouping);
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

static enum err resolve_having(struct grouping *grouping, struct expr **ret_having)
{
    grouping->clause = "HAVING";
    struct resolver resolver = group_resolver(grouping);
    return resolve_condition(&resolver, grouping->planner->query->having, ret_having);
}

static struct resolver group_resolver(struct grouping *grouping)
{
    struct resolver resolver =
        plan_resolver(grouping->planner, &grouping->source, grouping->clause);
    resolver.special = resolve_special;
    resolver.context = grouping;
    return resolver;
}

/* What the usual rules do not know: aggregates, grouping expressions, the window's bounds. */
static enum err resolve_special(struct resolver *resolver, const struct syntax_expr *syntax,
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
    struct resolver inner = plan_resolver(planner, &grouping->input, grouping->clause);
    struct expr **args;
    enum err err = refuse_place(planner, resolver, call);
    if (!err)
        err = resolve_args(&inner, call, &args);
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
    const enum type_kind state = found.aggregate->state_type->kind;
    if (grouping->flat_states && (state == TYPE_ARRAY || state == TYPE_MAP || state == TYPE_STRUCT))
        return plan_refuse(planner, call->place,
                           "the aggregate function %.*s needs a state that the source's value "
                           "format DELIMITED cannot hold: change the format",
                           STR_ARGS(call->name));
    const uint32_t index = aggregate_index(grouping, &found);
    *ret_expr =
        expr_column(arena, grouping->key_count + index, found.aggregate->result_type, call->place);
    return OK;
}

/* Aggregates do not stand in each other, nor in lambdas. */
static enum err refuse_place(struct planner *planner, const struct resolver *resolver,
                             const struct syntax_expr *call)
{
    for (uint32_t i = 0; i < call->arg_count; i++) {
        const struct syntax_expr *nested = syntax_find_aggregate(call->args[i]);
        if (nested)
            return plan_refuse(planner, nested->place, "aggregate functions cannot be nested: %.*s",
                               STR_ARGS(syntax_text(call, planner->arena)));
    }
    if (resolver->frame)
        return plan_refuse(planner, call->place, "an aggregate function cannot stand in a lambda");
    return OK;
}

/* An aggregate that stands there twice is computed once. */
static uint32_t aggregate_index(struct grouping *grouping, const struct plan_aggregate *aggregate)
{
    const struct plan_aggregate *known = grouping->aggregates.data;
    for (uint32_t i = 0; i < grouping->aggregates.count; i++) {
        if (same_aggregate(&known[i], aggregate))
            return i;
    }
    *VECTOR_PUSH(&grouping->aggregates, grouping->planner->arena, struct plan_aggregate) =
        *aggregate;
    return grouping->aggregates.count - 1;
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
    return plan_refuse(grouping->planner, name->place,
                       "%s: '%.*s' is neither grouped by nor in an aggregate function",
                       grouping->clause, STR_ARGS(syntax_text(name, grouping->planner->arena)));
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

/* join_check.c -- what may be joined on what, and the condition split into its sides. */
#include "sql/join.h"

static enum err check_sources(struct planner *planner, const struct syntax_join *join,
                              const struct relation *left, const struct relation *right);
static enum err check_value_formats(struct planner *planner, const struct syntax_join *join,
                                    const struct relation *left, const struct relation *right);
static enum err split_condition(struct planner *planner, const struct syntax_join *join,
                                struct join_side *left, struct join_side *right);
static enum err resolve_side(struct planner *planner, const struct scope *both,
                             const struct syntax_expr *condition, struct join_side *side);
static enum err find_aliases(struct resolver *resolver, const struct syntax_expr *syntax,
                             struct vector *aliases);
static enum err order_sides(struct planner *planner, const struct syntax_join *join,
                            struct join_side *left, struct join_side *right);
static enum err check_types(struct planner *planner, const struct syntax_join *join,
                            const struct join_side *left, const struct join_side *right);
static enum err check_kinds(struct planner *planner, const struct syntax_join *join,
                            const struct join_side *left, const struct join_side *right);
static enum err check_tables(struct planner *planner, const struct syntax_join *join,
                             const struct join_side *left);
static enum err check_windows(struct planner *planner, const struct syntax_join *join,
                              const struct join_side *left, const struct join_side *right);

enum err join_check(struct planner *planner, const struct syntax_join *join, struct join_side *left,
                    struct join_side *right)
{
    enum err err = check_sources(planner, join, left->relation, right->relation);
    if (!err)
        err = split_condition(planner, join, left, right);
    if (!err)
        err = check_types(planner, join, left, right);
    if (!err)
        err = check_kinds(planner, join, left, right);
    if (!err)
        err = check_windows(planner, join, left, right);
    return err;
}

static enum err check_sources(struct planner *planner, const struct syntax_join *join,
                              const struct relation *left, const struct relation *right)
{
    const struct syntax_query *query = planner->query;
    const struct place place = join->source.place;
    const struct syntax_source *before = &query->from;
    for (const struct syntax_join *next = query->joins;; next++) {
        if (str_equal(before->name, join->source.name))
            return plan_refuse(planner, place,
                               query->join_count == 1
                                   ? "cannot join '%.*s' to itself: self joins are not supported"
                                   : "'%.*s' stands more than once in the joins, which is not "
                                     "supported",
                               STR_ARGS(join->source.name));
        if (str_equal(before->alias, join->source.alias))
            return plan_refuse(planner, place, "the alias '%.*s' is taken",
                               STR_ARGS(join->source.alias));
        if (next == join)
            break;
        before = &next->source;
    }
    return check_value_formats(planner, join, left, right);
}

static enum err check_value_formats(struct planner *planner, const struct syntax_join *join,
                                    const struct relation *left, const struct relation *right)
{
    const struct relation *relations[] = {left, right};
    for (int i = 0; i < 2; i++) {
        if (relations[i]->left->format.value.kind == FORMAT_KAFKA)
            return plan_refuse(planner, i == 0 ? planner->query->from.place : join->source.place,
                               "'%.*s' has the value format KAFKA, which does not support JOIN",
                               STR_ARGS(relations[i]->name));
    }
    return OK;
}

/* ON must be '=' between an expression of one source and an expression of another. */
static enum err split_condition(struct planner *planner, const struct syntax_join *join,
                                struct join_side *left, struct join_side *right)
{
    const struct syntax_expr *condition = join->condition;
    if (condition->kind == SYNTAX_AND || condition->kind == SYNTAX_OR)
        return plan_refuse(planner, condition->place,
                           "joins on multiple conditions are not supported: %.*s",
                           STR_ARGS(syntax_text(condition, planner->arena)));
    if (condition->kind != SYNTAX_OPERATOR || !str_equal(condition->name, STR("=")))
        return plan_refuse(planner, condition->place,
                           "the condition of a join must be an equality, found %.*s",
                           STR_ARGS(syntax_text(condition, planner->arena)));
    const struct scope both =
        scope_join(&left->relation->scope, &right->relation->scope, planner->arena);
    left->syntax = condition->args[0];
    right->syntax = condition->args[1];
    enum err err = resolve_side(planner, &both, condition, left);
    if (!err)
        err = resolve_side(planner, &both, condition, right);
    if (!err)
        err = order_sides(planner, join, left, right);
    if (err)
        return err;
    struct resolver resolver = plan_resolver(planner, &left->relation->scope, "JOIN ON");
    err = resolve_expr(&resolver, left->syntax, &left->expr);
    if (err)
        return err;
    resolver.scope = &right->relation->scope;
    return resolve_expr(&resolver, right->syntax, &right->expr);
}

static enum err resolve_side(struct planner *planner, const struct scope *both,
                             const struct syntax_expr *condition, struct join_side *side)
{
    const struct syntax_expr *function = syntax_find_aggregate(side->syntax);
    if (!function)
        function = syntax_find_table_function(side->syntax);
    if (function)
        return plan_refuse(planner, function->place, "JOIN ON: %.*s cannot stand here",
                           STR_ARGS(function->name));
    struct resolver resolver = plan_resolver(planner, both, "JOIN ON");
    struct vector aliases = {0};
    enum err err = find_aliases(&resolver, side->syntax, &aliases);
    if (err)
        return err;
    if (aliases.count != 1)
        return plan_refuse(planner, side->syntax->place,
                           "invalid expression '%.*s' in join '%.*s': each side must speak of "
                           "exactly one source",
                           STR_ARGS(syntax_text(side->syntax, planner->arena)),
                           STR_ARGS(syntax_text(condition, planner->arena)));
    side->alias = *(struct str *)aliases.data;
    return OK;
}

static enum err find_aliases(struct resolver *resolver, const struct syntax_expr *syntax,
                             struct vector *aliases)
{
    if (syntax->kind == SYNTAX_NAME) {
        const struct scope_column *column;
        enum err err = resolve_name(resolver, syntax, &column);
        if (err)
            return err;
        const struct str *known = aliases->data;
        for (uint32_t i = 0; i < aliases->count; i++) {
            if (str_equal(known[i], column->alias))
                return OK;
        }
        *VECTOR_PUSH(aliases, resolver->arena, struct str) = column->alias;
        return OK;
    }
    /* Inside a lambda there are names of parameters too: what it is applied to tells enough. */
    for (uint32_t i = 0; syntax->kind != SYNTAX_LAMBDA && i < syntax->arg_count; i++) {
        enum err err = find_aliases(resolver, syntax->args[i], aliases);
        if (err)
            return err;
    }
    return OK;
}

/* Each side of '=' speaks of one source: the right one becomes that of the source joined now. */
static enum err order_sides(struct planner *planner, const struct syntax_join *join,
                            struct join_side *left, struct join_side *right)
{
    const struct place place = join->condition->place;
    const struct str joined = join->source.alias;
    if (str_equal(left->alias, right->alias))
        return plan_refuse(planner, place,
                           "each side of the join must speak of another source, but both speak of "
                           "'%.*s'",
                           STR_ARGS(left->alias));
    if (!str_equal(left->alias, joined) && !str_equal(right->alias, joined))
        return plan_refuse(planner, place,
                           "the condition of the join must speak of '%.*s', but it speaks of "
                           "'%.*s' and '%.*s'",
                           STR_ARGS(joined), STR_ARGS(left->alias), STR_ARGS(right->alias));
    if (str_equal(left->alias, joined)) {
        const struct join_side side = *left;
        left->syntax = right->syntax;
        left->alias = right->alias;
        right->syntax = side.syntax;
        right->alias = side.alias;
    }
    return OK;
}

static enum err check_types(struct planner *planner, const struct syntax_join *join,
                            const struct join_side *left, const struct join_side *right)
{
    const struct type *left_type = left->expr->type;
    const struct type *right_type = right->expr->type;
    if (left_type && right_type && type_equal(left_type, right_type))
        return OK;
    struct arena *arena = planner->arena;
    return plan_refuse(planner, join->condition->place,
                       "the types of the join's sides differ: %.*s is of type %.*s, %.*s of %.*s",
                       STR_ARGS(syntax_text(left->syntax, arena)),
                       STR_ARGS(left_type ? type_text(left_type, arena) : STR("NULL")),
                       STR_ARGS(syntax_text(right->syntax, arena)),
                       STR_ARGS(right_type ? type_text(right_type, arena) : STR("NULL")));
}

static enum err check_kinds(struct planner *planner, const struct syntax_join *join,
                            const struct join_side *left, const struct join_side *right)
{
    const bool left_is_table = left->relation->is_table;
    const bool right_is_table = right->relation->is_table;
    if (left_is_table && !right_is_table)
        return plan_refuse(planner, join->place,
                           "invalid join order: a table cannot be joined to a stream, put the "
                           "stream '%.*s' first",
                           STR_ARGS(right->alias));
    if (right_is_table && join->has_within)
        return plan_refuse(planner, join->within_place,
                           "WITHIN is only for joins of two streams, '%.*s' is a table",
                           STR_ARGS(right->alias));
    const bool on_key = right->expr->kind == EXPR_COLUMN && right->relation->key_count == 1 &&
                        right->expr->index == 0;
    if (right_is_table && !on_key)
        return plan_refuse(planner, right->syntax->place,
                           "%s joins must be on the table's primary key, found %.*s",
                           left_is_table ? "table-table" : "stream-table",
                           STR_ARGS(syntax_text(right->syntax, planner->arena)));
    if (left_is_table)
        return check_tables(planner, join, left);
    if (right_is_table && join->kind != JOIN_INNER && join->kind != JOIN_LEFT)
        return plan_refuse(planner, join->place,
                           "a stream and a table can only be joined by INNER or LEFT JOIN");
    if (!right_is_table && !join->has_within)
        return plan_refuse(planner, join->place,
                           "a join of two streams needs a WITHIN clause, as in WITHIN 1 HOUR");
    return OK;
}

/* Two tables meet on their keys, or the left one holds the other's key among its columns. */
static enum err check_tables(struct planner *planner, const struct syntax_join *join,
                             const struct join_side *left)
{
    if (planner->join_count > 1 && !join_is_on_key(left))
        return plan_refuse(planner, join->condition->place,
                           "foreign-key joins of tables are not supported as part of n-way joins: "
                           "%.*s",
                           STR_ARGS(syntax_text(join->condition, planner->arena)));
    if (!join_is_on_key(left) && join->kind != JOIN_INNER && join->kind != JOIN_LEFT)
        return plan_refuse(planner, join->place,
                           "a join of two tables on a foreign key can only be INNER or LEFT: %.*s",
                           STR_ARGS(syntax_text(join->condition, planner->arena)));
    return OK;
}

static enum err check_windows(struct planner *planner, const struct syntax_join *join,
                              const struct join_side *left, const struct join_side *right)
{
    const bool left_windowed = left->relation->window != WINDOW_NONE;
    const bool right_windowed = right->relation->window != WINDOW_NONE;
    if (!left_windowed && !right_windowed)
        return OK;
    if (left_windowed != right_windowed)
        return plan_refuse(planner, join->place,
                           "cannot join a windowed source to one that is not: '%.*s' is windowed, "
                           "'%.*s' is not",
                           STR_ARGS(left_windowed ? left->alias : right->alias),
                           STR_ARGS(left_windowed ? right->alias : left->alias));
    const bool same =
        left->relation->window == right->relation->window ||
        (left->relation->window != WINDOW_SESSION && right->relation->window != WINDOW_SESSION);
    if (!same || left->relation->window_size_ms != right->relation->window_size_ms ||
        !join_is_on_key(left) || !join_is_on_key(right))
        return plan_refuse(planner, join->place,
                           "implicit repartitioning of windowed sources is not supported");
    plan_unsupported(planner, join->place, "joins of windowed sources are");
    return OK;
}

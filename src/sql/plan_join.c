/* plan_join.c -- JOIN: what may be joined on what, which sides are keyed anew, and the node.
 *
 * A side whose key is not its side of the condition is sent through an internal topic keyed by
 * that; sides sent so by the same stage keep their common order. */
#include "sql/planner.h"

#define DAY_MS 86400000

/* One side of ON. */
struct join_side {
    struct relation *relation;
    const struct syntax_expr *syntax;
    struct str alias; /* of the only source it speaks of */
    struct expr *expr;
    bool rekeys;
};

static enum err check_source(struct planner *planner, const struct relation *left,
                             const struct relation *right, const struct syntax_join *join);
static enum err split_condition(struct planner *planner, const struct syntax_join *join,
                                struct join_side *left, struct join_side *right);
static enum err find_aliases(struct resolver *resolver, const struct syntax_expr *syntax,
                             struct vector *aliases);
static enum err resolve_side(struct planner *planner, const struct scope *both,
                             const struct syntax_expr *condition, struct join_side *side);
static struct scope scope_of_both(struct planner *planner, const struct scope *left,
                                  const struct scope *right);
static enum err check_condition(struct planner *planner, const struct syntax_join *join,
                                const struct join_side *left, const struct join_side *right);
static enum err check_kind(struct planner *planner, const struct syntax_join *join,
                           const struct join_side *left, const struct join_side *right);
static enum err check_tables(struct planner *planner, const struct syntax_join *join,
                             const struct join_side *left);
static bool is_key_of(const struct relation *relation, const struct expr *expr);
static enum err check_windows(struct planner *planner, const struct syntax_join *join,
                              const struct join_side *left, const struct join_side *right);
static enum err meet_tables(struct planner *planner, const struct syntax_join *join,
                            const struct join_side *left, const struct join_side *right);
static enum err refuse_partitions(struct planner *planner, const struct syntax_join *join,
                                  const struct join_side *left, const struct join_side *right);
static enum err send_sides(struct planner *planner, const struct syntax_join *join,
                           struct join_side *left, struct join_side *right);
static enum err send_side(struct planner *planner, const struct syntax_join *join,
                          struct join_side *side, struct stage **from, const char *suffix,
                          const struct format_spec *key, int32_t partition_count);
static bool same_bytes(const struct format_spec *a, const struct format_spec *b);
static struct format_spec result_key(struct planner *planner, const struct join_side *left,
                                     const struct join_side *right);
static enum err join_relations(struct planner *planner, const struct syntax_join *join,
                               struct join_side *left, struct join_side *right);
static struct plan_node *join_node(struct planner *planner, const struct syntax_join *join,
                                   const struct relation *left, const struct relation *right,
                                   uint32_t key_count);
static void join_same_keys(struct planner *planner, const struct syntax_join *join,
                           const struct join_side *left, const struct join_side *right,
                           struct relation *relation);
static void add_synthetic_key(struct planner *planner, struct relation *relation);

enum err plan_join(struct planner *planner, struct relation *left, const struct syntax_join *join)
{
    struct relation right;
    planner->join_count++;
    enum err err = relation_of_source(planner, &join->source, &right);
    if (err)
        return err;
    struct join_side sides[2] = {{.relation = left}, {.relation = &right}};
    err = check_source(planner, left, &right, join);
    if (!err)
        err = split_condition(planner, join, &sides[0], &sides[1]);
    if (!err)
        err = check_condition(planner, join, &sides[0], &sides[1]);
    if (!err)
        err = check_kind(planner, join, &sides[0], &sides[1]);
    if (!err)
        err = check_windows(planner, join, &sides[0], &sides[1]);
    if (!err)
        err = send_sides(planner, join, &sides[0], &sides[1]);
    if (!err)
        err = join_relations(planner, join, &sides[0], &sides[1]);
    return err;
}

static enum err check_source(struct planner *planner, const struct relation *left,
                             const struct relation *right, const struct syntax_join *join)
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
    const struct relation *relations[] = {left, right};
    for (int i = 0; i < 2; i++) {
        if (relations[i]->left->format.value.kind == FORMAT_KAFKA)
            return plan_refuse(planner, i == 0 ? query->from.place : place,
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
        scope_of_both(planner, &left->relation->scope, &right->relation->scope);
    left->syntax = condition->args[0];
    right->syntax = condition->args[1];
    enum err err = resolve_side(planner, &both, condition, left);
    if (!err)
        err = resolve_side(planner, &both, condition, right);
    if (err)
        return err;
    const struct str joined = join->source.alias;
    if (str_equal(left->alias, right->alias))
        return plan_refuse(planner, condition->place,
                           "each side of the join must speak of another source, but both speak of "
                           "'%.*s'",
                           STR_ARGS(left->alias));
    if (!str_equal(left->alias, joined) && !str_equal(right->alias, joined))
        return plan_refuse(planner, condition->place,
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

static struct scope scope_of_both(struct planner *planner, const struct scope *left,
                                  const struct scope *right)
{
    struct scope both = {0};
    const struct scope *scopes[] = {left, right};
    for (int side = 0; side < 2; side++) {
        for (uint32_t i = 0; i < scopes[side]->columns.count; i++)
            *VECTOR_PUSH(&both.columns, planner->arena, struct scope_column) =
                scope_columns(scopes[side])[i];
        for (uint32_t i = 0; i < scopes[side]->aliases.count; i++)
            *VECTOR_PUSH(&both.aliases, planner->arena, struct str) =
                ((const struct str *)scopes[side]->aliases.data)[i];
    }
    return both;
}

static enum err check_condition(struct planner *planner, const struct syntax_join *join,
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

static enum err check_kind(struct planner *planner, const struct syntax_join *join,
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
    if (planner->join_count > 1 && !is_key_of(left->relation, left->expr))
        return plan_refuse(planner, join->condition->place,
                           "foreign-key joins of tables are not supported as part of n-way joins: "
                           "%.*s",
                           STR_ARGS(syntax_text(join->condition, planner->arena)));
    if (!is_key_of(left->relation, left->expr) && join->kind != JOIN_INNER &&
        join->kind != JOIN_LEFT)
        return plan_refuse(planner, join->place,
                           "a join of two tables on a foreign key can only be INNER or LEFT: %.*s",
                           STR_ARGS(syntax_text(join->condition, planner->arena)));
    return OK;
}

static bool is_key_of(const struct relation *relation, const struct expr *expr)
{
    if (relation->key_count != 1 || expr->kind != EXPR_COLUMN)
        return false;
    const uint32_t *same = relation->same_keys.data;
    for (uint32_t i = 0; i < relation->same_keys.count; i++) {
        if (scope_columns(&relation->scope)[same[i]].column == expr->index)
            return true;
    }
    return false;
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
        !is_key_of(left->relation, left->expr) || !is_key_of(right->relation, right->expr))
        return plan_refuse(planner, join->place,
                           "implicit repartitioning of windowed sources is not supported");
    plan_unsupported(planner, join->place, "joins of windowed sources are");
    return OK;
}

/* Tables stay where they are: rows that meet are in the same partition, or one task has all. */
static enum err meet_tables(struct planner *planner, const struct syntax_join *join,
                            const struct join_side *left, const struct join_side *right)
{
    struct relation *relation = left->relation;
    const int32_t left_count = relation->partition_count;
    const int32_t right_count = right->relation->partition_count;
    const bool on_keys = is_key_of(relation, left->expr);
    if (on_keys && left_count > 0 && right_count > 0 && left_count != right_count)
        return refuse_partitions(planner, join, left, right);
    const bool one_partition = left_count == 1 && right_count == 1;
    relation->gathers |= right->relation->gathers || !on_keys ||
                         (!one_partition && !same_bytes(&relation->key, &right->relation->key));
    if (on_keys)
        relation->sink_key = result_key(planner, left, right);
    return OK;
}

static enum err refuse_partitions(struct planner *planner, const struct syntax_join *join,
                                  const struct join_side *left, const struct join_side *right)
{
    return plan_refuse(planner, join->place,
                       "can't join '%.*s' with '%.*s' since the number of partitions don't match: "
                       "they have %d and %d, repartition either one",
                       STR_ARGS(left->alias), STR_ARGS(right->alias),
                       left->relation->partition_count, right->relation->partition_count);
}

/* Brings both sides to where they can meet: keyed by the condition, in the same number of
 * partitions, in keys of the same bytes. */
static enum err send_sides(struct planner *planner, const struct syntax_join *join,
                           struct join_side *left, struct join_side *right)
{
    struct relation *const relations[] = {left->relation, right->relation};
    const bool is_windowed = !relations[1]->is_table;
    if (relations[0]->is_table)
        return meet_tables(planner, join, left, right);
    left->rekeys = !is_key_of(left->relation, left->expr);
    right->rekeys = !is_key_of(right->relation, right->expr);
    const struct format_spec sink_key = result_key(planner, left, right);
    enum err err = OK;
    if (left->rekeys || is_windowed)
        err = relation_settle(planner, relations[0],
                              arena_printf(planner->arena, "Join-%u-source", planner->join_count),
                              left->syntax->place);
    if (err)
        return err;
    const int32_t left_count = relations[0]->partition_count;
    const int32_t right_count = relations[1]->partition_count;
    const bool both_known = left_count > 0 && right_count > 0;
    if (!left->rekeys && !right->rekeys && both_known && left_count != right_count)
        return refuse_partitions(planner, join, left, right);

    bool send_left = left->rekeys;
    bool send_right = right->rekeys;
    const bool one_partition = left_count == 1 && right_count == 1;
    if (!one_partition && !send_left && !send_right &&
        !same_bytes(&relations[0]->key, &relations[1]->key)) {
        send_left = !is_windowed;
        send_right = is_windowed;
    }
    struct format_spec key = sink_key;
    int32_t partition_count = left_count > right_count ? left_count : right_count;
    if (!send_left || !send_right) {
        key = send_left ? relations[1]->key : relations[0]->key;
        partition_count = send_left ? right_count : left_count;
    } else if (key.kind == FORMAT_AVRO) {
        /* A registered schema for a topic nobody sees would only be in the way. */
        key = (struct format_spec){.kind = FORMAT_KAFKA};
    }
    struct stage *from = NULL;
    if (send_left)
        err = send_side(planner, join, left, &from, "left", &key, partition_count);
    if (!err && send_right)
        err = send_side(planner, join, right, &from, "right", &key, partition_count);
    relations[0]->sink_key = sink_key;
    return err;
}

static enum err send_side(struct planner *planner, const struct syntax_join *join,
                          struct join_side *side, struct stage **from, const char *suffix,
                          const struct format_spec *key, int32_t partition_count)
{
    const bool is_left = suffix[0] == 'l';
    if (side->rekeys) {
        enum err err = relation_rekey(planner, side->relation, &side->expr, 1, side->syntax->place);
        if (err)
            return err;
    }
    const bool is_kept =
        join->kind == JOIN_FULL || join->kind == (is_left ? JOIN_LEFT : JOIN_RIGHT);
    const struct str topic =
        planner->join_count == 1
            ? arena_printf(planner->arena, "Join-%s-repartition", suffix)
            : arena_printf(planner->arena, "Join-%u-%s-repartition", planner->join_count, suffix);
    return relation_through(planner, side->relation, from, topic, key, partition_count, !is_kept,
                            side->syntax->place);
}

static bool same_bytes(const struct format_spec *a, const struct format_spec *b)
{
    return a->kind == b->kind && (a->kind != FORMAT_DELIMITED || a->delimiter == b->delimiter);
}

/* The left side's, unless only the right one stays as it is keyed; keyless sides do not count. */
static struct format_spec result_key(struct planner *planner, const struct join_side *left,
                                     const struct join_side *right)
{
    const struct format_spec *keys[] = {&left->relation->sink_key, &right->relation->sink_key};
    const int first = left->rekeys && !right->rekeys ? 1 : 0;
    struct format_spec key = keys[first]->kind != FORMAT_NONE ? *keys[first] : *keys[1 - first];
    if (key.kind == FORMAT_NONE)
        key = (struct format_spec){.kind = planner->catalog->default_key_format, .delimiter = ','};
    key.schema_id = 0;
    key.schema_full_name = STR("");
    key.unwrapped = true;
    return key;
}

static enum err join_relations(struct planner *planner, const struct syntax_join *join,
                               struct join_side *left, struct join_side *right)
{
    struct relation *relation = left->relation;
    const uint32_t left_columns = relation->node->row_type->column_count;
    if (left_columns + right->relation->node->row_type->column_count >= ROW_TYPE_COLUMNS_MAX)
        return plan_refuse(planner, join->place, "the join has too many columns");
    struct relation joined = *relation;
    const bool is_foreign = relation->is_table && !is_key_of(relation, left->expr);
    joined.key_count = is_foreign ? relation->key_count : 1;
    joined.node = join_node(planner, join, relation, right->relation, joined.key_count);
    joined.node->foreign_key = is_foreign ? left->expr : NULL;
    joined.scope = scope_of_both(planner, &relation->scope, &right->relation->scope);
    struct scope_column *columns = joined.scope.columns.data;
    for (uint32_t i = 0; i < joined.scope.columns.count; i++) {
        const bool is_right = i >= relation->scope.columns.count;
        /* On a foreign key the left side's key is the result's. */
        if (is_foreign && !is_right && columns[i].column < joined.key_count)
            continue;
        columns[i].column += joined.key_count + (is_right ? left_columns : 0);
    }
    joined.is_stateful = !joined.is_table;
    if (is_foreign) {
        *relation = joined;
        return OK;
    }
    join_same_keys(planner, join, left, right, &joined);
    if (joined.synthetic)
        add_synthetic_key(planner, &joined);
    *relation = joined;
    return OK;
}

static struct plan_node *join_node(struct planner *planner, const struct syntax_join *join,
                                   const struct relation *left, const struct relation *right,
                                   uint32_t key_count)
{
    struct arena *arena = planner->arena;
    const struct relation *const relations[] = {left, right};
    uint32_t count = key_count;
    struct row_column *columns = ARENA_ARRAY(arena, struct row_column,
                                             key_count + left->node->row_type->column_count +
                                                 right->node->row_type->column_count);
    for (uint32_t i = 0; i < key_count; i++) {
        columns[i] = left->node->row_type->columns[i];
        columns[i].role = COLUMN_KEY;
    }
    const enum node_kind kind = left->is_table    ? NODE_TABLES_JOIN
                                : right->is_table ? NODE_TABLE_JOIN
                                                  : NODE_STREAM_JOIN;
    struct plan_node *node = plan_node_new(planner, kind, join->place, NULL, left->node);
    for (int side = 0; side < 2; side++) {
        const struct row_type *row_type = relations[side]->node->row_type;
        uint16_t *carried = ARENA_ARRAY(arena, uint16_t, row_type->column_count);
        for (uint32_t i = 0; i < row_type->column_count; i++) {
            carried[i] = (uint16_t)i;
            columns[count] = row_type->columns[i];
            columns[count++].role = COLUMN_VALUE;
        }
        node->carried[side] = carried;
        node->carried_count[side] = row_type->column_count;
    }
    node->row_type = row_type_new(arena, columns, count);
    node->inputs[1] = right->node;
    node->join = join->kind;
    node->key_count = key_count;
    node->before_ms = join->before_ms;
    node->after_ms = join->after_ms;
    node->grace_given = join->has_grace;
    const int64_t rest_of_day = DAY_MS - 2 * (join->before_ms < DAY_MS ? join->before_ms : DAY_MS);
    node->grace_ms = join->has_grace ? join->grace_ms : rest_of_day > 0 ? rest_of_day : 0;
    return node;
}

/* Which names mean the key: plain columns of the condition, and what equalled them before. */
static void join_same_keys(struct planner *planner, const struct syntax_join *join,
                           const struct join_side *left, const struct join_side *right,
                           struct relation *relation)
{
    const uint32_t *before = left->relation->same_keys.data;
    const uint32_t before_count = left->relation->same_keys.count;
    relation->same_keys = (struct vector){0};
    relation->synthetic = true;
    if (join->kind == JOIN_FULL)
        return;
    struct resolver resolver = plan_resolver(planner, &relation->scope, NULL);
    resolver.why = NULL;
    const struct scope_column *column;
    for (uint32_t i = 0; !left->rekeys && i < before_count; i++)
        *VECTOR_PUSH(&relation->same_keys, planner->arena, uint32_t) = before[i];
    if (left->rekeys && left->syntax->kind == SYNTAX_NAME &&
        resolve_name(&resolver, left->syntax, &column) == OK)
        *VECTOR_PUSH(&relation->same_keys, planner->arena, uint32_t) =
            (uint32_t)(column - scope_columns(&relation->scope));
    if ((!relation->is_table || is_key_of(left->relation, left->expr)) &&
        right->syntax->kind == SYNTAX_NAME && resolve_name(&resolver, right->syntax, &column) == OK)
        *VECTOR_PUSH(&relation->same_keys, planner->arena, uint32_t) =
            (uint32_t)(column - scope_columns(&relation->scope));
    relation->synthetic = relation->same_keys.count == 0;
}

/* ROWKEY, or ROWKEY_1, ... when that is taken. */
static void add_synthetic_key(struct planner *planner, struct relation *relation)
{
    struct str name = STR("ROWKEY");
    uint32_t count;
    for (uint32_t i = 1; scope_find(&relation->scope, STR(""), name, &count); i++)
        name = arena_printf(planner->arena, "ROWKEY_%u", i);
    struct plan_node *node = relation->node;
    struct row_column *columns =
        arena_copy(planner->arena, node->row_type->columns,
                   node->row_type->column_count * sizeof(struct row_column));
    columns[0].name = name;
    node->row_type = row_type_new(planner->arena, columns, node->row_type->column_count);
    *VECTOR_PUSH(&relation->scope.columns, planner->arena, struct scope_column) =
        (struct scope_column){.name = name, .type = columns[0].type, .column = 0, .is_key = true};
}

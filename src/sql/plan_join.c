/* plan_join.c -- JOIN: two relations made one. */
#include "data/time.h"
#include "sql/join.h"

static enum err join_relations(struct planner *planner, const struct syntax_join *join,
                               struct join_side *left, struct join_side *right);
static struct plan_node *join_node(struct planner *planner, const struct syntax_join *join,
                                   const struct relation *left, const struct relation *right,
                                   uint32_t key_count);
static int64_t grace_ms(const struct syntax_join *join);
static void find_same_keys(struct planner *planner, const struct syntax_join *join,
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
    err = join_check(planner, join, &sides[0], &sides[1]);
    if (!err)
        err = join_meet(planner, join, &sides[0], &sides[1]);
    if (!err)
        err = join_relations(planner, join, &sides[0], &sides[1]);
    return err;
}

bool join_is_on_key(const struct join_side *side)
{
    const struct relation *relation = side->relation;
    if (relation->key_count != 1 || side->expr->kind != EXPR_COLUMN)
        return false;
    const uint32_t *same = relation->same_keys.data;
    for (uint32_t i = 0; i < relation->same_keys.count; i++) {
        if (scope_columns(&relation->scope)[same[i]].column == side->expr->index)
            return true;
    }
    return false;
}

static enum err join_relations(struct planner *planner, const struct syntax_join *join,
                               struct join_side *left, struct join_side *right)
{
    struct relation *relation = left->relation;
    const uint32_t left_columns = relation->node->row_type->column_count;
    if (left_columns + right->relation->node->row_type->column_count >= ROW_TYPE_COLUMNS_MAX)
        return plan_refuse(planner, join->place, "the join has too many columns");
    struct relation joined = *relation;
    const bool is_foreign = relation->is_table && !join_is_on_key(left);
    joined.key_count = is_foreign ? relation->key_count : 1;
    joined.node = join_node(planner, join, relation, right->relation, joined.key_count);
    joined.node->foreign_key = is_foreign ? left->expr : NULL;
    joined.scope = scope_join(&relation->scope, &right->relation->scope, planner->arena);
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
    find_same_keys(planner, join, left, right, &joined);
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
    node->grace_ms = grace_ms(join);
    return node;
}

/* Without GRACE PERIOD: what is left of a day when the window is taken from it at both ends. */
static int64_t grace_ms(const struct syntax_join *join)
{
    if (join->has_grace)
        return join->grace_ms;
    const int64_t before_ms = join->before_ms < TIME_DAY_MS ? join->before_ms : TIME_DAY_MS;
    return before_ms < TIME_DAY_MS / 2 ? TIME_DAY_MS - 2 * before_ms : 0;
}

/* Which names mean the key: plain columns of the condition, and what equalled them before. */
static void find_same_keys(struct planner *planner, const struct syntax_join *join,
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
    if ((!relation->is_table || join_is_on_key(left)) && right->syntax->kind == SYNTAX_NAME &&
        resolve_name(&resolver, right->syntax, &column) == OK)
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

/* pull_plan.c -- finds the state a pull query reads, and its keys as the state has them. */
#include "data/kept.h"
#include "flow/pull.h"
#include "flow/query.h"

static const struct plan_branch *find_branch(struct pull *pull);
static void resolve_keys(struct pull *pull);
static int32_t state_column(const struct pull *pull, uint32_t column);

enum err pull_resolve(struct pull *pull, struct why *why)
{
    const struct plan_branch *branch = find_branch(pull);
    if (!branch)
        return why_set(why, ERR_UNSUPPORTED, "query '%.*s' has no result that is kept",
                       STR_ARGS(pull->query->id));
    pull->output = &branch->output;
    const struct plan_node *node = branch->root;
    const struct plan_node *downward[PULL_NODES_MAX];
    while (node->kind == NODE_FILTER || node->kind == NODE_PROJECT) {
        if (pull->above_count == PULL_NODES_MAX)
            return why_set(why, ERR_LIMIT, "more than %d nodes above the table", PULL_NODES_MAX);
        downward[pull->above_count++] = node;
        node = node->inputs[0];
    }
    for (uint32_t i = 0; i < pull->above_count; i++)
        pull->above[i] = downward[pull->above_count - 1 - i];
    if (node->kind != NODE_TABLE && node->kind != NODE_KEEP && node->kind != NODE_AGGREGATE)
        return why_set(why, ERR_UNSUPPORTED, "query '%.*s' keeps no table",
                       STR_ARGS(pull->query->id));
    pull->state = node;
    state_shape_init(&pull->shape, node, &pull->arena);
    must(pull->plan->scan_type->column_count == pull->output->format.row_type->column_count + 3);

    bool filters = pull->plan->condition != NULL;
    for (uint32_t i = 0; i < pull->above_count; i++)
        filters = filters || pull->above[i]->kind == NODE_FILTER;
    if (pull->plan->key_count > 0)
        resolve_keys(pull);
    pull->rows_max = SIZE_MAX;
    if (pull->plan->limit >= 0 && !filters && !pull->compares)
        pull->rows_max = (size_t)pull->plan->limit;
    return OK;
}

static const struct plan_branch *find_branch(struct pull *pull)
{
    const struct plan *plan = pull->query->plan;
    for (uint32_t i = plan->stage_count; i-- > 0;) {
        for (uint32_t j = 0; j < plan->stages[i].branch_count; j++) {
            if (plan->stages[i].branches[j].output.kind != OUTPUT_SINK)
                continue;
            pull->stage = i;
            return &plan->stages[i].branches[j];
        }
    }
    return NULL;
}

/* Where every key column of the state comes out as a key column of the table, rows are looked up.
 * Otherwise all are read, and compared. */
static void resolve_keys(struct pull *pull)
{
    const struct pull_plan *plan = pull->plan;
    const struct row_type *table_type = pull->output->format.row_type;
    const uint32_t width = row_type_key_count(table_type);
    const uint32_t count = pull->shape.key_count;
    uint32_t *from = ARENA_ARRAY(&pull->arena, uint32_t, count);
    for (uint32_t i = 0; i < count; i++) {
        from[i] = UINT32_MAX;
        for (uint32_t j = 0; j < width; j++)
            if (state_column(pull, pull->output->map[j]) == pull->shape.keys[i])
                from[i] = j;
        pull->compares = pull->compares || from[i] == UINT32_MAX;
    }
    pull->compares = pull->compares || width != count;
    if (pull->compares)
        return;
    struct str *keys = ARENA_ARRAY(&pull->arena, struct str, plan->key_count);
    struct value *values = ARENA_ARRAY(&pull->arena, struct value, count);
    struct buf buf = {0};
    for (uint32_t i = 0; i < plan->key_count; i++) {
        buf_clear(&buf);
        for (uint32_t j = 0; j < count; j++)
            values[j] = plan->keys[i * width + from[j]];
        kept_append_values(pull->shape.key_types, values, count, &buf);
        keys[i] = arena_str(&pull->arena, buf_str(&buf));
    }
    buf_release(&buf);
    /* The same key twice is one row. */
    for (uint32_t i = 0; i < plan->key_count; i++) {
        bool known = false;
        for (uint32_t j = 0; j < pull->key_count && !known; j++)
            known = str_equal(keys[j], keys[i]);
        if (!known)
            keys[pull->key_count++] = keys[i];
    }
    pull->keys = keys;
}

/* The state's column that the branch's root hands on as this one; -1: it is computed. */
static int32_t state_column(const struct pull *pull, uint32_t column)
{
    for (uint32_t i = pull->above_count; i-- > 0;) {
        const struct plan_node *node = pull->above[i];
        if (node->kind != NODE_PROJECT)
            continue;
        if (node->exprs[column]->kind != EXPR_COLUMN)
            return -1;
        column = node->exprs[column]->index;
    }
    return (int32_t)column;
}

/* plan_prune.c -- the last step of planning: columns nobody uses go, stages are closed.
 *
 * From the last stage to the first, and in a stage from the root to the inputs: what is used above
 * decides what a node keeps. What an internal topic's reader keeps decides what its writer sends.
 */
#include "sql/planner.h"

#define GONE UINT16_MAX

static void prune_stage(struct planner *planner, struct stage *stage);
static void prune_branch(struct planner *planner, struct plan_branch *branch);
static const uint16_t *prune(struct planner *planner, struct plan_node *node, bool *used);
static const uint16_t *prune_input(struct planner *planner, struct plan_node *node, bool *used);
static const uint16_t *prune_filter(struct planner *planner, struct plan_node *node, bool *used);
static const uint16_t *prune_keep(struct planner *planner, struct plan_node *node, bool *used);
static const uint16_t *prune_project(struct planner *planner, struct plan_node *node, bool *used);
static const uint16_t *prune_explode(struct planner *planner, struct plan_node *node, bool *used);
static const uint16_t *prune_changes(struct planner *planner, struct plan_node *node, bool *used);
static const uint16_t *prune_join(struct planner *planner, struct plan_node *node, bool *used);
static const uint16_t *prune_aggregate(struct planner *planner, struct plan_node *node);
static const uint16_t *keep_used(struct planner *planner, const struct row_type *row_type,
                                 const bool *used, const struct row_type **ret_row_type);
static void shrink_writer(struct planner *planner, const struct plan_input *input,
                          const uint16_t *map);
static bool *used_new(struct planner *planner, const struct plan_node *node);
static struct expr *const *remap_all(struct planner *planner, struct expr *const *exprs,
                                     uint32_t count, const uint16_t *map);
static void close_stage(struct planner *planner, const struct stage *stage,
                        struct plan_stage *closed);
static void collect_inputs(struct planner *planner, struct plan_node *node, struct vector *inputs);

void plan_finish(struct planner *planner, struct plan *plan)
{
    struct stage *const *stages = planner->stages.data;
    const uint32_t count = planner->stages.count;
    for (uint32_t i = count; i-- > 0;)
        prune_stage(planner, stages[i]);
    struct plan_stage *closed = ARENA_ARRAY(planner->arena, struct plan_stage, count);
    for (uint32_t i = 0; i < count; i++)
        close_stage(planner, stages[i], &closed[i]);
    plan->stages = closed;
    plan->stage_count = count;
}

static void prune_stage(struct planner *planner, struct stage *stage)
{
    struct plan_branch *branches = stage->branches.data;
    for (uint32_t i = 0; i < stage->branches.count; i++)
        prune_branch(planner, &branches[i]);
}

static void prune_branch(struct planner *planner, struct plan_branch *branch)
{
    struct plan_output *output = &branch->output;
    const uint32_t count = output->format.row_type->column_count;
    bool *used = used_new(planner, branch->root);
    for (uint32_t i = 0; i < count; i++)
        used[output->map[i]] = true;
    if (output->timestamp_column >= 0)
        used[output->timestamp_column] = true;
    const uint16_t *moved = prune(planner, branch->root, used);
    uint16_t *map = ARENA_ARRAY(planner->arena, uint16_t, count);
    for (uint32_t i = 0; i < count; i++)
        map[i] = moved[output->map[i]];
    output->map = map;
    if (output->timestamp_column >= 0)
        output->timestamp_column = moved[output->timestamp_column];
}

/* Keeps what is used, and what the node itself needs. Returns where each column went. The depth is
 * bounded by the number of joins. */
static const uint16_t *prune(struct planner *planner, struct plan_node *node, bool *used)
{
    switch (node->kind) {
    case NODE_INPUT:
    case NODE_TABLE:
        return prune_input(planner, node, used);
    case NODE_FILTER:
        return prune_filter(planner, node, used);
    case NODE_KEEP:
        return prune_keep(planner, node, used);
    case NODE_PROJECT:
        return prune_project(planner, node, used);
    case NODE_EXPLODE:
        return prune_explode(planner, node, used);
    case NODE_CHANGES:
        return prune_changes(planner, node, used);
    case NODE_STREAM_JOIN:
    case NODE_TABLE_JOIN:
    case NODE_TABLES_JOIN:
        return prune_join(planner, node, used);
    case NODE_AGGREGATE:
        return prune_aggregate(planner, node);
    }
    must_not_reach();
}

/* A table's rows are told apart by their keys, an internal topic's are keyed by theirs. */
static const uint16_t *prune_input(struct planner *planner, struct plan_node *node, bool *used)
{
    struct plan_input *input = (struct plan_input *)planner->inputs.data + node->input;
    const struct row_type *row_type = input->row_type;
    if (input->timestamp_column >= 0)
        used[input->timestamp_column] = true;
    for (uint32_t i = 0; i < row_type->column_count; i++)
        used[i] |= row_type->columns[i].role == COLUMN_KEY &&
                   (node->kind == NODE_TABLE || input->is_internal);
    const uint16_t *map = keep_used(planner, row_type, used, &input->row_type);
    struct column_origin *origins =
        ARENA_ARRAY(planner->arena, struct column_origin, input->row_type->column_count);
    for (uint32_t i = 0; i < row_type->column_count; i++) {
        if (map[i] == GONE)
            continue;
        origins[map[i]] = input->origins[i];
        if (input->is_internal)
            origins[map[i]].column = map[i];
    }
    input->origins = origins;
    if (input->timestamp_column >= 0)
        input->timestamp_column = map[input->timestamp_column];
    if (input->is_internal) {
        input->format.row_type = input->row_type;
        shrink_writer(planner, input, map);
    }
    node->row_type = input->row_type;
    return map;
}

static const uint16_t *prune_filter(struct planner *planner, struct plan_node *node, bool *used)
{
    struct plan_node *below = node->inputs[0];
    expr_columns(node->condition, used);
    const uint16_t *map = prune(planner, below, used);
    node->condition = expr_remap(planner->arena, node->condition, map);
    node->row_type = below->row_type;
    return map;
}

/* The rows it keeps are told apart by their keys, which a join has in any case. */
static const uint16_t *prune_keep(struct planner *planner, struct plan_node *node, bool *used)
{
    struct plan_node *below = node->inputs[0];
    const uint16_t *map = prune(planner, below, used);
    node->row_type = below->row_type;
    return map;
}

static const uint16_t *prune_project(struct planner *planner, struct plan_node *node, bool *used)
{
    struct plan_node *below = node->inputs[0];
    const struct row_type *row_type = node->row_type;
    const uint16_t *map = keep_used(planner, row_type, used, &node->row_type);
    bool *used_below = used_new(planner, below);
    struct expr **exprs = ARENA_ARRAY(planner->arena, struct expr *, node->row_type->column_count);
    bool *needs_value = ARENA_ARRAY(planner->arena, bool, node->row_type->column_count);
    for (uint32_t i = 0; i < row_type->column_count; i++) {
        if (map[i] == GONE)
            continue;
        exprs[map[i]] = node->exprs[i];
        needs_value[map[i]] = node->needs_value && node->needs_value[i];
        expr_columns(node->exprs[i], used_below);
    }
    node->expr_count = node->row_type->column_count;
    node->needs_value = node->needs_value ? needs_value : NULL;
    node->exprs = remap_all(planner, exprs, node->expr_count, prune(planner, below, used_below));
    return map;
}

static const uint16_t *prune_explode(struct planner *planner, struct plan_node *node, bool *used)
{
    struct plan_node *below = node->inputs[0];
    const uint32_t count = below->row_type->column_count;
    const struct row_type *row_type = node->row_type;
    bool *used_below = used_new(planner, below);
    memcpy(used_below, used, count * sizeof(bool));
    for (uint32_t i = 0; i < node->expr_count; i++)
        expr_columns(node->exprs[i], used_below);
    const uint16_t *map_below = prune(planner, below, used_below);
    node->exprs = remap_all(planner, node->exprs, node->expr_count, map_below);
    /* What the functions alone read goes no further than this node, but it stands below. */
    uint16_t *map = ARENA_ARRAY(planner->arena, uint16_t, row_type->column_count);
    const uint32_t kept = below->row_type->column_count;
    struct row_column *columns =
        ARENA_ARRAY(planner->arena, struct row_column, kept + node->expr_count);
    for (uint32_t i = 0; i < kept; i++)
        columns[i] = below->row_type->columns[i];
    for (uint32_t i = 0; i < row_type->column_count; i++)
        map[i] = i < count ? map_below[i] : (uint16_t)(kept + i - count);
    for (uint32_t i = 0; i < node->expr_count; i++)
        columns[kept + i] = row_type->columns[count + i];
    node->row_type = row_type_new(planner->arena, columns, kept + node->expr_count);
    return map;
}

static const uint16_t *prune_changes(struct planner *planner, struct plan_node *node, bool *used)
{
    struct plan_node *below = node->inputs[0];
    const uint32_t count = below->row_type->column_count;
    const struct row_type *row_type = node->row_type;
    const uint16_t *map_below = prune(planner, below, used);
    const uint32_t kept = below->row_type->column_count;
    uint16_t *map = ARENA_ARRAY(planner->arena, uint16_t, count + 1);
    memcpy(map, map_below, count * sizeof(uint16_t));
    map[count] = (uint16_t)kept;
    struct row_column *columns = ARENA_ARRAY(planner->arena, struct row_column, kept + 1);
    for (uint32_t i = 0; i < kept; i++)
        columns[i] = below->row_type->columns[i];
    columns[kept] = row_type->columns[count];
    node->row_type = row_type_new(planner->arena, columns, kept + 1);
    return map;
}

static const uint16_t *prune_join(struct planner *planner, struct plan_node *node, bool *used)
{
    for (uint32_t i = 0; i < node->key_count; i++)
        used[i] = true;
    const uint16_t *map = keep_used(planner, node->row_type, used, &node->row_type);
    uint32_t column = node->key_count;
    for (int side = 0; side < 2; side++) {
        struct plan_node *below = node->inputs[side];
        bool *used_below = used_new(planner, below);
        for (uint32_t i = 0; i < (node->foreign_key && side == 1 ? 1 : node->key_count); i++)
            used_below[i] = true;
        if (node->foreign_key && side == 0)
            expr_columns(node->foreign_key, used_below);
        uint16_t *carried = ARENA_ARRAY(planner->arena, uint16_t, node->carried_count[side]);
        uint32_t count = 0;
        for (uint32_t i = 0; i < node->carried_count[side]; i++, column++) {
            if (map[column] == GONE)
                continue;
            carried[count++] = node->carried[side][i];
            used_below[node->carried[side][i]] = true;
        }
        const uint16_t *map_below = prune(planner, below, used_below);
        if (node->foreign_key && side == 0)
            node->foreign_key = expr_remap(planner->arena, node->foreign_key, map_below);
        for (uint32_t i = 0; i < count; i++)
            carried[i] = map_below[carried[i]];
        node->carried[side] = carried;
        node->carried_count[side] = count;
    }
    return map;
}

/* All of it is used: aggregates are only there because something names them. */
static const uint16_t *prune_aggregate(struct planner *planner, struct plan_node *node)
{
    struct plan_node *below = node->inputs[0];
    bool *used = used_new(planner, below);
    for (uint32_t i = 0; i < node->key_count; i++)
        expr_columns(node->keys[i], used);
    for (uint32_t i = 0; i < node->aggregate_count; i++) {
        for (uint32_t j = 0; j < node->aggregates[i].aggregate->arg_count; j++)
            expr_columns(node->aggregates[i].args[j], used);
    }
    if (node->take_back >= 0)
        used[node->take_back] = true;
    const uint16_t *map_below = prune(planner, below, used);
    node->keys = remap_all(planner, node->keys, node->key_count, map_below);
    struct plan_aggregate *aggregates =
        ARENA_ARRAY(planner->arena, struct plan_aggregate, node->aggregate_count);
    for (uint32_t i = 0; i < node->aggregate_count; i++) {
        aggregates[i] = node->aggregates[i];
        aggregates[i].args =
            remap_all(planner, aggregates[i].args, aggregates[i].aggregate->arg_count, map_below);
    }
    node->aggregates = aggregates;
    if (node->take_back >= 0)
        node->take_back = map_below[node->take_back];
    uint16_t *map = ARENA_ARRAY(planner->arena, uint16_t, node->row_type->column_count);
    for (uint32_t i = 0; i < node->row_type->column_count; i++)
        map[i] = (uint16_t)i;
    return map;
}

static const uint16_t *keep_used(struct planner *planner, const struct row_type *row_type,
                                 const bool *used, const struct row_type **ret_row_type)
{
    uint16_t *map = ARENA_ARRAY(planner->arena, uint16_t, row_type->column_count);
    struct row_column *columns =
        ARENA_ARRAY(planner->arena, struct row_column, row_type->column_count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < row_type->column_count; i++) {
        map[i] = used[i] ? (uint16_t)count : GONE;
        if (used[i])
            columns[count++] = row_type->columns[i];
    }
    *ret_row_type = row_type_new(planner->arena, columns, count);
    return map;
}

/* The branch that writes the topic sends no more than what is read. */
static void shrink_writer(struct planner *planner, const struct plan_input *input,
                          const uint16_t *map)
{
    struct stage *const *stages = planner->stages.data;
    for (uint32_t i = 0; i < planner->stages.count; i++) {
        struct plan_branch *branches = stages[i]->branches.data;
        for (uint32_t j = 0; j < stages[i]->branches.count; j++) {
            struct plan_output *output = &branches[j].output;
            if (output->kind != OUTPUT_INTERNAL ||
                !str_equal(output->format.topic, input->format.topic))
                continue;
            uint16_t *sent = ARENA_ARRAY(planner->arena, uint16_t, input->row_type->column_count);
            for (uint32_t k = 0; k < output->format.row_type->column_count; k++) {
                if (map[k] != GONE)
                    sent[map[k]] = output->map[k];
            }
            output->map = sent;
            output->format.row_type = input->row_type;
            return;
        }
    }
    must_not_reach();
}

static bool *used_new(struct planner *planner, const struct plan_node *node)
{
    return ARENA_ARRAY(planner->arena, bool, node->row_type->column_count);
}

static struct expr *const *remap_all(struct planner *planner, struct expr *const *exprs,
                                     uint32_t count, const uint16_t *map)
{
    struct expr **remapped = ARENA_ARRAY(planner->arena, struct expr *, count);
    for (uint32_t i = 0; i < count; i++)
        remapped[i] = expr_remap(planner->arena, exprs[i], map);
    return remapped;
}

static void close_stage(struct planner *planner, const struct stage *stage,
                        struct plan_stage *closed)
{
    struct vector inputs = {0};
    const struct plan_branch *branches = stage->branches.data;
    for (uint32_t i = 0; i < stage->branches.count; i++)
        collect_inputs(planner, branches[i].root, &inputs);
    *closed = (struct plan_stage){
        .inputs = inputs.data,
        .input_count = inputs.count,
        .branches = branches,
        .branch_count = stage->branches.count,
        .gathers = stage->gathers,
    };
}

static void collect_inputs(struct planner *planner, struct plan_node *node, struct vector *inputs)
{
    if (node->kind == NODE_INPUT || node->kind == NODE_TABLE) {
        const struct plan_input *input =
            (const struct plan_input *)planner->inputs.data + node->input;
        node->input = inputs->count;
        *VECTOR_PUSH(inputs, planner->arena, struct plan_input) = *input;
    }
    for (int i = 0; i < 2; i++) {
        if (node->inputs[i])
            collect_inputs(planner, node->inputs[i], inputs);
    }
}

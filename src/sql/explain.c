/* explain.c -- plans as people read them. */
#include "sql/sql.h"

#include <inttypes.h>

static void explain_stage(const struct plan_stage *stage, uint32_t index, struct buf *buf);
static void explain_input(const struct plan_input *input, uint32_t index, struct buf *buf);
static void explain_output(const struct plan_output *output, struct buf *buf);
static void explain_node(const struct plan_node *node, int depth, struct buf *buf);
static void explain_join(const struct plan_node *node, struct buf *buf);
static void explain_aggregate(const struct plan_node *node, struct buf *buf);
static void explain_exprs(struct expr *const *exprs, uint32_t count,
                          const struct row_type *row_type, struct buf *buf);
static void explain_ms(int64_t duration_ms, struct buf *buf);

void sql_explain(const struct plan *plan, struct buf *buf)
{
    must(plan != NULL);
    must(buf != NULL);
    if (plan->sink) {
        buf_printf(buf, "%s %s ", plan->creates_sink ? "makes" : "inserts into",
                   plan->sink->kind == SOURCE_STREAM ? "stream" : "table");
        sql_format_name(plan->sink->name, buf);
        buf_printf(buf, " (");
        row_type_format(plan->sink->format.row_type, buf);
        buf_printf(buf, ")\n");
    } else {
        buf_printf(buf, "push query (");
        row_type_format(plan->row_type, buf);
        buf_printf(buf, ")\n");
    }
    for (uint32_t i = 0; i < plan->stage_count; i++)
        explain_stage(&plan->stages[i], i, buf);
}

void sql_explain_pull(const struct pull_plan *pull, struct buf *buf)
{
    must(pull != NULL);
    must(buf != NULL);
    buf_printf(buf, "pull query (");
    row_type_format(pull->row_type, buf);
    buf_printf(buf, ")\n  table ");
    sql_format_name(pull->table->name, buf);
    if (pull->table->query.size > 0)
        buf_printf(buf, ", kept by %.*s", STR_ARGS(pull->table->query));
    if (pull->key_count > 0)
        buf_printf(buf, ", look-up of %u key%s\n", pull->key_count,
                   pull->key_count == 1 ? "" : "s");
    else
        buf_printf(buf, ", scan of all rows\n");
    if (pull->condition) {
        buf_printf(buf, "  filter ");
        expr_format(pull->condition, pull->scan_type, buf);
        buf_printf(buf, "\n");
    }
}

static void explain_stage(const struct plan_stage *stage, uint32_t index, struct buf *buf)
{
    buf_printf(buf, "stage %u%s\n", index + 1,
               stage->gathers ? ", one task for all partitions, merged by time" : "");
    for (uint32_t i = 0; i < stage->input_count; i++)
        explain_input(&stage->inputs[i], i, buf);
    for (uint32_t i = 0; i < stage->branch_count; i++) {
        explain_output(&stage->branches[i].output, buf);
        explain_node(stage->branches[i].root, 2, buf);
    }
}

static void explain_input(const struct plan_input *input, uint32_t index, struct buf *buf)
{
    buf_printf(buf, "  input %u: %s topic %.*s", index + 1,
               input->is_internal ? "internal"
               : input->is_table  ? "table"
                                  : "stream",
               STR_ARGS(input->format.topic));
    if (input->source.size > 0) {
        buf_printf(buf, " of ");
        sql_format_name(input->source, buf);
    }
    buf_printf(buf, ", %s/%s, reads (", format_name(input->format.key.kind),
               format_name(input->format.value.kind));
    row_type_format(input->row_type, buf);
    buf_printf(buf, ")");
    if (input->timestamp_column >= 0) {
        buf_printf(buf, ", time from ");
        sql_format_name(input->row_type->columns[input->timestamp_column].name, buf);
    }
    buf_printf(buf, "\n");
}

static void explain_output(const struct plan_output *output, struct buf *buf)
{
    if (output->kind == OUTPUT_FEED) {
        buf_printf(buf, "  output: feed\n");
        return;
    }
    buf_printf(buf, "  output: %stopic %.*s, %s/%s (",
               output->kind == OUTPUT_INTERNAL ? "internal " : "", STR_ARGS(output->format.topic),
               format_name(output->format.key.kind), format_name(output->format.value.kind));
    row_type_format(output->format.row_type, buf);
    buf_printf(buf, ")");
    if (output->partition_count > 0)
        buf_printf(buf, ", %" PRId32 " partition%s", output->partition_count,
                   output->partition_count == 1 ? "" : "s");
    buf_printf(buf, "\n");
}

/* The depth is bounded by the number of joins. */
static void explain_node(const struct plan_node *node, int depth, struct buf *buf)
{
    static const char *const names[] = {[NODE_INPUT] = "input",
                                        [NODE_TABLE] = "table",
                                        [NODE_FILTER] = "filter",
                                        [NODE_PROJECT] = "project",
                                        [NODE_EXPLODE] = "explode",
                                        [NODE_CHANGES] = "changes",
                                        [NODE_STREAM_JOIN] = "join",
                                        [NODE_TABLE_JOIN] = "join with table",
                                        [NODE_TABLES_JOIN] = "join of tables",
                                        [NODE_KEEP] = "kept",
                                        [NODE_AGGREGATE] = "aggregate"};
    const struct row_type *below = node->inputs[0] ? node->inputs[0]->row_type : NULL;
    buf_printf(buf, "%*s%s", depth * 2, "", names[node->kind]);
    switch (node->kind) {
    case NODE_INPUT:
        buf_printf(buf, " %u", node->input + 1);
        break;
    case NODE_TABLE:
        buf_printf(buf, " %u, kept", node->input + 1);
        break;
    case NODE_FILTER:
        buf_printf(buf, " ");
        expr_format(node->condition, below, buf);
        break;
    case NODE_PROJECT:
    case NODE_EXPLODE:
        explain_exprs(node->exprs, node->expr_count, below, buf);
        break;
    case NODE_CHANGES:
    case NODE_KEEP:
        break;
    case NODE_STREAM_JOIN:
    case NODE_TABLE_JOIN:
    case NODE_TABLES_JOIN:
        explain_join(node, buf);
        break;
    case NODE_AGGREGATE:
        explain_aggregate(node, buf);
        break;
    }
    buf_printf(buf, "\n");
    for (int i = 0; i < 2; i++) {
        if (node->inputs[i])
            explain_node(node->inputs[i], depth + 1, buf);
    }
}

static void explain_join(const struct plan_node *node, struct buf *buf)
{
    static const char *const kinds[] = {[JOIN_INNER] = "inner",
                                        [JOIN_LEFT] = "left",
                                        [JOIN_RIGHT] = "right",
                                        [JOIN_FULL] = "full outer"};
    buf_printf(buf, " %s on ", kinds[node->join]);
    if (node->foreign_key)
        expr_format(node->foreign_key, node->inputs[0]->row_type, buf);
    else
        sql_format_name(node->row_type->columns[0].name, buf);
    if (node->kind != NODE_STREAM_JOIN)
        return;
    buf_printf(buf, " within (");
    explain_ms(node->before_ms, buf);
    buf_printf(buf, ", ");
    explain_ms(node->after_ms, buf);
    buf_printf(buf, "), grace ");
    explain_ms(node->grace_ms, buf);
    buf_printf(buf, node->grace_given ? "" : " by default");
    buf_printf(buf, ", state: 2 windows of ");
    explain_ms(node->before_ms + node->after_ms + node->grace_ms, buf);
    buf_printf(buf, ", %u and %u columns", node->key_count + node->carried_count[0],
               node->key_count + node->carried_count[1]);
}

static void explain_aggregate(const struct plan_node *node, struct buf *buf)
{
    const struct row_type *below = node->inputs[0]->row_type;
    for (uint32_t i = 0; i < node->aggregate_count; i++) {
        const struct plan_aggregate *aggregate = &node->aggregates[i];
        buf_printf(buf, "%s%.*s(", i > 0 ? ", " : " ", STR_ARGS(aggregate->aggregate->name));
        for (uint32_t j = 0; j < aggregate->aggregate->arg_count; j++) {
            buf_printf(buf, "%s", j > 0 ? ", " : "");
            expr_format(aggregate->args[j], below, buf);
        }
        buf_printf(buf, ")");
    }
    buf_printf(buf, " by");
    explain_exprs(node->keys, node->key_count, below, buf);
    if (node->take_back >= 0)
        buf_printf(buf, ", with rows taken back");
    if (node->window != WINDOW_NONE) {
        buf_printf(buf, ", %s windows of ",
                   node->window == WINDOW_TUMBLING  ? "tumbling"
                   : node->window == WINDOW_HOPPING ? "hopping"
                                                    : "session");
        explain_ms(node->window_size_ms, buf);
        if (node->window == WINDOW_HOPPING) {
            buf_printf(buf, " every ");
            explain_ms(node->window_advance_ms, buf);
        }
        buf_printf(buf, ", grace ");
        explain_ms(node->window_grace_ms, buf);
        buf_printf(buf, ", kept for ");
        explain_ms(node->window_retention_ms, buf);
        buf_printf(buf, node->is_final ? ", final" : "");
    }
    buf_printf(buf, ", state: a row a key%s", node->window != WINDOW_NONE ? " and window" : "");
}

static void explain_exprs(struct expr *const *exprs, uint32_t count,
                          const struct row_type *row_type, struct buf *buf)
{
    for (uint32_t i = 0; i < count; i++) {
        buf_printf(buf, "%s", i > 0 ? ", " : " ");
        expr_format(exprs[i], row_type, buf);
    }
}

static void explain_ms(int64_t duration_ms, struct buf *buf)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}};
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (duration_ms >= units[i].ms && duration_ms % units[i].ms == 0) {
            buf_printf(buf, "%" PRId64 "%s", duration_ms / units[i].ms, units[i].unit);
            return;
        }
    }
    buf_printf(buf, "%" PRId64 "ms", duration_ms);
}

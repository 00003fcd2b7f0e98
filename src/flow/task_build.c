/* task_build.c -- making a task: its operators after the plan's nodes, its inputs, its last commit.
 */
#include "base/memory.h"
#include "flow/budget.h"
#include "flow/input.h"
#include "flow/lows.h"
#include "flow/merge.h"
#include "flow/op_stream_join.h"
#include "flow/output.h"
#include "flow/query.h"
#include "flow/step.h"
#include "flow/task.h"

#define NODES_MAX 256     /* of one stage */
#define NODE_DEPTH_MAX 64 /* of one branch */
#define READS_HELD_MAX 4  /* what one member may hold at a time */
#define BATCH_ARENA_BLOCK (64 << 10)

static enum err join_log(struct task *task, struct why *why);
static enum err open_dead_letters(struct task *task, struct why *why);
static enum err build_branches(struct task *task, struct why *why);
static enum err build_node(struct task *task, const struct plan_node *node, uint32_t depth,
                           struct operator** ret_op, struct why *why);
static enum err build_inputs(struct task *task, struct why *why);
static enum err build_input(struct task *task, struct input *input, struct why *why);
static void find_entry(struct task *task, struct input *input);
static enum err set_positions(struct task *task, struct why *why);
static enum err begin_at(struct task *task, struct input *input, int64_t *ret_offset,
                         struct why *why);

enum err task_new(struct flow_query *query, uint32_t index, struct task **ret_task, struct why *why)
{
    const struct query_task *place = &query->tasks[index];
    struct task *task = MEMORY_NEW(struct task);
    arena_init(&task->arena, 0);
    arena_init(&task->batch_arena, BATCH_ARENA_BLOCK);
    task->query = query;
    task->worker = place->worker;
    task->stage_index = place->stage;
    task->stage = &query->plan->stages[place->stage];
    task->partition = place->partition;
    task->partition_count = place->partition_count;
    task->name = query_task_name(query, place, &task->arena);
    task->emit_every_change = query->flow->options.emit_every_change;
    task->step_number = 1;
    task->counters = &query->counters;
    task->stream_time_ms = INT64_MIN;
    task->low_ms = LOG_LOW_UNKNOWN;

    enum err err = join_log(task, why);
    if (err == OK)
        err = open_dead_letters(task, why);
    if (err == OK)
        err = build_branches(task, why);
    if (err == OK)
        err = build_inputs(task, why);
    if (err == OK)
        err = set_positions(task, why);
    if (err == OK)
        err = task_restore_begin(task, why);
    if (err == OK)
        err = lows_begin(task, why);
    if (err == OK)
        *ret_task = task;
    else
        task_free(task);
    return err;
}

void task_free(struct task *task)
{
    if (!task)
        return;
    budget_leave(task);
    for (uint32_t i = 0; i < task->input_count; i++)
        input_release(&task->inputs[i]);
    for (uint32_t i = 0; i < task->operator_count; i++)
        task->operators[i]->ops->free(task->operators[i]);
    merge_free(task->merge);
    step_free(task->step);
    log_leave(task->restorer);
    for (uint32_t i = 0; i < task->reader_count; i++)
        log_leave(task->readers[i]);
    arena_release(&task->batch_arena);
    arena_release(&task->arena);
    free(task);
}

/* One member may hold few reads, so a task that reads many partitions joins several times. */
static enum err join_log(struct task *task, struct why *why)
{
    struct flow *flow = task->query->flow;
    uint32_t inputs = 0;
    for (uint32_t i = 0; i < task->stage->input_count; i++) {
        struct log_topic *topic;
        const struct str name =
            query_input_topic(task->query, &task->stage->inputs[i], &task->arena);
        const enum err err = log_topic_open(flow->options.log, name, &topic);
        if (err != OK)
            return why_set(why, err, "cannot open topic '%.*s': %s", STR_ARGS(name), err_text(err));
        inputs += task->stage->gathers ? (uint32_t)topic->partition_count : 1;
    }
    const uint32_t count = (inputs + READS_HELD_MAX - 1) / READS_HELD_MAX;
    task->readers = ARENA_ARRAY(&task->arena, struct log_member *, count);
    const struct log_member_options options = {
        .name = task->query->id, .reads_ahead = !task->query->feed, .is_impatient = true};
    while (task->reader_count < count) {
        const enum err err =
            log_join(flow->options.log, &options, &task->readers[task->reader_count], why);
        if (err != OK)
            return err;
        task->reader_count++;
    }
    task->member = task->readers[0];
    task->inputs = ARENA_ARRAY(&task->arena, struct input, inputs);
    task->positions = ARENA_ARRAY(&task->arena, struct log_position, inputs);
    task->step = step_new(task);
    return OK;
}

static enum err open_dead_letters(struct task *task, struct why *why)
{
    const struct str name = task->query->dead_letter_topic;
    if (name.size == 0)
        return OK;
    struct log_topic *topic;
    const enum err err = log_topic_open(task->query->flow->options.log, name, &topic);
    if (err != OK)
        return why_set(why, err, "cannot open topic '%.*s': %s", STR_ARGS(name), err_text(err));
    task->dead_letter_topic = topic;
    task->dead_letters =
        step_add_writer(task->step, topic, task->partition % topic->partition_count);
    return OK;
}

static enum err build_branches(struct task *task, struct why *why)
{
    const struct plan_stage *stage = task->stage;
    task->operators = ARENA_ARRAY(&task->arena, struct operator*, NODES_MAX + stage->branch_count);
    task->outputs = ARENA_ARRAY(&task->arena, struct operator*, stage->branch_count);
    task->lows = ARENA_ARRAY(&task->arena, struct log_low, stage->branch_count);
    for (uint32_t i = 0; i < stage->branch_count; i++) {
        struct operator* root = NULL;
        enum err err = build_node(task, stage->branches[i].root, 0, &root, why);
        if (err != OK)
            return err;
        struct operator* output;
        err = output_new(task, &stage->branches[i].output, &output, why);
        if (err != OK)
            return err;
        root->next = output;
        task->operators[task->operator_count++] = output;
        task->outputs[task->output_count++] = output;
    }
    return OK;
}

static enum err build_node(struct task *task, const struct plan_node *node, uint32_t depth,
                           struct operator** ret_op, struct why *why)
{
    static enum err (*const makers[])(struct task *, const struct plan_node *, struct operator**,
                                      struct why *) = {
        [NODE_INPUT] = op_input_new,
        [NODE_TABLE] = op_table_new,
        [NODE_KEEP] = op_table_new,
        [NODE_FILTER] = op_filter_new,
        [NODE_PROJECT] = op_project_new,
        [NODE_EXPLODE] = op_explode_new,
        [NODE_CHANGES] = op_changes_new,
        [NODE_STREAM_JOIN] = op_stream_join_new,
        [NODE_TABLE_JOIN] = op_table_join_new,
        [NODE_TABLES_JOIN] = op_tables_join_new,
        [NODE_AGGREGATE] = op_aggregate_new,
    };
    if (depth == NODE_DEPTH_MAX || task->operator_count >= NODES_MAX)
        return why_set(why, ERR_LIMIT, "a plan of more than %d nodes in a stage", NODES_MAX);
    struct operator* below[2] = {NULL, NULL};
    for (uint32_t i = 0; i < 2; i++) {
        if (!node->inputs[i])
            continue;
        const enum err err = build_node(task, node->inputs[i], depth + 1, &below[i], why);
        if (err != OK)
            return err;
    }
    struct operator* op;
    const enum err err = makers[node->kind](task, node, &op, why);
    if (err != OK)
        return err;
    if (task->operator_count >= NODES_MAX) {
        op->ops->free(op);
        return why_set(why, ERR_LIMIT, "a plan of more than %d nodes in a stage", NODES_MAX);
    }
    task->operators[task->operator_count++] = op;
    for (uint32_t i = 0; i < 2; i++) {
        if (below[i]) {
            below[i]->next = op;
            below[i]->next_side = i;
        }
    }
    *ret_op = op;
    return OK;
}

static enum err build_inputs(struct task *task, struct why *why)
{
    const struct plan_stage *stage = task->stage;
    for (uint32_t i = 0; i < stage->input_count; i++) {
        struct log_topic *topic;
        const struct str name = query_input_topic(task->query, &stage->inputs[i], &task->arena);
        enum err err = log_topic_open(task->query->flow->options.log, name, &topic);
        if (err != OK)
            return why_set(why, err, "cannot open topic '%.*s': %s", STR_ARGS(name), err_text(err));
        const int32_t first = stage->gathers ? 0 : task->partition;
        const int32_t end = stage->gathers ? topic->partition_count : first + 1;
        if (end > topic->partition_count)
            return why_set(why, ERR_INVALID, "topic '%.*s' has no partition %d", STR_ARGS(name),
                           first);
        for (int32_t partition = first; partition < end; partition++) {
            struct input *input = &task->inputs[task->input_count];
            *input = (struct input){
                .task = task,
                .plan = &stage->inputs[i],
                .plan_index = i,
                .partition = partition,
                .topic = topic,
                .reader = task->readers[task->input_count / READS_HELD_MAX],
                .from_offset = INT64_MAX,
                .stop_offset = INT64_MAX,
                .time_ms = INT64_MIN,
                .reached_ms = LOG_LOW_NONE,
            };
            arena_init(&input->arena, 0);
            task->input_count++;
            err = build_input(task, input, why);
            if (err != OK)
                return err;
        }
    }
    task->merge = merge_new(task, task->inputs, task->input_count);
    return OK;
}

static enum err build_input(struct task *task, struct input *input, struct why *why)
{
    input->format = input->plan->format;
    input->format.topic = input->topic->name;
    find_entry(task, input);
    if (input->plan->timestamp_format.size > 0) {
        const enum err err =
            time_pattern_compile(input->plan->timestamp_format, &task->arena, &input->pattern, why);
        if (err != OK)
            return err;
    }
    const bool is_join = input->prefix_count == 0 && input->entry->node &&
                         input->entry->node->kind == NODE_STREAM_JOIN;
    if (is_join && stream_join_take_raw(input->entry, input->entry_side, input))
        return OK;
    enum err err =
        decoder_new(&input->format, input->plan->origins, input->plan->row_type->column_count,
                    task->query->flow->options.registry, &input->decoder, why);
    bool keeps = false;
    if (err == OK && is_join)
        err = stream_join_keep_records(input->entry, input->entry_side, input, &keeps, why);
    if (err == OK && keeps)
        err = input_brief_open(input, input->entry->node->key_count, why);
    return err;
}

/* The prefix is the chain of stateless operators above the leaf; the entry is what comes then. */
static void find_entry(struct task *task, struct input *input)
{
    struct operator* leaf = NULL;
    for (uint32_t i = 0; i < task->operator_count; i++) {
        const struct plan_node *node = task->operators[i]->node;
        if (node && (node->kind == NODE_INPUT || node->kind == NODE_TABLE) &&
            node->input == input->plan_index)
            leaf = task->operators[i];
    }
    must(leaf != NULL);
    if (leaf->node->kind == NODE_TABLE) {
        input->entry = leaf;
        return;
    }
    uint32_t side = leaf->next_side;
    struct operator* op = leaf->next;
    while (op->is_stateless && input->prefix_count < INPUT_PREFIX_MAX) {
        op->in_prefix = true;
        input->prefix[input->prefix_count++] = op;
        side = op->next_side;
        op = op->next;
    }
    input->entry = op;
    input->entry_side = side;
}

/* Where the last commit stood, and whether windows must be read back. */
static enum err set_positions(struct task *task, struct why *why)
{
    struct log_task_state state;
    struct log_share *shares = ARENA_ARRAY(&task->arena, struct log_share, task->input_count);
    for (uint32_t i = 0; i < task->input_count; i++)
        shares[i] = (struct log_share){task->inputs[i].topic, task->inputs[i].partition};
    enum err err =
        log_load(task->member, task->name, shares, task->input_count, &task->arena, &state, why);
    if (err != OK)
        return err;
    if (state.exists && marks_read(state.marks, &task->marks) != OK)
        return why_set(why, ERR_CORRUPT, "the marks of task '%.*s' cannot be read",
                       STR_ARGS(task->name));
    task->must_hand_over = !state.exists;
    for (uint32_t i = 0; i < task->input_count; i++) {
        struct input *input = &task->inputs[i];
        const struct log_position *found = NULL;
        for (uint32_t j = 0; j < state.position_count; j++)
            if (state.positions[j].topic == input->topic &&
                state.positions[j].partition == input->partition)
                found = &state.positions[j];
        int64_t next = 0;
        int64_t from = 0;
        if (found) {
            next = found->next_offset;
            from = found->from_offset;
        } else {
            err = begin_at(task, input, &next, why);
            if (err != OK)
                return err;
            from = next;
        }
        task->positions[i].next_offset = next;
        input->trimmed_offset = from;
        input->stop_offset = next;
        input_seek(input, from);
        if (state.exists)
            input_brief_begin(input, from);
        else
            input_brief_first(input);
        task->replay_total += next - from;
    }
    task->replaying = task->replay_total > 0;
    for (uint32_t i = 0; i < task->operator_count; i++)
        task->replays_in_order |= task->operators[i]->reads_in_order;
    if (!task->replaying)
        for (uint32_t i = 0; i < task->input_count; i++)
            task->inputs[i].stop_offset = INT64_MAX;
    return OK;
}

/* A new query's first record: from the beginning, or what comes from now on. What is internal is
 * always read whole. */
static enum err begin_at(struct task *task, struct input *input, int64_t *ret_offset,
                         struct why *why)
{
    struct log_topic_info info;
    const enum err err =
        log_describe(task->query->flow->options.log, input->topic->name, &task->arena, &info, why);
    if (err != OK)
        return err;
    const struct log_partition_info *partition = &info.partitions[input->partition];
    const bool from_begin = task->query->from_earliest || input->plan->is_internal;
    *ret_offset = from_begin ? partition->begin_offset : partition->end_offset;
    return OK;
}

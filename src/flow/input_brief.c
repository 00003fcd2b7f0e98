/* input_brief.c -- reading windows back without decoding more than they need. */
#include "base/hash.h"
#include "flow/input.h"
#include "flow/marks.h"
#include "flow/query.h"
#include "flow/task.h"

#define MARK_REJECTED 'R' /* of an input, by its number in the stage */
#define MARK_SHAPE 'S'

static int64_t shape_of(const struct input *input);

enum err input_brief_open(struct input *input, uint32_t key_count, struct why *why)
{
    struct input_brief *brief = &input->brief;
    const struct plan_input *plan = input->plan;
    const uint32_t column_count = plan->row_type->column_count;
    struct column_origin origins[ROW_TYPE_COLUMNS_MAX];
    must(input->prefix_count == 0);
    must(!input->task->stage->gathers);
    for (uint32_t i = 0; i < column_count; i++) {
        const bool is_wanted = i < key_count || (int32_t)i == plan->timestamp_column;
        origins[i] = is_wanted ? plan->origins[i] : (struct column_origin){.kind = ORIGIN_NONE};
    }
    brief->format = input->format;
    brief->format.value.checked = true;
    brief->rejected_offset = INT64_MAX;
    brief->shape = shape_of(input);
    return decoder_new(&brief->format, origins, column_count,
                       input->task->query->flow->options.registry, &brief->decoder, why);
}

void input_brief_first(struct input *input)
{
    if (input->brief.decoder)
        input->brief.rejected_offset = 0;
}

/* Unknown, it is found out by decoding everything once more. */
void input_brief_begin(struct input *input, int64_t from)
{
    struct input_brief *brief = &input->brief;
    const struct marks *marks = &input->task->marks;
    if (!brief->decoder)
        return;
    const bool is_known = marks_get(marks, input->plan_index, MARK_SHAPE, 0) == brief->shape;
    brief->rejected_offset =
        is_known ? marks_get(marks, input->plan_index, MARK_REJECTED, INT64_MAX) : INT64_MAX;
    brief->is_used = brief->rejected_offset <= from;
    if (!brief->is_used)
        brief->rejected_offset = 0;
}

void input_brief_end(struct input *input)
{
    input->brief.is_used = false;
}

void input_brief_mark(const struct input *input)
{
    const struct input_brief *brief = &input->brief;
    if (!brief->decoder)
        return;
    marks_set(&input->task->marks, input->plan_index, MARK_REJECTED, brief->rejected_offset);
    marks_set(&input->task->marks, input->plan_index, MARK_SHAPE, brief->shape);
}

/* A replaced query may want other columns, and so find fault with other records. */
static int64_t shape_of(const struct input *input)
{
    const struct plan_input *plan = input->plan;
    uint64_t hash = 0;
    for (uint32_t i = 0; i < plan->row_type->column_count; i++) {
        const uint32_t origin[] = {plan->origins[i].kind, plan->origins[i].column,
                                   (uint32_t)(plan->timestamp_column == (int32_t)i)};
        hash = hash64_seeded(origin, sizeof(origin), hash);
    }
    return (int64_t)(hash | 1);
}

/* aggregate_average.c -- AVG, STDDEV_SAMP, STDDEV_SAMPLE, CORRELATION: states of a few sums. */
#include "functions/function.h"

#include <math.h>

static void init_fields(const struct aggregate *aggregate, struct value *state, struct arena *arena)
{
    const uint32_t count = aggregate->state_type->field_count;
    *state =
        (struct value){.list = {.items = ARENA_ARRAY(arena, struct value, count), .count = count}};
}

/* Fields of the state in their own copy, as the state's own may be shared. */
static struct value *own_fields(struct value *state, struct arena *arena)
{
    state->list.items =
        arena_copy(arena, state->list.items, state->list.count * sizeof(struct value));
    return state->list.items;
}

/* --- AVG: SUM, COUNT --- */

static enum err average_change(const struct aggregate *aggregate, struct value *state,
                               const struct value *by, int sign, struct arena *arena)
{
    if (by->is_null)
        return OK;
    struct value *fields = own_fields(state, arena);
    const enum type_kind kind = aggregate->arg_types[0]->kind;
    if (kind == TYPE_DOUBLE)
        fields[0].number += sign * by->number;
    else
        fields[0].bigint =
            (int64_t)((uint64_t)fields[0].bigint +
                      (uint64_t)(int64_t)sign *
                          (uint64_t)(kind == TYPE_INTEGER ? by->integer : by->bigint));
    fields[1].bigint += sign;
    return OK;
}

static enum err average_add(const struct aggregate *aggregate, struct value *state,
                            const struct value *args, struct arena *arena)
{
    return average_change(aggregate, state, &args[0], 1, arena);
}

static enum err average_undo(const struct aggregate *aggregate, struct value *state,
                             const struct value *args, struct arena *arena)
{
    return average_change(aggregate, state, &args[0], -1, arena);
}

static enum err average_merge(const struct aggregate *aggregate, struct value *state,
                              const struct value *other, struct arena *arena)
{
    struct value *fields = own_fields(state, arena);
    const struct value *more = other->list.items;
    if (aggregate->state_type->fields[0].type->kind == TYPE_DOUBLE)
        fields[0].number += more[0].number;
    else
        fields[0].bigint = (int64_t)((uint64_t)fields[0].bigint + (uint64_t)more[0].bigint);
    fields[1].bigint += more[1].bigint;
    return OK;
}

static struct value average_result(const struct aggregate *aggregate, const struct value *state,
                                   struct arena *arena)
{
    const struct value *fields = state->list.items;
    const bool is_double = aggregate->state_type->fields[0].type->kind == TYPE_DOUBLE;
    const double sum = is_double ? fields[0].number : (double)fields[0].bigint;
    const int64_t count = fields[1].bigint;
    return (struct value){.number = count == 0 ? 0.0 : sum / (double)count};
}

/* --- STDDEV: COUNT, SUM, M2, the squares of distances from the mean, kept up to date as Youngs and
 * Cramer do it ("Some results relevant to choice of sum and sum-of-product algorithms", 1971) ---
 */

enum { DEVIATION_COUNT, DEVIATION_SUM, DEVIATION_M2 };

static enum err deviation_add(const struct aggregate *aggregate, struct value *state,
                              const struct value *args, struct arena *arena)
{
    if (args[0].is_null)
        return OK;
    struct value *fields = own_fields(state, arena);
    const double count = (double)fields[DEVIATION_COUNT].bigint;
    const double sum = fields[DEVIATION_SUM].number + args[0].number;
    if (count > 0) {
        const double apart = (count + 1) * args[0].number - sum;
        fields[DEVIATION_M2].number += apart * apart / (count * (count + 1));
    }
    fields[DEVIATION_COUNT].bigint++;
    fields[DEVIATION_SUM].number = sum;
    return OK;
}

static enum err deviation_undo(const struct aggregate *aggregate, struct value *state,
                               const struct value *args, struct arena *arena)
{
    if (args[0].is_null)
        return OK;
    struct value *fields = own_fields(state, arena);
    const double count = (double)fields[DEVIATION_COUNT].bigint;
    if (count > 1) {
        const double apart = count * args[0].number - fields[DEVIATION_SUM].number;
        fields[DEVIATION_M2].number -= apart * apart / (count * (count - 1));
    } else {
        fields[DEVIATION_M2].number = 0;
    }
    fields[DEVIATION_COUNT].bigint--;
    fields[DEVIATION_SUM].number -= args[0].number;
    return OK;
}

static enum err deviation_merge(const struct aggregate *aggregate, struct value *state,
                                const struct value *other, struct arena *arena)
{
    struct value *fields = own_fields(state, arena);
    const struct value *more = other->list.items;
    const double m = (double)fields[DEVIATION_COUNT].bigint;
    const double n = (double)more[DEVIATION_COUNT].bigint;
    if (m > 0 && n > 0) {
        const double apart = n / m * fields[DEVIATION_SUM].number - more[DEVIATION_SUM].number;
        fields[DEVIATION_M2].number += m / (n * (m + n)) * apart * apart;
    }
    fields[DEVIATION_M2].number += more[DEVIATION_M2].number;
    fields[DEVIATION_COUNT].bigint += more[DEVIATION_COUNT].bigint;
    fields[DEVIATION_SUM].number += more[DEVIATION_SUM].number;
    return OK;
}

/* What ksqlDB calls STDDEV_SAMP is the variance; STDDEV_SAMPLE is its root. */
static struct value variance_result(const struct aggregate *aggregate, const struct value *state,
                                    struct arena *arena)
{
    const struct value *fields = state->list.items;
    const double count = (double)fields[DEVIATION_COUNT].bigint;
    return (struct value){.number = count > 1 ? fields[DEVIATION_M2].number / (count - 1) : 0.0};
}

static struct value deviation_result(const struct aggregate *aggregate, const struct value *state,
                                     struct arena *arena)
{
    return (struct value){.number = sqrt(variance_result(aggregate, state, arena).number)};
}

/* --- CORRELATION: COUNT, SUM_X, SUM_Y, SUM_XX, SUM_YY, SUM_XY --- */

static enum err correlation_change(struct value *state, const struct value *args, int sign,
                                   struct arena *arena)
{
    if (args[0].is_null || args[1].is_null)
        return OK;
    struct value *fields = own_fields(state, arena);
    const double x = args[0].number, y = args[1].number;
    fields[0].bigint += sign;
    fields[1].number += sign * x;
    fields[2].number += sign * y;
    fields[3].number += sign * x * x;
    fields[4].number += sign * y * y;
    fields[5].number += sign * x * y;
    return OK;
}

static enum err correlation_add(const struct aggregate *aggregate, struct value *state,
                                const struct value *args, struct arena *arena)
{
    return correlation_change(state, args, 1, arena);
}

static enum err correlation_undo(const struct aggregate *aggregate, struct value *state,
                                 const struct value *args, struct arena *arena)
{
    return correlation_change(state, args, -1, arena);
}

static enum err correlation_merge(const struct aggregate *aggregate, struct value *state,
                                  const struct value *other, struct arena *arena)
{
    struct value *fields = own_fields(state, arena);
    fields[0].bigint += other->list.items[0].bigint;
    for (int i = 1; i < 6; i++)
        fields[i].number += other->list.items[i].number;
    return OK;
}

static struct value correlation_result(const struct aggregate *aggregate, const struct value *state,
                                       struct arena *arena)
{
    const struct value *fields = state->list.items;
    const double n = (double)fields[0].bigint;
    const double above = n * fields[5].number - fields[1].number * fields[2].number;
    const double below = sqrt(n * fields[3].number - fields[1].number * fields[1].number) *
                         sqrt(n * fields[4].number - fields[2].number * fields[2].number);
    return (struct value){.number = above / below};
}

static const struct aggregate_kind average_whole_kind = {
    .ops = {init_fields, average_add, average_undo, average_merge, average_result},
    .state = "STRUCT<SUM BIGINT, COUNT BIGINT>",
    .can_undo = true};
static const struct aggregate_kind average_kind = {
    .ops = {init_fields, average_add, average_undo, average_merge, average_result},
    .state = "STRUCT<SUM DOUBLE, COUNT BIGINT>",
    .can_undo = true};
static const struct aggregate_kind variance_kind = {
    .ops = {init_fields, deviation_add, deviation_undo, deviation_merge, variance_result},
    .state = "STRUCT<COUNT BIGINT, SUM DOUBLE, M2 DOUBLE>",
    .can_undo = true};
static const struct aggregate_kind deviation_kind = {
    .ops = {init_fields, deviation_add, deviation_undo, deviation_merge, deviation_result},
    .state = "STRUCT<COUNT BIGINT, SUM DOUBLE, M2 DOUBLE>",
    .can_undo = true};
static const struct aggregate_kind correlation_kind = {
    .ops = {init_fields, correlation_add, correlation_undo, correlation_merge, correlation_result},
    .state = "STRUCT<COUNT BIGINT, SUM_X DOUBLE, SUM_Y DOUBLE, SUM_XX DOUBLE, SUM_YY DOUBLE, "
             "SUM_XY DOUBLE>",
    .can_undo = true};

static const struct function_overload average_overloads[] = {
    {.signature = "AVG(INTEGER) DOUBLE", .aggregate = &average_whole_kind},
    {.signature = "AVG(BIGINT) DOUBLE", .aggregate = &average_whole_kind},
    {.signature = "AVG(DOUBLE) DOUBLE", .aggregate = &average_kind},
};
static const struct function_overload variance_overloads[] = {
    {.signature = "STDDEV_SAMP(DOUBLE) DOUBLE", .aggregate = &variance_kind},
};
static const struct function_overload deviation_overloads[] = {
    {.signature = "STDDEV_SAMPLE(DOUBLE) DOUBLE", .aggregate = &deviation_kind},
};
static const struct function_overload correlation_overloads[] = {
    {.signature = "CORRELATION(DOUBLE, DOUBLE) DOUBLE", .aggregate = &correlation_kind},
};

static const struct function_entry entries[] = {
    {.name = "AVG",
     .kind = FUNCTION_AGGREGATE,
     .doc = "the mean; NULLs are passed over, of none it is 0",
     FUNCTION_OVERLOADS(average_overloads)},
    {.name = "STDDEV_SAMP",
     .kind = FUNCTION_AGGREGATE,
     .doc = "the sample variance (so named in ksqlDB; see STDDEV_SAMPLE)",
     FUNCTION_OVERLOADS(variance_overloads)},
    {.name = "STDDEV_SAMPLE",
     .kind = FUNCTION_AGGREGATE,
     .doc = "the standard deviation of a sample",
     FUNCTION_OVERLOADS(deviation_overloads)},
    {.name = "CORRELATION",
     .kind = FUNCTION_AGGREGATE,
     .doc = "Pearson's correlation of two columns",
     FUNCTION_OVERLOADS(correlation_overloads)},
};

const struct function_topic functions_average = FUNCTION_TOPIC(entries);

/* function_lambda.c -- TRANSFORM, FILTER, REDUCE.
 *
 * A lambda runs over columns too: once for the first items of all rows together, once for the
 * second ones, and so on, with the parameters as columns of the batch's row numbers. So what the
 * lambda captures needs no copy. What a pass makes is thrown away before the next one. */
#include "functions/body.h"

struct passes {
    struct call *call;
    const struct column *list; /* ARRAY or MAP */
    uint32_t position;         /* of the items in turn */
    uint32_t longest;
    uint8_t *bad; /* a byte a row: the lambda failed for an item */
    struct arena inner;
    uint16_t *selection; /* rows with an item at `position` */
    struct rows rows;
};

static void passes_begin(struct passes *passes, struct call *call, const struct column *list)
{
    *passes = (struct passes){.call = call, .list = list};
    arena_init(&passes->inner, 64 << 10);
    passes->bad = ARENA_ARRAY(call->arena, uint8_t, call->scope->capacity);
    passes->selection = scope_selection(call->scope);
    for (uint32_t i = 0; i < call->rows.count; i++) {
        const uint32_t row = rows_get(call->rows, i);
        if (!list->nulls[row] && list->spans[row].count > passes->longest)
            passes->longest = list->spans[row].count;
    }
}

/* The rows that have an item in turn; those that failed drop out. */
static void passes_select(struct passes *passes)
{
    arena_clear(&passes->inner);
    uint32_t count = 0;
    for (uint32_t i = 0; i < passes->call->rows.count; i++) {
        const uint32_t row = rows_get(passes->call->rows, i);
        if (!passes->list->nulls[row] && !passes->bad[row] &&
            passes->list->spans[row].count > passes->position)
            passes->selection[count++] = (uint16_t)row;
    }
    passes->rows = (struct rows){.at = passes->selection, .count = count};
}

static uint32_t passes_item(const struct passes *passes, uint32_t row)
{
    return passes->list->spans[row].start + passes->position;
}

/* Runs a lambda for the selected rows; `state` is its first parameter, when there is one. */
static const struct column *passes_run(struct passes *passes, const struct expr *lambda,
                                       const struct column *state)
{
    const uint32_t child_count = passes->list->type->kind == TYPE_MAP ? 2 : 1;
    struct column items[2];
    const struct column *parameters[3];
    uint32_t count = 0;
    if (state)
        parameters[count++] = state;
    for (uint32_t k = 0; k < child_count; k++) {
        const struct column *child = &passes->list->children[k];
        column_init(&items[k], child->type, passes->call->scope->capacity, &passes->inner);
        for (uint32_t i = 0; i < passes->rows.count; i++)
            column_copy_cell(&items[k], passes->selection[i], child,
                             passes_item(passes, passes->selection[i]), &passes->inner);
        parameters[count++] = arena_copy(&passes->inner, &items[k], sizeof(items[k]));
    }
    struct poison poison = {NULL};
    struct scope scope = *passes->call->scope;
    scope.arena = &passes->inner;
    scope.rows = passes->rows;
    scope.poison = &poison;
    scope.parameters = parameters;
    const struct column *result = scope_evaluate(&scope, lambda->args[0]);
    for (uint32_t i = 0; poison.rows && i < passes->rows.count; i++)
        passes->bad[passes->selection[i]] |= poison.rows[passes->selection[i]];
    return result;
}

/* Keeps a cell of a pass in a column of the call. */
static void passes_keep(struct passes *passes, const struct column *from, uint32_t row,
                        struct column *to, uint32_t to_row)
{
    const struct value cell = column_get(from, row, &passes->inner);
    const struct value copy = value_copy(passes->call->arena, from->type, &cell);
    column_set(to, to_row, &copy, passes->call->arena);
}

static void passes_end(struct passes *passes, struct column *result)
{
    for (uint32_t i = 0; i < passes->call->rows.count; i++) {
        const uint32_t row = rows_get(passes->call->rows, i);
        if (passes->bad[row])
            call_fail(passes->call, result, row);
    }
    arena_release(&passes->inner);
}

/* Two keys that become one are a failure, as in ksqlDB. */
static void check_keys(struct passes *passes, const struct column *result)
{
    const struct column *keys = &result->children[0];
    for (uint32_t i = 0; i < passes->call->rows.count; i++) {
        const uint32_t row = rows_get(passes->call->rows, i);
        if (result->nulls[row] || passes->bad[row])
            continue;
        const struct span span = result->spans[row];
        for (uint32_t a = 1; a < span.count && !passes->bad[row]; a++)
            for (uint32_t b = 0; b < a && !passes->bad[row]; b++) {
                const struct value one = column_get(keys, span.start + a, &passes->inner);
                const struct value other = column_get(keys, span.start + b, &passes->inner);
                passes->bad[row] = value_equal(keys->type, &one, &other);
            }
    }
}

static void lambda_transform(struct call *call, const struct column *const *args,
                             struct column *result)
{
    struct passes passes;
    const struct column *list = args[0];
    const bool is_map = list->type->kind == TYPE_MAP;
    passes_begin(&passes, call, list);
    for (uint32_t i = 0; i < call->rows.count; i++) {
        const uint32_t row = rows_get(call->rows, i);
        result->nulls[row] = list->nulls[row];
        if (!list->nulls[row])
            column_append_items(result, row, list->spans[row].count, call->arena);
    }
    for (; passes.position < passes.longest; passes.position++) {
        passes_select(&passes);
        for (uint32_t k = 0; k < (is_map ? 2 : 1); k++) {
            const struct column *made = passes_run(&passes, call->expr->args[1 + k], NULL);
            for (uint32_t i = 0; i < passes.rows.count; i++) {
                const uint32_t row = passes.selection[i];
                passes_keep(&passes, made, row, &result->children[k],
                            result->spans[row].start + passes.position);
            }
        }
    }
    if (is_map)
        check_keys(&passes, result);
    passes_end(&passes, result);
}

static void lambda_filter(struct call *call, const struct column *const *args,
                          struct column *result)
{
    struct passes passes;
    const struct column *list = args[0];
    const uint32_t child_count = list->type->kind == TYPE_MAP ? 2 : 1;
    uint8_t *kept = ARENA_ARRAY(call->arena, uint8_t, list->children[0].capacity);
    passes_begin(&passes, call, list);
    for (; passes.position < passes.longest; passes.position++) {
        passes_select(&passes);
        const struct column *made = passes_run(&passes, call->expr->args[1], NULL);
        for (uint32_t i = 0; i < passes.rows.count; i++) {
            const uint32_t row = passes.selection[i];
            kept[passes_item(&passes, row)] = !made->nulls[row] && made->booleans[row];
        }
    }
    for (uint32_t i = 0; i < call->rows.count; i++) {
        const uint32_t row = rows_get(call->rows, i);
        result->nulls[row] = list->nulls[row];
        if (list->nulls[row] || passes.bad[row])
            continue;
        const struct span span = list->spans[row];
        uint32_t count = 0;
        for (uint32_t k = 0; k < span.count; k++)
            count += kept[span.start + k];
        uint32_t at = column_append_items(result, row, count, call->arena);
        for (uint32_t k = 0; k < span.count; k++) {
            for (uint32_t c = 0; c < child_count && kept[span.start + k]; c++)
                column_copy_cell(&result->children[c], at, &list->children[c], span.start + k,
                                 call->arena);
            at += kept[span.start + k];
        }
    }
    passes_end(&passes, result);
}

/* The state is the result's column itself. */
static void lambda_reduce(struct call *call, const struct column *const *args,
                          struct column *result)
{
    struct passes passes;
    passes_begin(&passes, call, args[0]);
    for (uint32_t i = 0; i < call->rows.count; i++) {
        const uint32_t row = rows_get(call->rows, i);
        column_copy_cell(result, row, args[1], row, call->arena);
    }
    for (; passes.position < passes.longest; passes.position++) {
        passes_select(&passes);
        const struct column *made = passes_run(&passes, call->expr->args[2], result);
        for (uint32_t i = 0; i < passes.rows.count; i++) {
            const uint32_t row = passes.selection[i];
            passes_keep(&passes, made, row, result, row);
        }
    }
    passes_end(&passes, result);
}

#define LAMBDA(text, body)                                                                         \
    {                                                                                              \
        .signature = text, .columns = body                                                         \
    }

static const struct function_overload transform_overloads[] = {
    LAMBDA("TRANSFORM(ARRAY<T>, (T) => U) ARRAY<U>", lambda_transform),
    LAMBDA("TRANSFORM(MAP<K, V>, (K, V) => A, (K, V) => B) MAP<A, B>", lambda_transform),
};
static const struct function_overload filter_overloads[] = {
    LAMBDA("FILTER(ARRAY<T>, (T) => BOOLEAN) ARRAY<T>", lambda_filter),
    LAMBDA("FILTER(MAP<K, V>, (K, V) => BOOLEAN) MAP<K, V>", lambda_filter),
};
static const struct function_overload reduce_overloads[] = {
    LAMBDA("REDUCE(ARRAY<T>, S, (S, T) => S) S", lambda_reduce),
    LAMBDA("REDUCE(MAP<K, V>, S, (S, K, V) => S) S", lambda_reduce),
};

static const struct function_entry entries[] = {
    ENTRY("TRANSFORM", "what the lambda makes of each item, or of each key and each value",
          transform_overloads),
    ENTRY("FILTER", "the items or entries for which the lambda is true", filter_overloads),
    ENTRY("REDUCE", "the state that is left when the lambda has seen all items", reduce_overloads),
};

const struct function_topic functions_lambda = FUNCTION_TOPIC(entries);

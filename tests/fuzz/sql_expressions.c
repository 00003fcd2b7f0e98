/* sql_expressions.c -- any text as an expression over rows of every type, and evaluated. A cell has
 * the type that was promised, and is the same whether its row is alone in the batch or not. */
#include "sql_world.h"

#define ROWS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct value value_of(const struct type *type, uint32_t row, struct arena *arena)
{
    static const char *const texts[ROWS] = {"", "abc", "12.5", "{\"a\":[1,\"\xc3\xa9\"]}"};
    static const int64_t numbers[ROWS] = {0, -1, 7, INT64_MAX};
    struct value value = {.is_null = false};
    switch (type->kind) {
    case TYPE_KIND_COUNT:
        must_not_reach();
    case TYPE_BOOLEAN:
        value.boolean = row % 2 == 0;
        break;
    case TYPE_INTEGER:
    case TYPE_DATE:
        value.integer = (int32_t)numbers[row];
        break;
    case TYPE_TIME:
        value.integer = (int32_t)row * 1000;
        break;
    case TYPE_BIGINT:
        value.bigint = numbers[row];
        break;
    case TYPE_TIMESTAMP:
        value.bigint = numbers[row] / 1000;
        break;
    case TYPE_DOUBLE:
        value.number = (double)numbers[row] / 3;
        break;
    case TYPE_DECIMAL:
        value.decimal = numbers[row] % 1000;
        break;
    case TYPE_STRING:
    case TYPE_BYTES:
        value.text = str_from(texts[row]);
        break;
    case TYPE_ARRAY:
    case TYPE_MAP:
    case TYPE_STRUCT: {
        const bool is_map = type->kind == TYPE_MAP;
        const uint32_t count = type->kind == TYPE_STRUCT ? type->field_count : row;
        value.list.count = count;
        value.list.items = ARENA_ARRAY(arena, struct value, count * 2 + 1);
        for (uint32_t i = 0; i < count; i++) {
            const struct type *item = type->kind == TYPE_STRUCT ? type->fields[i].type : type->item;
            if (is_map)
                value.list.items[2 * i].text = str_from(texts[i]);
            value.list.items[is_map ? 2 * i + 1 : i] = value_of(item, i % ROWS, arena);
        }
        break;
    }
    }
    return value;
}

/* Rows of the type, one of NULLs only. */
static struct batch *rows_of(const struct row_type *row_type, struct arena *arena)
{
    struct batch *batch = batch_new(arena, row_type, ROWS + 1);
    for (uint32_t row = 0; row <= ROWS; row++) {
        for (uint32_t i = 0; i < row_type->column_count; i++) {
            const struct value value = row < ROWS ? value_of(row_type->columns[i].type, row, arena)
                                                  : (struct value){.is_null = true};
            column_set(&batch->columns[i], row, &value, arena);
        }
        batch->timestamps[row] = row;
    }
    batch->row_count = ROWS + 1;
    batch_select_all(batch);
    return batch;
}

static void evaluate(const struct expr *expr, const struct row_type *row_type, struct arena *arena)
{
    struct batch *batch = rows_of(row_type, arena);
    struct evaluation all = {.arena = arena, .batch = batch};
    const struct column *column = expr_evaluate(expr, &all);
    must(type_equal(column->type, expr->type));
    for (uint16_t row = 0; row <= ROWS; row++) {
        batch->selection[0] = row;
        batch->selected_count = 1;
        struct evaluation one = {.arena = arena, .batch = batch};
        const struct column *alone = expr_evaluate(expr, &one);
        const struct value a = column_get(column, row, arena);
        const struct value b = column_get(alone, row, arena);
        must(value_equal(expr->type, &a, &b));
    }
}

/* What gives another value each time cannot be compared. */
static bool is_volatile(struct str text)
{
    static const struct str names[] = {STR_INIT("RANDOM"), STR_INIT("UUID"),
                                       STR_INIT("UNIX_TIMESTAMP"), STR_INIT("UNIX_DATE")};
    for (size_t i = 0; i < text.size; i++)
        for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++)
            if (text.size - i >= names[j].size &&
                str_equal_nocase((struct str){text.data + i, names[j].size}, names[j]))
                return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sql_world world;
    if (!world.catalog.context)
        sql_world_init(&world);
    struct arena arena;
    struct statement *statements;
    struct plan *plan;
    uint32_t count = 0;
    arena_init(&arena, 0);
    const struct str text =
        arena_printf(&arena, "SELECT %.*s FROM s EMIT CHANGES;", (int)size, (const char *)data);
    if (!is_volatile(text) && sql_parse(text, NULL, &arena, &statements, &count, NULL) == OK &&
        count == 1 && statements[0].kind == STATEMENT_SELECT && statements[0].emit &&
        sql_plan_query(&statements[0], &world.catalog, &arena, &plan, NULL) == OK) {
        const struct plan_node *root = plan->stages[plan->stage_count - 1].branches[0].root;
        if (root->kind == NODE_PROJECT && root->inputs[0]->kind == NODE_INPUT)
            for (uint32_t i = 0; i < root->expr_count; i++)
                evaluate(root->exprs[i], root->inputs[0]->row_type, &arena);
    }
    arena_release(&arena);
    return 0;
}

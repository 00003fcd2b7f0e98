/* check_insert.c -- INSERT INTO ... VALUES: one row. */
#include "sql/planner.h"

static enum err check_target(struct planner *planner, const struct source *source);
static enum err find_column(struct planner *planner, const struct source *source, uint32_t index,
                            int *ret_column);
static enum err insert_value(struct planner *planner, const struct row_column *column,
                             const struct syntax_expr *syntax, struct value *ret_value);
static enum err check_keys(struct planner *planner, const struct source *source,
                           const struct value *values);
static struct batch *one_row(struct planner *planner, const struct source *source,
                             const struct value *values, int64_t timestamp_ms);

/* What find_column says of ROWTIME. */
#define ROWTIME_COLUMN (-1)

enum err sql_check_insert(const struct statement *statement, const struct catalog *catalog,
                          int64_t now_ms, struct arena *arena, const struct source **ret_source,
                          struct batch **ret_row, struct why *why)
{
    must(statement->kind == STATEMENT_INSERT_VALUES);
    must(catalog != NULL);
    must(ret_source != NULL);
    must(ret_row != NULL);
    struct planner planner = {
        .statement = statement, .catalog = catalog, .arena = arena, .why = why};
    const struct source *source;
    enum err err = plan_source_find(&planner, statement->name, statement->name_place, &source);
    if (!err)
        err = check_target(&planner, source);
    if (err)
        return err;
    const struct row_type *row_type = source->format.row_type;
    struct value *values = ARENA_ARRAY(arena, struct value, row_type->column_count);
    bool *given = ARENA_ARRAY(arena, bool, row_type->column_count);
    for (uint32_t i = 0; i < row_type->column_count; i++)
        values[i] = VALUE_NULL;
    const struct row_column rowtime = {.name = STR("ROWTIME"), .type = &type_bigint};
    int64_t timestamp_ms = now_ms;
    for (uint32_t i = 0; i < statement->insert_value_count; i++) {
        const struct syntax_expr *syntax = statement->insert_values[i];
        int column = ROWTIME_COLUMN;
        err = find_column(&planner, source, i, &column);
        if (!err && column != ROWTIME_COLUMN && given[column])
            err = plan_refuse(&planner, statement->name_place, "column '%.*s' is named twice",
                              STR_ARGS(row_type->columns[column].name));
        struct value value;
        if (!err)
            err = insert_value(&planner,
                               column == ROWTIME_COLUMN ? &rowtime : &row_type->columns[column],
                               syntax, &value);
        if (err)
            return err;
        if (column == ROWTIME_COLUMN) {
            timestamp_ms = value.is_null ? now_ms : value.bigint;
            continue;
        }
        values[column] = value;
        given[column] = true;
    }
    err = check_keys(&planner, source, values);
    if (err)
        return err;
    *ret_source = source;
    *ret_row = one_row(&planner, source, values, timestamp_ms);
    return OK;
}

static enum err check_target(struct planner *planner, const struct source *source)
{
    const struct statement *statement = planner->statement;
    const struct place place = statement->name_place;
    const struct row_type *row_type = source->format.row_type;
    if (source->read_only)
        return plan_refuse(planner, place, "cannot insert values into the read-only %s '%.*s'",
                           source->kind == SOURCE_STREAM ? "stream" : "table",
                           STR_ARGS(source->name));
    if (source->format.window != WINDOW_NONE)
        return plan_refuse(planner, place,
                           "cannot insert values into '%.*s': its keys are windowed",
                           STR_ARGS(source->name));
    uint32_t column_count = statement->insert_column_count;
    for (uint32_t i = 0; column_count == 0 && i < row_type->column_count; i++) {
        if (row_type->columns[i].role == COLUMN_HEADERS)
            return plan_refuse(planner, place,
                               "cannot insert into the HEADERS column '%.*s': name the others",
                               STR_ARGS(row_type->columns[i].name));
    }
    column_count = column_count > 0 ? column_count : row_type->column_count;
    if (statement->insert_value_count != column_count)
        return plan_refuse(planner, place, "found %u values, expected %u",
                           statement->insert_value_count, column_count);
    return OK;
}

/* The column that the value of this number goes to. */
static enum err find_column(struct planner *planner, const struct source *source, uint32_t index,
                            int *ret_column)
{
    const struct statement *statement = planner->statement;
    const struct row_type *row_type = source->format.row_type;
    if (statement->insert_column_count == 0) {
        *ret_column = (int)index;
        return OK;
    }
    const struct str name = statement->insert_columns[index];
    if (str_equal(name, STR("ROWTIME"))) {
        *ret_column = ROWTIME_COLUMN;
        return OK;
    }
    const int column = row_type_find(row_type, name);
    if (column < 0) {
        struct str *names = ARENA_ARRAY(planner->arena, struct str, row_type->column_count);
        for (uint32_t i = 0; i < row_type->column_count; i++)
            names[i] = row_type->columns[i].name;
        const struct str near = str_nearest(name, names, row_type->column_count);
        return plan_refuse(planner, statement->name_place, "unknown column '%.*s'%s%.*s%s",
                           STR_ARGS(name), near.size > 0 ? ", did you mean '" : "", STR_ARGS(near),
                           near.size > 0 ? "'?" : "");
    }
    if (row_type->columns[column].role == COLUMN_HEADERS)
        return plan_refuse(planner, statement->name_place,
                           "cannot insert into the HEADERS column '%.*s'", STR_ARGS(name));
    *ret_column = column;
    return OK;
}

static enum err insert_value(struct planner *planner, const struct row_column *column,
                             const struct syntax_expr *syntax, struct value *ret_value)
{
    const struct scope nothing = {0};
    struct resolver resolver = plan_resolver(planner, &nothing, "VALUES");
    struct expr *expr;
    enum err err = resolve_expr(&resolver, syntax, &expr);
    if (err)
        return err;
    struct why own = {0};
    err = expr_coerce(planner->arena, expr, column->type, &expr, &own);
    if (err)
        return why_set_at(planner->why, err, syntax->place.line, syntax->place.column,
                          "column '%.*s': %s", STR_ARGS(column->name), own.text);
    err = expr_constant(expr, planner->arena, ret_value, &own);
    if (err)
        return why_set_at(planner->why, err, syntax->place.line, syntax->place.column,
                          "column '%.*s': %s", STR_ARGS(column->name), own.text);
    return OK;
}

static enum err check_keys(struct planner *planner, const struct source *source,
                           const struct value *values)
{
    const uint32_t key_count = row_type_key_count(source->format.row_type);
    for (uint32_t i = 0; source->kind == SOURCE_TABLE && i < key_count; i++) {
        if (values[i].is_null)
            return plan_refuse(planner, planner->statement->name_place,
                               "a value for the primary key column '%.*s' is required",
                               STR_ARGS(source->format.row_type->columns[i].name));
    }
    return OK;
}

static struct batch *one_row(struct planner *planner, const struct source *source,
                             const struct value *values, int64_t timestamp_ms)
{
    const struct row_type *row_type = source->format.row_type;
    struct batch *batch = batch_new(planner->arena, row_type, 1);
    for (uint32_t i = 0; i < row_type->column_count; i++) {
        if (values[i].is_null)
            column_set_null(&batch->columns[i], 0);
        else
            column_set(&batch->columns[i], 0, &values[i], planner->arena);
    }
    batch->timestamps[0] = timestamp_ms;
    batch->offsets[0] = -1;
    batch->partitions[0] = 0;
    batch->row_count = 1;
    batch_select_all(batch);
    return batch;
}

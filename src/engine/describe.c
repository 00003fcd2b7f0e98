/* describe.c -- DESCRIBE and EXPLAIN. */
#include "engine/state.h"

static enum err describe_function(struct execution *execution)
{
    const struct statement *statement = execution->statement;
    const struct function_info *function = function_find(statement->name);
    if (!function) {
        const struct str near = function_nearest(statement->name);
        return why_set_at(
            execution->why, ERR_NOT_FOUND, statement->name_place.line, statement->name_place.column,
            near.size > 0 ? "no function '%.*s', did you mean '%.*s'?" : "no function '%.*s'%.*s",
            STR_ARGS(statement->name), STR_ARGS(near));
    }
    struct buf text = {0};
    buf_printf(&text, "%.*s: %s\n", STR_ARGS(function->name), function->doc);
    for (uint32_t i = 0; i < function->signature_count; i++)
        buf_printf(&text, "    %s\n", function->signatures[i]);
    answer_text(execution, buf_str(&text));
    buf_release(&text);
    return OK;
}

static void describe_columns(struct execution *execution, const struct source *source)
{
    static const struct str names[] = {STR_INIT("Field"), STR_INIT("Type")};
    const struct row_type *row_type = source->format.row_type;
    struct str *cells =
        ARENA_ARRAY(execution->arena, struct str, (size_t)row_type->column_count * 2 + 1);
    for (uint32_t i = 0; i < row_type->column_count; i++) {
        const struct row_column *column = &row_type->columns[i];
        const char *role = "";
        if (column->role == COLUMN_KEY)
            role = source->kind == SOURCE_TABLE ? " (primary key)" : " (key)";
        if (column->role == COLUMN_HEADERS)
            role = " (headers)";
        cells[i * 2] = column->name;
        cells[i * 2 + 1] = arena_printf(execution->arena, "%.*s%s",
                                        STR_ARGS(type_text(column->type, execution->arena)), role);
    }
    const struct answer answer = {.kind = ANSWER_TABLE,
                                  .names = names,
                                  .cells = cells,
                                  .column_count = 2,
                                  .row_count = row_type->column_count};
    (void)execution->on_answer(execution->context, execution->statement, &answer);
}

static void describe_more(struct execution *execution, const struct source *source)
{
    struct buf text = {0};
    buf_printf(&text, "Kafka topic: %.*s\nKey format: %s\nValue format: %s\n",
               STR_ARGS(source->format.topic), format_name(source->format.key.kind),
               format_name(source->format.value.kind));
    if (source->timestamp_column.size > 0)
        buf_printf(&text, "Timestamp column: %.*s\n", STR_ARGS(source->timestamp_column));
    if (source->query.size > 0)
        buf_printf(&text, "Written by: %.*s\n", STR_ARGS(source->query));
    for (uint32_t i = 0; i < execution->engine->query_count; i++) {
        const struct running *query = execution->engine->queries[i];
        for (uint32_t j = 0; j < query->plan->source_count; j++)
            if (str_equal(query->plan->sources[j], source->name))
                buf_printf(&text, "Read by: %.*s\n", STR_ARGS(query->id));
    }
    buf_printf(&text, "Statement: %.*s\n", STR_ARGS(source->sql));
    answer_text(execution, buf_str(&text));
    buf_release(&text);
}

enum err execute_describe(struct execution *execution)
{
    const struct statement *statement = execution->statement;
    if (statement->kind == STATEMENT_DESCRIBE_FUNCTION)
        return describe_function(execution);
    const struct catalog_entry *entry = catalog_find(execution->engine, statement->name);
    if (!entry) {
        struct str *names;
        size_t count;
        execution->catalog.names(execution->engine, execution->arena, &names, &count);
        const struct str near = str_nearest(statement->name, names, count);
        return why_set_at(execution->why, ERR_NOT_FOUND, statement->name_place.line,
                          statement->name_place.column,
                          near.size > 0 ? "no stream or table '%.*s', did you mean '%.*s'?"
                                        : "no stream or table '%.*s'%.*s",
                          STR_ARGS(statement->name), STR_ARGS(near));
    }
    describe_columns(execution, &entry->source);
    if (statement->extended)
        describe_more(execution, &entry->source);
    return OK;
}

static enum err explain_query(struct execution *execution, struct buf *text)
{
    const struct statement *statement = execution->statement;
    const struct running *query = query_find(execution->engine, statement->name);
    if (!query)
        return why_set_at(execution->why, ERR_NOT_FOUND, statement->name_place.line,
                          statement->name_place.column, "no query '%.*s'",
                          STR_ARGS(statement->name));
    buf_printf(text, "%.*s\n%.*s\n", STR_ARGS(query->id), STR_ARGS(query->sql));
    sql_explain(query->plan, text);
    return OK;
}

enum err execute_explain(struct execution *execution)
{
    struct buf text = {0};
    struct plan *plan;
    enum err err;
    if (execution->statement->explained) {
        err = sql_plan_query(execution->statement->explained, &execution->catalog, execution->arena,
                             &plan, execution->why);
        if (err == OK)
            sql_explain(plan, &text);
    } else {
        err = explain_query(execution, &text);
    }
    if (err == OK)
        answer_text(execution, buf_str(&text));
    buf_release(&text);
    return err;
}

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
    const struct described described = {
        .kind = DESCRIBED_FUNCTION, .count = 1, .functions = &function};
    answer_text(execution, buf_str(&text), &described);
    buf_release(&text);
    return OK;
}

static bool reads(const struct running *query, struct str name)
{
    for (uint32_t i = 0; i < query->plan->source_count; i++)
        if (str_equal(query->plan->sources[i], name))
            return true;
    return false;
}

/* What the query has counted since it started. */
static void describe_counters(struct execution *execution, const struct running *query,
                              struct buf *text)
{
    struct flow_status status;
    if (!query->flow)
        return;
    flow_get_status(query->flow, execution->arena, &status);
    for (int i = 0; i < COUNTER_COUNT; i++) {
        const uint64_t count = counters_get(&status.counters, (enum counter)i);
        if (count > 0)
            buf_printf(text, "%s: %llu\n", counter_help((enum counter)i),
                       (unsigned long long)count);
    }
}

/* With the queries that read and write it. */
static struct described_source describe_source(struct execution *execution,
                                               const struct source *source)
{
    const struct engine *engine = execution->engine;
    struct described_query *readers =
        ARENA_ARRAY(execution->arena, struct described_query, engine->query_count + 1);
    struct described_query *writers =
        ARENA_ARRAY(execution->arena, struct described_query, engine->query_count + 1);
    struct described_source described = {
        .name = source->name, .source = source, .readers = readers, .writers = writers};
    struct buf counted = {0};
    for (uint32_t i = 0; i < engine->query_count; i++) {
        const struct running *query = engine->queries[i];
        if (reads(query, source->name))
            describe_query(execution, query, &readers[described.reader_count++]);
        if (str_equal(query->sink, source->name)) {
            describe_query(execution, query, &writers[described.writer_count++]);
            describe_counters(execution, query, &counted);
        }
    }
    described.counted = arena_str(execution->arena, buf_str(&counted));
    buf_release(&counted);
    if (topic_partitions(execution->engine, source->format.topic, &described.partition_count))
        described.partition_count = 0;
    return described;
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
    const struct described_source one = describe_source(execution, source);
    const struct described described = {.kind = DESCRIBED_SOURCE, .count = 1, .sources = &one};
    const struct answer answer = {.kind = ANSWER_TABLE,
                                  .names = names,
                                  .cells = cells,
                                  .column_count = 2,
                                  .row_count = row_type->column_count,
                                  .described = &described};
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
        if (reads(query, source->name))
            buf_printf(&text, "Read by: %.*s\n", STR_ARGS(query->id));
    }
    buf_printf(&text, "Statement: %.*s\n", STR_ARGS(source->sql));
    const struct running *writer =
        source->query.size > 0 ? query_find(execution->engine, source->query) : NULL;
    if (writer)
        describe_counters(execution, writer, &text);
    answer_text(execution, buf_str(&text), NULL);
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

static void describe_plan(const struct plan *plan, struct described_query *described)
{
    if (plan->sink) {
        described->sink = plan->sink->name;
        described->sink_topic = plan->sink->format.topic;
    }
    described->row_type = plan->sink ? plan->sink->format.row_type : plan->row_type;
    described->sources = plan->sources;
    described->source_count = plan->source_count;
}

static enum err explain_query(struct execution *execution, struct described_query *described,
                              struct buf *text)
{
    const struct statement *statement = execution->statement;
    const struct running *query = query_find(execution->engine, statement->name);
    if (!query)
        return why_set_at(execution->why, ERR_NOT_FOUND, statement->name_place.line,
                          statement->name_place.column, "no query '%.*s'",
                          STR_ARGS(statement->name));
    describe_query(execution, query, described);
    describe_plan(query->plan, described);
    buf_printf(text, "%.*s\n%.*s\n", STR_ARGS(query->id), STR_ARGS(query->sql));
    sql_explain(query->plan, text);
    describe_counters(execution, query, text);
    return OK;
}

static enum err explain_pull(struct execution *execution, struct described_query *described,
                             struct buf *text)
{
    const struct statement *explained = execution->statement->explained;
    struct pull_plan *pull;
    const enum err err =
        sql_plan_pull(explained, &execution->catalog, execution->arena, &pull, execution->why);
    if (err)
        return err;
    described->sql = explained->text;
    described->row_type = pull->row_type;
    described->sources = &pull->table->name;
    described->source_count = 1;
    sql_explain_pull(pull, text);
    return OK;
}

static enum err explain_statement(struct execution *execution, struct described_query *described,
                                  struct buf *text)
{
    const struct statement *explained = execution->statement->explained;
    struct plan *plan;
    if (explained->kind == STATEMENT_SELECT && !explained->emit)
        return explain_pull(execution, described, text);
    const enum err err =
        sql_plan_query(explained, &execution->catalog, execution->arena, &plan, execution->why);
    if (err)
        return err;
    described->sql = explained->text;
    describe_plan(plan, described);
    sql_explain(plan, text);
    return OK;
}

enum err execute_explain(struct execution *execution)
{
    struct buf text = {0};
    struct described_query query = {.state = "RUNNING"};
    const enum err err = execution->statement->explained
                             ? explain_statement(execution, &query, &text)
                             : explain_query(execution, &query, &text);
    if (err == OK) {
        query.plan = buf_str(&text);
        const struct described described = {.kind = DESCRIBED_QUERY, .count = 1, .queries = &query};
        answer_text(execution, buf_str(&text), &described);
    }
    buf_release(&text);
    return err;
}

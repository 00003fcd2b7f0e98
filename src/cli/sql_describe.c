/* sql_describe.c -- how sources, queries, functions and types are shown when they are described. */
#include "cli/printable.h"
#include "cli/sql_answer.h"

/* A column's type as SQL writes it: ARRAY<STRUCT<A INTEGER>>. */
static void append_type(const struct json_node *schema, struct buf *buf)
{
    const struct str type = json_member_text(schema, "type", STR("?"));
    const struct json_node *fields = json_member(schema, "fields");
    const struct json_node *member = json_member(schema, "memberSchema");
    const struct json_node *parameters = json_member(schema, "parameters");
    buf_append_str(buf, str_equal(type, STR("STRING")) ? STR("VARCHAR") : type);
    if (str_equal(type, STR("DECIMAL")) && parameters) {
        buf_append_byte(buf, '(');
        sql_append_value(json_member(parameters, "precision"), buf);
        buf_append_str(buf, STR(", "));
        sql_append_value(json_member(parameters, "scale"), buf);
        buf_append_byte(buf, ')');
    } else if (str_equal(type, STR("ARRAY")) || str_equal(type, STR("MAP"))) {
        buf_append_str(buf, str_equal(type, STR("MAP")) ? STR("<VARCHAR, ") : STR("<"));
        append_type(member, buf);
        buf_append_byte(buf, '>');
    } else if (fields && fields->child) {
        buf_append_byte(buf, '<');
        for (const struct json_node *at = fields->child; at; at = at->next) {
            if (at != fields->child)
                buf_append_str(buf, STR(", "));
            buf_printf(buf, "%.*s ", STR_ARGS(json_member_text(at, "name", STR("?"))));
            append_type(json_member(at, "schema"), buf);
        }
        buf_append_byte(buf, '>');
    }
}

static void show_fields(struct sql_shell *shell, const struct json_node *fields, bool is_table)
{
    const struct sql_column columns[] = {{.name = STR("Field")}, {.name = STR("Type")}};
    struct sql_table table;
    struct buf type = {0};
    if (!fields || !fields->child)
        return;
    sql_table_init(&table, columns, 2);
    for (const struct json_node *at = fields->child; at; at = at->next) {
        buf_clear(&type);
        append_type(json_member(at, "schema"), &type);
        if (str_equal(json_member_text(at, "type", STR("")), STR("KEY")))
            buf_append_str(&type, is_table ? STR(" (primary key)") : STR(" (key)"));
        const struct str cells[] = {json_member_text(at, "name", STR("?")), buf_str(&type)};
        sql_table_add(&table, cells);
    }
    sql_write_table(shell, &table);
    sql_table_release(&table);
    buf_release(&type);
}

/* "label: text" where the member says something. */
static void show_label(struct sql_shell *shell, const char *label, const struct json_node *member)
{
    struct buf text = {0};
    sql_append_value(member, &text);
    if (str_trim(buf_str(&text)).size > 0)
        sql_write_line(shell, label, buf_str(&text));
    buf_release(&text);
}

static void show_query_list(struct sql_shell *shell, const char *title,
                            const struct json_node *queries)
{
    const struct sql_column columns[] = {
        {.name = str_from(title)}, {.name = STR("State")}, {.name = STR("Query String")}};
    struct sql_table table;
    struct arena arena;
    if (!queries || !queries->child)
        return;
    arena_init(&arena, 0);
    sql_table_init(&table, columns, 3);
    for (const struct json_node *at = queries->child; at; at = at->next) {
        const struct str cells[] = {
            json_member_text(at, "id", STR("?")), json_member_text(at, "state", STR("?")),
            sql_one_line(json_member_text(at, "queryString", STR("")), &arena)};
        sql_table_add(&table, cells);
    }
    sql_write(shell, STR("\n"));
    sql_write_table(shell, &table);
    sql_table_release(&table);
    arena_release(&arena);
}

static void show_description(struct sql_shell *shell, const struct json_node *source)
{
    const struct json_node *extended = json_member(source, "extended");
    const bool is_table = str_equal_nocase(json_member_text(source, "type", STR("")), STR("TABLE"));
    show_label(shell, "Name", json_member(source, "name"));
    if (extended && extended->kind == JSON_TRUE) {
        show_label(shell, "Type", json_member(source, "type"));
        show_label(shell, "Timestamp field", json_member(source, "timestamp"));
        show_label(shell, "Key format", json_member(source, "keyFormat"));
        show_label(shell, "Value format", json_member(source, "valueFormat"));
        show_label(shell, "Kafka topic", json_member(source, "topic"));
        show_label(shell, "Partitions", json_member(source, "partitions"));
        show_label(shell, "Replication", json_member(source, "replication"));
        show_label(shell, "Statement", json_member(source, "statement"));
    }
    show_fields(shell, json_member(source, "fields"), is_table);
    if (!extended || extended->kind != JSON_TRUE)
        return;
    show_query_list(shell, "Read by", json_member(source, "readQueries"));
    show_query_list(shell, "Written by", json_member(source, "writeQueries"));
    show_label(shell, "Statistics", json_member(source, "statistics"));
    show_label(shell, "Errors", json_member(source, "errorStats"));
}

void sql_show_source(struct sql_shell *shell, const struct json_node *entity)
{
    show_description(shell, json_member(entity, "sourceDescription"));
}

void sql_show_sources(struct sql_shell *shell, const struct json_node *entity)
{
    const struct json_node *sources = json_member(entity, "sourceDescriptions");
    for (const struct json_node *at = sources ? sources->child : NULL; at; at = at->next)
        show_description(shell, at);
}

static void show_plan(struct sql_shell *shell, const struct json_node *query)
{
    const struct json_node *plan = json_member(query, "executionPlan");
    const struct json_node *topology = json_member(query, "topology");
    show_label(shell, "ID", json_member(query, "id"));
    show_label(shell, "Query type", json_member(query, "queryType"));
    show_label(shell, "State", json_member(query, "state"));
    show_label(shell, "SQL", json_member(query, "statementText"));
    show_fields(shell, json_member(query, "fields"), false);
    show_label(shell, "Sources", json_member(query, "sources"));
    show_label(shell, "Sinks", json_member(query, "sinks"));
    show_label(shell, "Execution plan", plan);
    if (!plan || !topology || !str_equal(plan->text, topology->text))
        show_label(shell, "Topology", topology);
    show_label(shell, "Overridden", json_member(query, "overriddenProperties"));
    show_label(shell, "Errors", json_member(query, "queryErrors"));
}

void sql_show_query(struct sql_shell *shell, const struct json_node *entity)
{
    show_plan(shell, json_member(entity, "queryDescription"));
}

void sql_show_queries(struct sql_shell *shell, const struct json_node *entity)
{
    const struct json_node *queries = json_member(entity, "queryDescriptions");
    for (const struct json_node *at = queries ? queries->child : NULL; at; at = at->next)
        show_plan(shell, at);
}

/* NAME(argument TYPE, ...) -> TYPE, or the signature that the server writes itself. */
static void append_signature(struct str name, const struct json_node *overload, struct buf *line)
{
    const struct json_node *arguments = json_member(overload, "arguments");
    const struct str written = json_member_text(overload, "description", STR(""));
    if ((!arguments || !arguments->child) && written.size > 0) {
        buf_append_str(line, written);
        return;
    }
    buf_printf(line, "%.*s(", STR_ARGS(name));
    for (const struct json_node *at = arguments ? arguments->child : NULL; at; at = at->next) {
        const struct json_node *many = json_member(at, "isVariadic");
        if (at != arguments->child)
            buf_append_str(line, STR(", "));
        sql_append_value(json_member(at, "name"), line);
        buf_append_byte(line, ' ');
        sql_append_value(json_member(at, "type"), line);
        if (many && many->kind == JSON_TRUE)
            buf_append_str(line, STR("..."));
    }
    buf_append_str(line, STR(") -> "));
    sql_append_value(json_member(overload, "returnType"), line);
}

void sql_show_function(struct sql_shell *shell, const struct json_node *entity)
{
    const struct json_node *overloads = json_member(entity, "functions");
    const struct str name = json_member_text(entity, "name", STR("?"));
    struct buf line = {0};
    show_label(shell, "Name", json_member(entity, "name"));
    show_label(shell, "Overview", json_member(entity, "description"));
    show_label(shell, "Type", json_member(entity, "type"));
    sql_write_line(shell, "", STR("Variations:"));
    for (const struct json_node *at = overloads ? overloads->child : NULL; at; at = at->next) {
        buf_clear(&line);
        append_signature(name, at, &line);
        sql_write_line(shell, "", buf_str(&line));
    }
    buf_release(&line);
}

void sql_show_types(struct sql_shell *shell, const struct json_node *entity)
{
    const struct sql_column columns[] = {{.name = STR("Type Name")}, {.name = STR("Schema")}};
    const struct json_node *types = json_member(entity, "types");
    struct sql_table table;
    struct buf type = {0};
    if (!types || !types->child) {
        sql_write_line(shell, "", STR("no types"));
        return;
    }
    sql_table_init(&table, columns, 2);
    for (const struct json_node *at = types->child; at; at = at->next) {
        buf_clear(&type);
        append_type(at, &type);
        const struct str cells[] = {at->name, buf_str(&type)};
        sql_table_add(&table, cells);
    }
    sql_write_table(shell, &table);
    sql_table_release(&table);
    buf_release(&type);
}

/* sql_entity.c -- shows what the server answers to a statement: one entity, tagged "@type".
 *
 * Most are lists of objects, shown as tables: the list of lists below says which member becomes
 * which column. Some have a form of their own. What is not known is shown member by member, so that
 * a newer server's answers can be read too. */
#include "cli/printable.h"
#include "cli/sql_shell.h"

#define COLUMNS_MAX 8

enum cell_kind {
    CELL_TEXT,  /* the member as text; a list's items with commas */
    CELL_COUNT, /* how many items the list has */
    CELL_FIRST  /* the list's first item */
};

struct entity_column {
    const char *title;
    const char *member;
    enum cell_kind kind;
};

struct entity_list {
    const char *type;
    const char *member;  /* the list */
    const char *nothing; /* what is said of an empty one */
    struct entity_column columns[COLUMNS_MAX];
};

static const struct entity_list lists[] = {
    {"streams",
     "streams",
     "no streams",
     {{"Stream Name", "name", 0},
      {"Kafka Topic", "topic", 0},
      {"Key Format", "keyFormat", 0},
      {"Value Format", "valueFormat", 0},
      {"Windowed", "isWindowed", 0}}},
    {"tables",
     "tables",
     "no tables",
     {{"Table Name", "name", 0},
      {"Kafka Topic", "topic", 0},
      {"Key Format", "keyFormat", 0},
      {"Value Format", "valueFormat", 0},
      {"Windowed", "isWindowed", 0}}},
    {"kafka_topics",
     "topics",
     "no topics",
     {{"Kafka Topic", "name", 0},
      {"Partitions", "replicaInfo", CELL_COUNT},
      {"Partition Replicas", "replicaInfo", CELL_FIRST}}},
    {"kafka_topics_extended",
     "topics",
     "no topics",
     {{"Kafka Topic", "name", 0},
      {"Partitions", "replicaInfo", CELL_COUNT},
      {"Partition Replicas", "replicaInfo", CELL_FIRST},
      {"Consumers", "consumerCount", 0},
      {"ConsumerGroups", "consumerGroupCount", 0}}},
    {"queries",
     "queries",
     "no queries",
     {{"Query ID", "id", 0},
      {"Query Type", "queryType", 0},
      {"Status", "statusCount", 0},
      {"Sink Name", "sinks", 0},
      {"Sink Kafka Topic", "sinkKafkaTopics", 0},
      {"Query String", "queryString", 0}}},
    {"function_names",
     "functions",
     "no functions",
     {{"Function Name", "name", 0}, {"Category", "category", 0}, {"Type", "type", 0}}},
    {"properties",
     "properties",
     "no properties",
     {{"Property", "name", 0}, {"Scope", "scope", 0}, {"Value", "value", 0}}},
    {"variables",
     "variables",
     "no variables",
     {{"Variable Name", "name", 0}, {"Value", "value", 0}}},
    {"connector_list",
     "connectors",
     "no connectors",
     {{"Connector Name", "name", 0},
      {"Type", "type", 0},
      {"Class", "className", 0},
      {"Status", "state", 0}}},
};

static void show_message(struct sql_shell *shell, const struct json_node *entity);
static void show_source(struct sql_shell *shell, const struct json_node *entity);
static void show_sources(struct sql_shell *shell, const struct json_node *entity);
static void show_query(struct sql_shell *shell, const struct json_node *entity);
static void show_queries(struct sql_shell *shell, const struct json_node *entity);
static void show_function(struct sql_shell *shell, const struct json_node *entity);
static void show_types(struct sql_shell *shell, const struct json_node *entity);
static void show_members(struct sql_shell *shell, const struct json_node *entity);

static const struct {
    const char *type;
    void (*show)(struct sql_shell *shell, const struct json_node *entity);
} forms[] = {
    {"currentStatus", show_message},
    {"warning_entity", show_message},
    {"drop_connector", show_message},
    {"sourceDescription", show_source},
    {"source_descriptions", show_sources},
    {"queryDescription", show_query},
    {"query_descriptions", show_queries},
    {"describe_function", show_function},
    {"type_list", show_types},
};

/* "label: text"; a label that ends its line stands above the text. */
static void write_line(struct sql_shell *shell, const char *label, struct str text)
{
    struct buf line = {0};
    const size_t size = strlen(label);
    buf_printf(&line, "%s%s", label, size == 0 || label[size - 1] == '\n' ? "" : ": ");
    printable_append_lines(&line, str_trim(text));
    buf_append_byte(&line, '\n');
    sql_write(shell, buf_str(&line));
    buf_release(&line);
}

/* A value as one text: a list's items with commas, an object's members "NAME:value". */
static void append_text(const struct json_node *node, struct buf *buf)
{
    if (!node || node->kind == JSON_NULL)
        return;
    if (node->kind == JSON_STRING) {
        buf_append_str(buf, node->text);
        return;
    }
    if (node->kind != JSON_ARRAY_BEGIN && node->kind != JSON_OBJECT_BEGIN) {
        buf_append_str(buf, node->source);
        return;
    }
    for (const struct json_node *at = node->child; at; at = at->next) {
        if (at != node->child)
            buf_append_str(buf, STR(", "));
        if (node->kind == JSON_OBJECT_BEGIN)
            buf_printf(buf, "%.*s:", STR_ARGS(at->name));
        append_text(at, buf);
    }
}

static struct str cell_text(const struct json_node *item, const struct entity_column *column,
                            struct arena *arena)
{
    const struct json_node *member = json_member(item, column->member);
    struct buf buf = {0};
    uint32_t count = 0;
    if (column->kind == CELL_COUNT) {
        for (const struct json_node *at = member ? member->child : NULL; at; at = at->next)
            count++;
        return arena_printf(arena, "%u", count);
    }
    if (column->kind == CELL_FIRST)
        member = member ? member->child : NULL;
    append_text(member, &buf);
    const struct str text = arena_str(arena, buf_str(&buf));
    buf_release(&buf);
    return text;
}

static void write_table(struct sql_shell *shell, struct sql_table *table)
{
    struct buf out = {0};
    const struct sql_table_style style = sql_style(shell);
    sql_table_flush(table, &style, &out);
    sql_write(shell, buf_str(&out));
    buf_release(&out);
}

static void show_list(struct sql_shell *shell, const struct entity_list *list,
                      const struct json_node *entity)
{
    const struct json_node *items = json_member(entity, list->member);
    struct sql_column columns[COLUMNS_MAX] = {0};
    struct sql_table table;
    struct arena arena;
    uint32_t count = 0;
    if (!items || !items->child) {
        write_line(shell, "", str_from(list->nothing));
        return;
    }
    while (count < COLUMNS_MAX && list->columns[count].title) {
        columns[count].name = str_from(list->columns[count].title);
        count++;
    }
    arena_init(&arena, 0);
    sql_table_init(&table, columns, count);
    for (const struct json_node *item = items->child; item; item = item->next) {
        struct str cells[COLUMNS_MAX];
        for (uint32_t c = 0; c < count; c++)
            cells[c] = cell_text(item, &list->columns[c], &arena);
        sql_table_add(&table, cells);
    }
    write_table(shell, &table);
    sql_table_release(&table);
    arena_release(&arena);
}

void sql_show_entity(struct sql_shell *shell, const struct json_node *entity)
{
    const struct str type = json_member_text(entity, "@type", STR(""));
    const struct json_node *warnings = json_member(entity, "warnings");
    if (shell->is_json) {
        struct buf line = {0};
        printable_append_json(&line, entity->source);
        buf_append_byte(&line, '\n');
        sql_write(shell, buf_str(&line));
        buf_release(&line);
        return;
    }
    for (const struct json_node *at = warnings ? warnings->child : NULL; at; at = at->next)
        write_line(shell, "warning", json_member_text(at, "message", at->source));
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (!str_equal(type, str_from(lists[i].type)))
            continue;
        show_list(shell, &lists[i], entity);
        return;
    }
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (!str_equal(type, str_from(forms[i].type)))
            continue;
        forms[i].show(shell, entity);
        return;
    }
    show_members(shell, entity);
}

static void show_message(struct sql_shell *shell, const struct json_node *entity)
{
    const struct json_node *status = json_member(entity, "commandStatus");
    write_line(shell, "", json_member_text(status ? status : entity, "message", STR("done")));
}

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
        append_text(json_member(parameters, "precision"), buf);
        buf_append_str(buf, STR(", "));
        append_text(json_member(parameters, "scale"), buf);
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
    write_table(shell, &table);
    sql_table_release(&table);
    buf_release(&type);
}

/* "label: text" where the member says something. */
static void show_label(struct sql_shell *shell, const char *label, const struct json_node *member)
{
    struct buf text = {0};
    append_text(member, &text);
    if (str_trim(buf_str(&text)).size > 0)
        write_line(shell, label, buf_str(&text));
    buf_release(&text);
}

static void show_query_list(struct sql_shell *shell, const char *label,
                            const struct json_node *queries)
{
    for (const struct json_node *at = queries ? queries->child : NULL; at; at = at->next) {
        struct buf text = {0};
        append_text(json_member(at, "id"), &text);
        buf_append_str(&text, STR(" ("));
        append_text(json_member(at, "state"), &text);
        buf_append_str(&text, STR(") "));
        append_text(json_member(at, "queryString"), &text);
        write_line(shell, label, buf_str(&text));
        buf_release(&text);
    }
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

static void show_source(struct sql_shell *shell, const struct json_node *entity)
{
    show_description(shell, json_member(entity, "sourceDescription"));
}

static void show_sources(struct sql_shell *shell, const struct json_node *entity)
{
    const struct json_node *sources = json_member(entity, "sourceDescriptions");
    for (const struct json_node *at = sources ? sources->child : NULL; at; at = at->next)
        show_description(shell, at);
}

static void show_plan(struct sql_shell *shell, const struct json_node *query)
{
    show_label(shell, "ID", json_member(query, "id"));
    show_label(shell, "Query type", json_member(query, "queryType"));
    show_label(shell, "State", json_member(query, "state"));
    show_label(shell, "SQL", json_member(query, "statementText"));
    show_fields(shell, json_member(query, "fields"), false);
    show_label(shell, "Sources", json_member(query, "sources"));
    show_label(shell, "Sinks", json_member(query, "sinks"));
    show_label(shell, "Execution plan\n", json_member(query, "executionPlan"));
    show_label(shell, "Topology\n", json_member(query, "topology"));
    show_label(shell, "Overridden", json_member(query, "overriddenProperties"));
    show_label(shell, "Errors", json_member(query, "queryErrors"));
}

static void show_query(struct sql_shell *shell, const struct json_node *entity)
{
    show_plan(shell, json_member(entity, "queryDescription"));
}

static void show_queries(struct sql_shell *shell, const struct json_node *entity)
{
    const struct json_node *queries = json_member(entity, "queryDescriptions");
    for (const struct json_node *at = queries ? queries->child : NULL; at; at = at->next)
        show_plan(shell, at);
}

static void show_overload(struct sql_shell *shell, struct str name,
                          const struct json_node *overload)
{
    const struct json_node *arguments = json_member(overload, "arguments");
    struct buf line = {0};
    buf_printf(&line, "  %.*s(", STR_ARGS(name));
    for (const struct json_node *at = arguments ? arguments->child : NULL; at; at = at->next) {
        const struct json_node *many = json_member(at, "isVariadic");
        if (at != arguments->child)
            buf_append_str(&line, STR(", "));
        append_text(json_member(at, "name"), &line);
        buf_append_byte(&line, ' ');
        append_text(json_member(at, "type"), &line);
        if (many && many->kind == JSON_TRUE)
            buf_append_str(&line, STR("..."));
    }
    buf_append_str(&line, STR(") -> "));
    append_text(json_member(overload, "returnType"), &line);
    struct buf out = {0};
    printable_append(&out, buf_str(&line));
    buf_append_byte(&out, '\n');
    sql_write(shell, buf_str(&out));
    buf_release(&out);
    buf_release(&line);
}

static void show_function(struct sql_shell *shell, const struct json_node *entity)
{
    const struct json_node *overloads = json_member(entity, "functions");
    const struct str name = json_member_text(entity, "name", STR("?"));
    show_label(shell, "Name", json_member(entity, "name"));
    show_label(shell, "Overview", json_member(entity, "description"));
    show_label(shell, "Type", json_member(entity, "type"));
    write_line(shell, "", STR("Variations:"));
    for (const struct json_node *at = overloads ? overloads->child : NULL; at; at = at->next)
        show_overload(shell, name, at);
}

static void show_types(struct sql_shell *shell, const struct json_node *entity)
{
    const struct sql_column columns[] = {{.name = STR("Type Name")}, {.name = STR("Schema")}};
    const struct json_node *types = json_member(entity, "types");
    struct sql_table table;
    struct buf type = {0};
    if (!types || !types->child) {
        write_line(shell, "", STR("no types"));
        return;
    }
    sql_table_init(&table, columns, 2);
    for (const struct json_node *at = types->child; at; at = at->next) {
        buf_clear(&type);
        append_type(at, &type);
        const struct str cells[] = {at->name, buf_str(&type)};
        sql_table_add(&table, cells);
    }
    write_table(shell, &table);
    sql_table_release(&table);
    buf_release(&type);
}

static void show_members(struct sql_shell *shell, const struct json_node *entity)
{
    static const struct str hidden[] = {STR_INIT("@type"), STR_INIT("statementText"),
                                        STR_INIT("warnings")};
    const struct sql_column columns[] = {{.name = STR("Name")}, {.name = STR("Value")}};
    struct sql_table table;
    struct buf text = {0};
    sql_table_init(&table, columns, 2);
    for (const struct json_node *at = entity->kind == JSON_OBJECT_BEGIN ? entity->child : NULL; at;
         at = at->next) {
        bool is_hidden = false;
        for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
            is_hidden = is_hidden || str_equal(at->name, hidden[i]);
        if (is_hidden)
            continue;
        buf_clear(&text);
        append_text(at, &text);
        const struct str cells[] = {at->name, buf_str(&text)};
        sql_table_add(&table, cells);
    }
    write_table(shell, &table);
    sql_table_release(&table);
    buf_release(&text);
}

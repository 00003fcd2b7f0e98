/* sql_entity.c -- shows what the server answers to a statement: one entity, tagged "@type".
 *
 * Most are lists of objects, shown as tables: the list of lists below says which member becomes
 * which column. Some have a form of their own. What is not known is shown member by member, so that
 * a newer server's answers can be read too. */
#include "cli/printable.h"
#include "cli/sql_answer.h"

#define COLUMNS_MAX 8
#define CELL_LINE_BYTES_MAX 120

enum cell_kind {
    CELL_TEXT,  /* the member as text; a list's items with commas */
    CELL_LINE,  /* the same on one line, its beginning: EXPLAIN and JSON have all */
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
      {"Query String", "queryString", CELL_LINE}}},
    {"function_names",
     "functions",
     "no functions",
     {{"Function Name", "name", 0}, {"Type", "type", 0}}},
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
static void show_connector(struct sql_shell *shell, const struct json_node *entity);
static void show_members(struct sql_shell *shell, const struct json_node *entity);

static const struct {
    const char *type;
    void (*show)(struct sql_shell *shell, const struct json_node *entity);
} forms[] = {
    {"currentStatus", show_message},          {"warning_entity", show_message},
    {"connector_info", show_connector},       {"drop_connector", show_connector},
    {"sourceDescription", sql_show_source},   {"source_descriptions", sql_show_sources},
    {"queryDescription", sql_show_query},     {"query_descriptions", sql_show_queries},
    {"describe_function", sql_show_function}, {"type_list", sql_show_types},
};

void sql_write_line(struct sql_shell *shell, const char *label, struct str text)
{
    struct buf line = {0};
    text = str_trim(text);
    if (label[0] != '\0')
        buf_printf(&line, "%s:%c", label, str_index(text, '\n') < text.size ? '\n' : ' ');
    printable_append_lines(&line, text);
    buf_append_byte(&line, '\n');
    sql_write(shell, buf_str(&line));
    buf_release(&line);
}

void sql_append_value(const struct json_node *node, struct buf *buf)
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
        sql_append_value(at, buf);
    }
}

struct str sql_one_line(struct str text, struct arena *arena)
{
    struct buf buf = {0};
    for (size_t i = 0; i < text.size; i++) {
        const bool is_blank = strchr(" \t\r\n", text.data[i]) && text.data[i] != '\0';
        const bool is_after_blank = buf.size > 0 && buf.data[buf.size - 1] == ' ';
        if (!is_blank)
            buf_append_byte(&buf, (uint8_t)text.data[i]);
        else if (!is_after_blank)
            buf_append_byte(&buf, ' ');
    }
    struct str line = buf_str(&buf);
    const bool is_cut = line.size > CELL_LINE_BYTES_MAX;
    if (is_cut)
        line.size = printable_fit(line, CELL_LINE_BYTES_MAX);
    line = arena_printf(arena, "%.*s%s", STR_ARGS(line), is_cut ? "…" : "");
    buf_release(&buf);
    return line;
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
    sql_append_value(member, &buf);
    const struct str text = column->kind == CELL_LINE ? sql_one_line(buf_str(&buf), arena)
                                                      : arena_str(arena, buf_str(&buf));
    buf_release(&buf);
    return text;
}

void sql_write_table(struct sql_shell *shell, struct sql_table *table)
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
        sql_write_line(shell, "", str_from(list->nothing));
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
    sql_write_table(shell, &table);
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
        sql_write_line(shell, "warning", json_member_text(at, "message", at->source));
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
    sql_write_line(shell, "", json_member_text(status ? status : entity, "message", STR("done")));
}

/* What became of one. */
static void show_connector(struct sql_shell *shell, const struct json_node *entity)
{
    const struct json_node *info = json_member(entity, "info");
    struct buf line = {0};
    if (info)
        buf_printf(&line, "connector %.*s created",
                   STR_ARGS(json_member_text(info, "name", STR(""))));
    else
        buf_printf(&line, "connector %.*s dropped",
                   STR_ARGS(json_member_text(entity, "connectorName", STR(""))));
    sql_write_line(shell, "", buf_str(&line));
    buf_release(&line);
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
        sql_append_value(at, &text);
        const struct str cells[] = {at->name, buf_str(&text)};
        sql_table_add(&table, cells);
    }
    sql_write_table(shell, &table);
    sql_table_release(&table);
    buf_release(&text);
}

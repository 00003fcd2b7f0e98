/* entity.c -- one writer a kind of entity; their members are ksqlDB's (KsqlEntity and those that
 * extend it). */
#include "api/entity.h"
#include "base/json.h"
#include "base/secret.h"

static void write_member(struct buf *json, const char *name, struct str value)
{
    buf_printf(json, "\"%s\":", name);
    json_write_string(json, value);
}

static void write_boolean(struct buf *json, const char *name, bool value)
{
    buf_printf(json, "\"%s\":%s", name, value ? "true" : "false");
}

/* {"@type":"...","statementText":"...;", */
static void entity_begin(struct buf *json, const char *type, const struct statement *statement)
{
    struct buf text = {0};
    buf_append_str(&text, statement->text);
    buf_append_byte(&text, ';');
    buf_printf(json, "{\"@type\":\"%s\",", type);
    write_member(json, "statementText", buf_str(&text));
    buf_append_byte(json, ',');
    buf_release(&text);
}

static void entity_end(struct buf *json)
{
    buf_append_str(json, STR(",\"warnings\":[]}"));
}

static const char *source_word(const struct source *source)
{
    return source->kind == SOURCE_STREAM ? "STREAM" : "TABLE";
}

static const char *window_word(enum window_kind window)
{
    static const char *const words[] = {"null", "\"TUMBLING\"", "\"HOPPING\"", "\"SESSION\""};
    return words[window];
}

/* -- lists -- */

static void write_source(const struct source *source, struct buf *json)
{
    buf_append_byte(json, '{');
    write_member(json, "type", str_from(source_word(source)));
    buf_append_byte(json, ',');
    write_member(json, "name", source->name);
    buf_append_byte(json, ',');
    write_member(json, "topic", source->format.topic);
    buf_append_byte(json, ',');
    write_member(json, "keyFormat", str_from(format_name(source->format.key.kind)));
    buf_append_byte(json, ',');
    write_member(json, "valueFormat", str_from(format_name(source->format.value.kind)));
    buf_append_byte(json, ',');
    write_boolean(json, "isWindowed", source->format.window != WINDOW_NONE);
    buf_append_byte(json, '}');
}

static void write_sources(const struct statement *statement, const struct described *described,
                          struct buf *json)
{
    const char *word = statement->kind == STATEMENT_SHOW_TABLES ? "tables" : "streams";
    entity_begin(json, word, statement);
    buf_printf(json, "\"%s\":[", word);
    for (uint32_t i = 0; i < described->count; i++) {
        if (i > 0)
            buf_append_byte(json, ',');
        write_source(described->sources[i].source, json);
    }
    buf_append_byte(json, ']');
    entity_end(json);
}

static void write_topics(const struct statement *statement, const struct described *described,
                         struct buf *json)
{
    entity_begin(json, statement->extended ? "kafka_topics_extended" : "kafka_topics", statement);
    buf_append_str(json, STR("\"topics\":["));
    for (uint32_t i = 0; i < described->count; i++) {
        const struct described_topic *topic = &described->topics[i];
        buf_append_str(json, i > 0 ? STR(",{") : STR("{"));
        write_member(json, "name", topic->name);
        buf_append_str(json, STR(",\"replicaInfo\":["));
        for (int32_t p = 0; p < topic->partition_count; p++)
            buf_printf(json, "%s%d", p > 0 ? "," : "", topic->replica_count);
        buf_append_byte(json, ']');
        if (statement->extended)
            buf_printf(json, ",\"consumerCount\":%u,\"consumerGroupCount\":%u", topic->reader_count,
                       topic->reader_count);
        buf_append_byte(json, '}');
    }
    buf_append_byte(json, ']');
    entity_end(json);
}

static void write_query(const struct described_query *query, struct buf *json)
{
    const bool is_push = query->sink.size == 0;
    buf_append_byte(json, '{');
    write_member(json, "queryString", query->sql);
    buf_append_str(json, STR(",\"sinks\":["));
    if (!is_push)
        json_write_string(json, query->sink);
    buf_append_str(json, STR("],\"sinkKafkaTopics\":["));
    if (!is_push)
        json_write_string(json, query->sink_topic);
    buf_append_str(json, STR("],"));
    write_member(json, "id", query->id);
    buf_append_str(json, STR(",\"statusCount\":{"));
    if (query->states.count == 0)
        buf_printf(json, "\"%s\":1", query->state);
    for (uint32_t i = 0; i < query->states.count; i++)
        buf_printf(json, "%s\"%s\":%u", i > 0 ? "," : "", query->states.words[i],
                   query->states.counts[i]);
    buf_printf(json, "},\"queryType\":\"%s\",\"state\":\"%s\"}", is_push ? "PUSH" : "PERSISTENT",
               query->state);
}

static void write_query_list(const struct described_query *queries, uint32_t count,
                             struct buf *json)
{
    buf_append_byte(json, '[');
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buf_append_byte(json, ',');
        write_query(&queries[i], json);
    }
    buf_append_byte(json, ']');
}

static void write_queries(const struct statement *statement, const struct described *described,
                          struct buf *json)
{
    entity_begin(json, "queries", statement);
    buf_append_str(json, STR("\"queries\":"));
    write_query_list(described->queries, described->count, json);
    entity_end(json);
}

static void write_functions(const struct statement *statement, const struct described *described,
                            struct buf *json)
{
    entity_begin(json, "function_names", statement);
    buf_append_str(json, STR("\"functions\":["));
    for (uint32_t i = 0; i < described->count; i++) {
        const struct function_info *function = described->functions[i];
        buf_append_str(json, i > 0 ? STR(",{") : STR("{"));
        write_member(json, "name", function->name);
        buf_printf(json, ",\"type\":\"%s\",\"category\":\"OTHER\"}",
                   function_kind_name(function->kind));
    }
    buf_append_byte(json, ']');
    entity_end(json);
}

static void write_types(const struct statement *statement, const struct described *described,
                        struct buf *json)
{
    entity_begin(json, "type_list", statement);
    buf_append_str(json, STR("\"types\":{"));
    for (uint32_t i = 0; i < described->count; i++) {
        if (i > 0)
            buf_append_byte(json, ',');
        json_write_string(json, described->types[i].name);
        buf_append_byte(json, ':');
        entity_write_type(described->types[i].type, json);
    }
    buf_append_byte(json, '}');
    entity_end(json);
}

static void write_properties(const struct statement *statement, const struct described *described,
                             struct buf *json)
{
    entity_begin(json, "properties", statement);
    buf_append_str(json, STR("\"properties\":["));
    for (uint32_t i = 0; i < described->count; i++) {
        buf_append_str(json, i > 0 ? STR(",{") : STR("{"));
        write_member(json, "name", described->properties[i].name);
        buf_append_str(json, STR(",\"scope\":\"KSQL\","));
        write_member(json, "value", described->properties[i].value);
        buf_append_str(json, STR(",\"editable\":true,\"level\":\"SERVER\"}"));
    }
    buf_append_str(json, STR("],\"overwrittenProperties\":[],\"defaultProperties\":[]"));
    entity_end(json);
}

static void write_variables(const struct statement *statement, const struct described *described,
                            struct buf *json)
{
    entity_begin(json, "variables", statement);
    buf_append_str(json, STR("\"variables\":["));
    for (uint32_t i = 0; i < described->count; i++) {
        buf_append_str(json, i > 0 ? STR(",{") : STR("{"));
        write_member(json, "name", described->properties[i].name);
        buf_append_byte(json, ',');
        write_member(json, "value", described->properties[i].value);
        buf_append_byte(json, '}');
    }
    buf_append_byte(json, ']');
    entity_end(json);
}

/* -- one thing -- */

static void write_source_description(const struct statement *statement,
                                     const struct described *described, struct buf *json)
{
    const struct described_source *one = &described->sources[0];
    const struct source *source = one->source;
    entity_begin(json, "sourceDescription", statement);
    buf_append_str(json, STR("\"sourceDescription\":{"));
    write_member(json, "name", source->name);
    buf_printf(json, ",\"windowType\":%s,\"readQueries\":", window_word(source->format.window));
    write_query_list(one->readers, one->reader_count, json);
    buf_append_str(json, STR(",\"writeQueries\":"));
    write_query_list(one->writers, one->writer_count, json);
    buf_append_str(json, STR(",\"fields\":"));
    entity_write_fields(source->format.row_type, json);
    buf_printf(json, ",\"type\":\"%s\",", source_word(source));
    write_member(json, "timestamp", source->timestamp_column);
    buf_append_byte(json, ',');
    write_member(json, "statistics", statement->extended ? one->counted : STR(""));
    buf_append_str(json, STR(",\"errorStats\":\"\","));
    write_boolean(json, "extended", statement->extended);
    buf_append_byte(json, ',');
    write_member(json, "keyFormat", str_from(format_name(source->format.key.kind)));
    buf_append_byte(json, ',');
    write_member(json, "valueFormat", str_from(format_name(source->format.value.kind)));
    buf_append_byte(json, ',');
    write_member(json, "topic", source->format.topic);
    buf_printf(json, ",\"partitions\":%d,\"replication\":1,", one->partition_count);
    write_member(json, "statement", source->sql);
    buf_append_str(json, STR(",\"queryOffsetSummaries\":[],\"sourceConstraints\":[],"
                             "\"clusterStatistics\":[],\"clusterErrorStats\":[]}"));
    entity_end(json);
}

static void write_query_description(const struct statement *statement,
                                    const struct described *described, struct str host,
                                    struct buf *json)
{
    const struct described_query *query = &described->queries[0];
    entity_begin(json, "queryDescription", statement);
    buf_append_str(json, STR("\"queryDescription\":{"));
    write_member(json, "id", query->id);
    buf_append_byte(json, ',');
    write_member(json, "statementText", query->sql);
    buf_append_str(json, STR(",\"windowType\":null,\"fields\":"));
    entity_write_fields(query->row_type, json);
    buf_append_str(json, STR(",\"sources\":["));
    for (uint32_t i = 0; i < query->source_count; i++) {
        if (i > 0)
            buf_append_byte(json, ',');
        json_write_string(json, query->sources[i]);
    }
    buf_append_str(json, STR("],\"sinks\":["));
    if (query->sink.size > 0)
        json_write_string(json, query->sink);
    buf_append_str(json, STR("],"));
    write_member(json, "topology", query->plan);
    buf_append_byte(json, ',');
    write_member(json, "executionPlan", query->plan);
    buf_append_str(json, STR(",\"overriddenProperties\":{},\"ksqlHostQueryStatus\":{"));
    if (query->id.size > 0) {
        json_write_string(json, host);
        buf_printf(json, ":\"%s\"", query->state);
    }
    buf_printf(json, "},\"queryType\":\"%s\",\"queryErrors\":[",
               query->sink.size > 0 ? "PERSISTENT" : "PUSH");
    if (query->error.size > 0) {
        buf_append_str(json, STR("{\"timestamp\":0,\"type\":\"SYSTEM\","));
        write_member(json, "errorMessage", query->error);
        buf_append_byte(json, '}');
    }
    buf_printf(json, "],\"tasksMetadata\":[],\"state\":\"%s\"}", query->state);
    entity_end(json);
}

static void write_function_description(const struct statement *statement,
                                       const struct described *described, struct buf *json)
{
    const struct function_info *function = described->functions[0];
    entity_begin(json, "describe_function", statement);
    write_member(json, "name", function->name);
    buf_append_byte(json, ',');
    write_member(json, "description", str_from(function->doc));
    buf_append_str(json, STR(",\"author\":\"drivethru\",\"version\":\"" DRIVETHRU_VERSION
                             "\",\"path\":\"internal\",\"functions\":["));
    for (uint32_t i = 0; i < function->signature_count; i++) {
        /* A signature is text here: it stands where ksqlDB describes an overload. */
        const struct str signature = str_from(function->signatures[i]);
        size_t end = signature.size;
        while (end > 0 && signature.data[end - 1] != ')')
            end--;
        buf_append_str(json, i > 0 ? STR(",{") : STR("{"));
        buf_append_str(json, STR("\"arguments\":[],"));
        write_member(json, "returnType",
                     str_trim((struct str){signature.data + end, signature.size - end}));
        buf_append_byte(json, ',');
        write_member(json, "description", signature);
        buf_append_byte(json, '}');
    }
    buf_printf(json, "],\"type\":\"%s\"", function_kind_name(function->kind));
    entity_end(json);
}

/* Of a connector: its configuration may have secrets in it. */
static void connector_begin(struct buf *json, const char *type, const struct statement *statement)
{
    const bool creates = statement->kind == STATEMENT_CREATE_CONNECTOR;
    struct buf text = {0};
    if (creates)
        buf_printf(&text, "CREATE SINK CONNECTOR `%.*s` WITH (...)", STR_ARGS(statement->name));
    struct statement shown = *statement;
    if (creates)
        shown.text = buf_str(&text);
    entity_begin(json, type, &shown);
    buf_release(&text);
}

static void write_connector_info(const struct statement *statement, struct buf *json)
{
    struct arena arena;
    arena_init(&arena, 0);
    connector_begin(json, "connector_info", statement);
    buf_append_str(json, STR("\"info\":{"));
    write_member(json, "name", statement->name);
    buf_append_str(json, STR(",\"config\":{"));
    for (uint32_t i = 0; i < statement->property_count; i++) {
        const struct property property = {.name = statement->properties[i].written,
                                          .value = statement->properties[i].text};
        if (i > 0)
            buf_append_byte(json, ',');
        json_write_string(json, property.name);
        buf_append_byte(json, ':');
        json_write_string(json, secret_shown(&property, &arena));
    }
    buf_append_str(json, STR("},\"tasks\":[{"));
    write_member(json, "connector", statement->name);
    buf_append_str(json, STR(",\"task\":0}],\"type\":\"sink\"}"));
    entity_end(json);
    arena_release(&arena);
}

static void write_drop_connector(const struct statement *statement, struct buf *json)
{
    entity_begin(json, "drop_connector", statement);
    write_member(json, "connectorName", statement->name);
    entity_end(json);
}

static void write_connectors(const struct statement *statement, const struct described *described,
                             struct buf *json)
{
    entity_begin(json, "connector_list", statement);
    buf_append_str(json, STR("\"connectors\":["));
    for (uint32_t i = 0; i < described->count; i++) {
        const struct described_connector *connector = &described->connectors[i];
        buf_append_str(json, i > 0 ? STR(",{") : STR("{"));
        write_member(json, "name", connector->name);
        buf_append_str(json, STR(",\"type\":\"sink\","));
        write_member(json, "className", connector->class_name);
        buf_printf(json, ",\"state\":\"%s\"}", connector->state);
    }
    buf_append_byte(json, ']');
    entity_end(json);
}

static void write_connector(const struct statement *statement, const struct described *described,
                            struct str host, struct buf *json)
{
    const struct described_connector *connector = &described->connectors[0];
    entity_begin(json, "connector_description", statement);
    write_member(json, "connectorClass", connector->class_name);
    buf_append_str(json, STR(",\"status\":{"));
    write_member(json, "name", connector->name);
    for (int i = 0; i < 2; i++) {
        buf_append_str(json, i == 0 ? STR(",\"connector\":{") : STR(",\"tasks\":[{\"id\":0,"));
        buf_printf(json, "\"state\":\"%s\",", connector->state);
        write_member(json, "worker_id", host);
        buf_append_byte(json, ',');
        write_member(json, "trace", connector->trace);
        buf_append_str(json, i == 0 ? STR("}") : STR("}]"));
    }
    buf_append_str(json, STR(",\"type\":\"sink\"},\"sources\":[],\"topics\":["));
    for (uint32_t i = 0; i < connector->topic_count; i++) {
        if (i > 0)
            buf_append_byte(json, ',');
        json_write_string(json, connector->topics[i]);
    }
    buf_append_byte(json, ']');
    entity_end(json);
}

static bool write_described(const struct statement *statement, const struct described *described,
                            struct str host, struct buf *json)
{
    switch (described->kind) {
    case DESCRIBED_SOURCES:
        write_sources(statement, described, json);
        return true;
    case DESCRIBED_TOPICS:
        write_topics(statement, described, json);
        return true;
    case DESCRIBED_QUERIES:
        write_queries(statement, described, json);
        return true;
    case DESCRIBED_FUNCTIONS:
        write_functions(statement, described, json);
        return true;
    case DESCRIBED_TYPES:
        write_types(statement, described, json);
        return true;
    case DESCRIBED_PROPERTIES:
        write_properties(statement, described, json);
        return true;
    case DESCRIBED_VARIABLES:
        write_variables(statement, described, json);
        return true;
    case DESCRIBED_SOURCE:
        write_source_description(statement, described, json);
        return true;
    case DESCRIBED_FUNCTION:
        write_function_description(statement, described, json);
        return true;
    case DESCRIBED_QUERY:
        write_query_description(statement, described, host, json);
        return true;
    case DESCRIBED_CONNECTORS:
        write_connectors(statement, described, json);
        return true;
    case DESCRIBED_CONNECTOR:
        write_connector(statement, described, host, json);
        return true;
    }
    must_not_reach();
}

/* -- commands -- */

struct str entity_command_id(const struct statement *statement, struct str query_id,
                             struct arena *arena)
{
    const char *object = statement_object(statement->kind);
    const bool is_of_query =
        statement->kind == STATEMENT_TERMINATE || statement->kind == STATEMENT_PAUSE ||
        statement->kind == STATEMENT_RESUME || statement->kind == STATEMENT_INSERT_SELECT;
    const struct str name = is_of_query ? query_id : statement->name;
    if (object[0] == '\0')
        return (struct str){0};
    return arena_printf(arena, "%s/%.*s/%s", object, STR_ARGS(name),
                        statement_action(statement->kind));
}

static bool write_status(const struct statement *statement, const struct answer *answer,
                         struct buf *json)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct str id = entity_command_id(statement, answer->query_id, &arena);
    if (id.size > 0) {
        entity_begin(json, "currentStatus", statement);
        write_member(json, "commandId", id);
        buf_append_str(json, STR(",\"commandStatus\":{\"status\":\"SUCCESS\","));
        write_member(json, "message", answer->text);
        buf_append_str(json, STR(",\"queryId\":"));
        if (answer->query_id.size > 0)
            json_write_string(json, answer->query_id);
        else
            buf_append_str(json, STR("null"));
        buf_printf(json, "},\"commandSequenceNumber\":%lld", (long long)answer->command_number);
        entity_end(json);
    }
    arena_release(&arena);
    return id.size > 0;
}

bool entity_write(const struct statement *statement, const struct answer *answer, struct str host,
                  struct buf *json)
{
    if (answer->kind == ANSWER_MESSAGE && statement->kind == STATEMENT_CREATE_CONNECTOR) {
        write_connector_info(statement, json);
        return true;
    }
    if (answer->kind == ANSWER_MESSAGE && statement->kind == STATEMENT_DROP_CONNECTOR) {
        write_drop_connector(statement, json);
        return true;
    }
    if (answer->kind == ANSWER_MESSAGE)
        return write_status(statement, answer, json);
    return answer->described && write_described(statement, answer->described, host, json);
}

/* case_topics.c -- the topics and schemas a case begins with. */
#include "cli/case_world.h"

#define CASE_SCHEMA_ID_MAX 10000

static struct str format_member(const struct json_node *topic, const char *name)
{
    return json_member_text(topic, name, json_member_text(topic, "format", STR("")));
}

static bool format_known(struct str name)
{
    enum format_kind kind;
    return name.size == 0 || format_parse(name, &kind, NULL) == OK;
}

/* Where a case says which id a schema has, the ids below it go to schemas of nobody. */
static enum err take_ids_below(struct case_world *run, int64_t wanted, struct why *why)
{
    struct registry_version *known;
    size_t known_count;
    int32_t id = 0;
    const struct registry_filter filter = {0};
    enum err err =
        registry_list(run->world.registry, &filter, &run->arena, &known, &known_count, why);
    for (size_t i = 0; err == OK && i < known_count; i++)
        id = known[i].id > id ? known[i].id : id;
    for (int64_t i = 1; err == OK && id + 1 < wanted && i < CASE_SCHEMA_ID_MAX; i++) {
        const struct str text =
            arena_printf(&run->arena, "{\"type\":\"fixed\",\"name\":\"f\",\"size\":%lld}",
                         (long long)wanted + i);
        const struct str subject =
            arena_printf(&run->arena, "nobody-%lld-%lld", (long long)wanted, (long long)i);
        err = registry_register(run->world.registry, subject, text, &id, why);
    }
    return err;
}

/* "object", "integer" and "number" are JSON Schema's types, not Avro's. */
static bool is_json_schema(const struct json_node *schema)
{
    const struct str type = json_member_text(schema, "type", STR(""));
    return json_member(schema, "oneOf") || str_equal(type, STR("object")) ||
           str_equal(type, STR("integer")) || str_equal(type, STR("number"));
}

static enum err register_side(struct case_world *run, const struct json_node *topic,
                              const char *member, const char *side, struct why *why)
{
    const struct json_node *schema = json_member(topic, member);
    int32_t id;
    if (!schema || schema->kind == JSON_NULL)
        return OK;
    if (is_json_schema(schema))
        return why_set(why, ERR_UNSUPPORTED, "JSON schemas are not supported");
    const struct str subject = arena_printf(
        &run->arena, "%.*s-%s", STR_ARGS(json_member_text(topic, "name", STR(""))), side);
    const struct str id_member = arena_printf(&run->arena, "%sSchemaId", side);
    const enum err err = take_ids_below(run, case_number(topic, id_member.data, 0), why);
    if (err)
        return err;
    return registry_register(run->world.registry, subject, schema->source, &id, why);
}

static bool declares_source(const struct statement *statement)
{
    return statement->kind == STATEMENT_CREATE_STREAM || statement->kind == STATEMENT_CREATE_TABLE;
}

static struct str declared_topic(const struct statement *statement)
{
    for (uint32_t i = 0; i < statement->property_count; i++)
        if (str_equal(statement->properties[i].name, STR("KAFKA_TOPIC")))
            return statement->properties[i].text;
    return statement->name;
}

/* Whether a statement declares a source over the topic. */
static bool is_declared(struct case_world *run, struct str topic)
{
    const struct json_node *texts = json_member(run->root, "statements");
    for (const struct json_node *at = texts ? texts->child : NULL; at; at = at->next) {
        struct statement *statements;
        uint32_t count = 0;
        if (sql_parse(at->text, &run->session.variables, &run->arena, &statements, &count, NULL))
            continue;
        for (uint32_t i = 0; i < count; i++)
            if (declares_source(&statements[i]) && str_equal(declared_topic(&statements[i]), topic))
                return true;
    }
    return false;
}

bool case_prepare_topics(struct case_world *run, bool sinks, struct why *why)
{
    const struct json_node *topics = json_member(run->root, "topics");
    for (const struct json_node *at = topics ? topics->child : NULL; at; at = at->next) {
        const struct str name =
            at->kind == JSON_STRING ? at->text : json_member_text(at, "name", STR(""));
        if (is_declared(run, name) == sinks)
            continue;
        const struct json_node *partitions = json_member(at, "partitions");
        int64_t count = 1;
        const struct str key = format_member(at, "keyFormat");
        const struct str value = format_member(at, "valueFormat");
        if (!format_known(key) || !format_known(value)) {
            case_outcome(run, CASE_NOT_RUN, "format %.*s",
                         STR_ARGS(format_known(key) ? value : key));
            return false;
        }
        if (partitions && str_to_int64(partitions->text, &count) != OK)
            count = 1;
        const struct log_topic_config config = {
            .partition_count = (int32_t)count, .retention_ms = -1, .retention_bytes = -1};
        /* Sinks that the case only describes are made by their query. */
        enum err err = OK;
        if (json_member(at, "partitions") || str_equal(value, STR("")) == false ||
            json_member(at, "valueSchema") || json_member(at, "keySchema"))
            err = log_create(run->world.log, name, &config, why);
        if (err == OK || err == ERR_EXISTS)
            err = register_side(run, at, "keySchema", "key", why);
        if (err == OK)
            err = register_side(run, at, "valueSchema", "value", why);
        if (err && err != ERR_EXISTS) {
            case_outcome(run, err == ERR_UNSUPPORTED ? CASE_NOT_RUN : CASE_FAILED, "topic %.*s: %s",
                         STR_ARGS(name), why->text);
            return false;
        }
    }
    return true;
}

void case_prepare_source(struct case_world *run, const struct statement *statement)
{
    if (!declares_source(statement))
        return;
    for (uint32_t i = 0; i < statement->property_count; i++)
        if (str_equal(statement->properties[i].name, STR("PARTITIONS")))
            return;
    const struct log_topic_config config = {
        .partition_count = 1, .retention_ms = -1, .retention_bytes = -1};
    /* One that is there already is as good. */
    if (log_create(run->world.log, declared_topic(statement), &config, NULL) != OK)
        return;
}

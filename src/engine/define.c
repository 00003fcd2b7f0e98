/* define.c -- CREATE STREAM and TABLE over topics, DROP, and types. */
#include "engine/state.h"

static const char *kind_word(enum source_kind kind)
{
    return kind == SOURCE_STREAM ? "stream" : "table";
}

static void source_sql(struct execution *execution, struct source *source)
{
    source->sql = execution->statement->text;
}

/* Registers the schemas of declared columns where the topic has none yet, as ksqlDB does. */
static enum err register_schema(struct engine *engine, const struct source *source, bool is_key,
                                struct arena *arena, struct why *why)
{
    const struct format_spec *spec = is_key ? &source->format.key : &source->format.value;
    const struct row_type *row_type = source->format.row_type;
    if (spec->kind != FORMAT_AVRO || spec->schema_id > 0)
        return OK;
    struct str topic = source->format.topic;
    struct registry_version version;
    enum err err = subject_latest(engine, topic, is_key, arena, &version, why);
    if (err != ERR_NOT_FOUND)
        return err;
    struct row_column *columns = ARENA_ARRAY(arena, struct row_column, row_type->column_count + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < row_type->column_count; i++)
        if (row_type->columns[i].role == (is_key ? COLUMN_KEY : COLUMN_VALUE))
            columns[count++] = row_type->columns[i];
    if (count == 0)
        return OK;
    struct buf text = {0};
    struct str name = spec->schema_full_name;
    if (name.size == 0)
        name = is_key ? STR("io.confluent.ksql.avro_schemas.KsqlDataSourceKey")
                      : STR("io.confluent.ksql.avro_schemas.KsqlDataSourceSchema");
    avro_schema_of_columns(columns, count, name, spec->unwrapped, &text);
    int32_t id;
    err = registry_register(engine->options.registry, subject_of(topic, is_key, arena),
                            buf_str(&text), &id, why);
    buf_release(&text);
    return err;
}

static bool source_same(const struct source *a, const struct source *b)
{
    return str_equal(a->sql, b->sql);
}

enum err execute_create_source(struct execution *execution)
{
    struct engine *engine = execution->engine;
    const struct statement *statement = execution->statement;
    struct source_wish wish;
    enum err err =
        sql_check_source(statement, &execution->catalog, execution->arena, &wish, execution->why);
    if (err)
        return err;
    struct source *source = &wish.source;
    source_sql(execution, source);
    struct catalog_entry *old = catalog_find(engine, source->name);
    if (old && statement->if_not_exists) {
        answer_message(execution, STR(""), "%s %.*s exists already", kind_word(source->kind),
                       STR_ARGS(source->name));
        return OK;
    }
    if (old && !statement->or_replace)
        return why_set_at(execution->why, ERR_EXISTS, statement->name_place.line,
                          statement->name_place.column, "a %s '%.*s' exists already",
                          kind_word(old->source.kind), STR_ARGS(source->name));
    if (old && old->source.kind != source->kind)
        return why_set_at(execution->why, ERR_INVALID, statement->name_place.line,
                          statement->name_place.column, "cannot replace %s '%.*s' by a %s",
                          kind_word(old->source.kind), STR_ARGS(source->name),
                          kind_word(source->kind));
    if (old && old->source.query.size > 0)
        return why_set_at(execution->why, ERR_INVALID, statement->name_place.line,
                          statement->name_place.column,
                          "'%.*s' is written by query %.*s: drop it first", STR_ARGS(source->name),
                          STR_ARGS(old->source.query));
    if (old && source_same(&old->source, source))
        return OK;
    /* What has gone since the statement was first run keeps its queries from running, not all; and
     * another process has made what there was to make. */
    if (!engine->replaying && !engine->following)
        err = topic_ensure(engine, source->format.topic,
                           &(struct log_topic_config){.partition_count = wish.partition_count,
                                                      .replica_count = wish.replica_count,
                                                      .retention_ms = wish.retention_ms,
                                                      .compacted = source->kind == SOURCE_TABLE},
                           wish.topic_must_exist, execution->why);
    if (err)
        return err;
    err = register_schema(engine, source, true, execution->arena, execution->why);
    if (err == OK)
        err = register_schema(engine, source, false, execution->arena, execution->why);
    if (err == OK)
        err = command_append(execution);
    if (err)
        return err;
    catalog_put(engine, source);
    answer_message(execution, STR(""), "%s %.*s created", kind_word(source->kind),
                   STR_ARGS(source->name));
    return OK;
}

/* The id of a query that reads or writes the source, other than `except`; size 0: none. */
static struct str query_using(struct engine *engine, struct str name, struct str except)
{
    for (uint32_t i = 0; i < engine->query_count; i++) {
        const struct running *query = engine->queries[i];
        if (str_equal(query->id, except))
            continue;
        if (str_equal(query->sink, name))
            return query->id;
        for (uint32_t j = 0; j < query->plan->source_count; j++)
            if (str_equal(query->plan->sources[j], name))
                return query->id;
    }
    return STR("");
}

enum err execute_drop(struct execution *execution)
{
    struct engine *engine = execution->engine;
    const struct statement *statement = execution->statement;
    const enum source_kind kind =
        statement->kind == STATEMENT_DROP_STREAM ? SOURCE_STREAM : SOURCE_TABLE;
    struct catalog_entry *entry = catalog_find(engine, statement->name);
    if (!entry && statement->if_not_exists) {
        answer_message(execution, STR(""), "%s %.*s does not exist", kind_word(kind),
                       STR_ARGS(statement->name));
        return OK;
    }
    struct place place = statement->name_place;
    if (!entry) {
        struct str *names;
        size_t count;
        execution->catalog.names(engine, execution->arena, &names, &count);
        struct str near = str_nearest(statement->name, names, count);
        return why_set_at(execution->why, ERR_NOT_FOUND, place.line, place.column,
                          near.size > 0 ? "no %s '%.*s', did you mean '%.*s'?" : "no %s '%.*s'%.*s",
                          kind_word(kind), STR_ARGS(statement->name), STR_ARGS(near));
    }
    if (entry->source.kind != kind)
        return why_set_at(execution->why, ERR_INVALID, place.line, place.column,
                          "'%.*s' is a %s, not a %s", STR_ARGS(statement->name),
                          kind_word(entry->source.kind), kind_word(kind));
    const struct str own = entry->source.query;
    const struct str user = query_using(engine, statement->name, own);
    if (user.size > 0)
        return why_set_at(execution->why, ERR_INVALID, place.line, place.column,
                          "cannot drop '%.*s': query %.*s uses it, terminate that first",
                          STR_ARGS(statement->name), STR_ARGS(user));
    if (statement->delete_topic && entry->source.read_only)
        return why_set_at(execution->why, ERR_INVALID, place.line, place.column,
                          "cannot delete the topic of read-only source '%.*s'",
                          STR_ARGS(statement->name));
    enum err err = command_append(execution);
    struct running *query = own.size > 0 ? query_find(engine, own) : NULL;
    const bool removes =
        statement->delete_topic && !engine->replaying && !engine->following && err == OK;
    const struct str topic = removes ? entry->source.format.topic : STR("");
    if (err == OK && query)
        err = query_stop(engine, query, !engine->following, topic, execution->why);
    else if (removes)
        err = log_remove(engine->options.log, topic, execution->why);
    if (err)
        return err;
    answer_message(execution, STR(""), "source %.*s dropped", STR_ARGS(statement->name));
    catalog_drop(engine, statement->name);
    return OK;
}

enum err execute_create_type(struct execution *execution)
{
    struct engine *engine = execution->engine;
    const struct statement *statement = execution->statement;
    const struct type *type;
    if (map_get(&engine->types, statement->name)) {
        if (statement->if_not_exists)
            return OK;
        return why_set_at(execution->why, ERR_EXISTS, statement->name_place.line,
                          statement->name_place.column, "a type '%.*s' exists already",
                          STR_ARGS(statement->name));
    }
    enum err err = sql_parse_type(statement->type_text, &execution->catalog, execution->arena,
                                  &type, execution->why);
    if (err == OK)
        err = command_append(execution);
    if (err)
        return err;
    catalog_put_type(engine, statement->name, type, statement->type_text);
    answer_message(execution, STR(""), "type %.*s created", STR_ARGS(statement->name));
    return OK;
}

enum err execute_drop_type(struct execution *execution)
{
    const struct statement *statement = execution->statement;
    if (!map_get(&execution->engine->types, statement->name)) {
        if (statement->if_not_exists)
            return OK;
        return why_set_at(execution->why, ERR_NOT_FOUND, statement->name_place.line,
                          statement->name_place.column, "no type '%.*s'",
                          STR_ARGS(statement->name));
    }
    enum err err = command_append(execution);
    if (err)
        return err;
    catalog_remove_type(execution->engine, statement->name);
    answer_message(execution, STR(""), "type %.*s dropped", STR_ARGS(statement->name));
    return OK;
}

/* sql_world.h -- a small catalog for the fuzzers of sql/: streams and tables of every type. */
#ifndef TESTS_FUZZ_SQL_WORLD_H
#define TESTS_FUZZ_SQL_WORLD_H

#include "sql/sql.h"

#define SQL_WORLD_SOURCES_MAX 8

struct sql_world {
    struct arena arena;
    struct catalog catalog;
    struct source sources[SQL_WORLD_SOURCES_MAX];
    size_t source_count;
};

static inline const struct source *sql_world_source(void *context, struct str name)
{
    struct sql_world *world = context;
    for (size_t i = 0; i < world->source_count; i++)
        if (str_equal(world->sources[i].name, name))
            return &world->sources[i];
    return NULL;
}

static inline void sql_world_names(void *context, struct arena *arena, struct str **ret_names,
                                   size_t *ret_count)
{
    struct sql_world *world = context;
    *ret_names = ARENA_ARRAY(arena, struct str, SQL_WORLD_SOURCES_MAX);
    *ret_count = world->source_count;
    for (size_t i = 0; i < world->source_count; i++)
        (*ret_names)[i] = world->sources[i].name;
}

static inline const struct type *sql_world_type(void *context, struct str name)
{
    (void)context;
    return str_equal(name, STR("CENTS")) ? &type_bigint : NULL;
}

static inline enum err sql_world_partitions(void *context, struct str topic, int32_t *ret_count)
{
    (void)context;
    *ret_count = str_equal(topic, STR("wide")) ? 4 : 1;
    return OK;
}

static inline enum err sql_world_schema(void *context, struct str topic,
                                        const struct format_spec *spec, bool is_key,
                                        struct arena *arena, struct row_column **ret_columns,
                                        uint32_t *ret_count, struct why *why)
{
    (void)context, (void)topic, (void)spec, (void)why;
    *ret_columns = ARENA_ARRAY(arena, struct row_column, 1);
    (*ret_columns)[0] =
        (struct row_column){.name = is_key ? STR("ROWKEY") : STR("C1"), .type = &type_integer};
    *ret_count = 1;
    return OK;
}

static inline void sql_world_init(struct sql_world *world)
{
    static const char texts[] =
        "CREATE STREAM s (k STRING KEY, b BOOLEAN, i INT, l BIGINT, d DOUBLE, p DECIMAL(9, 3), "
        "v STRING, y BYTES, t TIME, da DATE, ts TIMESTAMP, a ARRAY<INT>, n ARRAY<ARRAY<STRING>>, "
        "m MAP<STRING, DOUBLE>, r STRUCT<f INT, g ARRAY<STRUCT<x STRING>>>, h BYTES HEADER('h')) "
        "WITH (kafka_topic='s', value_format='JSON');"
        "CREATE STREAM q (k STRING KEY, i INT, v STRING) "
        "WITH (kafka_topic='wide', value_format='AVRO');"
        "CREATE TABLE t (k STRING PRIMARY KEY, i INT, v STRING, d DOUBLE) "
        "WITH (kafka_topic='t', value_format='JSON');"
        "CREATE TABLE u (k INT PRIMARY KEY, k2 STRING PRIMARY KEY, v STRING) "
        "WITH (kafka_topic='u', format='JSON');"
        "CREATE TABLE w (k STRING PRIMARY KEY, n BIGINT) WITH (kafka_topic='w', "
        "value_format='JSON', window_type='TUMBLING', window_size='1 MINUTE');";
    arena_init(&world->arena, 0);
    world->source_count = 0;
    world->catalog = (struct catalog){
        .context = world,
        .source = sql_world_source,
        .names = sql_world_names,
        .type = sql_world_type,
        .partitions = sql_world_partitions,
        .schema = sql_world_schema,
        .default_key_format = FORMAT_KAFKA,
        .default_value_format = FORMAT_JSON,
    };
    struct statement *statements;
    uint32_t count;
    must(sql_parse(str_from(texts), NULL, &world->arena, &statements, &count, NULL) == OK);
    for (uint32_t i = 0; i < count; i++) {
        struct source_wish wish;
        must(sql_check_source(&statements[i], &world->catalog, &world->arena, &wish, NULL) == OK);
        must(world->source_count < SQL_WORLD_SOURCES_MAX);
        world->sources[world->source_count++] = wish.source;
    }
}

#endif

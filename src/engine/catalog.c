/* catalog.c -- the streams, tables and types there are, by name. */
#include "base/memory.h"
#include "engine/state.h"

static void row_type_copy_to(struct arena *arena, const struct row_type *from,
                             const struct row_type **ret_type)
{
    struct row_column *columns = ARENA_ARRAY(arena, struct row_column, from->column_count + 1);
    for (uint32_t i = 0; i < from->column_count; i++) {
        columns[i] = from->columns[i];
        columns[i].type = type_copy(arena, from->columns[i].type);
    }
    *ret_type = row_type_new(arena, columns, from->column_count);
}

void source_copy(struct arena *arena, const struct source *from, struct source *ret_source)
{
    struct source copy = *from;
    copy.name = arena_str(arena, from->name);
    copy.format.topic = arena_str(arena, from->format.topic);
    row_type_copy_to(arena, from->format.row_type, &copy.format.row_type);
    copy.format.key.schema_full_name = arena_str(arena, from->format.key.schema_full_name);
    copy.format.value.schema_full_name = arena_str(arena, from->format.value.schema_full_name);
    copy.timestamp_column = arena_str(arena, from->timestamp_column);
    copy.timestamp_format = arena_str(arena, from->timestamp_format);
    copy.query = arena_str(arena, from->query);
    copy.sql = arena_str(arena, from->sql);
    *ret_source = copy;
}

struct catalog_entry *catalog_find(struct engine *engine, struct str name)
{
    return map_get(&engine->sources, name);
}

struct catalog_entry *catalog_find_topic(struct engine *engine, struct str topic)
{
    size_t cursor = 0;
    struct catalog_entry *found = NULL;
    const struct map_entry *at;
    while ((at = map_next(&engine->sources, &cursor)) != NULL) {
        struct catalog_entry *entry = at->value;
        if (!str_equal(entry->source.format.topic, topic))
            continue;
        /* What a query writes is described by the source that made the topic. */
        if (!found || entry->source.query.size > 0)
            found = entry;
    }
    return found;
}

static void retire(struct engine *engine, struct catalog_entry *entry)
{
    if (!entry)
        return;
    entry->retired_next = engine->retired;
    engine->retired = entry;
}

void catalog_put(struct engine *engine, const struct source *source)
{
    struct catalog_entry *entry = MEMORY_NEW(struct catalog_entry);
    arena_init(&entry->arena, 0);
    source_copy(&entry->arena, source, &entry->source);
    retire(engine, map_set(&engine->sources, entry->source.name, entry));
}

void catalog_drop(struct engine *engine, struct str name)
{
    retire(engine, map_remove(&engine->sources, name));
}

static void type_free(struct catalog_type *type)
{
    if (!type)
        return;
    arena_release(&type->arena);
    free(type);
}

void catalog_put_type(struct engine *engine, struct str name, const struct type *type,
                      struct str text)
{
    struct catalog_type *entry = MEMORY_NEW(struct catalog_type);
    arena_init(&entry->arena, 0);
    entry->type = type_copy(&entry->arena, type);
    entry->text = arena_str(&entry->arena, text);
    type_free(map_set(&engine->types, name, entry));
}

bool catalog_remove_type(struct engine *engine, struct str name)
{
    struct catalog_type *old = map_remove(&engine->types, name);
    type_free(old);
    return old != NULL;
}

static void entry_free(struct catalog_entry *entry)
{
    arena_release(&entry->arena);
    free(entry);
}

void catalog_release(struct engine *engine)
{
    size_t cursor = 0;
    const struct map_entry *at;
    while ((at = map_next(&engine->sources, &cursor)) != NULL)
        entry_free(at->value);
    map_release(&engine->sources);
    cursor = 0;
    while ((at = map_next(&engine->types, &cursor)) != NULL)
        type_free(at->value);
    map_release(&engine->types);
    while (engine->retired) {
        struct catalog_entry *next = engine->retired->retired_next;
        entry_free(engine->retired);
        engine->retired = next;
    }
}

static const struct source *view_source(void *context, struct str name)
{
    struct catalog_entry *entry = catalog_find(context, name);
    return entry ? &entry->source : NULL;
}

static void view_names(void *context, struct arena *arena, struct str **ret_names,
                       size_t *ret_count)
{
    struct engine *engine = context;
    struct str *names = ARENA_ARRAY(arena, struct str, engine->sources.count + 1);
    size_t count = 0;
    size_t cursor = 0;
    const struct map_entry *at;
    while ((at = map_next(&engine->sources, &cursor)) != NULL)
        names[count++] = at->key;
    *ret_names = names;
    *ret_count = count;
}

static const struct type *view_type(void *context, struct str name)
{
    struct engine *engine = context;
    struct catalog_type *entry = map_get(&engine->types, name);
    return entry ? entry->type : NULL;
}

static enum err view_partitions(void *context, struct str topic, int32_t *ret_count)
{
    return topic_partitions(context, topic, ret_count);
}

struct str subject_of(struct str topic, bool is_key, struct arena *arena)
{
    return arena_printf(arena, "%.*s-%s", STR_ARGS(topic), is_key ? "key" : "value");
}

enum err subject_latest(struct engine *engine, struct str topic, bool is_key, struct arena *arena,
                        struct registry_version *ret_version, struct why *why)
{
    return registry_get_version(engine->options.registry, subject_of(topic, is_key, arena), 0,
                                arena, ret_version, why);
}

/* The schema a subject or an id has. Owned by the registry, or parsed here and kept in *ret_own. */
static enum err schema_of(struct engine *engine, struct str topic, const struct format_spec *spec,
                          bool is_key, struct arena *arena, const struct avro_schema **ret_schema,
                          struct why *why)
{
    if (spec->schema_id > 0)
        return registry_by_id(engine->options.registry, spec->schema_id, ret_schema, why);
    struct registry_version version;
    const enum err err = subject_latest(engine, topic, is_key, arena, &version, why);
    if (err)
        return err;
    return registry_by_id(engine->options.registry, version.id, ret_schema, why);
}

static enum err view_schema(void *context, struct str topic, const struct format_spec *spec,
                            bool is_key, struct arena *arena, struct row_column **ret_columns,
                            uint32_t *ret_count, struct why *why)
{
    const struct avro_schema *schema;
    enum err err = schema_of(context, topic, spec, is_key, arena, &schema, why);
    if (err)
        return err;
    const bool upper = spec->schema_id == 0;
    const enum column_role role = is_key ? COLUMN_KEY : COLUMN_VALUE;
    const struct type *type = avro_sql_type(schema->root, upper, arena);
    if (!type)
        return why_set(why, ERR_INVALID, "the schema of topic '%.*s' has no SQL type",
                       STR_ARGS(topic));
    /* A key of one column is written bare, and one column is what a key's schema gives. */
    if (type->kind != TYPE_STRUCT || spec->unwrapped || is_key) {
        struct row_column *column = ARENA_NEW(arena, struct row_column);
        column->name = is_key ? STR("ROWKEY") : STR("ROWVAL");
        column->type = type;
        column->role = role;
        *ret_columns = column;
        *ret_count = 1;
        return OK;
    }
    struct row_column *columns = ARENA_ARRAY(arena, struct row_column, type->field_count + 1);
    for (uint32_t i = 0; i < type->field_count; i++)
        columns[i] = (struct row_column){
            .name = type->fields[i].name, .type = type->fields[i].type, .role = role};
    *ret_columns = columns;
    *ret_count = type->field_count;
    return OK;
}

static enum format_kind default_format(struct str name, enum format_kind otherwise)
{
    enum format_kind kind;
    if (name.size == 0 || format_parse(name, &kind, NULL))
        return otherwise;
    return kind;
}

/* 0: none, or one that no state reaches. */
static uint32_t limit_of(struct engine *engine, const struct properties *settings, struct str name)
{
    int64_t limit;
    const struct str text = setting_get(engine, settings, name, STR(""));
    if (str_to_int64(text, &limit) != OK || limit <= 0 || limit > UINT32_MAX)
        return 0;
    return (uint32_t)limit;
}

struct catalog catalog_view(struct engine *engine, const struct session *session)
{
    const struct properties *settings = session ? &session->settings : NULL;
    const struct str key =
        setting_get(engine, settings, STR("persistence.default.format.key"), STR(""));
    const struct str value =
        setting_get(engine, settings, STR("persistence.default.format.value"), STR(""));
    return (struct catalog){
        .context = engine,
        .source = view_source,
        .names = view_names,
        .type = view_type,
        .partitions = view_partitions,
        .schema = view_schema,
        .default_key_format = default_format(key, FORMAT_KAFKA),
        .default_value_format = default_format(value, FORMAT_JSON),
        .default_value_format_given = value.size > 0,
        .unwraps_single_values = str_equal_nocase(
            setting_get(engine, settings, STR("persistence.wrap.single.values"), STR("true")),
            STR("false")),
        .collect_list_max = limit_of(engine, settings, STR("functions.collect_list.limit")),
        .collect_set_max = limit_of(engine, settings, STR("functions.collect_set.limit")),
        .topic_prefix = setting_get(engine, settings, STR("output.topic.name.prefix"), STR("")),
    };
}

/* converter.c -- topics the catalog does not know, by the connector's converters.
 *
 * AvroConverter: the columns of the latest schema under <topic>-key or <topic>-value.
 * JsonConverter: a value's members as they are, a key as text. StringConverter: one STRING. */
#include "avro/avro.h"
#include "sink/runtime.h"

static enum err add_side(struct sink *sink, struct str topic, bool is_key, struct arena *arena,
                         struct row_column *columns, uint32_t *count, struct format_spec *ret_spec,
                         bool *ret_is_raw, struct why *why);
static enum err add_avro(struct sink *sink, struct str topic, bool is_key, struct arena *arena,
                         struct row_column *columns, uint32_t *count, struct format_spec *spec,
                         struct why *why);

enum err converter_format(struct sink *sink, struct str topic, struct arena *arena,
                          struct record_format *ret_format, bool *ret_is_raw, struct why *why)
{
    if (!sink->settings.has_value_converter)
        return why_set(why, ERR_NOT_FOUND, "nothing says how the records of '%.*s' are written",
                       STR_ARGS(topic));
    struct row_column *columns = ARENA_ARRAY(arena, struct row_column, ROW_TYPE_COLUMNS_MAX);
    uint32_t count = 0;
    struct record_format format = {.topic = arena_str(arena, topic)};
    enum err err =
        add_side(sink, topic, true, arena, columns, &count, &format.key, ret_is_raw, why);
    *ret_is_raw = false;
    if (err == OK)
        err = add_side(sink, topic, false, arena, columns, &count, &format.value, ret_is_raw, why);
    if (err)
        return err;
    format.row_type = row_type_new(arena, columns, count);
    *ret_format = format;
    return OK;
}

static enum err add_side(struct sink *sink, struct str topic, bool is_key, struct arena *arena,
                         struct row_column *columns, uint32_t *count, struct format_spec *ret_spec,
                         bool *ret_is_raw, struct why *why)
{
    const enum format_kind kind =
        is_key ? sink->settings.key_converter : sink->settings.value_converter;
    *ret_spec = (struct format_spec){.kind = kind, .delimiter = ',', .unwrapped = true};
    if (kind == FORMAT_NONE)
        return OK;
    if (kind == FORMAT_AVRO)
        return add_avro(sink, topic, is_key, arena, columns, count, ret_spec, why);
    *ret_is_raw = kind == FORMAT_JSON;
    columns[(*count)++] = (struct row_column){.name = is_key ? STR("KEY") : STR("VALUE"),
                                              .type = &type_string,
                                              .role = is_key ? COLUMN_KEY : COLUMN_VALUE};
    return OK;
}

static enum err add_avro(struct sink *sink, struct str topic, bool is_key, struct arena *arena,
                         struct row_column *columns, uint32_t *count, struct format_spec *spec,
                         struct why *why)
{
    const enum column_role role = is_key ? COLUMN_KEY : COLUMN_VALUE;
    const struct str subject =
        arena_printf(arena, "%.*s-%s", STR_ARGS(topic), is_key ? "key" : "value");
    struct registry_version version;
    struct avro_schema *schema = NULL;
    if (!sink->options.registry)
        return why_set(why, ERR_NOT_FOUND, "there is no registry");
    enum err err = registry_get_version(sink->options.registry, subject, 0, arena, &version, why);
    if (err == OK)
        err = avro_schema_parse(version.text, &schema, why);
    if (err)
        return err;
    const struct avro_node *root = schema->root;
    spec->unwrapped = root->kind != AVRO_RECORD;
    if (spec->unwrapped) {
        const struct type *type = avro_sql_type(root, false, arena);
        if (type)
            columns[(*count)++] = (struct row_column){
                .name = is_key ? STR("KEY") : STR("VALUE"), .type = type, .role = role};
    }
    for (uint32_t i = 0; !spec->unwrapped && i < root->count; i++) {
        const struct type *type = avro_sql_type(root->fields[i].node, false, arena);
        if (type && *count < ROW_TYPE_COLUMNS_MAX)
            columns[(*count)++] = (struct row_column){
                .name = arena_str(arena, root->fields[i].name), .type = type, .role = role};
    }
    avro_schema_free(schema);
    return OK;
}

/* identity.c -- a schema as compact JSON with everything that has meaning, and only once.
 *
 * Two texts of one schema have one identity: names are full, {"type": "int"} is "int", members
 * stand in one order (type, name, then the complex type's own, then all others by name). Text is
 * kept as it is. */
#include "avro/schema_json.h"
#include "base/map.h"

struct writer {
    struct arena arena;
    struct map names; /* full names defined so far */
    struct buf *buf;
};

static void write_type(struct writer *writer, const json_t *json, struct str space);

void avro_json_write(const json_t *json, struct buf *buf)
{
    const char *key;
    const json_t *value;
    size_t i;
    const char *comma = "";
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        buf_append_byte(buf, '{');
        json_object_foreach((json_t *)json, key, value)
        {
            buf_append_str(buf, str_from(comma));
            avro_string_write(buf, str_from(key));
            buf_append_byte(buf, ':');
            avro_json_write(value, buf);
            comma = ",";
        }
        buf_append_byte(buf, '}');
        return;
    case JSON_ARRAY:
        buf_append_byte(buf, '[');
        json_array_foreach(json, i, value)
        {
            buf_append_str(buf, str_from(comma));
            avro_json_write(value, buf);
            comma = ",";
        }
        buf_append_byte(buf, ']');
        return;
    case JSON_STRING:
        avro_string_write(buf, json_text(json));
        return;
    case JSON_INTEGER:
        buf_printf(buf, "%lld", (long long)json_integer_value(json));
        return;
    case JSON_REAL:
        avro_real_write(buf, json_real_value(json));
        return;
    default:
        buf_append_str(buf, json_is_true(json)    ? STR("true")
                            : json_is_false(json) ? STR("false")
                                                  : STR("null"));
    }
}

void avro_identity_write(const json_t *json, struct buf *buf)
{
    struct writer writer = {.buf = buf};
    arena_init(&writer.arena, 0);
    write_type(&writer, json, (struct str){0});
    map_release(&writer.names);
    arena_release(&writer.arena);
}

static bool is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (strcmp(word, *words) == 0)
            return true;
    return false;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Appends every member that is not in `done`, by name. */
static void write_others(struct writer *writer, const json_t *json, const char *const *done)
{
    struct buf *buf = writer->buf;
    const char **names = ARENA_ARRAY(&writer->arena, const char *, json_object_size(json));
    size_t count = 0;
    const char *key;
    const json_t *value;
    json_object_foreach((json_t *)json, key, value)
    {
        if (!is_one_of(key, done))
            names[count++] = key;
    }
    qsort(names, count, sizeof(*names), compare_names);
    for (size_t i = 0; i < count; i++) {
        buf_append_byte(buf, ',');
        avro_string_write(buf, str_from(names[i]));
        buf_append_byte(buf, ':');
        avro_json_write(json_object_get(json, names[i]), buf);
    }
}

static void write_fields(struct writer *writer, const json_t *fields, struct str space)
{
    struct buf *buf = writer->buf;
    static const char *const done[] = {"name", "type", NULL};
    size_t i;
    const json_t *field;
    json_array_foreach(fields, i, field)
    {
        buf_append_str(buf, i ? STR(",{\"name\":") : STR("{\"name\":"));
        avro_string_write(buf, json_text(json_object_get(field, "name")));
        buf_append_str(buf, STR(",\"type\":"));
        write_type(writer, json_object_get(field, "type"), space);
        write_others(writer, field, done);
        buf_append_byte(buf, '}');
    }
}

static void write_named(struct writer *writer, const json_t *json, bool record, struct str space)
{
    struct buf *buf = writer->buf;
    const char *const done[] = {"type", "name", "namespace", record ? "fields" : NULL, NULL};
    const struct str full = avro_definition_name(json, space, &writer->arena);
    map_set(&writer->names, full, writer);
    buf_append_str(buf, STR(",\"name\":"));
    avro_string_write(buf, full);
    if (!avro_namespace(full).data && space.size)
        buf_append_str(buf, STR(",\"namespace\":\"\""));
    if (record) {
        buf_append_str(buf, STR(",\"fields\":["));
        write_fields(writer, json_object_get(json, "fields"), avro_namespace(full));
        buf_append_byte(buf, ']');
    }
    write_others(writer, json, done);
}

static void write_list(struct writer *writer, const json_t *json, const char *member,
                       struct str space)
{
    struct buf *buf = writer->buf;
    const char *const done[] = {"type", member, NULL};
    buf_printf(buf, ",\"%s\":", member);
    write_type(writer, json_object_get(json, member), space);
    write_others(writer, json, done);
}

static void write_object(struct writer *writer, const json_t *json, struct str space)
{
    struct buf *buf = writer->buf;
    static const char *const done[] = {"type", NULL};
    const json_t *type = json_object_get(json, "type");
    const struct str word = json_is_string(type) ? json_text(type) : (struct str){0};
    const bool array = str_equal(word, STR("array"));
    const bool map = str_equal(word, STR("map"));
    const bool primitive = word.size && avro_primitive(word) != AVRO_UNION;
    /* Outside of primitives and complex types' words the object is but a wrapping. */
    const bool record = str_equal(word, STR("record")) || str_equal(word, STR("error"));
    const bool named = record || str_equal(word, STR("enum")) || str_equal(word, STR("fixed"));
    if ((!array && !map && !primitive && !named) || (primitive && json_object_size(json) == 1)) {
        write_type(writer, type, space);
        return;
    }
    buf_append_str(buf, STR("{\"type\":"));
    avro_string_write(buf, word);
    if (named)
        write_named(writer, json, record, space);
    else if (array || map)
        write_list(writer, json, array ? "items" : "values", space);
    else
        write_others(writer, json, done);
    buf_append_byte(buf, '}');
}

/* The parser has bounded the depth. */
static void write_type(struct writer *writer, const json_t *json, struct str space)
{
    struct buf *buf = writer->buf;
    if (json_is_string(json)) {
        const struct str name = json_text(json);
        const struct str full = avro_full_name(name, space, &writer->arena);
        /* A name not defined in this namespace is one without a namespace. */
        const bool defined = map_get(&writer->names, full) != NULL;
        avro_string_write(buf, defined && avro_primitive(name) == AVRO_UNION ? full : name);
        return;
    }
    if (json_is_object(json)) {
        write_object(writer, json, space);
        return;
    }
    size_t i;
    const json_t *branch;
    buf_append_byte(buf, '[');
    json_array_foreach(json, i, branch)
    {
        if (i)
            buf_append_byte(buf, ',');
        write_type(writer, branch, space);
    }
    buf_append_byte(buf, ']');
}

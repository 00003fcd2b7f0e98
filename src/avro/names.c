/* names.c -- full names and their parts (specification, "Names"). */
#include "avro/schema_json.h"

struct str avro_namespace(struct str full_name)
{
    for (size_t i = full_name.size; i > 0; i--)
        if (full_name.data[i - 1] == '.')
            return (struct str){full_name.data, i - 1};
    return (struct str){0};
}

struct str avro_unqualified(struct str full_name)
{
    const struct str space = avro_namespace(full_name);
    const size_t skip = space.data ? space.size + 1 : 0;
    return (struct str){full_name.data + skip, full_name.size - skip};
}

struct str avro_full_name(struct str name, struct str space, struct arena *arena)
{
    if (avro_namespace(name).data || space.size == 0)
        return name;
    return arena_printf(arena, "%.*s.%.*s", STR_ARGS(space), STR_ARGS(name));
}

struct str avro_definition_name(const json_t *definition, struct str space, struct arena *arena)
{
    const json_t *own = json_object_get(definition, "namespace");
    const struct str name = json_text(json_object_get(definition, "name"));
    return avro_full_name(name, json_is_string(own) ? json_text(own) : space, arena);
}

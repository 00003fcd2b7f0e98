/* settings_lookup.c -- properties by name and kind, with a topic's overrides. */
#include "sink/settings_lookup.h"

#include "base/json.h"

#define LIST_MAX 256

static const struct word projection_words[] = {
    {"none", PROJECTION_ALL},
    {"AllowList", PROJECTION_ALLOW},
    {"BlockList", PROJECTION_BLOCK},
    {NULL, 0},
};

static enum err rename_add(const struct lookup *lookup, struct str old_name, struct str new_name,
                           struct rename *ret_rename);

static const struct str *value_of(const struct lookup *lookup, struct str name)
{
    const struct str *value = NULL;
    if (lookup->topic.size > 0)
        value = properties_get(lookup->properties,
                               arena_printf(lookup->arena, "topic.override.%.*s.%.*s",
                                            STR_ARGS(lookup->topic), STR_ARGS(name)));
    return value ? value : properties_get(lookup->properties, name);
}

struct str lookup_text(const struct lookup *lookup, const char *name)
{
    const struct str *value = value_of(lookup, str_from(name));
    const struct str alias = property_alias(str_from(name));
    if (!value && alias.size > 0)
        value = value_of(lookup, alias);
    return value ? str_trim(*value) : (struct str){0};
}

bool lookup_boolean(const struct lookup *lookup, const char *name, bool missing)
{
    const struct str value = lookup_text(lookup, name);
    return value.size > 0 ? str_equal_nocase(value, STR("true")) : missing;
}

int64_t lookup_count(const struct lookup *lookup, const char *name)
{
    int64_t number = 0;
    return str_to_int64(lookup_text(lookup, name), &number) == OK ? number : 0;
}

enum err lookup_word(const struct lookup *lookup, const char *name, const struct word *words,
                     const char *package, int missing, int *ret_meaning)
{
    struct str value = lookup_text(lookup, name);
    const struct str given = value;
    if (value.size == 0) {
        *ret_meaning = missing;
        return OK;
    }
    const struct str prefix = str_from(package);
    if (str_starts_with(value, prefix))
        value = (struct str){value.data + prefix.size, value.size - prefix.size};
    if (prefix.size > 0 && str_ends_with(value, STR("Strategy")))
        value.size -= STR("Strategy").size;
    struct str names[20];
    size_t count = 0;
    for (const struct word *word = words; word->text; word++) {
        must(count < sizeof(names) / sizeof(names[0]));
        names[count++] = str_from(word->text);
        if (!str_equal_nocase(value, str_from(word->text)))
            continue;
        *ret_meaning = word->meaning;
        return OK;
    }
    const struct str nearest = str_nearest(value, names, count);
    const struct str hint = nearest.size > 0 ? nearest : names[0];
    return why_set(lookup->why, ERR_INVALID, "'%s' cannot be '%.*s', %s '%.*s'%s", name,
                   STR_ARGS(given), nearest.size > 0 ? "did you mean" : "it can be", STR_ARGS(hint),
                   nearest.size > 0 ? "?" : "");
}

enum err lookup_list(const struct lookup *lookup, const char *name, const struct str **ret_items,
                     uint32_t *ret_count)
{
    struct str rest = lookup_text(lookup, name);
    struct str *items = ARENA_ARRAY(lookup->arena, struct str, LIST_MAX);
    uint32_t count = 0;
    while (rest.size > 0) {
        const size_t comma = str_index(rest, ',');
        const struct str item = str_trim((struct str){rest.data, comma});
        if (item.size > 0 && count == LIST_MAX)
            return why_set(lookup->why, ERR_INVALID, "'%s' has more than %d entries", name,
                           LIST_MAX);
        if (item.size > 0)
            items[count++] = item;
        const size_t used = comma < rest.size ? comma + 1 : comma;
        rest = (struct str){rest.data + used, rest.size - used};
    }
    *ret_items = items;
    *ret_count = count;
    return OK;
}

enum err lookup_projection(const struct lookup *lookup, const char *prefix,
                           struct projection *ret_projection)
{
    const struct str type_name = arena_printf(lookup->arena, "%sprojection.type", prefix);
    const struct str list_name = arena_printf(lookup->arena, "%sprojection.list", prefix);
    struct projection projection = {0};
    int kind = 0;
    enum err err = lookup_word(lookup, type_name.data, projection_words, "", PROJECTION_ALL, &kind);
    if (err == OK)
        err = lookup_list(lookup, list_name.data, &projection.names, &projection.count);
    if (err)
        return err;
    projection.kind = (enum projection_kind)kind;
    if ((projection.kind != PROJECTION_ALL) != (projection.count > 0))
        return why_set(lookup->why, ERR_INVALID, "'%s' and '%s' go together", type_name.data,
                       list_name.data);
    for (uint32_t i = 0; i < projection.count; i++) {
        const struct str name = projection.names[i];
        if (str_index(name, '*') < name.size || str_index(name, '.') < name.size)
            return why_set(lookup->why, ERR_INVALID,
                           "'%.*s' in '%s' is no column: only whole columns are projected",
                           STR_ARGS(name), list_name.data);
    }
    *ret_projection = projection;
    return OK;
}

enum err lookup_renames(const struct lookup *lookup, struct topic_settings *settings)
{
    const struct str text = lookup_text(lookup, "field.renamer.mapping");
    if (text.size == 0)
        return OK;
    struct rename *renames = ARENA_ARRAY(lookup->arena, struct rename, LIST_MAX);
    struct json_reader reader;
    json_reader_init(&reader, text, lookup->arena);
    if (json_next(&reader) != JSON_ARRAY_BEGIN)
        goto malformed;
    enum json_token token = json_next(&reader);
    for (; token == JSON_OBJECT_BEGIN; token = json_next(&reader)) {
        struct str names[2] = {0};
        for (token = json_next(&reader); token == JSON_NAME; token = json_next(&reader)) {
            const bool is_old = str_equal(reader.text, STR("oldName"));
            if (!is_old && !str_equal(reader.text, STR("newName")))
                goto malformed;
            if (json_next(&reader) != JSON_STRING)
                goto malformed;
            names[is_old ? 0 : 1] = reader.text;
        }
        if (token != JSON_OBJECT_END || settings->rename_count == LIST_MAX)
            goto malformed;
        const enum err err =
            rename_add(lookup, names[0], names[1], &renames[settings->rename_count]);
        if (err)
            return err;
        for (uint32_t i = 0; i < settings->rename_count; i++)
            if (str_equal(renames[i].to, renames[settings->rename_count].to))
                return why_set(lookup->why, ERR_INVALID,
                               "'field.renamer.mapping' gives two columns the name '%.*s'",
                               STR_ARGS(renames[i].to));
        settings->rename_count++;
    }
    if (token != JSON_ARRAY_END || json_next(&reader) != JSON_END)
        goto malformed;
    settings->renames = renames;
    return OK;
malformed:
    return why_set(lookup->why, ERR_INVALID,
                   "'field.renamer.mapping' is no list of {\"oldName\":…,\"newName\":…} at byte "
                   "%zu",
                   reader.error_offset);
}

static enum err rename_add(const struct lookup *lookup, struct str old_name, struct str new_name,
                           struct rename *ret_rename)
{
    const bool in_key = str_starts_with(old_name, STR("key."));
    const size_t prefix = in_key ? STR("key.").size : STR("value.").size;
    if ((!in_key && !str_starts_with(old_name, STR("value."))) || old_name.size == prefix ||
        new_name.size == 0)
        return why_set(lookup->why, ERR_INVALID,
                       "'field.renamer.mapping' names 'key.…' or 'value.…' and a new name, not "
                       "'%.*s' and '%.*s'",
                       STR_ARGS(old_name), STR_ARGS(new_name));
    const struct str column = {old_name.data + prefix, old_name.size - prefix};
    if (str_index(column, '.') < column.size)
        return why_set(lookup->why, ERR_INVALID,
                       "'%.*s' in 'field.renamer.mapping' is no column: only whole columns are "
                       "renamed",
                       STR_ARGS(old_name));
    *ret_rename = (struct rename){.in_key = in_key, .from = column, .to = new_name};
    return OK;
}

/* provider.c -- finds placeholders in a value, and what they stand for. */
#include "base/provider.h"

#include "base/buf.h"
#include "base/file.h"

#include <stdlib.h>

#define FILE_BYTES_MAX (1 << 20)
#define VALUE_BYTES_MAX (1 << 20)

/* ${name:path:key}; env has no path. */
struct placeholder {
    struct str path;
    struct str key;
};

static enum err get_env(const struct placeholder *at, struct arena *arena, struct str *ret_value,
                        struct why *why);
static enum err get_file(const struct placeholder *at, struct arena *arena, struct str *ret_value,
                         struct why *why);
static enum err get_directory(const struct placeholder *at, struct arena *arena,
                              struct str *ret_value, struct why *why);

static const struct provider {
    struct str begin;
    bool has_path;
    enum err (*get)(const struct placeholder *at, struct arena *arena, struct str *ret_value,
                    struct why *why);
} providers[] = {
    {STR_INIT("${env:"), false, get_env},
    {STR_INIT("${file:"), true, get_file},
    {STR_INIT("${directory:"), true, get_directory},
};
#define PROVIDER_COUNT (sizeof(providers) / sizeof(providers[0]))

static const struct provider *find_begin(struct str text)
{
    for (size_t i = 0; i < PROVIDER_COUNT; i++)
        if (str_starts_with(text, providers[i].begin))
            return &providers[i];
    return NULL;
}

/* placeholder = begin [path ':'] key '}', the path up to the first colon */
static enum err read_placeholder(const struct provider *provider, struct str text,
                                 struct placeholder *ret_at, size_t *ret_size, struct why *why)
{
    const size_t end = str_index(text, '}');
    if (end == text.size)
        return why_set(why, ERR_INVALID, "a '%.*s' without its '}'", STR_ARGS(provider->begin));
    const struct str inside = {text.data + provider->begin.size, end - provider->begin.size};
    const size_t colon = provider->has_path ? str_index(inside, ':') : 0;
    struct placeholder at = {.key = inside};
    if (provider->has_path && colon < inside.size) {
        at.path = (struct str){inside.data, colon};
        at.key = (struct str){inside.data + colon + 1, inside.size - colon - 1};
    }
    if (at.key.size == 0 || (provider->has_path && at.path.size == 0))
        return why_set(why, ERR_INVALID,
                       "'%.*s' is not ${env:N}, ${file:PATH:KEY} or "
                       "${directory:DIR:FILE}",
                       (int)end + 1, text.data);
    *ret_at = at;
    *ret_size = end + 1;
    return OK;
}

enum err provider_resolve(struct str text, struct arena *arena, struct str *ret_text,
                          struct why *why)
{
    struct buf out = {0};
    bool found = false;
    enum err err = OK;
    size_t i = 0;
    while (i < text.size) {
        const struct str rest = {text.data + i, text.size - i};
        const struct provider *provider = find_begin(rest);
        struct placeholder at;
        struct str value = {0};
        size_t size = 1;
        if (!provider) {
            buf_append_byte(&out, (uint8_t)text.data[i++]);
            continue;
        }
        found = true;
        err = read_placeholder(provider, rest, &at, &size, why);
        if (!err)
            err = provider->get(&at, arena, &value, why);
        if (!err && out.size + value.size > VALUE_BYTES_MAX)
            err = why_set(why, ERR_LIMIT, "more than %d bytes", VALUE_BYTES_MAX);
        if (err)
            goto out;
        buf_append_str(&out, value);
        i += size;
    }
    *ret_text = found ? arena_str(arena, buf_str(&out)) : text;
out:
    buf_release(&out);
    return err;
}

enum err provider_resolve_property(struct property *property, struct arena *arena, struct why *why)
{
    struct str value;
    const enum err err = provider_resolve(property->value, arena, &value, why);
    if (err) {
        why_prefix(why, "'%.*s'", STR_ARGS(property->name));
        return err;
    }
    property->is_provided |= value.data != property->value.data;
    property->value = value;
    return OK;
}

enum err provider_resolve_all(struct properties *properties, struct why *why)
{
    enum err err = OK;
    for (size_t i = 0; i < properties->count && !err; i++)
        err = provider_resolve_property(&properties->items[i], properties->arena, why);
    return err;
}

static enum err get_env(const struct placeholder *at, struct arena *arena, struct str *ret_value,
                        struct why *why)
{
    const char *value = getenv(arena_str(arena, at->key).data);
    if (!value)
        return why_set(why, ERR_NOT_FOUND, "the environment has no '%.*s'", STR_ARGS(at->key));
    *ret_value = str_from(value);
    return OK;
}

static enum err get_file(const struct placeholder *at, struct arena *arena, struct str *ret_value,
                         struct why *why)
{
    struct properties read;
    struct str text;
    enum err err = file_read(arena_str(arena, at->path).data, FILE_BYTES_MAX, arena, &text, why);
    if (err)
        return err;
    properties_init(&read, arena);
    err = properties_parse(&read, text, why);
    if (err) {
        why_prefix(why, "%.*s", STR_ARGS(at->path));
        return err;
    }
    const struct str *value = properties_get(&read, at->key);
    if (!value)
        return why_set(why, ERR_NOT_FOUND, "'%.*s' has no '%.*s'", STR_ARGS(at->path),
                       STR_ARGS(at->key));
    *ret_value = *value;
    return OK;
}

/* A file of the directory itself, as DirectoryConfigProvider: no way out of it. */
static enum err get_directory(const struct placeholder *at, struct arena *arena,
                              struct str *ret_value, struct why *why)
{
    if (str_index(at->key, '/') < at->key.size || str_equal(at->key, STR("..")))
        return why_set(why, ERR_INVALID, "'%.*s' is no name of a file in a directory",
                       STR_ARGS(at->key));
    const struct str path = arena_printf(arena, "%.*s/%.*s", STR_ARGS(at->path), STR_ARGS(at->key));
    const enum err err = file_read(path.data, VALUE_BYTES_MAX, arena, ret_value, why);
    if (err)
        return err;
    if (str_ends_with(*ret_value, STR("\n")))
        ret_value->size--;
    if (str_ends_with(*ret_value, STR("\r")))
        ret_value->size--;
    return OK;
}

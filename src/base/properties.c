/* properties.c -- java.util.Properties' text, as its load() documents it.
 *
 * A logical line is a natural line with those that its trailing backslashes continue. It is read in
 * one pass: escapes are undone into `text` while looking for the end of the name. */
#include "base/properties.h"

#include "base/buf.h"
#include "base/utf8.h"

#define TEXT_BYTES_MAX (1024 * 1024)
#define NAMES_MAX 10000

struct reader {
    const char *at;
    const char *end;
    const char *line_begin;
    int line;
    struct why *why;
};

static void blanks_skip(struct reader *reader);
static void natural_line_end(struct reader *reader);
static void natural_line_skip(struct reader *reader);
static bool is_line_end(const struct reader *reader);
static enum err name_read(struct reader *reader, struct buf *name);
static enum err value_read(struct reader *reader, struct buf *value);
static enum err escape_read(struct reader *reader, struct buf *text);
static struct property *property_find(const struct properties *properties, struct str name);
static void property_set(struct properties *properties, struct str name, struct str value,
                         int line);

void properties_init(struct properties *properties, struct arena *arena)
{
    must(arena);
    *properties = (struct properties){.arena = arena};
}

enum err properties_parse(struct properties *properties, struct str text, struct why *why)
{
    if (text.size > TEXT_BYTES_MAX)
        return why_set(why, ERR_INVALID, "more than %d bytes of properties", TEXT_BYTES_MAX);
    if (!str_is_utf8(text))
        return why_set(why, ERR_INVALID, "properties that are not UTF-8");
    struct reader reader = {.at = text.data,
                            .end = text.data + text.size,
                            .line_begin = text.data,
                            .line = 1,
                            .why = why};
    struct buf name = {0};
    struct buf value = {0};
    enum err err = OK;
    while (reader.at < reader.end) {
        blanks_skip(&reader);
        if (is_line_end(&reader)) {
            natural_line_end(&reader);
            continue;
        }
        if (*reader.at == '#' || *reader.at == '!') {
            natural_line_skip(&reader);
            continue;
        }
        const int line = reader.line;
        buf_clear(&name);
        buf_clear(&value);
        if ((err = name_read(&reader, &name)) || (err = value_read(&reader, &value)))
            goto out;
        if (properties->count >= NAMES_MAX && !property_find(properties, buf_str(&name))) {
            err = why_set_at(why, ERR_INVALID, line, 1, "more than %d properties", NAMES_MAX);
            goto out;
        }
        property_set(properties, buf_str(&name), buf_str(&value), line);
    }
out:
    buf_release(&name);
    buf_release(&value);
    return err;
}

void properties_set(struct properties *properties, struct str name, struct str value)
{
    property_set(properties, name, value, 0);
}

void properties_forget(struct properties *properties, struct str name)
{
    struct property *found = property_find(properties, name);
    if (!found)
        return;
    struct property *end = properties->items + --properties->count;
    memmove(found, found + 1, (size_t)(end - found) * sizeof(*found));
}

void properties_copy(struct properties *properties, const struct properties *from)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct property *item = &from->items[i];
        property_set(properties, item->name, item->value, item->line);
        property_find(properties, item->name)->is_provided = item->is_provided;
    }
}

const struct property *properties_find(const struct properties *properties, struct str name)
{
    return property_find(properties, name);
}

const struct str *properties_get(const struct properties *properties, struct str name)
{
    const struct property *property = property_find(properties, name);
    return property ? &property->value : NULL;
}

static struct property *property_find(const struct properties *properties, struct str name)
{
    for (size_t i = 0; i < properties->count; i++) {
        if (str_equal(properties->items[i].name, name))
            return &properties->items[i];
    }
    return NULL;
}

static void property_set(struct properties *properties, struct str name, struct str value, int line)
{
    struct property *property = property_find(properties, name);
    if (!property) {
        if (properties->count == properties->capacity) {
            /* The old items stay in the arena: pointers into them stay readable. */
            properties->capacity = properties->capacity ? properties->capacity * 2 : 16;
            struct property *items =
                ARENA_ARRAY(properties->arena, struct property, properties->capacity);
            if (properties->count > 0)
                memcpy(items, properties->items, properties->count * sizeof(*items));
            properties->items = items;
        }
        property = &properties->items[properties->count++];
        property->name = arena_str(properties->arena, name);
    }
    property->value = arena_str(properties->arena, value);
    property->line = line;
    property->is_provided = false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\f';
}

static bool is_line_end(const struct reader *reader)
{
    return reader->at == reader->end || *reader->at == '\n' || *reader->at == '\r';
}

static void blanks_skip(struct reader *reader)
{
    while (reader->at < reader->end && is_blank(*reader->at))
        reader->at++;
}

/* At a line's end: goes past it, "\r\n" being one. */
static void natural_line_end(struct reader *reader)
{
    if (reader->at == reader->end)
        return;
    const bool is_return = *reader->at++ == '\r';
    if (is_return && reader->at < reader->end && *reader->at == '\n')
        reader->at++;
    reader->line++;
    reader->line_begin = reader->at;
}

/* Comments are not continued. */
static void natural_line_skip(struct reader *reader)
{
    while (!is_line_end(reader))
        reader->at++;
    natural_line_end(reader);
}

/* name = everything up to an unescaped '=', ':' or blank; then one separator with its blanks */
static enum err name_read(struct reader *reader, struct buf *name)
{
    while (!is_line_end(reader)) {
        const char c = *reader->at;
        if (c == '=' || c == ':' || is_blank(c))
            break;
        if (c == '\\') {
            const enum err err = escape_read(reader, name);
            if (err)
                return err;
            continue;
        }
        buf_append_byte(name, (uint8_t)c);
        reader->at++;
    }
    return OK;
}

/* value = [blanks] ['=' | ':'] [blanks] everything up to the end of the logical line */
static enum err value_read(struct reader *reader, struct buf *value)
{
    bool is_separated = false;
    bool is_begun = false;
    while (!is_line_end(reader)) {
        const char c = *reader->at;
        if (c == '\\') {
            const size_t size = value->size;
            const enum err err = escape_read(reader, value);
            if (err)
                return err;
            is_begun |= value->size > size;
            continue;
        }
        reader->at++;
        if (!is_begun && is_blank(c))
            continue;
        if (!is_begun && !is_separated && (c == '=' || c == ':')) {
            is_separated = true;
            continue;
        }
        is_begun = true;
        buf_append_byte(value, (uint8_t)c);
    }
    natural_line_end(reader);
    return OK;
}

/* escape = '\' ( line end [blanks] | 't' | 'n' | 'r' | 'f' | 'u' XXXX | any other byte, itself ) */
static enum err escape_read(struct reader *reader, struct buf *text)
{
    const char *const begin = reader->at++;
    if (is_line_end(reader)) {
        natural_line_end(reader);
        blanks_skip(reader);
        return OK;
    }
    const char c = *reader->at++;
    const char *const from = "tnrf";
    const char *const found = c ? strchr(from, c) : NULL;
    if (c != 'u') {
        buf_append_byte(text, (uint8_t)(found ? "\t\n\r\f"[found - from] : c));
        return OK;
    }
    uint32_t point = 0;
    reader->at = utf8_get_escape(reader->at, reader->end, &point);
    if (!reader->at || utf8_is_surrogate(point))
        return why_set_at(reader->why, ERR_INVALID, reader->line,
                          (int)(begin - reader->line_begin) + 1, "malformed \\uXXXX");
    char bytes[UTF8_BYTES_MAX];
    buf_append(text, bytes, (size_t)(utf8_put(bytes, point) - bytes));
    return OK;
}

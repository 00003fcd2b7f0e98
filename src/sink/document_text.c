/* document_text.c -- _ids as plain text, and objects merged member by member. */
#include "sink/document_text.h"

#include "base/json.h"
#include "base/map.h"

#define OBJECT_ID_BEGIN STR("{\"$oid\":\"")
#define OBJECT_ID_END STR("\"}")

static bool is_object_id(struct str text);
static bool is_json(struct str text, struct arena *arena);

/* A member of an object: both are pieces of its text. */
struct member {
    struct str name; /* unescaped */
    struct str value;
};

static enum err next_member(struct json_reader *reader, struct member *ret_member, bool *ret_end);
static void append_member(struct buf *buf, struct str name, struct str value);

enum err id_to_plain(struct str json, struct arena *arena, struct buf *buf)
{
    const bool is_wrapped =
        json.size == OBJECT_ID_BEGIN.size + OBJECT_ID_DIGITS + OBJECT_ID_END.size &&
        str_starts_with(json, OBJECT_ID_BEGIN) && str_ends_with(json, OBJECT_ID_END);
    if (is_wrapped &&
        is_object_id((struct str){json.data + OBJECT_ID_BEGIN.size, OBJECT_ID_DIGITS})) {
        buf_append(buf, json.data + OBJECT_ID_BEGIN.size, OBJECT_ID_DIGITS);
        return OK;
    }
    struct json_reader reader;
    json_reader_init(&reader, json, arena);
    const enum json_token token = json_next(&reader);
    const struct str text = reader.text;
    if (token == JSON_END || json_skip(&reader, token, NULL) || json_next(&reader) != JSON_END)
        return ERR_INVALID;
    const bool is_plain =
        token == JSON_STRING && text.size > 0 && !is_object_id(text) && !is_json(text, arena);
    buf_append_str(buf, is_plain ? text : json);
    return OK;
}

void id_from_plain(struct str plain, struct arena *arena, struct buf *buf)
{
    if (is_object_id(plain)) {
        buf_append_str(buf, OBJECT_ID_BEGIN);
        buf_append_str(buf, plain);
        buf_append_str(buf, OBJECT_ID_END);
    } else if (is_json(plain, arena)) {
        buf_append_str(buf, plain);
    } else {
        json_write_string(buf, plain);
    }
}

enum err document_merge(struct str old, struct str changes, struct arena *arena, struct buf *buf)
{
    struct json_reader reader;
    struct member member;
    struct map changed = {0}; /* name to where its value stands in `changes`, as a struct str */
    bool end = false;
    enum err err = OK;
    const size_t begin = buf->size;
    buf_append_byte(buf, '{');
    json_reader_init(&reader, changes, arena);
    err = json_next(&reader) == JSON_OBJECT_BEGIN ? OK : ERR_MALFORMED;
    while (err == OK && (err = next_member(&reader, &member, &end)) == OK && !end)
        map_set(&changed, member.name, arena_copy(arena, &member.value, sizeof(member.value)));
    if (err)
        goto out;
    json_reader_init(&reader, old, arena);
    err = json_next(&reader) == JSON_OBJECT_BEGIN ? OK : ERR_MALFORMED;
    while (err == OK && (err = next_member(&reader, &member, &end)) == OK && !end) {
        const struct str *value = map_remove(&changed, member.name);
        append_member(buf, member.name, value ? *value : member.value);
    }
    if (err)
        goto out;
    /* What is new stands at the end, in its own order. */
    json_reader_init(&reader, changes, arena);
    err = json_next(&reader) == JSON_OBJECT_BEGIN ? OK : ERR_MALFORMED;
    while (err == OK && (err = next_member(&reader, &member, &end)) == OK && !end) {
        const struct str *value = map_remove(&changed, member.name);
        if (value) /* the last of one name */
            append_member(buf, member.name, *value);
    }
    buf_append_byte(buf, '}');
out:
    if (err)
        buf->size = begin;
    map_release(&changed);
    return err;
}

void document_extend(struct str object, struct str members, struct buf *buf)
{
    must(object.size >= 2);
    buf_append(buf, object.data, object.size - 1);
    if (members.size > 0 && object.size > 2)
        buf_append_byte(buf, ',');
    buf_append_str(buf, members);
    buf_append_byte(buf, '}');
}

static bool is_object_id(struct str text)
{
    for (size_t i = 0; i < text.size; i++) {
        const char byte = text.data[i];
        if (!(byte >= '0' && byte <= '9') && !(byte >= 'a' && byte <= 'f'))
            return false;
    }
    return text.size == OBJECT_ID_DIGITS;
}

static bool is_json(struct str text, struct arena *arena)
{
    /* Most texts begin like none. */
    static const char begins[] = "{[\"-0123456789tfn \t\r\n";
    if (text.size == 0 || !memchr(begins, text.data[0], sizeof(begins) - 1))
        return false;
    struct json_reader reader;
    json_reader_init(&reader, text, arena);
    enum json_token token = JSON_NULL;
    while (token != JSON_END && token != JSON_ERROR)
        token = json_next(&reader);
    return token == JSON_END;
}

static enum err next_member(struct json_reader *reader, struct member *ret_member, bool *ret_end)
{
    const enum json_token token = json_next(reader);
    *ret_end = token == JSON_OBJECT_END;
    if (*ret_end)
        return OK;
    if (token != JSON_NAME)
        return ERR_MALFORMED;
    ret_member->name = reader->text;
    const enum json_token first = json_next(reader);
    return first == JSON_ERROR ? ERR_MALFORMED : json_skip(reader, first, &ret_member->value);
}

static void append_member(struct buf *buf, struct str name, struct str value)
{
    if (buf->data[buf->size - 1] != '{')
        buf_append_byte(buf, ',');
    json_write_string(buf, name);
    buf_append_byte(buf, ':');
    buf_append_str(buf, value);
}

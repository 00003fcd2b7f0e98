/* remote_json.c -- reads what a registry answers, and writes what it is sent. */
#include "registry/remote.h"

#include "base/json.h"

static enum err fail(struct why *why)
{
    return why_set(why, ERR_MALFORMED, "the schema registry's answer is not what it should be");
}

static enum err read_number(struct json_reader *reader, struct str name,
                            struct registry_version *version)
{
    int64_t number = 0;
    if (str_to_int64(reader->text, &number))
        return OK; /* none of ours */
    if (str_equal(name, STR("ts"))) {
        version->registered_ms = number;
        return OK;
    }
    if (!str_equal(name, STR("id")) && !str_equal(name, STR("version")))
        return OK;
    if (number < 0 || number > INT32_MAX)
        return ERR_MALFORMED;
    *(name.size == 2 ? &version->id : &version->version) = (int32_t)number;
    return OK;
}

static enum err read_member(struct json_reader *reader, struct arena *arena,
                            struct registry_version *version)
{
    const struct str name = reader->text;
    const enum json_token token = json_next(reader);
    if (token == JSON_NUMBER)
        return read_number(reader, name, version);
    if (token == JSON_STRING && str_equal(name, STR("subject")))
        version->subject = reader->text;
    else if (token == JSON_STRING && str_equal(name, STR("schema")))
        version->text = reader->text;
    else if (token == JSON_STRING && str_equal(name, STR("guid")))
        version->guid = reader->text;
    else if (token == JSON_TRUE && str_equal(name, STR("deleted")))
        version->is_deleted = true;
    else if (token == JSON_ARRAY_BEGIN && str_equal(name, STR("references")))
        return registry_read_references(reader, arena, &version->references,
                                        &version->reference_count);
    else if (token == JSON_OBJECT_BEGIN && str_equal(name, STR("metadata")))
        return json_skip(reader, token, &version->metadata);
    else
        return json_skip(reader, token, NULL);
    return OK;
}

/* After the object's '{'. */
static enum err read_version(struct json_reader *reader, struct arena *arena,
                             struct registry_version *version)
{
    enum json_token token;
    *version = (struct registry_version){0};
    while ((token = json_next(reader)) == JSON_NAME)
        if (read_member(reader, arena, version))
            return ERR_MALFORMED;
    return token == JSON_OBJECT_END ? OK : ERR_MALFORMED;
}

enum err remote_read_version(struct str body, struct arena *arena,
                             struct registry_version *ret_version, struct why *why)
{
    struct json_reader reader;
    struct registry_version version;
    json_reader_init(&reader, arena_str(arena, body), arena);
    if (json_next(&reader) != JSON_OBJECT_BEGIN || read_version(&reader, arena, &version) ||
        json_next(&reader) != JSON_END)
        return fail(why);
    *ret_version = version;
    return OK;
}

/* Room for one item more in an array that doubles. */
static void *grow(struct arena *arena, void *items, size_t size, size_t count)
{
    const bool is_full = count == 0 || (count >= 16 && (count & (count - 1)) == 0);
    if (!is_full)
        return items;
    void *more = arena_array(arena, size, count ? 2 * count : 16);
    if (count > 0)
        memcpy(more, items, count * size);
    return more;
}

enum err remote_read_numbers(struct str body, struct arena *arena, int32_t **ret_numbers,
                             size_t *ret_count, struct why *why)
{
    struct json_reader reader;
    enum json_token token;
    int32_t *numbers = NULL;
    size_t count = 0;
    json_reader_init(&reader, body, arena);
    token = json_next(&reader);
    const bool is_list = token == JSON_ARRAY_BEGIN; /* or one number alone */
    if (is_list)
        token = json_next(&reader);
    for (; token == JSON_NUMBER; token = json_next(&reader)) {
        int64_t number;
        if (str_to_int64(reader.text, &number) || number < 1 || number > INT32_MAX)
            return fail(why);
        numbers = grow(arena, numbers, sizeof(*numbers), count);
        numbers[count++] = (int32_t)number;
    }
    if (token != (is_list ? JSON_ARRAY_END : JSON_END))
        return fail(why);
    *ret_numbers = numbers;
    *ret_count = count;
    return OK;
}

enum err remote_read_texts(struct str body, struct arena *arena, struct str **ret_texts,
                           size_t *ret_count, struct why *why)
{
    struct json_reader reader;
    enum json_token token;
    struct str *texts = NULL;
    size_t count = 0;
    json_reader_init(&reader, arena_str(arena, body), arena);
    if (json_next(&reader) != JSON_ARRAY_BEGIN)
        return fail(why);
    while ((token = json_next(&reader)) == JSON_STRING) {
        texts = grow(arena, texts, sizeof(*texts), count);
        texts[count++] = reader.text;
    }
    if (token != JSON_ARRAY_END)
        return fail(why);
    *ret_texts = texts;
    *ret_count = count;
    return OK;
}

enum err remote_read_word(struct str body, struct str name, struct arena *arena,
                          struct str *ret_word, struct why *why)
{
    struct json_reader reader;
    enum json_token token;
    struct str word = {0};
    json_reader_init(&reader, arena_str(arena, body), arena);
    if (json_next(&reader) != JSON_OBJECT_BEGIN)
        return fail(why);
    while ((token = json_next(&reader)) == JSON_NAME) {
        const bool is_it = str_equal(reader.text, name);
        token = json_next(&reader);
        if (is_it && token == JSON_STRING)
            word = reader.text;
        else if (json_skip(&reader, token, NULL))
            return fail(why);
    }
    if (token != JSON_OBJECT_END)
        return fail(why);
    *ret_word = word;
    return OK;
}

/* The first of the messages. */
static enum err read_messages(struct json_reader *reader, struct str *ret_message)
{
    enum json_token token;
    while ((token = json_next(reader)) == JSON_STRING)
        if (ret_message->size == 0)
            *ret_message = reader->text;
    return token == JSON_ARRAY_END ? OK : ERR_MALFORMED;
}

enum err remote_read_verdict(struct str body, struct arena *arena, bool *ret_compatible,
                             struct str *ret_message, struct why *why)
{
    struct json_reader reader;
    enum json_token token;
    bool compatible = false;
    enum err err = OK;
    *ret_message = (struct str){0};
    json_reader_init(&reader, arena_str(arena, body), arena);
    if (json_next(&reader) != JSON_OBJECT_BEGIN)
        return fail(why);
    while (!err && (token = json_next(&reader)) == JSON_NAME) {
        const struct str name = reader.text;
        token = json_next(&reader);
        if (str_equal(name, STR("is_compatible")))
            compatible = token == JSON_TRUE;
        else if (token == JSON_ARRAY_BEGIN && str_equal(name, STR("messages")))
            err = read_messages(&reader, ret_message);
        else
            err = json_skip(&reader, token, NULL);
    }
    if (err)
        return fail(why);
    *ret_compatible = compatible;
    return OK;
}

enum err remote_read_places(struct str body, struct arena *arena,
                            struct registry_version **ret_versions, size_t *ret_count,
                            struct why *why)
{
    struct json_reader reader;
    enum json_token token;
    struct registry_version *versions = NULL;
    size_t count = 0;
    json_reader_init(&reader, arena_str(arena, body), arena);
    if (json_next(&reader) != JSON_ARRAY_BEGIN)
        return fail(why);
    while ((token = json_next(&reader)) == JSON_OBJECT_BEGIN) {
        versions = grow(arena, versions, sizeof(*versions), count);
        if (read_version(&reader, arena, &versions[count++]))
            return fail(why);
    }
    if (token != JSON_ARRAY_END)
        return fail(why);
    *ret_versions = versions;
    *ret_count = count;
    return OK;
}

void remote_write_draft(const struct registry_draft *draft, struct buf *buf)
{
    buf_append_str(buf, STR("{\"schemaType\":\"AVRO\",\"schema\":"));
    json_write_string(buf, draft->text);
    for (uint32_t i = 0; i < draft->reference_count; i++) {
        buf_append_str(buf, i == 0 ? STR(",\"references\":[{\"name\":") : STR(",{\"name\":"));
        json_write_string(buf, draft->references[i].name);
        buf_append_str(buf, STR(",\"subject\":"));
        json_write_string(buf, draft->references[i].subject);
        buf_printf(buf, ",\"version\":%d}", draft->references[i].version);
    }
    if (draft->reference_count > 0)
        buf_append_byte(buf, ']');
    if (draft->metadata.size > 0)
        buf_printf(buf, ",\"metadata\":%.*s", STR_ARGS(draft->metadata));
    if (draft->id > 0)
        buf_printf(buf, ",\"id\":%d", draft->id);
    if (draft->version > 0)
        buf_printf(buf, ",\"version\":%d", draft->version);
    buf_append_byte(buf, '}');
}

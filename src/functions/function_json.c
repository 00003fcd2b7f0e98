/* function_json.c -- texts that are JSON. Numbers stay as they are written. */
#include "functions/body.h"

#include "base/json.h"

#define PATH_STEPS_MAX 64

/* Appends the text again without blanks. ERR_MALFORMED. */
static enum err json_compact(struct str source, struct arena *arena, struct buf *buf)
{
    struct json_reader reader;
    json_reader_init(&reader, source, arena);
    bool needs_comma = false;
    for (;;) {
        const enum json_token token = json_next(&reader);
        if (token == JSON_END)
            return OK;
        if (token == JSON_ERROR)
            return ERR_MALFORMED;
        const bool is_end = token == JSON_OBJECT_END || token == JSON_ARRAY_END;
        if (needs_comma && !is_end)
            buf_append_byte(buf, ',');
        needs_comma = token != JSON_OBJECT_BEGIN && token != JSON_ARRAY_BEGIN && token != JSON_NAME;
        switch (token) {
        case JSON_OBJECT_BEGIN:
            buf_append_byte(buf, '{');
            break;
        case JSON_OBJECT_END:
            buf_append_byte(buf, '}');
            break;
        case JSON_ARRAY_BEGIN:
            buf_append_byte(buf, '[');
            break;
        case JSON_ARRAY_END:
            buf_append_byte(buf, ']');
            break;
        case JSON_NAME:
            json_write_string(buf, reader.text);
            buf_append_byte(buf, ':');
            break;
        case JSON_STRING:
            json_write_string(buf, reader.text);
            break;
        case JSON_NUMBER:
            buf_append_str(buf, reader.text);
            break;
        default:
            buf_append_str(buf, token == JSON_TRUE    ? STR("true")
                                : token == JSON_FALSE ? STR("false")
                                                      : STR("null"));
            break;
        }
    }
}

/* A value as ksqlDB hands it out: text without quotes, all else compact. NULL for null. */
static enum err json_text(struct str source, struct arena *arena, struct value *ret_value)
{
    struct json_reader reader;
    json_reader_init(&reader, source, arena);
    const enum json_token token = json_next(&reader);
    if (token == JSON_ERROR)
        return ERR_MALFORMED;
    if (token == JSON_NULL || token == JSON_STRING) {
        *ret_value = token == JSON_NULL ? VALUE_NULL : value_text(reader.text);
        return OK;
    }
    struct buf buf = {0};
    const enum err err = json_compact(source, arena, &buf);
    *ret_value = value_text(text_take(&buf, arena));
    return err;
}

/* The items of an array, or the names and values of an object, as pieces of the source. */
struct pieces {
    enum json_token kind; /* what the text is: its first token */
    struct str *names;    /* objects */
    struct str *values;
    uint32_t count;
};

static enum err json_pieces(struct str source, struct arena *arena, struct pieces *ret_pieces)
{
    struct json_reader reader;
    json_reader_init(&reader, source, arena);
    struct pieces pieces = {.kind = json_next(&reader)};
    if (pieces.kind == JSON_ERROR || pieces.kind == JSON_END)
        return ERR_MALFORMED;
    struct buf names = {0}, values = {0};
    enum err err = OK;
    const bool is_object = pieces.kind == JSON_OBJECT_BEGIN;
    while (err == OK && (is_object || pieces.kind == JSON_ARRAY_BEGIN)) {
        enum json_token token = json_next(&reader);
        if (token == JSON_OBJECT_END || token == JSON_ARRAY_END)
            break;
        if (token == JSON_NAME) {
            const struct str name = arena_str(arena, reader.text);
            buf_append(&names, &name, sizeof(name));
            token = json_next(&reader);
        }
        struct str value = {NULL, 0};
        err = token == JSON_ERROR ? ERR_MALFORMED : json_skip(&reader, token, &value);
        buf_append(&values, &value, sizeof(value));
        pieces.count++;
    }
    if (err == OK && json_next(&reader) != JSON_END)
        err = ERR_MALFORMED;
    pieces.names = arena_copy(arena, names.data ? names.data : "", names.size);
    pieces.values = arena_copy(arena, values.data ? values.data : "", values.size);
    buf_release(&names);
    buf_release(&values);
    if (err == OK)
        *ret_pieces = pieces;
    return err;
}

/* One step of a path: a name, or an index. */
struct path_step {
    struct str name;
    int64_t index;
    bool is_index;
};

/* path: '$' { '.' NAME | '[' NUMBER ']' | '[' QUOTED ']' } */
static enum err path_parse(struct str path, struct path_step *steps, uint32_t *ret_count)
{
    uint32_t count = 0;
    size_t at = 1;
    if (path.size == 0 || path.data[0] != '$')
        return ERR_INVALID;
    while (at < path.size) {
        if (count == PATH_STEPS_MAX)
            return ERR_LIMIT;
        struct path_step *step = &steps[count++];
        *step = (struct path_step){.index = 0};
        const size_t begin = at + 1;
        size_t end = begin;
        if (path.data[at] == '.') {
            while (end < path.size && path.data[end] != '.' && path.data[end] != '[')
                end++;
            step->name = (struct str){path.data + begin, end - begin};
            at = end;
        } else if (path.data[at] == '[') {
            const char quote = begin < path.size ? path.data[begin] : 0;
            const bool is_quoted = quote == '\'' || quote == '"';
            end = is_quoted ? begin + 1 : begin;
            while (end < path.size && path.data[end] != (is_quoted ? quote : ']'))
                end++;
            if (end + (is_quoted ? 1 : 0) >= path.size || path.data[end + is_quoted] != ']')
                return ERR_INVALID;
            step->name = (struct str){path.data + begin + is_quoted, end - begin - is_quoted};
            step->is_index = !is_quoted;
            if (!is_quoted && str_to_int64(step->name, &step->index) != OK)
                return ERR_INVALID;
            at = end + is_quoted + 1;
        } else {
            return ERR_INVALID;
        }
        if (step->name.size == 0)
            return ERR_INVALID;
    }
    *ret_count = count;
    return OK;
}

static enum err json_extract(struct call *call, const struct value *args, struct value *ret_value)
{
    struct path_step steps[PATH_STEPS_MAX];
    uint32_t count = 0;
    enum err err = path_parse(args[1].text, steps, &count);
    if (err != OK)
        return err;
    struct str source = args[0].text;
    *ret_value = VALUE_NULL;
    for (uint32_t i = 0; i < count; i++) {
        struct pieces pieces;
        err = json_pieces(source, call->arena, &pieces);
        if (err != OK)
            return err;
        uint32_t at = pieces.count;
        if (pieces.kind == JSON_ARRAY_BEGIN && steps[i].is_index) {
            at = steps[i].index >= 0 && steps[i].index < pieces.count ? (uint32_t)steps[i].index
                                                                      : pieces.count;
        } else if (pieces.kind == JSON_OBJECT_BEGIN && !steps[i].is_index) {
            /* Of a name that is there twice the last counts. */
            while (at > 0 && !str_equal(pieces.names[at - 1], steps[i].name))
                at--;
            at = at == 0 ? pieces.count : at - 1;
        }
        if (at == pieces.count)
            return OK;
        source = pieces.values[at];
    }
    return json_text(source, call->arena, ret_value);
}

static bool json_is_value(struct str source, const struct type *type, const struct value *wanted,
                          struct arena *arena)
{
    struct json_reader reader;
    json_reader_init(&reader, source, arena);
    const enum json_token token = json_next(&reader);
    if (wanted->is_null)
        return token == JSON_NULL;
    double number = 0;
    int64_t whole = 0;
    switch (type->kind) {
    case TYPE_STRING:
        return token == JSON_STRING && str_equal(reader.text, wanted->text);
    case TYPE_BOOLEAN:
        return token == (wanted->boolean ? JSON_TRUE : JSON_FALSE);
    case TYPE_INTEGER:
    case TYPE_BIGINT:
        return token == JSON_NUMBER && str_to_int64(reader.text, &whole) == OK &&
               whole == (type->kind == TYPE_INTEGER ? wanted->integer : wanted->bigint);
    case TYPE_DOUBLE:
        return token == JSON_NUMBER && str_to_double(reader.text, &number) == OK &&
               number == wanted->number;
    default:
        return false;
    }
}

static enum err json_array_contains(struct call *call, const struct value *args,
                                    struct value *ret_value)
{
    struct pieces pieces;
    *ret_value = value_boolean(false);
    if (args[0].is_null || json_pieces(args[0].text, call->arena, &pieces) != OK ||
        pieces.kind != JSON_ARRAY_BEGIN)
        return OK;
    for (uint32_t i = 0; i < pieces.count && !ret_value->boolean; i++)
        ret_value->boolean =
            json_is_value(pieces.values[i], call_arg_type(call, 1), &args[1], call->arena);
    return OK;
}

static enum err json_array_length(struct call *call, const struct value *args,
                                  struct value *ret_value)
{
    struct pieces pieces;
    const enum err err = json_pieces(args[0].text, call->arena, &pieces);
    if (err != OK)
        return err;
    *ret_value =
        pieces.kind == JSON_ARRAY_BEGIN ? value_integer((int32_t)pieces.count) : VALUE_NULL;
    return OK;
}

static enum err json_keys(struct call *call, const struct value *args, struct value *ret_value)
{
    struct pieces pieces;
    const enum err err = json_pieces(args[0].text, call->arena, &pieces);
    if (err != OK)
        return err;
    *ret_value = VALUE_NULL;
    if (pieces.kind != JSON_OBJECT_BEGIN)
        return OK;
    struct value *items = ARENA_ARRAY(call->arena, struct value, pieces.count);
    for (uint32_t i = 0; i < pieces.count; i++)
        items[i] = value_text(pieces.names[i]);
    *ret_value = value_list(items, pieces.count);
    return OK;
}

static enum err json_records(struct call *call, const struct value *args, struct value *ret_value)
{
    struct pieces pieces;
    enum err err = json_pieces(args[0].text, call->arena, &pieces);
    *ret_value = VALUE_NULL;
    if (err != OK || pieces.kind != JSON_OBJECT_BEGIN)
        return err;
    struct value *items = ARENA_ARRAY(call->arena, struct value, 2 * (size_t)pieces.count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < pieces.count && err == OK; i++) {
        uint32_t at = 0;
        while (at < count && !str_equal(items[2 * (size_t)at].text, pieces.names[i]))
            at++;
        items[2 * (size_t)at] = value_text(pieces.names[i]);
        err = json_text(pieces.values[i], call->arena, &items[2 * (size_t)at + 1]);
        count += at == count;
    }
    *ret_value = value_list(items, count);
    return err;
}

static enum err json_items(struct call *call, const struct value *args, struct value *ret_value)
{
    struct pieces pieces;
    enum err err = json_pieces(args[0].text, call->arena, &pieces);
    *ret_value = VALUE_NULL;
    if (err != OK || pieces.kind != JSON_ARRAY_BEGIN)
        return err;
    struct value *items = ARENA_ARRAY(call->arena, struct value, pieces.count);
    for (uint32_t i = 0; i < pieces.count && err == OK; i++) {
        struct buf buf = {0};
        err = json_compact(pieces.values[i], call->arena, &buf);
        items[i] = value_text(text_take(&buf, call->arena));
    }
    *ret_value = value_list(items, pieces.count);
    return err;
}

/* Objects become one object, the later one's fields counting; all else one array, into which what
 * is no array goes as an item. */
static enum err json_concat(struct call *call, const struct value *args, struct value *ret_value)
{
    struct pieces *parts = ARENA_ARRAY(call->arena, struct pieces, call->arg_count);
    bool is_object = true;
    *ret_value = VALUE_NULL;
    for (uint32_t i = 0; i < call->arg_count; i++) {
        if (args[i].is_null)
            return OK;
        if (json_pieces(args[i].text, call->arena, &parts[i]) != OK)
            return OK;
        is_object = is_object && parts[i].kind == JSON_OBJECT_BEGIN;
    }
    struct buf buf = {0};
    enum err err = OK;
    bool has_one = false;
    buf_append_byte(&buf, is_object ? '{' : '[');
    for (uint32_t i = 0; i < call->arg_count && err == OK; i++) {
        const bool is_item = !is_object && parts[i].kind != JSON_ARRAY_BEGIN;
        for (uint32_t k = 0; k < (is_item ? 1 : parts[i].count) && err == OK; k++) {
            bool is_replaced = false;
            for (uint32_t j = i + 1; is_object && j < call->arg_count; j++)
                for (uint32_t m = 0; m < parts[j].count; m++)
                    is_replaced = is_replaced || str_equal(parts[j].names[m], parts[i].names[k]);
            if (is_replaced)
                continue;
            if (has_one)
                buf_append_byte(&buf, ',');
            has_one = true;
            if (is_object) {
                json_write_string(&buf, parts[i].names[k]);
                buf_append_byte(&buf, ':');
            }
            err = json_compact(is_item ? args[i].text : parts[i].values[k], call->arena, &buf);
        }
    }
    buf_append_byte(&buf, is_object ? '}' : ']');
    *ret_value = value_text(text_take(&buf, call->arena));
    return err;
}

static enum err json_is(struct call *call, const struct value *args, struct value *ret_value)
{
    struct buf buf = {0};
    const bool is_json = !args[0].is_null && args[0].text.size > 0 &&
                         json_compact(args[0].text, call->arena, &buf) == OK;
    buf_release(&buf);
    *ret_value = value_boolean(is_json);
    return OK;
}

static enum err json_of(struct call *call, const struct value *args, struct value *ret_value)
{
    struct buf buf = {0};
    value_write_json(call_arg_type(call, 0), &args[0], &buf);
    *ret_value = value_text(text_take(&buf, call->arena));
    return OK;
}

#define SEES_NULLS(text, body) BODY_FLAGS(text, body, FUNCTION_SEES_NULLS)

static const struct function_overload extract_overloads[] = {
    BODY("EXTRACTJSONFIELD(STRING, STRING) STRING", json_extract)};
static const struct function_overload contains_overloads[] = {
    SEES_NULLS("JSON_ARRAY_CONTAINS(STRING, T) BOOLEAN", json_array_contains)};
static const struct function_overload length_overloads[] = {
    BODY("JSON_ARRAY_LENGTH(STRING) INTEGER", json_array_length)};
static const struct function_overload concat_overloads[] = {
    SEES_NULLS("JSON_CONCAT(STRING, STRING...) STRING", json_concat)};
static const struct function_overload items_overloads[] = {
    BODY("JSON_ITEMS(STRING) ARRAY<STRING>", json_items)};
static const struct function_overload keys_overloads[] = {
    BODY("JSON_KEYS(STRING) ARRAY<STRING>", json_keys)};
static const struct function_overload records_overloads[] = {
    BODY("JSON_RECORDS(STRING) MAP<STRING, STRING>", json_records)};
static const struct function_overload is_overloads[] = {
    SEES_NULLS("IS_JSON_STRING(STRING) BOOLEAN", json_is)};
static const struct function_overload of_overloads[] = {
    SEES_NULLS("TO_JSON_STRING(T) STRING", json_of)};

static const struct function_entry entries[] = {
    ENTRY("EXTRACTJSONFIELD", "what stands at a path like '$.items[0].name'", extract_overloads),
    ENTRY("JSON_ARRAY_CONTAINS", "whether the value is an item of the JSON array",
          contains_overloads),
    ENTRY("JSON_ARRAY_LENGTH", "how many items the JSON array has", length_overloads),
    ENTRY("JSON_CONCAT", "objects as one object, else all as one array", concat_overloads),
    ENTRY("JSON_ITEMS", "the items of the JSON array, each as JSON", items_overloads),
    ENTRY("JSON_KEYS", "the names of the JSON object's fields", keys_overloads),
    ENTRY("JSON_RECORDS", "the JSON object's fields as a map of text", records_overloads),
    ENTRY("IS_JSON_STRING", "whether the text is JSON", is_overloads),
    ENTRY("TO_JSON_STRING", "the value as JSON", of_overloads),
};

const struct function_topic functions_json = FUNCTION_TOPIC(entries);

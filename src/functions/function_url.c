/* function_url.c -- URLs (RFC 3986): their parts, and parameters encoded and decoded. */
#include "functions/body.h"

struct url {
    struct str scheme, host, port, path, query, fragment;
    bool has_query, has_fragment;
};

static struct str take_until(struct str *rest, const char *ends)
{
    size_t size = 0;
    while (size < rest->size && strchr(ends, rest->data[size]) == NULL)
        size++;
    const struct str taken = {rest->data, size};
    *rest = (struct str){rest->data + size, rest->size - size};
    return taken;
}

static void skip(struct str *rest, size_t count)
{
    *rest = (struct str){rest->data + count, rest->size - count};
}

/* scheme ":" ["//" [user "@"] host [":" port]] path ["?" query] ["#" fragment]. ERR_INVALID when a
 * character is in it that may not be. */
static enum err url_parse(struct str text, struct url *ret_url)
{
    struct url url = {.has_query = false};
    for (size_t i = 0; i < text.size; i++)
        if ((uint8_t)text.data[i] <= ' ' || strchr("<>\"{}|\\^`", text.data[i]) != NULL)
            return ERR_INVALID;
    struct str rest = text;
    const struct str before_colon = take_until(&rest, ":/?#");
    if (rest.size > 0 && rest.data[0] == ':' && before_colon.size > 0) {
        url.scheme = before_colon;
        skip(&rest, 1);
    } else {
        rest = text;
    }
    if (str_starts_with(rest, STR("//"))) {
        skip(&rest, 2);
        struct str authority = take_until(&rest, "/?#");
        const size_t user = str_index(authority, '@');
        if (user < authority.size)
            skip(&authority, user + 1);
        size_t host = str_index(authority, ':');
        if (authority.size > 0 && authority.data[0] == '[' &&
            str_index(authority, ']') < authority.size)
            host = str_index(authority, ']') + 1;
        url.host = (struct str){authority.data, host};
        if (host < authority.size)
            url.port = (struct str){authority.data + host + 1, authority.size - host - 1};
    }
    url.path = take_until(&rest, "?#");
    if (rest.size > 0 && rest.data[0] == '?') {
        skip(&rest, 1);
        url.query = take_until(&rest, "#");
        url.has_query = true;
    }
    if (rest.size > 0) {
        skip(&rest, 1);
        url.fragment = rest;
        url.has_fragment = true;
    }
    *ret_url = url;
    return OK;
}

static enum err url_decode(struct str text, bool plus_is_blank, struct arena *arena,
                           struct str *ret_text)
{
    char *to = arena_alloc(arena, text.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];
        if (c == '+' && plus_is_blank)
            c = ' ';
        if (c == '%') {
            struct str bytes;
            if (i + 2 >= text.size ||
                text_decode((struct str){text.data + i + 1, 2}, STR("hex"), arena, &bytes) != OK)
                return ERR_INVALID;
            c = bytes.data[0];
            i += 2;
        }
        to[size++] = c;
    }
    *ret_text = (struct str){to, size};
    return OK;
}

/* A part as text, decoded; NULL when there is none. */
static enum err part(struct call *call, struct str text, bool is_there, struct value *ret_value)
{
    struct str decoded = text;
    *ret_value = VALUE_NULL;
    if (!is_there)
        return OK;
    const enum err err = url_decode(text, false, call->arena, &decoded);
    if (err == OK)
        *ret_value = value_text(decoded);
    return err;
}

static enum err url_decode_param(struct call *call, const struct value *args,
                                 struct value *ret_value)
{
    struct str text;
    const enum err err = url_decode(args[0].text, true, call->arena, &text);
    if (err == OK)
        *ret_value = value_text(text);
    return err;
}

/* As java.net.URLEncoder: letters, digits and . - * _ stay, a blank becomes +. */
static enum err url_encode_param(struct call *call, const struct value *args,
                                 struct value *ret_value)
{
    struct buf buf = {0};
    for (size_t i = 0; i < args[0].text.size; i++) {
        const char c = args[0].text.data[i];
        const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || (c && strchr(".-*_", c) != NULL);
        if (c == ' ')
            buf_append_byte(&buf, '+');
        else if (is_plain)
            buf_append_byte(&buf, (uint8_t)c);
        else
            buf_printf(&buf, "%%%02X", (unsigned)(uint8_t)c);
    }
    *ret_value = value_text(text_take(&buf, call->arena));
    return OK;
}

static enum err url_parameter(struct call *call, const struct value *args, struct value *ret_value)
{
    struct url url;
    const enum err err = url_parse(args[0].text, &url);
    *ret_value = VALUE_NULL;
    if (err != OK)
        return err;
    struct str rest = url.query;
    while (rest.size > 0) {
        struct str value = take_until(&rest, "&");
        const struct str name = take_until(&value, "=");
        if (rest.size > 0)
            skip(&rest, 1);
        if (value.size > 0)
            skip(&value, 1);
        struct value decoded = VALUE_NULL;
        if (part(call, name, true, &decoded) == OK && str_equal(decoded.text, args[1].text))
            return part(call, value, true, ret_value);
    }
    return OK;
}

#define DEFINE_PART(name, of, is_there)                                                            \
    static enum err name(struct call *call, const struct value *args, struct value *ret_value)     \
    {                                                                                              \
        struct url url;                                                                            \
        const enum err err = url_parse(args[0].text, &url);                                        \
        return err == OK ? part(call, of, is_there, ret_value) : err;                              \
    }

DEFINE_PART(url_fragment, url.fragment, url.has_fragment)
DEFINE_PART(url_host, url.host, url.host.size > 0)
DEFINE_PART(url_path, url.path, true)
DEFINE_PART(url_protocol, url.scheme, url.scheme.size > 0)
DEFINE_PART(url_query, url.query, url.has_query)

static enum err url_port(struct call *call, const struct value *args, struct value *ret_value)
{
    struct url url;
    const enum err err = url_parse(args[0].text, &url);
    int64_t port = 0;
    *ret_value = VALUE_NULL;
    if (err == OK && str_to_int64(url.port, &port) == OK && port >= 0 && port <= INT32_MAX)
        *ret_value = value_integer((int32_t)port);
    return err;
}

static const struct function_overload decode_overloads[] = {
    BODY("URL_DECODE_PARAM(STRING) STRING", url_decode_param)};
static const struct function_overload encode_overloads[] = {
    BODY("URL_ENCODE_PARAM(STRING) STRING", url_encode_param)};
static const struct function_overload fragment_overloads[] = {
    BODY("URL_EXTRACT_FRAGMENT(STRING) STRING", url_fragment)};
static const struct function_overload host_overloads[] = {
    BODY("URL_EXTRACT_HOST(STRING) STRING", url_host)};
static const struct function_overload parameter_overloads[] = {
    BODY("URL_EXTRACT_PARAMETER(STRING, STRING) STRING", url_parameter)};
static const struct function_overload path_overloads[] = {
    BODY("URL_EXTRACT_PATH(STRING) STRING", url_path)};
static const struct function_overload port_overloads[] = {
    BODY("URL_EXTRACT_PORT(STRING) INTEGER", url_port)};
static const struct function_overload protocol_overloads[] = {
    BODY("URL_EXTRACT_PROTOCOL(STRING) STRING", url_protocol)};
static const struct function_overload query_overloads[] = {
    BODY("URL_EXTRACT_QUERY(STRING) STRING", url_query)};

static const struct function_entry entries[] = {
    ENTRY("URL_DECODE_PARAM", "a parameter's text without %20 and the like", decode_overloads),
    ENTRY("URL_ENCODE_PARAM", "text as a parameter of a URL", encode_overloads),
    ENTRY("URL_EXTRACT_FRAGMENT", "what stands after #", fragment_overloads),
    ENTRY("URL_EXTRACT_HOST", "the host", host_overloads),
    ENTRY("URL_EXTRACT_PARAMETER", "the value of a parameter", parameter_overloads),
    ENTRY("URL_EXTRACT_PATH", "the path", path_overloads),
    ENTRY("URL_EXTRACT_PORT", "the port", port_overloads),
    ENTRY("URL_EXTRACT_PROTOCOL", "what stands before ://", protocol_overloads),
    ENTRY("URL_EXTRACT_QUERY", "what stands after ?", query_overloads),
};

const struct function_topic functions_url = FUNCTION_TOPIC(entries);

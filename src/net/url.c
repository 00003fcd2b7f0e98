/* url.c -- what handlers read out of a request: query, escapes, headers, Accept. */
#include "net/net.h"

struct str net_header_get(const struct net_request *request, struct str name)
{
    for (uint32_t i = 0; i < request->header_count; i++)
        if (str_equal_nocase(request->headers[i].name, name))
            return request->headers[i].value;
    return (struct str){0};
}

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    const char lower = (char)(byte | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static enum err decode(struct str text, bool plus_is_blank, struct arena *arena,
                       struct str *ret_text)
{
    char *to = arena_alloc(arena, text.size + 1);
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        char byte = text.data[i];
        if (byte == '%') {
            if (i + 2 >= text.size)
                return ERR_INVALID;
            const int high = hex_digit(text.data[i + 1]);
            const int low = hex_digit(text.data[i + 2]);
            if (high < 0 || low < 0 || (high == 0 && low == 0))
                return ERR_INVALID;
            byte = (char)(high * 16 + low);
            i += 2;
        } else if (byte == '+' && plus_is_blank) {
            byte = ' ';
        }
        to[size++] = byte;
    }
    to[size] = '\0';
    *ret_text = (struct str){to, size};
    return OK;
}

enum err net_percent_decode(struct str text, struct arena *arena, struct str *ret_text)
{
    return decode(text, false, arena, ret_text);
}

bool net_query_get(const struct net_request *request, struct str name, struct str *ret_value)
{
    struct str rest = request->query;
    while (rest.size > 0) {
        const struct str pair = {rest.data, str_index(rest, '&')};
        const size_t skip = pair.size < rest.size ? pair.size + 1 : pair.size;
        rest = (struct str){rest.data + skip, rest.size - skip};
        const size_t name_size = str_index(pair, '=');
        struct str found;
        struct str value = {0};
        if (name_size < pair.size)
            value = (struct str){pair.data + name_size + 1, pair.size - name_size - 1};
        if (decode((struct str){pair.data, name_size}, true, request->arena, &found) == OK &&
            str_equal(found, name) && decode(value, true, request->arena, ret_value) == OK)
            return true;
    }
    return false;
}

/* "text/html" against "text/html", "text" "/" "*" or all. */
static bool range_takes(struct str range, struct str media_type)
{
    if (str_equal(range, STR("*/*")))
        return true;
    if (str_ends_with(range, STR("/*")))
        return str_starts_with(media_type, (struct str){range.data, range.size - 1});
    return str_equal_nocase(range, media_type);
}

static bool is_zero_quality(struct str parameters)
{
    const struct str trimmed = str_trim(parameters);
    return str_equal(trimmed, STR("q=0")) || str_starts_with(trimmed, STR("q=0.0"));
}

bool net_accepts(const struct net_request *request, struct str media_type)
{
    struct str rest = net_header_get(request, STR("accept"));
    if (rest.size == 0)
        return true;
    while (rest.size > 0) {
        const struct str item = {rest.data, str_index(rest, ',')};
        const size_t skip = item.size < rest.size ? item.size + 1 : item.size;
        rest = (struct str){rest.data + skip, rest.size - skip};
        const size_t size = str_index(item, ';');
        const struct str parameters = size < item.size
                                          ? (struct str){item.data + size + 1, item.size - size - 1}
                                          : (struct str){0};
        if (range_takes(str_trim((struct str){item.data, size}), media_type))
            return !is_zero_quality(parameters);
    }
    return false;
}

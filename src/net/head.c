/* head.c -- parses a request's head, line by line. */
#include "net/head.h"

/* What a line says was wrong; NULL: nothing. */
struct verdict {
    int status;
    const char *message;
};
#define FINE ((struct verdict){0})
#define REFUSE(status, message) ((struct verdict){status, message})

static struct verdict parse_request_line(struct str line, struct head *head);
static struct verdict parse_fields(struct str text, struct arena *arena, struct head *head);
static struct verdict read_framing(struct head *head);
static void read_connection(struct head *head);

/* "tchar" of RFC 9110. */
static bool is_token_byte(unsigned char byte)
{
    static const char extra[] = "!#$%&'*+-.^_`|~";
    if ((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
        (byte >= 'a' && byte <= 'z'))
        return true;
    return byte != '\0' && memchr(extra, byte, sizeof(extra) - 1) != NULL;
}

static bool is_token(struct str text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!is_token_byte((unsigned char)text.data[i]))
            return false;
    return text.size > 0;
}

/* Takes the next line and its CRLF off `text`. False: no CRLF, or a CR or LF on its own. */
static bool take_line(struct str *text, struct str *ret_line)
{
    const size_t size = str_index(*text, '\r');
    if (size + 1 >= text->size || text->data[size + 1] != '\n')
        return false;
    *ret_line = (struct str){text->data, size};
    *text = (struct str){text->data + size + 2, text->size - size - 2};
    return memchr(ret_line->data, '\n', size) == NULL;
}

int head_parse(struct str text, struct arena *arena, struct head *ret_head,
               const char **ret_message)
{
    struct head head = {.content_length = -1};
    struct str line;
    struct verdict verdict;
    if (!take_line(&text, &line))
        verdict = REFUSE(400, "the request line does not end in CRLF");
    else
        verdict = parse_request_line(line, &head);
    if (verdict.status == 0)
        verdict = parse_fields(text, arena, &head);
    if (verdict.status == 0)
        verdict = read_framing(&head);
    if (verdict.status != 0) {
        *ret_message = verdict.message;
        return verdict.status;
    }
    read_connection(&head);
    *ret_head = head;
    return 0;
}

/* "GET", with the rest after the blank; false: no blank. */
static bool take_word(struct str *text, struct str *ret_word)
{
    const size_t size = str_index(*text, ' ');
    if (size == text->size)
        return false;
    *ret_word = (struct str){text->data, size};
    *text = (struct str){text->data + size + 1, text->size - size - 1};
    return true;
}

static struct verdict split_target(struct str target, struct str *ret_path, struct str *ret_query)
{
    if (target.size > NET_TARGET_BYTES_MAX)
        return REFUSE(414, "the target is longer than 8 KB");
    for (size_t i = 0; i < target.size; i++)
        if ((unsigned char)target.data[i] <= 0x20 || (unsigned char)target.data[i] >= 0x7f ||
            target.data[i] == '#')
            return REFUSE(400, "the target has a character that must be percent-encoded");
    if (str_starts_with(target, STR("http://"))) {
        target = (struct str){target.data + 7, target.size - 7};
        const size_t size = str_index(target, '/');
        target = (struct str){target.data + size, target.size - size};
        if (target.size == 0)
            target = STR("/");
    }
    if (target.size == 0 || target.data[0] != '/')
        return REFUSE(400, "the target does not begin with '/'");
    const size_t path_size = str_index(target, '?');
    *ret_path = (struct str){target.data, path_size};
    *ret_query = (struct str){0};
    if (path_size < target.size)
        *ret_query = (struct str){target.data + path_size + 1, target.size - path_size - 1};
    return FINE;
}

int target_parse(struct str target, struct str *ret_path, struct str *ret_query,
                 const char **ret_message)
{
    const struct verdict verdict = split_target(target, ret_path, ret_query);
    if (verdict.status != 0)
        *ret_message = verdict.message;
    return verdict.status;
}

/* request-line = method SP target SP "HTTP/1." ("0" / "1") */
static struct verdict parse_request_line(struct str line, struct head *head)
{
    struct str target;
    if (!take_word(&line, &head->method) || !is_token(head->method))
        return REFUSE(400, "the request line has no method");
    if (!take_word(&line, &target))
        return REFUSE(400, "the request line has no version");
    if (str_equal(line, STR("HTTP/1.1")))
        head->http_version = 11;
    else if (str_equal(line, STR("HTTP/1.0")))
        head->http_version = 10;
    else if (str_starts_with(line, STR("HTTP/")) && line.size == 8)
        return REFUSE(505, "only HTTP/1.0, HTTP/1.1 and HTTP/2 are spoken here");
    else
        return REFUSE(400, "the request line ends in no version");
    return split_target(target, &head->path, &head->query);
}

/* field-line = token ":" OWS value OWS */
static struct verdict parse_field(struct str line, struct net_header *field)
{
    const size_t name_size = str_index(line, ':');
    if (name_size == line.size)
        return REFUSE(400, "a header has no colon");
    field->name = (struct str){line.data, name_size};
    if (!is_token(field->name))
        return REFUSE(400, "a header's name has a character that none may have");
    struct str value = {line.data + name_size + 1, line.size - name_size - 1};
    for (size_t i = 0; i < value.size; i++) {
        const unsigned char byte = (unsigned char)value.data[i];
        if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            return REFUSE(400, "a header's value has a control character");
    }
    field->value = str_trim(value);
    return FINE;
}

static struct verdict parse_fields(struct str text, struct arena *arena, struct head *head)
{
    head->headers = ARENA_ARRAY(arena, struct net_header, NET_HEADERS_MAX);
    struct str line;
    for (;;) {
        if (!take_line(&text, &line))
            return REFUSE(400, "a header's line does not end in CRLF");
        if (line.size == 0)
            return FINE;
        if (head->header_count == NET_HEADERS_MAX)
            return REFUSE(431, "more than 100 headers");
        const struct verdict verdict = parse_field(line, &head->headers[head->header_count]);
        if (verdict.status != 0)
            return verdict;
        head->header_count++;
    }
}

/* How often a header is there, and its last value. */
static uint32_t find_field(const struct head *head, struct str name, struct str *ret_value)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < head->header_count; i++) {
        if (!str_equal_nocase(head->headers[i].name, name))
            continue;
        *ret_value = head->headers[i].value;
        count++;
    }
    return count;
}

static struct verdict read_length(struct str value, struct head *head)
{
    int64_t length = 0;
    for (size_t i = 0; i < value.size; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return REFUSE(400, "Content-Length is no whole number");
        length = length * 10 + (value.data[i] - '0');
        if (length > INT64_MAX / 100)
            return REFUSE(413, "the body is longer than 1 MB");
    }
    if (value.size == 0)
        return REFUSE(400, "Content-Length is empty");
    head->content_length = length;
    return FINE;
}

/* Where the body ends: RFC 9112 section 6.3, what is doubtful refused. */
static struct verdict read_framing(struct head *head)
{
    struct str host = {0};
    struct str length = {0};
    struct str coding = {0};
    const uint32_t host_count = find_field(head, STR("host"), &host);
    const uint32_t length_count = find_field(head, STR("content-length"), &length);
    const uint32_t coding_count = find_field(head, STR("transfer-encoding"), &coding);
    if (host_count > 1)
        return REFUSE(400, "more than one Host");
    if (host_count == 0 && head->http_version == 11)
        return REFUSE(400, "no Host");
    if (length_count > 1)
        return REFUSE(400, "more than one Content-Length");
    if (coding_count > 0 && length_count > 0)
        return REFUSE(400, "Content-Length beside Transfer-Encoding");
    if (coding_count > 0 && head->http_version == 10)
        return REFUSE(400, "Transfer-Encoding in HTTP/1.0");
    if (coding_count > 1 || (coding_count == 1 && !str_equal_nocase(coding, STR("chunked"))))
        return REFUSE(501, "a Transfer-Encoding other than 'chunked'");
    head->is_chunked = coding_count == 1;
    return length_count == 1 ? read_length(length, head) : FINE;
}

/* Whether a comma-separated list has the word. */
static bool list_has(struct str list, struct str word)
{
    while (list.size > 0) {
        const size_t size = str_index(list, ',');
        if (str_equal_nocase(str_trim((struct str){list.data, size}), word))
            return true;
        const size_t skip = size < list.size ? size + 1 : size;
        list = (struct str){list.data + skip, list.size - skip};
    }
    return false;
}

static void read_connection(struct head *head)
{
    struct str connection = {0};
    struct str expect = {0};
    struct str upgrade = {0};
    find_field(head, STR("connection"), &connection);
    find_field(head, STR("expect"), &expect);
    find_field(head, STR("upgrade"), &upgrade);
    head->keeps_alive = head->http_version == 11 ? !list_has(connection, STR("close"))
                                                 : list_has(connection, STR("keep-alive"));
    head->expects_continue =
        head->http_version == 11 && str_equal_nocase(expect, STR("100-continue"));
    /* RFC 7540 section 3.2; HTTP/1.0 cannot ask. */
    head->upgrades = head->http_version == 11 && list_has(upgrade, STR("h2c")) &&
                     list_has(connection, STR("upgrade")) &&
                     list_has(connection, STR("http2-settings")) &&
                     find_field(head, STR("http2-settings"), &head->upgrade_settings) == 1;
}

enum err chunk_size_parse(struct str line, uint64_t *ret_size)
{
    uint64_t size = 0;
    size_t i = 0;
    for (; i < line.size && i < 16; i++) {
        const char byte = line.data[i];
        const char lower = (char)(byte | 0x20);
        if (byte >= '0' && byte <= '9')
            size = size * 16 + (uint64_t)(byte - '0');
        else if (lower >= 'a' && lower <= 'f')
            size = size * 16 + (uint64_t)(lower - 'a' + 10);
        else
            break;
    }
    if (i == 0 || i == 16)
        return ERR_MALFORMED;
    /* An extension says nothing to us, but it may not hide a line's end. */
    for (size_t j = i; j < line.size; j++)
        if ((unsigned char)line.data[j] < 0x20 && line.data[j] != '\t')
            return ERR_MALFORMED;
    if (i < line.size && line.data[i] != ';' && line.data[i] != ' ' && line.data[i] != '\t')
        return ERR_MALFORMED;
    *ret_size = size;
    return OK;
}

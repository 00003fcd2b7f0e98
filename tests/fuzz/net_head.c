/* net_head.c -- HTTP/1 heads, targets, chunk lines, escapes and queries of any bytes. */
#include "net/head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_inside(struct str part, struct str whole)
{
    return part.size == 0 ||
           (part.data >= whole.data && part.data + part.size <= whole.data + whole.size);
}

/* What was taken stands in the input, and holds nothing a header may not. */
static void check_head(struct str text, const struct head *head)
{
    must(is_inside(head->method, text));
    must(head->path.size > 0);
    must(head->header_count <= NET_HEADERS_MAX);
    must(!head->is_chunked || head->content_length < 0);
    for (uint32_t i = 0; i < head->header_count; i++) {
        must(is_inside(head->headers[i].name, text));
        must(is_inside(head->headers[i].value, text));
        for (size_t j = 0; j < head->headers[i].value.size; j++) {
            const unsigned char byte = (unsigned char)head->headers[i].value.data[j];
            must(byte >= 0x20 || byte == '\t');
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str input = {(const char *)data, size};
    struct arena arena;
    struct head head;
    const char *message = NULL;
    arena_init(&arena, 0);
    const int status = head_parse(input, &arena, &head, &message);
    must(status == 0 || (status >= 400 && status < 600));
    must((status == 0) == (message == NULL));
    if (status == 0)
        check_head(input, &head);
    struct str path;
    struct str query;
    if (target_parse(input, &path, &query, &message) == 0) {
        const struct net_request request = {.query = query, .arena = &arena};
        struct str value;
        must(path.data[0] == '/');
        if (net_percent_decode(path, &arena, &value) == OK)
            must(memchr(value.data, '\0', value.size) == NULL);
        (void)!net_query_get(&request, STR("a"), &value);
    }
    const struct net_header accept = {.name = STR("accept"), .value = input};
    const struct net_request request = {.headers = &accept, .header_count = 1};
    (void)!net_accepts(&request, STR("application/json"));
    uint64_t chunk_size;
    if (chunk_size_parse(input, &chunk_size) == OK)
        must(input.size > 0);
    arena_release(&arena);
    return 0;
}

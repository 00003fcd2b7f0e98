/* file.c -- files that live in the program, with what browsers need to keep and to distrust them.
 */
#include "net/net.h"

/* The page loads nothing from elsewhere, runs nothing inline, is framed by nobody. */
#define CONTENT_SECURITY_POLICY                                                                    \
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "                \
    "img-src 'self' data:; worker-src 'self'; base-uri 'none'; frame-ancestors 'none'; "           \
    "form-action 'none'"

/* Whether a comma-separated list has the word. */
static bool list_has(struct str list, struct str word)
{
    while (list.size > 0) {
        const size_t size = str_index(list, ',');
        const struct str item = {list.data, size};
        if (str_equal(str_trim((struct str){item.data, str_index(item, ';')}), word))
            return true;
        const size_t skip = size < list.size ? size + 1 : size;
        list = (struct str){list.data + skip, list.size - skip};
    }
    return false;
}

bool net_accepts_gzip(const struct net_request *request)
{
    return list_has(net_header_get(request, STR("accept-encoding")), STR("gzip"));
}

void net_respond_file(struct net_response *response, const struct net_request *request,
                      const struct net_file *file)
{
    const struct str etag = str_from(file->etag);
    const bool is_gzip = file->gzip.size > 0 && net_accepts_gzip(request);
    net_add_header(response, STR("etag"), etag);
    net_add_header(response, STR("cache-control"),
                   file->is_immutable ? STR("public, max-age=31536000, immutable")
                                      : STR("no-cache"));
    net_add_header(response, STR("vary"), STR("accept-encoding"));
    net_add_header(response, STR("content-security-policy"), STR(CONTENT_SECURITY_POLICY));
    net_add_header(response, STR("referrer-policy"), STR("no-referrer"));
    if (list_has(net_header_get(request, STR("if-none-match")), etag)) {
        net_respond(response, 304, NULL, (struct str){0});
        return;
    }
    if (is_gzip)
        net_add_header(response, STR("content-encoding"), STR("gzip"));
    net_respond(response, 200, file->content_type, is_gzip ? file->gzip : file->body);
}

/* error.c -- errors as ksqlDB's clients know them, and the JSON type they asked for. */
#include "api/inside.h"
#include "base/json.h"

#define CODE_BAD_REQUEST 40000
#define CODE_BAD_STATEMENT 40001
#define CODE_HTTP2_ONLY 40004

static void write_error(int code, struct str message, struct buf *body)
{
    buf_printf(body, "{\"@type\":\"generic_error\",\"error_code\":%d,\"message\":", code);
    json_write_string(body, message);
    buf_append_byte(body, '}');
}

const char *error_write(int status, enum net_refusal refusal, struct str message, struct buf *body)
{
    write_error(refusal == NET_REFUSED_HTTP1 ? CODE_HTTP2_ONLY : status * 100, message, body);
    return "application/json";
}

void error_respond(struct net_response *response, int code, struct str message)
{
    struct buf body = {0};
    must(code >= CODE_BAD_REQUEST);
    write_error(code, message, &body);
    net_respond(response, code / 100, "application/json", buf_str(&body));
    buf_release(&body);
}

static int code_of(enum err err)
{
    switch (err) {
    case ERR_UNAVAILABLE:
    case ERR_FULL:
    case ERR_AGAIN:
    case ERR_LOCKED:
        return 50300;
    case ERR_IO:
    case ERR_CORRUPT:
    case ERR_ABORTED:
    case ERR_CLOSED:
        return 50000;
    default:
        return CODE_BAD_STATEMENT;
    }
}

void statement_error_respond(struct net_response *response, enum err err, const struct why *why,
                             struct str text, struct str entities)
{
    struct buf message = {0};
    struct buf body = {0};
    const int code = code_of(err);
    if (why->line > 0)
        buf_printf(&message, "line %d:%d: ", why->line, why->column);
    buf_append_str(&message, str_from(why->text[0] != '\0' ? why->text : err_text(err)));
    buf_printf(&body, "{\"@type\":\"statement_error\",\"error_code\":%d,\"message\":", code);
    json_write_string(&body, buf_str(&message));
    buf_append_str(&body, STR(",\"statementText\":"));
    json_write_string(&body, text);
    buf_append_str(&body, STR(",\"entities\":["));
    buf_append_str(&body, entities);
    buf_append_str(&body, STR("]}"));
    net_respond(response, code / 100, "application/json", buf_str(&body));
    buf_release(&body);
    buf_release(&message);
}

const char *json_type(const struct net_request *request)
{
    return net_accepts(request, STR("application/vnd.ksql.v1+json"))
               ? "application/vnd.ksql.v1+json"
               : "application/json";
}

bool says_type(const struct net_request *request, const char *type)
{
    const struct str accept = net_header_get(request, STR("accept"));
    return accept.size > 0 && memmem(accept.data, accept.size, type, strlen(type)) != NULL;
}

void json_respond(struct net_response *response, const struct net_request *request,
                  const struct buf *json)
{
    net_respond(response, 200, json_type(request), buf_str(json));
}

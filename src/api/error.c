/* error.c -- errors as ksqlDB's clients know them, and the JSON type they asked for. */
#include "api/inside.h"
#include "base/json.h"

#define CODE_BAD_REQUEST 40000
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

const char *json_type(const struct net_request *request)
{
    return net_accepts(request, STR("application/vnd.ksql.v1+json"))
               ? "application/vnd.ksql.v1+json"
               : "application/json";
}

void json_respond(struct net_response *response, const struct net_request *request,
                  const struct buf *json)
{
    net_respond(response, 200, json_type(request), buf_str(json));
}

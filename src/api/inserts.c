/* inserts.c -- /inserts-stream: rows sent one a line, each acknowledged when it is durable: a line
 * each, or one JSON array for who asks for JSON. */
#include "api/request.h"
#include "base/json.h"

#define LINE_BYTES_MAX (1 << 20)
#define READ_TIMEOUT_MS 1000

struct inserts {
    struct api *api;
    struct net_request *request;
    struct net_response *response;
    struct str target; /* size 0: its line has not come yet */
    struct buf line;
    uint64_t sequence;
    bool has_begun;
    bool is_array;
    bool has_answers;
};

/* {"status":...}, as a line or as the array's next item. */
static bool answer_write(struct inserts *inserts, struct str object)
{
    struct buf text = {0};
    if (inserts->is_array)
        buf_append_str(&text, inserts->has_answers ? STR(",\n") : STR("["));
    buf_append_str(&text, object);
    if (!inserts->is_array)
        buf_append_byte(&text, '\n');
    inserts->has_answers = true;
    const enum err err = net_write(inserts->response, buf_str(&text));
    buf_release(&text);
    return err == OK;
}

static void answer_error(struct inserts *inserts, int code, struct str message)
{
    if (inserts->has_begun) {
        struct buf object = {0};
        buf_printf(&object, "{\"status\":\"error\",\"seq\":%llu,\"error_code\":%d,\"message\":",
                   (unsigned long long)inserts->sequence, code);
        json_write_string(&object, message);
        buf_append_byte(&object, '}');
        (void)answer_write(inserts, buf_str(&object));
        buf_release(&object);
        return;
    }
    error_respond(inserts->response, code, message);
}

/* {"target":"ORDERS"}: names are as SQL's, upper case unless in backquotes. */
static bool take_target(struct inserts *inserts, struct str line)
{
    struct ksql_request asked;
    struct source source;
    struct why why = {0};
    if (ksql_request_parse(line, inserts->request->arena, &asked, &why) || asked.target.size == 0) {
        answer_error(inserts, 40000, STR("the first line names no \"target\""));
        return false;
    }
    char *name = (char *)arena_str(inserts->request->arena, asked.target).data;
    size_t size = asked.target.size;
    if (size > 2 && name[0] == '`' && name[size - 1] == '`') {
        inserts->target = (struct str){name + 1, size - 2};
    } else {
        for (size_t i = 0; i < size; i++)
            if (name[i] >= 'a' && name[i] <= 'z')
                name[i] = (char)(name[i] - 'a' + 'A');
        inserts->target = (struct str){name, size};
    }
    if (engine_source(inserts->api->options.engine, inserts->target, inserts->request->arena,
                      &source)) {
        answer_error(inserts, 40001,
                     arena_printf(inserts->request->arena, "no stream or table '%.*s'",
                                  STR_ARGS(inserts->target)));
        return false;
    }
    net_begin(inserts->response, 200,
              inserts->is_array ? "application/json" : "application/vnd.ksqlapi.delimited.v1");
    inserts->has_begun = true;
    return true;
}

/* False: nothing more is taken. */
static bool take_line(struct inserts *inserts, struct str line)
{
    struct why why = {0};
    char answer[64];
    if (str_trim(line).size == 0)
        return true;
    if (inserts->target.size == 0)
        return take_target(inserts, line);
    const enum err err = engine_insert(inserts->api->options.engine, inserts->target, line, &why);
    if (err) {
        answer_error(inserts, 40000, str_from(why.text));
        return false;
    }
    const int size = snprintf(answer, sizeof(answer), "{\"status\":\"ok\",\"seq\":%llu}",
                              (unsigned long long)inserts->sequence++);
    return answer_write(inserts, (struct str){answer, (size_t)size});
}

/* Takes the whole lines out of what has come; the rest waits. */
static bool take_lines(struct inserts *inserts, bool is_end)
{
    size_t used = 0;
    bool goes_on = true;
    while (goes_on && used < inserts->line.size) {
        const struct str rest = {inserts->line.data + used, inserts->line.size - used};
        const size_t size = str_index(rest, '\n');
        if (size == rest.size && !is_end)
            break;
        goes_on = take_line(inserts, (struct str){rest.data, size});
        used += size < rest.size ? size + 1 : size;
    }
    memmove(inserts->line.data, inserts->line.data + used, inserts->line.size - used);
    inserts->line.size -= used;
    return goes_on;
}

static void post_inserts_stream(void *context, struct net_request *request,
                                struct net_response *response)
{
    struct inserts inserts = {.api = context,
                              .request = request,
                              .response = response,
                              .is_array = says_type(request, "application/json")};
    struct str piece;
    enum err err = OK;
    bool goes_on = true;
    while (goes_on && err != ERR_CLOSED) {
        err = net_read(request, READ_TIMEOUT_MS, &piece);
        if (err == OK)
            buf_append_str(&inserts.line, piece);
        if (inserts.line.size > 0)
            goes_on = take_lines(&inserts, err == ERR_CLOSED);
        if (goes_on && inserts.line.size > LINE_BYTES_MAX) {
            answer_error(&inserts, 40000, STR("a row is longer than 1 MB"));
            goes_on = false;
        }
    }
    if (!inserts.has_begun && goes_on)
        answer_error(&inserts, 40000, STR("the first line names no \"target\""));
    if (inserts.has_begun && inserts.is_array)
        (void)!net_write(response, inserts.has_answers ? STR("]") : STR("[]"));
    buf_release(&inserts.line);
}

static const struct net_route table[] = {
    {NET_POST, "/inserts-stream", post_inserts_stream, NET_STREAMED_BODY},
};
const struct api_routes inserts_routes = API_ROUTES(table);

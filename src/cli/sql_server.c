/* sql_server.c -- what the shell asks its server, and how it reads the answers. */
#include "cli/sql_server.h"

#include "base/clock.h"
#include "cli/printable.h"

#define ANSWER_BYTES_MAX (8 << 20) /* its tree takes some forty times that */
#define ERROR_BYTES_MAX (1 << 20)
#define INFO_TIMEOUT_MS 5000
#define ANSWER_TIMEOUT_MS 300000
#define STATUS_POLLS_MAX 600
#define STATUS_POLL_MS 100
#define MEDIA_TYPE "application/vnd.ksql.v1+json"

/* A body that is collected whole. */
struct collected {
    struct buf body;
    bool is_too_long;
};

static bool collect(void *context, const struct http_answer *answer, struct str piece)
{
    struct collected *collected = context;
    const size_t bytes_max = answer->status == 200 ? ANSWER_BYTES_MAX : ERROR_BYTES_MAX;
    collected->is_too_long = collected->body.size + piece.size > bytes_max;
    if (!collected->is_too_long)
        buf_append_str(&collected->body, piece);
    return !collected->is_too_long;
}

static bool is_unwanted(void *context)
{
    (void)context;
    return sql_is_interrupted();
}

struct str sql_server_message(const struct http_answer *answer, struct str body,
                              struct arena *arena)
{
    struct json_node *root = NULL;
    struct buf buf = {0};
    if (json_tree_parse(body, arena, &root) == OK)
        body = json_member_text(root, "message", STR(""));
    if (answer->status == 404 && !root)
        body = STR("the server does not know this request: is it ksqlDB's REST API?");
    printable_append_lines(&buf, str_trim(body));
    if (buf.size == 0 && answer->status == 401)
        buf_append_str(&buf, STR("the server wants a name and a password: --user NAME, and "
                                 "DRIVETHRU_SERVER_PASSWORD in the environment"));
    if (buf.size == 0)
        buf_printf(&buf, "the server says HTTP status %d, and no more", answer->status);
    const struct str message = arena_str(arena, buf_str(&buf));
    buf_release(&buf);
    return message;
}

/* Sends, collects and parses. ERR_INVALID with the server's words when the status is not 200. */
static enum err exchange(struct sql_shell *shell, struct http_request *request, struct arena *arena,
                         const struct json_node **ret_root, struct why *why)
{
    struct collected collected = {0};
    struct http_answer answer = {0};
    struct json_node *root = NULL;
    request->accept = MEDIA_TYPE ", application/json";
    request->on_piece = collect;
    request->is_unwanted = is_unwanted;
    request->context = &collected;
    enum err err = http_client_send(shell->client, request, &answer, why);
    if (collected.is_too_long)
        err = why_set(why, ERR_LIMIT, "the server's answer is longer than %d bytes",
                      answer.status == 200 ? ANSWER_BYTES_MAX : ERROR_BYTES_MAX);
    /* Trees borrow their text. */
    const struct str body = arena_str(arena, buf_str(&collected.body));
    buf_release(&collected.body);
    if (err)
        return err;
    if (answer.status != 200) {
        const struct str message = sql_server_message(&answer, body, arena);
        return why_set(why, ERR_INVALID, "%.*s", STR_ARGS(message));
    }
    if (json_tree_parse(body, arena, &root) != OK)
        return why_set(why, ERR_MALFORMED, "what %s answers is no JSON",
                       http_client_url(shell->client));
    *ret_root = root;
    return OK;
}

enum err sql_server_get(struct sql_shell *shell, const char *path, int64_t timeout_ms,
                        struct arena *arena, const struct json_node **ret_root, struct why *why)
{
    struct http_request request = {.path = path, .timeout_ms = timeout_ms};
    return exchange(shell, &request, arena, ret_root, why);
}

enum err sql_server_info(struct sql_shell *shell, struct arena *arena, struct str *ret_version,
                         struct why *why)
{
    const struct json_node *root;
    enum err err = sql_server_get(shell, "/info", INFO_TIMEOUT_MS, arena, &root, why);
    if (err)
        return err;
    const struct json_node *info = json_member(root, "KsqlServerInfo");
    const struct str version = json_member_text(info, "version", STR(""));
    if (!info || version.size == 0)
        return why_set(why, ERR_MALFORMED, "%s is no ksqlDB server",
                       http_client_url(shell->client));
    struct buf words = {0};
    printable_append(&words, version);
    *ret_version = arena_str(arena, buf_str(&words));
    buf_release(&words);
    return OK;
}

enum err sql_server_use(struct sql_shell *shell, struct str url, struct why *why)
{
    const struct http_client_options options = {.url = url,
                                                .user =
                                                    config_text(shell->invocation, "server.user"),
                                                .password = shell->password};
    struct http_client *client;
    const enum err err = http_client_new(&options, &client, why);
    if (err)
        return err;
    http_client_free(shell->client);
    shell->client = client;
    return OK;
}

static void write_properties(const struct properties *properties, struct buf *body)
{
    bool is_first = true;
    buf_append_byte(body, '{');
    for (size_t i = 0; i < properties->count; i++) {
        if (properties->items[i].name.size == 0) /* taken back */
            continue;
        if (!is_first)
            buf_append_byte(body, ',');
        is_first = false;
        json_write_string(body, properties->items[i].name);
        buf_append_byte(body, ':');
        json_write_string(body, properties->items[i].value);
    }
    buf_append_byte(body, '}');
}

void sql_server_request(const struct sql_shell *shell, struct str statement, const char *text_name,
                        const char *settings_name, struct buf *body)
{
    const bool is_whole = statement.size > 0 && statement.data[statement.size - 1] == ';';
    struct buf text = {0};
    buf_append_str(&text, statement);
    if (!is_whole)
        buf_append_str(&text, STR("\n;")); /* a comment may end the text */
    buf_printf(body, "{\"%s\":", text_name);
    json_write_string(body, buf_str(&text));
    buf_printf(body, ",\"%s\":", settings_name);
    write_properties(&shell->settings, body);
    buf_append_str(body, STR(",\"sessionVariables\":"));
    write_properties(&shell->variables, body);
    buf_append_byte(body, '}');
    buf_release(&text);
}

static bool is_final(struct str status)
{
    return str_equal(status, STR("SUCCESS")) || str_equal(status, STR("ERROR")) ||
           str_equal(status, STR("TERMINATED"));
}

/* A command may be under way when it is answered: waits until /status says how it ended. */
static enum err await_command(struct sql_shell *shell, struct arena *arena,
                              struct json_node *entity, struct why *why)
{
    const struct str id = json_member_text(entity, "commandId", STR(""));
    const struct json_node *at = json_member(entity, "commandStatus");
    struct str status = json_member_text(at, "status", STR("SUCCESS"));
    const struct str path = arena_printf(arena, "/status/%.*s", STR_ARGS(id));
    bool is_plain = id.size > 0;
    for (size_t i = 0; i < id.size; i++) /* what would change the request is not sent */
        is_plain = is_plain && (unsigned char)id.data[i] > ' ' && id.data[i] < 0x7f &&
                   strchr("?#%\"<>\\^`{|}", id.data[i]) == NULL;
    for (int polls = 0; is_plain && !is_final(status) && polls < STATUS_POLLS_MAX; polls++) {
        clock_sleep_ms(STATUS_POLL_MS);
        const enum err err = sql_server_get(shell, path.data, INFO_TIMEOUT_MS, arena, &at, why);
        if (err)
            return err;
        status = json_member_text(at, "status", STR("SUCCESS"));
    }
    if (str_equal(status, STR("ERROR")))
        return why_set(why, ERR_INVALID, "%.*s",
                       STR_ARGS(json_member_text(at, "message", STR("the command failed"))));
    for (struct json_node *member = entity->child; member; member = member->next) {
        if (!str_equal(member->name, STR("commandStatus")) || !at)
            continue;
        member->child = at->child;
        member->source = at->source;
    }
    return OK;
}

enum err sql_server_ask(struct sql_shell *shell, struct str statement, int64_t timeout_ms,
                        struct arena *arena, const struct json_node **ret_entities, struct why *why)
{
    struct buf body = {0};
    const struct json_node *root = NULL;
    sql_server_request(shell, statement, "ksql", "streamsProperties", &body);
    struct http_request request = {.path = "/ksql",
                                   .body = buf_str(&body),
                                   .content_type = MEDIA_TYPE,
                                   .timeout_ms = timeout_ms > 0 ? timeout_ms : ANSWER_TIMEOUT_MS};
    enum err err = exchange(shell, &request, arena, &root, why);
    buf_release(&body);
    if (err == OK && root->kind != JSON_ARRAY_BEGIN)
        err = why_set(why, ERR_MALFORMED, "what %s answers is no list of entities",
                      http_client_url(shell->client));
    if (err)
        return err;
    for (struct json_node *at = root->child; err == OK && at && !shell->is_pipelined; at = at->next)
        if (json_member(at, "commandStatus"))
            err = await_command(shell, arena, at, why);
    *ret_entities = root;
    return err;
}

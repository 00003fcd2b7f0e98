/* sink.c -- drivethru sink: asks the running process about its connectors. */
#include "cli/answer.h"
#include "cli/json_tree.h"
#include "cli/printable.h"
#include "cli/world.h"
#include "net/http_client.h"

#define ANSWER_BYTES_MAX (8 << 20)
#define TIMEOUT_MS 30000

static bool take_piece(void *context, const struct http_answer *answer, struct str piece)
{
    struct buf *body = context;
    (void)answer;
    buf_append_str(body, piece);
    return body->size <= ANSWER_BYTES_MAX;
}

/* The name as a segment of a path. */
static void append_name(struct buf *path, struct str name)
{
    for (size_t i = 0; i < name.size; i++)
        buf_printf(path, "%%%02X", (unsigned char)name.data[i]);
}

/* An answer other than 2xx is a failure with the server's words. */
static enum err ask(struct invocation *invocation, const char *path, bool is_post,
                    const struct json_node **ret_root, struct why *why)
{
    struct http_client *client = NULL;
    struct buf body = {0};
    struct json_node *root = NULL;
    struct http_answer answer = {0};
    const struct http_client_options options = {.url = config_text(invocation, "server"),
                                                .user = config_text(invocation, "server.user"),
                                                .password =
                                                    config_text(invocation, "server.password")};
    const struct http_request request = {.path = path,
                                         .content_type = is_post ? "application/json" : NULL,
                                         .body = STR("{}"),
                                         .timeout_ms = TIMEOUT_MS,
                                         .on_piece = take_piece,
                                         .context = &body};
    enum err err = http_client_new(&options, &client, why);
    if (err == OK)
        err = http_client_send(client, &request, &answer, why);
    const struct str text = arena_str(&invocation->arena, buf_str(&body));
    if (err == OK && text.size > 0 && json_tree_parse(text, &invocation->arena, &root))
        err = why_set(why, ERR_MALFORMED, "%s does not answer with JSON", http_client_url(client));
    if (err == OK && answer.status / 100 != 2) {
        const struct str message = json_member_text(root, "message", STR("it said no more"));
        err = why_set(why, answer.status == 404 ? ERR_NOT_FOUND : ERR_INVALID, "%.*s",
                      STR_ARGS(message));
    }
    http_client_free(client);
    buf_release(&body);
    *ret_root = root;
    return err;
}

static struct str printable(struct arena *arena, struct str text)
{
    struct buf buf = {0};
    printable_append(&buf, text);
    const struct str shown = arena_str(arena, buf_str(&buf));
    buf_release(&buf);
    return shown;
}

static void add_status(struct table_text *table, struct arena *arena,
                       const struct json_node *status)
{
    const struct json_node *connector = json_member(status, "connector");
    const struct str cells[] = {printable(arena, json_member_text(status, "name", STR(""))),
                                printable(arena, json_member_text(connector, "state", STR(""))),
                                printable(arena, json_member_text(connector, "worker_id", STR(""))),
                                printable(arena, json_member_text(connector, "trace", STR("")))};
    table_add(table, cells);
}

static void print_status(struct invocation *invocation, const struct json_node *root, bool is_list)
{
    static const char *const columns[] = {"sink", "state", "server", "why"};
    struct table_text table;
    table_init(&table, &invocation->arena, columns, 4);
    if (!is_list)
        add_status(&table, &invocation->arena, root);
    for (const struct json_node *one = is_list && root ? root->child : NULL; one; one = one->next)
        add_status(&table, &invocation->arena, json_member(one, "status"));
    table_print(&table, invocation);
}

static struct str number_of(const struct json_node *object, const char *name)
{
    const struct json_node *member = json_member(object, name);
    return member && member->kind == JSON_NUMBER ? member->text : STR("");
}

static void print_offsets(struct invocation *invocation, const struct json_node *root)
{
    static const char *const columns[] = {"topic", "partition", "next offset"};
    struct table_text table;
    const struct json_node *offsets = json_member(root, "offsets");
    table_init(&table, &invocation->arena, columns, 3);
    for (const struct json_node *one = offsets ? offsets->child : NULL; one; one = one->next) {
        const struct json_node *partition = json_member(one, "partition");
        const struct str cells[] = {
            printable(&invocation->arena, json_member_text(partition, "kafka_topic", STR(""))),
            number_of(partition, "kafka_partition"),
            number_of(json_member(one, "offset"), "kafka_offset")};
        table_add(&table, cells);
    }
    table_print(&table, invocation);
}

static int run(struct invocation *invocation)
{
    const struct str verb = invocation->argument_count > 0 ? invocation->arguments[0] : STR("");
    const struct str name = invocation->argument_count > 1 ? invocation->arguments[1] : STR("");
    const bool lists = str_equal(verb, STR("list"));
    const bool asks = str_equal(verb, STR("status")) || str_equal(verb, STR("offsets"));
    const bool tells = str_equal(verb, STR("pause")) || str_equal(verb, STR("resume")) ||
                       str_equal(verb, STR("restart"));
    if ((!lists && !asks && !tells) || (!lists && name.size == 0))
        return fail_usage(&command_sink,
                          "say list, or status, offsets, pause, resume or restart and a sink");
    struct buf path = {0};
    struct why why = {0};
    const struct json_node *root = NULL;
    buf_append_str(&path, tells ? STR("/api/sinks/") : STR("/connectors"));
    if (lists) {
        buf_append_str(&path, STR("?expand=status"));
    } else {
        if (!tells)
            buf_append_byte(&path, '/');
        append_name(&path, name);
        buf_printf(&path, "/%.*s", STR_ARGS(verb));
    }
    const enum err err = ask(invocation, buf_text(&path), tells, &root, &why);
    buf_release(&path);
    if (err)
        return fail(err, &why);
    if (tells)
        printf("%.*s: %.*s\n", STR_ARGS(name), STR_ARGS(verb));
    else if (str_equal(verb, STR("offsets")))
        print_offsets(invocation, root);
    else
        print_status(invocation, root, lists);
    return EXIT_OK;
}

const struct command command_sink = {
    .name = "sink",
    .summary = "connectors of a running process: how they are, pause, resume, restart",
    .usage = "sink list | (status | offsets | pause | resume | restart) NAME [flags]",
    .flags = "server server.user server.password output config",
    .examples = "  drivethru sink list\n"
                "  drivethru sink restart mcd-documents\n",
    .run = run,
};

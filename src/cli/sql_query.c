/* sql_query.c -- SELECT and PRINT: asks, and shows rows as they come.
 *
 * POST /query-stream answers with lines: first an object with the columns' names and types, then an
 * array a row, at last perhaps an object with a message or an error. Whole lines are taken from the
 * pieces that arrive and shown with each piece, so that a row is seen when it is there. */
#include "base/clock.h"
#include "cli/printable.h"
#include "cli/sql_answer.h"
#include "cli/sql_server.h"

#define LINE_BYTES_MAX (4 << 20) /* its tree takes some forty times that */
#define DELIMITED "application/vnd.ksqlapi.delimited.v1"

#define HINT_AFTER_NS 1500000000LL

struct query {
    struct sql_shell *shell;
    struct why *why;
    enum err err;       /* what the server said, or what is wrong with it */
    bool is_done;       /* a limit of the shell's own was reached */
    bool is_text;       /* PRINT: lines are shown as they are */
    int64_t end_ns;     /* --query-timeout; 0: none */
    int64_t hint_ns;    /* when to say that there are no rows yet; 0: said */
    struct buf rest;    /* the beginning of a line that is not whole; the body of an error */
    struct arena arena; /* of the line at hand */
    struct arena column_arena;
    struct sql_column *columns; /* NULL: none known yet */
    uint32_t column_count;
    struct sql_table table;
    struct buf out;
    uint64_t row_count;
};

static enum err query_run(struct sql_shell *shell, struct str statement, bool is_text,
                          struct why *why);
static bool take_piece(void *context, const struct http_answer *answer, struct str piece);
static bool is_unwanted(void *context);
static void take_line(struct query *query, struct str line);
static void show(struct query *query, bool is_end);
static void query_fail(struct query *query, enum err err, const char *words);

enum err sql_run_select(struct sql_shell *shell, struct str statement, struct why *why)
{
    return query_run(shell, statement, false, why);
}

enum err sql_run_print(struct sql_shell *shell, struct str statement, struct why *why)
{
    return query_run(shell, statement, true, why);
}

static enum err query_send(struct query *query, struct str statement)
{
    struct sql_shell *shell = query->shell;
    struct buf body = {0};
    struct http_answer answer = {0};
    if (query->is_text)
        sql_server_request(shell, statement, "ksql", "streamsProperties", &body);
    else
        sql_server_request(shell, statement, "sql", "properties", &body);
    const struct http_request request = {.path = query->is_text ? "/query" : "/query-stream",
                                         .body = buf_str(&body),
                                         .content_type = "application/vnd.ksql.v1+json",
                                         .accept = DELIMITED,
                                         .on_piece = take_piece,
                                         .is_unwanted = is_unwanted,
                                         .context = query};
    enum err err = http_client_send(shell->client, &request, &answer, query->why);
    buf_release(&body);
    if (query->err)
        return query->err;
    if (query->is_done)
        return OK;
    if (err == OK && answer.status != 200)
        err = why_set(query->why, ERR_INVALID, "%s",
                      sql_server_message(&answer, buf_str(&query->rest), &query->arena).data);
    return err;
}

static enum err query_run(struct sql_shell *shell, struct str statement, bool is_text,
                          struct why *why)
{
    const int64_t now_ns = clock_monotonic_ns();
    struct query query = {.shell = shell, .why = why, .is_text = is_text};
    if (shell->query_timeout_ms > 0)
        query.end_ns = now_ns + shell->query_timeout_ms * 1000000;
    if (shell->is_interactive)
        query.hint_ns = now_ns + HINT_AFTER_NS;
    arena_init(&query.arena, 0);
    arena_init(&query.column_arena, 0);
    enum err err = query_send(&query, statement);
    if (err == OK && !query.is_done && query.rest.size > 0) { /* the last line may have no end */
        take_line(&query, buf_str(&query.rest));
        err = query.err;
    }
    show(&query, true);
    if (err == ERR_CLOSED && shell->is_interactive)
        err = why_set(why, ERR_CLOSED, "query ended after %llu rows",
                      (unsigned long long)query.row_count);
    if (query.columns)
        sql_table_release(&query.table);
    arena_release(&query.arena);
    arena_release(&query.column_arena);
    buf_release(&query.rest);
    buf_release(&query.out);
    return err;
}

static void query_fail(struct query *query, enum err err, const char *words)
{
    if (!query->err)
        query->err = why_set(query->why, err, "%s", words);
}

/* Takes whole lines; what is left waits for the next piece. */
static bool take_piece(void *context, const struct http_answer *answer, struct str piece)
{
    struct query *query = context;
    while (answer->status == 200 && !query->err && !query->is_done) {
        const size_t size = str_index(piece, '\n');
        if (size == piece.size)
            break;
        struct str line = {piece.data, size};
        if (query->rest.size > 0) {
            buf_append_str(&query->rest, line);
            line = buf_str(&query->rest);
        }
        take_line(query, line);
        buf_clear(&query->rest);
        arena_clear(&query->arena);
        piece = (struct str){piece.data + size + 1, piece.size - size - 1};
    }
    if (query->rest.size + piece.size > LINE_BYTES_MAX)
        query_fail(query, ERR_LIMIT, "the server sent a row of more than 4 MB");
    else
        buf_append_str(&query->rest, piece);
    show(query, false);
    return !query->err && !query->is_done && !ferror(stdout);
}

static bool is_unwanted(void *context)
{
    struct query *query = context;
    const int64_t now_ns = clock_monotonic_ns();
    if (query->end_ns > 0 && now_ns >= query->end_ns)
        query->is_done = true;
    if (query->hint_ns > 0 && now_ns >= query->hint_ns) {
        query->hint_ns = 0;
        if (query->row_count == 0)
            sql_say(query->shell, "no rows yet; Ctrl-C ends the query\n");
    }
    return query->is_done || sql_is_interrupted();
}

static void show(struct query *query, bool is_end)
{
    /* The table is laid out by its first rows. */
    if (query->columns && !query->shell->is_json && (query->row_count > 0 || is_end)) {
        const struct sql_table_style style = sql_style(query->shell);
        sql_table_flush(&query->table, &style, &query->out);
    }
    if (query->out.size == 0)
        return;
    sql_write(query->shell, buf_str(&query->out));
    fflush(stdout);
    buf_clear(&query->out);
}

static void count_row(struct query *query)
{
    const int64_t limit = query->shell->row_limit;
    query->row_count++;
    query->is_done = limit > 0 && query->row_count >= (uint64_t)limit;
}

/* Rows of a push query come later than the table is laid out. */
static struct sql_column column_of(struct str name, struct str type, bool is_push)
{
    static const struct {
        const char *type;
        uint32_t width;
        bool is_number;
    } kinds[] = {{"INT", 8, true},         {"BIGINT", 13, true},  {"DOUBLE", 12, true},
                 {"DECIMAL", 12, true},    {"BOOLEAN", 5, false}, {"DATE", 10, false},
                 {"TIMESTAMP", 23, false}, {"TIME", 12, false},   {"STRING", 20, false},
                 {"VARCHAR", 20, false},   {"STRUCT", 40, false}, {"ARRAY", 30, false},
                 {"MAP", 30, false}};
    struct sql_column column = {.name = name};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!str_starts_with(type, str_from(kinds[i].type)))
            continue;
        column.is_right = kinds[i].is_number;
        column.width_wish = is_push ? kinds[i].width : 0;
        break;
    }
    return column;
}

static void take_header(struct query *query, const struct json_node *header)
{
    const struct json_node *names = json_member(header, "columnNames");
    const struct json_node *types = json_member(header, "columnTypes");
    const bool is_push = json_member_text(header, "queryId", STR("")).size > 0;
    uint32_t count = 0;
    for (const struct json_node *at = names->child; at; at = at->next)
        count++;
    if (count > SQL_TABLE_COLUMNS_MAX) {
        query_fail(query, ERR_LIMIT, "the server names more columns than can be shown");
        return;
    }
    query->columns = ARENA_ARRAY(&query->column_arena, struct sql_column, (size_t)count + 1);
    const struct json_node *type = types ? types->child : NULL;
    for (const struct json_node *at = names->child; at; at = at->next) {
        const struct str name = arena_str(&query->column_arena, at->text);
        query->columns[query->column_count++] =
            column_of(name, type ? type->text : STR(""), is_push);
        type = type ? type->next : NULL;
    }
    sql_table_init(&query->table, query->columns, query->column_count);
}

static void row_json(struct query *query, const struct json_node *row)
{
    struct buf line = {0};
    const struct json_node *cell = row->child;
    buf_append_byte(&line, '{');
    for (uint32_t c = 0; c < query->column_count; c++, cell = cell->next) {
        if (c > 0)
            buf_append_byte(&line, ',');
        json_write_string(&line, query->columns[c].name);
        buf_append_byte(&line, ':');
        buf_append_str(&line, cell->source);
    }
    buf_append_byte(&line, '}');
    printable_append_json(&query->out, buf_str(&line));
    buf_append_byte(&query->out, '\n');
    buf_release(&line);
}

static void take_row(struct query *query, const struct json_node *row)
{
    struct str *cells = ARENA_ARRAY(&query->arena, struct str, (size_t)query->column_count + 1);
    uint32_t count = 0;
    for (const struct json_node *at = row->child; at; at = at->next, count++)
        if (count < query->column_count)
            cells[count] = at->kind == JSON_STRING ? at->text : at->source;
    if (count != query->column_count) {
        query_fail(query, ERR_MALFORMED, "the server sent a row that does not fit its columns");
        return;
    }
    if (query->shell->is_json)
        row_json(query, row);
    else
        sql_table_add(&query->table, cells);
    count_row(query);
}

/* An object that is no header says how the query ended. */
static void take_message(struct query *query, const struct json_node *object)
{
    const struct json_node *error = json_member(object, "errorMessage");
    struct str message = json_member_text(object, "message", STR(""));
    struct buf words = {0};
    if (error)
        message =
            error->kind == JSON_STRING ? error->text : json_member_text(error, "message", message);
    printable_append_lines(&words, message);
    if (words.size > 0)
        query_fail(query, ERR_INVALID, buf_text(&words));
    buf_release(&words);
}

static void take_line(struct query *query, struct str line)
{
    struct json_node *root = NULL;
    if (query->is_text) {
        printable_append_lines(&query->out, line);
        buf_append_byte(&query->out, '\n');
        count_row(query);
    } else if (str_trim(line).size == 0) {
        ; /* keeps the connection alive */
    } else if (json_tree_parse(line, &query->arena, &root) != OK) {
        query_fail(query, ERR_MALFORMED, "what the server sent is no row: it is no JSON");
    } else if (root->kind == JSON_ARRAY_BEGIN && query->columns) {
        take_row(query, root);
    } else if (root->kind == JSON_OBJECT_BEGIN && !query->columns &&
               json_member(root, "columnNames")) {
        take_header(query, root);
    } else if (root->kind == JSON_OBJECT_BEGIN) {
        take_message(query, root);
    } else {
        query_fail(query, ERR_MALFORMED, "what the server sent is neither columns nor a row");
    }
}

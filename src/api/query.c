/* query.c -- /query, /query-stream and /close-query: rows of push and pull queries, and PRINT.
 *
 * A push query's rows go out as they come, and wait in the log while its client is slow; one that
 * takes nothing for 10 s ends its query, and the last thing sent says so. A pull query's rows are
 * gathered first, because other statements wait for it, and then sent. */
#include "api/request.h"
#include "base/json.h"

#define PULL_BYTES_MAX (64 << 20)
#define PUSH_COUNT_MAX 100

#define DELIMITED_TYPE "application/vnd.ksqlapi.delimited.v1"

enum layout {
    LAYOUT_CHUNKS, /* /query: [{"header":{...}},\n{"row":{"columns":[...]}}, ...] */
    LAYOUT_LINES,  /* {"queryId":...}\n[...]\n[...]\n */
    LAYOUT_ARRAY   /* [{"queryId":...},\n[...],\n[...]] */
};

struct query_run {
    struct api *api;
    struct net_response *response;
    struct session *session;
    enum layout layout;
    const char *type;
    bool is_streamed; /* push, PRINT */
    bool is_print;
    bool has_begun;
    bool has_too_much; /* a pull query's rows are more than PULL_BYTES_MAX */
    bool is_slow;      /* the client took nothing for too long */
    int64_t limit;
    int64_t row_count;
    struct buf out;
    struct arena arena; /* a row's */
};

/* -- what goes out -- */

static void write_types(const struct row_type *row_type, struct buf *out)
{
    struct buf text = {0};
    for (uint32_t i = 0; i < row_type->column_count; i++) {
        buf_clear(&text);
        type_format(row_type->columns[i].type, &text);
        if (i > 0)
            buf_append_byte(out, ',');
        json_write_string(out, buf_str(&text));
    }
    buf_release(&text);
}

static void write_names(const struct row_type *row_type, struct buf *out)
{
    for (uint32_t i = 0; i < row_type->column_count; i++) {
        if (i > 0)
            buf_append_byte(out, ',');
        json_write_string(out, row_type->columns[i].name);
    }
}

static void write_header(struct query_run *run, const struct answer *answer)
{
    struct buf *out = &run->out;
    if (run->layout == LAYOUT_CHUNKS) {
        struct buf schema = {0};
        row_type_format(answer->row_type, &schema);
        buf_append_str(out, STR("[{\"header\":{\"queryId\":"));
        json_write_string(out, answer->query_id);
        buf_append_str(out, STR(",\"schema\":"));
        json_write_string(out, buf_str(&schema));
        buf_append_str(out, STR("}}"));
        buf_release(&schema);
        return;
    }
    buf_append_str(out, run->layout == LAYOUT_ARRAY ? STR("[{\"queryId\":") : STR("{\"queryId\":"));
    if (answer->query_id.size > 0)
        json_write_string(out, answer->query_id);
    else
        buf_append_str(out, STR("null"));
    buf_append_str(out, STR(",\"columnNames\":["));
    write_names(answer->row_type, out);
    buf_append_str(out, STR("],\"columnTypes\":["));
    write_types(answer->row_type, out);
    buf_append_str(out, run->layout == LAYOUT_ARRAY ? STR("]}") : STR("]}\n"));
}

static void write_columns(struct query_run *run, const struct batch *rows, uint32_t row)
{
    buf_append_byte(&run->out, '[');
    for (uint32_t c = 0; c < rows->row_type->column_count; c++) {
        if (c > 0)
            buf_append_byte(&run->out, ',');
        const struct value value = column_get(&rows->columns[c], row, &run->arena);
        value_write_json(rows->row_type->columns[c].type, &value, &run->out);
    }
    buf_append_byte(&run->out, ']');
    arena_clear(&run->arena);
}

static void write_row(struct query_run *run, const struct batch *rows, uint32_t row)
{
    const bool is_tombstone = rows->kinds && rows->kinds[row] == ROW_DELETE;
    if (run->layout == LAYOUT_CHUNKS) {
        buf_append_str(&run->out, STR(",\n{\"row\":{\"columns\":"));
        write_columns(run, rows, row);
        buf_append_str(&run->out, is_tombstone ? STR(",\"tombstone\":true}}") : STR("}}"));
        return;
    }
    if (is_tombstone) /* this layout has no word for it, in ksqlDB neither */
        return;
    if (run->layout == LAYOUT_ARRAY)
        buf_append_str(&run->out, STR(",\n"));
    write_columns(run, rows, row);
    if (run->layout == LAYOUT_LINES)
        buf_append_byte(&run->out, '\n');
}

/* What ends a response that has begun: "message" of what ended it, or nothing. */
static void write_end(struct query_run *run, int code, struct str message)
{
    struct buf *out = &run->out;
    const bool is_limit = run->is_streamed && run->limit >= 0 && run->row_count >= run->limit;
    if (message.size > 0) {
        if (run->layout == LAYOUT_CHUNKS)
            buf_append_str(out, STR(",\n{\"errorMessage\":"));
        if (run->layout == LAYOUT_ARRAY)
            buf_append_str(out, STR(",\n"));
        buf_printf(out, "{\"@type\":\"generic_error\",\"error_code\":%d,\"message\":", code);
        json_write_string(out, message);
        buf_append_str(out, run->layout == LAYOUT_CHUNKS ? STR("}}") : STR("}"));
    } else if (run->layout == LAYOUT_CHUNKS && is_limit) {
        buf_append_str(out, STR(",\n{\"finalMessage\":\"Limit Reached\"}"));
    }
    if (run->layout != LAYOUT_LINES)
        buf_append_str(out, STR("]"));
    if (run->layout != LAYOUT_LINES || message.size > 0)
        buf_append_byte(out, '\n');
}

/* Line by line: a row of JSON has no line break in it. */
static bool flush(struct query_run *run)
{
    struct str rest = buf_str(&run->out);
    enum err err = OK;
    if (!run->has_begun)
        net_begin(run->response, 200, run->type);
    run->has_begun = true;
    while (rest.size > 0 && err == OK) {
        size_t size = str_index(rest, '\n');
        size += size < rest.size;
        err = net_write(run->response, (struct str){rest.data, size});
        rest = (struct str){rest.data + size, rest.size - size};
    }
    buf_clear(&run->out);
    run->is_slow = err == ERR_FULL;
    return err == OK;
}

/* -- what the engine says -- */

static bool on_answer(void *context, const struct statement *statement, const struct answer *answer)
{
    struct query_run *run = context;
    (void)statement;
    switch (answer->kind) {
    case ANSWER_HEADER:
        write_header(run, answer);
        break;
    case ANSWER_ROWS:
        for (uint32_t i = 0; i < answer->rows->selected_count; i++)
            write_row(run, answer->rows, answer->rows->selection[i]);
        run->row_count += answer->rows->selected_count;
        break;
    case ANSWER_TEXT: /* PRINT */
        buf_append_str(&run->out, answer->text);
        buf_append_byte(&run->out, '\n');
        break;
    case ANSWER_MESSAGE:
    case ANSWER_TABLE:
        break;
    }
    if (run->is_streamed)
        return flush(run);
    run->has_too_much = run->out.size > PULL_BYTES_MAX;
    return !run->has_too_much;
}

static void on_close(void *session)
{
    session_interrupt(session);
}

/* A query that failed before anything of it was sent. */
static void refuse(struct query_run *run, enum err err, const struct why *why, struct str text)
{
    struct why too_much = {0};
    if (run->has_too_much)
        err = why_set(&too_much, ERR_LIMIT,
                      "the query's rows are more than 64 MB: ask for fewer by WHERE or LIMIT");
    statement_error_respond(run->response, err, run->has_too_much ? &too_much : why, text, STR(""));
}

static void finish(struct query_run *run, enum err err, const struct why *why, struct str text)
{
    struct str message = err ? str_from(why->text) : STR("");
    if (!run->has_begun && (err || run->has_too_much)) {
        refuse(run, err, why, text);
        return;
    }
    /* A pull query's rows are all here, and go now. */
    if (!run->is_slow && !flush(run) && !run->is_slow)
        return;
    if (run->is_slow)
        message = STR("rows were taken too slowly: the query has ended");
    if (run->is_slow || (err == ERR_LIMIT && run->is_streamed))
        counters_add(&run->api->counters, COUNTER_push_overruns, 1);
    if (!run->is_print || message.size > 0)
        write_end(run, 50000, message);
    net_end(run->response, buf_str(&run->out));
}

/* The one statement that was asked for, or an answer that says what is wrong with it. */
static const struct statement *read_statement(struct ksql_request *asked,
                                              struct net_request *request,
                                              struct net_response *response)
{
    struct statement *statements;
    uint32_t count = 0;
    struct why why = {0};
    const enum err err = sql_parse(asked->text, &asked->session.variables, request->arena,
                                   &statements, &count, &why);
    if (err) {
        statement_error_respond(response, err, &why, asked->text, STR(""));
        return NULL;
    }
    if (count == 1 &&
        (statements[0].kind == STATEMENT_SELECT || statements[0].kind == STATEMENT_PRINT))
        return &statements[0];
    error_respond(response, 40001,
                  count == 1 ? STR("this path answers SELECT and PRINT: others go to /ksql")
                             : STR("one statement at a time is answered here"));
    return NULL;
}

static void run_query(struct query_run *run, struct ksql_request *asked,
                      struct net_request *request, const struct statement *statement)
{
    struct why why = {0};
    run->session = &asked->session;
    run->is_print = statement->kind == STATEMENT_PRINT;
    run->is_streamed = run->is_print || statement->emit;
    run->limit = statement->limit;
    if (run->is_print && run->layout == LAYOUT_ARRAY) {
        error_respond(run->response, 40600, STR("PRINT is answered in lines: " DELIMITED_TYPE));
        return;
    }
    if (run->is_streamed && atomic_fetch_add(&run->api->push_count, 1) >= PUSH_COUNT_MAX) {
        atomic_fetch_sub(&run->api->push_count, 1);
        error_respond(run->response, 40003, STR("100 push queries are being answered already"));
        return;
    }
    arena_init(&run->arena, 0);
    if (run->is_streamed)
        net_on_close(run->response, on_close, run->session);
    enum err err =
        engine_await_command(run->api->options.engine, asked->command_number, COMMAND_MS_MAX, &why);
    if (err == OK)
        err = engine_execute(run->api->options.engine, run->session, asked->text, on_answer, run,
                             &why);
    finish(run, err, &why, asked->text);
    if (run->is_streamed)
        atomic_fetch_sub(&run->api->push_count, 1);
    (void)request;
    arena_release(&run->arena);
    buf_release(&run->out);
}

static void answer_query(struct query_run *run, struct net_request *request)
{
    struct ksql_request asked;
    if (!ksql_request_read(request, run->response, &asked))
        return;
    const struct statement *statement = read_statement(&asked, request, run->response);
    if (statement)
        run_query(run, &asked, request, statement);
}

static void post_query(void *context, struct net_request *request, struct net_response *response)
{
    struct query_run run = {
        .api = context, .response = response, .layout = LAYOUT_CHUNKS, .type = json_type(request)};
    answer_query(&run, request);
}

static void post_query_stream(void *context, struct net_request *request,
                              struct net_response *response)
{
    struct query_run run = {
        .api = context, .response = response, .layout = LAYOUT_LINES, .type = DELIMITED_TYPE};
    if (says_type(request, "application/json")) {
        run.layout = LAYOUT_ARRAY;
        run.type = "application/json";
    } else if (says_type(request, "application/vnd.ksql.v1+json")) {
        run.layout = LAYOUT_CHUNKS;
        run.type = "application/vnd.ksql.v1+json";
    }
    answer_query(&run, request);
}

static void post_close_query(void *context, struct net_request *request,
                             struct net_response *response)
{
    const struct api *api = context;
    struct ksql_request asked;
    if (!ksql_request_read(request, response, &asked))
        return;
    if (engine_end_push(api->options.engine, asked.query_id) == OK)
        net_respond(response, 200, NULL, STR(""));
    else
        error_respond(response, 40000,
                      arena_printf(request->arena, "no push query '%.*s' is being answered",
                                   STR_ARGS(asked.query_id)));
}

static const struct net_route table[] = {
    {NET_POST, "/query", post_query, 0},
    {NET_POST, "/query-stream", post_query_stream, 0},
    {NET_POST, "/close-query", post_close_query, 0},
};
const struct api_routes query_routes = API_ROUTES(table);

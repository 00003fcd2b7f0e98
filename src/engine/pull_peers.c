/* pull_peers.c -- a pull query over all processes of a service: each answers for its own
 * partitions.
 *
 * Who is asked plans the query, asks every owner of partitions that are not his by HTTP, and puts
 * the rows together; owners do not ask on. All partitions have an owner that has read them back, or
 * there is no answer. The request is JSON, see write_request; the answer's rows are kept rows of
 * the query's row type, each behind its size in four bytes, big-endian, and at the end PULL_END and
 * how many they were. */
#include "base/big_endian.h"
#include "base/json.h"
#include "data/kept.h"
#include "engine/state.h"
#include "net/http_client.h"

#define ANSWER_BYTES_MAX (64 << 20)
#define REFUSAL_BYTES_MAX (16 << 10)
#define ASK_MS_MAX 10000
#define PULL_END UINT32_MAX

/* What one process answers. */
struct asked {
    const struct peer_info *peer;
    struct execution *execution;
    int32_t *partitions;
    uint32_t partition_count;
    struct buf rows;
    struct buf refusal;
    bool is_too_large;
};

struct shared_pull {
    struct execution *execution;
    const struct pull_plan *plan;
    struct str query_id;
    uint32_t stage;
    const int32_t *wanted; /* NULL: all partitions */
    uint32_t wanted_count;
    int32_t *own;
    uint32_t own_count;
    struct asked *asked;
    uint32_t asked_count;
    int64_t left; /* rows until the limit; -1: none */
};

static const struct peer_part *part_of(const struct peer_info *peer, struct str query_id,
                                       const struct flow_part *part)
{
    for (uint32_t i = 0; i < peer->query_count; i++) {
        const struct peer_query *query = &peer->queries[i];
        if (!str_equal(query->id, query_id))
            continue;
        for (uint32_t j = 0; j < query->part_count; j++)
            if (query->parts[j].stage == part->stage &&
                query->parts[j].partition == part->partition)
                return &query->parts[j];
    }
    return NULL;
}

/* Who has it: several say so for a moment when it moves; the one that has read it back counts. */
static enum err find_owner(struct shared_pull *shared, const struct flow_part *part,
                           const struct peer_info *peers, uint32_t peer_count, uint32_t *ret_owner)
{
    struct why *why = shared->execution->why;
    uint32_t percent = 0;
    const struct peer_info *restoring = NULL;
    for (uint32_t i = 0; i < peer_count; i++) {
        const struct peer_part *at = part_of(&peers[i], shared->query_id, part);
        if (at && at->percent >= 100) {
            *ret_owner = i;
            return peers[i].url.size > 0
                       ? OK
                       : why_set(why, ERR_UNAVAILABLE,
                                 "partition %d of query '%.*s' is kept by a process that serves no "
                                 "HTTP",
                                 part->partition, STR_ARGS(shared->query_id));
        }
        if (at) {
            restoring = &peers[i];
            percent = at->percent;
        }
    }
    if (restoring)
        return why_set(
            why, ERR_UNAVAILABLE, "partition %d of query '%.*s' is being read back by %.*s: %u %%",
            part->partition, STR_ARGS(shared->query_id), STR_ARGS(restoring->url), percent);
    return why_set(why, ERR_UNAVAILABLE,
                   "partition %d of query '%.*s' has no owner: its process is away, and no other "
                   "has it yet",
                   part->partition, STR_ARGS(shared->query_id));
}

static bool is_wanted(const struct shared_pull *shared, int32_t partition)
{
    bool is_wanted = !shared->wanted;
    for (uint32_t i = 0; i < shared->wanted_count && !is_wanted; i++)
        is_wanted = shared->wanted[i] == partition;
    return is_wanted;
}

/* Shares the stage's partitions out. */
static enum err share_out(struct shared_pull *shared, const struct flow_part *parts, uint32_t count)
{
    struct arena *arena = shared->execution->arena;
    struct peer_info *peers;
    uint32_t peer_count;
    peers_get(shared->execution->engine, arena, &peers, &peer_count);
    shared->own = ARENA_ARRAY(arena, int32_t, count + 1);
    shared->asked = ARENA_ARRAY(arena, struct asked, peer_count + 1);
    shared->asked_count = peer_count;
    for (uint32_t i = 0; i < peer_count; i++)
        shared->asked[i] = (struct asked){.peer = &peers[i],
                                          .execution = shared->execution,
                                          .partitions = ARENA_ARRAY(arena, int32_t, count + 1)};
    for (uint32_t i = 0; i < count; i++) {
        uint32_t owner = 0;
        if (parts[i].stage != shared->stage || !is_wanted(shared, parts[i].partition))
            continue;
        if (parts[i].is_ours) {
            shared->own[shared->own_count++] = parts[i].partition;
            continue;
        }
        const enum err err = find_owner(shared, &parts[i], peers, peer_count, &owner);
        if (err)
            return err;
        struct asked *asked = &shared->asked[owner];
        asked->partitions[asked->partition_count++] = parts[i].partition;
    }
    return OK;
}

static void write_request(const struct shared_pull *shared, const struct asked *asked,
                          struct buf *body)
{
    struct buf type = {0};
    row_type_format(shared->plan->row_type, &type);
    buf_append_str(body, STR("{\"sql\":"));
    json_write_string(body, shared->execution->statement->text);
    buf_append_str(body, STR(",\"query\":"));
    json_write_string(body, shared->query_id);
    buf_append_str(body, STR(",\"type\":"));
    json_write_string(body, buf_str(&type));
    buf_append_str(body, STR(",\"partitions\":["));
    for (uint32_t i = 0; i < asked->partition_count; i++)
        buf_printf(body, "%s%d", i > 0 ? "," : "", asked->partitions[i]);
    buf_append_str(body, STR("]}"));
    buf_release(&type);
}

static bool on_piece(void *context, const struct http_answer *answer, struct str piece)
{
    struct asked *asked = context;
    if (answer->status != 200) {
        if (asked->refusal.size + piece.size <= REFUSAL_BYTES_MAX)
            buf_append_str(&asked->refusal, piece);
        return true;
    }
    asked->is_too_large = asked->rows.size + piece.size > ANSWER_BYTES_MAX;
    if (!asked->is_too_large)
        buf_append_str(&asked->rows, piece);
    return !asked->is_too_large;
}

static bool is_unwanted(void *context)
{
    return is_interrupted(((struct asked *)context)->execution);
}

/* The message of an error that ksqlDB's clients get; what is none says nothing. */
static struct str message_of(struct str body, struct arena *arena)
{
    struct json_reader reader;
    enum json_token token;
    json_reader_init(&reader, body, arena);
    if (json_next(&reader) != JSON_OBJECT_BEGIN)
        return STR("");
    while ((token = json_next(&reader)) == JSON_NAME) {
        const struct str name = reader.text;
        token = json_next(&reader);
        if (str_equal(name, STR("message")) && token == JSON_STRING)
            return reader.text;
        if (json_skip(&reader, token, NULL) != OK)
            break;
    }
    return STR("");
}

static enum err ask(const struct shared_pull *shared, struct asked *asked)
{
    struct why *why = shared->execution->why;
    const struct http_client_options options = {.url = asked->peer->url};
    struct http_client *client;
    struct http_answer answer = {0};
    struct buf body = {0};
    enum err err = http_client_new(&options, &client, why);
    if (err)
        return why_set(why, ERR_UNAVAILABLE, "a process of the service is at no URL: '%.*s'",
                       STR_ARGS(asked->peer->url));
    write_request(shared, asked, &body);
    const struct http_request request = {.path = ENGINE_PULL_PATH,
                                         .body = buf_str(&body),
                                         .content_type = "application/json",
                                         .timeout_ms = ASK_MS_MAX,
                                         .on_piece = on_piece,
                                         .is_unwanted = is_unwanted,
                                         .context = asked};
    err = http_client_send(client, &request, &answer, why);
    buf_release(&body);
    http_client_free(client);
    if (asked->is_too_large)
        return why_set(why, ERR_LIMIT, "%.*s has more than 64 MB of rows: ask for fewer by WHERE",
                       STR_ARGS(asked->peer->url));
    if (err == OK && answer.status == 200)
        return OK;
    if (err == ERR_CLOSED)
        return err;
    const struct str said = message_of(buf_str(&asked->refusal), shared->execution->arena);
    if (err)
        why_prefix(why, "partition %d of query '%.*s'", asked->partitions[0],
                   STR_ARGS(shared->query_id));
    else
        why_set(why, ERR_UNAVAILABLE, "partition %d of query '%.*s': %.*s answers %d: %.*s",
                asked->partitions[0], STR_ARGS(shared->query_id), STR_ARGS(asked->peer->url),
                answer.status, STR_ARGS(said));
    return ERR_UNAVAILABLE;
}

/* Up to the limit, which each process kept on its own. */
static bool answer_rows(struct shared_pull *shared, const struct batch *rows)
{
    struct execution *execution = shared->execution;
    struct batch cut = *rows;
    if (shared->left >= 0 && (int64_t)cut.selected_count > shared->left)
        cut.selected_count = (uint32_t)shared->left;
    if (shared->left >= 0)
        shared->left -= cut.selected_count;
    const struct answer answer = {.kind = ANSWER_ROWS, .row_type = cut.row_type, .rows = &cut};
    const bool goes_on = cut.selected_count == 0 ||
                         execution->on_answer(execution->context, execution->statement, &answer);
    return goes_on && shared->left != 0 && !is_interrupted(execution);
}

static bool answer_own(void *context, const struct batch *rows)
{
    return answer_rows(context, rows);
}

static bool answer_batch(struct shared_pull *shared, struct batch *rows)
{
    rows->selected_count = rows->row_count;
    for (uint32_t i = 0; i < rows->row_count; i++)
        rows->selection[i] = (uint16_t)i;
    return rows->row_count == 0 || answer_rows(shared, rows);
}

/* What came over the network, checked as it is read. ERR_MALFORMED. */
static enum err read_rows(struct shared_pull *shared, const struct asked *asked)
{
    const struct row_type *row_type = shared->plan->row_type;
    struct str rest = buf_str(&asked->rows);
    struct arena arena;
    uint32_t total = 0;
    bool goes_on = true;
    enum err err = ERR_MALFORMED;
    arena_init(&arena, 0);
    struct batch *rows = batch_new(&arena, row_type, BATCH_ROWS_MAX);
    while (rest.size >= 4) {
        const uint32_t size = big_endian_get_32(rest.data);
        rest = (struct str){rest.data + 4, rest.size - 4};
        if (size == PULL_END) {
            const bool is_whole = rest.size == 4 && big_endian_get_32(rest.data) == total;
            err = is_whole ? OK : ERR_MALFORMED;
            break;
        }
        if (size > rest.size || kept_read((struct str){rest.data, size}, rows->columns, NULL,
                                          row_type->column_count, rows->row_count, &arena) != OK)
            break;
        rest = (struct str){rest.data + size, rest.size - size};
        rows->row_count++;
        total++;
        if (rows->row_count == BATCH_ROWS_MAX) {
            goes_on = goes_on && answer_batch(shared, rows);
            arena_clear(&arena);
            rows = batch_new(&arena, row_type, BATCH_ROWS_MAX);
        }
    }
    if (err == OK && goes_on)
        (void)answer_batch(shared, rows);
    arena_release(&arena);
    return err == OK
               ? OK
               : why_set(shared->execution->why, ERR_UNAVAILABLE,
                         "%.*s answers with something else than rows", STR_ARGS(asked->peer->url));
}

static enum err answer_all(struct shared_pull *shared)
{
    struct execution *execution = shared->execution;
    const struct running *query = query_find(execution->engine, shared->query_id);
    enum err err = OK;
    if (!query || !query->flow)
        return why_set(execution->why, ERR_UNAVAILABLE, "query '%.*s' was stopped meanwhile",
                       STR_ARGS(shared->query_id));
    const struct answer header = {.kind = ANSWER_HEADER, .row_type = shared->plan->row_type};
    if (!execution->on_answer(execution->context, execution->statement, &header))
        return OK;
    if (shared->own_count > 0)
        err = flow_pull_of(query->flow, shared->plan, shared->own, shared->own_count, answer_own,
                           shared, execution->why);
    for (uint32_t i = 0; i < shared->asked_count && err == OK && shared->left != 0; i++)
        if (shared->asked[i].partition_count > 0 && !is_interrupted(execution))
            err = read_rows(shared, &shared->asked[i]);
    return err;
}

enum err pull_shared(struct execution *execution, const struct running *query,
                     const struct pull_plan *plan)
{
    struct engine *engine = execution->engine;
    struct shared_pull shared = {.execution = execution,
                                 .plan = plan,
                                 .query_id = arena_str(execution->arena, query->id),
                                 .left = plan->limit};
    struct flow_part *parts;
    uint32_t part_count;
    enum err err = flow_pull_where(query->flow, plan, execution->arena, &shared.stage,
                                   &shared.wanted, &shared.wanted_count, execution->why);
    if (err)
        return err;
    (void)flow_get_parts(query->flow, execution->arena, &parts, &part_count);
    err = share_out(&shared, parts, part_count);
    /* Not while the lock is held: two processes may be asking each other. */
    pthread_mutex_unlock(&engine->lock);
    for (uint32_t i = 0; i < shared.asked_count && err == OK; i++)
        if (shared.asked[i].partition_count > 0)
            err = ask(&shared, &shared.asked[i]);
    pthread_mutex_lock(&engine->lock);
    if (err == OK)
        err = answer_all(&shared);
    for (uint32_t i = 0; i < shared.asked_count; i++) {
        buf_release(&shared.asked[i].rows);
        buf_release(&shared.asked[i].refusal);
    }
    return err == ERR_CLOSED && is_interrupted(execution) ? OK : err;
}

/* -- the one that is asked -- */

struct pull_request {
    struct str sql;
    struct str query;
    struct str type;
    int32_t *partitions;
    uint32_t partition_count;
};

static enum err read_request(struct str body, struct arena *arena, struct pull_request *request)
{
    struct json_reader reader;
    enum json_token token;
    *request = (struct pull_request){.partitions = ARENA_ARRAY(arena, int32_t, LOG_PARTITIONS_MAX)};
    json_reader_init(&reader, body, arena);
    if (json_next(&reader) != JSON_OBJECT_BEGIN)
        return ERR_MALFORMED;
    while ((token = json_next(&reader)) == JSON_NAME) {
        const struct str name = reader.text;
        token = json_next(&reader);
        if (str_equal(name, STR("sql")) && token == JSON_STRING) {
            request->sql = reader.text;
        } else if (str_equal(name, STR("query")) && token == JSON_STRING) {
            request->query = reader.text;
        } else if (str_equal(name, STR("type")) && token == JSON_STRING) {
            request->type = reader.text;
        } else if (str_equal(name, STR("partitions")) && token == JSON_ARRAY_BEGIN) {
            while ((token = json_next(&reader)) == JSON_NUMBER) {
                int64_t number;
                if (request->partition_count == LOG_PARTITIONS_MAX ||
                    str_to_int64(reader.text, &number) != OK || number < 0 || number > INT32_MAX)
                    return ERR_MALFORMED;
                request->partitions[request->partition_count++] = (int32_t)number;
            }
            if (token != JSON_ARRAY_END)
                return ERR_MALFORMED;
        } else if (json_skip(&reader, token, NULL) != OK) {
            return ERR_MALFORMED;
        }
    }
    return token == JSON_OBJECT_END && request->partition_count > 0 ? OK : ERR_MALFORMED;
}

struct pull_reply {
    struct buf *to;
    uint32_t count;
    bool is_too_large;
};

static void append_32(struct buf *buf, uint32_t number)
{
    uint8_t bytes[4];
    big_endian_put_32(bytes, number);
    buf_append_str(buf, (struct str){(const char *)bytes, sizeof(bytes)});
}

static bool keep_rows(void *context, const struct batch *rows)
{
    struct pull_reply *reply = context;
    struct buf row = {0};
    for (uint32_t i = 0; i < rows->selected_count; i++) {
        buf_clear(&row);
        kept_append(rows->columns, NULL, rows->row_type->column_count, rows->selection[i], &row);
        append_32(reply->to, (uint32_t)row.size);
        buf_append_str(reply->to, buf_str(&row));
    }
    reply->count += rows->selected_count;
    buf_release(&row);
    reply->is_too_large = reply->to->size > ANSWER_BYTES_MAX - 8;
    return !reply->is_too_large;
}

/* With the lock. */
static enum err reply(struct engine *engine, const struct pull_request *request,
                      struct arena *arena, struct buf *to, struct why *why)
{
    struct session session;
    struct statement *statements;
    struct pull_plan *plan;
    struct buf type = {0};
    uint32_t count = 0;
    session_init(&session, arena);
    enum err err = sql_parse(request->sql, NULL, arena, &statements, &count, why);
    if (err == OK && (count != 1 || statements[0].kind != STATEMENT_SELECT || statements[0].emit))
        err = why_set(why, ERR_INVALID, "one pull query is wanted");
    if (err)
        return err;
    const struct catalog catalog = catalog_view(engine, &session);
    err = sql_plan_pull(&statements[0], &catalog, arena, &plan, why);
    if (err)
        return err;
    row_type_format(plan->row_type, &type);
    const bool is_same =
        str_equal(buf_str(&type), request->type) && str_equal(plan->table->query, request->query);
    buf_release(&type);
    const struct running *query = query_find(engine, request->query);
    if (!is_same || !query || !query->flow)
        return why_set(why, ERR_UNAVAILABLE,
                       "this process has not caught up with the service's statements");
    struct pull_reply answer = {.to = to};
    err = flow_pull_of(query->flow, plan, request->partitions, request->partition_count, keep_rows,
                       &answer, why);
    if (err == OK && answer.is_too_large)
        err = why_set(why, ERR_LIMIT, "more than 64 MB of rows: ask for fewer by WHERE");
    append_32(to, PULL_END);
    append_32(to, answer.count);
    return err;
}

enum err engine_pull_own(struct engine *engine, struct str request, struct buf *ret_rows,
                         struct why *why)
{
    struct arena arena;
    struct pull_request asked;
    must(engine != NULL);
    arena_init(&arena, 0);
    enum err err = read_request(request, &arena, &asked);
    if (err)
        why_set(why, err, "this is no request of another process of the service");
    if (err == OK) {
        pthread_mutex_lock(&engine->lock);
        err = reply(engine, &asked, &arena, ret_rows, why);
        pthread_mutex_unlock(&engine->lock);
    }
    arena_release(&arena);
    return err;
}

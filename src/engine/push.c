/* push.c -- SELECT ... EMIT CHANGES: rows as they happen, until somebody has enough.
 *
 * A worker feeds copies of rows into a bounded queue; the statement's own thread takes them out. A
 * queue that has grown pauses the query, and only that one, until it is nearly empty: the log is
 * the buffer of a client that is slow. A worker never waits for a client. */
#include "base/clock.h"
#include "base/memory.h"
#include "base/queue.h"
#include "data/kept.h"
#include "engine/state.h"

#define PUSH_BATCHES_MAX 1024
#define PUSH_BATCHES_PAUSE 256
#define PUSH_BYTES_MAX (64 << 20)
#define PUSH_BYTES_PAUSE (8 << 20)
#define PUSH_BYTES_RESUME (1 << 20)
#define PUSH_POLL_MS 50

/* Copied rows. Worker -> statement's thread, which frees them. */
struct push_rows {
    struct buf bytes; /* kept rows, one after another */
    uint32_t count;
    struct {
        int64_t timestamp_ms;
        size_t size;
        bool is_delete;
    } at[BATCH_ROWS_MAX];
};

struct push {
    struct str id;
    struct str sql;
    struct session *session;
    struct queue queue;
    atomic_size_t bytes; /* in the queue */
    atomic_bool overrun;
    struct flow_query *query;
    struct push *next; /* under the engine's lock */
};

static size_t rows_bytes(const struct push_rows *rows)
{
    return sizeof(*rows) + rows->bytes.size;
}

static void rows_free(struct push_rows *rows)
{
    buf_release(&rows->bytes);
    free(rows);
}

static bool push_feed(void *context, const struct batch *rows)
{
    struct push *push = context;
    if (rows->selected_count == 0)
        return true;
    struct push_rows *copy = MEMORY_NEW(struct push_rows);
    for (uint32_t i = 0; i < rows->selected_count; i++) {
        const uint32_t row = rows->selection[i];
        const size_t before = copy->bytes.size;
        kept_append(rows->columns, NULL, rows->row_type->column_count, row, &copy->bytes);
        copy->at[i].timestamp_ms = rows->timestamps[row];
        copy->at[i].size = copy->bytes.size - before;
        copy->at[i].is_delete = rows->kinds && rows->kinds[row] == ROW_DELETE;
    }
    copy->count = rows->selected_count;
    /* What is there with these rows decides: they may be megabytes, and so may what each of the
     * other workers is about to add. */
    const size_t added = rows_bytes(copy);
    const size_t before = atomic_fetch_add(&push->bytes, added);
    if (before > PUSH_BYTES_MAX || queue_push(&push->queue, copy, 0) != OK) {
        atomic_store(&push->overrun, true);
        rows_free(copy);
    }
    return before + added < PUSH_BYTES_PAUSE && queue_count(&push->queue) < PUSH_BATCHES_PAUSE;
}

/* Lets a paused query read on once little is left. A worker may pause it just after it was let go:
 * whoever waits for rows asks again and again. */
static void push_resume(struct engine *engine, struct push *push)
{
    if (atomic_load(&push->bytes) > PUSH_BYTES_RESUME || !flow_is_paused(push->query))
        return;
    pthread_mutex_lock(&engine->lock);
    flow_pause(push->query, false);
    pthread_mutex_unlock(&engine->lock);
}

static struct batch *rows_to_batch(const struct push_rows *rows, const struct row_type *row_type,
                                   int64_t limit, struct arena *arena)
{
    struct batch *batch = batch_new(arena, row_type, rows->count);
    batch_add_kinds(batch);
    size_t offset = 0;
    for (uint32_t i = 0; i < rows->count && (limit < 0 || i < limit); i++) {
        const struct str bytes = {rows->bytes.data + offset, rows->at[i].size};
        must(kept_read(bytes, batch->columns, NULL, row_type->column_count, i, arena) == OK);
        batch->timestamps[i] = rows->at[i].timestamp_ms;
        batch->kinds[i] = rows->at[i].is_delete ? ROW_DELETE : ROW_PUT;
        batch->row_count = i + 1;
        offset += rows->at[i].size;
    }
    batch_select_all(batch);
    return batch;
}

static enum err answer_rows(struct execution *execution, struct push *push, const struct plan *plan)
{
    struct arena arena;
    int64_t left = plan->limit;
    bool wanted = left != 0;
    enum err err = OK;
    arena_init(&arena, 0);
    while (wanted && !is_interrupted(execution)) {
        void *item;
        if (atomic_load(&push->overrun)) {
            err = why_set(execution->why, ERR_LIMIT,
                          "rows came faster than they were taken: query ended");
            break;
        }
        err = queue_pop(&push->queue, PUSH_POLL_MS, &item);
        if (err == OK)
            atomic_fetch_sub(&push->bytes, rows_bytes(item));
        push_resume(execution->engine, push);
        if (err)
            continue;
        const struct batch *rows = rows_to_batch(item, plan->row_type, left, &arena);
        const struct answer answer = {
            .kind = ANSWER_ROWS, .row_type = plan->row_type, .rows = rows};
        wanted = execution->on_answer(execution->context, execution->statement, &answer);
        if (left > 0)
            wanted = (left -= rows->row_count) > 0 && wanted;
        rows_free(item);
        arena_clear(&arena);
    }
    arena_release(&arena);
    return err == ERR_AGAIN ? OK : err;
}

static enum err push_start(struct execution *execution, struct push *push, struct plan **ret_plan,
                           struct flow_query **ret_query)
{
    struct engine *engine = execution->engine;
    struct properties *settings = &execution->session->settings;
    const struct str reset = setting_get(engine, settings, STR("auto.offset.reset"), STR("latest"));
    const struct str throws =
        setting_get(engine, settings, STR("timestamp.throw.on.invalid"), STR("false"));
    const struct str id =
        arena_printf(execution->arena, "transient_%lld", (long long)clock_monotonic_ns());
    push->id = id;
    push->sql = execution->statement->text;
    push->session = execution->session;
    const struct flow_query_options options = {
        .id = id,
        .internal_prefix = arena_printf(execution->arena, "_confluent-ksql-%.*s%.*s-",
                                        STR_ARGS(engine->options.service_id), STR_ARGS(id)),
        .from_earliest = str_equal_nocase(reset, STR("earliest")),
        .stops_at_bad_time = str_equal_nocase(throws, STR("true")),
        .feed = push_feed,
        .feed_context = push,
    };
    enum err err = sql_plan_query(execution->statement, &execution->catalog, execution->arena,
                                  ret_plan, execution->why);
    if (err)
        return err;
    err = flow_start(engine->flow, *ret_plan, &options, ret_query, execution->why);
    if (err)
        return err;
    push->query = *ret_query;
    push->next = engine->pushes;
    engine->pushes = push;
    return OK;
}

static enum err push_stop(struct engine *engine, struct push *push, struct flow_query *query,
                          struct why *why)
{
    pthread_mutex_lock(&engine->lock);
    struct push **at = &engine->pushes;
    while (*at != push)
        at = &(*at)->next;
    *at = push->next;
    const enum err err = flow_stop(query, true, why);
    pthread_mutex_unlock(&engine->lock);
    return err;
}

enum err engine_end_push(struct engine *engine, struct str id)
{
    pthread_mutex_lock(&engine->lock);
    struct push *push = engine->pushes;
    while (push && !str_equal(push->id, id))
        push = push->next;
    if (push)
        session_interrupt(push->session);
    pthread_mutex_unlock(&engine->lock);
    return push ? OK : ERR_NOT_FOUND;
}

void describe_pushes(struct execution *execution, struct described_query **ret_queries,
                     uint32_t *ret_count)
{
    uint32_t count = 0;
    for (const struct push *push = execution->engine->pushes; push; push = push->next)
        count++;
    struct described_query *queries =
        ARENA_ARRAY(execution->arena, struct described_query, count + 1);
    count = 0;
    for (const struct push *push = execution->engine->pushes; push; push = push->next)
        queries[count++] = (struct described_query){.id = arena_str(execution->arena, push->id),
                                                    .sql = arena_str(execution->arena, push->sql),
                                                    .state = "RUNNING"};
    *ret_queries = queries;
    *ret_count = count;
}

/* The header first: a client learns the id before rows come. */
static enum err answer_push(struct execution *execution, struct push *push, const struct plan *plan)
{
    const struct answer header = {
        .kind = ANSWER_HEADER, .row_type = plan->row_type, .query_id = push->id};
    if (!execution->on_answer(execution->context, execution->statement, &header))
        return OK;
    return answer_rows(execution, push, plan);
}

enum err execute_push(struct execution *execution)
{
    struct engine *engine = execution->engine;
    struct push push = {.overrun = false};
    struct plan *plan = NULL;
    struct flow_query *query = NULL;
    queue_init(&push.queue, PUSH_BATCHES_MAX);
    pthread_mutex_lock(&engine->lock);
    enum err err = push_start(execution, &push, &plan, &query);
    pthread_mutex_unlock(&engine->lock);
    if (err == OK) {
        err = answer_push(execution, &push, plan);
        const enum err stopped = push_stop(engine, &push, query, err ? NULL : execution->why);
        if (err == OK)
            err = stopped;
    }
    void *item;
    while (queue_pop(&push.queue, 0, &item) == OK)
        rows_free(item);
    queue_release(&push.queue);
    return err;
}

/* peers.c -- the processes of a service tell each other where they are and what they run.
 *
 * Each keeps one record of its own in a compacted topic, by its instance's name, and writes it anew
 * when it changes and every BEAT_MS:
 *     {"version":1,"url":"http://10.0.0.1:8088","files":"","registry":true,
 *      "queries":{"CTAS_T_3":{"state":"RUNNING","parts":[[1,0,100],[1,2,37]]}}}
 * A part is [stage, partition, percent read back]. Who ends in peace leaves a tombstone; who has
 * not written for STALE_MS counts as away. */
#include "base/clock.h"
#include "base/condition.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/trace.h"
#include "engine/state.h"

#define BEAT_MS 2000
#define STALE_MS (3 * BEAT_MS + 500)
#define LOOK_MS 250
#define WRITE_MS_MAX 5000
#define READ_BYTES_MAX (1 << 20)
#define PEERS_MAX 256
#define PARTS_MAX 65536

struct peer {
    struct arena arena;
    struct str name;
    struct peer_info info;
    int64_t seen_ns;
    struct peer *next;
};

struct peers {
    struct engine *engine;
    struct arena arena;
    struct log_topic *topic;
    struct log_member *member; /* the thread's, once it runs */
    int64_t offset;
    pthread_t thread;
    bool runs;
    struct str url;
    struct buf said; /* what was written last */
    int64_t said_ns;

    pthread_mutex_t lock; /* what is below */
    pthread_cond_t changed;
    bool stopping;
    struct peer *first;
    uint32_t count;
};

static void peer_free(struct peer *peer)
{
    arena_release(&peer->arena);
    free(peer);
}

/* Under the lock. */
static struct peer **find(struct peers *peers, struct str name)
{
    struct peer **at = &peers->first;
    while (*at && !str_equal((*at)->name, name))
        at = &(*at)->next;
    return at;
}

/* [[stage, partition, percent], ...]; the opening bracket was read. */
static enum err read_parts(struct json_reader *reader, struct arena *arena,
                           struct peer_query *query)
{
    uint32_t capacity = 0;
    enum json_token token;
    while ((token = json_next(reader)) == JSON_ARRAY_BEGIN) {
        int64_t numbers[3];
        for (int i = 0; i < 3; i++)
            if (json_next(reader) != JSON_NUMBER || str_to_int64(reader->text, &numbers[i]) != OK ||
                numbers[i] < 0 || numbers[i] > INT32_MAX)
                return ERR_MALFORMED;
        if (json_next(reader) != JSON_ARRAY_END || query->part_count == PARTS_MAX)
            return ERR_MALFORMED;
        if (query->part_count == capacity) {
            capacity = capacity ? capacity * 2 : 16;
            struct peer_part *parts = ARENA_ARRAY(arena, struct peer_part, capacity);
            if (query->part_count > 0)
                memcpy(parts, query->parts, query->part_count * sizeof(*parts));
            query->parts = parts;
        }
        query->parts[query->part_count++] = (struct peer_part){.stage = (uint32_t)numbers[0],
                                                               .partition = (int32_t)numbers[1],
                                                               .percent = (uint32_t)numbers[2]};
    }
    return token == JSON_ARRAY_END ? OK : ERR_MALFORMED;
}

static enum err read_query(struct json_reader *reader, struct arena *arena,
                           struct peer_query *query)
{
    enum json_token token;
    if (json_next(reader) != JSON_OBJECT_BEGIN)
        return ERR_MALFORMED;
    while ((token = json_next(reader)) == JSON_NAME) {
        const struct str name = reader->text;
        token = json_next(reader);
        enum err err = OK;
        if (str_equal(name, STR("state")) && token == JSON_STRING)
            query->state = arena_str(arena, reader->text);
        else if (str_equal(name, STR("parts")) && token == JSON_ARRAY_BEGIN)
            err = read_parts(reader, arena, query);
        else
            err = json_skip(reader, token, NULL);
        if (err)
            return err;
    }
    return token == JSON_OBJECT_END ? OK : ERR_MALFORMED;
}

static enum err read_queries(struct json_reader *reader, struct arena *arena,
                             struct peer_info *info)
{
    enum json_token token;
    info->queries = ARENA_ARRAY(arena, struct peer_query, ENGINE_QUERIES_MAX);
    while ((token = json_next(reader)) == JSON_NAME) {
        if (info->query_count == ENGINE_QUERIES_MAX)
            return ERR_MALFORMED;
        struct peer_query *query = &info->queries[info->query_count++];
        *query = (struct peer_query){.id = arena_str(arena, reader->text)};
        const enum err err = read_query(reader, arena, query);
        if (err)
            return err;
    }
    return token == JSON_OBJECT_END ? OK : ERR_MALFORMED;
}

static enum err read_info(struct str text, struct arena *arena, struct peer_info *info)
{
    struct json_reader reader;
    enum json_token token;
    json_reader_init(&reader, text, arena);
    if (json_next(&reader) != JSON_OBJECT_BEGIN)
        return ERR_MALFORMED;
    while ((token = json_next(&reader)) == JSON_NAME) {
        const struct str name = reader.text;
        token = json_next(&reader);
        enum err err = OK;
        if (str_equal(name, STR("url")) && token == JSON_STRING)
            info->url = arena_str(arena, reader.text);
        else if (str_equal(name, STR("files")) && token == JSON_STRING)
            info->files = arena_str(arena, reader.text);
        else if (str_equal(name, STR("registry")))
            info->has_registry = token == JSON_TRUE;
        else if (str_equal(name, STR("queries")) && token == JSON_OBJECT_BEGIN)
            err = read_queries(&reader, arena, info);
        else
            err = json_skip(&reader, token, NULL);
        if (err)
            return err;
    }
    return token == JSON_OBJECT_END ? OK : ERR_MALFORMED;
}

/* What cannot be read is nobody's. */
static void take_record(struct peers *peers, const struct record *record)
{
    if (str_equal(record->key, peers->engine->options.instance))
        return;
    struct peer *peer = MEMORY_NEW(struct peer);
    arena_init(&peer->arena, 0);
    peer->name = arena_str(&peer->arena, record->key);
    const bool is_there =
        record->value.size > 0 && read_info(record->value, &peer->arena, &peer->info) == OK;
    const int64_t age_ms = clock_wall_ms() - record->timestamp_ms;
    peer->seen_ns = clock_monotonic_ns() - (age_ms > 0 ? age_ms : 0) * INT64_C(1000000);
    pthread_mutex_lock(&peers->lock);
    struct peer **at = find(peers, peer->name);
    struct peer *before = *at;
    if (before) {
        *at = before->next;
        peers->count--;
        peer_free(before);
    }
    if (is_there && peers->count < PEERS_MAX) {
        peer->next = peers->first;
        peers->first = peer;
        peers->count++;
        peer = NULL;
    }
    pthread_mutex_unlock(&peers->lock);
    if (peer)
        peer_free(peer);
}

static enum err read_others(struct peers *peers, struct why *why)
{
    for (;;) {
        struct log_records *records;
        enum err err =
            log_read(peers->member, peers->topic, 0, peers->offset, READ_BYTES_MAX, &records, why);
        if (err == ERR_OUT_OF_RANGE)
            peers->offset = 0;
        if (err)
            return err;
        const bool at_end = records->count == 0 && records->next_offset == peers->offset;
        for (uint32_t i = 0; i < records->count; i++)
            take_record(peers, &records->at[i]);
        peers->offset = records->next_offset;
        log_records_release(records);
        if (at_end)
            return OK;
    }
}

static enum err join(struct peers *peers, struct why *why)
{
    const struct log_member_options options = {.name = STR("peers"), .committed_only = true};
    return log_join(peers->engine->options.log, &options, &peers->member, why);
}

static enum err write_own(struct peers *peers, struct str value, int64_t timeout_ms)
{
    struct record_batch_builder builder;
    record_batch_builder_init(&builder);
    const struct record record = {
        .timestamp_ms = clock_wall_ms(), .key = peers->engine->options.instance, .value = value};
    enum err err = record_batch_add(&builder, &record);
    bool taken = false;
    if (err == OK) {
        record_batch_finish(&builder);
        const struct log_append append = {
            .topic = peers->topic, .batch = builder.buf.data, .batch_size = builder.buf.size};
        const struct log_step step = {.appends = &append, .append_count = 1};
        err = log_commit_wait(peers->member, &step, timeout_ms, &taken);
    }
    if (taken)
        builder.buf = (struct buf){0};
    record_batch_builder_release(&builder);
    if (err == ERR_ABORTED) {
        struct log_member *before = peers->member;
        if (join(peers, NULL) == OK)
            log_leave(before);
    }
    return err;
}

static void write_query(struct buf *text, const struct running *query, struct arena *arena)
{
    struct flow_part *parts = NULL;
    uint32_t count = 0;
    const enum flow_state state =
        query->flow ? flow_get_parts(query->flow, arena, &parts, &count) : FLOW_ERROR;
    json_write_string(text, query->id);
    buf_printf(text, ":{\"state\":\"%s\",\"parts\":[", query_state_word(state));
    bool is_first = true;
    for (uint32_t i = 0; i < count; i++) {
        if (!parts[i].is_ours)
            continue;
        buf_printf(text, "%s[%u,%d,%d]", is_first ? "" : ",", parts[i].stage, parts[i].partition,
                   (int)(parts[i].restored * 100));
        is_first = false;
    }
    buf_append_str(text, STR("]}"));
}

static void write_info(struct peers *peers, struct buf *text)
{
    struct engine *engine = peers->engine;
    struct arena arena;
    arena_init(&arena, 0);
    buf_append_str(text, STR("{\"version\":1,\"url\":"));
    json_write_string(text, peers->url);
    buf_append_str(text, STR(",\"files\":"));
    json_write_string(text, engine->files_digest);
    buf_printf(text, ",\"registry\":%s,\"queries\":{",
               engine->options.has_registry ? "true" : "false");
    pthread_mutex_lock(&engine->lock);
    for (uint32_t i = 0; i < engine->query_count; i++) {
        if (i > 0)
            buf_append_byte(text, ',');
        write_query(text, engine->queries[i], &arena);
    }
    pthread_mutex_unlock(&engine->lock);
    buf_append_str(text, STR("}}"));
    arena_release(&arena);
}

static enum err beat(struct peers *peers)
{
    struct buf text = {0};
    write_info(peers, &text);
    const int64_t now_ns = clock_monotonic_ns();
    const bool is_due = now_ns - peers->said_ns >= BEAT_MS * INT64_C(1000000);
    enum err err = OK;
    if (is_due || !str_equal(buf_str(&text), buf_str(&peers->said))) {
        err = write_own(peers, buf_str(&text), WRITE_MS_MAX);
        peers->said_ns = now_ns;
        const struct buf before = peers->said;
        peers->said = text;
        text = before;
    }
    buf_release(&text);
    return err;
}

static bool rest(struct peers *peers)
{
    const int64_t until_ns = clock_monotonic_ns() + LOOK_MS * INT64_C(1000000);
    pthread_mutex_lock(&peers->lock);
    while (!peers->stopping)
        if (!condition_wait(&peers->changed, &peers->lock, until_ns))
            break;
    const bool goes_on = !peers->stopping;
    pthread_mutex_unlock(&peers->lock);
    return goes_on;
}

static void *peers_run(void *context)
{
    struct peers *peers = context;
    bool failed = false;
    do {
        struct why why = {0};
        enum err err = read_others(peers, &why);
        if (err == OK)
            err = beat(peers);
        if (err && !failed)
            trace(TRACE_WARNING, "engine", "other processes of the service do not hear of this: %s",
                  why.text[0] ? why.text : err_text(err));
        failed = err != OK;
    } while (rest(peers));
    const enum err err = write_own(peers, (struct str){0}, 1000);
    if (err)
        trace(TRACE_DEBUG, "engine", "the other processes were not told of the end: %s",
              err_text(err));
    return NULL;
}

/* Two registries would give one id to two schemas. */
static enum err check_registry(struct engine *engine, struct why *why)
{
    struct peer_info *others;
    uint32_t count;
    if (!engine->options.has_registry)
        return OK;
    peers_get(engine, &engine->peers->arena, &others, &count);
    for (uint32_t i = 0; i < count; i++)
        if (others[i].has_registry)
            return why_set(why, ERR_LOCKED,
                           "another process of service '%.*s' (%.*s) has the schema registry "
                           "inside it: say schema.registry.url here, with that one's address",
                           STR_ARGS(engine->options.service_id),
                           STR_ARGS(others[i].url.size > 0 ? others[i].url : STR("without a URL")));
    return OK;
}

enum err peers_open(struct engine *engine, struct why *why)
{
    const struct str name = arena_printf(&engine->arena, "_confluent-ksql-%.*s_peers",
                                         STR_ARGS(engine->options.service_id));
    const struct log_topic_config wish = {.partition_count = 1, .compacted = true};
    enum err err = topic_ensure(engine, name, &wish, false, why);
    if (err)
        return err;
    struct peers *peers = MEMORY_NEW(struct peers);
    peers->engine = engine;
    arena_init(&peers->arena, 0);
    pthread_mutex_init(&peers->lock, NULL);
    condition_init(&peers->changed);
    engine->peers = peers;
    err = log_topic_open(engine->options.log, name, &peers->topic);
    if (err == OK)
        err = join(peers, why);
    if (err == OK)
        err = read_others(peers, why);
    return err ? err : check_registry(engine, why);
}

enum err peers_start(struct engine *engine, struct str url, struct why *why)
{
    struct peers *peers = engine->peers;
    must(peers != NULL);
    must(!peers->runs);
    peers->url = arena_str(&peers->arena, url);
    const int code = pthread_create(&peers->thread, NULL, peers_run, peers);
    peers->runs = code == 0;
    return code ? why_set(why, ERR_IO, "cannot start a thread: %s", strerror(code)) : OK;
}

void peers_close(struct engine *engine)
{
    struct peers *peers = engine->peers;
    if (!peers)
        return;
    pthread_mutex_lock(&peers->lock);
    peers->stopping = true;
    pthread_cond_broadcast(&peers->changed);
    pthread_mutex_unlock(&peers->lock);
    if (peers->runs)
        pthread_join(peers->thread, NULL);
    log_leave(peers->member);
    while (peers->first) {
        struct peer *peer = peers->first;
        peers->first = peer->next;
        peer_free(peer);
    }
    buf_release(&peers->said);
    pthread_mutex_destroy(&peers->lock);
    pthread_cond_destroy(&peers->changed);
    arena_release(&peers->arena);
    free(peers);
    engine->peers = NULL;
}

static void copy_info(const struct peer_info *from, struct arena *arena, struct peer_info *to)
{
    *to = *from;
    to->url = arena_str(arena, from->url);
    to->files = arena_str(arena, from->files);
    to->queries = ARENA_ARRAY(arena, struct peer_query, from->query_count + 1);
    for (uint32_t i = 0; i < from->query_count; i++) {
        const struct peer_query *query = &from->queries[i];
        to->queries[i] = *query;
        to->queries[i].id = arena_str(arena, query->id);
        to->queries[i].state = arena_str(arena, query->state);
        to->queries[i].parts = ARENA_ARRAY(arena, struct peer_part, query->part_count + 1);
        if (query->part_count > 0)
            memcpy(to->queries[i].parts, query->parts, query->part_count * sizeof(*query->parts));
    }
}

void peers_get(struct engine *engine, struct arena *arena, struct peer_info **ret_peers,
               uint32_t *ret_count)
{
    struct peers *peers = engine->peers;
    *ret_peers = NULL;
    *ret_count = 0;
    if (!peers)
        return;
    const int64_t since_ns = clock_monotonic_ns() - STALE_MS * INT64_C(1000000);
    pthread_mutex_lock(&peers->lock);
    *ret_peers = ARENA_ARRAY(arena, struct peer_info, peers->count + 1);
    for (const struct peer *peer = peers->first; peer; peer = peer->next)
        if (peer->seen_ns >= since_ns)
            copy_info(&peer->info, arena, &(*ret_peers)[(*ret_count)++]);
    pthread_mutex_unlock(&peers->lock);
}

static void add_state(struct described_states *states, struct str word)
{
    for (enum flow_state state = FLOW_RESTORING; state <= FLOW_ERROR; state++) {
        const char *known = query_state_word(state);
        if (!str_equal(word, str_from(known)))
            continue;
        uint32_t i = 0;
        while (i < states->count && states->words[i] != known)
            i++;
        states->words[i] = known;
        states->counts[i]++;
        states->count += i == states->count;
    }
}

void peers_add_states(struct engine *engine, struct str id, struct described_states *states)
{
    struct peers *peers = engine->peers;
    if (!peers)
        return;
    const int64_t since_ns = clock_monotonic_ns() - STALE_MS * INT64_C(1000000);
    pthread_mutex_lock(&peers->lock);
    for (const struct peer *peer = peers->first; peer; peer = peer->next)
        for (uint32_t i = 0; peer->seen_ns >= since_ns && i < peer->info.query_count; i++)
            if (str_equal(peer->info.queries[i].id, id))
                add_state(states, peer->info.queries[i].state);
    pthread_mutex_unlock(&peers->lock);
}

enum err engine_announce(struct engine *engine, struct str url, struct why *why)
{
    must(engine != NULL);
    return engine->peers ? peers_start(engine, url, why) : OK;
}

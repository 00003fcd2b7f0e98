/* dead_letter.c -- records a sink cannot deliver: original bytes, where they stood, and why.
 *
 * Their key names the sink and the place, so that a reader who sees one twice counts it once; the
 * original key stands in a header. Headers are those of Kafka Connect. They are durable before the
 * position moves: a crash between the two writes them again, never loses one. */
#include "sink/runtime.h"

#include <inttypes.h>

#define FLUSH_BYTES (8 << 20)
#define COMMIT_WAIT_MS 100
#define HEADERS_OWN 9
#define HEADER(name) STR("__connect.errors." name)

static enum err topic_open(struct sink *sink, struct why *why);
static enum err commit(struct sink *sink, struct why *why);
static enum err wait_durable(struct sink *sink, uint64_t sequence);

static void add_header(struct record *letter, struct record_header *headers, struct str name,
                       struct str value, bool is_null)
{
    headers[letter->header_count++] = (struct record_header){
        .name = name, .value = {value.data ? value.data : "", value.size}, .is_null = is_null};
}

static struct str number_text(char *text, size_t size, int64_t number)
{
    return (struct str){text, (size_t)snprintf(text, size, "%" PRId64, number)};
}

enum err letters_add(struct sink *sink, const struct origin *origin, const struct record *record,
                     const char *stage, enum err reason, const struct why *reason_why,
                     struct why *why)
{
    char partition[24];
    char offset[24];
    struct record_header headers[RECORD_HEADERS_MAX];
    struct record letter = {.timestamp_ms = record->timestamp_ms < 0 ? 0 : record->timestamp_ms,
                            .value = record->value,
                            .headers = headers};
    struct buf key = {0};
    buf_printf(&key, "%.*s/%.*s/%" PRId32 "/%" PRId64, STR_ARGS(sink->name),
               STR_ARGS(origin->topic->name), origin->partition, origin->offset);
    letter.key = buf_str(&key);
    for (uint32_t i = 0;
         i < record->header_count && letter.header_count + HEADERS_OWN < RECORD_HEADERS_MAX; i++)
        headers[letter.header_count++] = record->headers[i];
    const uint32_t original_count = letter.header_count;
    add_header(&letter, headers, HEADER("topic"), origin->topic->name, false);
    add_header(&letter, headers, HEADER("partition"),
               number_text(partition, sizeof(partition), origin->partition), false);
    add_header(&letter, headers, HEADER("offset"),
               number_text(offset, sizeof(offset), origin->offset), false);
    add_header(&letter, headers, HEADER("connector.name"), sink->name, false);
    add_header(&letter, headers, HEADER("task.id"), STR("0"), false);
    add_header(&letter, headers, HEADER("stage"), str_from(stage), false);
    add_header(&letter, headers, HEADER("exception.class.name"), str_from(err_name(reason)), false);
    add_header(&letter, headers, HEADER("exception.message"), str_from(reason_why->text), false);
    add_header(&letter, headers, STR("__drivethru.errors.key"), record->key,
               record->key.data == NULL);
    enum err err = record_batch_add(&sink->letters.builder, &letter);
    if (err == ERR_LIMIT) {
        /* A record of the largest size and these headers do not fit: its place still says where
         * the original is. */
        headers[letter.header_count - 1] = (struct record_header){
            .name = STR("__drivethru.errors.shortened"), .value = STR("true")};
        letter.headers = headers + original_count;
        letter.header_count -= original_count;
        letter.value = (struct str){0};
        err = record_batch_add(&sink->letters.builder, &letter);
    }
    must(err == OK);
    buf_release(&key);
    sink->letters.waiting++;
    return sink->letters.builder.buf.size < FLUSH_BYTES ? OK : letters_flush(sink, why);
}

enum err letters_flush(struct sink *sink, struct why *why)
{
    struct dead_letters *letters = &sink->letters;
    if (letters->waiting == 0)
        return OK;
    enum err err = OK;
    for (uint32_t attempt = 0;; attempt++) {
        err = topic_open(sink, why);
        if (err == OK)
            err = commit(sink, why);
        const enum reaction reaction = err_reaction(err);
        if (err == OK && attempt > 0)
            sink_run_again(sink);
        if (reaction != REACTION_RETRY && reaction != REACTION_REBUILD)
            break;
        if (!sink_wait_out(sink, attempt, why)) {
            err = ERR_CLOSED;
            break;
        }
    }
    if (err)
        return err;
    sink_count(sink, 0, letters->waiting);
    letters->waiting = 0;
    return OK;
}

static enum err topic_open(struct sink *sink, struct why *why)
{
    struct dead_letters *letters = &sink->letters;
    if (letters->topic)
        return OK;
    const struct str name = sink->settings.dead_letter_topic;
    enum err err = log_topic_open(sink->options.log, name, &letters->topic);
    if (err != ERR_NOT_FOUND)
        return err ? why_set(why, err, "cannot open the dead-letter topic '%.*s'", STR_ARGS(name))
                   : OK;
    const struct log_topic_config config = {
        .partition_count = 1, .takes_all = true, .retention_ms = -1, .retention_bytes = -1};
    err = log_create(sink->options.log, name, &config, why);
    if (err && err != ERR_EXISTS)
        return err;
    return log_topic_open(sink->options.log, name, &letters->topic);
}

/* The builder is empty afterwards, or as it was. */
static enum err commit(struct sink *sink, struct why *why)
{
    struct dead_letters *letters = &sink->letters;
    record_batch_finish(&letters->builder);
    /* A copy goes to the log: should the commit fail, it is tried again. */
    const struct str batch = buf_str(&letters->builder.buf);
    struct buf copy = {0};
    buf_append_str(&copy, batch);
    const struct log_append append = {
        .topic = letters->topic, .batch = copy.data, .batch_size = copy.size};
    const struct log_step step = {.appends = &append, .append_count = 1};
    uint64_t sequence = 0;
    enum err err = log_commit(sink->member, &step, &sequence);
    if (err)
        buf_release(&copy);
    else
        err = wait_durable(sink, sequence);
    if (err == ERR_NOT_FOUND) {
        letters->topic = NULL;
        err = ERR_AGAIN;
    }
    if (err == ERR_ABORTED)
        err = sink_rejoin(sink, why) ? ERR_AGAIN : ERR_ABORTED;
    if (err)
        return why_set(why, err, "cannot write dead letters: %s", err_text(err));
    record_batch_builder_clear(&letters->builder);
    return OK;
}

static enum err wait_durable(struct sink *sink, uint64_t sequence)
{
    for (;;) {
        uint64_t durable = 0;
        const enum err err = log_committed(sink->member, &durable);
        if (err != ERR_ABORTED && durable >= sequence)
            return OK;
        if (err && err != ERR_FULL && err != ERR_AGAIN)
            return err;
        if (sink_is_stopping(sink))
            return ERR_CLOSED;
        const enum err waited = log_wait(sink->member, COMMIT_WAIT_MS);
        if (waited && waited != ERR_AGAIN)
            return waited;
    }
}

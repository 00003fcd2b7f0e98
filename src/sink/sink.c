/* sink.c -- a sink's thread, and what others may ask of it.
 *
 * The thread goes round: look for topics, gather, deliver, hold. Its state is in the target (the
 * position) and nowhere else, so it can be killed at any point. */
#include "sink/sink.h"

#include "base/clock.h"
#include "base/condition.h"
#include "base/memory.h"
#include "base/trace.h"
#include "sink/runtime.h"

#define IDLE_WAIT_MS 50
#define PAUSE_WAIT_MS 50
#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 10000
#define BACKOFF_DOUBLINGS_MAX 10

static enum err sink_prepare(struct sink *sink, struct why *why);
static void sink_free(struct sink *sink);
static void trace_notes(const struct sink *sink);
static void *run(void *argument);
static enum err round_once(struct sink *sink, struct why *why);
static bool wait_while_paused(struct sink *sink);
static bool wait_for(struct sink *sink, int64_t duration_ms, bool or_other_shares);
static void show_lag(struct sink *sink);

enum err sink_check(const struct properties *properties, struct why *why)
{
    must(properties != NULL);
    struct arena arena;
    struct sink_settings settings = {0};
    arena_init(&arena, 0);
    const enum err err = settings_read(properties, &arena, &settings, why);
    settings_release(&settings);
    arena_release(&arena);
    return err;
}

enum err sink_start(const struct sink_options *options, struct sink **ret_sink, struct why *why)
{
    must(options->properties != NULL);
    must(options->log != NULL);
    must(options->target != NULL);
    must(options->name.size > 0);
    struct sink *sink = MEMORY_NEW(struct sink);
    sink->options = *options;
    sink->paused = options->paused;
    arena_init(&sink->arena, 0);
    arena_init(&sink->batch_arena, 256 << 10);
    condition_init(&sink->changed);
    pthread_mutex_init(&sink->lock, NULL);
    pthread_mutex_init(&sink->control, NULL);
    record_batch_builder_init(&sink->letters.builder);
    const enum err err = sink_prepare(sink, why);
    if (err) {
        sink_free(sink);
        return err;
    }
    trace_notes(sink);
    delivery_init(sink);
    must(pthread_create(&sink->thread, NULL, run, sink) == 0);
    *ret_sink = sink;
    return OK;
}

static void end_thread(struct sink *sink)
{
    pthread_mutex_lock(&sink->lock);
    sink->stopping = true;
    pthread_cond_broadcast(&sink->changed);
    pthread_mutex_unlock(&sink->lock);
    pthread_join(sink->thread, NULL);
}

void sink_stop(struct sink *sink)
{
    if (!sink)
        return;
    end_thread(sink);
    delivery_release(sink);
    sink_free(sink);
}

/* What was gathered and not written is gathered again: the target has the position. */
enum err sink_restart(struct sink *sink, struct why *why)
{
    must(sink != NULL);
    pthread_mutex_lock(&sink->control);
    end_thread(sink);
    delivery_release(sink);
    record_batch_builder_clear(&sink->letters.builder);
    sink->letters.waiting = 0;
    topics_free(sink);
    sink->refresh_at_ns = 0;
    sink->is_restarted = true;
    const enum err err = sink_rejoin(sink, why);
    sink->delivery = (struct delivery){.count = 0};
    delivery_init(sink);
    pthread_mutex_lock(&sink->lock);
    sink->stopping = false;
    sink->paused = false;
    sink->status.state = SINK_RUNNING;
    sink->status.why = (struct why){0};
    pthread_mutex_unlock(&sink->lock);
    must(pthread_create(&sink->thread, NULL, run, sink) == 0);
    pthread_mutex_unlock(&sink->control);
    return err;
}

void sink_get_ways(const struct sink *sink, struct arena *arena, struct sink_ways *ret_ways)
{
    struct sink_ways ways = {.count = 0};
    struct str *names;
    size_t count;
    if (log_list(sink->options.log, arena, &names, &count, NULL) != OK)
        count = 0;
    ways.topics = ARENA_ARRAY(arena, struct str, count);
    ways.collections = ARENA_ARRAY(arena, struct str, count);
    for (size_t i = 0; i < count; i++) {
        struct topic_settings settings;
        if (str_equal(names[i], sink->settings.dead_letter_topic) ||
            !settings_want(&sink->settings, names[i]) ||
            settings_of_topic(&sink->properties, names[i], arena, &settings, NULL) != OK)
            continue;
        ways.topics[ways.count] = names[i];
        ways.collections[ways.count++] = settings.collection;
    }
    *ret_ways = ways;
}

void sink_pause(struct sink *sink, bool paused)
{
    must(sink != NULL);
    pthread_mutex_lock(&sink->lock);
    sink->paused = paused;
    pthread_cond_broadcast(&sink->changed);
    pthread_mutex_unlock(&sink->lock);
}

void sink_get_status(struct sink *sink, struct sink_status *ret_status)
{
    must(sink != NULL);
    pthread_mutex_lock(&sink->lock);
    *ret_status = sink->status;
    pthread_mutex_unlock(&sink->lock);
}

/* The round at hand may have looked before the call; the one after it has not. */
enum err sink_wait_idle(struct sink *sink, int64_t timeout_ms)
{
    must(sink != NULL);
    const int64_t until_ns = clock_monotonic_ns() + timeout_ms * 1000000;
    pthread_mutex_lock(&sink->lock);
    const uint64_t wanted = sink->round_count + 2;
    enum err err = OK;
    while (err == OK && (sink->round_count < wanted || sink->status.lag_records > 0)) {
        if (sink->status.state == SINK_FAILED)
            err = ERR_ABORTED;
        else if (clock_monotonic_ns() >= until_ns)
            err = ERR_AGAIN;
        else
            condition_wait(&sink->changed, &sink->lock, until_ns);
    }
    pthread_mutex_unlock(&sink->lock);
    return err;
}

static enum err sink_prepare(struct sink *sink, struct why *why)
{
    const struct properties *given = sink->options.properties;
    sink->name = arena_str(&sink->arena, sink->options.name);
    sink->task = arena_printf(&sink->arena, "sink/%.*s", STR_ARGS(sink->name));
    sink->random.state = (uint64_t)clock_monotonic_ns();
    properties_init(&sink->properties, &sink->arena);
    for (size_t i = 0; i < given->count; i++)
        properties_set(&sink->properties, given->items[i].name, given->items[i].value);
    const enum err err = settings_read(&sink->properties, &sink->arena, &sink->settings, why);
    if (err)
        return err;
    if (sink->settings.batch_documents_max == 0)
        sink->settings.batch_documents_max = sink->options.target->batch_documents;
    if (sink->settings.dead_letter_topic.size == 0)
        sink->settings.dead_letter_topic =
            arena_printf(&sink->arena, "%.*s-dlq", STR_ARGS(sink->name));
    return sink_rejoin(sink, why);
}

static void sink_free(struct sink *sink)
{
    topics_free(sink);
    free(sink->shares);
    log_leave(sink->member);
    settings_release(&sink->settings);
    record_batch_builder_release(&sink->letters.builder);
    pthread_cond_destroy(&sink->changed);
    pthread_mutex_destroy(&sink->lock);
    pthread_mutex_destroy(&sink->control);
    arena_release(&sink->batch_arena);
    arena_release(&sink->arena);
    free(sink);
}

/* What was taken and does nothing. */
static void trace_notes(const struct sink *sink)
{
    for (size_t i = 0; i < sink->properties.count; i++) {
        const struct str name = sink->properties.items[i].name;
        const struct str note = property_note(name);
        if (note.size > 0)
            trace(TRACE_INFO, "sink", "'%.*s' does not need '%.*s': %.*s", STR_ARGS(sink->name),
                  STR_ARGS(name), STR_ARGS(note));
    }
}

static void *run(void *argument)
{
    struct sink *sink = argument;
    uint32_t attempt = 0;
    while (!sink_is_stopping(sink)) {
        struct why why = {0};
        if (wait_while_paused(sink))
            continue;
        const enum err err = round_once(sink, &why);
        shares_end_round(sink);
        if (err == OK && attempt > 0)
            sink_run_again(sink);
        attempt = err == OK ? 0 : attempt + 1;
        if (err == OK || err == ERR_CLOSED)
            continue;
        const enum reaction reaction = err_reaction(err);
        if (reaction == REACTION_RETRY || reaction == REACTION_REBUILD) {
            sink_wait_out(sink, attempt - 1, &why);
            continue;
        }
        if (err == ERR_LOCKED && sink->group && !sink->options.target->is_private &&
            shares_await_loss(sink))
            continue;
        sink_fail(sink, &why);
        break;
    }
    shares_leave(sink);
    return NULL;
}

/* What was gathered before something went wrong is delivered nevertheless. */
static enum err round_once(struct sink *sink, struct why *why)
{
    enum err err = topics_refresh(sink, why);
    if (err == OK)
        err = shares_begin_round(sink, why);
    if (err)
        return err;
    struct why gather_why = {0};
    const enum err gathered = delivery_gather(sink, &gather_why);
    const bool is_idle = sink->delivery.count == 0 && sink->letters.waiting == 0;
    err = delivery_write(sink, why);
    show_lag(sink);
    if (err)
        return err;
    delivery_hold(sink);
    if (gathered)
        return why_set(why, gathered, "%s", gather_why.text);
    if (is_idle && !sink_is_stopping(sink)) {
        const enum err waited = log_wait(sink->member, IDLE_WAIT_MS);
        if (waited && waited != ERR_AGAIN)
            return why_set(why, waited, "cannot wait for news: %s", err_text(waited));
    }
    return OK;
}

bool sink_is_stopping(struct sink *sink)
{
    pthread_mutex_lock(&sink->lock);
    const bool stopping = sink->stopping;
    pthread_mutex_unlock(&sink->lock);
    return stopping;
}

bool sink_wait_out(struct sink *sink, uint32_t attempt, const struct why *why)
{
    pthread_mutex_lock(&sink->lock);
    const bool is_news = sink->status.state != SINK_WAITING;
    sink->status.state = SINK_WAITING;
    sink->status.why = *why;
    pthread_mutex_unlock(&sink->lock);
    if (is_news)
        trace(TRACE_WARNING, "sink", "'%.*s' waits: %s", STR_ARGS(sink->name), why->text);
    int64_t delay_ms = BACKOFF_MAX_MS;
    if (attempt < BACKOFF_DOUBLINGS_MAX && (int64_t)BACKOFF_MIN_MS << attempt < BACKOFF_MAX_MS)
        delay_ms = (int64_t)BACKOFF_MIN_MS << attempt;
    /* Between half of it and all of it, so that sinks do not come back all at once. */
    delay_ms = delay_ms / 2 + (int64_t)random_below(&sink->random, (uint64_t)delay_ms / 2 + 1);
    return wait_for(sink, delay_ms, true);
}

void sink_run_again(struct sink *sink)
{
    trace(TRACE_INFO, "sink", "'%.*s' goes on", STR_ARGS(sink->name));
    pthread_mutex_lock(&sink->lock);
    sink->status.state = SINK_RUNNING;
    sink->status.why = (struct why){0};
    pthread_mutex_unlock(&sink->lock);
}

void sink_fail(struct sink *sink, const struct why *why)
{
    trace(TRACE_ERROR, "sink", "'%.*s' stopped: %s", STR_ARGS(sink->name), why->text);
    pthread_mutex_lock(&sink->lock);
    sink->status.state = SINK_FAILED;
    sink->status.why = *why;
    pthread_mutex_unlock(&sink->lock);
}

void sink_count(struct sink *sink, uint64_t documents, uint64_t dead_letters)
{
    pthread_mutex_lock(&sink->lock);
    sink->status.documents += documents;
    sink->status.dead_letters += dead_letters;
    pthread_mutex_unlock(&sink->lock);
}

enum err sink_rejoin(struct sink *sink, struct why *why)
{
    const struct log_member_options options = {.name = sink->name, .committed_only = true};
    struct log_member *member = NULL;
    const enum err err = log_join(sink->options.log, &options, &member, why);
    if (err)
        return err;
    log_leave(sink->member);
    sink->member = member;
    return OK;
}

/* True: it was paused a little, look again. */
static bool wait_while_paused(struct sink *sink)
{
    pthread_mutex_lock(&sink->lock);
    const bool paused = sink->paused;
    if (paused)
        sink->status.state = SINK_PAUSED;
    else if (sink->status.state == SINK_PAUSED)
        sink->status.state = SINK_RUNNING;
    pthread_mutex_unlock(&sink->lock);
    if (paused)
        wait_for(sink, PAUSE_WAIT_MS, false);
    return paused;
}

/* False: the sink is to stop, or has other partitions. */
static bool wait_for(struct sink *sink, int64_t duration_ms, bool or_other_shares)
{
    const int64_t until_ns = clock_monotonic_ns() + duration_ms * 1000000;
    pthread_mutex_lock(&sink->lock);
    while (!sink->stopping && !(or_other_shares && sink->shares_changed) &&
           clock_monotonic_ns() < until_ns)
        condition_wait(&sink->changed, &sink->lock, until_ns);
    const bool is_over = sink->stopping || (or_other_shares && sink->shares_changed);
    pthread_mutex_unlock(&sink->lock);
    return !is_over;
}

/* Nobody knows of a lag, and the round does not count, until there are partitions. */
static void show_lag(struct sink *sink)
{
    int64_t lag = 0;
    for (uint32_t t = 0; t < sink->topic_count; t++) {
        const struct sink_topic *topic = sink->topics[t];
        for (int32_t p = 0; p < topic->log_topic->partition_count; p++) {
            const struct sink_partition *partition = &topic->partitions[p];
            const int64_t delivered =
                partition->delivered_offset < 0 ? 0 : partition->delivered_offset;
            if (partition->is_ours && partition->end_offset > delivered)
                lag += partition->end_offset - delivered;
        }
    }
    pthread_mutex_lock(&sink->lock);
    sink->status.lag_records = lag;
    if (sink->is_assigned || sink->topic_count == 0)
        sink->round_count++;
    pthread_cond_broadcast(&sink->changed);
    pthread_mutex_unlock(&sink->lock);
}

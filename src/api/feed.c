/* feed.c -- the thread behind /api/snapshot and /api/feed. */
#include "api/feed.h"
#include "api/dashboard.h"
#include "api/view.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/trace.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#define UPDATE_EVERY_MS 250
#define NUMBERS_EVERY_MS 1000
#define COST_SHARE 100 /* giving updates to all who follow takes at most so much of a core: 1 % */

struct feed {
    const struct api_options *options;
    struct net_feed *net;
    pthread_t thread;
    atomic_bool stopping;

    /* [feed] */
    struct log_member *member;
    struct arena dashboard_arena;
    struct dashboard dashboard;
    struct why dashboard_why; /* why the file is not shown as it is */
    struct timespec file_time;
    struct view **views;   /* one a query */
    struct arena arena;    /* of one turn */
    struct map unreadable; /* topics, by name: it has been said */
    int64_t start_ms;
    uint64_t number; /* of the newest update */
    struct buf numbers;
    struct buf update;
    bool is_new; /* tiles or columns are others than before: the page has to ask for all */

    pthread_mutex_t lock; /* around all above while a turn changes it, and the snapshot */
    struct buf snapshot;
    uint64_t snapshot_number; /* of the update it was written after */
};

static void *feed_main(void *context);
static void turn(struct feed *feed, bool with_numbers);
static void dashboard_refresh(struct feed *feed);
static void views_refresh(struct feed *feed);
static int64_t pause_ms(const struct feed *feed);
static void views_read(struct feed *feed, bool with_numbers);
static void warn_once(struct feed *feed, struct str topic, enum err err, const struct why *why);
static bool update_write(struct feed *feed, bool with_numbers);
static void snapshot_write(struct feed *feed);

static enum err join(struct feed *feed, struct why *why)
{
    const struct log_member_options options = {.name = STR("page"), .committed_only = true};
    return log_join(feed->options->log, &options, &feed->member, why);
}

enum err feed_start(const struct api_options *options, struct net_feed *net, struct feed **ret_feed,
                    struct why *why)
{
    struct feed *feed = MEMORY_NEW(struct feed);
    feed->options = options;
    feed->net = net;
    feed->start_ms = clock_wall_ms();
    arena_init(&feed->dashboard_arena, 0);
    arena_init(&feed->arena, 0);
    must(pthread_mutex_init(&feed->lock, NULL) == 0);
    const enum err err = join(feed, why);
    if (err) {
        arena_release(&feed->dashboard_arena);
        arena_release(&feed->arena);
        free(feed);
        return err;
    }
    turn(feed, true);
    must(pthread_create(&feed->thread, NULL, feed_main, feed) == 0);
    *ret_feed = feed;
    return OK;
}

void feed_stop(struct feed *feed)
{
    if (!feed)
        return;
    atomic_store(&feed->stopping, true);
    pthread_join(feed->thread, NULL);
    for (uint32_t i = 0; i < feed->dashboard.query_count; i++)
        view_free(feed->views[i]);
    free(feed->views);
    map_release(&feed->unreadable);
    log_leave(feed->member);
    buf_release(&feed->numbers);
    buf_release(&feed->update);
    buf_release(&feed->snapshot);
    arena_release(&feed->dashboard_arena);
    arena_release(&feed->arena);
    pthread_mutex_destroy(&feed->lock);
    free(feed);
}

void feed_copy_snapshot(struct feed *feed, struct buf *buf)
{
    pthread_mutex_lock(&feed->lock);
    snapshot_write(feed);
    buf_append_str(buf, buf_str(&feed->snapshot));
    pthread_mutex_unlock(&feed->lock);
}

static int64_t now_ms(void)
{
    return clock_monotonic_ns() / 1000000;
}

static void *feed_main(void *context)
{
    struct feed *feed = context;
    (void)pthread_setname_np(pthread_self(), "feed");
    int64_t turned_ms = now_ms();
    int64_t numbered_ms = turned_ms;
    while (!atomic_load(&feed->stopping)) {
        const int64_t pause = pause_ms(feed);
        const int64_t wait_ms = turned_ms + pause - now_ms();
        /* News before its time waits: that makes the four updates a second. */
        if (wait_ms > 0)
            clock_sleep_ms(wait_ms);
        else if (log_wait(feed->member, 50) == ERR_AGAIN &&
                 now_ms() - numbered_ms < NUMBERS_EVERY_MS)
            continue;
        if (now_ms() - turned_ms < pause)
            continue;
        turned_ms = now_ms();
        const bool with_numbers = turned_ms - numbered_ms >= NUMBERS_EVERY_MS;
        if (with_numbers)
            numbered_ms = turned_ms;
        turn(feed, with_numbers);
        turned_ms = now_ms(); /* from update to update, however long one takes to make */
    }
    return NULL;
}

/* With a few hundred followers four updates a second cost more than they are worth: then they come
 * less often, down to one a second, which is how the page knows that it is live. */
static int64_t pause_ms(const struct feed *feed)
{
    const int64_t pause = net_feed_cost_ns(feed->net) * COST_SHARE / 1000000;
    if (pause < UPDATE_EVERY_MS)
        return UPDATE_EVERY_MS;
    return pause < NUMBERS_EVERY_MS ? pause : NUMBERS_EVERY_MS;
}

/* The snapshot for those who begin is written with the numbers: it says all there is, which costs
 * many times what an update does, and the updates since are kept. */
static void turn(struct feed *feed, bool with_numbers)
{
    struct str snapshot = {0};
    pthread_mutex_lock(&feed->lock);
    arena_clear(&feed->arena);
    if (with_numbers) {
        dashboard_refresh(feed);
        views_refresh(feed);
    }
    views_read(feed, with_numbers);
    const bool is_new = feed->is_new;
    if (update_write(feed, with_numbers)) {
        if (with_numbers || is_new) {
            snapshot_write(feed);
            snapshot = buf_str(&feed->snapshot);
        }
        net_feed_publish(feed->net, buf_str(&feed->update), snapshot);
    }
    pthread_mutex_unlock(&feed->lock);
}

/* -- dashboard.json -- */

static void views_replace(struct feed *feed, const struct dashboard *dashboard)
{
    const struct api_options *options = feed->options;
    struct view **views = memory_zalloc((dashboard->query_count + 1) * sizeof(*views));
    for (uint32_t i = 0; i < dashboard->query_count; i++) {
        const struct view_options view = {.engine = options->engine,
                                          .log = options->log,
                                          .registry = options->registry,
                                          .sql = dashboard->queries[i].sql,
                                          .rows_max = dashboard->queries[i].rows_max};
        views[i] = view_new(&view);
    }
    for (uint32_t i = 0; i < feed->dashboard.query_count; i++)
        view_free(feed->views[i]);
    free(feed->views);
    feed->views = views;
    feed->is_new = true;
}

/* A file that is broken changes nothing but what is said about it. */
static void dashboard_refresh(struct feed *feed)
{
    const char *path = feed->options->dashboard_path;
    struct stat info = {.st_size = 0};
    struct arena arena;
    struct str text = STR("{\"tiles\":[]}");
    struct dashboard dashboard;
    struct why why = {0};
    const bool is_there = path && stat(path, &info) == 0;
    if (feed->views && info.st_mtim.tv_sec == feed->file_time.tv_sec &&
        info.st_mtim.tv_nsec == feed->file_time.tv_nsec)
        return;
    feed->file_time = info.st_mtim;
    feed->is_new = true;
    arena_init(&arena, 0);
    enum err err = OK;
    if (is_there)
        err = file_read(path, DASHBOARD_BYTES_MAX, &arena, &text, &why);
    else
        why_set(&why, ERR_NOT_FOUND, "no file '%s': there are no tiles", path ? path : "");
    if (err == OK)
        err = dashboard_parse(text, &arena, &dashboard, &why);
    feed->dashboard_why = why;
    if (err == OK || !feed->views) {
        if (err)
            must(dashboard_parse(STR("{\"tiles\":[]}"), &arena, &dashboard, NULL) == OK);
        views_replace(feed, &dashboard);
        arena_release(&feed->dashboard_arena);
        feed->dashboard_arena = arena;
        feed->dashboard = dashboard;
        return;
    }
    arena_release(&arena);
}

/* -- views -- */

static void views_refresh(struct feed *feed)
{
    for (uint32_t i = 0; i < feed->dashboard.query_count; i++) {
        if (!view_is_outdated(feed->views[i]))
            continue;
        const struct view_options view = {.engine = feed->options->engine,
                                          .log = feed->options->log,
                                          .registry = feed->options->registry,
                                          .sql = feed->dashboard.queries[i].sql,
                                          .rows_max = feed->dashboard.queries[i].rows_max};
        view_free(feed->views[i]);
        feed->views[i] = view_new(&view);
        feed->is_new = true;
    }
}

/* Rows of a stream that are all others each time are read by nobody: once a second shows as much.
 */
static void views_read(struct feed *feed, bool with_numbers)
{
    struct why why = {0};
    for (uint32_t i = 0; i < feed->dashboard.query_count; i++) {
        if (!with_numbers && view_is_flooded(feed->views[i]))
            continue;
        const enum err err = view_read(feed->views[i], feed->member, &why);
        if (err == ERR_ABORTED) {
            log_leave(feed->member);
            must(join(feed, NULL) == OK);
        } else {
            warn_once(feed, view_topic(feed->views[i]), err, &why);
        }
    }
}

/* A topic that cannot be read says so once, however many views stand on it and however often they
 * try; when it can be read again, the next trouble is news. */
static void warn_once(struct feed *feed, struct str topic, enum err err, const struct why *why)
{
    if (err == OK && feed->unreadable.count > 0)
        map_remove(&feed->unreadable, topic);
    if (err == OK || map_get(&feed->unreadable, topic))
        return;
    map_set(&feed->unreadable, topic, feed);
    trace(TRACE_WARNING, "page", "cannot read topic '%.*s': %s", STR_ARGS(topic), why->text);
}

/* -- what goes out -- */

static void write_head(struct feed *feed, struct buf *buf)
{
    buf_printf(buf, "{\"id\":\"%lld-%llu\",\"now_ms\":%lld", (long long)feed->start_ms,
               (unsigned long long)feed->number, (long long)clock_wall_ms());
}

/* False: nothing happened, and numbers are not due. */
static bool update_write(struct feed *feed, bool with_numbers)
{
    struct buf *update = &feed->update;
    bool any = false;
    feed->number++;
    buf_clear(update);
    write_head(feed, update);
    if (feed->is_new)
        buf_append_str(update, STR(",\"reload\":true"));
    buf_append_str(update, STR(",\"rows\":{"));
    for (uint32_t i = 0; i < feed->dashboard.query_count; i++) {
        const size_t before = update->size;
        buf_printf(update, "%s\"%u\":", any ? "," : "", i);
        if (view_write_changes(feed->views[i], update))
            any = true;
        else
            update->size = before;
    }
    buf_append_byte(update, '}');
    if (with_numbers) {
        buf_clear(&feed->numbers);
        numbers_write(feed->options, &feed->arena, &feed->numbers);
        buf_append_byte(update, ',');
        buf_append_str(update, buf_str(&feed->numbers));
    }
    buf_append_byte(update, '}');
    if (!any && !with_numbers && !feed->is_new) {
        feed->number--;
        return false;
    }
    feed->is_new = false;
    return true;
}

/* Under the lock; what is there already holds until the next update. */
static void snapshot_write(struct feed *feed)
{
    struct buf *snapshot = &feed->snapshot;
    if (snapshot->size > 0 && feed->snapshot_number == feed->number)
        return;
    feed->snapshot_number = feed->number;
    buf_clear(snapshot);
    write_head(feed, snapshot);
    buf_append_str(snapshot, STR(",\"dashboard\":"));
    buf_append_str(snapshot, feed->dashboard.text);
    buf_append_str(snapshot, STR(",\"dashboard_error\":"));
    if (feed->dashboard_why.text[0] == '\0')
        buf_append_str(snapshot, STR("null"));
    else
        json_write_string(snapshot, str_from(feed->dashboard_why.text));
    buf_append_str(snapshot, STR(",\"rows\":["));
    for (uint32_t i = 0; i < feed->dashboard.query_count; i++) {
        if (i > 0)
            buf_append_byte(snapshot, ',');
        view_write(feed->views[i], snapshot);
    }
    buf_append_str(snapshot, STR("],"));
    buf_append_str(snapshot, buf_str(&feed->numbers));
    buf_append_byte(snapshot, '}');
}

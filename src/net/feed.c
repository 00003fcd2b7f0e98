/* feed.c -- Server-Sent Events: frames encoded once, each client a place in their row.
 *
 * The newest frames stand in a ring. A client has no queue of its own: it has the number of its
 * next frame, and takes from the ring when its socket has room. One that has fallen too far behind,
 * or that nobody knows, takes the newest snapshot and goes on from there. */
#include "base/clock.h"
#include "base/memory.h"
#include "net/pack.h"
#include "net/server.h"

#define FRAMES_MAX 256 /* in the ring; at 4 a second a minute */
#define FRAMES_KEPT_NS (30 * INT64_C(1000000000))
#define FRAMES_BEHIND_MAX 8
#define BEAT_NS (10 * INT64_C(1000000000))

struct frame {
    struct str text;   /* "id: ...\nevent: update\ndata: ...\n\n" */
    struct buf packed; /* the same, once somebody wants it */
    int64_t at_ns;
};

struct net_feed {
    struct net_server *server;
    struct net_feed *next;
    atomic_uint client_count;
    _Atomic int64_t cost_ns;
    struct net_response *followers;  /* [net] */
    struct net_response *cursor;     /* [net] whose turn is next, while all are served */
    pthread_mutex_t lock;            /* around all below */
    struct frame frames[FRAMES_MAX]; /* frame n stands at n % FRAMES_MAX */
    uint64_t newest;                 /* its number; 0: none yet */
    uint64_t oldest;
    struct frame snapshot; /* size 0: none yet */
    struct pack *pack;
    uint64_t snapshot_number; /* of the last update it says */
};

struct net_feed *net_feed_new(struct net_server *server)
{
    must(!server->thread_started);
    struct net_feed *feed = MEMORY_NEW(struct net_feed);
    feed->server = server;
    feed->oldest = 1;
    feed->pack = pack_new();
    must(pthread_mutex_init(&feed->lock, NULL) == 0);
    feed->next = server->feeds;
    server->feeds = feed;
    return feed;
}

static void frame_clear(struct frame *frame)
{
    free((char *)frame->text.data);
    buf_release(&frame->packed);
    *frame = (struct frame){0};
}

void feeds_free(struct net_server *server)
{
    while (server->feeds) {
        struct net_feed *feed = server->feeds;
        server->feeds = feed->next;
        must(feed->followers == NULL);
        for (size_t i = 0; i < FRAMES_MAX; i++)
            frame_clear(&feed->frames[i]);
        frame_clear(&feed->snapshot);
        pack_free(feed->pack);
        pthread_mutex_destroy(&feed->lock);
        free(feed);
    }
}

/* -- whoever publishes -- */

/* Owned by the caller. */
static struct str frame_encode(const struct net_feed *feed, uint64_t number, const char *event,
                               struct str data)
{
    struct buf text = {0};
    must(memchr(data.data, '\n', data.size) == NULL);
    buf_printf(&text, "id: %lld-%llu\nevent: %s\ndata: ", (long long)feed->server->start_ms,
               (unsigned long long)number, event);
    buf_append_str(&text, data);
    buf_append_str(&text, STR("\n\n"));
    return buf_str(&text);
}

static void drop_oldest(struct net_feed *feed)
{
    frame_clear(&feed->frames[feed->oldest++ % FRAMES_MAX]);
}

void net_feed_publish(struct net_feed *feed, struct str update, struct str snapshot)
{
    const int64_t now_ns = clock_monotonic_ns();
    pthread_mutex_lock(&feed->lock);
    while (feed->oldest <= feed->newest &&
           (feed->newest + 1 - feed->oldest == FRAMES_MAX ||
            now_ns - feed->frames[feed->oldest % FRAMES_MAX].at_ns > FRAMES_KEPT_NS))
        drop_oldest(feed);
    const uint64_t number = ++feed->newest;
    feed->frames[number % FRAMES_MAX] =
        (struct frame){.text = frame_encode(feed, number, "update", update), .at_ns = now_ns};
    if (snapshot.size > 0) {
        frame_clear(&feed->snapshot);
        feed->snapshot.text = frame_encode(feed, number, "snapshot", snapshot);
        feed->snapshot_number = number;
    }
    pthread_mutex_unlock(&feed->lock);
    server_tell_feeds(feed->server);
}

uint32_t net_feed_clients(const struct net_feed *feed)
{
    return atomic_load(&feed->client_count);
}

int64_t net_feed_cost_ns(const struct net_feed *feed)
{
    return atomic_load(&feed->cost_ns);
}

/* -- whoever follows -- */

/* Under the feed's lock. */
static void append_text(struct net_feed *feed, struct net_response *response, struct str text)
{
    if (response->feed_is_packed)
        pack_write(feed->pack, text, &response->out);
    else
        buf_append_str(&response->out, text);
}

/* Under the feed's lock; packed when the first wants it so. */
static void append_frame(struct net_feed *feed, struct net_response *response, struct frame *frame)
{
    if (response->feed_is_packed && frame->packed.size == 0)
        pack_write(feed->pack, frame->text, &frame->packed);
    buf_append_str(&response->out,
                   response->feed_is_packed ? buf_str(&frame->packed) : frame->text);
}

/* "<start>-<n>" of this process, still in the ring: the number after n. 0: a snapshot. */
static uint64_t next_after(struct net_feed *feed, struct str id)
{
    char prefix[32];
    const int size = snprintf(prefix, sizeof(prefix), "%lld-", (long long)feed->server->start_ms);
    int64_t number;
    if (!str_starts_with(id, (struct str){prefix, (size_t)size}) ||
        str_to_int64((struct str){id.data + size, id.size - (size_t)size}, &number) != OK)
        return 0;
    pthread_mutex_lock(&feed->lock);
    const bool is_known =
        number > 0 && (uint64_t)number + 1 >= feed->oldest && (uint64_t)number <= feed->newest;
    pthread_mutex_unlock(&feed->lock);
    return is_known ? (uint64_t)number + 1 : 0;
}

void net_follow(struct net_response *response, const struct net_request *request,
                struct net_feed *feed)
{
    const struct str id = net_header_get(request, STR("last-event-id"));
    net_add_header(response, STR("cache-control"), STR("no-cache, no-transform"));
    net_add_header(response, STR("x-accel-buffering"), STR("no"));
    const bool is_packed = net_accepts_gzip(request);
    if (is_packed)
        net_add_header(response, STR("content-encoding"), STR("gzip"));
    const uint64_t next = next_after(feed, id);
    pthread_mutex_lock(&response->lock);
    response->status = 200;
    response->content_type = "text/event-stream";
    response->feed = feed;
    response->feed_next = next;
    response->feed_is_packed = is_packed;
    if (is_packed)
        pack_begin(&response->out);
    pthread_mutex_lock(&feed->lock);
    append_text(feed, response, STR("retry: 2000\n\n"));
    pthread_mutex_unlock(&feed->lock);
    pthread_mutex_unlock(&response->lock);
    server_tell(response->server, response);
}

void feed_join(struct net_response *response)
{
    struct net_feed *feed = response->feed;
    if (!feed || response->is_follower)
        return;
    response->is_follower = true;
    response->filled_ns = clock_monotonic_ns();
    response->follower_next = feed->followers;
    if (feed->followers)
        feed->followers->follower_previous = response;
    feed->followers = response;
    atomic_fetch_add(&feed->client_count, 1);
}

void feed_leave(struct net_response *response)
{
    struct net_feed *feed = response->feed;
    if (!response->is_follower)
        return;
    response->is_follower = false;
    if (feed->cursor == response)
        feed->cursor = response->follower_next;
    if (response->follower_previous)
        response->follower_previous->follower_next = response->follower_next;
    else
        feed->followers = response->follower_next;
    if (response->follower_next)
        response->follower_next->follower_previous = response->follower_previous;
    response->follower_previous = response->follower_next = NULL;
    atomic_fetch_sub(&feed->client_count, 1);
}

/* Back to the newest snapshot: a client that has fallen behind, or begins. */
static void take_snapshot(struct net_feed *feed, struct net_response *response)
{
    if (feed->snapshot.text.size == 0)
        return;
    if (response->feed_began)
        server_count(feed->server, COUNTER_feed_resets);
    append_frame(feed, response, &feed->snapshot);
    response->feed_next = feed->snapshot_number + 1;
}

void feed_fill(struct net_response *response)
{
    struct net_feed *feed = response->feed;
    pthread_mutex_lock(&feed->lock);
    const uint64_t waiting = feed->newest + 1 - response->feed_next;
    if (response->feed_next < feed->oldest || (response->feed_began && waiting > FRAMES_BEHIND_MAX))
        take_snapshot(feed, response);
    /* Updates older than the ring, of which the snapshot does not say: there are none left. */
    if (response->feed_next > 0 && response->feed_next < feed->oldest)
        response->feed_next = feed->oldest;
    while (response->feed_next > 0 && response->feed_next <= feed->newest) {
        append_frame(feed, response, &feed->frames[response->feed_next % FRAMES_MAX]);
        response->feed_next++;
    }
    pthread_mutex_unlock(&feed->lock);
    if (response->out.size > 0) {
        response->feed_began = true;
        response->filled_ns = clock_monotonic_ns();
    }
}

/* Serving one may end others of its connection: the cursor steps over them. */
static struct net_response *take_turn(struct net_feed *feed)
{
    struct net_response *response = feed->cursor;
    if (response)
        feed->cursor = response->follower_next;
    return response;
}

void feeds_advance(struct net_server *server)
{
    for (struct net_feed *feed = server->feeds; feed; feed = feed->next) {
        struct net_response *response;
        const int64_t begin_ns = clock_thread_cpu_ns();
        feed->cursor = feed->followers;
        while ((response = take_turn(feed)) != NULL)
            connection_settle(response->connection);
        atomic_store(&feed->cost_ns, clock_thread_cpu_ns() - begin_ns);
    }
}

static bool needs_beat(struct net_response *response, int64_t now_ns)
{
    if (now_ns - response->filled_ns < BEAT_NS)
        return false;
    pthread_mutex_lock(&response->lock);
    const bool has_nothing = response->out.size == 0;
    if (has_nothing) {
        pthread_mutex_lock(&response->feed->lock);
        append_text(response->feed, response, STR(":\n\n"));
        pthread_mutex_unlock(&response->feed->lock);
    }
    pthread_mutex_unlock(&response->lock);
    response->filled_ns = now_ns;
    return has_nothing;
}

void feeds_tick(struct net_server *server, int64_t now_ns)
{
    for (struct net_feed *feed = server->feeds; feed; feed = feed->next) {
        struct net_response *response;
        feed->cursor = feed->followers;
        while ((response = take_turn(feed)) != NULL)
            if (needs_beat(response, now_ns))
                connection_settle(response->connection);
    }
}

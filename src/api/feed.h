/* feed.h -- what the page shows, kept up to date by a thread of its own and told to all who follow.
 *
 * The thread [feed] reads dashboard.json (again when it changes), keeps a view a query, and at most
 * four times a second publishes one update that is encoded once for everybody. At least one a
 * second goes out, so that a silence of three means something. Inside api/. */
#ifndef API_FEED_H
#define API_FEED_H

#include "api/api.h"

struct feed;

/* `options` outlive it. The net_feed is made by the caller, before the server is started. */
MUST_CHECK enum err feed_start(const struct api_options *options, struct net_feed *net,
                               struct feed **ret_feed, struct why *why);
/* NULL is fine. Before the server is closed. */
void feed_stop(struct feed *feed);
/* Appends the newest snapshot. [any] */
void feed_copy_snapshot(struct feed *feed, struct buf *buf);

/* numbers.c: appends `"topics":{...},"queries":{...},"sinks":{...}`. */
void numbers_write(const struct api_options *options, struct arena *arena, struct buf *buf);

/* numbers.c: "restoring", "running", ... */
const char *query_state_name(enum flow_state state);

#endif

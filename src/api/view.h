/* view.h -- the rows of one query over a table or stream, as its topic has them.
 *
 * The page's tiles stand on views. A view reads the topic by itself: committed records of all
 * partitions, no group, no worker's state, so that any process shows the same. A row has a slot, a
 * number that never means another row; of a table, a row a key; of a stream, the newest records,
 * slots in order of time. All calls come from one thread [feed]. */
#ifndef API_VIEW_H
#define API_VIEW_H

#include "base/buf.h"
#include "engine/engine.h"

#define VIEW_ROWS_DEFAULT 3000
#define VIEW_ROWS_MAX 20000

struct view;

struct view_options {
    struct engine *engine;
    struct log *log;
    struct registry *registry;
    struct str sql;    /* copied */
    uint32_t rows_max; /* of a table with windows the newest, of a stream too; of another table the
                          first that came: the others are counted */
};

/* Never fails: a query that cannot be planned is a view with an error. */
struct view *view_new(const struct view_options *options);
void view_free(struct view *view);

/* Whether what the query was planned on is gone or another: then a new view is due. Cheap enough
 * for once a second. */
bool view_is_outdated(const struct view *view);
/* What it reads; size 0: it has no plan. Valid until the log is closed. */
struct str view_topic(const struct view *view);

/* Takes what was committed since the last call. A record that cannot be decoded is no row: its
 * query has a dead letter of it. ERR_ABORTED: join the log again. */
MUST_CHECK enum err view_read(struct view *view, struct log_member *member, struct why *why);

/* Of a stream: more came in than it holds, for a quarter of a second's share of the time since the
 * read before. */
bool view_is_flooded(const struct view *view);

/* {"sql":...,"columns":[{"name":...,"type":...}],"error":null,"left_out":0,"rows":[[slot,cell...]]}
 */
void view_write(const struct view *view, struct buf *buf);
/* [[slot,cell...],[slot of a row that is gone]], what changed since the last call. False, and
 * nothing is written: nothing changed. */
bool view_write_changes(struct view *view, struct buf *buf);

#endif

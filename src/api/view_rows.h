/* view_rows.h -- the rows a view holds, by key and by slot, each already JSON. Inside api/. */
#ifndef API_VIEW_ROWS_H
#define API_VIEW_ROWS_H

#include "base/buf.h"
#include "base/map.h"

#include <stdint.h>

struct view_row {
    uint64_t slot;   /* 0: not given yet */
    int64_t time_ms; /* the window's start, or the record's time */
    bool is_changed;
    size_t key_size;
    struct buf cells; /* ",cell,cell" */
    char key[];
};

struct view_rows {
    struct map by_key; /* key -> struct view_row; streams have none */
    struct view_row **at;
    size_t count;
    size_t capacity;
    uint64_t next_slot;
    uint64_t left_out; /* rows of a table without windows there was no room for */
    uint64_t *gone;    /* slots */
    size_t gone_count;
    size_t gone_capacity;
    bool is_changed;
    bool is_keyed;  /* of a table */
    bool drops_old; /* when full, the oldest go; else the newest are left out */
    size_t rows_max;
};

void view_rows_init(struct view_rows *rows, size_t rows_max, bool is_keyed, bool drops_old);
void view_rows_release(struct view_rows *rows);
/* The row's cells are set by the caller, who gets an empty buf; NULL: there is no room for it. */
struct buf *view_rows_put(struct view_rows *rows, struct str key, int64_t time_ms);
void view_rows_remove(struct view_rows *rows, struct str key);
/* After a round of puts: gives slots in order of time, lets the oldest go. */
void view_rows_settle(struct view_rows *rows);
/* "[[slot,cell...],...]". */
void view_rows_write(const struct view_rows *rows, struct buf *buf);
bool view_rows_write_changes(struct view_rows *rows, struct buf *buf);

#endif

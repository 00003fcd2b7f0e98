/* sql_history.h -- what was typed, kept in a file only its owner reads: one entry a line, with
 * "\n" for a line's end inside of an entry and "\\" for a backslash. */
#ifndef CLI_SQL_HISTORY_H
#define CLI_SQL_HISTORY_H

#include "base/arena.h"

#define SQL_HISTORY_ENTRIES_MAX 2000
#define SQL_HISTORY_ENTRY_BYTES_MAX (64 << 10) /* what is longer is not kept */

/* $XDG_STATE_HOME/drivethru/sql_history, else below ~/.local/state; in the arena. The directory is
 * made. NULL: there is no place for it. */
const char *sql_history_path(struct arena *arena);
/* The newest entries, oldest first; in the arena. A file that is missing or cannot be read has
 * none; one that has grown long is cut. */
void sql_history_load(const char *path, struct arena *arena, struct str **ret_entries,
                      uint32_t *ret_count);
/* Appends in one write, so that shells at the same time do not mix theirs. What cannot be kept is
 * not kept: nobody can do anything about it while typing. */
void sql_history_append(const char *path, struct str entry);

#endif

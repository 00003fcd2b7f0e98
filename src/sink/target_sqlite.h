/* target_sqlite.h -- the SQLite target's connection and tables. Inside sink/ only. */
#ifndef SINK_TARGET_SQLITE_H
#define SINK_TARGET_SQLITE_H

#include "base/buf.h"
#include "base/map.h"
#include "sink/target.h"

#include <pthread.h>
#include <sqlite3.h>

#define DOCUMENT_BYTES_MAX (16 << 20) /* MongoDB's limit */

/* A collection's table: its statements, made when first needed. */
struct sqlite_table {
    struct str name;
    sqlite3_stmt *replace;
    sqlite3_stmt *insert;
    sqlite3_stmt *get;
    sqlite3_stmt *remove;
    char text[]; /* of the name */
};

struct sqlite_target {
    struct target base;
    char *path;
    bool read_only;
    pthread_mutex_t write_lock; /* all below but the reader's */
    int owner_file;             /* locked: one process writes; -1: none */
    sqlite3 *writer;            /* NULL when read-only */
    struct map tables;          /* name to struct sqlite_table */
    sqlite3_stmt *set_position;
    pthread_mutex_t read_lock;
    sqlite3 *walker; /* of a read-only target, in a transaction since the first walk */
    sqlite3 *reader;
};

/* What a SQLite result means, with its words. */
enum err sqlite_err(sqlite3 *database, int code, const char *doing, struct why *why);
enum err sqlite_run(sqlite3 *database, const char *sql, const char *doing, struct why *why);
/* Appends `"name"`, quotes in it doubled. */
void sqlite_append_name(struct buf *buf, struct str name);
/* Opens one more connection for reading. */
enum err sqlite_open_reader(const struct sqlite_target *self, sqlite3 **ret_reader,
                            struct why *why);
/* The statement, or NULL with OK when it asks of a table that is not there. */
enum err sqlite_prepare(sqlite3 *database, struct str sql, sqlite3_stmt **ret_statement,
                        struct why *why);

/* target_sqlite_write.c */
enum err sqlite_write(struct target *target, struct str sink, const struct document *documents,
                      uint32_t count, const struct target_position *positions,
                      uint32_t position_count, struct document_refusal *refusals,
                      uint32_t *ret_refusal_count, struct why *why);
void sqlite_tables_free(struct sqlite_target *self);

/* The way back from the base. */
struct sqlite_target *sqlite_target(struct target *target);

#endif

/* target_sqlite.c -- documents in a SQLite file: opening, reading, closing. Writing is in
 * target_sqlite_write.c.
 *
 * Sinks write through one connection; find has its own, and each walk one more: in WAL mode none of
 * them waits for another. */
#include "sink/target_sqlite.h"

#include "base/memory.h"
#include "sink/document_text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#define BATCH_DOCUMENTS 10000 /* a write is a sync of the disk */
#define BUSY_WAIT_MS 2000

static enum err open_walker(struct sqlite_target *self, sqlite3 **ret_reader, struct why *why);
static enum err open_writer(struct sqlite_target *self, struct why *why);
static enum err sqlite_find_rows(sqlite3_stmt *statement, sqlite3 *database, uint32_t limit,
                                 struct arena *arena, struct found_document **ret_documents,
                                 uint32_t *ret_count, struct why *why);

static struct str column_str(sqlite3_stmt *statement, int column)
{
    const char *data = (const char *)sqlite3_column_text(statement, column);
    return (struct str){data ? data : "", (size_t)sqlite3_column_bytes(statement, column)};
}

static enum err sqlite_positions(struct target *target, struct str sink, struct arena *arena,
                                 struct target_position **ret_positions, uint32_t *ret_count,
                                 struct why *why)
{
    struct sqlite_target *self = sqlite_target(target);
    struct target_position *positions = NULL;
    uint32_t count = 0;
    uint32_t capacity = 0;
    sqlite3_stmt *statement = NULL;
    pthread_mutex_lock(&self->read_lock);
    enum err err = sqlite_prepare(self->reader,
                                  STR("SELECT \"topic\", \"partition\", \"next_offset\" FROM "
                                      "\"drivethru_positions\" WHERE \"sink\" = ?1 OR ?1 = ''"),
                                  &statement, why);
    int code = SQLITE_DONE;
    if (err == OK && statement) {
        sqlite3_bind_text64(statement, 1, sink.size > 0 ? sink.data : "", sink.size, SQLITE_STATIC,
                            SQLITE_UTF8);
        while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
            if (count == capacity) {
                capacity = capacity ? capacity * 2 : 16;
                struct target_position *more = ARENA_ARRAY(arena, struct target_position, capacity);
                if (count > 0)
                    memcpy(more, positions, count * sizeof(*more));
                positions = more;
            }
            positions[count++] =
                (struct target_position){.topic = arena_str(arena, column_str(statement, 0)),
                                         .partition = sqlite3_column_int(statement, 1),
                                         .next_offset = sqlite3_column_int64(statement, 2)};
        }
    }
    if (err == OK && code != SQLITE_DONE)
        err = sqlite_err(self->reader, code, "read positions", why);
    sqlite3_finalize(statement);
    pthread_mutex_unlock(&self->read_lock);
    if (err)
        return err;
    *ret_positions = positions;
    *ret_count = count;
    return OK;
}

/* The file belongs to one process. */
static enum err sqlite_take(struct target *target, struct str sink, struct str topic,
                            int32_t partition, int64_t *ret_next_offset, struct why *why)
{
    struct arena arena;
    struct target_position *positions = NULL;
    uint32_t count = 0;
    arena_init(&arena, 0);
    const enum err err = sqlite_positions(target, sink, &arena, &positions, &count, why);
    if (err == OK)
        *ret_next_offset = -1;
    for (uint32_t i = 0; i < count && err == OK; i++)
        if (str_equal(positions[i].topic, topic) && positions[i].partition == partition &&
            positions[i].next_offset >= 0)
            *ret_next_offset = positions[i].next_offset;
    arena_release(&arena);
    return err;
}

static void find_sql(const struct document_query *query, struct buf *sql)
{
    buf_append_str(sql, STR("SELECT \"time_ms\", \"_id\", \"document\" FROM "));
    sqlite_append_name(sql, query->collection);
    if (query->id.size > 0) {
        buf_append_str(sql, STR(" WHERE \"_id\" = ? LIMIT ?"));
        return;
    }
    buf_append_str(sql, STR(" WHERE \"time_ms\" >= ? AND \"time_ms\" < ?"));
    if (query->after)
        buf_append_str(sql, STR(" AND \"time_ms\" <= ? AND (\"time_ms\", \"_id\") < (?, ?)"));
    buf_append_str(sql, STR(" ORDER BY \"time_ms\" DESC, \"_id\" DESC LIMIT ?"));
}

static void find_bind(const struct document_query *query, struct str plain_id,
                      sqlite3_stmt *statement)
{
    const struct found_document *after = query->after;
    int next = 1;
    if (query->id.size > 0) {
        sqlite3_bind_text64(statement, next++, plain_id.data, plain_id.size, SQLITE_STATIC,
                            SQLITE_UTF8);
    } else {
        sqlite3_bind_int64(statement, next++, query->from_ms);
        sqlite3_bind_int64(statement, next++, query->to_ms);
    }
    if (query->id.size == 0 && after) {
        sqlite3_bind_int64(statement, next++, after->time_ms);
        sqlite3_bind_int64(statement, next++, after->time_ms);
        sqlite3_bind_text64(statement, next++, after->id.data, after->id.size, SQLITE_STATIC,
                            SQLITE_UTF8);
    }
    sqlite3_bind_int64(statement, next, query->limit);
}

static enum err sqlite_find(struct target *target, const struct document_query *query,
                            struct arena *arena, struct found_document **ret_documents,
                            uint32_t *ret_count, struct why *why)
{
    struct sqlite_target *self = sqlite_target(target);
    struct buf sql = {0};
    struct buf plain = {0};
    sqlite3_stmt *statement = NULL;
    find_sql(query, &sql);
    pthread_mutex_lock(&self->read_lock);
    enum err err = OK;
    if (query->id.size > 0 && id_to_plain(query->id, arena, &plain))
        err = why_set(why, ERR_INVALID, "_id '%.*s' is no JSON", STR_ARGS(query->id));
    if (err == OK)
        err = sqlite_prepare(self->reader, buf_str(&sql), &statement, why);
    if (err == OK && statement) {
        find_bind(query, buf_str(&plain), statement);
        err = sqlite_find_rows(statement, self->reader, query->limit, arena, ret_documents,
                               ret_count, why);
    } else if (err == OK) {
        *ret_documents = NULL;
        *ret_count = 0;
    }
    sqlite3_finalize(statement);
    pthread_mutex_unlock(&self->read_lock);
    buf_release(&sql);
    buf_release(&plain);
    return err;
}

static enum err sqlite_find_rows(sqlite3_stmt *statement, sqlite3 *database, uint32_t limit,
                                 struct arena *arena, struct found_document **ret_documents,
                                 uint32_t *ret_count, struct why *why)
{
    struct found_document *documents = NULL;
    uint32_t count = 0;
    uint32_t capacity = 0;
    int code = SQLITE_DONE;
    while (count < limit && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        if (count == capacity) {
            capacity = capacity ? capacity * 2 : 16;
            struct found_document *more = ARENA_ARRAY(arena, struct found_document, capacity);
            if (count > 0)
                memcpy(more, documents, count * sizeof(*more));
            documents = more;
        }
        documents[count++] =
            (struct found_document){.time_ms = sqlite3_column_int64(statement, 0),
                                    .id = arena_str(arena, column_str(statement, 1)),
                                    .json = arena_str(arena, column_str(statement, 2))};
    }
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        return sqlite_err(database, code, "find documents", why);
    *ret_documents = documents;
    *ret_count = count;
    return OK;
}

static enum err sqlite_walk(struct target *target, struct str collection,
                            bool (*on_document)(void *context, struct str id, struct str json),
                            void *context, struct why *why)
{
    struct sqlite_target *self = sqlite_target(target);
    sqlite3 *reader = NULL;
    sqlite3_stmt *statement = NULL;
    struct buf sql = {0};
    struct buf id = {0};
    struct arena arena;
    int code = SQLITE_DONE;
    arena_init(&arena, 0);
    enum err err = open_walker(self, &reader, why);
    if (err)
        goto out;
    buf_append_str(&sql, STR("SELECT \"_id\", \"document\" FROM "));
    sqlite_append_name(&sql, collection);
    buf_append_str(&sql, STR(" ORDER BY \"_id\""));
    err = sqlite_prepare(reader, buf_str(&sql), &statement, why);
    if (err || !statement)
        goto out;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        buf_clear(&id);
        id_from_plain(column_str(statement, 0), &arena, &id);
        if (!on_document(context, buf_str(&id), column_str(statement, 1)))
            break;
        arena_clear(&arena);
    }
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        err = sqlite_err(reader, code, "walk documents", why);
out:
    sqlite3_finalize(statement);
    if (reader != self->walker)
        sqlite3_close(reader);
    buf_release(&sql);
    buf_release(&id);
    arena_release(&arena);
    return err;
}

/* A transaction sees nothing but what was there at its first statement. */
static enum err open_walker(struct sqlite_target *self, sqlite3 **ret_reader, struct why *why)
{
    if (!self->read_only)
        return sqlite_open_reader(self, ret_reader, why);
    enum err err = OK;
    if (!self->walker)
        err = sqlite_open_reader(self, &self->walker, why);
    if (!err && sqlite3_get_autocommit(self->walker))
        err = sqlite_run(self->walker, "BEGIN; SELECT 1 FROM sqlite_master;", self->path, why);
    *ret_reader = self->walker;
    return err;
}

static void sqlite_close(struct target *target)
{
    struct sqlite_target *self = sqlite_target(target);
    sqlite_tables_free(self);
    sqlite3_finalize(self->set_position);
    sqlite3_close(self->walker);
    sqlite3_close(self->reader);
    sqlite3_close(self->writer);
    if (self->owner_file >= 0)
        close(self->owner_file);
    pthread_mutex_destroy(&self->write_lock);
    pthread_mutex_destroy(&self->read_lock);
    free(self->path);
    free(self);
}

static const struct target_ops sqlite_ops = {
    .write = sqlite_write,
    .take = sqlite_take,
    .positions = sqlite_positions,
    .find = sqlite_find,
    .walk = sqlite_walk,
    .close = sqlite_close,
};

struct sqlite_target *sqlite_target(struct target *target)
{
    must(target->ops == &sqlite_ops);
    return (struct sqlite_target *)target;
}

enum err target_sqlite_open(const char *path, bool read_only, struct target **ret_target,
                            struct why *why)
{
    must(path != NULL);
    if (read_only && access(path, F_OK) != 0)
        return why_set(why, ERR_NOT_FOUND, "no file '%s'", path);
    struct sqlite_target *self = MEMORY_NEW(struct sqlite_target);
    self->base.ops = &sqlite_ops;
    self->base.batch_documents = BATCH_DOCUMENTS;
    self->base.is_private = true;
    self->path = memory_strdup(path);
    self->read_only = read_only;
    self->owner_file = -1;
    pthread_mutex_init(&self->write_lock, NULL);
    pthread_mutex_init(&self->read_lock, NULL);
    enum err err = read_only ? OK : open_writer(self, why);
    if (err == OK)
        err = sqlite_open_reader(self, &self->reader, why);
    if (err) {
        why_prefix(why, "cannot open the documents");
        sqlite_close(&self->base);
        return err;
    }
    *ret_target = &self->base;
    return OK;
}

/* A file of its own beside the database: closing a second descriptor of the database itself would
 * let go the locks that SQLite holds on it. */
static enum err lock_file(struct sqlite_target *self, struct why *why)
{
    struct buf path = {0};
    buf_printf(&path, "%s-owner", self->path);
    self->owner_file = open(buf_text(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    const int failure = errno;
    buf_release(&path);
    if (self->owner_file < 0)
        return why_set(why, ERR_DENIED, "'%s-owner': %s", self->path, strerror(failure));
    if (flock(self->owner_file, LOCK_EX | LOCK_NB) == 0)
        return OK;
    return why_set(why, ERR_LOCKED,
                   "another process writes '%s': stop it, or name another file with --documents",
                   self->path);
}

static enum err open_writer(struct sqlite_target *self, struct why *why)
{
    const enum err err = lock_file(self, why);
    if (err)
        return err;
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    const int code = sqlite3_open_v2(self->path, &self->writer, flags, NULL);
    if (code != SQLITE_OK)
        return sqlite_err(self->writer, code, self->path, why);
    sqlite3_extended_result_codes(self->writer, 1);
    sqlite3_busy_timeout(self->writer, BUSY_WAIT_MS);
    return sqlite_run(self->writer,
                      "PRAGMA page_size = 8192;"
                      "PRAGMA journal_mode = WAL;"
                      "PRAGMA synchronous = FULL;"
                      "PRAGMA cache_size = -16384;"
                      "PRAGMA journal_size_limit = 67108864;"
                      "CREATE TABLE IF NOT EXISTS \"drivethru_positions\" (\"sink\" TEXT, "
                      "\"topic\" TEXT, \"partition\" INTEGER, \"next_offset\" INTEGER, "
                      "PRIMARY KEY (\"sink\", \"topic\", \"partition\")) WITHOUT ROWID;",
                      self->path, why);
}

enum err sqlite_open_reader(const struct sqlite_target *self, sqlite3 **ret_reader, struct why *why)
{
    sqlite3 *reader = NULL;
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
    const int code = sqlite3_open_v2(self->path, &reader, flags, NULL);
    if (code != SQLITE_OK) {
        const enum err err = sqlite_err(reader, code, self->path, why);
        sqlite3_close(reader);
        return err;
    }
    sqlite3_busy_timeout(reader, BUSY_WAIT_MS);
    *ret_reader = reader;
    return OK;
}

enum err sqlite_prepare(sqlite3 *database, struct str sql, sqlite3_stmt **ret_statement,
                        struct why *why)
{
    sqlite3_stmt *statement = NULL;
    const int code = sqlite3_prepare_v2(database, sql.data, (int)sql.size, &statement, NULL);
    if (code == SQLITE_ERROR && strstr(sqlite3_errmsg(database), "no such table")) {
        *ret_statement = NULL;
        return OK;
    }
    if (code != SQLITE_OK)
        return sqlite_err(database, code, "prepare", why);
    *ret_statement = statement;
    return OK;
}

enum err sqlite_run(sqlite3 *database, const char *sql, const char *doing, struct why *why)
{
    const int code = sqlite3_exec(database, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? OK : sqlite_err(database, code, doing, why);
}

void sqlite_append_name(struct buf *buf, struct str name)
{
    buf_append_byte(buf, '"');
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] == '"')
            buf_append_byte(buf, '"');
        buf_append_byte(buf, (uint8_t)name.data[i]);
    }
    buf_append_byte(buf, '"');
}

enum err sqlite_err(sqlite3 *database, int code, const char *doing, struct why *why)
{
    enum err err = ERR_IO;
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        err = ERR_UNAVAILABLE;
        break;
    case SQLITE_FULL:
        err = ERR_FULL;
        break;
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
        err = ERR_DENIED;
        break;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        err = ERR_CORRUPT;
        break;
    default:
        break;
    }
    return why_set(why, err, "SQLite: %s: '%s'",
                   database ? sqlite3_errmsg(database) : sqlite3_errstr(code), doing);
}

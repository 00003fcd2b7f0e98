/* target_sqlite_write.c -- one transaction of documents and positions.
 *
 * Documents are written in order of collection and _id, which keeps pages together; those with one
 * _id stay in the order given, and all but the last of them are left out where the last overwrites
 * them. */
#include "base/memory.h"
#include "sink/document_text.h"
#include "sink/target_sqlite.h"

/* A document with what decides its place. */
struct place {
    const struct document *document;
    uint32_t index;
    struct str plain_id;
};

static uint32_t places_sort(const struct document *documents, uint32_t count, struct arena *arena,
                            struct place *places, struct document_refusal *refusals);
static bool refuse(const struct document *document, const struct place *place, struct why *why);
static enum err write_all(struct sqlite_target *self, const struct place *places, uint32_t count,
                          struct arena *arena, struct why *why);
static enum err write_place(struct sqlite_target *self, struct sqlite_table *table,
                            const struct place *place, struct arena *arena, struct why *why);
static enum err write_update(struct sqlite_target *self, struct sqlite_table *table,
                             const struct place *place, struct arena *arena, struct why *why);
static enum err write_positions(struct sqlite_target *self, struct str sink,
                                const struct target_position *positions, uint32_t count,
                                struct why *why);
static enum err table_get(struct sqlite_target *self, struct str name,
                          struct sqlite_table **ret_table, struct why *why);
static enum err table_make(struct sqlite_target *self, struct sqlite_table *table, struct why *why);
static enum err prepare_for(struct sqlite_target *self, const char *before, struct str name,
                            const char *after, sqlite3_stmt **ret_statement, struct why *why);
static void bind_str(sqlite3_stmt *statement, int index, struct str text);
static enum err step(struct sqlite_target *self, sqlite3_stmt *statement, struct why *why);
static enum err put(struct sqlite_target *self, sqlite3_stmt *statement, const struct place *place,
                    struct str json, struct why *why);

enum err sqlite_write(struct target *target, struct str sink, const struct document *documents,
                      uint32_t count, const struct target_position *positions,
                      uint32_t position_count, struct document_refusal *refusals,
                      uint32_t *ret_refusal_count, struct why *why)
{
    struct sqlite_target *self = sqlite_target(target);
    if (self->read_only)
        return why_set(why, ERR_DENIED, "'%s' was opened for reading only", self->path);
    struct arena arena;
    arena_init(&arena, 256 << 10);
    struct place *places = ARENA_ARRAY(&arena, struct place, count);
    const uint32_t refusal_count = places_sort(documents, count, &arena, places, refusals);
    *ret_refusal_count = refusal_count;
    if (refusal_count > 0) {
        arena_release(&arena);
        return OK;
    }
    pthread_mutex_lock(&self->write_lock);
    enum err err = sqlite_run(self->writer, "BEGIN IMMEDIATE", "begin", why);
    if (err == OK)
        err = write_all(self, places, count, &arena, why);
    if (err == OK)
        err = write_positions(self, sink, positions, position_count, why);
    if (err == OK)
        err = sqlite_run(self->writer, "COMMIT", "commit", why);
    if (err && !sqlite3_get_autocommit(self->writer))
        sqlite3_exec(self->writer, "ROLLBACK", NULL, NULL, NULL);
    /* Tables made in a transaction that was rolled back are not there. */
    if (err)
        sqlite_tables_free(self);
    pthread_mutex_unlock(&self->write_lock);
    arena_release(&arena);
    return err;
}

void sqlite_tables_free(struct sqlite_target *self)
{
    size_t cursor = 0;
    const struct map_entry *entry;
    while ((entry = map_next(&self->tables, &cursor)) != NULL) {
        struct sqlite_table *table = entry->value;
        sqlite3_finalize(table->replace);
        sqlite3_finalize(table->insert);
        sqlite3_finalize(table->get);
        sqlite3_finalize(table->remove);
        free(table);
    }
    map_release(&self->tables);
    self->tables = (struct map){0};
}

static int place_compare(const void *a, const void *b)
{
    const struct place *left = a;
    const struct place *right = b;
    int order = str_compare(left->document->collection, right->document->collection);
    if (order == 0)
        order = str_compare(left->plain_id, right->plain_id);
    if (order == 0)
        order = left->index < right->index ? -1 : left->index > right->index;
    return order;
}

/* Returns how many are refused. */
static uint32_t places_sort(const struct document *documents, uint32_t count, struct arena *arena,
                            struct place *places, struct document_refusal *refusals)
{
    uint32_t refusal_count = 0;
    struct buf id = {0};
    for (uint32_t i = 0; i < count; i++) {
        buf_clear(&id);
        places[i] = (struct place){.document = &documents[i], .index = i};
        if (id_to_plain(documents[i].id, arena, &id) == OK)
            places[i].plain_id = arena_str(arena, buf_str(&id));
        if (refuse(&documents[i], &places[i], &refusals[refusal_count].why))
            refusals[refusal_count++].index = i;
    }
    buf_release(&id);
    if (count > 1 && refusal_count == 0)
        qsort(places, count, sizeof(*places), place_compare);
    return refusal_count;
}

static bool refuse(const struct document *document, const struct place *place, struct why *why)
{
    const struct str collection = document->collection;
    enum err err = OK;
    if (place->plain_id.size == 0)
        err = why_set(why, ERR_INVALID, "_id '%.*s' is no JSON", STR_ARGS(document->id));
    else if (collection.size == 0 || str_starts_with(collection, STR("sqlite_")) ||
             str_starts_with(collection, STR("drivethru_")))
        err = why_set(why, ERR_INVALID, "'%.*s' is no name for a collection", STR_ARGS(collection));
    else if (document->body.size > DOCUMENT_BYTES_MAX)
        err = why_set(why, ERR_LIMIT, "document of %zu bytes is larger than %d",
                      document->body.size, DOCUMENT_BYTES_MAX);
    else if (document->write != DOCUMENT_DELETE && document->body.size < 2)
        err = why_set(why, ERR_INVALID, "document is empty");
    return err != OK;
}

static enum err write_all(struct sqlite_target *self, const struct place *places, uint32_t count,
                          struct arena *arena, struct why *why)
{
    struct sqlite_table *table = NULL;
    enum err err = OK;
    for (uint32_t i = 0; i < count && err == OK; i++) {
        const struct document *document = places[i].document;
        const struct place *next = i + 1 < count ? &places[i + 1] : NULL;
        const bool overwritten = next &&
                                 (next->document->write == DOCUMENT_REPLACE ||
                                  next->document->write == DOCUMENT_DELETE) &&
                                 str_equal(next->plain_id, places[i].plain_id) &&
                                 str_equal(next->document->collection, document->collection);
        if (overwritten)
            continue;
        if (!table || !str_equal(table->name, document->collection))
            err = table_get(self, document->collection, &table, why);
        if (err == OK)
            err = write_place(self, table, &places[i], arena, why);
    }
    return err;
}

static enum err write_place(struct sqlite_target *self, struct sqlite_table *table,
                            const struct place *place, struct arena *arena, struct why *why)
{
    switch (place->document->write) {
    case DOCUMENT_REPLACE:
        return put(self, table->replace, place, place->document->body, why);
    case DOCUMENT_INSERT:
        return put(self, table->insert, place, place->document->body, why);
    case DOCUMENT_UPDATE:
        return write_update(self, table, place, arena, why);
    case DOCUMENT_DELETE:
        bind_str(table->remove, 1, place->plain_id);
        return step(self, table->remove, why);
    }
    must_not_reach();
}

/* Reads what is there and writes it back with the members changed. */
static enum err write_update(struct sqlite_target *self, struct sqlite_table *table,
                             const struct place *place, struct arena *arena, struct why *why)
{
    const struct document *document = place->document;
    struct buf buf = {0};
    bind_str(table->get, 1, place->plain_id);
    const int code = sqlite3_step(table->get);
    enum err err = OK;
    if (code == SQLITE_ROW) {
        const struct str old = {(const char *)sqlite3_column_text(table->get, 0),
                                (size_t)sqlite3_column_bytes(table->get, 0)};
        if (document_merge(old, document->body, arena, &buf))
            err = why_set(why, ERR_CORRUPT, "the document '%.*s' is no JSON object",
                          STR_ARGS(place->plain_id));
    } else if (code == SQLITE_DONE) {
        document_extend(document->body, document->on_insert, &buf);
    } else {
        err = sqlite_err(self->writer, code, "read a document", why);
    }
    sqlite3_reset(table->get);
    if (err == OK)
        err = put(self, table->replace, place, buf_str(&buf), why);
    buf_release(&buf);
    return err;
}

static enum err write_positions(struct sqlite_target *self, struct str sink,
                                const struct target_position *positions, uint32_t count,
                                struct why *why)
{
    if (!self->set_position) {
        const enum err err =
            prepare_for(self, "INSERT OR REPLACE INTO ", STR("drivethru_positions"),
                        " VALUES (?, ?, ?, ?)", &self->set_position, why);
        if (err)
            return err;
    }
    for (uint32_t i = 0; i < count; i++) {
        bind_str(self->set_position, 1, sink);
        bind_str(self->set_position, 2, positions[i].topic);
        sqlite3_bind_int(self->set_position, 3, positions[i].partition);
        sqlite3_bind_int64(self->set_position, 4, positions[i].next_offset);
        const enum err err = step(self, self->set_position, why);
        if (err)
            return err;
    }
    return OK;
}

static enum err table_get(struct sqlite_target *self, struct str name,
                          struct sqlite_table **ret_table, struct why *why)
{
    struct sqlite_table *table = map_get(&self->tables, name);
    if (table) {
        *ret_table = table;
        return OK;
    }
    table = memory_zalloc(sizeof(*table) + name.size);
    memcpy(table->text, name.data, name.size);
    table->name = (struct str){table->text, name.size};
    map_set(&self->tables, name, table);
    const enum err err = table_make(self, table, why);
    if (err)
        return err;
    *ret_table = table;
    return OK;
}

static enum err table_make(struct sqlite_target *self, struct sqlite_table *table, struct why *why)
{
    const struct str name = table->name;
    struct buf sql = {0};
    buf_append_str(&sql, STR("CREATE TABLE IF NOT EXISTS "));
    sqlite_append_name(&sql, name);
    buf_append_str(&sql, STR(" (\"_id\" TEXT PRIMARY KEY, \"time_ms\" INTEGER, \"document\" TEXT) "
                             "WITHOUT ROWID; CREATE INDEX IF NOT EXISTS "));
    struct buf index = {0};
    buf_printf(&index, "%.*s_time_ms", STR_ARGS(name));
    sqlite_append_name(&sql, buf_str(&index));
    buf_append_str(&sql, STR(" ON "));
    sqlite_append_name(&sql, name);
    buf_append_str(&sql, STR(" (\"time_ms\")"));
    enum err err = sqlite_run(self->writer, buf_text(&sql), "make a table", why);
    buf_release(&sql);
    buf_release(&index);
    if (err == OK)
        err = prepare_for(self, "INSERT OR REPLACE INTO ", name, " VALUES (?, ?, ?)",
                          &table->replace, why);
    if (err == OK)
        err = prepare_for(self, "INSERT OR IGNORE INTO ", name, " VALUES (?, ?, ?)", &table->insert,
                          why);
    if (err == OK)
        err = prepare_for(self, "SELECT \"document\" FROM ", name, " WHERE \"_id\" = ?",
                          &table->get, why);
    if (err == OK)
        err = prepare_for(self, "DELETE FROM ", name, " WHERE \"_id\" = ?", &table->remove, why);
    return err;
}

static enum err prepare_for(struct sqlite_target *self, const char *before, struct str name,
                            const char *after, sqlite3_stmt **ret_statement, struct why *why)
{
    struct buf sql = {0};
    buf_append_str(&sql, str_from(before));
    sqlite_append_name(&sql, name);
    buf_append_str(&sql, str_from(after));
    const int code = sqlite3_prepare_v3(self->writer, sql.data, (int)sql.size,
                                        SQLITE_PREPARE_PERSISTENT, ret_statement, NULL);
    buf_release(&sql);
    return code == SQLITE_OK ? OK : sqlite_err(self->writer, code, "prepare", why);
}

static void bind_str(sqlite3_stmt *statement, int index, struct str text)
{
    sqlite3_bind_text64(statement, index, text.data, text.size, SQLITE_STATIC, SQLITE_UTF8);
}

static enum err step(struct sqlite_target *self, sqlite3_stmt *statement, struct why *why)
{
    const int code = sqlite3_step(statement);
    const enum err err = code == SQLITE_DONE ? OK : sqlite_err(self->writer, code, "write", why);
    sqlite3_reset(statement);
    return err;
}

static enum err put(struct sqlite_target *self, sqlite3_stmt *statement, const struct place *place,
                    struct str json, struct why *why)
{
    bind_str(statement, 1, place->plain_id);
    sqlite3_bind_int64(statement, 2, place->document->time_ms);
    bind_str(statement, 3, json);
    return step(self, statement, why);
}

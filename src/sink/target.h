/* target.h -- the sink's seam: a place documents are written to. */
#ifndef SINK_TARGET_H
#define SINK_TARGET_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

enum document_write {
    DOCUMENT_REPLACE, /* by _id, inserted when missing */
    DOCUMENT_INSERT,  /* an _id that is there already is left as it is */
    DOCUMENT_UPDATE,  /* $set of its fields by _id, inserted when missing */
    DOCUMENT_DELETE   /* by _id */
};

/* What a target takes: MongoDB's Extended JSON (relaxed), or BSON. */
enum document_form { DOCUMENTS_JSON, DOCUMENTS_BSON };

/* One write, in the target's form. Text and bytes are borrowed for the call. */
struct document {
    enum document_write write;
    struct str database; /* size 0: the target's own */
    struct str collection;
    struct str id;        /* JSON: its value's text; BSON: the element _id, name and all */
    struct str body;      /* a whole document, _id first; empty for DELETE */
    struct str on_insert; /* UPDATE: members set only when it is new: `"a":1`, or elements */
    bool may_share_id;    /* other records may have this _id: of those of one partition the last
                             one counts, also when they are written again */
    bool ordered;         /* the bulk it is in stops at the first failure, if there is a choice */
    int64_t time_ms;      /* of the record */
    struct str topic;     /* where the record stands */
    int32_t partition;
    int64_t offset;
};

/* How far a sink has come in one partition of one topic. */
struct target_position {
    struct str topic;
    int32_t partition;
    int64_t next_offset;
};

/* A document the target refuses for its own sake: index into what was given. */
struct document_refusal {
    uint32_t index;
    struct why why;
};

struct found_document {
    int64_t time_ms;
    struct str id;   /* opaque: where it stands among those of one time */
    struct str json; /* text of the document */
};

/* Which documents to find: the one with `id` (JSON text, size > 0), else those with record time in
 * [from_ms, to_ms), newest first. `after` goes on below one that was found (its json does not
 * count): what came or went meanwhile shifts nothing. */
struct document_query {
    struct str collection;
    struct str id;
    int64_t from_ms;
    int64_t to_ms;
    const struct found_document *after; /* NULL: from the top */
    uint32_t limit;
};

struct target;

/* write and take are called by a sink's thread, the others by any. */
struct target_ops {
    /* Writes documents and positions, whole or not at all where the target can; else documents
     * first, so that a position is never ahead. A write may be repeated. Refused documents are
     * listed (room for count); then positions do not move: the caller sets the refused aside and
     * writes the others again. Of documents with one _id the last given counts last.
     * ERR_UNAVAILABLE, ERR_FULL, ERR_IO: try again; ERR_DENIED, ERR_INVALID, ERR_CORRUPT: stop;
     * ERR_LOCKED: somebody else has taken the positions. */
    enum err (*write)(struct target *target, struct str sink, const struct document *documents,
                      uint32_t count, const struct target_position *positions,
                      uint32_t position_count, struct document_refusal *refusals,
                      uint32_t *ret_refusal_count, struct why *why);
    /* Makes this target the owner of a sink's position in one partition and says where it is; -1:
     * not known. An earlier owner's writes are refused from then on. */
    enum err (*take)(struct target *target, struct str sink, struct str topic, int32_t partition,
                     int64_t *ret_next_offset, struct why *why);
    /* Positions of a sink (size 0: of all), in the arena; none: a new sink. */
    enum err (*positions)(struct target *target, struct str sink, struct arena *arena,
                          struct target_position **ret_positions, uint32_t *ret_count,
                          struct why *why);
    /* The documents of a query, in the arena. An unknown collection has none. ERR_INVALID: `id` is
     * no JSON. */
    enum err (*find)(struct target *target, const struct document_query *query, struct arena *arena,
                     struct found_document **ret_documents, uint32_t *ret_count, struct why *why);
    /* Walks a whole collection in order of _id for comparing; stops when the callback says false.
     * A target opened read-only shows in every walk what the first one saw. */
    enum err (*walk)(struct target *target, struct str collection,
                     bool (*on_document)(void *context, struct str id, struct str json),
                     void *context, struct why *why);
    /* Frees it. */
    void (*close)(struct target *target);
};

struct target {
    const struct target_ops *ops;
    enum document_form form;
    uint32_t batch_documents; /* in a write, where nobody says how many */
    bool is_private;          /* one process has it: sinks of others write elsewhere */
};

MUST_CHECK static inline enum err
target_write(struct target *target, struct str sink, const struct document *documents,
             uint32_t count, const struct target_position *positions, uint32_t position_count,
             struct document_refusal *refusals, uint32_t *ret_refusal_count, struct why *why)
{
    must(target != NULL);
    must(ret_refusal_count != NULL);
    return target->ops->write(target, sink, documents, count, positions, position_count, refusals,
                              ret_refusal_count, why);
}

MUST_CHECK static inline enum err target_take(struct target *target, struct str sink,
                                              struct str topic, int32_t partition,
                                              int64_t *ret_next_offset, struct why *why)
{
    must(target != NULL);
    must(ret_next_offset != NULL);
    return target->ops->take(target, sink, topic, partition, ret_next_offset, why);
}

MUST_CHECK static inline enum err target_positions(struct target *target, struct str sink,
                                                   struct arena *arena,
                                                   struct target_position **ret_positions,
                                                   uint32_t *ret_count, struct why *why)
{
    must(target != NULL);
    return target->ops->positions(target, sink, arena, ret_positions, ret_count, why);
}

MUST_CHECK static inline enum err
target_find(struct target *target, const struct document_query *query, struct arena *arena,
            struct found_document **ret_documents, uint32_t *ret_count, struct why *why)
{
    must(target != NULL);
    must(query != NULL);
    return target->ops->find(target, query, arena, ret_documents, ret_count, why);
}

MUST_CHECK static inline enum err target_walk(struct target *target, struct str collection,
                                              bool (*on_document)(void *context, struct str id,
                                                                  struct str json),
                                              void *context, struct why *why)
{
    must(target != NULL);
    must(on_document != NULL);
    return target->ops->walk(target, collection, on_document, context, why);
}

/* NULL is fine. */
static inline void target_close(struct target *target)
{
    if (target)
        target->ops->close(target);
}

/* `path`: the SQLite file, made when missing (WAL, synchronous=FULL). One table a collection:
 * "_id" TEXT PRIMARY KEY, "time_ms" INTEGER, "document" TEXT (JSON), an index on time_ms. The
 * column "_id" has an ObjectId's 24 digits and a string without its quotes, unless it could be
 * mistaken for something else; any other _id as its JSON text. Positions are in the table
 * "drivethru_positions". Sinks may share it; ERR_LOCKED: another target writes it. */
MUST_CHECK enum err target_sqlite_open(const char *path, bool read_only, struct target **ret_target,
                                       struct why *why);
struct target_mongodb_options {
    struct str uri;      /* never shown: it has the password in it */
    struct str database; /* of the positions, and of documents that name none */
    bool read_only;
};
/* Goes step by step, up to the first failure: the SRV record, each host's name, port and TLS;
 * login, permission in the database, version, kind, clock. ERR_SETTING: the URI itself. */
struct examiner;
MUST_CHECK enum err target_mongodb_examine(const struct target_mongodb_options *options,
                                           const struct examiner *examiner, struct why *why);
/* Connects when it is first used; w=majority and journal=true where the URI says nothing.
 * ERR_INVALID. */
MUST_CHECK enum err target_mongodb_open(const struct target_mongodb_options *options,
                                        struct target **ret_target, struct why *why);
/* Wraps another and fails the Nth fallible call with `err`; sticky: and all after it. Closing it
 * closes the inner one. */
struct target *target_faulty_new(struct target *inner, uint64_t fail_call, bool sticky,
                                 enum err err);
uint64_t target_faulty_calls(struct target *target);

#endif

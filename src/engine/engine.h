/* engine.h -- catalog, statements, the life of queries, recovery. The room's door.
 *
 * engine_* calls may come from any thread; statements run one after another. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "base/buf.h"
#include "base/properties.h"
#include "engine/described.h"
#include "flow/flow.h"
#include "format/format.h"
#include "log/log.h"
#include "registry/registry.h"
#include "sql/sql.h"

#include <stdatomic.h>

struct engine;

/* A connector as it was defined. ${...} of providers stand in its values as they were given. */
struct engine_connector {
    struct str name;
    int64_t id; /* a later definition of the same name has a greater one */
    const struct properties *config;
    bool paused;
};

/* Whoever runs connectors. Called with no lock held but where said. */
struct engine_connectors {
    void *context;
    /* Whether the definition makes sense; with the engine's lock held. ERR_INVALID. */
    enum err (*check)(void *context, const struct properties *config, struct why *why);
    /* Starts it unless this definition or a later one runs; its failures are its state. */
    void (*start)(void *context, const struct engine_connector *connector);
    /* Stops this definition. */
    void (*stop)(void *context, struct str name, int64_t id);
    /* With the engine's lock held: does not wait. */
    void (*pause)(void *context, struct str name, bool paused);
    /* What SHOW and DESCRIBE say but its name, in the arena; with the engine's lock held. */
    void (*describe)(void *context, struct str name, struct arena *arena,
                     struct described_connector *ret_connector);
};

struct engine_options {
    struct log *log;           /* outlives the engine */
    struct registry *registry; /* outlives the engine */
    struct str service_id;     /* "drivethru_" */
    bool interactive;          /* statements are kept in the command topic and run again at start */
    bool catalog_only;   /* with `interactive`: only look what there is; nothing starts, nothing is
                            written */
    bool shared;         /* other processes run the same service: what they keep is followed */
    struct str instance; /* with `shared`: this process among those of the service */
    bool has_registry;   /* with `shared`: the schema registry is inside this process */
    bool settle_pulls;   /* a pull query first waits until all queries have read their input */
    uint32_t thread_count;
    uint32_t batch_rows;               /* 0: the default */
    uint64_t memory_max;               /* bytes of windows and tables; 0: no limit */
    const struct properties *settings; /* ksql.* and drivethru's own, defaults of SET */
    const char *window_directory;
    const struct engine_connectors *connectors; /* NULL: they are only kept */
};

/* Opens; with `interactive` runs what the command topic holds. ERR_LOCKED, ERR_CORRUPT, ... */
MUST_CHECK enum err engine_open(const struct engine_options *options, struct engine **ret_engine,
                                struct why *why);
/* Stops all queries where they are. NULL is fine. */
void engine_close(struct engine *engine);
/* Tells the other processes of the service from now on what runs here, and where it is asked: a URL
 * that they can reach. Nothing when it is not shared. */
MUST_CHECK enum err engine_announce(struct engine *engine, struct str url, struct why *why);
/* Not interactive: what the statements come from, as a digest; before the first is executed. All
 * processes of a shared service run the same: the first query that is started is refused
 * (ERR_LOCKED, ERR_INVALID) where others run other files, or keep statements. */
void engine_say_files(struct engine *engine, struct str digest);
/* As the options gave it; valid until the engine is closed. */
struct str engine_service_id(const struct engine *engine);

enum answer_kind {
    ANSWER_MESSAGE, /* DDL: text says what happened */
    ANSWER_TABLE,   /* SHOW, DESCRIBE: names and text cells */
    ANSWER_TEXT,    /* EXPLAIN, DESCRIBE EXTENDED: lines */
    ANSWER_HEADER,  /* a query's columns: rows follow */
    ANSWER_ROWS     /* a batch of a query's rows */
};

/* What a statement yields, piece by piece; borrowed for the call. */
struct answer {
    enum answer_kind kind;
    struct str text;        /* MESSAGE, TEXT */
    struct str query_id;    /* MESSAGE of a statement that started or stopped a query; HEADER */
    int64_t command_number; /* MESSAGE: place in the command topic of what was kept last */
    const struct described *described; /* TABLE, TEXT: the same in structure; may be NULL */
    const struct str *names;           /* TABLE: column_count of them */
    const struct str *cells;           /* TABLE: row_count × column_count */
    uint32_t column_count;
    uint32_t row_count;
    const struct row_type *row_type; /* HEADER, ROWS */
    const struct batch *rows;        /* ROWS */
};

/* Return false to end a query early. */
typedef bool engine_answer(void *context, const struct statement *statement,
                           const struct answer *answer);
/* For whoever wants only the error. */
engine_answer engine_ignore_answer;

/* A client: its SET and DEFINE, and whether it still listens. One statement at a time. */
struct session {
    struct properties settings;
    struct properties variables;
    atomic_bool interrupted;
};
void session_init(struct session *session, struct arena *arena);
/* Ends the push query or PRINT that is being answered, and any after it. Signal-safe. */
void session_interrupt(struct session *session);

/* Runs the statements of a text in order; stops at the first that fails, with its line and column.
 * A push query ends at its LIMIT, when on_answer says false, or when it is interrupted; it holds up
 * no other statement. A pull query's on_answer must not wait for a client: other statements wait
 * for it. ERR_LIMIT: rows of a push query came faster than on_answer took them. */
MUST_CHECK enum err engine_execute(struct engine *engine, struct session *session, struct str text,
                                   engine_answer *on_answer, void *context, struct why *why);
/* Waits until the command with this number, which another process of the service may have kept, has
 * been run here. ERR_UNAVAILABLE after timeout_ms. */
MUST_CHECK enum err engine_await_command(struct engine *engine, int64_t number, int64_t timeout_ms,
                                         struct why *why);
/* Ends all push queries that are being answered. Signal-safe. */
void engine_interrupt(struct engine *engine);
/* Ends the push query with this id. ERR_NOT_FOUND. */
MUST_CHECK enum err engine_end_push(struct engine *engine, struct str id);
/* Whether SET would take it: ERR_INVALID with did-you-mean. A value of size 0: only the name. */
MUST_CHECK enum err engine_check_setting(struct str name, struct str value, struct why *why);
/* Appends one row to the stream or table: a JSON object of its columns' values. Durable when it
 * returns. ERR_NOT_FOUND, ERR_INVALID, ERR_MALFORMED with words. */
MUST_CHECK enum err engine_insert(struct engine *engine, struct str name, struct str json,
                                  struct why *why);

/* Where a process of a service answers another's engine_pull_own. */
#define ENGINE_PULL_PATH "/internal/pull"
/* Answers another process of the service: rows of a pull query from partitions that are kept here,
 * appended to ret_rows. Asks nobody else. ERR_MALFORMED, ERR_UNAVAILABLE (a partition is not here,
 * or not read back yet), ... with words. */
MUST_CHECK enum err engine_pull_own(struct engine *engine, struct str request, struct buf *ret_rows,
                                    struct why *why);

/* Runs numbered files of a pipeline directory as one text each (file_name ends in a NUL):
 * statements that already run as they stand are left alone; changed ones are refused unless they
 * say OR REPLACE. */
MUST_CHECK enum err engine_apply(struct engine *engine, struct str file_name, struct str text,
                                 engine_answer *on_answer, void *context, struct why *why);

/* Defines a connector, in place of one of the same name that differs. ERR_INVALID. */
MUST_CHECK enum err engine_define_connector(struct engine *engine, struct str name,
                                            const struct properties *config,
                                            engine_answer *on_answer, void *context,
                                            struct why *why);
/* All that are defined, in the arena. */
void engine_get_connectors(struct engine *engine, struct arena *arena,
                           struct engine_connector **ret_connectors, uint32_t *ret_count);
/* Starts those that were defined when the engine was opened or by files. */
void engine_start_connectors(struct engine *engine);

/* Plans a SELECT for whoever reads the topic of its table or stream himself: see sql_plan_scan. The
 * plan lives in the arena and borrows the text and the catalog, which the engine keeps. ERR_INVALID
 * with place and words, ERR_NOT_FOUND. */
MUST_CHECK enum err engine_plan_scan(struct engine *engine, struct str text, struct arena *arena,
                                     struct pull_plan **ret_plan, struct why *why);

/* Waits until all queries are at the end of their inputs and committed. */
MUST_CHECK enum err engine_wait_idle(struct engine *engine, int64_t timeout_ms);

struct engine_query {
    struct str id;
    struct str sql;
    struct str sink; /* size 0: none */
    struct flow_status status;
};
/* All persistent queries, in the arena. */
void engine_queries(struct engine *engine, struct arena *arena, struct engine_query **ret_queries,
                    uint32_t *ret_count);

/* The source with this name, copied into the arena. ERR_NOT_FOUND. */
MUST_CHECK enum err engine_source(struct engine *engine, struct str name, struct arena *arena,
                                  struct source *ret_source);
/* The source whose topic this is. ERR_NOT_FOUND. For sinks and tools. */
MUST_CHECK enum err engine_source_of_topic(struct engine *engine, struct str topic,
                                           struct arena *arena, struct source *ret_source);
/* Shows the topic's records as the catalog says they are written; those of a topic it does not know
 * by their bytes alone. What it needs of the catalog is copied into the arena, which outlives it.
 * To be freed with viewer_free. ERR_UNKNOWN_SCHEMA, ERR_UNAVAILABLE, ... from the registry. */
MUST_CHECK enum err engine_view_topic(struct engine *engine, struct str topic, struct arena *arena,
                                      struct viewer **ret_viewer, struct why *why);

#endif

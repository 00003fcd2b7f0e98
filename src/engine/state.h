/* state.h -- the engine's inside: what its files share. Not for other rooms. */
#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include "base/map.h"
#include "engine/engine.h"

#include <pthread.h>
#include <stdatomic.h>

#define ENGINE_QUERIES_MAX 1000
#define ENGINE_DEAD_LETTER_TOPIC "drivethru-dlq"

/* A source in the catalog with all it points to. Retired entries stay until the engine is closed,
 * because plans that run may still point into them. */
struct catalog_entry {
    struct arena arena;
    struct source source;
    struct catalog_entry *retired_next;
};

struct catalog_type {
    struct arena arena;
    const struct type *type;
    struct str text;
};

/* A connector's definition, with all it points to. */
struct catalog_connector {
    struct arena arena;
    struct str text; /* of the statement */
    struct properties config;
    int64_t id;
    bool paused;
};

/* A persistent query. Its arena holds the plan. */
struct running {
    struct arena arena;
    struct plan *plan;
    struct str id;
    struct str sql;
    struct str sink;
    struct properties settings; /* as they were when it was made */
    struct flow_query *flow;    /* NULL while commands are replayed */
    bool paused;
};

struct engine {
    struct engine_options options;
    struct arena arena; /* the engine's whole life: its own names */
    struct properties settings;
    pthread_mutex_t lock; /* around all below; never held while a query is answered */

    struct map sources;    /* name -> struct catalog_entry */
    struct map types;      /* name -> struct catalog_type */
    struct map connectors; /* name -> struct catalog_connector */
    struct catalog_entry *retired;

    struct running *queries[ENGINE_QUERIES_MAX];
    uint32_t query_count;

    struct flow *flow;
    struct log_member *writer; /* commands and INSERT VALUES */
    struct str command_topic_name;
    struct log_topic *command_topic; /* NULL when not interactive */
    int64_t command_offset;          /* of the command to be read next */
    int64_t command_number;          /* of the last that was kept or taken; -1: none */
    int64_t next_number;             /* of the next query: the next command's offset */
    bool replaying;                  /* commands are run at start: nothing is started */
    bool following;                  /* a command that another process has kept is run */
    struct connector_news *connector_news;
    struct peers *peers;       /* NULL: the process is alone */
    struct str files_digest;   /* of a headless service */
    struct follower *follower; /* NULL: nobody else writes commands */
    struct push *pushes;       /* being answered */
    atomic_uint interrupts;    /* how often all push queries were ended */
};

/* A connector that is to be started or stopped when the lock is given back. */
struct connector_news {
    struct arena arena;
    struct engine_connector connector;
    bool starts;
    struct connector_news *next;
};

/* One statement being executed. */
struct execution {
    struct engine *engine;
    struct session *session;
    const struct statement *statement;
    struct catalog catalog;
    struct arena *arena; /* scratch, of the whole text */
    engine_answer *on_answer;
    void *context;
    struct why *why;
    unsigned interrupts; /* as it stood when the text began */
    struct str token;    /* of a statement that is kept; see command.c */
    bool is_lost;        /* it could not be kept, or nobody knows */
    bool is_done;        /* an earlier try was kept after all, and has been answered: */
    enum err done_err;   /* so */
    /* Pipeline files: whether there is nothing to do, asked anew before each try; may be NULL. */
    enum err (*judge)(struct execution *execution, bool *ret_leave);
    /* What is to be done when the statement has succeeded and the lock is given back. */
    struct engine_connector starts; /* name of size 0: none */
    struct engine_connector stops;
};

/* catalog.c */
struct catalog catalog_view(struct engine *engine, const struct session *session);
struct catalog_entry *catalog_find(struct engine *engine, struct str name);
struct catalog_entry *catalog_find_topic(struct engine *engine, struct str topic);
/* Copies the source into an entry of its own and puts it in, retiring one of the same name. */
void catalog_put(struct engine *engine, const struct source *source);
void catalog_drop(struct engine *engine, struct str name);
void catalog_put_type(struct engine *engine, struct str name, const struct type *type,
                      struct str text);
bool catalog_remove_type(struct engine *engine, struct str name);
void catalog_release(struct engine *engine);
/* A deep copy in the arena. */
void source_copy(struct arena *arena, const struct source *from, struct source *ret_source);

/* engine.c: log_commit_wait by the engine's writer, which joins again after a failed commit.
 * ERR_ABORTED: not committed, as far as anybody knows. [control] */
MUST_CHECK enum err writer_commit(struct engine *engine, const struct log_step *step,
                                  int64_t timeout_ms, bool *ret_taken);
/* topics.c: makes a topic as wished, where there is none; of one that is there only the partitions
 * must be those wished, if any are. retention_ms 0: for ever. */
MUST_CHECK enum err topic_ensure(struct engine *engine, struct str name,
                                 const struct log_topic_config *wish, bool must_exist,
                                 struct why *why);
/* Partition count; ERR_NOT_FOUND. */
MUST_CHECK enum err topic_partitions(struct engine *engine, struct str name, int32_t *ret_count);

/* catalog.c: "<topic>-key" or "<topic>-value", in the arena, and the newest version it has. Errors
 * as registry_get_version. */
struct str subject_of(struct str topic, bool is_key, struct arena *arena);
MUST_CHECK enum err subject_latest(struct engine *engine, struct str topic, bool is_key,
                                   struct arena *arena, struct registry_version *ret_version,
                                   struct why *why);

/* define.c: CREATE, DROP, types */
MUST_CHECK enum err execute_create_source(struct execution *execution);
MUST_CHECK enum err execute_drop(struct execution *execution);
MUST_CHECK enum err execute_create_type(struct execution *execution);
MUST_CHECK enum err execute_drop_type(struct execution *execution);

/* query.c: persistent queries */
MUST_CHECK enum err execute_create_query(struct execution *execution);
MUST_CHECK enum err execute_terminate(struct execution *execution);
MUST_CHECK enum err execute_pause(struct execution *execution);
struct running *query_find(struct engine *engine, struct str id);
/* Starts what replaying the commands has left. */
MUST_CHECK enum err queries_start(struct engine *engine, struct why *why);
/* Before the suffix of the query's internal topics; in the arena. */
struct str query_prefix(const struct engine *engine, struct str id, struct arena *arena);
/* `topic` (size 0: none) goes with what is forgotten. */
MUST_CHECK enum err query_stop(struct engine *engine, struct running *query, bool forget,
                               struct str topic, struct why *why);
void queries_release(struct engine *engine);

/* connector.c */
MUST_CHECK enum err execute_create_connector(struct execution *execution);
MUST_CHECK enum err execute_drop_connector(struct execution *execution);
MUST_CHECK enum err execute_pause_connector(struct execution *execution);
void execute_show_connectors(struct execution *execution);
MUST_CHECK enum err execute_describe_connector(struct execution *execution);
void connectors_release(struct engine *engine);
/* Notes what is to be started or stopped (name of size 0: nothing), and tells it, in that order;
 * the first with the lock, the second without. */
void connector_note(struct engine *engine, const struct engine_connector *connector, bool starts);
void connectors_tell(struct engine *engine);

/* insert.c */
/* Encodes row 0 of the batch, which has the source's row type, and appends it. */
MUST_CHECK enum err insert_row(struct engine *engine, const struct source *source,
                               const struct batch *row, struct arena *arena, struct why *why);
MUST_CHECK enum err execute_insert_values(struct execution *execution);

/* push.c, pull.c, print.c */
/* Those that are being answered. In the execution's arena. */
void describe_pushes(struct execution *execution, struct described_query **ret_queries,
                     uint32_t *ret_count);
MUST_CHECK enum err execute_push(struct execution *execution);
MUST_CHECK enum err execute_pull(struct execution *execution);
MUST_CHECK enum err execute_print(struct execution *execution);
/* pull_peers.c: the same over all processes of the service. Gives the lock back while it asks. */
MUST_CHECK enum err pull_shared(struct execution *execution, const struct running *query,
                                const struct pull_plan *plan);

/* show.c, describe.c */
MUST_CHECK enum err execute_show(struct execution *execution);
/* show_queries.c: lines for each persistent query. */
void show_queries_extended(struct execution *execution, const struct described *described);
MUST_CHECK enum err execute_describe(struct execution *execution);
MUST_CHECK enum err execute_explain(struct execution *execution);

/* settings.c */
MUST_CHECK enum err execute_setting(struct execution *execution);
/* The setting in force: the session's, else the engine's, else `otherwise`. `name` without the
 * prefixes ksql. and ksql.streams., which are understood in both. */
struct str setting_get(const struct engine *engine, const struct properties *session,
                       struct str name, struct str otherwise);
/* ERR_INVALID with did-you-mean. */
MUST_CHECK enum err setting_check(struct str name, struct str value, struct why *why);

/* A command's JSON as it was read: a statement, or what files a headless service runs. */
struct command {
    struct str token;
    struct str statement;
    struct str files; /* size 0: it is a statement */
    struct properties settings;
};

/* command.c: the command topic */
/* The topic's handle; made when it is missing. */
MUST_CHECK enum err command_topic_find(struct engine *engine, struct log_topic **ret_topic,
                                       struct why *why);
/* ERR_CORRUPT when it was not written by us: a ksqlDB's have names of their own. */
MUST_CHECK enum err command_read(struct str value, struct arena *arena, struct command *command);
MUST_CHECK enum err command_topic_open(struct engine *engine, struct why *why);
/* Appends a statement that changes what runs, and its settings, with next_number for its offset;
 * durable when it returns. Nothing while replaying, following or when not interactive. On failure
 * sets is_lost: claim again, and see. */
MUST_CHECK enum err command_append(struct execution *execution);
/* The same with any value. */
MUST_CHECK enum err command_append_value(struct engine *engine, struct log_topic *topic,
                                         int64_t offset, struct str value, struct why *why);
/* Makes this process the one that keeps statements, and runs what others have kept until now; sets
 * next_number. is_done: the execution's own was among it. */
MUST_CHECK enum err command_claim(struct execution *execution);
/* Runs what others have kept, up to end_offset (-1: what can be read). `own` may be NULL. */
MUST_CHECK enum err command_follow(struct engine *engine, int64_t end_offset, struct execution *own,
                                   struct why *why);
/* Runs all commands again, without starting queries. */
MUST_CHECK enum err command_replay(struct engine *engine, struct why *why);

/* headless.c */
/* Before a query or connector of a headless service is started. */
MUST_CHECK enum err headless_claim(struct engine *engine, struct why *why);

/* peers.c: the processes of the service */
struct peer_part {
    uint32_t stage;
    int32_t partition;
    uint32_t percent; /* read back; 100: it runs */
};
struct peer_query {
    struct str id;
    struct str state; /* "RUNNING" */
    struct peer_part *parts;
    uint32_t part_count;
};
struct peer_info {
    struct str url;   /* size 0: it cannot be asked */
    struct str files; /* size 0: it is interactive */
    bool has_registry;
    struct peer_query *queries;
    uint32_t query_count;
};
/* Reads what others have said. ERR_LOCKED: one of them has the schema registry that this one would
 * have. */
MUST_CHECK enum err peers_open(struct engine *engine, struct why *why);
/* A thread that goes on reading, and says what runs here. */
MUST_CHECK enum err peers_start(struct engine *engine, struct str url, struct why *why);
void peers_close(struct engine *engine);
/* All others that are there, in the arena. [any] */
void peers_get(struct engine *engine, struct arena *arena, struct peer_info **ret_peers,
               uint32_t *ret_count);
/* Adds their states of the query. [any] */
void peers_add_states(struct engine *engine, struct str id, struct described_states *states);
/* show.c: "RUNNING". Static. */
const char *query_state_word(enum flow_state state);

/* follow.c: statements of several processes */
/* Executes a statement. One that changes what runs has its turn among those of all processes: it is
 * checked against what they have kept before, and tried again when another was faster. With the
 * lock, which is given back between two tries. */
MUST_CHECK enum err execute_in_turn(struct execution *execution);
/* A thread that runs what other processes keep. */
MUST_CHECK enum err follower_start(struct engine *engine, struct why *why);
void follower_stop(struct engine *engine);
/* Removes what a query that was stopped here has left, and the topic (size 0: none), as soon as all
 * processes have stopped it. */
void follower_forget(struct engine *engine, struct str query_id, struct str topic);

/* engine.c */
MUST_CHECK enum err execute_statement(struct execution *execution);
/* Answers with a message. */
void answer_message(struct execution *execution, struct str query_id, const char *format, ...)
    PRINTF_LIKE(3, 4);
void answer_text(struct execution *execution, struct str text, const struct described *described);
bool is_interrupted(const struct execution *execution);
/* show.c: what is known of a query. In the execution's arena. */
void describe_query(struct execution *execution, const struct running *query,
                    struct described_query *ret_described);

#endif

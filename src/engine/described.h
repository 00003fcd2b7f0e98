/* described.h -- what SHOW, LIST, DESCRIBE and EXPLAIN say, in structure: for whoever does not
 * print it but hands it on. Borrowed for the call, like the answer it comes with. */
#ifndef ENGINE_DESCRIBED_H
#define ENGINE_DESCRIBED_H

#include "flow/flow.h"
#include "sql/sql.h"

enum described_kind {
    DESCRIBED_SOURCES,    /* SHOW STREAMS, SHOW TABLES */
    DESCRIBED_TOPICS,     /* SHOW TOPICS */
    DESCRIBED_QUERIES,    /* SHOW QUERIES */
    DESCRIBED_FUNCTIONS,  /* SHOW FUNCTIONS */
    DESCRIBED_TYPES,      /* SHOW TYPES */
    DESCRIBED_PROPERTIES, /* SHOW PROPERTIES */
    DESCRIBED_VARIABLES,  /* SHOW VARIABLES */
    DESCRIBED_SOURCE,     /* DESCRIBE: one */
    DESCRIBED_FUNCTION,   /* DESCRIBE FUNCTION: one */
    DESCRIBED_QUERY,      /* EXPLAIN: one; of a statement that does not run, without an id */
    DESCRIBED_CONNECTORS, /* SHOW CONNECTORS */
    DESCRIBED_CONNECTOR   /* DESCRIBE CONNECTOR: one */
};

struct described_connector {
    struct str name;
    struct str class_name;
    const char
        *state; /* Connect's: "RUNNING", "PAUSED", "FAILED", "UNASSIGNED": it runs elsewhere */
    struct str trace; /* why it failed or waits; size 0: it does neither */
    const struct str *topics;
    uint32_t topic_count;
};

#define DESCRIBED_STATES_MAX 4

struct described_query {
    struct str id;
    struct str sql;
    struct str sink; /* size 0: a push query */
    struct str sink_topic;
    const char *state; /* "RUNNING" */
    struct str error;  /* of state ERROR */
    /* How many processes of the service have it in which state; this one's is the first. */
    struct described_states {
        const char *words[DESCRIBED_STATES_MAX];
        uint32_t counts[DESCRIBED_STATES_MAX];
        uint32_t count;
    } states;
    int64_t lag;
    /* EXPLAIN only */
    const struct row_type *row_type;
    const struct str *sources;
    uint32_t source_count;
    struct str plan;
};

struct described_source {
    struct str name;
    const struct source *source;
    /* DESCRIBE only */
    int32_t partition_count;
    const struct described_query *readers;
    uint32_t reader_count;
    const struct described_query *writers;
    uint32_t writer_count;
    struct str counted; /* by its writers since they started, a line each */
};

struct described_topic {
    struct str name;
    int32_t partition_count;
    int16_t replica_count; /* of each partition */
    int64_t records;
    uint64_t bytes;
    uint32_t reader_count; /* EXTENDED: queries of this process that read it */
};

struct described_type {
    struct str name;
    const struct type *type;
};

struct described {
    enum described_kind kind;
    uint32_t count;
    union {
        const struct described_source *sources;
        const struct described_topic *topics;
        const struct described_query *queries;
        const struct function_info *const *functions;
        const struct described_type *types;
        const struct described_connector *connectors;
        const struct property *properties; /* and variables */
    };
};

#endif

/* settings.h -- a connector's properties, checked and read. Inside sink/ only. */
#ifndef SINK_SETTINGS_H
#define SINK_SETTINGS_H

#include "base/properties.h"
#include "format/format.h"

#include <stdint.h>

#define SINK_BATCH_DOCUMENTS_MAX 10000

/* document.id.strategy: where a document's _id comes from. */
enum id_strategy {
    ID_DEFAULT,   /* a table's key and window, a stream's ID_OBJECT_ID */
    ID_OBJECT_ID, /* BsonOid: from record time and coordinates, so that redelivery gives the same */
    ID_FULL_KEY,
    ID_PROVIDED_IN_KEY, /* the key's member _id */
    ID_PROVIDED_IN_VALUE,
    ID_PARTIAL_KEY, /* some of the key's members, as an object */
    ID_PARTIAL_VALUE,
    ID_COORDINATES, /* KafkaMetaData: "topic#partition#offset" */
    ID_UUID,        /* from the coordinates */
    ID_UUID_PROVIDED_IN_KEY,
    ID_UUID_PROVIDED_IN_VALUE
};

/* writemodel.strategy: what a record does to its document. */
enum write_model {
    MODEL_REPLACE,
    MODEL_INSERT,
    MODEL_UPDATE,
    MODEL_UPDATE_TIMESTAMPS, /* also sets _modifiedTS, and _insertedTS when it is new */
    MODEL_DELETE,
    MODEL_DELETE_TOMBSTONE /* deletes when the record has no value, else replaces */
};

/* Which members of a key or value count. */
enum projection_kind { PROJECTION_ALL, PROJECTION_ALLOW, PROJECTION_BLOCK };
struct projection {
    enum projection_kind kind;
    const struct str *names;
    uint32_t count;
};

/* field.renamer.mapping */
struct rename {
    bool in_key;
    struct str from;
    struct str to;
};

/* What may differ a topic (topic.override.<topic>.<name>). */
struct topic_settings {
    struct str database; /* size 0: the target's own */
    struct str collection;
    enum id_strategy id;
    bool overwrite_id; /* a column _id is replaced, not kept */
    struct projection id_key;
    struct projection id_value;
    enum write_model model;
    bool delete_on_null;
    bool ordered;
    bool key_columns; /* key columns are written into the document */
    struct projection key;
    struct projection value;
    const struct rename *renames;
    uint32_t rename_count;
};

struct topic_pattern;

/* What holds for all topics. Text lives in the properties' arena and the one given. */
struct sink_settings {
    const struct properties *properties;
    const struct str *topics;
    uint32_t topic_count;
    struct topic_pattern *pattern; /* topics.regex; NULL: none */
    uint32_t batch_documents_max;  /* 0: as the target likes it */
    uint32_t rate_every_batches;   /* 0: no limit */
    int64_t rate_wait_ms;
    bool tolerates; /* bad records become dead letters; false: the sink fails */
    bool logs_errors;
    struct str dead_letter_topic; /* size 0: <connector>-dlq */
    bool has_key_converter;
    bool has_value_converter;
    enum format_kind key_converter;
    enum format_kind value_converter;
};

/* Reads and checks them all; `arena` and `properties` outlive the settings. ERR_INVALID. Released
 * by settings_release. */
MUST_CHECK enum err settings_read(const struct properties *properties, struct arena *arena,
                                  struct sink_settings *ret_settings, struct why *why);
void settings_release(struct sink_settings *settings);
/* A topic's own settings. ERR_INVALID. */
MUST_CHECK enum err settings_of_topic(const struct properties *properties, struct str topic,
                                      struct arena *arena, struct topic_settings *ret_settings,
                                      struct why *why);
/* Whether the connector reads a topic of this name. */
bool settings_want(const struct sink_settings *settings, struct str topic);

/* The table of all properties: known, fit for an override, of the right kind of value. */
MUST_CHECK enum err property_check(const struct property *property, struct why *why);
/* Why a property does nothing; size 0: it does something. */
struct str property_note(struct str name);
/* The other name of a property; size 0: it has none. */
struct str property_alias(struct str name);
/* The topic of "topic.override.<topic>.<name>"; size 0 when the name is no such one. */
struct str property_override_topic(struct str name);

#endif

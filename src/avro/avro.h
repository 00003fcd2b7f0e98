/* avro.h -- Avro: schema text, resolution, compatibility, and a compiled codec to and from columns.
 *
 * Everything that comes in is hostile: depth, counts, sizes and allocation are bounded. Follows the
 * Avro 1.11 specification; where implementations differ, what the Java implementation does. */
#ifndef AVRO_AVRO_H
#define AVRO_AVRO_H

#include "base/arena.h"
#include "base/buf.h"
#include "data/batch.h"

#include <stdint.h>

#define AVRO_SCHEMA_BYTES_MAX (1 << 20)
#define AVRO_DEPTH_MAX 64
#define AVRO_MESSAGE_BYTES_MAX (1 << 20)
#define AVRO_ZERO_WIDTH_ITEMS_MAX 65536

enum avro_kind {
    AVRO_NULL,
    AVRO_BOOLEAN,
    AVRO_INT,
    AVRO_LONG,
    AVRO_FLOAT,
    AVRO_DOUBLE,
    AVRO_BYTES,
    AVRO_STRING,
    AVRO_ARRAY,
    AVRO_MAP,
    AVRO_RECORD,
    AVRO_ENUM,
    AVRO_FIXED,
    AVRO_UNION
};

enum avro_logical {
    AVRO_LOGICAL_NONE,
    AVRO_DECIMAL,
    AVRO_DATE,
    AVRO_TIME_MILLIS,
    AVRO_TIMESTAMP_MILLIS,
    AVRO_TIME_MICROS,
    AVRO_TIMESTAMP_MICROS
};

struct avro_node;

struct avro_field {
    struct str name;
    const struct avro_node *node;
    const struct str *aliases;
    uint32_t alias_count;
    bool has_default;
    struct str default_json; /* source text */
};

/* One type in a schema; immutable. Named types may occur in themselves: a graph, not a tree. */
struct avro_node {
    enum avro_kind kind;
    enum avro_logical logical;
    uint8_t precision, scale;  /* AVRO_DECIMAL */
    struct str name;           /* RECORD, ENUM, FIXED: full name */
    const struct str *aliases; /* full names */
    uint32_t alias_count;
    uint32_t count; /* RECORD fields, ENUM symbols, UNION branches, FIXED bytes */
    const struct avro_field *fields;
    const struct str *symbols;
    const struct avro_node *const *branches;
    const struct avro_node *item; /* ARRAY items, MAP values */
    struct str enum_default;      /* size 0: none */
    bool is_map_entry;  /* ARRAY of {key, value} that Connect writes for maps; RECORD: it */
    uint32_t width_min; /* no value takes fewer bytes; saturates */
};

/* A parsed schema; immutable, shared between threads, owns its nodes and text. */
struct avro_schema {
    struct arena arena;
    struct str text;     /* as given */
    struct str identity; /* see avro_schema_identity */
    const struct avro_node *root;
};

/* ERR_INVALID with words and the place as a JSON pointer; ERR_LIMIT. Freed by avro_schema_free. */
MUST_CHECK enum err avro_schema_parse(struct str text, struct avro_schema **ret_schema,
                                      struct why *why);
/* The same for a schema that uses named types of others by name: their texts, each after those it
 * uses itself. The identity is of the text alone. */
MUST_CHECK enum err avro_schema_parse_with(struct str text, const struct str *others,
                                           uint32_t other_count, struct avro_schema **ret_schema,
                                           struct why *why);
/* NULL is fine. */
void avro_schema_free(struct avro_schema *schema);
/* Parsing Canonical Form (specification, "Parsing Canonical Form for Schemas"). */
void avro_schema_canonical(const struct avro_schema *schema, struct buf *buf);
/* Compact JSON with everything that has meaning kept (defaults, aliases, logical types, doc and
 * properties): the identity a registry compares. */
void avro_schema_identity(const struct avro_schema *schema, struct buf *buf);
/* CRC-64-AVRO of the canonical form. */
uint64_t avro_schema_fingerprint(const struct avro_schema *schema);

/* Whether data written with `writer` can be read with `reader`: the rules of Java's
 * SchemaCompatibility, unqualified names, logical types ignored, pairs memoised. On
 * ERR_INCOMPATIBLE `why` says kind and JSON-pointer place, for example
 * "READER_FIELD_MISSING_DEFAULT_VALUE at /fields/2: 'channel'". */
MUST_CHECK enum err avro_can_read(const struct avro_schema *reader,
                                  const struct avro_schema *writer, struct why *why);

/* What a decoder or encoder touches: field `name` of the top record goes to or comes from column
 * `column`, which has SQL type `type`. Decoding matches names exactly first, then without regard to
 * case; encoding the same way. */
struct avro_target {
    struct str name;
    const struct type *type;
    uint16_t column;
};

/* A straight-line program for one writer schema and one set of targets; immutable once made. */
struct avro_decoder;

/* reader: NULL reads the writer's fields as they are (missing ones NULL, as Connect does); else the
 * writer is resolved against it first (defaults, promotion, aliases). `whole`: the schema's root is
 * itself the one target's value (an unwrapped value or key). Avro to SQL: boolean BOOLEAN, int
 * INTEGER (or wider), long BIGINT, float and double DOUBLE, string and enum STRING, bytes and fixed
 * BYTES, decimal DECIMAL, date DATE, time-millis TIME, timestamp-millis TIMESTAMP, array ARRAY, map
 * and arrays of map entries MAP<STRING, ...>, record STRUCT, [null, T] T. A field that is in the
 * writer but cannot become the target's type: ERR_INCOMPATIBLE. Lives in `arena`; the writer and
 * the targets' types must live as long, the reader and the names need not. */
MUST_CHECK enum err avro_decoder_new(struct arena *arena, const struct avro_schema *writer,
                                     const struct avro_schema *reader,
                                     const struct avro_target *targets, uint32_t target_count,
                                     bool whole, const struct avro_decoder **ret_decoder,
                                     struct why *why);
/* For bodies that a decoder of these and perhaps more targets, of the writer's fields as they are,
 * has taken before: it stops behind the last target's field and does not look at what follows. */
MUST_CHECK enum err avro_decoder_new_head(struct arena *arena, const struct avro_schema *writer,
                                          const struct avro_target *targets, uint32_t target_count,
                                          const struct avro_decoder **ret_decoder, struct why *why);
/* Decodes one body into columns at `row`. Text is borrowed from `body`; items are made in the
 * arena. Fields that are no target are skipped, and checked as they are. ERR_MALFORMED (also
 * trailing bytes, invalid UTF-8), ERR_LIMIT; then cells of `row` are undefined. */
MUST_CHECK enum err avro_decode(const struct avro_decoder *decoder, struct str body,
                                struct column *columns, uint32_t row, struct arena *arena);

struct avro_encoder;

/* Fields of the schema that are no target are written as their default, or null. ERR_INCOMPATIBLE
 * when a required field has neither a target nor a default. Lives in `arena`; the schema and the
 * targets' types must live as long. */
MUST_CHECK enum err avro_encoder_new(struct arena *arena, const struct avro_schema *schema,
                                     const struct avro_target *targets, uint32_t target_count,
                                     bool whole, const struct avro_encoder **ret_encoder,
                                     struct why *why);
/* Appends one body. ERR_INVALID when a cell cannot be written (NULL in a required field without a
 * default, an unknown enum symbol); buf then has its old size. */
MUST_CHECK enum err avro_encode(const struct avro_encoder *encoder, const struct column *columns,
                                uint32_t row, struct buf *buf);

/* The SQL type a node is read as, NULL when it has none (it is then left out: unions of several
 * types, records within themselves). Names of STRUCT fields are upper-cased when `upper`. */
const struct type *avro_sql_type(const struct avro_node *node, bool upper, struct arena *arena);
/* Appends the schema ksqlDB registers for columns: every field ["null", T] with default null;
 * DECIMAL, DATE, TIME, TIMESTAMP as Connect's logical types; MAP as an array of map entries; nested
 * records named <full name>_<FIELD>. `full_name` e.g.
 * "io.confluent.ksql.avro_schemas.KsqlDataSourceSchema". `whole`: columns[0]'s type alone. */
void avro_schema_of_columns(const struct row_column *columns, uint32_t column_count,
                            struct str full_name, bool whole, struct buf *buf);

#endif

/* schema_json.h -- what the parser of schema text and its identity share: names and properties. */
#ifndef AVRO_SCHEMA_JSON_H
#define AVRO_SCHEMA_JSON_H

#include "avro/avro.h"

#include <jansson.h>

/* The text of a JSON string; valid as long as `json`. */
static inline struct str json_text(const json_t *json)
{
    return (struct str){json_string_value(json), json_string_length(json)};
}

/* The primitive kind of that name, or AVRO_UNION when it is none. */
enum avro_kind avro_primitive(struct str name);
/* "a.b" of "a.b.C", size 0 of "C". */
struct str avro_namespace(struct str full_name);
/* "C" of "a.b.C". */
struct str avro_unqualified(struct str full_name);
/* The full name of `name` where `space` is the namespace around it; made in the arena when it has
 * to be put together. */
struct str avro_full_name(struct str name, struct str space, struct arena *arena);
/* The namespace that a named type's definition stands for: its own, or the one around it. */
struct str avro_definition_name(const json_t *definition, struct str space, struct arena *arena);

/* base/json.h's writers, whose header and Jansson's cannot be included together. */
void avro_string_write(struct buf *buf, struct str text);
void avro_real_write(struct buf *buf, double value);
/* Appends compact JSON. Depth is bounded by Jansson's own limit. */
void avro_json_write(const json_t *json, struct buf *buf);
/* Appends the identity of a schema that has been parsed without an error. */
void avro_identity_write(const json_t *json, struct buf *buf);

#endif

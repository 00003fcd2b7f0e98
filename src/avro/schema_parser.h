/* schema_parser.h -- what the parts of the parser of schema text share. */
#ifndef AVRO_SCHEMA_PARSER_H
#define AVRO_SCHEMA_PARSER_H

#include "avro/place.h"
#include "avro/schema_json.h"
#include "base/map.h"

#define NAME_BYTES_MAX 1024
#define WIDTH_MAX (1u << 30) /* of avro_node.width_min */

struct parser {
    struct arena *arena;
    struct map names; /* full name → struct avro_node of RECORD, ENUM, FIXED */
    struct why *why;
};

struct avro_node *avro_node_new(struct parser *parser, enum avro_kind kind, uint64_t width_min);
/* Any type: a name, a union, or an object. `space` is the namespace around it. */
MUST_CHECK enum err avro_parse_type(struct parser *parser, const json_t *json, struct str space,
                                    const struct place *place, const struct avro_node **ret_node);
/* RECORD, ENUM and FIXED. */
MUST_CHECK enum err avro_parse_named(struct parser *parser, const json_t *json, enum avro_kind kind,
                                     struct str space, const struct place *place,
                                     const struct avro_node **ret_node);
/* A logical type by Avro's name or by Connect's; one that does not fit its type means nothing, as
 * the specification wants it. */
void avro_note_logical(const json_t *json, struct avro_node *node);
/* Fills in the words, with the place behind them, and hands `err` back. */
enum err avro_parser_fail(struct parser *parser, const struct place *place, enum err err,
                          const char *format, ...) PRINTF_LIKE(4, 5);

#endif

/* resolve.h -- which of the writer's types and fields the reader's meet (specification, "Schema
 * Resolution"). */
#ifndef AVRO_RESOLVE_H
#define AVRO_RESOLVE_H

#include "avro/avro.h"

/* The same kind, or one that the specification promotes. */
bool avro_promotes(enum avro_kind writer, enum avro_kind reader);
/* Named types: unqualified names are equal, or an alias of the reader's is the writer's name. */
bool avro_names_match(const struct avro_node *reader, const struct avro_node *writer);
/* The writer's field that `field` of the reader takes its value from; -1: none, -2: several. */
int avro_writer_field(const struct avro_node *writer, const struct avro_field *field);
/* The branch of the reader's union that takes the writer's type: the first of the same kind and
 * name, else the first promotion; NULL when there is none. */
const struct avro_node *avro_reader_branch(const struct avro_node *reader,
                                           const struct avro_node *writer);
/* The fields of a STRUCT as targets, each in the column of its place; in the arena. */
const struct avro_target *avro_struct_targets(struct arena *arena, const struct type *type);
int avro_symbol_index(const struct avro_node *node, struct str symbol);
/* "int", "record 'a.B'": what a message calls the type. */
void avro_node_describe(const struct avro_node *node, struct buf *buf);

#endif

/* entity.h -- what statements yield, as the JSON entities of ksqlDB's POST /ksql. */
#ifndef API_ENTITY_H
#define API_ENTITY_H

#include "engine/engine.h"

/* Appends an entity for the answer, tagged "@type"; false: ksqlDB has none for it. `host` is where
 * queries are said to run. */
bool entity_write(const struct statement *statement, const struct answer *answer, struct str host,
                  struct buf *json);
/* "stream/ORDERS/create": how a command is called. Size 0: the statement is none. */
struct str entity_command_id(const struct statement *statement, struct str query_id,
                             struct arena *arena);

/* entity_type.c: {"type":"STRUCT","fields":[...],"memberSchema":null}. */
void entity_write_type(const struct type *type, struct buf *json);
/* [{"name":"ID","schema":{...},"type":"KEY"}, ...]. */
void entity_write_fields(const struct row_type *row_type, struct buf *json);

#endif

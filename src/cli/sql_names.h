/* sql_names.h -- the names a server knows, for completion.
 *
 * They are asked for when they are first wanted, and again after a while or when a statement may
 * have changed them. A server that is away or slow knows none. */
#ifndef CLI_SQL_NAMES_H
#define CLI_SQL_NAMES_H

#include "cli/sql_shell.h"

/* Texts that become more; in an arena. */
struct sql_name_list {
    struct str *items;
    uint32_t count;
    uint32_t capacity;
};
/* Copies the text. */
void sql_name_list_add(struct sql_name_list *list, struct str text, struct arena *arena);

enum sql_name_kind {
    SQL_NAME_SOURCE,
    SQL_NAME_TOPIC,
    SQL_NAME_QUERY,
    SQL_NAME_FUNCTION,
    SQL_NAME_PROPERTY,
    SQL_NAME_KIND_COUNT
};

struct sql_names *sql_names_new(struct sql_shell *shell);
/* NULL is fine. */
void sql_names_free(struct sql_names *names);
void sql_names_forget(struct sql_names *names);
/* Both are valid until the next call of sql_names_of, or sql_names_forget. */
const struct sql_name_list *sql_names_of(struct sql_names *names, enum sql_name_kind kind);
const struct sql_name_list *sql_names_columns(struct sql_names *names, struct str source);

#endif

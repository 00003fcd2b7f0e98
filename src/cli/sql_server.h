/* sql_server.h -- what the shell asks its server, and how it reads the answers.
 *
 * Failures come with words; ERR_CLOSED after Ctrl-C, ERR_UNAVAILABLE when nobody answers,
 * ERR_INVALID with the server's words when it refuses, ERR_MALFORMED and ERR_LIMIT when what it
 * answers cannot be read. Trees live in the arena. */
#ifndef CLI_SQL_SERVER_H
#define CLI_SQL_SERVER_H

#include "cli/json_tree.h"
#include "cli/sql_shell.h"

/* From now on this one is asked. ERR_INVALID: no URL. */
MUST_CHECK enum err sql_server_use(struct sql_shell *shell, struct str url, struct why *why);
/* GET /info: its version; printable, in the arena. */
MUST_CHECK enum err sql_server_info(struct sql_shell *shell, struct arena *arena,
                                    struct str *ret_version, struct why *why);
/* GET. timeout_ms 0: the usual. */
MUST_CHECK enum err sql_server_get(struct sql_shell *shell, const char *path, int64_t timeout_ms,
                                   struct arena *arena, const struct json_node **ret_root,
                                   struct why *why);
/* POST /ksql: a list of entities. Waits until commands have come to their end, unless requests are
 * pipelined. */
MUST_CHECK enum err sql_server_ask(struct sql_shell *shell, struct str statement,
                                   int64_t timeout_ms, struct arena *arena,
                                   const struct json_node **ret_entities, struct why *why);

/* A request's body: {"ksql": statement, "streamsProperties": {...}, "sessionVariables": {...}},
 * the first two by the names given. */
void sql_server_request(const struct sql_shell *shell, struct str statement, const char *text_name,
                        const char *settings_name, struct buf *body);
/* What an error's body says: its message, or the status. Printable, in the arena. */
struct str sql_server_message(const struct http_answer *answer, struct str body,
                              struct arena *arena);

#endif

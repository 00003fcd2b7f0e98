/* sql_answer.h -- shows what the server answers. */
#ifndef CLI_SQL_ANSWER_H
#define CLI_SQL_ANSWER_H

#include "cli/json_tree.h"
#include "cli/sql_shell.h"

/* sql_query.c: SELECT and PRINT; rows are shown as they come. Errors as in sql_server.h. */
MUST_CHECK enum err sql_run_select(struct sql_shell *shell, struct str statement, struct why *why);
MUST_CHECK enum err sql_run_print(struct sql_shell *shell, struct str statement, struct why *why);

/* sql_entity.c: what other statements answer. */
void sql_show_entity(struct sql_shell *shell, const struct json_node *entity);

/* sql_describe.c: the forms of what is described. */
void sql_show_source(struct sql_shell *shell, const struct json_node *entity);
void sql_show_sources(struct sql_shell *shell, const struct json_node *entity);
void sql_show_query(struct sql_shell *shell, const struct json_node *entity);
void sql_show_queries(struct sql_shell *shell, const struct json_node *entity);
void sql_show_function(struct sql_shell *shell, const struct json_node *entity);
void sql_show_types(struct sql_shell *shell, const struct json_node *entity);

/* sql_entity.c: what the forms are made of. */
/* A value as one text: a list's items with commas, an object's members "NAME:value". */
void sql_append_value(const struct json_node *node, struct buf *buf);
/* The beginning of the text with each run of blanks and line ends as one blank; in the arena. */
struct str sql_one_line(struct str text, struct arena *arena);
/* "label: text", a text of several lines below its label; the text alone when there is no label. */
void sql_write_line(struct sql_shell *shell, const char *label, struct str text);
void sql_write_table(struct sql_shell *shell, struct sql_table *table);

#endif

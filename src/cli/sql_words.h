/* sql_words.h -- what the shell answers itself: its own words, help, settings and variables. */
#ifndef CLI_SQL_WORDS_H
#define CLI_SQL_WORDS_H

#include "cli/sql_shell.h"

/* Whether a line begins with one of the words. */
bool sql_is_word(struct str line);
MUST_CHECK enum err sql_run_word(struct sql_shell *shell, struct str line, struct why *why);
/* Their names, for completion; NULL beyond the last. */
const char *sql_word_at(uint32_t index);

/* TABULAR (also TABLE) or JSON. ERR_INVALID. */
MUST_CHECK enum err sql_set_output(struct sql_shell *shell, struct str name, struct why *why);
/* ERR_IO when the file did not take all. Nothing spooled is fine. */
MUST_CHECK enum err sql_spool_close(struct sql_shell *shell, struct why *why);

/* sql_help.c: a topic, a function of the server's, or (size 0) the list of topics. */
MUST_CHECK enum err sql_help(struct sql_shell *shell, struct str topic, struct why *why);
const char *sql_help_topic_at(uint32_t index);

/* sql_setting.c: SET, UNSET, DEFINE, UNDEFINE are kept in the shell and sent with each request. */
bool sql_is_setting(struct str statement);
MUST_CHECK enum err sql_run_setting(struct sql_shell *shell, struct str statement, struct why *why);

#endif

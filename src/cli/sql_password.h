/* sql_password.h -- asks who sits at the terminal for a password. */
#ifndef CLI_SQL_PASSWORD_H
#define CLI_SQL_PASSWORD_H

#include "cli/sql_shell.h"

/* Standard input is a terminal. The password in the arena. ERR_CLOSED: Ctrl-C or Ctrl-D. */
MUST_CHECK enum err sql_password_ask(struct str user, struct arena *arena, struct str *ret_password,
                                     struct why *why);

#endif

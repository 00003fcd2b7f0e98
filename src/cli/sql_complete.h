/* sql_complete.h -- what may stand where the cursor is: words, names, columns. */
#ifndef CLI_SQL_COMPLETE_H
#define CLI_SQL_COMPLETE_H

#include "cli/sql_names.h"

struct sql_completion {
    size_t begin;            /* where the word begins that is completed */
    const struct str *words; /* sorted, each once */
    uint32_t count;
    const char *ending; /* what follows the only one: " ", or what closes its quote */
};

/* For the text up to the cursor; in the arena. */
void sql_complete(struct sql_names *names, struct str text, struct arena *arena,
                  struct sql_completion *ret_completion);

#endif

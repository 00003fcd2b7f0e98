/* err.h -- failures: one enum, each with its text and with what to do about it. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/must.h"

#include <stdbool.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(string, first) __attribute__((format(printf, string, first)))

enum err {
#define ERR(name, text, reaction) ERR_##name,
#include "base/err.def"
#undef ERR
    ERR_COUNT
};
#define OK ERR_OK

enum reaction {
    REACTION_NONE,
    REACTION_RETRY,
    REACTION_REFUSE,
    REACTION_DEAD_LETTER,
    REACTION_REBUILD,
    REACTION_STOP
};

/* Static, never NULL: "not found". */
const char *err_text(enum err err);
/* Static, never NULL: "ERR_NOT_FOUND". */
const char *err_name(enum err err);
enum reaction err_reaction(enum err err);

/* The words that go with a failure: what a person reads. Lower case, error first, the subject in
 * 'quotes', no full stop. Filled only on failure. Cut at the end of `text`, always terminated.
 * line and column count from 1; 0 says that the failure has no place in a text. */
struct why {
    int line;
    int column;
    char text[1000];
};

/* Writes the words and hands `err` back, so that a failure is one statement:
 *     return why_set(why, ERR_NOT_FOUND, "no topic '%s'", name);
 * `why` may be NULL: nobody will read the words. */
enum err why_set(struct why *why, enum err err, const char *format, ...) PRINTF_LIKE(3, 4);
/* The same with the place in a statement's text. */
enum err why_set_at(struct why *why, enum err err, int line, int column, const char *format, ...)
    PRINTF_LIKE(5, 6);
/* Puts words and a colon before what is there: why_prefix(why, "cannot start query '%s'", name)
 * makes "cannot start query 'Q': <what was there>". */
void why_prefix(struct why *why, const char *format, ...) PRINTF_LIKE(2, 3);
/* Puts the file before it, with line and column if they are known, as compilers do:
 * "orders.sql:3:8: unknown column"; they are then part of the words. */
void why_place(struct why *why, const char *file);

#endif

/* statement.c -- what the kinds of statements are called, and which are kept. */
#include "sql/statement.h"

static const struct {
    const char *object;
    const char *action;
    bool is_kept;
} kinds[] = {
#define STATEMENT(KIND, object_name, action_name, kept) {object_name, action_name, kept},
#include "sql/statement.def"
#undef STATEMENT
};

const char *statement_object(enum statement_kind kind)
{
    must(kind < sizeof(kinds) / sizeof(kinds[0]));
    return kinds[kind].object;
}

const char *statement_action(enum statement_kind kind)
{
    must(kind < sizeof(kinds) / sizeof(kinds[0]));
    return kinds[kind].action;
}

bool statement_is_kept(enum statement_kind kind)
{
    must(kind < sizeof(kinds) / sizeof(kinds[0]));
    return kinds[kind].is_kept;
}

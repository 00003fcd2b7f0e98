/* statement.c -- what the kinds of statements are called. */
#include "sql/statement.h"

static const struct {
    const char *object;
    const char *action;
} names[] = {
#define STATEMENT(KIND, object_name, action_name) {object_name, action_name},
#include "sql/statement.def"
#undef STATEMENT
};

const char *statement_object(enum statement_kind kind)
{
    must(kind < sizeof(names) / sizeof(names[0]));
    return names[kind].object;
}

const char *statement_action(enum statement_kind kind)
{
    must(kind < sizeof(names) / sizeof(names[0]));
    return names[kind].action;
}

/* json_tree.h -- a JSON text as a tree, numbers kept as text; for ksqlDB's case files. */
#ifndef CLI_JSON_TREE_H
#define CLI_JSON_TREE_H

#include "base/arena.h"
#include "base/json.h"

struct json_node {
    enum json_token kind;    /* OBJECT_BEGIN, ARRAY_BEGIN, STRING, NUMBER, TRUE, FALSE, NULL */
    struct str text;         /* STRING: unescaped; NUMBER: as written */
    struct str source;       /* the value's own text */
    struct str name;         /* of a member of an object */
    struct json_node *child; /* the first item or member */
    struct json_node *next;
};

/* In the arena; borrows `text`. ERR_MALFORMED. */
MUST_CHECK enum err json_tree_parse(struct str text, struct arena *arena,
                                    struct json_node **ret_root);
/* The member of an object, or NULL; `object` may be NULL or no object. */
const struct json_node *json_member(const struct json_node *object, const char *name);
/* The text of a string member, or `otherwise`. */
struct str json_member_text(const struct json_node *object, const char *name, struct str otherwise);
/* Two numbers as written: whole ones exactly, others as doubles. */
bool json_numbers_equal(struct str a, struct str b);

#endif

/* properties.h -- name=value settings in order, read from Java-properties text. */
#ifndef BASE_PROPERTIES_H
#define BASE_PROPERTIES_H

#include "base/arena.h"
#include "base/str.h"

struct property {
    struct str name;
    struct str value;
    int line;         /* where it stood, 0 when set by code */
    bool is_provided; /* the value stood elsewhere: provider.h */
};

struct properties {
    struct arena *arena; /* owns all text */
    struct property *items;
    size_t count;
    size_t capacity;
};

/* `arena` outlives the properties. */
void properties_init(struct properties *properties, struct arena *arena);
/* java.util.Properties' text: '=' or ':' or blank separates, # and ! begin comments, a backslash
 * continues a line, \uXXXX. Later names replace earlier ones. ERR_INVALID with the line. At most
 * 1 MB and 10,000 names. On failure the names before the failing line are set. */
MUST_CHECK enum err properties_parse(struct properties *properties, struct str text,
                                     struct why *why);
void properties_set(struct properties *properties, struct str name, struct str value);
/* Takes a name away, if it is there. */
void properties_forget(struct properties *properties, struct str name);
/* Sets all of `from`, and whether they were provided. */
void properties_copy(struct properties *properties, const struct properties *from);
/* NULL when absent. Valid until another name is set. */
const struct property *properties_find(const struct properties *properties, struct str name);
/* NULL when absent. Valid until the next set of the same name. */
const struct str *properties_get(const struct properties *properties, struct str name);

#endif

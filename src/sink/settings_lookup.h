/* settings_lookup.h -- properties by name and kind, with a topic's overrides. Inside sink/ only. */
#ifndef SINK_SETTINGS_LOOKUP_H
#define SINK_SETTINGS_LOOKUP_H

#include "sink/settings.h"

/* Where a topic's properties are looked up. */
struct lookup {
    const struct properties *properties;
    struct str topic; /* size 0: no overrides */
    struct arena *arena;
    struct why *why;
};

/* One of the words a property can be. A list of them ends with a NULL text. */
struct word {
    const char *text;
    int meaning;
};

/* Size 0 when it is missing. */
struct str lookup_text(const struct lookup *lookup, const char *name);
bool lookup_boolean(const struct lookup *lookup, const char *name, bool missing);
/* 0 when it is missing; that it is a number was checked before. */
int64_t lookup_count(const struct lookup *lookup, const char *name);
/* A class may stand with its package and with "Strategy" at its end, or without. ERR_INVALID with
 * did-you-mean. */
MUST_CHECK enum err lookup_word(const struct lookup *lookup, const char *name,
                                const struct word *words, const char *package, int missing,
                                int *ret_meaning);
/* "a, b,c" */
MUST_CHECK enum err lookup_list(const struct lookup *lookup, const char *name,
                                const struct str **ret_items, uint32_t *ret_count);
/* <prefix>projection.type and <prefix>projection.list */
MUST_CHECK enum err lookup_projection(const struct lookup *lookup, const char *prefix,
                                      struct projection *ret_projection);
/* field.renamer.mapping: [{"oldName":"key.A","newName":"a"}, ...] */
MUST_CHECK enum err lookup_renames(const struct lookup *lookup, struct topic_settings *settings);

#endif

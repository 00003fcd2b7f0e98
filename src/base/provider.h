/* provider.h -- values that stand elsewhere: ${env:N}, ${file:PATH:KEY}, ${directory:DIR:FILE}.
 *
 * Kafka's configuration providers (KIP-297, KIP-421, KIP-887): the environment's variable N, the
 * value of KEY in the properties file PATH, the contents of DIR/FILE. A placeholder may stand
 * anywhere in a value, several may; what it stands for is taken as it is, not looked at again.
 * Two things differ: a placeholder that stands for nothing is a failure, where Kafka goes on with
 * its text (and sends it as a password); of a directory's file the line's end at the end is cut. */
#ifndef BASE_PROVIDER_H
#define BASE_PROVIDER_H

#include "base/properties.h"

/* `text` with its placeholders replaced; in the arena, or `text` itself when it has none. Other
 * ${...} stay. ERR_INVALID, ERR_NOT_FOUND, ERR_DENIED, ERR_LIMIT, ERR_IO with words that never
 * hold a value. */
MUST_CHECK enum err provider_resolve(struct str text, struct arena *arena, struct str *ret_text,
                                     struct why *why);
/* The value of a property, whose is_provided is set when it had placeholders. The words of a
 * failure begin with the property's name. */
MUST_CHECK enum err provider_resolve_property(struct property *property, struct arena *arena,
                                              struct why *why);
/* All of them; the first failure ends it. */
MUST_CHECK enum err provider_resolve_all(struct properties *properties, struct why *why);

#endif

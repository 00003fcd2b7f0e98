/* secret.h -- what nobody is shown: values of settings that hold passwords, keys or tokens. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/properties.h"

#define SECRET_HIDDEN "[hidden]"

/* Whether a setting of that name holds a secret: a password, a key, a token, an address that may
 * have a password in it. By name, so that it holds for settings of every room, and unknown ones. */
bool secret_is_name(struct str name);
/* The value as it may be shown: SECRET_HIDDEN for a secret one and for one that came from a
 * provider; of a URL with user and password only those. In the arena, or the value itself. */
struct str secret_shown(const struct property *property, struct arena *arena);
/* A URL, or several with commas between, without what stands before '@'. The same. */
struct str secret_hide_user(struct str url, struct arena *arena);

#endif

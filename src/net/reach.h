/* reach.h -- whether a name has an address, and whether somebody takes connections there. */
#ifndef NET_REACH_H
#define NET_REACH_H

#include "base/arena.h"

#include <stdint.h>

/* Where a client would connect to. */
struct reach_place {
    struct str host; /* without brackets */
    struct str port; /* in digits */
};

/* "host:port", "[::1]:port", "scheme://user@host:port/path"; without a port `port` holds. In the
 * arena. ERR_INVALID. */
MUST_CHECK enum err reach_parse(struct str text, const char *port, struct arena *arena,
                                struct reach_place *ret_place, struct why *why);
/* The addresses of the name, with blanks between. ERR_NOT_FOUND with words. Waits as long as the
 * system's resolver does. */
MUST_CHECK enum err reach_name(const struct reach_place *place, struct arena *arena,
                               struct str *ret_addresses, struct why *why);
/* Connects to the first address that takes it and closes. ERR_UNAVAILABLE with words: refused, or
 * nobody answers within timeout_ms. */
MUST_CHECK enum err reach_port(const struct reach_place *place, int64_t timeout_ms,
                               struct why *why);

#endif

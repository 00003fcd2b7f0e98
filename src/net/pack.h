/* pack.h -- pieces of a gzip stream that many responses share. Inside net/.
 *
 * A deflate block may end at a whole byte and without being the last (RFC 1951, 3.2.4), and what is
 * made from an empty window points back to nothing. So pieces that were packed once, each by
 * itself, make a valid stream in any order, and a client may begin with any of them. */
#ifndef NET_PACK_H
#define NET_PACK_H

#include "base/buf.h"

struct pack;

struct pack *pack_new(void);
/* NULL is fine. */
void pack_free(struct pack *pack);
/* What a stream begins with; it never ends, its client goes. */
void pack_begin(struct buf *out);
/* Appends the text as a piece that can be read at once. Less than 4 GB. */
void pack_write(struct pack *pack, struct str text, struct buf *out);

#endif

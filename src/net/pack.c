/* pack.c -- pieces of a gzip stream that many responses share. */
#include "net/pack.h"

#include "base/memory.h"
#include "base/must.h"

#include <zlib.h>

#define LEVEL 1 /* frames go out within a moment, once each */
#define RAW_WINDOW_BITS (-15)

struct pack {
    z_stream stream;
};

struct pack *pack_new(void)
{
    struct pack *pack = MEMORY_NEW(struct pack);
    must(deflateInit2(&pack->stream, LEVEL, Z_DEFLATED, RAW_WINDOW_BITS, 8, Z_DEFAULT_STRATEGY) ==
         Z_OK);
    return pack;
}

void pack_free(struct pack *pack)
{
    if (!pack)
        return;
    deflateEnd(&pack->stream);
    free(pack);
}

void pack_begin(struct buf *out)
{
    /* RFC 1952: deflate, no flags, no time, made by no particular system. */
    static const char head[10] = {'\x1f', '\x8b', 8, 0, 0, 0, 0, 0, 0, '\xff'};
    buf_append(out, head, sizeof(head));
}

void pack_write(struct pack *pack, struct str text, struct buf *out)
{
    z_stream *stream = &pack->stream;
    must(deflateReset(stream) == Z_OK); /* nothing before it is pointed back to */
    const size_t room = deflateBound(stream, text.size) + 16;
    stream->next_in = (z_const Bytef *)(uintptr_t)text.data;
    stream->avail_in = (uInt)text.size;
    stream->next_out = (Bytef *)buf_reserve(out, room);
    stream->avail_out = (uInt)room;
    must(deflate(stream, Z_SYNC_FLUSH) == Z_OK);
    must(stream->avail_in == 0);
    must(stream->avail_out > 0);
    out->size += room - stream->avail_out;
}

/* window_block.h -- the memory of a window's rows: blocks of bytes, which can move to files.
 *
 * A block that moves keeps its address: the file is mapped where the memory was, so that whoever
 * points into it need not know. The file has no name any more by then: nothing is left of it when
 * the process ends, however it ends. [worker] */
#ifndef FLOW_WINDOW_BLOCK_H
#define FLOW_WINDOW_BLOCK_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

#define WINDOW_BLOCK_BYTES_MIN (16 << 10)
#define WINDOW_BLOCK_BYTES_MAX (2 << 20) /* a huge page */

/* Rows up to last_id end in this block; it goes when they are gone. */
struct window_block {
    struct window_block *next; /* newer */
    uint32_t last_id;
    bool is_mapped; /* own pages; else from malloc */
    bool is_in_file;
    size_t size; /* of the whole block */
    size_t used; /* of bytes */
    char bytes[];
};

/* A block with room for `size` bytes at least, header included. */
struct window_block *window_block_new(size_t size);
void window_block_free(struct window_block *block);
static inline size_t window_block_room(const struct window_block *block)
{
    return block->size - sizeof(*block) - block->used;
}
/* Whether it would free memory to move it. */
static inline bool window_block_can_move(const struct window_block *block)
{
    return block->is_mapped && !block->is_in_file;
}
/* Into a file of the directory, which is made when it is not there. ERR_IO, ERR_FULL. */
MUST_CHECK enum err window_block_move(struct window_block *block, const char *directory,
                                      struct why *why);

#endif

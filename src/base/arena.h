/* arena.h -- memory that is given back all at once.
 *
 * One arena a statement, a query, a batch. Not shared between threads. Allocation never fails: a
 * process that runs out of memory aborts and starts again from its last commit, as after any kill.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/err.h"
#include "base/str.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct arena_block;

struct arena {
    struct arena_block *block; /* newest; NULL before the first allocation */
    char *at;                  /* next free byte of `block` */
    char *end;
    size_t block_size;
    size_t bytes; /* taken from malloc in all */
};

/* block_size: bytes asked of malloc at a time, 0 for 16 KB. Allocates nothing yet. */
void arena_init(struct arena *arena, size_t block_size);
/* Frees everything; the arena must be initialised again. */
void arena_release(struct arena *arena);
/* Forgets everything but keeps one block of block_size for the next round. */
void arena_clear(struct arena *arena);

void *arena_alloc_slow(struct arena *arena, size_t size);

/* `size` bytes aligned to 16, never NULL, not zeroed, valid until arena_clear or arena_release. */
static inline void *arena_alloc(struct arena *arena, size_t size)
{
    const size_t rounded = (size + 15) & ~(size_t)15;
    /* One test for three cases: no room, nothing asked for, and a size that overflowed to 0. */
    if (rounded - 1 >= (size_t)(arena->end - arena->at))
        return arena_alloc_slow(arena, size);
    void *at = arena->at;
    arena->at += rounded;
    return at;
}

void *arena_zalloc(struct arena *arena, size_t size);
/* A copy of `size` bytes. */
void *arena_copy(struct arena *arena, const void *data, size_t size);
/* A copy of the bytes, followed by a NUL that is not counted. */
struct str arena_str(struct arena *arena, struct str text);
/* printf into the arena. */
struct str arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
struct str arena_vprintf(struct arena *arena, const char *format, va_list arguments)
    PRINTF_LIKE(2, 0);

#define ARENA_NEW(arena, type) ((type *)arena_zalloc((arena), sizeof(type)))
/* `count` zeroed elements. Aborts when count × size overflows. */
#define ARENA_ARRAY(arena, type, count) ((type *)arena_array((arena), sizeof(type), (count)))
void *arena_array(struct arena *arena, size_t size, size_t count);

#endif

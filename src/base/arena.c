/* arena.c -- blocks in a chain, newest first; what does not fit a block gets one of its own. */
#include "base/arena.h"

#include "base/memory.h"

#define BLOCK_SIZE_DEFAULT (16 * 1024)

struct arena_block {
    struct arena_block *older;
    size_t size; /* of `bytes` */
    _Alignas(16) char bytes[];
};

static struct arena_block *block_new(struct arena *arena, size_t size);

void arena_init(struct arena *arena, size_t block_size)
{
    *arena = (struct arena){.block_size = block_size ? block_size : BLOCK_SIZE_DEFAULT};
}

void arena_release(struct arena *arena)
{
    for (struct arena_block *block = arena->block, *older; block; block = older) {
        older = block->older;
        free(block);
    }
    *arena = (struct arena){.block_size = arena->block_size};
}

void arena_clear(struct arena *arena)
{
    struct arena_block *kept = NULL;
    for (struct arena_block *block = arena->block, *older; block; block = older) {
        older = block->older;
        if (!kept && block->size == arena->block_size)
            kept = block;
        else
            free(block);
    }
    const size_t block_size = arena->block_size;
    *arena = (struct arena){.block_size = block_size};
    if (!kept)
        return;
    kept->older = NULL;
    arena->block = kept;
    arena->at = kept->bytes;
    arena->end = kept->bytes + kept->size;
    arena->bytes = sizeof(*kept) + kept->size;
}

void *arena_alloc_slow(struct arena *arena, size_t size)
{
    must(arena->block_size > 0); /* initialised */
    must(size <= SIZE_MAX - 15);
    if (size == 0)
        return arena_alloc(arena, 1); /* a place, not NULL */
    const size_t rounded = (size + 15) & ~(size_t)15;
    if (rounded > arena->block_size / 4 && arena->block) {
        /* A block of its own, behind the newest one, whose room stays in use. */
        struct arena_block *block = block_new(arena, rounded);
        block->older = arena->block->older;
        arena->block->older = block;
        return block->bytes;
    }
    const size_t block_size = rounded > arena->block_size ? rounded : arena->block_size;
    struct arena_block *block = block_new(arena, block_size);
    block->older = arena->block;
    arena->block = block;
    arena->at = block->bytes + rounded;
    arena->end = block->bytes + block_size;
    return block->bytes;
}

static struct arena_block *block_new(struct arena *arena, size_t size)
{
    must(size <= SIZE_MAX - sizeof(struct arena_block));
    struct arena_block *block = memory_alloc(sizeof(*block) + size);
    block->size = size;
    arena->bytes += sizeof(*block) + size;
    return block;
}

void *arena_zalloc(struct arena *arena, size_t size)
{
    return memset(arena_alloc(arena, size), 0, size);
}

void *arena_array(struct arena *arena, size_t size, size_t count)
{
    size_t bytes = 0;
    must(!__builtin_mul_overflow(size, count, &bytes));
    return arena_zalloc(arena, bytes);
}

void *arena_copy(struct arena *arena, const void *data, size_t size)
{
    void *copy = arena_alloc(arena, size);
    if (size > 0)
        memcpy(copy, data, size);
    return copy;
}

struct str arena_str(struct arena *arena, struct str text)
{
    must(text.size < SIZE_MAX);
    char *copy = arena_alloc(arena, text.size + 1);
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return (struct str){copy, text.size};
}

struct str arena_printf(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const struct str text = arena_vprintf(arena, format, arguments);
    va_end(arguments);
    return text;
}

struct str arena_vprintf(struct arena *arena, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    const int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    must(size >= 0);
    char *text = arena_alloc(arena, (size_t)size + 1);
    vsnprintf(text, (size_t)size + 1, format, arguments);
    return (struct str){text, (size_t)size};
}

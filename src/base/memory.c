/* memory.c -- malloc that does not fail. */
#include "base/memory.h"

#include "base/must.h"

static _Noreturn void memory_fail(size_t size)
{
    fprintf(stderr, "out of memory: %zu bytes asked for\n", size);
    abort();
}

/* malloc(0) may be NULL, which callers would have to tell from a failure: ask for one byte. */
static size_t size_at_least_one(size_t size)
{
    return size ? size : 1;
}

void *memory_alloc(size_t size)
{
    void *data = malloc(size_at_least_one(size));
    if (!data)
        memory_fail(size);
    return data;
}

void *memory_zalloc(size_t size)
{
    void *data = calloc(1, size_at_least_one(size));
    if (!data)
        memory_fail(size);
    return data;
}

void *memory_realloc(void *old, size_t size)
{
    void *data = realloc(old, size_at_least_one(size));
    if (!data)
        memory_fail(size);
    return data;
}

char *memory_strdup(const char *text)
{
    must(text);
    const size_t size = strlen(text) + 1;
    return memcpy(memory_alloc(size), text, size);
}

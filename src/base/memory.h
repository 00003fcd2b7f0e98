/* memory.h -- malloc that does not fail: it aborts with a message instead. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>

/* Never NULL. The caller frees with free(). */
void *memory_alloc(size_t size);
void *memory_zalloc(size_t size);
void *memory_realloc(void *old, size_t size);
char *memory_strdup(const char *text);

#define MEMORY_NEW(type) ((type *)memory_zalloc(sizeof(type)))

#endif

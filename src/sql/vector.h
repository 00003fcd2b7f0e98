/* vector.h -- arrays in an arena that grow while a statement is read. Private to sql/. */
#ifndef SQL_VECTOR_H
#define SQL_VECTOR_H

#include "base/arena.h"

#include <stdint.h>

/* {0} is empty. `data` is an array of whatever is pushed and moves when it grows. */
struct vector {
    void *data;
    uint32_t count;
    uint32_t capacity;
};

/* Room for one more item at the end, zeroed; valid until the next push. */
static inline void *vector_push(struct vector *vector, struct arena *arena, size_t item_size)
{
    if (vector->count == vector->capacity) {
        const uint32_t capacity = vector->capacity ? vector->capacity * 2 : 4;
        void *data = arena_array(arena, item_size, capacity);
        if (vector->count > 0)
            memcpy(data, vector->data, vector->count * item_size);
        vector->data = data;
        vector->capacity = capacity;
    }
    return (char *)vector->data + item_size * vector->count++;
}

#define VECTOR_PUSH(vector, arena, type) ((type *)vector_push((vector), (arena), sizeof(type)))

#endif

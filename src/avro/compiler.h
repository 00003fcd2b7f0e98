/* compiler.h -- what the parts of the decoder's compiler share. */
#ifndef AVRO_COMPILER_H
#define AVRO_COMPILER_H

#include "avro/program.h"
#include "avro/resolve.h"

struct compiler {
    struct arena *arena;
    struct step *steps;
    uint32_t count;
    uint32_t capacity;
    struct why *why;
    uint32_t depth;
    uint32_t skip_depth;
    bool head_only; /* of the root: nothing behind its last target */
};

/* One way for each of the union's branches, all of which end here. */
struct ways {
    uint32_t *jumps;
    uint32_t *ends;
    uint32_t count;
    uint32_t from; /* the UNION */
};

/* Returns the step's number. Beyond STEPS_MAX the last step is overwritten: avro_decoder_new
 * refuses the whole then. */
uint32_t avro_compiler_emit(struct compiler *compiler, struct step step);
/* The step `from` jumps to whatever is emitted next. */
void avro_compiler_jump_here(struct compiler *compiler, uint32_t from);
/* A UNION whose branches the caller fills in: where each begins and which JUMP ends it. */
struct ways avro_ways_begin(struct compiler *compiler, uint32_t count);
void avro_ways_end(struct compiler *compiler, const struct ways *ways);
/* ERR_INCOMPATIBLE with the words for it. */
enum err avro_compiler_refuse(struct compiler *compiler, const struct avro_node *node,
                              const struct type *type);
/* The reader's side of a value whose writer's side is no union. */
const struct avro_node *avro_reader_of(const struct avro_node *reader,
                                       const struct avro_node *writer);

/* One value into one cell. Recursive types end where the target's type ends. */
MUST_CHECK enum err avro_compile_value(struct compiler *compiler, const struct avro_node *writer,
                                       const struct avro_node *reader, const struct type *type,
                                       uint16_t column);
/* The fields of a record into the targets' columns. */
MUST_CHECK enum err avro_compile_record(struct compiler *compiler, const struct avro_node *writer,
                                        const struct avro_node *reader,
                                        const struct avro_target *targets, uint32_t target_count);
MUST_CHECK enum err avro_compile_struct(struct compiler *compiler, const struct avro_node *writer,
                                        const struct avro_node *reader, const struct type *type,
                                        uint16_t column);
MUST_CHECK enum err avro_compile_array(struct compiler *compiler, const struct avro_node *writer,
                                       const struct avro_node *reader, const struct type *type,
                                       uint16_t column);
MUST_CHECK enum err avro_compile_map(struct compiler *compiler, const struct avro_node *writer,
                                     const struct avro_node *reader, const struct type *type,
                                     uint16_t column);
/* Past one value. */
void avro_compile_skip(struct compiler *compiler, const struct avro_node *node);

/* [null, T] or [T, null]. */
static inline bool avro_is_nullable(const struct avro_node *node)
{
    return node->count == 2 &&
           (node->branches[0]->kind == AVRO_NULL || node->branches[1]->kind == AVRO_NULL);
}

#endif

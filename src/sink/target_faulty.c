/* target_faulty.c -- a target that fails on purpose: wraps another for tests. */
#include "base/memory.h"
#include "sink/target.h"

#include <stdatomic.h>

struct faulty_target {
    struct target base;
    struct target *inner;
    uint64_t fail_call;
    bool sticky;
    enum err err;
    _Atomic uint64_t calls;
};

static const struct target_ops faulty_ops;

static struct faulty_target *faulty(struct target *target)
{
    must(target->ops == &faulty_ops);
    return (struct faulty_target *)target;
}

/* Counts a call; whether it is one that fails. */
static enum err count_call(struct faulty_target *self, struct why *why)
{
    const uint64_t call = atomic_fetch_add(&self->calls, 1) + 1;
    const bool fails = self->sticky ? call >= self->fail_call : call == self->fail_call;
    if (!fails || self->fail_call == 0)
        return OK;
    return why_set(why, self->err, "call %llu fails on purpose", (unsigned long long)call);
}

static enum err faulty_write(struct target *target, struct str sink,
                             const struct document *documents, uint32_t count,
                             const struct target_position *positions, uint32_t position_count,
                             struct document_refusal *refusals, uint32_t *ret_refusal_count,
                             struct why *why)
{
    struct faulty_target *self = faulty(target);
    const enum err err = count_call(self, why);
    if (err)
        return err;
    return target_write(self->inner, sink, documents, count, positions, position_count, refusals,
                        ret_refusal_count, why);
}

static enum err faulty_take(struct target *target, struct str sink, struct str topic,
                            int32_t partition, int64_t *ret_next_offset, struct why *why)
{
    struct faulty_target *self = faulty(target);
    const enum err err = count_call(self, why);
    if (err)
        return err;
    return target_take(self->inner, sink, topic, partition, ret_next_offset, why);
}

static enum err faulty_positions(struct target *target, struct str sink, struct arena *arena,
                                 struct target_position **ret_positions, uint32_t *ret_count,
                                 struct why *why)
{
    struct faulty_target *self = faulty(target);
    const enum err err = count_call(self, why);
    if (err)
        return err;
    return target_positions(self->inner, sink, arena, ret_positions, ret_count, why);
}

static enum err faulty_find(struct target *target, const struct document_query *query,
                            struct arena *arena, struct found_document **ret_documents,
                            uint32_t *ret_count, struct why *why)
{
    struct faulty_target *self = faulty(target);
    const enum err err = count_call(self, why);
    if (err)
        return err;
    return target_find(self->inner, query, arena, ret_documents, ret_count, why);
}

static enum err faulty_walk(struct target *target, struct str collection,
                            bool (*on_document)(void *context, struct str id, struct str json),
                            void *context, struct why *why)
{
    struct faulty_target *self = faulty(target);
    const enum err err = count_call(self, why);
    if (err)
        return err;
    return target_walk(self->inner, collection, on_document, context, why);
}

static void faulty_close(struct target *target)
{
    struct faulty_target *self = faulty(target);
    target_close(self->inner);
    free(self);
}

static const struct target_ops faulty_ops = {
    .write = faulty_write,
    .take = faulty_take,
    .positions = faulty_positions,
    .find = faulty_find,
    .walk = faulty_walk,
    .close = faulty_close,
};

struct target *target_faulty_new(struct target *inner, uint64_t fail_call, bool sticky,
                                 enum err err)
{
    must(inner != NULL);
    must(err != OK);
    struct faulty_target *self = MEMORY_NEW(struct faulty_target);
    self->base.ops = &faulty_ops;
    self->base.form = inner->form;
    self->base.batch_documents = inner->batch_documents;
    self->base.is_private = inner->is_private;
    self->inner = inner;
    self->fail_call = fail_call;
    self->sticky = sticky;
    self->err = err;
    return &self->base;
}

uint64_t target_faulty_calls(struct target *target)
{
    return atomic_load(&faulty(target)->calls);
}

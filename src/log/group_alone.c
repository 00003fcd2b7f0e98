/* group_alone.c -- a group of one process: everything is assigned by the call that joins. */
#include "log/group_alone.h"

#include "base/memory.h"

static void leave(struct log_group *group);

static const struct log_group_ops group_alone_ops = {.leave = leave};

enum err group_alone_join(const struct log_group_options *options, struct log_group **ret_group)
{
    must(ret_group != NULL);
    struct arena arena;
    arena_init(&arena, 0);
    uint32_t count = 0;
    for (uint32_t i = 0; i < options->topic_count; i++)
        count += (uint32_t)options->topics[i]->partition_count;
    struct log_share *shares = ARENA_ARRAY(&arena, struct log_share, count);
    uint32_t at = 0;
    for (uint32_t i = 0; i < options->topic_count; i++)
        for (int32_t partition = 0; partition < options->topics[i]->partition_count; partition++)
            shares[at++] = (struct log_share){options->topics[i], partition};
    options->on_change(options->context, LOG_GROUP_ASSIGNED, shares, count);
    arena_release(&arena);
    struct log_group *group = MEMORY_NEW(struct log_group);
    group->ops = &group_alone_ops;
    *ret_group = group;
    return OK;
}

static void leave(struct log_group *group)
{
    must(group->ops == &group_alone_ops);
    free(group);
}

/* registry.h -- the registry's seam: Avro schemas by id and by subject.
 *
 * Wire format of a record: byte 0, the id as 4 bytes big-endian, the Avro body. The same schema
 * text (canonical form with defaults, aliases and logical types kept) under two subjects has one
 * id; registering it again gives the same id and no new version. */
#ifndef REGISTRY_REGISTRY_H
#define REGISTRY_REGISTRY_H

#include "avro/avro.h"
#include "base/arena.h"
#include "base/big_endian.h"
#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

/* The head of a record in the wire format. */
#define REGISTRY_HEAD_SIZE 5

static inline void registry_head_put(uint8_t head[REGISTRY_HEAD_SIZE], int32_t id)
{
    head[0] = 0;
    big_endian_put_32(head + 1, (uint32_t)id);
}

/* False: the bytes do not begin so. */
static inline bool registry_head_get(struct str bytes, int32_t *ret_id)
{
    if (bytes.size < REGISTRY_HEAD_SIZE || bytes.data[0] != 0)
        return false;
    *ret_id = (int32_t)big_endian_get_32(bytes.data + 1);
    return true;
}

enum compatibility {
    COMPATIBILITY_NONE,
    COMPATIBILITY_BACKWARD,
    COMPATIBILITY_BACKWARD_TRANSITIVE,
    COMPATIBILITY_FORWARD,
    COMPATIBILITY_FORWARD_TRANSITIVE,
    COMPATIBILITY_FULL,
    COMPATIBILITY_FULL_TRANSITIVE
};
const char *compatibility_name(enum compatibility level);
MUST_CHECK enum err compatibility_parse(struct str name, enum compatibility *ret_level);

struct registry_version {
    struct str subject;
    int32_t version; /* from 1 */
    int32_t id;      /* from 1 */
    struct str text; /* the schema as it was registered */
};

struct registry;

/* All calls may come from any thread; arenas are the caller's. */
struct registry_ops {
    /* Registers a schema text, or finds it. ERR_INVALID (not a schema), ERR_INCOMPATIBLE with the
     * reason and the path, ERR_LIMIT, ERR_UNAVAILABLE, ERR_FULL. */
    enum err (*register_schema)(struct registry *registry, struct str subject, struct str text,
                                int32_t *ret_id, struct why *why);
    /* The parsed schema of an id, valid until the registry is closed. ERR_UNKNOWN_SCHEMA,
     * ERR_UNAVAILABLE. */
    enum err (*by_id)(struct registry *registry, int32_t id, const struct avro_schema **ret_schema,
                      struct why *why);
    /* version 0: the latest. ERR_NOT_FOUND, ERR_UNAVAILABLE. */
    enum err (*version)(struct registry *registry, struct str subject, int32_t version,
                        struct arena *arena, struct registry_version *ret_version, struct why *why);
    /* OK, or ERR_INCOMPATIBLE with reason and path, as register_schema would refuse. */
    enum err (*check)(struct registry *registry, struct str subject, struct str text,
                      struct why *why);
    /* All versions of all subjects, by subject and version. */
    enum err (*list)(struct registry *registry, struct arena *arena,
                     struct registry_version **ret_versions, size_t *ret_count, struct why *why);
    /* The level in force for a subject (size 0: the default for all). */
    enum err (*level)(struct registry *registry, struct str subject, enum compatibility *ret_level,
                      struct why *why);
    enum err (*set_level)(struct registry *registry, struct str subject, enum compatibility level,
                          struct why *why);
    /* Frees it. */
    void (*close)(struct registry *registry);
};

struct registry {
    const struct registry_ops *ops;
};

MUST_CHECK static inline enum err registry_register(struct registry *registry, struct str subject,
                                                    struct str text, int32_t *ret_id,
                                                    struct why *why)
{
    must(registry != NULL);
    return registry->ops->register_schema(registry, subject, text, ret_id, why);
}

MUST_CHECK static inline enum err registry_by_id(struct registry *registry, int32_t id,
                                                 const struct avro_schema **ret_schema,
                                                 struct why *why)
{
    must(registry != NULL);
    return registry->ops->by_id(registry, id, ret_schema, why);
}

MUST_CHECK static inline enum err
registry_get_version(struct registry *registry, struct str subject, int32_t version,
                     struct arena *arena, struct registry_version *ret_version, struct why *why)
{
    must(registry != NULL);
    must(version >= 0);
    return registry->ops->version(registry, subject, version, arena, ret_version, why);
}

MUST_CHECK static inline enum err registry_check(struct registry *registry, struct str subject,
                                                 struct str text, struct why *why)
{
    must(registry != NULL);
    return registry->ops->check(registry, subject, text, why);
}

MUST_CHECK static inline enum err registry_list(struct registry *registry, struct arena *arena,
                                                struct registry_version **ret_versions,
                                                size_t *ret_count, struct why *why)
{
    must(registry != NULL);
    return registry->ops->list(registry, arena, ret_versions, ret_count, why);
}

MUST_CHECK static inline enum err registry_level(struct registry *registry, struct str subject,
                                                 enum compatibility *ret_level, struct why *why)
{
    must(registry != NULL);
    return registry->ops->level(registry, subject, ret_level, why);
}

MUST_CHECK static inline enum err registry_set_level(struct registry *registry, struct str subject,
                                                     enum compatibility level, struct why *why)
{
    must(registry != NULL);
    return registry->ops->set_level(registry, subject, level, why);
}

static inline void registry_close(struct registry *registry)
{
    if (registry)
        registry->ops->close(registry);
}

/* The embedded registry, kept in the store. The store outlives it. */
struct store;
MUST_CHECK enum err registry_embedded_open(struct store *store, struct registry **ret_registry,
                                           struct why *why);

#endif

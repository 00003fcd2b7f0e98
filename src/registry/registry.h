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

/* What may be done to a subject, or to all. */
enum registry_mode {
    REGISTRY_READWRITE,
    REGISTRY_READONLY,
    REGISTRY_READONLY_OVERRIDE, /* of all: read-only whatever a subject says */
    REGISTRY_IMPORT             /* versions come with their ids, and are not checked */
};
const char *registry_mode_name(enum registry_mode mode);
MUST_CHECK enum err registry_mode_parse(struct str name, enum registry_mode *ret_mode);

/* A version of another subject, whose named types a schema uses by their names. */
struct registry_reference {
    struct str name;
    struct str subject;
    int32_t version;
};

#define REGISTRY_REFERENCES_MAX 256 /* of a schema, and of all that they refer to */

struct json_reader;
/* The JSON array that the reader has just begun, into the arena. A subject of the context without a
 * name (":.:subject") loses its prefix. ERR_MALFORMED. */
MUST_CHECK enum err registry_read_references(struct json_reader *reader, struct arena *arena,
                                             const struct registry_reference **ret_references,
                                             uint32_t *ret_count);

/* A schema on its way in. */
struct registry_draft {
    struct str text;
    const struct registry_reference *references;
    uint32_t reference_count;
    struct str metadata; /* a JSON object, kept as it is; size 0: none */
    int32_t id;          /* said by whoever imports; 0: given here */
    int32_t version;     /* the same; else it must be the next one */
};

#define REGISTRY_GUID_BYTES 36

struct registry_version {
    struct str subject;
    int32_t version; /* from 1 */
    int32_t id;      /* from 1 */
    struct str text; /* the schema as it was registered */
    struct str guid; /* the same in every registry: of the schema, not of the registration */
    const struct registry_reference *references;
    uint32_t reference_count;
    struct str metadata;
    int64_t registered_ms;
    bool is_deleted; /* softly: found by whoever asks for such, and by its id */
};

#define REGISTRY_LATEST (-1)

/* Which versions are listed; {0}: all that are not deleted. */
struct registry_filter {
    struct str subject; /* size 0: of all */
    int32_t version;    /* of the subject: 0 is all, REGISTRY_LATEST the last */
    int32_t id;         /* 0: of any */
    struct str guid;    /* size 0: any */
    bool with_deleted;
};

/* Of one subject, or (subject of size 0) of all those that say nothing themselves. */
struct registry_rules {
    bool has_level;
    enum compatibility level;
    bool has_mode;
    enum registry_mode mode;
};

struct registry;

/* All calls may come from any thread; arenas are the caller's. */
struct registry_ops {
    /* Registers a schema, or finds it. ERR_INVALID (not a schema, a reference to nothing, a version
     * that is not the next), ERR_INCOMPATIBLE with the reason and the path, ERR_EXISTS (the id said
     * is another schema's), ERR_DENIED (the mode forbids it), ERR_LIMIT, ERR_UNAVAILABLE,
     * ERR_FULL. */
    enum err (*register_schema)(struct registry *registry, struct str subject,
                                const struct registry_draft *draft, struct arena *arena,
                                struct registry_version *ret_version, struct why *why);
    /* The parsed schema of an id, valid until the registry is closed, whatever is deleted. Returns
     * at once when the id was asked for before. ERR_UNKNOWN_SCHEMA; ERR_UNAVAILABLE: nobody can
     * say now, the same call may succeed later. */
    enum err (*by_id)(struct registry *registry, int32_t id, const struct avro_schema **ret_schema,
                      struct why *why);
    /* The subject's version that is this schema. ERR_NOT_FOUND; the others as register_schema. */
    enum err (*look_up)(struct registry *registry, struct str subject,
                        const struct registry_draft *draft, bool with_deleted, struct arena *arena,
                        struct registry_version *ret_version, struct why *why);
    /* OK, or ERR_INCOMPATIBLE with reason and path, as register_schema would refuse. version 0:
     * against all that the level asks for; else against that one: ERR_NOT_FOUND. */
    enum err (*check)(struct registry *registry, struct str subject, int32_t version,
                      const struct registry_draft *draft, struct why *why);
    /* By subject and version. */
    enum err (*list)(struct registry *registry, const struct registry_filter *filter,
                     struct arena *arena, struct registry_version **ret_versions, size_t *ret_count,
                     struct why *why);
    /* Deletes a version, or (version 0) all of a subject, whose rules go too. Softly first,
     * permanently then. ret_versions: the numbers of those deleted. ERR_NOT_FOUND; ERR_EXISTS:
     * deleted softly already, or, permanently, not yet; ERR_LOCKED: others refer to it;
     * ERR_DENIED. */
    enum err (*erase)(struct registry *registry, struct str subject, int32_t version,
                      bool permanently, struct arena *arena, int32_t **ret_versions,
                      size_t *ret_count, struct why *why);
    /* What is said for the subject itself. */
    enum err (*rules)(struct registry *registry, struct str subject,
                      struct registry_rules *ret_rules, struct why *why);
    /* From now on exactly these. */
    enum err (*set_rules)(struct registry *registry, struct str subject,
                          const struct registry_rules *rules, struct why *why);
    /* Frees it. */
    void (*close)(struct registry *registry);
};

struct registry {
    const struct registry_ops *ops;
};

/* Whether it can be the name of a subject. */
bool registry_is_subject(struct str subject);

MUST_CHECK static inline enum err
registry_register_draft(struct registry *registry, struct str subject,
                        const struct registry_draft *draft, struct arena *arena,
                        struct registry_version *ret_version, struct why *why)
{
    must(registry != NULL);
    return registry->ops->register_schema(registry, subject, draft, arena, ret_version, why);
}

/* A schema that stands alone. */
MUST_CHECK enum err registry_register(struct registry *registry, struct str subject,
                                      struct str text, int32_t *ret_id, struct why *why);

MUST_CHECK static inline enum err registry_by_id(struct registry *registry, int32_t id,
                                                 const struct avro_schema **ret_schema,
                                                 struct why *why)
{
    must(registry != NULL);
    return registry->ops->by_id(registry, id, ret_schema, why);
}

MUST_CHECK static inline enum err registry_look_up(struct registry *registry, struct str subject,
                                                   const struct registry_draft *draft,
                                                   bool with_deleted, struct arena *arena,
                                                   struct registry_version *ret_version,
                                                   struct why *why)
{
    must(registry != NULL);
    return registry->ops->look_up(registry, subject, draft, with_deleted, arena, ret_version, why);
}

MUST_CHECK static inline enum err registry_check(struct registry *registry, struct str subject,
                                                 int32_t version,
                                                 const struct registry_draft *draft,
                                                 struct why *why)
{
    must(registry != NULL);
    must(version >= 0);
    return registry->ops->check(registry, subject, version, draft, why);
}

MUST_CHECK static inline enum err
registry_list(struct registry *registry, const struct registry_filter *filter, struct arena *arena,
              struct registry_version **ret_versions, size_t *ret_count, struct why *why)
{
    must(registry != NULL);
    return registry->ops->list(registry, filter, arena, ret_versions, ret_count, why);
}

MUST_CHECK static inline enum err registry_erase(struct registry *registry, struct str subject,
                                                 int32_t version, bool permanently,
                                                 struct arena *arena, int32_t **ret_versions,
                                                 size_t *ret_count, struct why *why)
{
    must(registry != NULL);
    must(version >= 0);
    return registry->ops->erase(registry, subject, version, permanently, arena, ret_versions,
                                ret_count, why);
}

MUST_CHECK static inline enum err registry_rules(struct registry *registry, struct str subject,
                                                 struct registry_rules *ret_rules, struct why *why)
{
    must(registry != NULL);
    return registry->ops->rules(registry, subject, ret_rules, why);
}

MUST_CHECK static inline enum err registry_set_rules(struct registry *registry, struct str subject,
                                                     const struct registry_rules *rules,
                                                     struct why *why)
{
    must(registry != NULL);
    return registry->ops->set_rules(registry, subject, rules, why);
}

/* version 0: the latest that is not deleted. ERR_NOT_FOUND, ERR_UNAVAILABLE. */
MUST_CHECK enum err registry_get_version(struct registry *registry, struct str subject,
                                         int32_t version, struct arena *arena,
                                         struct registry_version *ret_version, struct why *why);

/* The level and the mode in force for a subject: its own, else those of all, else BACKWARD and
 * READWRITE. Has both. */
MUST_CHECK enum err registry_rules_in_force(struct registry *registry, struct str subject,
                                            struct registry_rules *ret_rules, struct why *why);

static inline void registry_close(struct registry *registry)
{
    if (registry)
        registry->ops->close(registry);
}

/* Whether a setting of that name is one of the remote registry's: schema.registry.*,
 * basic.auth.*, bearer.auth.*. */
struct properties;
bool registry_remote_knows(struct str name);
/* A registry elsewhere, that speaks Confluent's REST: the settings say where, and as whom. Nobody
 * is asked yet. `patience_ms`: how long by_id waits for a schema nobody asked for before, while the
 * registry is not known to be away; after that, and then, ERR_UNAVAILABLE, and it is fetched in
 * the background. ERR_SETTING with words. */
MUST_CHECK enum err registry_remote_open(const struct properties *settings, int64_t patience_ms,
                                         struct registry **ret_registry, struct why *why);

/* Goes step by step (name, port, TLS, answer, login, permission, version, clock) for each URL, up
 * to its first failure. ERR_SETTING: the settings themselves. */
struct examiner;
MUST_CHECK enum err registry_remote_examine(const struct properties *settings,
                                            const struct examiner *examiner, struct why *why);

/* The embedded registry, kept in the store. The store outlives it. */
struct store;
MUST_CHECK enum err registry_embedded_open(struct store *store, struct registry **ret_registry,
                                           struct why *why);

#endif

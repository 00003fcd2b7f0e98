/* compatibility.c -- compatibility levels: their names, and what each demands of a new version. */
#include "registry/embedded.h"

#include "base/buf.h"

static const struct {
    const char *name;
    bool backward; /* the new schema reads old data */
    bool forward;  /* old schemas read new data */
    bool all;      /* against every version, not the latest alone */
} levels[] = {
    [COMPATIBILITY_NONE] = {"NONE", false, false, false},
    [COMPATIBILITY_BACKWARD] = {"BACKWARD", true, false, false},
    [COMPATIBILITY_BACKWARD_TRANSITIVE] = {"BACKWARD_TRANSITIVE", true, false, true},
    [COMPATIBILITY_FORWARD] = {"FORWARD", false, true, false},
    [COMPATIBILITY_FORWARD_TRANSITIVE] = {"FORWARD_TRANSITIVE", false, true, true},
    [COMPATIBILITY_FULL] = {"FULL", true, true, false},
    [COMPATIBILITY_FULL_TRANSITIVE] = {"FULL_TRANSITIVE", true, true, true},
};

#define LEVEL_COUNT (sizeof(levels) / sizeof(levels[0]))

const char *compatibility_name(enum compatibility level)
{
    must((size_t)level < LEVEL_COUNT);
    return levels[level].name;
}

enum err compatibility_parse(struct str name, enum compatibility *ret_level)
{
    for (size_t i = 0; i < LEVEL_COUNT; i++) {
        if (str_equal_nocase(name, str_from(levels[i].name))) {
            *ret_level = (enum compatibility)i;
            return OK;
        }
    }
    return ERR_INVALID;
}

enum err compatibility_check(struct registry *registry, struct str subject,
                             const struct avro_schema *fresh, enum compatibility level,
                             const struct stored_version *versions, uint32_t count, struct why *why)
{
    must((size_t)level < LEVEL_COUNT);
    if (!levels[level].backward && !levels[level].forward)
        return OK;
    const uint32_t oldest = levels[level].all || count == 0 ? 0 : count - 1;
    for (uint32_t i = count; i > oldest; i--) { /* newest first */
        const struct avro_schema *old = NULL;
        enum err err = registry_by_id(registry, versions[i - 1].id, &old, why);
        if (err)
            return err;
        if (levels[level].backward)
            err = avro_can_read(fresh, old, why);
        if (!err && levels[level].forward)
            err = avro_can_read(old, fresh, why);
        if (err) {
            why_prefix(why, "schema is not %s compatible with version %d of subject '%.*s'",
                       levels[level].name, versions[i - 1].version, STR_ARGS(subject));
            return err;
        }
    }
    return OK;
}

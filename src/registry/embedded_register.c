/* embedded_register.c -- registration: a schema on its way in, found, checked or added. */
#include "registry/embedded.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/md5.h"

#define REGISTER_TRIES_MAX 16

/* A schema on its way in: parsed, and compared with what is there. */
struct candidate {
    const struct registry_draft *draft;
    struct str subject;
    struct avro_schema *schema;
    struct buf identity;
    uint64_t fingerprint;
    char guid[REGISTRY_GUID_BYTES + 1];
    struct arena arena;
    int32_t id;                      /* 0: no schema like it is known */
    int32_t version;                 /* 0: the subject has it not, or deleted */
    struct stored_version *versions; /* of the subject, deleted ones too */
    uint32_t version_count;
    struct stored_version *live; /* those that are not deleted */
    uint32_t live_count;
    struct registry_rules rules; /* in force */
};

static enum err candidate_init(struct embedded_registry *registry, struct candidate *candidate,
                               struct str subject, const struct registry_draft *draft,
                               struct why *why);
static void candidate_release(struct candidate *candidate);
static enum err look_up(struct embedded_registry *registry, struct store_txn *txn,
                        struct candidate *candidate, struct why *why);
static enum err read_candidate(struct embedded_registry *registry, struct candidate *candidate,
                               struct why *why);
static enum err check_level(struct embedded_registry *registry, struct candidate *candidate,
                            int32_t version, struct why *why);
static enum err check_draft(struct candidate *candidate, struct why *why);
static enum err add_candidate(struct embedded_registry *registry, struct candidate *candidate,
                              struct why *why);
static enum err read_version(struct embedded_registry *registry, const struct candidate *candidate,
                             struct arena *arena, struct registry_version *ret_version,
                             struct why *why);

enum err registry_embedded_register(struct registry *base, struct str subject,
                                    const struct registry_draft *draft, struct arena *arena,
                                    struct registry_version *ret_version, struct why *why)
{
    struct embedded_registry *registry = registry_embedded_of(base);
    struct candidate candidate;
    enum err err = candidate_init(registry, &candidate, subject, draft, why);
    for (int tries = 0; !err && tries < REGISTER_TRIES_MAX; tries++) {
        err = read_candidate(registry, &candidate, why);
        if (!err && !candidate.version)
            err = check_draft(&candidate, why);
        if (!err && !candidate.version && candidate.rules.mode != REGISTRY_IMPORT)
            err = check_level(registry, &candidate, 0, why);
        if (!err && !candidate.version)
            err = add_candidate(registry, &candidate, why);
        if (err != ERR_AGAIN)
            break;
        err = OK; /* another version came in between: check against it */
    }
    if (!err && !candidate.version)
        err = why_set(why, ERR_UNAVAILABLE, "subject '%.*s' changes too fast", STR_ARGS(subject));
    if (!err)
        err = read_version(registry, &candidate, arena, ret_version, why);
    candidate_release(&candidate);
    return err;
}

enum err registry_embedded_look_up(struct registry *base, struct str subject,
                                   const struct registry_draft *draft, bool with_deleted,
                                   struct arena *arena, struct registry_version *ret_version,
                                   struct why *why)
{
    struct embedded_registry *registry = registry_embedded_of(base);
    struct candidate candidate;
    enum err err = candidate_init(registry, &candidate, subject, draft, why);
    if (!err)
        err = read_candidate(registry, &candidate, why);
    for (uint32_t i = 0; !err && with_deleted && candidate.id && i < candidate.version_count; i++)
        if (candidate.versions[i].id == candidate.id)
            candidate.version = candidate.versions[i].version;
    if (!err && !candidate.version)
        err = why_set(why, ERR_NOT_FOUND, "subject '%.*s' has no such schema", STR_ARGS(subject));
    if (!err)
        err = read_version(registry, &candidate, arena, ret_version, why);
    candidate_release(&candidate);
    return err;
}

enum err registry_embedded_check(struct registry *base, struct str subject, int32_t version,
                                 const struct registry_draft *draft, struct why *why)
{
    struct embedded_registry *registry = registry_embedded_of(base);
    struct candidate candidate;
    enum err err = candidate_init(registry, &candidate, subject, draft, why);
    if (!err)
        err = read_candidate(registry, &candidate, why);
    if (!err && (!candidate.version || version > 0))
        err = check_level(registry, &candidate, version, why);
    candidate_release(&candidate);
    return err;
}

/* What makes two schemas one: the text but for its form, what it refers to, its metadata. */
static void write_identity(const struct avro_schema *schema,
                           const struct registry_reference *references, uint32_t reference_count,
                           struct str metadata, struct buf *buf)
{
    avro_schema_identity(schema, buf);
    for (uint32_t i = 0; i < reference_count; i++)
        buf_printf(buf, "\n%.*s\t%.*s\t%d", STR_ARGS(references[i].name),
                   STR_ARGS(references[i].subject), references[i].version);
    if (metadata.size > 0)
        buf_printf(buf, "\n%.*s", STR_ARGS(metadata));
}

static void write_guid(struct str identity, char guid[REGISTRY_GUID_BYTES + 1])
{
    uint8_t digest[MD5_BYTES];
    char *to = guid;
    md5(identity, digest);
    for (int i = 0; i < MD5_BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *to++ = '-';
        to += snprintf(to, 3, "%02x", digest[i]);
    }
}

static enum err parse_draft(struct embedded_registry *registry, struct candidate *candidate,
                            struct why *why)
{
    const struct registry_draft *draft = candidate->draft;
    struct str *texts = NULL;
    uint32_t text_count = 0;
    enum err err = OK;
    if (draft->reference_count > 0) {
        struct store_txn *txn = NULL;
        err = store_begin(registry->store, false, &txn);
        if (err)
            return registry_fail(why, err);
        err = schemas_referred(registry, txn, draft->references, draft->reference_count,
                               &candidate->arena, &texts, &text_count, why);
        store_abort(txn);
    }
    if (!err)
        err = avro_schema_parse_with(draft->text, texts, text_count, &candidate->schema, why);
    return err;
}

/* The candidate can be released whatever comes of it. */
static enum err candidate_init(struct embedded_registry *registry, struct candidate *candidate,
                               struct str subject, const struct registry_draft *draft,
                               struct why *why)
{
    *candidate = (struct candidate){.draft = draft, .subject = subject};
    arena_init(&candidate->arena, 0);
    enum err err = subject_check(subject, why);
    if (!err)
        err = parse_draft(registry, candidate, why);
    if (err)
        return err;
    write_identity(candidate->schema, draft->references, draft->reference_count, draft->metadata,
                   &candidate->identity);
    write_guid(buf_str(&candidate->identity), candidate->guid);
    candidate->fingerprint = avro_schema_fingerprint(candidate->schema);
    return OK;
}

static void candidate_release(struct candidate *candidate)
{
    avro_schema_free(candidate->schema);
    buf_release(&candidate->identity);
    arena_release(&candidate->arena);
}

static enum err has_identity(struct embedded_registry *registry, struct store_txn *txn, int32_t id,
                             struct candidate *candidate, bool *ret_has, struct why *why)
{
    const struct avro_schema *schema = NULL;
    struct registry_version version = {0};
    enum err err = schemas_read(registry, txn, id, &candidate->arena, &version);
    if (err)
        return registry_fail(why, err == ERR_NOT_FOUND ? ERR_CORRUPT : err);
    err = registry_embedded_by_id(&registry->base, id, &schema, why);
    if (err)
        return err;
    struct buf identity = {0};
    write_identity(schema, version.references, version.reference_count, version.metadata,
                   &identity);
    *ret_has = str_equal(buf_str(&identity), buf_str(&candidate->identity));
    buf_release(&identity);
    return OK;
}

/* The subject's versions, and which of them is this schema. */
static enum err look_up_subject(struct embedded_registry *registry, struct store_txn *txn,
                                struct candidate *candidate)
{
    const enum err err = records_versions(registry, txn, candidate->subject, &candidate->arena,
                                          &candidate->versions, &candidate->version_count);
    if (err)
        return err;
    candidate->live =
        ARENA_ARRAY(&candidate->arena, struct stored_version, candidate->version_count + 1);
    candidate->live_count = 0;
    for (uint32_t i = 0; i < candidate->version_count; i++)
        if (!candidate->versions[i].is_deleted)
            candidate->live[candidate->live_count++] = candidate->versions[i];
    return OK;
}

/* Which id the schema has, if any, and whether the subject has it. Schemas of one identity have
 * one canonical form, so only those of the same fingerprint need to be looked at. */
static enum err look_up(struct embedded_registry *registry, struct store_txn *txn,
                        struct candidate *candidate, struct why *why)
{
    int32_t *same = NULL;
    uint32_t same_count = 0;
    candidate->id = 0;
    candidate->version = 0;
    enum err err = look_up_subject(registry, txn, candidate);
    if (!err)
        err = schemas_candidates(registry, txn, candidate->fingerprint, &candidate->arena, &same,
                                 &same_count);
    if (err)
        return registry_fail(why, err);
    for (uint32_t i = 0; i < same_count && !candidate->id; i++) {
        bool has = false;
        err = has_identity(registry, txn, same[i], candidate, &has, why);
        if (err)
            return err;
        if (has)
            candidate->id = same[i];
    }
    for (uint32_t i = 0; i < candidate->live_count && candidate->id; i++)
        if (candidate->live[i].id == candidate->id)
            candidate->version = candidate->live[i].version;
    return OK;
}

static enum err read_candidate(struct embedded_registry *registry, struct candidate *candidate,
                               struct why *why)
{
    struct store_txn *txn = NULL;
    enum err err =
        registry_rules_in_force(&registry->base, candidate->subject, &candidate->rules, why);
    if (err)
        return err;
    err = store_begin(registry->store, false, &txn);
    if (err)
        return registry_fail(why, err);
    err = look_up(registry, txn, candidate, why);
    store_abort(txn);
    return err;
}

/* version 0: against those that the level asks for. */
static enum err check_level(struct embedded_registry *registry, struct candidate *candidate,
                            int32_t version, struct why *why)
{
    const struct stored_version *live = candidate->live;
    uint32_t count = candidate->live_count;
    if (version > 0) {
        while (count > 0 && live->version != version) {
            live++;
            count--;
        }
        if (count == 0)
            return why_set(why, ERR_NOT_FOUND, "subject '%.*s' has no version %d",
                           STR_ARGS(candidate->subject), version);
        count = 1;
    }
    return compatibility_check(&registry->base, candidate->subject, candidate->schema,
                               candidate->rules.level, live, count, why);
}

static int32_t next_version(const struct candidate *candidate)
{
    const uint32_t count = candidate->version_count;
    return count ? candidate->versions[count - 1].version + 1 : 1;
}

/* Whether the mode lets it in, as the number it wants. */
static enum err check_draft(struct candidate *candidate, struct why *why)
{
    const struct registry_draft *draft = candidate->draft;
    const enum registry_mode mode = candidate->rules.mode;
    if (mode == REGISTRY_READONLY || mode == REGISTRY_READONLY_OVERRIDE)
        return why_set(why, ERR_DENIED, "subject '%.*s' is in read-only mode",
                       STR_ARGS(candidate->subject));
    if (draft->id > 0 && mode != REGISTRY_IMPORT)
        return why_set(why, ERR_DENIED, "subject '%.*s' is not in import mode",
                       STR_ARGS(candidate->subject));
    if (draft->id > 0 && candidate->id > 0 && candidate->id != draft->id)
        return why_set(why, ERR_EXISTS, "the schema is registered with id %d, not %d",
                       candidate->id, draft->id);
    if (draft->version <= 0)
        return OK;
    if (mode != REGISTRY_IMPORT && draft->version != next_version(candidate))
        return why_set(why, ERR_INVALID, "version %d is not one more than the version before",
                       draft->version);
    for (uint32_t i = 0; i < candidate->version_count; i++)
        if (candidate->versions[i].version == draft->version)
            return why_set(why, ERR_EXISTS, "subject '%.*s' has a version %d",
                           STR_ARGS(candidate->subject), draft->version);
    return OK;
}

static bool is_changed(const struct candidate *candidate, const struct stored_version *before,
                       uint32_t before_count)
{
    if (candidate->version_count != before_count)
        return true;
    for (uint32_t i = 0; i < before_count; i++)
        if (candidate->versions[i].version != before[i].version ||
            candidate->versions[i].is_deleted != before[i].is_deleted)
            return true;
    return false;
}

/* Looks again inside the write transaction. ERR_AGAIN: the subject has changed since the check,
 * which is not done here, for everybody who writes would wait for it. */
static enum err add_candidate(struct embedded_registry *registry, struct candidate *candidate,
                              struct why *why)
{
    if (store_is_read_only(registry->store))
        return registry_fail(why, ERR_DENIED);
    const struct stored_version *before = candidate->versions;
    const uint32_t before_count = candidate->version_count;
    struct store_txn *txn = NULL;
    enum err err = store_begin(registry->store, true, &txn);
    if (err)
        return registry_fail(why, err);
    err = look_up(registry, txn, candidate, why);
    if (err || candidate->version)
        goto out;
    if (is_changed(candidate, before, before_count)) {
        err = ERR_AGAIN;
        goto out;
    }
    if (!candidate->id)
        err = schemas_add(registry, txn, candidate->draft, candidate->fingerprint,
                          str_from(candidate->guid), &candidate->id);
    const int32_t wanted = candidate->draft->version;
    const struct stored_version added = {.version = wanted > 0 ? wanted : next_version(candidate),
                                         .id = candidate->id,
                                         .registered_ms = clock_wall_ms()};
    if (!err)
        err = records_set_version(registry, txn, candidate->subject, &added);
    if (!err) {
        err = store_commit(txn);
        txn = NULL;
    }
    if (err == ERR_EXISTS)
        err = why_set(why, err, "id %d is another schema's", candidate->draft->id);
    else if (err)
        err = registry_fail(why, err);
    else
        candidate->version = added.version;
out:
    store_abort(txn);
    return err;
}

static enum err read_version(struct embedded_registry *registry, const struct candidate *candidate,
                             struct arena *arena, struct registry_version *ret_version,
                             struct why *why)
{
    const struct registry_filter filter = {
        .subject = candidate->subject, .version = candidate->version, .with_deleted = true};
    struct registry_version *versions;
    size_t count;
    const enum err err = registry_list(&registry->base, &filter, arena, &versions, &count, why);
    if (err)
        return err;
    if (count == 0) /* deleted for good since */
        return why_set(why, ERR_UNAVAILABLE, "subject '%.*s' changes too fast",
                       STR_ARGS(candidate->subject));
    *ret_version = versions[0];
    return OK;
}

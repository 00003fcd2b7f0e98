/* remote_fetch.c -- schemas by id, fetched by a thread of its own and kept for ever.
 *
 * An id that somebody wants is in `wanted` until it is known. Its last try said what is to be told
 * meanwhile: nothing yet (the caller waits a moment), not reachable (the caller's partition waits),
 * unknown or refused (told as it is; asked again after a while, for registries catch up). */
#include "registry/remote.h"

#include "base/clock.h"
#include "base/condition.h"
#include "base/memory.h"

#define BACKOFF_MS 1000
#define BACKOFF_MS_MAX 20000
#define REFUSED_MS 10000 /* an answer that is no schema holds so long */

static struct str key_of(const int32_t *id)
{
    return (struct str){(const char *)id, sizeof(*id)};
}

static struct wanted *find_wanted(struct remote_registry *registry, int32_t id)
{
    for (uint32_t i = 0; i < registry->wanted_count; i++)
        if (registry->wanted[i].id == id)
            return &registry->wanted[i];
    return NULL;
}

static struct wanted *add_wanted(struct remote_registry *registry, int32_t id)
{
    if (registry->wanted_count == WANTED_MAX)
        return NULL;
    struct wanted *wanted = &registry->wanted[registry->wanted_count++];
    *wanted = (struct wanted){.id = id, .backoff_ms = BACKOFF_MS};
    pthread_cond_broadcast(&registry->changed);
    return wanted;
}

/* Under the lock. */
static enum err by_id(struct remote_registry *registry, int32_t id,
                      const struct avro_schema **ret_schema, struct why *why)
{
    const int64_t until_ns = clock_monotonic_ns() + registry->patience_ms * 1000000;
    for (;;) {
        const struct avro_schema *schema = map_get(&registry->schemas, key_of(&id));
        if (schema) {
            *ret_schema = schema;
            return OK;
        }
        struct wanted *wanted = find_wanted(registry, id);
        if (!wanted)
            wanted = add_wanted(registry, id);
        if (!wanted)
            return why_set(why, ERR_UNAVAILABLE, "more than %d unknown schema ids", WANTED_MAX);
        if (wanted->err)
            return why_set(why, wanted->err, "%s", wanted->words);
        if (registry->is_away || clock_monotonic_ns() >= until_ns)
            return why_set(why, ERR_UNAVAILABLE, "schema id %d has not been answered yet", id);
        condition_wait(&registry->changed, &registry->lock, until_ns);
    }
}

enum err remote_by_id(struct registry *base, int32_t id, const struct avro_schema **ret_schema,
                      struct why *why)
{
    struct remote_registry *registry = remote_of(base);
    if (id <= 0)
        return why_set(why, ERR_UNKNOWN_SCHEMA, "no schema has id %d", id);
    pthread_mutex_lock(&registry->lock);
    const enum err err = by_id(registry, id, ret_schema, why);
    pthread_mutex_unlock(&registry->lock);
    return err;
}

void remote_keep(struct remote_registry *registry, int32_t id, struct avro_schema *schema)
{
    pthread_mutex_lock(&registry->lock);
    if (map_get(&registry->schemas, key_of(&id)))
        avro_schema_free(schema);
    else
        map_set(&registry->schemas, key_of(&id), schema);
    struct wanted *wanted = find_wanted(registry, id);
    if (wanted)
        *wanted = registry->wanted[--registry->wanted_count];
    pthread_cond_broadcast(&registry->changed);
    pthread_mutex_unlock(&registry->lock);
}

void remote_note(struct remote_registry *registry, bool is_away)
{
    pthread_mutex_lock(&registry->lock);
    const bool is_back = registry->is_away && !is_away;
    registry->is_away = is_away;
    for (uint32_t i = 0; is_back && i < registry->wanted_count; i++)
        if (registry->wanted[i].err == ERR_UNAVAILABLE)
            registry->wanted[i].next_ns = 0;
    if (is_back)
        pthread_cond_broadcast(&registry->changed);
    pthread_mutex_unlock(&registry->lock);
}

/* -- the thread -- */

/* What one schema needs: its own text and those of all that it refers to. */
struct gathering {
    struct remote_registry *registry;
    struct arena *arena;
    struct why *why;
    struct registry_reference met[REGISTRY_REFERENCES_MAX];
    uint32_t met_count;
    struct str texts[REGISTRY_REFERENCES_MAX];
    uint32_t text_count;
};

static enum err ask_version(struct gathering *gathering, struct str path,
                            struct registry_version *ret_version)
{
    struct remote_registry *registry = gathering->registry;
    struct remote_answer answer;
    const struct remote_request request = {.method = "GET", .path = path, .tries_max = 1};
    enum err err = lane_ask(registry, &registry->fetch, &request, &answer, gathering->why);
    if (err)
        return err;
    err = answer.status / 100 == 2 ? remote_read_version(buf_str(&answer.body), gathering->arena,
                                                         ret_version, gathering->why)
                                   : remote_fail(&answer, gathering->why);
    buf_release(&answer.body);
    return err;
}

static bool is_met(struct gathering *gathering, const struct registry_reference *reference)
{
    for (uint32_t i = 0; i < gathering->met_count; i++)
        if (gathering->met[i].version == reference->version &&
            str_equal(gathering->met[i].subject, reference->subject))
            return true;
    return false;
}

/* Each step adds to what was met, which bounds the depth. */
static enum err gather(struct gathering *gathering, const struct registry_version *of)
{
    enum err err = OK;
    for (uint32_t i = 0; i < of->reference_count && !err; i++) {
        const struct registry_reference *reference = &of->references[i];
        struct registry_version version;
        struct buf path = {0};
        if (is_met(gathering, reference))
            continue;
        if (gathering->met_count == REGISTRY_REFERENCES_MAX)
            return why_set(gathering->why, ERR_LIMIT, "more than %d references",
                           REGISTRY_REFERENCES_MAX);
        gathering->met[gathering->met_count++] = *reference;
        buf_append_str(&path, STR("/subjects/"));
        remote_encode(reference->subject, &path);
        buf_printf(&path, "/versions/%d?deleted=true", reference->version);
        err = ask_version(gathering, buf_str(&path), &version);
        buf_release(&path);
        if (!err)
            err = gather(gathering, &version);
        if (!err)
            gathering->texts[gathering->text_count++] = version.text;
    }
    return err;
}

static enum err fetch(struct remote_registry *registry, int32_t id, struct arena *arena,
                      struct avro_schema **ret_schema, struct why *why)
{
    struct gathering *gathering = ARENA_NEW(arena, struct gathering);
    struct registry_version version;
    gathering->registry = registry;
    gathering->arena = arena;
    gathering->why = why;
    enum err err = ask_version(gathering, arena_printf(arena, "/schemas/ids/%d", id), &version);
    if (!err && version.text.size == 0)
        err = why_set(why, ERR_MALFORMED, "no schema in the answer for id %d", id);
    if (!err)
        err = gather(gathering, &version);
    if (!err)
        err = avro_schema_parse_with(version.text, gathering->texts, gathering->text_count,
                                     ret_schema, why);
    return err;
}

/* What the try said is kept until the next. Only a registry that says so makes an id unknown; all
 * that may be different later is waited for. */
static void note_failure(struct remote_registry *registry, int32_t id, enum err err,
                         const struct why *why)
{
    pthread_mutex_lock(&registry->lock);
    struct wanted *wanted = find_wanted(registry, id);
    if (wanted) {
        const bool is_final = err == ERR_UNKNOWN_SCHEMA || err == ERR_DENIED ||
                              err == ERR_INVALID || err == ERR_LIMIT;
        wanted->err = err == ERR_INVALID || err == ERR_LIMIT ? ERR_UNKNOWN_SCHEMA
                      : is_final                             ? err
                                                             : ERR_UNAVAILABLE;
        snprintf(wanted->words, sizeof(wanted->words), "schema id %d: %.250s", id, why->text);
        const int64_t pause_ms =
            is_final ? REFUSED_MS : remote_jitter_ms(&registry->fetch.random, wanted->backoff_ms);
        wanted->next_ns = clock_monotonic_ns() + pause_ms * 1000000;
        wanted->backoff_ms =
            2 * wanted->backoff_ms < BACKOFF_MS_MAX ? 2 * wanted->backoff_ms : BACKOFF_MS_MAX;
    }
    pthread_cond_broadcast(&registry->changed);
    pthread_mutex_unlock(&registry->lock);
}

/* An id that was refused is let go when its time is over: whoever still wants it asks anew. */
static bool take_due(struct remote_registry *registry, int32_t *ret_id, int64_t *ret_next_ns)
{
    const int64_t now_ns = clock_monotonic_ns();
    int64_t next_ns = INT64_MAX;
    for (uint32_t i = 0; i < registry->wanted_count; i++) {
        struct wanted *wanted = &registry->wanted[i];
        if (wanted->next_ns > now_ns) {
            next_ns = wanted->next_ns < next_ns ? wanted->next_ns : next_ns;
            continue;
        }
        if (wanted->err && wanted->err != ERR_UNAVAILABLE) {
            *wanted = registry->wanted[--registry->wanted_count];
            i--;
            continue;
        }
        *ret_id = wanted->id;
        return true;
    }
    *ret_next_ns = next_ns;
    return false;
}

/* [fetch] */
static void *fetch_main(void *context)
{
    struct remote_registry *registry = context;
    pthread_mutex_lock(&registry->lock);
    while (!atomic_load(&registry->closing)) {
        int32_t id;
        int64_t next_ns;
        /* Of this thread alone: whoever is busy is busy for all ids. */
        const int64_t not_before_ns = registry->fetch.not_before_ns;
        if (not_before_ns > clock_monotonic_ns()) {
            condition_wait(&registry->changed, &registry->lock, not_before_ns);
            continue;
        }
        if (!take_due(registry, &id, &next_ns)) {
            if (next_ns == INT64_MAX)
                pthread_cond_wait(&registry->changed, &registry->lock);
            else
                condition_wait(&registry->changed, &registry->lock, next_ns);
            continue;
        }
        pthread_mutex_unlock(&registry->lock);
        struct avro_schema *schema = NULL;
        struct why why = {0};
        struct arena arena;
        arena_init(&arena, 0);
        const enum err err = fetch(registry, id, &arena, &schema, &why);
        if (err)
            note_failure(registry, id, err, &why);
        else
            remote_keep(registry, id, schema);
        arena_release(&arena);
        pthread_mutex_lock(&registry->lock);
    }
    pthread_mutex_unlock(&registry->lock);
    return NULL;
}

enum err remote_fetch_start(struct remote_registry *registry, struct why *why)
{
    condition_init(&registry->changed);
    registry->wanted = memory_alloc(WANTED_MAX * sizeof(*registry->wanted));
    if (pthread_create(&registry->fetch_thread, NULL, fetch_main, registry) != 0)
        return why_set(why, ERR_LIMIT, "cannot start a thread");
    registry->fetch_started = true;
    return OK;
}

void remote_fetch_stop(struct remote_registry *registry)
{
    pthread_mutex_lock(&registry->lock);
    atomic_store(&registry->closing, true);
    pthread_cond_broadcast(&registry->changed);
    pthread_mutex_unlock(&registry->lock);
    if (registry->fetch_started)
        pthread_join(registry->fetch_thread, NULL);
    pthread_cond_destroy(&registry->changed);
    size_t cursor = 0;
    const struct map_entry *at;
    while ((at = map_next(&registry->schemas, &cursor)) != NULL)
        avro_schema_free(at->value);
    map_release(&registry->schemas);
    free(registry->wanted);
}

/* remote.c -- a registry elsewhere: the seam's calls as requests of Confluent's REST. */
#include "registry/remote.h"

#include "base/memory.h"

static const struct registry_ops remote_ops;

struct remote_registry *remote_of(struct registry *registry)
{
    must(registry != NULL);
    must(registry->ops == &remote_ops);
    return (struct remote_registry *)registry;
}

/* "/subjects/<subject>" and what comes behind; the caller releases it. */
static struct buf subject_path(const char *before, struct str subject)
{
    struct buf path = {0};
    buf_append_str(&path, str_from(before));
    remote_encode(subject, &path);
    return path;
}

/* An exchange whose answer is used at once: 2xx, or a failure. */
static enum err ask_any(struct remote_registry *registry, const char *method, struct buf *path,
                        struct str body, bool is_optional, struct buf *ret_body, struct why *why)
{
    struct remote_answer answer;
    struct remote_request request = {
        .method = method, .path = buf_str(path), .body = body, .is_optional = is_optional};
    enum err err = remote_ask(registry, &request, &answer, why);
    buf_release(path);
    if (err)
        return err;
    if (answer.status / 100 == 2) {
        *ret_body = answer.body;
        return OK;
    }
    err = remote_fail(&answer, why);
    buf_release(&answer.body);
    return err;
}

static enum err ask(struct remote_registry *registry, const char *method, struct buf *path,
                    struct str body, struct buf *ret_body, struct why *why)
{
    return ask_any(registry, method, path, body, false, ret_body, why);
}

static enum err ask_version(struct remote_registry *registry, const char *method, struct buf *path,
                            struct str body, struct arena *arena,
                            struct registry_version *ret_version, struct why *why)
{
    struct buf answer = {0};
    enum err err = ask(registry, method, path, body, &answer, why);
    if (err)
        return err;
    err = remote_read_version(buf_str(&answer), arena, ret_version, why);
    buf_release(&answer);
    return err;
}

/* -- registering -- */

/* Subject and schema as one key. */
static void draft_key(struct str subject, const struct buf *body, struct buf *key)
{
    buf_append_str(key, subject);
    buf_append_byte(key, '\0');
    buf_append_str(key, buf_str(body));
}

static int32_t known_draft(struct remote_registry *registry, struct str key)
{
    pthread_mutex_lock(&registry->lock);
    const int32_t id = (int32_t)(intptr_t)map_get(&registry->drafts, key);
    pthread_mutex_unlock(&registry->lock);
    return id;
}

/* What was registered is known by its id from now on, and found again without asking: tasks are
 * built anew while a registry may be away. */
static void keep_draft(struct remote_registry *registry, struct str key,
                       const struct registry_draft *draft, int32_t id)
{
    struct avro_schema *schema = NULL;
    if (draft->reference_count == 0 && avro_schema_parse(draft->text, &schema, NULL) == OK)
        remote_keep(registry, id, schema);
    pthread_mutex_lock(&registry->lock);
    map_set(&registry->drafts, key, (void *)(intptr_t)id);
    pthread_mutex_unlock(&registry->lock);
}

static enum err check_text(const struct registry_draft *draft, struct why *why)
{
    struct avro_schema *schema = NULL;
    if (draft->reference_count > 0)
        return OK; /* the registry knows what it refers to */
    const enum err err = avro_schema_parse(draft->text, &schema, why);
    avro_schema_free(schema);
    return err;
}

static enum err remote_register(struct registry *base, struct str subject,
                                const struct registry_draft *draft, struct arena *arena,
                                struct registry_version *ret_version, struct why *why)
{
    struct remote_registry *registry = remote_of(base);
    struct registry_version version = {0};
    struct buf body = {0};
    struct buf key = {0};
    enum err err = check_text(draft, why);
    if (err)
        return err;
    remote_write_draft(draft, &body);
    draft_key(subject, &body, &key);
    version.id = known_draft(registry, buf_str(&key));
    if (version.id == 0) {
        struct buf path = subject_path("/subjects/", subject);
        buf_append_str(&path, STR("/versions"));
        err = ask_version(registry, "POST", &path, buf_str(&body), arena, &version, why);
        if (!err && version.id == 0)
            err = why_set(why, ERR_UNAVAILABLE, "the schema registry gives no id");
        if (!err)
            keep_draft(registry, buf_str(&key), draft, version.id);
    }
    buf_release(&body);
    buf_release(&key);
    if (err)
        return err;
    version.subject = arena_str(arena, subject);
    version.text = arena_str(arena, draft->text);
    *ret_version = version;
    return OK;
}

static enum err remote_look_up(struct registry *base, struct str subject,
                               const struct registry_draft *draft, bool with_deleted,
                               struct arena *arena, struct registry_version *ret_version,
                               struct why *why)
{
    struct buf body = {0};
    struct buf path = subject_path("/subjects/", subject);
    if (with_deleted)
        buf_append_str(&path, STR("?deleted=true"));
    remote_write_draft(draft, &body);
    const enum err err =
        ask_version(remote_of(base), "POST", &path, buf_str(&body), arena, ret_version, why);
    buf_release(&body);
    return err == ERR_UNKNOWN_SCHEMA ? ERR_NOT_FOUND : err;
}

static enum err remote_check(struct registry *base, struct str subject, int32_t version,
                             const struct registry_draft *draft, struct why *why)
{
    struct arena arena;
    struct str message = {0};
    struct buf answer = {0};
    struct buf body = {0};
    bool compatible = false;
    struct buf path = subject_path("/compatibility/subjects/", subject);
    buf_append_str(&path, STR("/versions"));
    if (version > 0)
        buf_printf(&path, "/%d", version);
    buf_append_str(&path, STR("?verbose=true"));
    remote_write_draft(draft, &body);
    enum err err = ask(remote_of(base), "POST", &path, buf_str(&body), &answer, why);
    arena_init(&arena, 0);
    if (!err)
        err = remote_read_verdict(buf_str(&answer), &arena, &compatible, &message, why);
    else if (err == ERR_NOT_FOUND && version == 0)
        compatible = (err = OK) == OK; /* nothing there to be incompatible with */
    if (!err && !compatible)
        err = why_set(why, ERR_INCOMPATIBLE,
                      "the schema registry says that it is not compatible with subject '%.*s'%s"
                      "%.*s",
                      STR_ARGS(subject), message.size > 0 ? ": " : "", STR_ARGS(message));
    arena_release(&arena);
    buf_release(&answer);
    buf_release(&body);
    return err;
}

/* -- listing -- */

static void list_add(struct arena *arena, struct registry_version **list, size_t *count,
                     const struct registry_version *version)
{
    if (*count == 0 || (*count >= 16 && (*count & (*count - 1)) == 0)) {
        struct registry_version *more =
            ARENA_ARRAY(arena, struct registry_version, *count ? 2 * *count : 16);
        if (*count)
            memcpy(more, *list, *count * sizeof(*more));
        *list = more;
    }
    (*list)[(*count)++] = *version;
}

/* A version that is not there adds nothing. */
static enum err add_version(struct remote_registry *registry, struct str subject, int32_t number,
                            bool with_deleted, struct arena *arena, struct registry_version **list,
                            size_t *count, struct why *why)
{
    struct registry_version version;
    struct buf path = subject_path("/subjects/", subject);
    if (number == REGISTRY_LATEST)
        buf_append_str(&path, STR("/versions/latest"));
    else
        buf_printf(&path, "/versions/%d", number);
    if (with_deleted)
        buf_append_str(&path, STR("?deleted=true"));
    const enum err err = ask_version(registry, "GET", &path, (struct str){0}, arena, &version, why);
    if (err)
        return err == ERR_NOT_FOUND ? OK : err;
    list_add(arena, list, count, &version);
    return OK;
}

static enum err add_subject(struct remote_registry *registry, struct str subject, bool with_deleted,
                            struct arena *arena, struct registry_version **list, size_t *count,
                            struct why *why)
{
    int32_t *numbers = NULL;
    size_t number_count = 0;
    struct buf answer = {0};
    struct buf path = subject_path("/subjects/", subject);
    buf_append_str(&path, STR("/versions"));
    if (with_deleted)
        buf_append_str(&path, STR("?deleted=true"));
    enum err err = ask(registry, "GET", &path, (struct str){0}, &answer, why);
    if (err)
        return err == ERR_NOT_FOUND ? OK : err;
    err = remote_read_numbers(buf_str(&answer), arena, &numbers, &number_count, why);
    for (size_t i = 0; i < number_count && !err; i++)
        err = add_version(registry, subject, numbers[i], with_deleted, arena, list, count, why);
    buf_release(&answer);
    return err;
}

static enum err add_all(struct remote_registry *registry, bool with_deleted, struct arena *arena,
                        struct registry_version **list, size_t *count, struct why *why)
{
    struct str *subjects = NULL;
    size_t subject_count = 0;
    struct buf answer = {0};
    struct buf path = {0};
    buf_append_str(&path, with_deleted ? STR("/subjects?deleted=true") : STR("/subjects"));
    enum err err = ask(registry, "GET", &path, (struct str){0}, &answer, why);
    if (!err)
        err = remote_read_texts(buf_str(&answer), arena, &subjects, &subject_count, why);
    for (size_t i = 0; i < subject_count && !err; i++)
        err = add_subject(registry, subjects[i], with_deleted, arena, list, count, why);
    buf_release(&answer);
    return err;
}

static enum err add_id(struct remote_registry *registry, int32_t id, bool with_deleted,
                       struct arena *arena, struct registry_version **list, size_t *count,
                       struct why *why)
{
    struct registry_version *places = NULL;
    size_t place_count = 0;
    struct buf answer = {0};
    struct buf path = {0};
    buf_printf(&path, "/schemas/ids/%d/versions", id);
    enum err err = ask(registry, "GET", &path, (struct str){0}, &answer, why);
    if (err)
        return err == ERR_UNKNOWN_SCHEMA || err == ERR_NOT_FOUND ? OK : err;
    err = remote_read_places(buf_str(&answer), arena, &places, &place_count, why);
    for (size_t i = 0; i < place_count && !err; i++)
        err = add_version(registry, places[i].subject, places[i].version, with_deleted, arena, list,
                          count, why);
    buf_release(&answer);
    return err;
}

static enum err remote_list(struct registry *base, const struct registry_filter *filter,
                            struct arena *arena, struct registry_version **ret_versions,
                            size_t *ret_count, struct why *why)
{
    struct remote_registry *registry = remote_of(base);
    const bool deleted = filter->with_deleted;
    struct registry_version *list = NULL;
    size_t count = 0;
    enum err err;
    if (filter->guid.size > 0)
        err = why_set(why, ERR_UNSUPPORTED, "a schema elsewhere is not listed by its guid");
    else if (filter->version != 0)
        err = add_version(registry, filter->subject, filter->version, deleted, arena, &list, &count,
                          why);
    else if (filter->subject.size > 0)
        err = add_subject(registry, filter->subject, deleted, arena, &list, &count, why);
    else if (filter->id != 0)
        err = add_id(registry, filter->id, deleted, arena, &list, &count, why);
    else
        err = add_all(registry, deleted, arena, &list, &count, why);
    if (err)
        return err;
    *ret_versions = list;
    *ret_count = count;
    return OK;
}

/* -- deleting, rules -- */

static enum err remote_erase(struct registry *base, struct str subject, int32_t version,
                             bool permanently, struct arena *arena, int32_t **ret_versions,
                             size_t *ret_count, struct why *why)
{
    struct buf answer = {0};
    struct buf path = subject_path("/subjects/", subject);
    if (version > 0)
        buf_printf(&path, "/versions/%d", version);
    if (permanently)
        buf_append_str(&path, STR("?permanent=true"));
    enum err err = ask(remote_of(base), "DELETE", &path, (struct str){0}, &answer, why);
    if (!err)
        err = remote_read_numbers(buf_str(&answer), arena, ret_versions, ret_count, why);
    buf_release(&answer);
    return err;
}

/* "/config/<subject>", or "/config". */
static struct buf rule_path(const char *rule, struct str subject)
{
    struct buf path = {0};
    buf_append_str(&path, str_from(rule));
    if (subject.size > 0) {
        buf_append_byte(&path, '/');
        remote_encode(subject, &path);
    }
    return path;
}

/* size 0: nothing is said; some registries know no modes, and say so in many ways. */
static enum err ask_rule(struct remote_registry *registry, const char *rule, struct str subject,
                         struct str name, struct arena *arena, struct str *ret_word,
                         struct why *why)
{
    struct buf answer = {0};
    struct buf path = rule_path(rule, subject);
    enum err err = ask_any(registry, "GET", &path, (struct str){0}, true, &answer, why);
    *ret_word = (struct str){0};
    if (err || answer.size == 0)
        return err == ERR_NOT_FOUND ? OK : err;
    err = remote_read_word(buf_str(&answer), name, arena, ret_word, why);
    buf_release(&answer);
    return err;
}

static enum err remote_rules(struct registry *base, struct str subject,
                             struct registry_rules *ret_rules, struct why *why)
{
    struct remote_registry *registry = remote_of(base);
    struct registry_rules rules = {0};
    struct arena arena;
    struct str level = {0};
    struct str mode = {0};
    arena_init(&arena, 0);
    enum err err =
        ask_rule(registry, "/config", subject, STR("compatibilityLevel"), &arena, &level, why);
    if (!err)
        err = ask_rule(registry, "/mode", subject, STR("mode"), &arena, &mode, why);
    rules.has_level = level.size > 0 && compatibility_parse(level, &rules.level) == OK;
    rules.has_mode = mode.size > 0 && registry_mode_parse(mode, &rules.mode) == OK;
    arena_release(&arena);
    if (!err)
        *ret_rules = rules;
    return err;
}

static enum err set_rule(struct remote_registry *registry, const char *rule, struct str subject,
                         const char *name, const char *word, struct why *why)
{
    struct buf answer = {0};
    struct buf body = {0};
    struct buf path = rule_path(rule, subject);
    if (word)
        buf_printf(&body, "{\"%s\":\"%s\"}", name, word);
    enum err err = ask(registry, word ? "PUT" : "DELETE", &path, buf_str(&body), &answer, why);
    if (err == ERR_NOT_FOUND && !word)
        err = OK; /* nothing was said */
    buf_release(&answer);
    buf_release(&body);
    return err;
}

/* Only what changes is sent: not every registry lets the mode be set. */
static enum err remote_set_rules(struct registry *base, struct str subject,
                                 const struct registry_rules *rules, struct why *why)
{
    struct remote_registry *registry = remote_of(base);
    struct registry_rules before;
    enum err err = remote_rules(base, subject, &before, why);
    if (!err && (rules->has_level != before.has_level ||
                 (rules->has_level && rules->level != before.level)))
        err = set_rule(registry, "/config", subject, "compatibility",
                       rules->has_level ? compatibility_name(rules->level) : NULL, why);
    if (!err &&
        (rules->has_mode != before.has_mode || (rules->has_mode && rules->mode != before.mode)))
        err = set_rule(registry, "/mode", subject, "mode",
                       rules->has_mode ? registry_mode_name(rules->mode) : NULL, why);
    return err;
}

/* -- life -- */

static void remote_close(struct registry *base)
{
    struct remote_registry *registry = remote_of(base);
    remote_fetch_stop(registry);
    lane_close(&registry->call);
    lane_close(&registry->fetch);
    remote_token_close(&registry->token);
    map_release(&registry->drafts);
    pthread_mutex_destroy(&registry->lock);
    pthread_mutex_destroy(&registry->call_lock);
    free(registry->cluster_header);
    free(registry->identity_header);
    free(registry);
}

static const struct registry_ops remote_ops = {
    .register_schema = remote_register,
    .look_up = remote_look_up,
    .by_id = remote_by_id,
    .check = remote_check,
    .list = remote_list,
    .erase = remote_erase,
    .rules = remote_rules,
    .set_rules = remote_set_rules,
    .close = remote_close,
};

enum err registry_remote_open(const struct properties *settings, int64_t patience_ms,
                              struct registry **ret_registry, struct why *why)
{
    must(settings != NULL);
    must(ret_registry != NULL);
    struct remote_registry *registry = MEMORY_NEW(struct remote_registry);
    registry->base.ops = &remote_ops;
    registry->patience_ms = patience_ms;
    atomic_init(&registry->closing, false);
    pthread_mutex_init(&registry->lock, NULL);
    pthread_mutex_init(&registry->call_lock, NULL);
    remote_read_headers(registry, settings);
    enum err err = remote_token_open(&registry->token, settings, why);
    if (!err)
        err = lane_open(&registry->call, settings, why);
    if (!err)
        err = lane_open(&registry->fetch, settings, why);
    const enum err started = remote_fetch_start(registry, why);
    if (err || started) {
        remote_close(&registry->base);
        return err ? err : started;
    }
    *ret_registry = &registry->base;
    return OK;
}

/* registry.c -- what holds for every registry: names, and what follows from the seam's calls. */
#include "registry/registry.h"

#include "base/json.h"

#define SUBJECT_BYTES_MAX 400

static const char *const mode_names[] = {
    [REGISTRY_READWRITE] = "READWRITE",
    [REGISTRY_READONLY] = "READONLY",
    [REGISTRY_READONLY_OVERRIDE] = "READONLY_OVERRIDE",
    [REGISTRY_IMPORT] = "IMPORT",
};
#define MODE_COUNT (sizeof(mode_names) / sizeof(mode_names[0]))

const char *registry_mode_name(enum registry_mode mode)
{
    must((size_t)mode < MODE_COUNT);
    return mode_names[mode];
}

enum err registry_mode_parse(struct str name, enum registry_mode *ret_mode)
{
    for (size_t i = 0; i < MODE_COUNT; i++) {
        if (str_equal_nocase(name, str_from(mode_names[i]))) {
            *ret_mode = (enum registry_mode)i;
            return OK;
        }
    }
    return ERR_INVALID;
}

bool registry_is_subject(struct str subject)
{
    return subject.size > 0 && subject.size <= SUBJECT_BYTES_MAX &&
           !memchr(subject.data, '\0', subject.size);
}

static enum err read_reference(struct json_reader *reader, struct registry_reference *reference)
{
    enum json_token token;
    while ((token = json_next(reader)) == JSON_NAME) {
        const struct str name = reader->text;
        int64_t number = 0;
        token = json_next(reader);
        if (token == JSON_STRING && str_equal(name, STR("name")))
            reference->name = reader->text;
        else if (token == JSON_STRING && str_equal(name, STR("subject")))
            reference->subject = reader->text;
        else if (token == JSON_NUMBER && str_equal(name, STR("version")) &&
                 str_to_int64(reader->text, &number) == OK && number > 0 && number <= INT32_MAX)
            reference->version = (int32_t)number;
        else if (json_skip(reader, token, NULL))
            return ERR_MALFORMED;
    }
    if (str_starts_with(reference->subject, STR(":.:")))
        reference->subject = (struct str){reference->subject.data + 3, reference->subject.size - 3};
    return token == JSON_OBJECT_END ? OK : ERR_MALFORMED;
}

enum err registry_read_references(struct json_reader *reader, struct arena *arena,
                                  const struct registry_reference **ret_references,
                                  uint32_t *ret_count)
{
    struct registry_reference *references =
        ARENA_ARRAY(arena, struct registry_reference, REGISTRY_REFERENCES_MAX);
    enum json_token token;
    uint32_t count = 0;
    while ((token = json_next(reader)) == JSON_OBJECT_BEGIN)
        if (count == REGISTRY_REFERENCES_MAX || read_reference(reader, &references[count++]))
            return ERR_MALFORMED;
    if (token != JSON_ARRAY_END)
        return ERR_MALFORMED;
    *ret_references = references;
    *ret_count = count;
    return OK;
}

enum err registry_register(struct registry *registry, struct str subject, struct str text,
                           int32_t *ret_id, struct why *why)
{
    const struct registry_draft draft = {.text = text};
    struct registry_version version;
    struct arena arena;
    arena_init(&arena, 0);
    const enum err err = registry_register_draft(registry, subject, &draft, &arena, &version, why);
    if (!err)
        *ret_id = version.id;
    arena_release(&arena);
    return err;
}

enum err registry_get_version(struct registry *registry, struct str subject, int32_t version,
                              struct arena *arena, struct registry_version *ret_version,
                              struct why *why)
{
    must(version >= 0);
    if (!registry_is_subject(subject))
        return why_set(why, ERR_INVALID, "'%.*s' is no name for a subject", STR_ARGS(subject));
    const struct registry_filter filter = {.subject = subject,
                                           .version = version ? version : REGISTRY_LATEST};
    struct registry_version *versions;
    size_t count;
    const enum err err = registry_list(registry, &filter, arena, &versions, &count, why);
    if (err)
        return err;
    if (count == 0 && version == 0)
        return why_set(why, ERR_NOT_FOUND, "no subject '%.*s'", STR_ARGS(subject));
    if (count == 0)
        return why_set(why, ERR_NOT_FOUND, "subject '%.*s' has no version %d", STR_ARGS(subject),
                       version);
    *ret_version = versions[0];
    return OK;
}

enum err registry_rules_in_force(struct registry *registry, struct str subject,
                                 struct registry_rules *ret_rules, struct why *why)
{
    struct registry_rules own = {0};
    struct registry_rules all = {0};
    enum err err = registry_rules(registry, STR(""), &all, why);
    if (!err && subject.size > 0)
        err = registry_rules(registry, subject, &own, why);
    if (err)
        return err;
    const bool overrides = all.has_mode && all.mode == REGISTRY_READONLY_OVERRIDE;
    const enum registry_mode mode = all.has_mode ? all.mode : REGISTRY_READWRITE;
    const enum compatibility level = all.has_level ? all.level : COMPATIBILITY_BACKWARD;
    *ret_rules = (struct registry_rules){
        .has_level = true,
        .level = own.has_level ? own.level : level,
        .has_mode = true,
        .mode = own.has_mode && !overrides ? own.mode : mode,
    };
    return OK;
}

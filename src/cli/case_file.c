/* case_file.c -- reads case files: expands formats and configurations. */
#include "base/file.h"
#include "cli/cases.h"

#define CASE_FILE_BYTES_MAX (16 << 20)

static struct str replace(struct arena *arena, struct str text, struct str what, struct str with)
{
    struct buf buf = {0};
    for (size_t i = 0; i < text.size;) {
        if (text.size - i >= what.size && memcmp(text.data + i, what.data, what.size) == 0) {
            buf_append_str(&buf, with);
            i += what.size;
        } else {
            buf_append_byte(&buf, (uint8_t)text.data[i++]);
        }
    }
    const struct str result = arena_str(arena, buf_str(&buf));
    buf_release(&buf);
    return result;
}

static enum err add_case(struct str file, const struct json_node *test, struct str format,
                         struct str config, struct arena *arena, struct case_text *cases,
                         uint32_t *count)
{
    struct json_node *root;
    struct str text = test->source;
    if (*count == CASES_MAX)
        return ERR_LIMIT;
    if (format.size > 0)
        text = replace(arena, text, STR("{FORMAT}"), format);
    if (config.size > 0)
        text = replace(arena, text, STR("{CONFIG}"), config);
    const enum err err = json_tree_parse(text, arena, &root);
    if (err)
        return err;
    const struct str name = json_member_text(root, "name", STR("?"));
    struct str id = arena_printf(arena, "%.*s: %.*s", STR_ARGS(file), STR_ARGS(name));
    if (format.size > 0)
        id = arena_printf(arena, "%.*s (%.*s)", STR_ARGS(id), STR_ARGS(format));
    if (config.size > 0)
        id = arena_printf(arena, "%.*s [%.*s]", STR_ARGS(id), STR_ARGS(config));
    /* One line a case in lists of names. */
    char *at = (char *)id.data;
    for (size_t i = 0; i < id.size; i++)
        if (at[i] == '\n' || at[i] == '\r')
            at[i] = ' ';
    cases[(*count)++] = (struct case_text){.id = id, .root = root};
    return OK;
}

static struct str file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return str_from(slash ? slash + 1 : path);
}

/* Adds a case once a format and configuration it names. */
static enum err add_variants(struct str file, const struct json_node *test, struct arena *arena,
                             struct case_text *cases, uint32_t *count)
{
    const struct json_node *formats = json_member(test, "format");
    const struct json_node *configs = json_member(test, "config");
    const struct json_node *format = formats ? formats->child : NULL;
    enum err err = OK;
    do {
        const struct json_node *config = configs ? configs->child : NULL;
        do {
            err = add_case(file, test, format ? format->text : (struct str){0},
                           config ? config->text : (struct str){0}, arena, cases, count);
            config = config ? config->next : NULL;
        } while (err == OK && config);
        format = format ? format->next : NULL;
    } while (err == OK && format);
    return err;
}

enum err cases_load(const char *path, struct arena *arena, struct case_text *cases, uint32_t *count,
                    struct why *why)
{
    struct str text;
    struct json_node *root;
    enum err err = file_read(path, CASE_FILE_BYTES_MAX, arena, &text, why);
    if (err)
        return err;
    err = json_tree_parse(text, arena, &root);
    if (err)
        return why_set(why, err, "'%s' is not JSON", path);
    const struct json_node *tests = json_member(root, "tests");
    for (const struct json_node *test = tests ? tests->child : NULL; test; test = test->next) {
        err = add_variants(file_name(path), test, arena, cases, count);
        if (err)
            return why_set(why, err, "'%s' holds a case that cannot be read", path);
    }
    return OK;
}

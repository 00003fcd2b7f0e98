/* sql_help.c -- what `help` says. */
#include "cli/sql_answer.h"
#include "cli/sql_server.h"
#include "cli/sql_words.h"

static const struct topic {
    const char *name;
    const char *summary;
    const char *text;
} topics[] = {
#define HELP(name, summary, text) {name, summary, text},
#include "cli/sql_help.def"
#undef HELP
};
#define TOPIC_COUNT (sizeof(topics) / sizeof(topics[0]))

const char *sql_help_topic_at(uint32_t index)
{
    return index < TOPIC_COUNT ? topics[index].name : NULL;
}

static void list(struct sql_shell *shell)
{
    struct buf text = {0};
    for (size_t i = 0; i < TOPIC_COUNT; i++)
        buf_printf(&text, "  %-14s %s\n", topics[i].name, topics[i].summary);
    buf_append_str(&text, STR("\nStatements end with ';'. 'help TOPIC' says more, 'help keys' of "
                              "typing; DESCRIBE FUNCTION and\nSHOW FUNCTIONS of functions.\n"));
    sql_write(shell, buf_str(&text));
    buf_release(&text);
}

/* A topic, or the first that begins so: "create" finds "create stream". */
static const struct topic *find(struct str name)
{
    for (size_t i = 0; i < TOPIC_COUNT; i++)
        if (str_equal_nocase(str_from(topics[i].name), name))
            return &topics[i];
    for (size_t i = 0; i < TOPIC_COUNT; i++) {
        const struct str topic = str_from(topics[i].name);
        if (topic.size > name.size && topic.data[name.size] == ' ' &&
            str_equal_nocase((struct str){topic.data, name.size}, name))
            return &topics[i];
    }
    return NULL;
}

static bool is_plain_name(struct str name)
{
    for (size_t i = 0; i < name.size; i++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_",
                    name.data[i]) ||
            name.data[i] == '\0')
            return false;
    return name.size > 0;
}

/* No topic: perhaps a function of the server's. */
static enum err help_function(struct sql_shell *shell, struct str name, struct why *why)
{
    struct str names[TOPIC_COUNT];
    struct arena arena;
    const struct json_node *entities = NULL;
    struct why unknown = {0};
    arena_init(&arena, 0);
    enum err err = ERR_NOT_FOUND;
    if (is_plain_name(name))
        err = sql_server_ask(shell, arena_printf(&arena, "DESCRIBE FUNCTION %.*s;", STR_ARGS(name)),
                             0, &arena, &entities, &unknown);
    for (const struct json_node *at = err ? NULL : entities->child; at; at = at->next)
        sql_show_entity(shell, at);
    arena_release(&arena);
    if (err == OK || err == ERR_CLOSED)
        return err;
    for (size_t i = 0; i < TOPIC_COUNT; i++)
        names[i] = str_from(topics[i].name);
    const struct str near = str_nearest(name, names, TOPIC_COUNT);
    if (near.size > 0)
        return why_set(why, ERR_NOT_FOUND, "no help on '%.*s', did you mean '%.*s'?",
                       STR_ARGS(name), STR_ARGS(near));
    return why_set(why, ERR_NOT_FOUND, "no help on '%.*s'; 'help' lists what there is",
                   STR_ARGS(name));
}

enum err sql_help(struct sql_shell *shell, struct str name, struct why *why)
{
    if (name.size == 0) {
        list(shell);
        return OK;
    }
    const struct topic *topic = find(name);
    if (!topic)
        return help_function(shell, name, why);
    sql_write(shell, str_from(topic->text));
    return OK;
}

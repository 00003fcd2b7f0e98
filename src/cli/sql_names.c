/* sql_names.c -- the names a server knows, for completion. */
#include "cli/sql_names.h"

#include "base/clock.h"
#include "base/map.h"
#include "base/memory.h"
#include "cli/printable.h"
#include "cli/sql_server.h"
#include "sql/sql.h"

#define TIMEOUT_MS 1500
#define AGE_NS_MAX 10000000000LL

struct sql_names {
    struct sql_shell *shell;
    struct arena arena;
    bool is_known;
    int64_t asked_ns;
    struct sql_name_list lists[SQL_NAME_KIND_COUNT];
    struct map columns; /* source -> struct sql_name_list * */
};

void sql_name_list_add(struct sql_name_list *list, struct str text, struct arena *arena)
{
    if (list->count == list->capacity) {
        const uint32_t capacity = list->capacity > 0 ? list->capacity * 2 : 32;
        struct str *items = ARENA_ARRAY(arena, struct str, capacity);
        if (list->count > 0)
            memcpy(items, list->items, sizeof(items[0]) * list->count);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = arena_str(arena, text);
}

struct sql_names *sql_names_new(struct sql_shell *shell)
{
    struct sql_names *names = MEMORY_NEW(struct sql_names);
    names->shell = shell;
    arena_init(&names->arena, 0);
    return names;
}

void sql_names_free(struct sql_names *names)
{
    if (!names)
        return;
    map_release(&names->columns);
    arena_release(&names->arena);
    free(names);
}

void sql_names_forget(struct sql_names *names)
{
    struct sql_shell *shell = names->shell;
    map_release(&names->columns);
    arena_release(&names->arena);
    *names = (struct sql_names){.shell = shell};
    arena_init(&names->arena, 0);
}

/* A name that would be shown with escapes is none that somebody types, and the editor shows what it
 * holds as it is. */
static bool is_printable(struct str text)
{
    struct buf shown = {0};
    printable_append(&shown, text);
    const bool is_same = str_equal(buf_str(&shown), text);
    buf_release(&shown);
    return is_same;
}

static void take(struct sql_names *names, const struct json_node *entity, const char *member,
                 const char *name, struct sql_name_list *list)
{
    const struct json_node *items = json_member(entity, member);
    for (const struct json_node *at = items ? items->child : NULL; at; at = at->next) {
        const struct str text = json_member_text(at, name, STR(""));
        if (text.size > 0 && is_printable(text))
            sql_name_list_add(list, text, &names->arena);
    }
}

/* All names in one request. */
static void ask(struct sql_names *names)
{
    static const struct {
        const char *member;
        const char *name;
        enum sql_name_kind kind;
    } answers[] = {
        {"streams", "name", SQL_NAME_SOURCE},     {"tables", "name", SQL_NAME_SOURCE},
        {"topics", "name", SQL_NAME_TOPIC},       {"queries", "id", SQL_NAME_QUERY},
        {"functions", "name", SQL_NAME_FUNCTION}, {"properties", "name", SQL_NAME_PROPERTY}};
    struct arena arena;
    const struct json_node *entities = NULL;
    arena_init(&arena, 0);
    const enum err err =
        sql_server_ask(names->shell,
                       STR("LIST STREAMS; LIST TABLES; LIST TOPICS; LIST QUERIES; LIST FUNCTIONS; "
                           "LIST PROPERTIES;"),
                       TIMEOUT_MS, &arena, &entities, NULL);
    for (const struct json_node *at = err ? NULL : entities->child; at; at = at->next)
        for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
            take(names, at, answers[i].member, answers[i].name, &names->lists[answers[i].kind]);
    arena_release(&arena);
}

const struct sql_name_list *sql_names_of(struct sql_names *names, enum sql_name_kind kind)
{
    const int64_t now_ns = clock_monotonic_ns();
    if (!names->is_known || now_ns - names->asked_ns > AGE_NS_MAX) {
        sql_names_forget(names);
        names->is_known = true;
        names->asked_ns = now_ns;
        ask(names);
    }
    return &names->lists[kind];
}

const struct sql_name_list *sql_names_columns(struct sql_names *names, struct str source)
{
    struct sql_name_list *list = map_get(&names->columns, source);
    if (list)
        return list;
    struct arena arena;
    struct buf text = {0};
    const struct json_node *entities = NULL;
    list = ARENA_NEW(&names->arena, struct sql_name_list);
    map_set(&names->columns, source, list);
    arena_init(&arena, 0);
    buf_append_str(&text, STR("DESCRIBE "));
    sql_format_name(source, &text);
    buf_append_byte(&text, ';');
    const enum err err =
        sql_server_ask(names->shell, buf_str(&text), TIMEOUT_MS, &arena, &entities, NULL);
    for (const struct json_node *at = err ? NULL : entities->child; at; at = at->next)
        take(names, json_member(at, "sourceDescription"), "fields", "name", list);
    buf_release(&text);
    arena_release(&arena);
    return list;
}

/* cli_sql_answer.c -- whatever a server answers, what the SQL shell shows of it is text. */
#include "base/utf8.h"
#include "cli/sql_answer.h"

#include <locale.h>
#include <wchar.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_quiet(struct str text)
{
    const char *at = text.data;
    const char *const end = text.data + text.size;
    while (at < end) {
        uint32_t point = 0;
        at = utf8_get(at, end, &point);
        must(at != NULL);
        must(point == '\n' || wcwidth((wchar_t)point) >= 0);
        must(point < 0x80 || point >= 0xa0);
    }
}

/* The spool has all that is shown. */
static void show(const struct json_node *entities, bool is_json)
{
    struct sql_shell shell = {.is_json = is_json};
    char *text = NULL;
    size_t size = 0;
    shell.spool = open_memstream(&text, &size);
    must(shell.spool != NULL);
    for (const struct json_node *at = entities->child; at; at = at->next)
        sql_show_entity(&shell, at);
    fclose(shell.spool);
    check_quiet((struct str){text, size});
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool is_ready;
    struct arena arena;
    struct json_node *root;
    if (!is_ready) {
        must(setlocale(LC_CTYPE, "C.UTF-8") != NULL);
        must(freopen("/dev/null", "w", stdout) != NULL);
        is_ready = true;
    }
    arena_init(&arena, 0);
    if (json_tree_parse((struct str){(const char *)data, size}, &arena, &root) == OK &&
        root->kind == JSON_ARRAY_BEGIN) {
        show(root, false);
        show(root, true);
    }
    arena_release(&arena);
    return 0;
}

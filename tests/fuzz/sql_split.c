/* sql_split.c -- statements found in any bytes, one after the other; of a text that is SQL, as many
 * as the parser finds. */
#include "sql/sql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t count_statements(struct str text)
{
    struct place place = {1, 1};
    uint32_t count = 0;
    for (;;) {
        struct split_statement statement;
        const enum split split = sql_split(text, place, &statement);
        must(statement.end <= text.size);
        if (split == SPLIT_NOTHING)
            return count;
        must(statement.text.size > 0);
        must(statement.text.data >= text.data);
        must(statement.text.data + statement.text.size == text.data + statement.end);
        must(split == SPLIT_WHOLE || statement.end == text.size);
        must(statement.end_place.line >= place.line);
        count += !str_equal(statement.text, STR(";"));
        if (split != SPLIT_WHOLE)
            return count;
        text = (struct str){text.data + statement.end, text.size - statement.end};
        place = statement.end_place;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str text = {(const char *)data, size};
    struct arena arena;
    struct statement *statements;
    uint32_t parsed;
    arena_init(&arena, 0);
    const uint32_t count = count_statements(text);
    if (sql_parse(text, NULL, &arena, &statements, &parsed, NULL) == OK)
        must(parsed == count);
    arena_release(&arena);
    return 0;
}

/* answer.h -- answers of statements, and lists, printed in the --output format. */
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H

#include "cli/command.h"
#include "engine/engine.h"

/* Prints answers as they come; an engine_answer. */
struct answer_printer {
    bool json;
    uint64_t row_count;
};
bool answer_print(void *printer, const struct statement *statement, const struct answer *answer);

/* Rows of text under names, printed in the --output format: what lists are made of. */
struct table_text {
    struct arena *arena;
    struct answer answer;
    struct str *cells;
    uint32_t capacity;
};
void table_init(struct table_text *table, struct arena *arena, const char *const *names,
                uint32_t column_count);
/* Copies column_count texts, not what they point to. */
void table_add(struct table_text *table, const struct str *cells);
void table_print(const struct table_text *table, const struct invocation *invocation);

#endif

/* sql_statements.c -- any text as statements: lexed, parsed, checked and planned over a small
 * catalog. What is refused says why and where; what is planned can be explained. */
#include "sql_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A refusal has words, and a place within the text. */
static void check_refusal(struct str text, const struct why *why)
{
    uint32_t lines = 1;
    for (size_t i = 0; i < text.size; i++)
        lines += text.data[i] == '\n';
    must(why->text[0] != '\0');
    must(why->line >= 0);
    must((uint32_t)why->line <= lines);
}

static enum err check_query(struct sql_world *world, const struct statement *statement,
                            struct arena *arena, struct why *why)
{
    struct plan *plan;
    const enum err err = sql_plan_query(statement, &world->catalog, arena, &plan, why);
    if (err)
        return err;
    struct buf text = {0};
    sql_explain(plan, &text);
    must(text.size > 0);
    must(plan->stage_count > 0);
    buf_release(&text);
    return OK;
}

static enum err check_statement(struct sql_world *world, const struct statement *statement,
                                struct arena *arena, struct why *why)
{
    struct source_wish wish;
    struct pull_plan *pull;
    const struct source *target;
    struct batch *row;
    switch (statement->kind) {
    case STATEMENT_CREATE_STREAM:
    case STATEMENT_CREATE_TABLE:
        return sql_check_source(statement, &world->catalog, arena, &wish, why);
    case STATEMENT_CREATE_STREAM_AS:
    case STATEMENT_CREATE_TABLE_AS:
    case STATEMENT_INSERT_SELECT:
        return check_query(world, statement, arena, why);
    case STATEMENT_SELECT:
        if (statement->emit)
            return check_query(world, statement, arena, why);
        return sql_plan_pull(statement, &world->catalog, arena, &pull, why);
    case STATEMENT_INSERT_VALUES:
        return sql_check_insert(statement, &world->catalog, 0, arena, &target, &row, why);
    default:
        return OK;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sql_world world;
    if (!world.catalog.context)
        sql_world_init(&world);
    struct arena arena;
    struct statement *statements;
    uint32_t count = 0;
    struct why why = {0};
    arena_init(&arena, 0);
    const struct str text = arena_str(&arena, (struct str){(const char *)data, size});
    enum err err = sql_parse(text, NULL, &arena, &statements, &count, &why);
    if (err)
        check_refusal(text, &why);
    for (uint32_t i = 0; err == OK && i < count; i++) {
        why = (struct why){0};
        if (check_statement(&world, &statements[i], &arena, &why) != OK)
            check_refusal(text, &why);
    }
    arena_release(&arena);
    return 0;
}

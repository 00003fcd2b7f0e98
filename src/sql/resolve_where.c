/* resolve_where.c -- conditions, and times as text beside ROWTIME and the window's bounds. */
#include "data/time.h"
#include "sql/scope.h"

static enum err time_special(struct resolver *resolver, const struct syntax_expr *syntax,
                             struct expr **ret_expr);
static bool is_time_column(const struct syntax_expr *syntax);
static enum err time_literal(struct resolver *resolver, const struct syntax_expr *text,
                             struct syntax_expr *literal);

enum err resolve_where(struct resolver *resolver, const struct syntax_expr *syntax,
                       struct expr **ret_expr)
{
    must(resolver->special == NULL);
    resolver->special = time_special;
    const enum err err = resolve_condition(resolver, syntax, ret_expr);
    resolver->special = NULL;
    return err;
}

/* ROWTIME >= '2026-01-01T04': the text becomes milliseconds. */
static enum err time_special(struct resolver *resolver, const struct syntax_expr *syntax,
                             struct expr **ret_expr)
{
    if (syntax->kind != SYNTAX_OPERATOR || str_equal(syntax->name, STR("IN")) ||
        str_equal(syntax->name, STR("LIKE")))
        return ERR_NOT_FOUND;
    bool has_time = false;
    bool has_text = false;
    for (uint32_t i = 0; i < syntax->arg_count; i++) {
        has_time |= is_time_column(syntax->args[i]);
        has_text |= syntax->args[i]->kind == SYNTAX_TEXT;
    }
    if (!has_time || !has_text)
        return ERR_NOT_FOUND;
    struct syntax_expr changed = *syntax;
    changed.args = ARENA_ARRAY(resolver->arena, struct syntax_expr *, syntax->arg_count);
    for (uint32_t i = 0; i < syntax->arg_count; i++) {
        changed.args[i] = syntax->args[i];
        if (syntax->args[i]->kind != SYNTAX_TEXT)
            continue;
        changed.args[i] = ARENA_NEW(resolver->arena, struct syntax_expr);
        enum err err = time_literal(resolver, syntax->args[i], changed.args[i]);
        if (err)
            return err;
    }
    return resolve_expr(resolver, &changed, ret_expr);
}

static bool is_time_column(const struct syntax_expr *syntax)
{
    return syntax->kind == SYNTAX_NAME && (str_equal(syntax->name, STR("ROWTIME")) ||
                                           str_equal(syntax->name, STR("WINDOWSTART")) ||
                                           str_equal(syntax->name, STR("WINDOWEND")));
}

static enum err time_literal(struct resolver *resolver, const struct syntax_expr *text,
                             struct syntax_expr *literal)
{
    int64_t timestamp_ms;
    if (timestamp_parse_iso(text->text, &timestamp_ms) != OK)
        return why_set_at(resolver->why, ERR_INVALID, text->place.line, text->place.column,
                          "'%.*s' is no time, expected one like '2026-01-01T04:53:45'",
                          STR_ARGS(text->text));
    *literal = (struct syntax_expr){
        .kind = SYNTAX_INTEGER,
        .place = text->place,
        .depth = 1,
        .text = arena_printf(resolver->arena, "%lld", (long long)timestamp_ms),
    };
    return OK;
}

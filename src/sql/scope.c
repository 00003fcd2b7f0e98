/* scope.c -- names to columns. */
#include "sql/scope.h"

static enum err unknown_column(struct resolver *resolver, const struct syntax_expr *name);
static enum err ambiguous_column(struct resolver *resolver, const struct syntax_expr *name);

const struct scope_column *scope_find(const struct scope *scope, struct str qualifier,
                                      struct str name, uint32_t *ret_count)
{
    const struct scope_column *columns = scope->columns.data;
    const struct scope_column *found = NULL;
    *ret_count = 0;
    for (uint32_t i = 0; i < scope->columns.count; i++) {
        if (qualifier.size > 0 && !str_equal(columns[i].alias, qualifier))
            continue;
        if (!str_equal(columns[i].name, name))
            continue;
        found = found ? found : &columns[i];
        (*ret_count)++;
    }
    return found;
}

bool scope_has_alias(const struct scope *scope, struct str alias)
{
    const struct str *aliases = scope->aliases.data;
    for (uint32_t i = 0; i < scope->aliases.count; i++) {
        if (str_equal(aliases[i], alias))
            return true;
    }
    return false;
}

struct scope scope_join(const struct scope *left, const struct scope *right, struct arena *arena)
{
    struct scope both = {0};
    const struct scope *scopes[] = {left, right};
    for (int side = 0; side < 2; side++) {
        for (uint32_t i = 0; i < scopes[side]->columns.count; i++)
            *VECTOR_PUSH(&both.columns, arena, struct scope_column) =
                scope_columns(scopes[side])[i];
        for (uint32_t i = 0; i < scopes[side]->aliases.count; i++)
            *VECTOR_PUSH(&both.aliases, arena, struct str) =
                ((const struct str *)scopes[side]->aliases.data)[i];
    }
    return both;
}

enum err resolve_name(struct resolver *resolver, const struct syntax_expr *name,
                      const struct scope_column **ret_column)
{
    const struct scope *scope = resolver->scope;
    if (name->qualifier.size > 0 && !scope_has_alias(scope, name->qualifier)) {
        const struct str near =
            str_nearest(name->qualifier, scope->aliases.data, scope->aliases.count);
        return why_set_at(
            resolver->why, ERR_INVALID, name->qualifier_place.line, name->qualifier_place.column,
            "'%.*s' is not a valid stream/table name or alias%s%.*s%s", STR_ARGS(name->qualifier),
            near.size > 0 ? ", did you mean '" : "", STR_ARGS(near), near.size > 0 ? "'?" : "");
    }
    uint32_t count;
    const struct scope_column *column = scope_find(scope, name->qualifier, name->name, &count);
    if (count == 0)
        return unknown_column(resolver, name);
    if (count > 1)
        return ambiguous_column(resolver, name);
    *ret_column = column;
    return OK;
}

static enum err unknown_column(struct resolver *resolver, const struct syntax_expr *name)
{
    const struct scope *scope = resolver->scope;
    const struct scope_column *columns = scope->columns.data;
    struct str *names = ARENA_ARRAY(resolver->arena, struct str, scope->columns.count);
    size_t count = 0;
    for (uint32_t i = 0; i < scope->columns.count; i++) {
        if (name->qualifier.size == 0 || str_equal(columns[i].alias, name->qualifier))
            names[count++] = columns[i].name;
    }
    const struct str near = str_nearest(name->name, names, count);
    const char *clause = resolver->clause ? resolver->clause : "";
    return why_set_at(resolver->why, ERR_INVALID, name->place.line, name->place.column,
                      "unknown column '%.*s'%s%s%s%.*s%s", STR_ARGS(name->text),
                      near.size > 0 || clause[0] == '\0' ? "" : " in ", near.size > 0 ? "" : clause,
                      near.size > 0 ? ", did you mean '" : "", STR_ARGS(near),
                      near.size > 0 ? "'?" : "");
}

static enum err ambiguous_column(struct resolver *resolver, const struct syntax_expr *name)
{
    const struct scope *scope = resolver->scope;
    const struct scope_column *columns = scope->columns.data;
    struct buf buf = {0};
    uint32_t found = 0;
    for (uint32_t i = 0; i < scope->columns.count; i++) {
        if (!str_equal(columns[i].name, name->name) ||
            (name->qualifier.size > 0 && !str_equal(columns[i].alias, name->qualifier)))
            continue;
        buf_printf(&buf, "%s%.*s.%.*s", found++ > 0 ? " or " : "", STR_ARGS(columns[i].alias),
                   STR_ARGS(columns[i].name));
    }
    const enum err err = why_set_at(
        resolver->why, ERR_INVALID, name->place.line, name->place.column,
        "column '%.*s' is ambiguous: it could be %s", STR_ARGS(name->text), buf_text(&buf));
    buf_release(&buf);
    return err;
}

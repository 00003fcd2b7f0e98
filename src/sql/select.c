/* select.c -- the select list: stars written out, names given, expressions resolved. */
#include "sql/planner.h"

/* One select_expand. */
struct expansion {
    struct planner *planner;
    const struct relation *relation;
    struct syntax_expr *const *key_syntax; /* PARTITION BY's; NULL: none */
    struct select *select;
    uint32_t generated; /* next n of KSQL_COL_n */
};

static enum err expand_item(struct expansion *expansion, const struct syntax_item *item);
static void expand_source(struct expansion *expansion, struct str alias, struct place place);
static void expand_columns(struct expansion *expansion, struct str alias, bool keys, bool pseudo,
                           struct place place);
static void expand_new_keys(struct expansion *expansion, struct place place);
static bool is_new_key(const struct expansion *expansion, const struct scope_column *column);
static enum err expand_struct(struct expansion *expansion, const struct syntax_item *item);
static struct select_item *add_item(struct expansion *expansion, struct place place,
                                    struct str name);
static void add_column(struct expansion *expansion, const struct scope_column *column,
                       struct place place);
static struct str expr_name(struct expansion *expansion, const struct syntax_expr *syntax);
static bool is_source_column(const struct expansion *expansion, struct str name);
static bool is_item_name(const struct expansion *expansion, struct str name);
static struct str joined_name(struct expansion *expansion, const struct scope_column *column);
static enum err explode_special(struct resolver *resolver, const struct syntax_expr *syntax,
                                struct expr **ret_expr);

/* select_resolve's, handed to explode_special. */
struct explosion {
    struct planner *planner;
    struct select *select;
    uint32_t below_count;
};

enum err select_expand(struct planner *planner, const struct relation *relation,
                       struct syntax_expr *const *key_syntax, struct select *select)
{
    struct expansion expansion = {
        .planner = planner, .relation = relation, .key_syntax = key_syntax, .select = select};
    const struct syntax_query *query = planner->query;
    for (uint32_t i = 0; i < query->item_count; i++) {
        enum err err = expand_item(&expansion, &query->items[i]);
        if (err)
            return err;
        if (select->items.count > ROW_TYPE_COLUMNS_MAX)
            return plan_refuse(planner, query->items[i].place, "the result has too many columns");
    }
    return OK;
}

enum err select_resolve(struct planner *planner, const struct relation *relation,
                        struct select *select)
{
    struct explosion explosion = {.planner = planner,
                                  .select = select,
                                  .below_count = relation->node->row_type->column_count};
    struct resolver resolver = plan_resolver(planner, &relation->scope, "SELECT");
    resolver.special = explode_special;
    resolver.context = &explosion;
    struct select_item *items = select->items.data;
    for (uint32_t i = 0; i < select->items.count; i++) {
        struct select_item *item = &items[i];
        if (item->column) {
            item->expr =
                expr_column(planner->arena, item->column->column, item->column->type, item->place);
            continue;
        }
        enum err err = resolve_expr(&resolver, item->syntax, &item->expr);
        if (err)
            return err;
    }
    return OK;
}

static enum err expand_item(struct expansion *expansion, const struct syntax_item *item)
{
    struct planner *planner = expansion->planner;
    const struct scope *scope = &expansion->relation->scope;
    if (item->expr && item->is_star)
        return expand_struct(expansion, item);
    if (!item->expr) {
        if (item->qualifier.size > 0 && !scope_has_alias(scope, item->qualifier)) {
            const struct str near =
                str_nearest(item->qualifier, scope->aliases.data, scope->aliases.count);
            return plan_refuse(planner, item->place,
                               "'%.*s' is not a valid stream/table name or alias%s%.*s%s",
                               STR_ARGS(item->qualifier), near.size > 0 ? ", did you mean '" : "",
                               STR_ARGS(near), near.size > 0 ? "'?" : "");
        }
        expand_source(expansion, item->qualifier, item->place);
        return OK;
    }
    struct str name = item->alias;
    if (name.size == 0)
        name = expr_name(expansion, item->expr);
    add_item(expansion, item->place, name)->syntax = item->expr;
    return OK;
}

/* alias size 0: all sources. Keys stand first; under PARTITION BY the new ones do, and what were
 * keys before stands last. */
static void expand_source(struct expansion *expansion, struct str alias, struct place place)
{
    const struct scope *scope = &expansion->relation->scope;
    const struct str *aliases = scope->aliases.data;
    const bool is_join = scope->aliases.count > 1;
    if (expansion->key_syntax && alias.size == 0)
        expand_new_keys(expansion, place);
    else if (alias.size == 0 && expansion->relation->synthetic)
        expand_columns(expansion, STR(""), true, false, place);
    for (uint32_t i = 0; i < scope->aliases.count; i++) {
        if (alias.size > 0 && !str_equal(aliases[i], alias))
            continue;
        if (!expansion->key_syntax)
            expand_columns(expansion, aliases[i], true, false, place);
        expand_columns(expansion, aliases[i], false, false, place);
        if (!expansion->key_syntax)
            continue;
        if (is_join)
            expand_columns(expansion, aliases[i], false, true, place);
        expand_columns(expansion, aliases[i], true, false, place);
    }
}

static void expand_columns(struct expansion *expansion, struct str alias, bool keys, bool pseudo,
                           struct place place)
{
    const struct scope *scope = &expansion->relation->scope;
    for (uint32_t i = 0; i < scope->columns.count; i++) {
        const struct scope_column *column = &scope_columns(scope)[i];
        if (str_equal(column->alias, alias) && column->is_key == keys &&
            column->is_pseudo == pseudo && !is_new_key(expansion, column))
            add_column(expansion, column, place);
    }
}

static void expand_new_keys(struct expansion *expansion, struct place place)
{
    const struct select *select = expansion->select;
    const struct scope *scope = &expansion->relation->scope;
    for (uint32_t i = 0; i < select->key_count; i++) {
        const struct expr *key = select->keys[i];
        const struct scope_column *found = NULL;
        for (uint32_t j = 0; key->kind == EXPR_COLUMN && j < scope->columns.count; j++) {
            const struct scope_column *column = &scope_columns(scope)[j];
            if (column->column == key->index && !found)
                found = column;
        }
        if (found) {
            add_column(expansion, found, place);
            continue;
        }
        const struct syntax_expr *syntax = expansion->key_syntax[i];
        add_item(expansion, place, expr_name(expansion, syntax))->syntax = syntax;
    }
}

static bool is_new_key(const struct expansion *expansion, const struct scope_column *column)
{
    for (uint32_t i = 0; expansion->key_syntax && i < expansion->select->key_count; i++) {
        const struct expr *key = expansion->select->keys[i];
        if (key->kind == EXPR_COLUMN && key->index == column->column)
            return true;
    }
    return false;
}

/* expr->*: a column a field. */
static enum err expand_struct(struct expansion *expansion, const struct syntax_item *item)
{
    struct planner *planner = expansion->planner;
    struct resolver resolver = plan_resolver(planner, &expansion->relation->scope, "SELECT");
    struct expr *expr;
    enum err err = resolve_expr(&resolver, item->expr, &expr);
    if (err)
        return err;
    if (!expr->type || expr->type->kind != TYPE_STRUCT)
        return plan_refuse(
            planner, item->place, "->* needs a STRUCT, but %.*s is of type %.*s",
            STR_ARGS(syntax_text(item->expr, planner->arena)),
            STR_ARGS(expr->type ? type_text(expr->type, planner->arena) : STR("NULL")));
    for (uint32_t i = 0; i < expr->type->field_count; i++) {
        struct syntax_expr *field = ARENA_NEW(planner->arena, struct syntax_expr);
        *field = (struct syntax_expr){
            .kind = SYNTAX_FIELD,
            .place = item->place,
            .depth = item->expr->depth + 1,
            .name = expr->type->fields[i].name,
            .args = arena_copy(planner->arena, &item->expr, sizeof(item->expr)),
            .arg_count = 1,
        };
        add_item(expansion, item->place, expr_name(expansion, field))->syntax = field;
    }
    return OK;
}

static struct select_item *add_item(struct expansion *expansion, struct place place,
                                    struct str name)
{
    struct select_item *item =
        VECTOR_PUSH(&expansion->select->items, expansion->planner->arena, struct select_item);
    item->place = place;
    item->name = name;
    return item;
}

static void add_column(struct expansion *expansion, const struct scope_column *column,
                       struct place place)
{
    const bool is_join = expansion->relation->scope.aliases.count > 1;
    const bool prefixed = is_join && column->alias.size > 0;
    add_item(expansion, place, prefixed ? joined_name(expansion, column) : column->name)->column =
        column;
}

/* A column keeps its name unless another source has it too; a field has its own; anything else is
 * KSQL_COL_n. */
static struct str expr_name(struct expansion *expansion, const struct syntax_expr *syntax)
{
    struct arena *arena = expansion->planner->arena;
    const struct scope *scope = &expansion->relation->scope;
    if (syntax->kind == SYNTAX_NAME) {
        uint32_t count;
        const struct scope_column *column =
            scope_find(scope, syntax->qualifier, syntax->name, &count);
        uint32_t everywhere;
        scope_find(scope, STR(""), syntax->name, &everywhere);
        if (column && syntax->qualifier.size > 0 && everywhere > 1)
            return joined_name(expansion, column);
        return syntax->name;
    }
    if (syntax->kind == SYNTAX_FIELD) {
        struct str name = syntax->name;
        for (uint32_t i = 1; is_source_column(expansion, name) || is_item_name(expansion, name);
             i++)
            name = arena_printf(arena, "%.*s_%u", STR_ARGS(syntax->name), i);
        return name;
    }
    struct str name;
    do {
        name = arena_printf(arena, "KSQL_COL_%u", expansion->generated++);
    } while (is_source_column(expansion, name));
    return name;
}

static bool is_source_column(const struct expansion *expansion, struct str name)
{
    uint32_t count;
    return scope_find(&expansion->relation->scope, STR(""), name, &count) != NULL;
}

static bool is_item_name(const struct expansion *expansion, struct str name)
{
    const struct select_item *items = expansion->select->items.data;
    for (uint32_t i = 0; i < expansion->select->items.count; i++) {
        if (str_equal(items[i].name, name))
            return true;
    }
    return false;
}

static struct str joined_name(struct expansion *expansion, const struct scope_column *column)
{
    return arena_printf(expansion->planner->arena, "%.*s_%.*s", STR_ARGS(column->alias),
                        STR_ARGS(column->name));
}

/* A table function is put aside: what stands in its place is a column that NODE_EXPLODE adds. */
static enum err explode_special(struct resolver *resolver, const struct syntax_expr *syntax,
                                struct expr **ret_expr)
{
    struct explosion *explosion = resolver->context;
    if (syntax->kind != SYNTAX_CALL)
        return ERR_NOT_FOUND;
    const struct function_info *info = function_find(syntax->name);
    if (!info || info->kind != FUNCTION_TABLE)
        return ERR_NOT_FOUND;
    struct planner *planner = explosion->planner;
    for (uint32_t i = 0; i < syntax->arg_count; i++) {
        const struct syntax_expr *nested = syntax_find_table_function(syntax->args[i]);
        if (nested)
            return plan_refuse(planner, nested->place, "table functions cannot be nested");
    }
    if (resolver->frame)
        return plan_refuse(planner, syntax->place, "a table function cannot stand in a lambda");
    struct expr **args;
    enum err err = resolve_args(resolver, syntax, &args);
    struct expr *expr;
    if (!err)
        err = expr_call(resolver->arena, syntax->name, args, syntax->arg_count, syntax->place,
                        &expr, resolver->why);
    if (err)
        return err;
    must(expr->type->kind == TYPE_ARRAY);
    struct vector *exploded = &explosion->select->exploded;
    *ret_expr = expr_column(resolver->arena, explosion->below_count + exploded->count,
                            expr->type->item, syntax->place);
    *VECTOR_PUSH(exploded, resolver->arena, struct expr *) = expr;
    return OK;
}

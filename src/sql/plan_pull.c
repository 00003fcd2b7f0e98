/* plan_pull.c -- SELECT without EMIT: rows of a kept table as they are now. */
#include "sql/planner.h"

#define PULL_KEYS_MAX 10000

static enum err plan_rows(const struct statement *statement, const struct catalog *catalog,
                          bool of_streams, struct arena *arena, struct pull_plan **ret_plan,
                          struct why *why);
static enum err refuse_stream(struct planner *planner, const struct source *stream);
static enum err check_clauses(struct planner *planner);
static void table_relation(struct planner *planner, const struct source *table,
                           struct relation *relation);
static void add_scope_column(struct planner *planner, struct relation *relation, uint32_t column,
                             bool is_key, bool is_pseudo);
static enum err pull_items(struct planner *planner, const struct relation *relation,
                           struct pull_plan *pull);
static void find_keys(struct planner *planner, const struct relation *relation,
                      struct pull_plan *pull);
static void find_key_values(struct planner *planner, const struct relation *relation,
                            const struct syntax_expr *condition, uint32_t key,
                            struct vector *values);
static bool constant_of(struct planner *planner, const struct syntax_expr *syntax,
                        const struct type *type, struct value *ret_value);
static void add_value(struct planner *planner, const struct type *type, struct value value,
                      struct vector *values);

enum err sql_plan_pull(const struct statement *statement, const struct catalog *catalog,
                       struct arena *arena, struct pull_plan **ret_plan, struct why *why)
{
    return plan_rows(statement, catalog, false, arena, ret_plan, why);
}

enum err sql_plan_scan(const struct statement *statement, const struct catalog *catalog,
                       struct arena *arena, struct pull_plan **ret_plan, struct why *why)
{
    return plan_rows(statement, catalog, true, arena, ret_plan, why);
}

static enum err plan_rows(const struct statement *statement, const struct catalog *catalog,
                          bool of_streams, struct arena *arena, struct pull_plan **ret_plan,
                          struct why *why)
{
    must(statement->query != NULL);
    must(catalog != NULL);
    must(arena != NULL);
    must(ret_plan != NULL);
    struct planner planner = {.statement = statement,
                              .query = statement->query,
                              .catalog = catalog,
                              .arena = arena,
                              .why = why};
    const struct syntax_query *query = statement->query;
    const struct source *table;
    enum err err = plan_source_find(&planner, query->from.name, query->from.place, &table);
    if (!err && table->kind == SOURCE_STREAM && !of_streams)
        err = refuse_stream(&planner, table);
    if (!err)
        err = check_clauses(&planner);
    if (err)
        return err;
    struct relation relation = {0};
    table_relation(&planner, table, &relation);
    struct pull_plan *pull = ARENA_NEW(arena, struct pull_plan);
    pull->table = table;
    pull->scan_type = relation.node->row_type;
    pull->limit = query->limit;
    if (query->where) {
        struct resolver resolver = plan_resolver(&planner, &relation.scope, "WHERE");
        err = resolve_where(&resolver, query->where, &pull->condition);
        if (!err)
            find_keys(&planner, &relation, pull);
    }
    if (!err)
        err = pull_items(&planner, &relation, pull);
    if (err)
        return err;
    *ret_plan = pull;
    return OK;
}

static enum err refuse_stream(struct planner *planner, const struct source *stream)
{
    return plan_refuse(planner, planner->query->from.place,
                       "'%.*s' is a stream: add EMIT CHANGES to read it as it goes on",
                       STR_ARGS(stream->name));
}

static enum err check_clauses(struct planner *planner)
{
    const struct syntax_query *query = planner->query;
    const char *clause = query->join_count > 0           ? "JOIN"
                         : query->window                 ? "WINDOW"
                         : query->group_by_count > 0     ? "GROUP BY"
                         : query->partition_by_count > 0 ? "PARTITION BY"
                         : query->having                 ? "HAVING"
                                                         : NULL;
    if (clause)
        return plan_refuse(planner, query->place,
                           "a query without EMIT CHANGES cannot have %s: it reads one table as it "
                           "is",
                           clause);
    for (uint32_t i = 0; i <= query->item_count; i++) {
        const struct syntax_expr *syntax =
            i < query->item_count ? query->items[i].expr : query->where;
        const struct syntax_expr *found = syntax ? syntax_find_aggregate(syntax) : NULL;
        if (syntax && !found)
            found = syntax_find_table_function(syntax);
        if (found)
            return plan_refuse(planner, found->place,
                               "%.*s cannot stand in a query without EMIT CHANGES",
                               STR_ARGS(found->name));
    }
    return OK;
}

/* The table's columns, ROWTIME and the window's bounds, as pull_plan has them. */
static void table_relation(struct planner *planner, const struct source *table,
                           struct relation *relation)
{
    static const char *const names[] = {"ROWTIME", "WINDOWSTART", "WINDOWEND"};
    const struct row_type *own = table->format.row_type;
    const bool is_windowed = table->format.window != WINDOW_NONE;
    struct row_column *columns =
        ARENA_ARRAY(planner->arena, struct row_column, own->column_count + 3);
    for (uint32_t i = 0; i < own->column_count; i++)
        columns[i] = own->columns[i];
    for (uint32_t i = 0; i < 3; i++)
        columns[own->column_count + i] = (struct row_column){
            .name = str_from(names[i]), .type = &type_bigint, .role = COLUMN_PSEUDO};
    relation->node =
        plan_node_new(planner, NODE_TABLE, planner->query->from.place,
                      row_type_new(planner->arena, columns, own->column_count + 3), NULL);
    relation->is_table = true;
    relation->key_count = row_type_key_count(own);
    relation->left = table;
    relation->name = table->name;
    *VECTOR_PUSH(&relation->scope.aliases, planner->arena, struct str) = planner->query->from.alias;
    /* The window is part of the key: SELECT * shows it there. */
    for (uint32_t i = 0; i < relation->key_count; i++)
        add_scope_column(planner, relation, i, true, false);
    for (uint32_t i = 1; i < 3 && is_windowed; i++)
        add_scope_column(planner, relation, own->column_count + i, true, false);
    for (uint32_t i = relation->key_count; i < own->column_count; i++)
        add_scope_column(planner, relation, i, false, false);
    add_scope_column(planner, relation, own->column_count, false, true);
}

static void add_scope_column(struct planner *planner, struct relation *relation, uint32_t column,
                             bool is_key, bool is_pseudo)
{
    const struct row_column *row_column = &relation->node->row_type->columns[column];
    *VECTOR_PUSH(&relation->scope.columns, planner->arena, struct scope_column) =
        (struct scope_column){.alias = planner->query->from.alias,
                              .name = row_column->name,
                              .type = row_column->type,
                              .column = column,
                              .is_key = is_key,
                              .is_pseudo = is_pseudo};
}

static enum err pull_items(struct planner *planner, const struct relation *relation,
                           struct pull_plan *pull)
{
    struct select select = {0};
    enum err err = select_expand(planner, relation, NULL, &select);
    if (!err)
        err = select_resolve(planner, relation, &select);
    if (err)
        return err;
    const struct select_item *items = select.items.data;
    const uint32_t count = select.items.count;
    struct expr **exprs = ARENA_ARRAY(planner->arena, struct expr *, count);
    struct row_column *columns = ARENA_ARRAY(planner->arena, struct row_column, count);
    for (uint32_t i = 0; i < count; i++) {
        if (!items[i].expr->type)
            return plan_refuse(planner, items[i].place,
                               "column '%.*s' has no type: cast the NULL to one",
                               STR_ARGS(items[i].name));
        exprs[i] = items[i].expr;
        columns[i] = (struct row_column){
            .name = items[i].name, .type = exprs[i]->type, .role = COLUMN_VALUE};
    }
    err = plan_check_names(planner, items, count);
    if (err)
        return err;
    pull->exprs = exprs;
    pull->row_type = row_type_new(planner->arena, columns, count);
    return OK;
}

/* WHERE's own conditions on keys tell where to look; the whole of WHERE is checked there again. */
static void find_keys(struct planner *planner, const struct relation *relation,
                      struct pull_plan *pull)
{
    const uint32_t key_count = relation->key_count;
    struct vector *found = ARENA_ARRAY(planner->arena, struct vector, key_count);
    for (uint32_t key = 0; key < key_count; key++) {
        find_key_values(planner, relation, planner->query->where, key, &found[key]);
        if (found[key].count == 0 || (key_count > 1 && found[key].count > 1))
            return;
    }
    struct value *keys =
        ARENA_ARRAY(planner->arena, struct value, (size_t)key_count * found[0].count);
    for (uint32_t key = 0; key < key_count; key++) {
        const struct value *values = found[key].data;
        for (uint32_t i = 0; i < found[key].count; i++)
            keys[i * key_count + key] = values[i];
    }
    pull->keys = keys;
    pull->key_count = found[0].count;
}

/* key = constant, constant = key, key IN (constants), also under AND. The depth is that of the
 * syntax tree, which is bounded. */
static void find_key_values(struct planner *planner, const struct relation *relation,
                            const struct syntax_expr *condition, uint32_t key,
                            struct vector *values)
{
    if (condition->kind == SYNTAX_AND) {
        for (uint32_t i = 0; i < condition->arg_count && values->count == 0; i++)
            find_key_values(planner, relation, condition->args[i], key, values);
        return;
    }
    const bool is_in = condition->kind == SYNTAX_OPERATOR && str_equal(condition->name, STR("IN"));
    const bool is_equal =
        condition->kind == SYNTAX_OPERATOR && str_equal(condition->name, STR("="));
    if (!is_in && !is_equal)
        return;
    const struct row_column *column = &relation->node->row_type->columns[key];
    const struct syntax_expr *name = condition->args[0];
    const struct syntax_expr *const *constants =
        (const struct syntax_expr *const *)condition->args + 1;
    if (is_equal && name->kind != SYNTAX_NAME) {
        name = condition->args[1];
        constants = (const struct syntax_expr *const *)condition->args;
    }
    if (name->kind != SYNTAX_NAME || !str_equal(name->name, column->name) ||
        condition->arg_count > PULL_KEYS_MAX)
        return;
    for (uint32_t i = 0; i + 1 < condition->arg_count; i++) {
        struct value value;
        if (!constant_of(planner, constants[i], column->type, &value)) {
            *values = (struct vector){0};
            return;
        }
        add_value(planner, column->type, value, values);
    }
}

static bool constant_of(struct planner *planner, const struct syntax_expr *syntax,
                        const struct type *type, struct value *ret_value)
{
    const struct scope nothing = {0};
    struct resolver resolver = plan_resolver(planner, &nothing, NULL);
    resolver.why = NULL;
    struct expr *expr;
    return resolve_expr(&resolver, syntax, &expr) == OK && expr_is_constant(expr) &&
           expr_coerce(planner->arena, expr, type, &expr, NULL) == OK &&
           expr_constant(expr, planner->arena, ret_value, NULL) == OK && !ret_value->is_null;
}

static void add_value(struct planner *planner, const struct type *type, struct value value,
                      struct vector *values)
{
    const struct value *known = values->data;
    for (uint32_t i = 0; i < values->count; i++) {
        if (value_equal(type, &known[i], &value))
            return;
    }
    *VECTOR_PUSH(values, planner->arena, struct value) = value;
}

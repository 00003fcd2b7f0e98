/* planner.c -- CREATE ... AS SELECT, INSERT INTO ... SELECT and push queries: the order of things.
 */
#include "sql/planner.h"

#include <stdarg.h>

static enum err check_clauses(struct planner *planner);
static enum err plan_sources(struct planner *planner, struct relation *relation);
static void keep_rows(struct planner *planner, struct relation *relation);
static void pick_key(struct planner *planner, struct relation *relation);
static bool select_names(const struct planner *planner, const struct scope *scope,
                         const struct scope_column *column);
static enum err plan_where(struct planner *planner, struct relation *relation);
static enum err plan_partition(struct planner *planner, struct relation *relation,
                               struct select *select);
static enum err partition_keys(struct planner *planner, const struct relation *relation,
                               struct select *select);
static enum err plan_plain(struct planner *planner, struct relation *relation,
                           struct select *select);

enum err sql_plan_query(const struct statement *statement, const struct catalog *catalog,
                        struct arena *arena, struct plan **ret_plan, struct why *why)
{
    must(statement->query != NULL);
    must(catalog != NULL);
    must(arena != NULL);
    must(ret_plan != NULL);
    struct planner planner = {
        .statement = statement,
        .query = statement->query,
        .catalog = catalog,
        .arena = arena,
        .why = why,
        .is_persistent = statement->kind != STATEMENT_SELECT,
    };
    const bool inserts = statement->kind == STATEMENT_INSERT_SELECT;
    enum err err =
        with_check(statement, inserts ? WITH_INSERT : WITH_QUERY, arena, &planner.with, why);
    struct relation relation = {0};
    struct select select = {0};
    if (!err)
        err = check_clauses(&planner);
    if (!err)
        err = plan_sources(&planner, &relation);
    if (!err)
        err = plan_where(&planner, &relation);
    if (!err)
        err = planner.query->group_by_count > 0 ? plan_aggregate(&planner, &relation, &select)
                                                : plan_plain(&planner, &relation, &select);
    struct plan *plan = ARENA_NEW(arena, struct plan);
    if (!err)
        err = plan_sink(&planner, &relation, &select, plan);
    if (!err && planner.unsupported)
        err = why_set_at(why, ERR_UNSUPPORTED, planner.unsupported_place.line,
                         planner.unsupported_place.column, "%s not supported yet",
                         planner.unsupported);
    if (err)
        return err;
    plan_finish(&planner, plan);
    *ret_plan = plan;
    return OK;
}

enum err plan_refuse(struct planner *planner, struct place place, const char *format, ...)
{
    struct why *why = planner->why;
    if (!why)
        return ERR_INVALID;
    why->line = place.line;
    why->column = place.column;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why->text, sizeof(why->text), format, arguments);
    va_end(arguments);
    return ERR_INVALID;
}

void plan_unsupported(struct planner *planner, struct place place, const char *what)
{
    if (planner->unsupported)
        return;
    planner->unsupported = what;
    planner->unsupported_place = place;
}

struct plan_node *plan_node_new(struct planner *planner, enum node_kind kind, struct place place,
                                const struct row_type *row_type, struct plan_node *below)
{
    struct plan_node *node = ARENA_NEW(planner->arena, struct plan_node);
    node->kind = kind;
    node->id = planner->node_count++;
    node->place = place;
    node->row_type = row_type;
    node->take_back = -1;
    if (below) {
        node->inputs[0] = below;
        node->is_table = below->is_table;
        node->is_windowed = below->is_windowed;
    }
    return node;
}

struct resolver plan_resolver(struct planner *planner, const struct scope *scope,
                              const char *clause)
{
    return (struct resolver){.arena = planner->arena,
                             .catalog = planner->catalog,
                             .scope = scope,
                             .clause = clause,
                             .why = planner->why};
}

struct stage *plan_stage_new(struct planner *planner)
{
    struct stage *stage = ARENA_NEW(planner->arena, struct stage);
    *VECTOR_PUSH(&planner->stages, planner->arena, struct stage *) = stage;
    return stage;
}

/* What the clauses say about each other, before any name is looked up. */
static enum err check_clauses(struct planner *planner)
{
    const struct syntax_query *query = planner->query;
    const bool groups = query->group_by_count > 0;
    if (planner->is_persistent && query->limit >= 0)
        return plan_refuse(planner, query->place, "LIMIT is only for queries that somebody reads");
    if (query->window && !groups)
        return plan_refuse(planner, query->window->place, "WINDOW needs a GROUP BY");
    if (query->having && !groups)
        return plan_refuse(planner, query->having->place, "HAVING needs a GROUP BY");
    if (query->emit_final && !query->window)
        return plan_refuse(planner, query->emit_place,
                           "EMIT FINAL is only supported for windowed aggregations");
    if (groups && query->partition_by_count > 0)
        return plan_refuse(planner, query->partition_by_place,
                           "PARTITION BY and GROUP BY cannot be used together");
    for (uint32_t i = 0; i < query->item_count; i++) {
        const struct syntax_item *item = &query->items[i];
        if (name_is_reserved(item->alias))
            return plan_refuse(planner, item->alias_place,
                               "'%.*s' is a reserved column name: it cannot be an alias",
                               STR_ARGS(item->alias));
    }
    const struct syntax_expr *clauses[] = {query->where, query->having};
    for (size_t i = 0; i < 2; i++) {
        const struct syntax_expr *found =
            clauses[i] ? syntax_find_table_function(clauses[i]) : NULL;
        if (found)
            return plan_refuse(planner, found->place,
                               "%s: a table function can only stand in SELECT",
                               i == 0 ? "WHERE" : "HAVING");
    }
    const struct syntax_expr *aggregate = query->where ? syntax_find_aggregate(query->where) : NULL;
    if (aggregate)
        return plan_refuse(planner, aggregate->place,
                           "WHERE: the aggregate function %.*s cannot stand here, use HAVING",
                           STR_ARGS(aggregate->name));
    return OK;
}

static enum err plan_sources(struct planner *planner, struct relation *relation)
{
    const struct syntax_query *query = planner->query;
    if (query->join_count > PLAN_JOINS_MAX)
        return plan_refuse(planner, query->joins[PLAN_JOINS_MAX].place, "more than %d joins",
                           PLAN_JOINS_MAX);
    enum err err = relation_of_source(planner, &query->from, relation);
    for (uint32_t i = 0; i < query->join_count && !err; i++)
        err = plan_join(planner, relation, &query->joins[i]);
    if (err)
        return err;
    if (query->join_count > 0)
        pick_key(planner, relation);
    if (query->join_count > 0 && relation->is_table &&
        planner->statement->kind == STATEMENT_CREATE_TABLE_AS && query->group_by_count == 0)
        keep_rows(planner, relation);
    return OK;
}

/* Joined tables keep nothing of their own; what is to be asked for by pull queries is kept above.
 */
static void keep_rows(struct planner *planner, struct relation *relation)
{
    struct plan_node *keep = plan_node_new(planner, NODE_KEEP, planner->query->place,
                                           relation->node->row_type, relation->node);
    keep->is_table = true;
    relation->node = keep;
}

/* Of the columns that equal the join's key the first that the projection names becomes it: the one
 * that is there even when its side is not. */
static void pick_key(struct planner *planner, struct relation *relation)
{
    if (relation->synthetic || relation->same_keys.count == 0)
        return;
    const uint32_t *same = relation->same_keys.data;
    struct scope_column *columns = relation->scope.columns.data;
    uint32_t picked = same[0];
    for (uint32_t i = relation->same_keys.count; i-- > 0;) {
        if (select_names(planner, &relation->scope, &columns[same[i]]))
            picked = same[i];
    }
    columns[picked].column = 0;
}

static bool select_names(const struct planner *planner, const struct scope *scope,
                         const struct scope_column *column)
{
    const struct syntax_query *query = planner->query;
    for (uint32_t i = 0; i < query->item_count; i++) {
        const struct syntax_item *item = &query->items[i];
        if (!item->expr && (item->qualifier.size == 0 || str_equal(item->qualifier, column->alias)))
            return true;
        uint32_t count;
        if (item->expr && !item->is_star && item->expr->kind == SYNTAX_NAME &&
            scope_find(scope, item->expr->qualifier, item->expr->name, &count) == column)
            return true;
    }
    return false;
}

static enum err plan_where(struct planner *planner, struct relation *relation)
{
    if (!planner->query->where)
        return OK;
    struct resolver resolver = plan_resolver(planner, &relation->scope, "WHERE");
    struct expr *condition;
    enum err err = resolve_where(&resolver, planner->query->where, &condition);
    if (err)
        return err;
    struct plan_node *filter = plan_node_new(planner, NODE_FILTER, planner->query->where->place,
                                             relation->node->row_type, relation->node);
    filter->condition = condition;
    relation->node = filter;
    return OK;
}

/* A query without GROUP BY. */
static enum err plan_plain(struct planner *planner, struct relation *relation,
                           struct select *select)
{
    const struct syntax_query *query = planner->query;
    for (uint32_t i = 0; i < query->item_count; i++) {
        const struct syntax_expr *found =
            query->items[i].expr ? syntax_find_aggregate(query->items[i].expr) : NULL;
        if (found)
            return plan_refuse(planner, found->place,
                               "the aggregate function %.*s needs a GROUP BY",
                               STR_ARGS(found->name));
    }
    struct expr **keys = ARENA_ARRAY(planner->arena, struct expr *, relation->key_count);
    struct str *names = ARENA_ARRAY(planner->arena, struct str, relation->key_count);
    for (uint32_t i = 0; i < relation->key_count; i++) {
        const struct row_column *column = &relation->node->row_type->columns[i];
        keys[i] = expr_column(planner->arena, i, column->type, query->place);
        names[i] = column->name;
    }
    select->keys = keys;
    select->key_count = relation->key_count;
    select->key_names = names;
    select->key_words = query->join_count > 0 ? "join expression" : "key column";
    enum err err = query->partition_by_count > 0 ? plan_partition(planner, relation, select)
                                                 : select_expand(planner, relation, NULL, select);
    if (!err)
        err = select_resolve(planner, relation, select);
    return err;
}

static enum err plan_partition(struct planner *planner, struct relation *relation,
                               struct select *select)
{
    const struct syntax_query *query = planner->query;
    const struct place place = query->partition_by_place;
    if (relation->is_table)
        return plan_refuse(planner, place, "PARTITION BY is only for streams, %.*s is a table",
                           STR_ARGS(relation->name));
    if (relation->window != WINDOW_NONE)
        return plan_refuse(planner, place,
                           "implicit repartitioning of windowed sources is not supported");
    bool has_null = false;
    for (uint32_t i = 0; i < query->partition_by_count; i++)
        has_null |= query->partition_by[i]->kind == SYNTAX_NULL;
    if (has_null && query->partition_by_count > 1)
        return plan_refuse(planner, place, "cannot PARTITION BY multiple columns including NULL");
    select->key_words = "partitioning expression";
    if (has_null) {
        select->is_rekeyed = select->key_count > 0;
        select->key_count = 0;
        return select_expand(planner, relation, NULL, select);
    }
    enum err err = partition_keys(planner, relation, select);
    if (err)
        return err;
    return select_expand(planner, relation, query->partition_by, select);
}

static enum err partition_keys(struct planner *planner, const struct relation *relation,
                               struct select *select)
{
    const struct syntax_query *query = planner->query;
    const uint32_t count = query->partition_by_count;
    struct resolver resolver = plan_resolver(planner, &relation->scope, "PARTITION BY");
    struct expr **keys = ARENA_ARRAY(planner->arena, struct expr *, count);
    struct str *names = ARENA_ARRAY(planner->arena, struct str, count);
    bool same = count == select->key_count;
    for (uint32_t i = 0; i < count; i++) {
        const struct syntax_expr *syntax = query->partition_by[i];
        const struct syntax_expr *aggregate = syntax_find_aggregate(syntax);
        if (aggregate)
            return plan_refuse(planner, aggregate->place,
                               "PARTITION BY does not support aggregate functions: %.*s is one",
                               STR_ARGS(aggregate->name));
        const struct syntax_expr *table_function = syntax_find_table_function(syntax);
        if (table_function)
            return plan_refuse(planner, table_function->place,
                               "PARTITION BY does not support table functions: %.*s is one",
                               STR_ARGS(table_function->name));
        enum err err = resolve_expr(&resolver, syntax, &keys[i]);
        if (err)
            return err;
        names[i] = syntax_text(syntax, planner->arena);
        for (uint32_t j = 0; j < i; j++) {
            if (expr_equal(keys[i], keys[j]))
                return plan_refuse(planner, syntax->place, "PARTITION BY names %.*s twice",
                                   STR_ARGS(names[i]));
        }
        same = same && expr_equal(keys[i], select->keys[i]);
    }
    select->keys = keys;
    select->key_count = count;
    select->key_names = names;
    select->is_rekeyed = !same;
    return OK;
}

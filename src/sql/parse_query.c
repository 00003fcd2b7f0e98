/* parse_query.c -- SELECT: items, sources, joins and the clauses after them. */
#include "sql/parser.h"

static enum err parse_items(struct parser *parser, struct syntax_query *query);
static enum err parse_item(struct parser *parser, struct syntax_item *item);
static bool at_qualified_star(const struct parser *parser);
static enum err parse_alias(struct parser *parser, const char *what, struct str *ret_alias);
static enum err parse_source(struct parser *parser, struct syntax_source *source);
static enum err parse_joins(struct parser *parser, struct syntax_query *query);
static bool take_join_kind(struct parser *parser, enum join_kind *ret_kind);
static enum err parse_join(struct parser *parser, struct syntax_join *join);
static enum err parse_within(struct parser *parser, struct syntax_join *join);
static enum err parse_window(struct parser *parser, struct syntax_query *query);
static enum err parse_window_body(struct parser *parser, struct syntax_window *window);
static enum err parse_grouping(struct parser *parser, struct syntax_expr ***ret_exprs,
                               uint32_t *ret_count);
static enum err parse_tail(struct parser *parser, struct syntax_query *query);

/* query := SELECT item {',' item} FROM source {join} [WINDOW ..] [WHERE expression]
 *          [GROUP BY values] [PARTITION BY values] [HAVING expression]
 *          [EMIT (CHANGES | FINAL)] [LIMIT number] */
enum err parse_query(struct parser *parser, struct syntax_query **ret_query)
{
    struct syntax_query *query = ARENA_NEW(parser->arena, struct syntax_query);
    query->place = parser->token.place;
    query->limit = -1;
    enum err err = parser_expect_word(parser, "SELECT");
    if (!err)
        err = parse_items(parser, query);
    if (!err)
        err = parser_expect_word(parser, "FROM");
    if (!err)
        err = parse_source(parser, &query->from);
    if (!err)
        err = parse_joins(parser, query);
    if (!err && parser_at_word(parser, "WINDOW"))
        err = parse_window(parser, query);
    if (!err && parser_take_word(parser, "WHERE"))
        err = parse_expr(parser, &query->where);
    if (!err && parser_at_word(parser, "GROUP")) {
        query->group_by_place = parser->token.place;
        parser_advance(parser);
        err = parse_grouping(parser, &query->group_by, &query->group_by_count);
    }
    if (!err && parser_at_word(parser, "PARTITION")) {
        query->partition_by_place = parser->token.place;
        parser_advance(parser);
        err = parse_grouping(parser, &query->partition_by, &query->partition_by_count);
    }
    if (!err)
        err = parse_tail(parser, query);
    if (err)
        return err;
    *ret_query = query;
    return OK;
}

/* duration := number unit, in milliseconds */
enum err parse_duration(struct parser *parser, int64_t *ret_duration_ms)
{
    static const struct {
        const char *one;
        const char *many;
        int64_t ms;
    } units[] = {{"MILLISECOND", "MILLISECONDS", 1},
                 {"SECOND", "SECONDS", 1000},
                 {"MINUTE", "MINUTES", 60000},
                 {"HOUR", "HOURS", 3600000},
                 {"DAY", "DAYS", 86400000}};
    const struct place place = parser->token.place;
    int64_t number;
    enum err err = parser_integer(parser, "a whole number and a unit of time", &number);
    if (err)
        return err;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (!parser_at_word(parser, units[i].one) && !parser_at_word(parser, units[i].many))
            continue;
        /* Ends of windows are sums of a few durations, which must not overflow either. */
        if (number > INT64_MAX / 8 / units[i].ms)
            return why_set_at(parser->why, ERR_INVALID, place.line, place.column,
                              "a time of %lld %s is too long", (long long)number, units[i].many);
        parser_advance(parser);
        *ret_duration_ms = number * units[i].ms;
        return OK;
    }
    return parser_fail(parser, "DAYS, HOURS, MINUTES, SECONDS or MILLISECONDS");
}

static enum err parse_items(struct parser *parser, struct syntax_query *query)
{
    struct vector items = {0};
    do {
        enum err err = parse_item(parser, VECTOR_PUSH(&items, parser->arena, struct syntax_item));
        if (err)
            return err;
    } while (parser_take_symbol(parser, ","));
    query->items = items.data;
    query->item_count = items.count;
    return OK;
}

/* item := '*' | name '.' '*' | expression '->' '*' | expression [[AS] name] */
static enum err parse_item(struct parser *parser, struct syntax_item *item)
{
    item->place = parser->token.place;
    if (parser_take_symbol(parser, "*"))
        return OK;
    if (at_qualified_star(parser)) {
        enum err err = parser_name(parser, "a stream or table", &item->qualifier);
        if (err)
            return err;
        parser_advance(parser);
        parser_advance(parser);
        return OK;
    }
    enum err err = parse_expr(parser, &item->expr);
    if (err)
        return err;
    if (parser_take_symbol(parser, "->")) {
        item->is_star = true;
        return parser_expect_symbol(parser, "*");
    }
    item->alias_place = parser->token.place;
    return parse_alias(parser, "a column", &item->alias);
}

static bool at_qualified_star(const struct parser *parser)
{
    struct parser ahead = *parser;
    if (!parser_at_name(&ahead))
        return false;
    parser_advance(&ahead);
    return parser_take_symbol(&ahead, ".") && parser_at_symbol(&ahead, "*");
}

/* alias := [[AS] name]; EMIT and PARTITION begin clauses unless AS stands before them. */
static enum err parse_alias(struct parser *parser, const char *what, struct str *ret_alias)
{
    if (parser_take_word(parser, "AS"))
        return parser_name(parser, what, ret_alias);
    if (!parser_at_name(parser) || parser_at_word(parser, "EMIT") ||
        parser_at_word(parser, "PARTITION"))
        return OK;
    return parser_name(parser, what, ret_alias);
}

/* source := name [[AS] name] */
static enum err parse_source(struct parser *parser, struct syntax_source *source)
{
    source->place = parser->token.place;
    enum err err = parser_name(parser, "a stream or table", &source->name);
    if (err)
        return err;
    source->alias = source->name;
    return parse_alias(parser, "an alias", &source->alias);
}

static enum err parse_joins(struct parser *parser, struct syntax_query *query)
{
    struct vector joins = {0};
    for (;;) {
        const struct place place = parser->token.place;
        enum join_kind kind;
        if (!take_join_kind(parser, &kind))
            break;
        struct syntax_join *join = VECTOR_PUSH(&joins, parser->arena, struct syntax_join);
        join->kind = kind;
        join->place = place;
        enum err err = parse_join(parser, join);
        if (err)
            return err;
    }
    query->joins = joins.data;
    query->join_count = joins.count;
    return OK;
}

/* The words before JOIN; false when no join begins here. */
static bool take_join_kind(struct parser *parser, enum join_kind *ret_kind)
{
    *ret_kind = JOIN_INNER;
    if (parser_at_word(parser, "JOIN"))
        return true;
    if (parser_take_word(parser, "INNER"))
        return true;
    if (parser_take_word(parser, "LEFT"))
        *ret_kind = JOIN_LEFT;
    else if (parser_take_word(parser, "RIGHT"))
        *ret_kind = JOIN_RIGHT;
    else if (parser_take_word(parser, "FULL"))
        *ret_kind = JOIN_FULL;
    else
        return false;
    parser_take_word(parser, "OUTER");
    return true;
}

/* join := [INNER | (LEFT | RIGHT | FULL) [OUTER]] JOIN source [WITHIN ..] ON expression */
static enum err parse_join(struct parser *parser, struct syntax_join *join)
{
    enum err err = parser_expect_word(parser, "JOIN");
    if (err)
        return err;
    err = parse_source(parser, &join->source);
    if (err)
        return err;
    if (parser_at_word(parser, "WITHIN")) {
        err = parse_within(parser, join);
        if (err)
            return err;
    }
    err = parser_expect_word(parser, "ON");
    if (err)
        return err;
    return parse_expr(parser, &join->condition);
}

/* within := WITHIN (duration | '(' duration ',' duration ')') [GRACE PERIOD duration] */
static enum err parse_within(struct parser *parser, struct syntax_join *join)
{
    join->has_within = true;
    join->within_place = parser->token.place;
    parser_advance(parser);
    const bool is_pair = parser_take_symbol(parser, "(");
    enum err err = parse_duration(parser, &join->before_ms);
    if (err)
        return err;
    join->after_ms = join->before_ms;
    if (is_pair) {
        err = parser_expect_symbol(parser, ",");
        if (!err)
            err = parse_duration(parser, &join->after_ms);
        if (!err)
            err = parser_expect_symbol(parser, ")");
        if (err)
            return err;
    }
    if (!parser_take_word(parser, "GRACE"))
        return OK;
    err = parser_expect_word(parser, "PERIOD");
    if (err)
        return err;
    join->has_grace = true;
    return parse_duration(parser, &join->grace_ms);
}

/* window := WINDOW (TUMBLING | HOPPING | SESSION) '(' .. ')' */
static enum err parse_window(struct parser *parser, struct syntax_query *query)
{
    struct syntax_window *window = ARENA_NEW(parser->arena, struct syntax_window);
    window->place = parser->token.place;
    parser_advance(parser);
    if (parser_take_word(parser, "TUMBLING"))
        window->kind = WINDOW_TUMBLING;
    else if (parser_take_word(parser, "HOPPING"))
        window->kind = WINDOW_HOPPING;
    else if (parser_take_word(parser, "SESSION"))
        window->kind = WINDOW_SESSION;
    else
        return parser_fail(parser, "TUMBLING, HOPPING or SESSION");
    enum err err = parser_expect_symbol(parser, "(");
    if (!err)
        err = parse_window_body(parser, window);
    if (!err)
        err = parser_expect_symbol(parser, ")");
    query->window = window;
    return err;
}

/* body := [SIZE] duration [',' ADVANCE BY duration] [',' RETENTION duration]
 *         [',' GRACE PERIOD duration] */
static enum err parse_window_body(struct parser *parser, struct syntax_window *window)
{
    enum err err = OK;
    if (window->kind != WINDOW_SESSION)
        err = parser_expect_word(parser, "SIZE");
    if (!err)
        err = parse_duration(parser, &window->size_ms);
    window->advance_ms = window->size_ms;
    if (!err && window->kind == WINDOW_HOPPING) {
        err = parser_expect_symbol(parser, ",");
        if (!err)
            err = parser_expect_word(parser, "ADVANCE");
        if (!err)
            err = parser_expect_word(parser, "BY");
        if (!err)
            err = parse_duration(parser, &window->advance_ms);
    }
    while (!err && parser_take_symbol(parser, ",")) {
        if (!window->has_retention && !window->has_grace && parser_take_word(parser, "RETENTION")) {
            window->has_retention = true;
            err = parse_duration(parser, &window->retention_ms);
        } else if (!window->has_grace && parser_take_word(parser, "GRACE")) {
            window->has_grace = true;
            err = parser_expect_word(parser, "PERIOD");
            if (!err)
                err = parse_duration(parser, &window->grace_ms);
        } else {
            err = parser_fail(parser, window->has_grace ? "')'" : "RETENTION or GRACE PERIOD");
        }
    }
    return err;
}

/* grouping := BY (value {',' value} | '(' value {',' value} ')') */
static enum err parse_grouping(struct parser *parser, struct syntax_expr ***ret_exprs,
                               uint32_t *ret_count)
{
    enum err err = parser_expect_word(parser, "BY");
    if (err)
        return err;
    /* '(' may begin a list or an expression: a list has a comma before its end. */
    struct parser ahead = *parser;
    ahead.why = NULL;
    struct syntax_expr *expr;
    const bool in_parenthesis = parser_take_symbol(&ahead, "(") &&
                                parse_value_expr(&ahead, &expr) == OK &&
                                parser_at_symbol(&ahead, ",");
    if (in_parenthesis)
        parser_advance(parser);
    struct vector exprs = {0};
    do {
        err = parse_value_expr(parser, &expr);
        if (err)
            return err;
        *VECTOR_PUSH(&exprs, parser->arena, struct syntax_expr *) = expr;
    } while (parser_take_symbol(parser, ","));
    if (in_parenthesis) {
        err = parser_expect_symbol(parser, ")");
        if (err)
            return err;
    }
    *ret_exprs = exprs.data;
    *ret_count = exprs.count;
    return OK;
}

/* tail := [HAVING expression] [EMIT (CHANGES | FINAL)] [LIMIT number] */
static enum err parse_tail(struct parser *parser, struct syntax_query *query)
{
    enum err err = OK;
    if (parser_take_word(parser, "HAVING"))
        err = parse_expr(parser, &query->having);
    query->emit_place = parser->token.place;
    if (!err && parser_take_word(parser, "EMIT")) {
        if (parser_take_word(parser, "CHANGES"))
            query->emit_changes = true;
        else if (parser_take_word(parser, "FINAL"))
            query->emit_final = true;
        else
            err = parser_fail(parser, "CHANGES or FINAL");
    }
    if (!err && parser_take_word(parser, "LIMIT"))
        err = parser_integer(parser, "a whole number of rows", &query->limit);
    return err;
}

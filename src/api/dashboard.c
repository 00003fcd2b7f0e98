/* dashboard.c -- finds the SQL in dashboard.json's tiles. */
#include "api/dashboard.h"
#include "api/view.h"
#include "base/json.h"

#define TILE_SQL_MAX 32

/* Of one tile. */
struct tile_sql {
    struct str at[TILE_SQL_MAX];
    uint32_t count;
};

struct parsing {
    struct json_reader reader;
    struct arena *arena;
    struct dashboard *dashboard;
    struct str text;
    struct why *why;
};

static enum err parse_tiles(struct parsing *parsing);
static enum err parse_tile(struct parsing *parsing);
static enum err parse_sql(struct parsing *parsing, enum json_token token, struct tile_sql *sql);
static enum err add_query(struct parsing *parsing, struct str sql, uint32_t rows_max);

static enum err refuse(struct parsing *parsing, const char *words)
{
    const size_t offset = parsing->reader.error_offset > 0
                              ? parsing->reader.error_offset
                              : (size_t)(parsing->reader.at - parsing->reader.begin);
    int line = 1;
    int column = 1;
    for (size_t i = 0; i < offset && i < parsing->text.size; i++) {
        column = parsing->text.data[i] == '\n' ? 1 : column + 1;
        line += parsing->text.data[i] == '\n';
    }
    return why_set_at(parsing->why, ERR_INVALID, line, column, "%s at line %d, column %d", words,
                      line, column);
}

/* JSON has line ends only between tokens; an event of the feed is one line. */
static struct str on_one_line(struct str text, struct arena *arena)
{
    char *copy = arena_copy(arena, text.data, text.size);
    for (size_t i = 0; i < text.size; i++)
        if (copy[i] == '\n' || copy[i] == '\r')
            copy[i] = ' ';
    return (struct str){copy, text.size};
}

static enum err parse(struct parsing *parsing)
{
    struct json_reader *reader = &parsing->reader;
    bool has_tiles = false;
    if (json_next(reader) != JSON_OBJECT_BEGIN)
        return refuse(parsing, "an object is wanted");
    for (;;) {
        enum json_token token = json_next(reader);
        if (token == JSON_OBJECT_END)
            break;
        if (token != JSON_NAME)
            return refuse(parsing, "not JSON");
        const bool is_tiles = str_equal(reader->text, STR("tiles"));
        enum err err = OK;
        token = json_next(reader);
        if (is_tiles && token != JSON_ARRAY_BEGIN)
            return refuse(parsing, "'tiles' is a list");
        if (is_tiles)
            err = parse_tiles(parsing);
        else if (json_skip(reader, token, NULL) != OK)
            err = refuse(parsing, "not JSON");
        if (err)
            return err;
        has_tiles = has_tiles || is_tiles;
    }
    if (json_next(reader) != JSON_END)
        return refuse(parsing, "nothing is wanted after the object");
    return has_tiles ? OK : refuse(parsing, "'tiles' is missing");
}

enum err dashboard_parse(struct str text, struct arena *arena, struct dashboard *ret_dashboard,
                         struct why *why)
{
    struct dashboard dashboard = {0};
    struct parsing parsing = {.arena = arena, .dashboard = &dashboard, .text = text, .why = why};
    dashboard.queries = ARENA_ARRAY(arena, struct dashboard_query, DASHBOARD_QUERIES_MAX);
    json_reader_init(&parsing.reader, text, arena);
    const enum err err = parse(&parsing);
    if (err)
        return err;
    dashboard.text = on_one_line(text, arena);
    *ret_dashboard = dashboard;
    return OK;
}

static enum err parse_tiles(struct parsing *parsing)
{
    enum err err = OK;
    enum json_token token;
    while (err == OK && (token = json_next(&parsing->reader)) != JSON_ARRAY_END) {
        if (token != JSON_OBJECT_BEGIN)
            return refuse(parsing, "a tile is an object");
        err = parse_tile(parsing);
    }
    return err;
}

static enum err parse_tile(struct parsing *parsing)
{
    struct json_reader *reader = &parsing->reader;
    struct tile_sql sql = {.count = 0};
    int64_t rows_max = VIEW_ROWS_DEFAULT;
    enum json_token token;
    while ((token = json_next(reader)) != JSON_OBJECT_END) {
        if (token != JSON_NAME)
            return refuse(parsing, "not JSON");
        const struct str name = reader->text;
        enum err err = OK;
        token = json_next(reader);
        if (str_equal(name, STR("sql")))
            err = parse_sql(parsing, token, &sql);
        else if (str_equal(name, STR("rows")) &&
                 (token != JSON_NUMBER || str_to_int64(reader->text, &rows_max) != OK ||
                  rows_max < 1 || rows_max > VIEW_ROWS_MAX))
            err = refuse(parsing, "'rows' is a number from 1 to 20000");
        else if (json_skip(reader, token, NULL) != OK)
            err = refuse(parsing, "not JSON");
        if (err)
            return err;
    }
    for (uint32_t i = 0; i < sql.count; i++) {
        const enum err err = add_query(parsing, sql.at[i], (uint32_t)rows_max);
        if (err)
            return err;
    }
    return OK;
}

/* "SELECT ..." or {"name": "SELECT ..."}. */
static enum err parse_sql(struct parsing *parsing, enum json_token token, struct tile_sql *sql)
{
    struct json_reader *reader = &parsing->reader;
    if (token == JSON_STRING) {
        sql->at[sql->count++] = arena_str(parsing->arena, reader->text);
        return OK;
    }
    if (token != JSON_OBJECT_BEGIN)
        return refuse(parsing, "'sql' is a text, or an object of texts");
    while ((token = json_next(reader)) != JSON_OBJECT_END) {
        if (token != JSON_NAME || json_next(reader) != JSON_STRING)
            return refuse(parsing, "'sql' is a text, or an object of texts");
        if (sql->count == TILE_SQL_MAX)
            return refuse(parsing, "a tile has more than 32 queries");
        sql->at[sql->count++] = arena_str(parsing->arena, reader->text);
    }
    return OK;
}

static enum err add_query(struct parsing *parsing, struct str sql, uint32_t rows_max)
{
    struct dashboard *dashboard = parsing->dashboard;
    for (uint32_t i = 0; i < dashboard->query_count; i++) {
        struct dashboard_query *query = &dashboard->queries[i];
        if (!str_equal(query->sql, sql))
            continue;
        if (query->rows_max < rows_max)
            query->rows_max = rows_max;
        return OK;
    }
    if (dashboard->query_count == DASHBOARD_QUERIES_MAX)
        return refuse(parsing, "the tiles have more than 200 queries");
    dashboard->queries[dashboard->query_count++] =
        (struct dashboard_query){.sql = sql, .rows_max = rows_max};
    return OK;
}

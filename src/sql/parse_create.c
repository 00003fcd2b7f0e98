/* parse_create.c -- CREATE, DROP and INSERT. */
#include "sql/parser.h"

static enum err parse_create_source(struct parser *parser, struct statement *statement);
static enum err parse_create_connector(struct parser *parser, struct statement *statement);
static enum err parse_create_type(struct parser *parser, struct statement *statement);
static enum err parse_elements(struct parser *parser, struct statement *statement);
static enum err parse_element(struct parser *parser, struct syntax_element *element);
static enum err parse_with(struct parser *parser, struct statement *statement);
static enum err parse_property(struct parser *parser, struct with_property *property);
static enum err parse_values(struct parser *parser, struct statement *statement);
static enum err parse_if_exists(struct parser *parser, bool negated, struct statement *statement);
static enum err parse_statement_name(struct parser *parser, const char *what,
                                     struct statement *statement);

/* create := CREATE [OR REPLACE] [SOURCE] (STREAM | TABLE) .. | CREATE TYPE ..
 *         | CREATE SINK CONNECTOR .. */
enum err parse_create(struct parser *parser, struct statement *statement)
{
    parser_advance(parser);
    if (parser_take_word(parser, "OR")) {
        enum err err = parser_expect_word(parser, "REPLACE");
        if (err)
            return err;
        statement->or_replace = true;
    }
    const struct token next = parser_peek(parser);
    if (parser_at_word(parser, "SOURCE") && token_is_word(&next, "CONNECTOR"))
        return why_set_at(parser->why, ERR_UNSUPPORTED, parser->token.place.line,
                          parser->token.place.column,
                          "CREATE SOURCE CONNECTOR is not supported: there are sinks only");
    if (!statement->or_replace && parser_at_word(parser, "SINK") &&
        token_is_word(&next, "CONNECTOR"))
        return parse_create_connector(parser, statement);
    if (!statement->or_replace && parser_take_word(parser, "TYPE"))
        return parse_create_type(parser, statement);
    statement->read_only = parser_take_word(parser, "SOURCE");
    if (parser_take_word(parser, "STREAM"))
        statement->kind = STATEMENT_CREATE_STREAM;
    else if (parser_take_word(parser, "TABLE"))
        statement->kind = STATEMENT_CREATE_TABLE;
    else
        return parser_fail(parser, "STREAM, TABLE, TYPE or SINK CONNECTOR");
    return parse_create_source(parser, statement);
}

/* source := [IF NOT EXISTS] name [elements] [with] [AS query] */
static enum err parse_create_source(struct parser *parser, struct statement *statement)
{
    enum err err = parse_if_exists(parser, true, statement);
    if (!err)
        err = parse_statement_name(parser, "a stream or table", statement);
    const bool has_elements = parser_at_symbol(parser, "(");
    if (!err && has_elements)
        err = parse_elements(parser, statement);
    if (!err && parser_at_word(parser, "WITH"))
        err = parse_with(parser, statement);
    if (err || has_elements || statement->read_only || !parser_take_word(parser, "AS"))
        return err;
    statement->kind = statement->kind == STATEMENT_CREATE_STREAM ? STATEMENT_CREATE_STREAM_AS
                                                                 : STATEMENT_CREATE_TABLE_AS;
    return parse_query(parser, &statement->query);
}

/* connector := SINK CONNECTOR [IF NOT EXISTS] name with */
static enum err parse_create_connector(struct parser *parser, struct statement *statement)
{
    parser_advance(parser);
    parser_advance(parser);
    statement->kind = STATEMENT_CREATE_CONNECTOR;
    enum err err = parse_if_exists(parser, true, statement);
    if (!err)
        err = parse_statement_name(parser, "a connector", statement);
    if (!err && !parser_at_word(parser, "WITH"))
        err = parser_fail(parser, "WITH");
    return err ? err : parse_with(parser, statement);
}

/* type := TYPE [IF NOT EXISTS] name AS type */
static enum err parse_create_type(struct parser *parser, struct statement *statement)
{
    statement->kind = STATEMENT_CREATE_TYPE;
    enum err err = parse_if_exists(parser, true, statement);
    if (!err)
        err = parse_statement_name(parser, "a type", statement);
    if (!err)
        err = parser_expect_word(parser, "AS");
    const char *begin = parser->token.text.data;
    struct syntax_type *type;
    if (!err)
        err = parse_type(parser, &type);
    if (!err)
        statement->type_text = (struct str){begin, (size_t)(parser->last - begin)};
    return err;
}

/* elements := '(' [element {',' element}] ')' */
static enum err parse_elements(struct parser *parser, struct statement *statement)
{
    parser_advance(parser);
    if (parser_take_symbol(parser, ")"))
        return OK;
    struct vector elements = {0};
    do {
        if (elements.count == ROW_TYPE_COLUMNS_MAX)
            return parser_fail(parser, "')': there are too many columns");
        enum err err =
            parse_element(parser, VECTOR_PUSH(&elements, parser->arena, struct syntax_element));
        if (err)
            return err;
    } while (parser_take_symbol(parser, ","));
    statement->elements = elements.data;
    statement->element_count = elements.count;
    return parser_expect_symbol(parser, ")");
}

/* element := name type [KEY | PRIMARY KEY | HEADERS | HEADER '(' 'name' ')'] */
static enum err parse_element(struct parser *parser, struct syntax_element *element)
{
    element->place = parser->token.place;
    enum err err = parser_name(parser, "a column", &element->name);
    if (!err)
        err = parse_type(parser, &element->type);
    if (err)
        return err;
    if (parser_take_word(parser, "KEY")) {
        element->is_key = true;
    } else if (parser_take_word(parser, "PRIMARY")) {
        element->is_primary_key = true;
        err = parser_expect_word(parser, "KEY");
    } else if (parser_take_word(parser, "HEADERS")) {
        element->is_headers = true;
    } else if (parser_take_word(parser, "HEADER")) {
        element->is_headers = true;
        element->has_header_name = true;
        err = parser_expect_symbol(parser, "(");
        if (!err)
            err = parser_text(parser, "the header's name in quotes", &element->header_name);
        if (!err)
            err = parser_expect_symbol(parser, ")");
    }
    return err;
}

/* with := WITH '(' property {',' property} ')' */
static enum err parse_with(struct parser *parser, struct statement *statement)
{
    parser_advance(parser);
    enum err err = parser_expect_symbol(parser, "(");
    if (err)
        return err;
    struct vector properties = {0};
    do {
        err = parse_property(parser, VECTOR_PUSH(&properties, parser->arena, struct with_property));
        if (err)
            return err;
    } while (parser_take_symbol(parser, ","));
    statement->properties = properties.data;
    statement->property_count = properties.count;
    return parser_expect_symbol(parser, ")");
}

/* property := (name | 'name') '=' ('text' | ['-'] number | TRUE | FALSE) */
static enum err parse_property(struct parser *parser, struct with_property *property)
{
    property->place = parser->token.place;
    const bool is_word = parser->token.kind == TOKEN_WORD;
    const struct str word = parser->token.text;
    struct str name;
    enum err err = parser->token.kind == TOKEN_TEXT
                       ? parser_text(parser, "the name of a property", &name)
                       : parser_name(parser, "a property", &name);
    if (!err)
        err = parser_expect_symbol(parser, "=");
    if (err)
        return err;
    property->name = str_upper(name, parser->arena);
    property->written = is_word ? word : name;
    property->is_text = parser->token.kind == TOKEN_TEXT;
    if (property->is_text)
        return parser_text(parser, "a value", &property->text);
    const char *begin = parser->token.text.data;
    const bool minus = parser_take_symbol(parser, "-");
    const enum token_kind kind = parser->token.kind;
    const bool is_number = kind == TOKEN_INTEGER || kind == TOKEN_DECIMAL || kind == TOKEN_DOUBLE;
    const bool is_boolean = parser_at_word(parser, "TRUE") || parser_at_word(parser, "FALSE");
    if (!is_number && (minus || !is_boolean))
        return parser_fail(parser,
                           minus ? "a number" : "a text in quotes, a number, TRUE or FALSE");
    parser_advance(parser);
    property->text = (struct str){begin, (size_t)(parser->last - begin)};
    return OK;
}

/* drop := DROP (STREAM | TABLE) [IF EXISTS] name [DELETE TOPIC]
 *       | DROP (TYPE | CONNECTOR) [IF EXISTS] name */
enum err parse_drop(struct parser *parser, struct statement *statement)
{
    parser_advance(parser);
    const char *what = "a stream or table";
    if (parser_take_word(parser, "STREAM")) {
        statement->kind = STATEMENT_DROP_STREAM;
    } else if (parser_take_word(parser, "TABLE")) {
        statement->kind = STATEMENT_DROP_TABLE;
    } else if (parser_take_word(parser, "TYPE")) {
        statement->kind = STATEMENT_DROP_TYPE;
        what = "a type";
    } else if (parser_take_word(parser, "CONNECTOR")) {
        statement->kind = STATEMENT_DROP_CONNECTOR;
        what = "a connector";
    } else {
        return parser_fail(parser, "STREAM, TABLE, TYPE or CONNECTOR");
    }
    enum err err = parse_if_exists(parser, false, statement);
    if (!err)
        err = parse_statement_name(parser, what, statement);
    if (err || statement->kind == STATEMENT_DROP_TYPE ||
        statement->kind == STATEMENT_DROP_CONNECTOR || !parser_take_word(parser, "DELETE"))
        return err;
    statement->delete_topic = true;
    return parser_expect_word(parser, "TOPIC");
}

/* insert := INSERT INTO name ([with] query | ['(' name {',' name} ')'] VALUES '(' .. ')') */
enum err parse_insert(struct parser *parser, struct statement *statement)
{
    parser_advance(parser);
    enum err err = parser_expect_word(parser, "INTO");
    if (!err)
        err = parse_statement_name(parser, "a stream or table", statement);
    if (err)
        return err;
    if (parser_at_word(parser, "WITH") || parser_at_word(parser, "SELECT")) {
        statement->kind = STATEMENT_INSERT_SELECT;
        if (parser_at_word(parser, "WITH"))
            err = parse_with(parser, statement);
        return err ? err : parse_query(parser, &statement->query);
    }
    statement->kind = STATEMENT_INSERT_VALUES;
    if (parser_take_symbol(parser, "(")) {
        struct vector columns = {0};
        do {
            err = parser_name(parser, "a column", VECTOR_PUSH(&columns, parser->arena, struct str));
            if (err)
                return err;
        } while (parser_take_symbol(parser, ","));
        statement->insert_columns = columns.data;
        statement->insert_column_count = columns.count;
        err = parser_expect_symbol(parser, ")");
        if (err)
            return err;
    }
    if (!parser_take_word(parser, "VALUES"))
        return parser_fail(parser, "SELECT, VALUES or a list of columns");
    return parse_values(parser, statement);
}

/* values := '(' expression {',' expression} ')' */
static enum err parse_values(struct parser *parser, struct statement *statement)
{
    enum err err = parser_expect_symbol(parser, "(");
    if (err)
        return err;
    struct vector values = {0};
    do {
        struct syntax_expr *value;
        err = parse_expr(parser, &value);
        if (err)
            return err;
        *VECTOR_PUSH(&values, parser->arena, struct syntax_expr *) = value;
    } while (parser_take_symbol(parser, ","));
    statement->insert_values = values.data;
    statement->insert_value_count = values.count;
    return parser_expect_symbol(parser, ")");
}

/* [IF [NOT] EXISTS] */
static enum err parse_if_exists(struct parser *parser, bool negated, struct statement *statement)
{
    const struct token next = parser_peek(parser);
    if (!parser_at_word(parser, "IF") || !token_is_word(&next, negated ? "NOT" : "EXISTS"))
        return OK;
    parser_advance(parser);
    if (negated)
        parser_advance(parser);
    statement->if_not_exists = true;
    return parser_expect_word(parser, "EXISTS");
}

static enum err parse_statement_name(struct parser *parser, const char *what,
                                     struct statement *statement)
{
    statement->name_place = parser->token.place;
    return parser_name(parser, what, &statement->name);
}

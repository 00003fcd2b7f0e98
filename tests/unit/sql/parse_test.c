/* parse_test.c -- texts to statements, and what is said about texts that are none. */
#include "fixture.h"

static int setup(void **state)
{
    static struct fixture fixture;
    fixture_init(&fixture);
    *state = &fixture;
    return 0;
}

static int teardown(void **state)
{
    fixture_release(*state);
    return 0;
}

static void assert_str(struct str text, const char *expected)
{
    assert_int_equal(text.size, strlen(expected));
    assert_memory_equal(text.data, expected, text.size);
}

static void test_kinds(void **state)
{
    static const struct {
        const char *text;
        enum statement_kind kind;
        const char *name;
    } cases[] = {
        {"create stream s (a int) with (kafka_topic='t')", STATEMENT_CREATE_STREAM, "S"},
        {"CREATE OR REPLACE TABLE `t x` (a INT PRIMARY KEY)", STATEMENT_CREATE_TABLE, "t x"},
        {"CREATE SOURCE TABLE IF NOT EXISTS t WITH (a=1)", STATEMENT_CREATE_TABLE, "T"},
        {"CREATE STREAM s AS SELECT * FROM b EMIT CHANGES", STATEMENT_CREATE_STREAM_AS, "S"},
        {"CREATE TABLE s WITH (x='y') AS SELECT a FROM b GROUP BY a", STATEMENT_CREATE_TABLE_AS,
         "S"},
        {"INSERT INTO s SELECT * FROM b", STATEMENT_INSERT_SELECT, "S"},
        {"INSERT INTO s WITH (query_id='q') SELECT * FROM b", STATEMENT_INSERT_SELECT, "S"},
        {"INSERT INTO s (a, b) VALUES (1, 'x')", STATEMENT_INSERT_VALUES, "S"},
        {"SELECT * FROM b WHERE a = 1 EMIT CHANGES LIMIT 3", STATEMENT_SELECT, ""},
        {"DROP STREAM IF EXISTS s DELETE TOPIC", STATEMENT_DROP_STREAM, "S"},
        {"DROP TABLE s", STATEMENT_DROP_TABLE, "S"},
        {"CREATE TYPE address AS STRUCT<a INT, b ARRAY<STRING>>", STATEMENT_CREATE_TYPE, "ADDRESS"},
        {"DROP TYPE IF EXISTS address", STATEMENT_DROP_TYPE, "ADDRESS"},
        {"TERMINATE CSAS_X_1", STATEMENT_TERMINATE, "CSAS_X_1"},
        {"TERMINATE ALL", STATEMENT_TERMINATE, ""},
        {"PAUSE q", STATEMENT_PAUSE, "Q"},
        {"RESUME ALL", STATEMENT_RESUME, ""},
        {"SET 'auto.offset.reset'='earliest'", STATEMENT_SET, "auto.offset.reset"},
        {"UNSET 'x'", STATEMENT_UNSET, "x"},
        {"DEFINE a = 'b'", STATEMENT_DEFINE, "a"},
        {"UNDEFINE a", STATEMENT_UNDEFINE, "a"},
        {"SHOW STREAMS EXTENDED", STATEMENT_SHOW_STREAMS, ""},
        {"LIST TABLES", STATEMENT_SHOW_TABLES, ""},
        {"SHOW ALL TOPICS", STATEMENT_SHOW_TOPICS, ""},
        {"SHOW QUERIES", STATEMENT_SHOW_QUERIES, ""},
        {"SHOW FUNCTIONS", STATEMENT_SHOW_FUNCTIONS, ""},
        {"SHOW TYPES", STATEMENT_SHOW_TYPES, ""},
        {"SHOW PROPERTIES", STATEMENT_SHOW_PROPERTIES, ""},
        {"SHOW VARIABLES", STATEMENT_SHOW_VARIABLES, ""},
        {"DESCRIBE s EXTENDED", STATEMENT_DESCRIBE, "S"},
        {"DESCRIBE FUNCTION replace", STATEMENT_DESCRIBE_FUNCTION, "REPLACE"},
        {"EXPLAIN q_1", STATEMENT_EXPLAIN, "Q_1"},
        {"PRINT mcd_orders FROM BEGINNING INTERVAL 2 LIMIT 5", STATEMENT_PRINT, "mcd_orders"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct statement *statement = fixture_statement(*state, cases[i].text);
        assert_int_equal(statement->kind, cases[i].kind);
        assert_str(statement->name, cases[i].name);
        assert_str(statement->text, cases[i].text);
    }
}

static void test_details(void **state)
{
    const struct statement *print =
        fixture_statement(*state, "PRINT 'T' FROM BEGINNING INTERVAL 2 LIMIT 5;");
    assert_true(print->from_beginning);
    assert_int_equal(print->interval, 2);
    assert_int_equal(print->limit, 5);
    const struct statement *drop =
        fixture_statement(*state, "DROP STREAM IF EXISTS s DELETE TOPIC");
    assert_true(drop->if_not_exists);
    assert_true(drop->delete_topic);
    const struct statement *create = fixture_statement(
        *state, "CREATE STREAM s (\"a b\" INT KEY) WITH (Kafka_Topic='it''s', partitions=-4)");
    assert_int_equal(create->property_count, 2);
    assert_str(create->properties[0].name, "KAFKA_TOPIC");
    assert_str(create->properties[0].text, "it's");
    assert_true(create->properties[0].is_text);
    assert_str(create->properties[1].text, "-4");
    assert_int_equal(create->element_count, 1);
    const struct statement *explain = fixture_statement(*state, "EXPLAIN SELECT a FROM b LIMIT 7");
    assert_int_equal(explain->explained->kind, STATEMENT_SELECT);
    assert_int_equal(explain->explained->limit, 7);
    const struct statement *type = fixture_statement(*state, "CREATE TYPE t AS ARRAY<INT> ;");
    assert_str(type->type_text, "ARRAY<INT>");
}

/* Expressions are only seen from outside as what can be parsed: each of these must be. */
static void test_expressions(void **state)
{
    static const char *const exprs[] = {
        "1 + 2 * -3 - - 4 % 5 / .5",
        "a || 'b' || c",
        "NOT a = 1 AND b <> 2 OR c IS NOT NULL",
        "a IS DISTINCT FROM b AND a IS NOT DISTINCT FROM b",
        "a NOT IN (1, 2) AND b IN ('x') AND c NOT BETWEEN 1 AND 2",
        "a LIKE '%x!%' ESCAPE '!' OR a NOT LIKE '_'",
        "CASE WHEN a THEN 1 WHEN b THEN 2 ELSE 3 END",
        "CASE a + 1 WHEN 1 THEN 'x' END",
        "CAST(a AS DECIMAL(10, 2))",
        "ARRAY[1, 2][1] + MAP('a' := 1, 'b' := 2)['a']",
        "STRUCT(x := 1, `y z` := a->b->c)->x",
        "TRANSFORM(a, x => x + 1)",
        "REDUCE(a, 0, (s, x) => s + x)",
        "DATEADD(DAYS, 5, d)",
        "COUNT(*)",
        "COUNT()",
        "s.a + `s`.`b`",
        "REPLACE(a, 'x', 'y')",
        "-9223372036854775808 + 1.5E-3",
        "(((a)))",
        "a->`END`",
    };
    for (size_t i = 0; i < sizeof(exprs) / sizeof(exprs[0]); i++) {
        char text[300];
        snprintf(text, sizeof(text), "SELECT %s AS x, * , s.*, a->* FROM s;", exprs[i]);
        assert_int_equal(fixture_statement(*state, text)->kind, STATEMENT_SELECT);
    }
}

static void test_queries(void **state)
{
    static const char *const queries[] = {
        "SELECT a b, c AS `d` FROM s x JOIN t AS y WITHIN 10 SECONDS ON x.a = y.b",
        "SELECT * FROM s LEFT OUTER JOIN t WITHIN (1 DAY, 2 HOURS) GRACE PERIOD 3 MINUTES ON a = b",
        "SELECT * FROM s FULL OUTER JOIN t ON a = b RIGHT JOIN u ON c = d",
        "SELECT a FROM s WINDOW TUMBLING (SIZE 1 MINUTE, RETENTION 2 DAYS, GRACE PERIOD 1 HOUR) "
        "WHERE a > 1 GROUP BY a, b HAVING COUNT(*) > 1 EMIT FINAL LIMIT 5",
        "SELECT a FROM s WINDOW HOPPING (SIZE 1 MINUTE, ADVANCE BY 10 SECONDS) GROUP BY (a, b)",
        "SELECT a FROM s WINDOW SESSION (30 SECONDS) GROUP BY (a)",
        "SELECT a FROM s GROUP BY (a + 1) * 2",
        "SELECT a FROM s PARTITION BY a, LEN(b)",
        "SELECT a FROM s EMIT CHANGES",
        "SELECT a FROM s -- a comment\n /* and\n another */ EMIT CHANGES",
    };
    for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++)
        assert_int_equal(fixture_statement(*state, queries[i])->kind, STATEMENT_SELECT);
}

static void test_places(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *text;
        int line;
        int column;
        const char *words;
    } cases[] = {
        {"SELECT FROM s", 1, 8, "found 'FROM', expected an expression"},
        {"SELECT a\n  FORM s", 2, 8, "found 's', expected FROM"},
        {"SELEC a FROM s", 1, 1, "did you mean 'SELECT'?"},
        {"SELECT a FROM s WHERE", 1, 22, "the statement ends here, expected an expression"},
        {"SELECT 'é', a FROM\n\n 5", 3, 2, "found '5'"},
        {"SELECT 'é' b c FROM s", 1, 14, "found 'c', expected FROM"},
        {"SHOW STREAMS;\nSHOW STREEMS;", 2, 6, "found 'STREEMS', expected STREAMS, TABLES"},
        {"SELECT 'abc FROM s", 1, 8, "a quote that is not closed"},
        {"/* SELECT", 1, 1, "a comment that does not end"},
        {"SELECT a ? b", 1, 10, "a character that has no meaning here"},
        {"CREATE STREAM s (select INT)", 1, 18, "reserved words need backquotes"},
        {"CREATE STREAM s (a INTEGER (KEY))", 1, 29, "found 'KEY', expected a whole number"},
        {"CREATE STREAM s (a INT) AS SELECT * FROM b", 1, 25, "found 'AS', expected ';'"},
        {"SELECT * FROM s WINDOW TUMBLING (SIZE 1 YEAR) GROUP BY a", 1, 41, "found 'YEAR'"},
        {"SELECT * FROM s WINDOW TUMBLING (SIZE 9223372036854775807 DAYS) GROUP BY a", 1, 39,
         "too long"},
        {"SELECT a FROM s PARTITION BY a AND b", 1, 32, "found 'AND', expected ';'"},
        {"SELECT a FROM s GROUP BY c, (b, a)", 1, 31, "found ',', expected ')'"},
        {"SELECT 1.5a FROM s", 1, 11, "a number with letters after it"},
        {"SELECT CAST(a AS NULL) FROM s", 1, 18, "expected a type"},
        {"SELECT a IS 5 FROM s", 1, 13, "NULL, NOT or DISTINCT FROM"},
        {"SELECT a NOT 5 FROM s", 1, 14, "BETWEEN, IN or LIKE"},
        {"SELECT a LIKE 'x' ESCAPE 'yz' FROM s", 1, 26, "expected one character"},
        {"SELECT ${nobody} FROM s", 1, 8, "undefined variable 'nobody'"},
        {"RUN SCRIPT 'foo'", 1, 1, "found 'RUN', expected a statement"},
        {"ALTER STREAM s ADD COLUMN a INT", 1, 1, "ALTER is not supported"},
        {"EXPLAIN", 1, 8, "expected the name of a query"},
        {"SELECT a FROM s;; x", 1, 19, "expected a statement"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct statement *statements;
        uint32_t count;
        const enum err err = fixture_parse(fixture, cases[i].text, &statements, &count);
        fixture_assert_refused(fixture, err, cases[i].words);
        if (fixture->why.line != cases[i].line || fixture->why.column != cases[i].column)
            fail_msg("%s: '%s' at %d:%d, expected %d:%d", cases[i].text, fixture->why.text,
                     fixture->why.line, fixture->why.column, cases[i].line, cases[i].column);
    }
}

static void test_scripts(void **state)
{
    struct fixture *fixture = *state;
    struct statement *statements;
    uint32_t count;
    assert_int_equal(fixture_parse(fixture, " ;; -- nothing\n;", &statements, &count), OK);
    assert_int_equal(count, 0);
    assert_int_equal(fixture_parse(fixture,
                                   "DEFINE topic = 'orders';\n"
                                   "CREATE STREAM ${topic} (a INT) WITH (kafka_topic='x_${topic}');"
                                   "SHOW ';'; SET 'a;b'='$';",
                                   &statements, &count),
                     ERR_INVALID);
    assert_int_equal(fixture_parse(fixture,
                                   "DEFINE topic = 'orders';\n"
                                   "CREATE STREAM ${topic} (a INT) WITH (kafka_topic='x_${topic}');"
                                   "SET 'a;b'='$'; DESCRIBE s",
                                   &statements, &count),
                     OK);
    assert_int_equal(count, 4);
    assert_str(statements[1].name, "ORDERS");
    assert_str(statements[1].properties[0].text, "x_orders");
    assert_int_equal(statements[1].place.line, 2);
    assert_str(statements[2].name, "a;b");
    assert_str(statements[3].text, "DESCRIBE s");
}

/* A variable is one token, or a part of a text; what is not known there is left alone. */
static void test_variables(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *text;
        const char *becomes; /* NULL: refused with `words` */
        const char *words;
    } cases[] = {
        {"DEFINE n = 'a'; DESCRIBE ${N}", "DESCRIBE a", NULL},
        {"DEFINE n = '3'; SELECT ${n} FROM s", "SELECT 3 FROM s", NULL},
        {"DEFINE n = '''x'''; SELECT ${n} FROM s", "SELECT 'x' FROM s", NULL},
        {"DEFINE n = 'it''s'; SELECT 'a ${n} b' FROM s", "SELECT 'a it''s b' FROM s", NULL},
        {"SELECT '${n}', '$', '${' FROM s", "SELECT '${n}', '$', '${' FROM s", NULL},
        {"DEFINE n = 'x'; SELECT '$${n}' FROM s", "SELECT '${n}' FROM s", NULL},
        {"DEFINE n = 'x'; SELECT `${n}` /* ${m} */ FROM s", "SELECT `${n}` /* ${m} */ FROM s",
         NULL},
        {"DEFINE n = 'x'; UNDEFINE n; DESCRIBE ${n}", NULL, "undefined variable 'n'"},
        {"DEFINE n = 's; DROP STREAM s'; DESCRIBE ${n}", NULL, "variable 'n' is neither"},
        {"DEFINE n = 's -- '; DESCRIBE ${n} EXTENDED", NULL, "variable 'n' is neither"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct statement *statements;
        uint32_t count = 0;
        const enum err err = fixture_parse(fixture, cases[i].text, &statements, &count);
        if (!cases[i].becomes) {
            fixture_assert_refused(fixture, err, cases[i].words);
            continue;
        }
        assert_int_equal(err, OK);
        assert_str(statements[count - 1].text, cases[i].becomes);
    }
}

/* What is beyond a limit is refused and does not exhaust the stack. */
static void test_limits(void **state)
{
    struct fixture *fixture = *state;
    static const char *const openers[] = {"(",  "- ",         "NOT ",    "ABS(",    "ARRAY[",
                                          "a[", "CASE WHEN ", "F(x => ", "EXPLAIN "};
    const size_t repeats = 20000;
    for (size_t i = 0; i < sizeof(openers) / sizeof(openers[0]); i++) {
        struct buf buf = {0};
        buf_printf(&buf, i == 8 ? "" : "SELECT F(");
        for (size_t j = 0; j < repeats; j++)
            buf_printf(&buf, "%s", openers[i]);
        struct statement *statements;
        uint32_t count;
        const enum err err =
            sql_parse(buf_str(&buf), NULL, &fixture->arena, &statements, &count, &fixture->why);
        fixture_assert_refused(fixture, err, "nested deeper");
        buf_release(&buf);
    }
    struct buf buf = {0};
    buf_printf(&buf, "SELECT a");
    for (size_t j = 0; j < repeats; j++)
        buf_printf(&buf, j % 2 ? " OR a" : " AND b");
    buf_printf(&buf, " FROM s");
    struct statement *statements;
    uint32_t count;
    assert_int_equal(sql_parse(buf_str(&buf), NULL, &fixture->arena, &statements, &count, NULL),
                     OK);
    buf_clear(&buf);
    buf_printf(&buf, "SELECT a");
    for (size_t j = 0; j < repeats; j++)
        buf_printf(&buf, " + a");
    fixture_assert_refused(
        fixture,
        sql_parse(buf_str(&buf), NULL, &fixture->arena, &statements, &count, &fixture->why),
        "nested deeper");
    buf_clear(&buf);
    for (size_t j = 0; j < 1001; j++)
        buf_printf(&buf, "SHOW STREAMS;");
    fixture_assert_refused(
        fixture,
        sql_parse(buf_str(&buf), NULL, &fixture->arena, &statements, &count, &fixture->why),
        "more than 1000 statements");
    while (buf.size <= 1 << 20)
        buf_printf(&buf, "                                                        ");
    assert_int_equal(
        sql_parse(buf_str(&buf), NULL, &fixture->arena, &statements, &count, &fixture->why),
        ERR_INVALID);
    buf_release(&buf);
}

static void test_types(void **state)
{
    struct fixture *fixture = *state;
    static const char *const types[][2] = {
        {"int", "INTEGER"},
        {"VARCHAR(STRING)", "STRING"},
        {"decimal(10, 2)", "DECIMAL(10, 2)"},
        {"ARRAY<MAP<STRING, STRUCT<a INT, `b c` CENTS>>>",
         "ARRAY<MAP<STRING, STRUCT<`A` INTEGER, `b c` BIGINT>>>"},
    };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        const struct type *type = NULL;
        assert_int_equal(sql_parse_type(str_from(types[i][0]), &fixture->catalog, &fixture->arena,
                                        &type, &fixture->why),
                         OK);
        assert_string_equal(type_text(type, &fixture->arena).data, types[i][1]);
    }
    static const char *const refused[][2] = {
        {"STRNG", "did you mean 'STRING'?"},
        {"DECIMAL", "needs a precision"},
        {"DECIMAL(0, 0)", "invalid precision 0"},
        {"DECIMAL(3, 4)", "invalid scale 4"},
        {"ARRAY", "needs the types"},
        {"ARRAY<INT", "expected '>'"},
        {"STRUCT<a INT, a INT>", "duplicate field 'A'"},
        {"MAP<STRING, NULL>", "expected a type"},
        {"INT INT", "expected the end of the type"},
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        const struct type *type = NULL;
        const enum err err = sql_parse_type(str_from(refused[i][0]), &fixture->catalog,
                                            &fixture->arena, &type, &fixture->why);
        fixture_assert_refused(fixture, err, refused[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_kinds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_details, setup, teardown),
        cmocka_unit_test_setup_teardown(test_expressions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_queries, setup, teardown),
        cmocka_unit_test_setup_teardown(test_places, setup, teardown),
        cmocka_unit_test_setup_teardown(test_scripts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_variables, setup, teardown),
        cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_types, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* avro_test.c -- AVRO records: the wire's header, schemas of writers, what is registered. */
#include "format_help.h"

#include "base/buf.h"

/* A registry of a few schemas in memory that can be out of reach. */
struct fake_registry {
    struct registry base;
    struct avro_schema *schemas[8];
    char subjects[8][64];
    int32_t count;
    bool away;
    int by_id_calls;
};

static struct fake_registry *fake(struct registry *registry)
{
    return (struct fake_registry *)registry;
}

static enum err fake_register(struct registry *registry, struct str subject,
                              const struct registry_draft *draft, struct arena *arena,
                              struct registry_version *ret_version, struct why *why)
{
    struct fake_registry *self = fake(registry);
    if (self->away)
        return why_set(why, ERR_UNAVAILABLE, "registry not reachable");
    assert_true(self->count < 8);
    const enum err err = avro_schema_parse(draft->text, &self->schemas[self->count], why);
    if (err)
        return err;
    snprintf(self->subjects[self->count], sizeof(self->subjects[0]), "%.*s", STR_ARGS(subject));
    *ret_version = (struct registry_version){.id = ++self->count};
    return OK;
}

static enum err fake_by_id(struct registry *registry, int32_t id,
                           const struct avro_schema **ret_schema, struct why *why)
{
    struct fake_registry *self = fake(registry);
    self->by_id_calls++;
    if (self->away)
        return why_set(why, ERR_UNAVAILABLE, "registry not reachable");
    if (id < 1 || id > self->count)
        return why_set(why, ERR_UNKNOWN_SCHEMA, "no schema %d", id);
    *ret_schema = self->schemas[id - 1];
    return OK;
}

static const struct registry_ops fake_ops = {.register_schema = fake_register, .by_id = fake_by_id};

struct avro_help {
    struct help help;
    struct fake_registry registry;
};

static void avro_init(struct avro_help *avro, enum format_kind key, enum format_kind value)
{
    *avro = (struct avro_help){0};
    help_init(&avro->help, key, value);
    avro->registry.base.ops = &fake_ops;
    avro->help.registry = &avro->registry.base;
}

static void avro_release(struct avro_help *avro)
{
    help_release(&avro->help);
    for (int i = 0; i < avro->registry.count; i++)
        avro_schema_free(avro->registry.schemas[i]);
}

static int32_t add_schema(struct avro_help *avro, const char *text)
{
    int32_t id = 0;
    assert_int_equal(
        registry_register(&avro->registry.base, STR("s"), str_from(text), &id, &avro->help.why),
        OK);
    return id;
}

#define ORDER                                                                                      \
    "{\"type\":\"record\",\"name\":\"Order\",\"fields\":[{\"name\":\"order_id\",\"type\":"         \
    "\"string\"},{\"name\":\"total\",\"type\":\"double\"}]}"

static void orders_init(struct avro_help *avro)
{
    avro_init(avro, FORMAT_NONE, FORMAT_AVRO);
    help_add(&avro->help, COLUMN_VALUE, "ORDER_ID", &type_string);
    help_add(&avro->help, COLUMN_VALUE, "TOTAL", &type_double);
    assert_int_equal(add_schema(avro, ORDER), 1);
}

#define GOOD "\0\0\0\0\1\4o1\0\0\0\0\0\0\xf8\x3f"

static void reads_by_the_writers_schema(void **state)
{
    struct avro_help avro;
    orders_init(&avro);
    add_schema(&avro, "{\"type\":\"record\",\"name\":\"Order\",\"fields\":[{\"name\":\"channel\","
                      "\"type\":\"string\"},{\"name\":\"ORDER_ID\",\"type\":\"string\"}]}");
    for (int round = 0; round < 3; round++) {
        assert_int_equal(help_decode_value(&avro.help, STR(GOOD)), OK);
        assert_string_equal(help_row(&avro.help), "\"o1\"|1.5");
        assert_int_equal(help_decode_value(&avro.help, STR("\0\0\0\0\2\2c\4o2")), OK);
        assert_string_equal(help_row(&avro.help), "\"o2\"|null");
    }
    assert_int_equal(avro.registry.by_id_calls, 2);
    avro.registry.away = true;
    assert_int_equal(help_decode_value(&avro.help, STR(GOOD)), OK);
    avro_release(&avro);
}

static void bad_wire_is_rejected_by_kind(void **state)
{
    struct avro_help avro;
    orders_init(&avro);
    struct help *help = &avro.help;
    const struct str good = STR(GOOD);
    for (size_t size = 0; size < good.size; size++) {
        assert_int_equal(help_decode_value(help, (struct str){good.data, size}), ERR_MALFORMED);
        assert_true(help->reject.why.text[0] != '\0');
        assert_false(help->reject.in_key);
    }
    for (int magic = 1; magic < 256; magic++) {
        char bytes[sizeof(GOOD) - 1];
        memcpy(bytes, GOOD, sizeof(bytes));
        bytes[0] = (char)magic;
        assert_int_equal(help_decode_value(help, (struct str){bytes, sizeof(bytes)}),
                         ERR_MALFORMED);
        assert_non_null(strstr(help->reject.why.text, "magic byte"));
    }
    assert_int_equal(help_decode_value(help, STR("\0\0\0\0\x7bx")), ERR_UNKNOWN_SCHEMA);
    assert_string_equal(help->reject.why.text, "unknown schema id 123");
    assert_int_equal(help_decode_value(help, STR("\0\0\0\0\0x")), ERR_UNKNOWN_SCHEMA);
    assert_string_equal(help->reject.why.text, "unknown schema id 0");
    assert_int_equal(help_decode_value(help, STR("\0\xff\xff\xff\xffx")), ERR_UNKNOWN_SCHEMA);
    assert_string_equal(help->reject.why.text, "unknown schema id -1");
    /* A byte too many. */
    assert_int_equal(help_decode_value(help, STR(GOOD "\0")), ERR_MALFORMED);
    assert_non_null(strstr(help->reject.why.text, "schema id 1"));
    assert_int_equal(help_decode_value(help, good), OK);
    avro_release(&avro);
}

static void schema_of_another_shape_is_rejected(void **state)
{
    struct avro_help avro;
    orders_init(&avro);
    const int32_t id =
        add_schema(&avro, "{\"type\":\"record\",\"name\":\"Order\",\"fields\":[{\"name\":\"total\","
                          "\"type\":{\"type\":\"array\",\"items\":\"int\"}}]}");
    assert_int_equal(id, 2);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(help_decode_value(&avro.help, STR("\0\0\0\0\2\0")), ERR_MALFORMED);
        assert_non_null(strstr(avro.help.reject.why.text, "schema id 2 cannot be read"));
    }
    assert_int_equal(avro.registry.by_id_calls, 1);
    avro_release(&avro);
}

static void registry_away_stops_at_the_record(void **state)
{
    struct avro_help avro;
    orders_init(&avro);
    struct help *help = &avro.help;
    assert_int_equal(help_decode_value(help, STR(GOOD)), OK);
    avro.registry.away = true;
    const struct record records[] = {{.value = STR(GOOD)},
                                     {.value = STR("x")},
                                     {.value = STR("\0\0\0\0\2x")},
                                     {.value = STR(GOOD)}};
    struct format_reject rejects[4];
    struct batch *batch = batch_new(&help->arena, &help->row_type, 4);
    uint32_t reject_count = 0;
    uint32_t done = 0;
    assert_int_equal(decoder_decode(help->decoder, records, 4, 0, batch, rejects, &reject_count,
                                    &done, &help->why),
                     ERR_UNAVAILABLE);
    assert_int_equal(done, 2);
    assert_int_equal(batch->row_count, 1);
    assert_int_equal(reject_count, 1);
    assert_int_equal(rejects[0].record, 1);
    assert_string_equal(help->why.text, "registry not reachable");
    avro_release(&avro);
}

static void writes_what_ksqldb_registers(void **state)
{
    struct avro_help avro;
    avro_init(&avro, FORMAT_AVRO, FORMAT_AVRO);
    struct help *help = &avro.help;
    help_add(help, COLUMN_KEY, "K", &type_string);
    help_add(help, COLUMN_VALUE, "A.B", &type_integer);
    help_add(help, COLUMN_VALUE, "L", type_array(&help->arena, &type_string));
    help_add(help, COLUMN_VALUE, "T", &type_timestamp);
    uint16_t map[] = {0, 1, 2, 3};
    assert_int_equal(encoder_new(&help->format, map, help->registry, &help->encoder, &help->why),
                     OK);
    assert_int_equal(avro.registry.count, 2);
    assert_string_equal(avro.registry.subjects[0], "topic-key");
    assert_string_equal(avro.registry.subjects[1], "topic-value");
    assert_int_equal(avro.registry.schemas[0]->root->kind, AVRO_STRING);
    const struct avro_node *root = avro.registry.schemas[1]->root;
    assert_true(str_equal(root->name, STR("io.confluent.ksql.avro_schemas.KsqlDataSourceSchema")));
    assert_int_equal(root->count, 3);
    assert_true(str_equal(root->fields[0].name, STR("A_B")));

    const struct record record = {.key = STR("\0\0\0\0\1\2k"),
                                  .value = STR("\0\0\0\0\2\2\x0e\2\3\x08\2\2x\0\0\0")};
    assert_int_equal(help_decode(help, &record), OK);
    assert_string_equal(help_row(help), "\"k\"|7|[\"x\",null]|null");
    struct str key;
    struct str value;
    assert_non_null(help_write(help, true, &key));
    assert_int_equal(key.size, record.key.size);
    assert_memory_equal(key.data, record.key.data, key.size);
    assert_non_null(help_write(help, false, &value));
    const struct record back = {.key = key, .value = value};
    assert_int_equal(help_decode(help, &back), OK);
    assert_string_equal(help_row(help), "\"k\"|7|[\"x\",null]|null");
    avro_release(&avro);
}

static void keys_of_several_columns_have_a_name(void **state)
{
    struct avro_help avro;
    avro_init(&avro, FORMAT_AVRO, FORMAT_NONE);
    avro.help.format.topic = STR("ORDERS_BY_STORE");
    help_add(&avro.help, COLUMN_KEY, "K", &type_string);
    help_add(&avro.help, COLUMN_KEY, "K2", &type_integer);
    uint16_t map[] = {0, 1};
    assert_int_equal(
        encoder_new(&avro.help.format, map, avro.help.registry, &avro.help.encoder, &avro.help.why),
        OK);
    assert_true(str_equal(avro.registry.schemas[0]->root->name,
                          STR("io.confluent.ksql.avro_schemas.OrdersByStoreKey")));
    avro_release(&avro);
}

static void a_schema_id_is_used_as_it_is(void **state)
{
    struct avro_help avro;
    orders_init(&avro);
    struct help *help = &avro.help;
    help->format.value.schema_id = 1;
    assert_int_equal(help_decode_value(help, STR(GOOD)), OK);
    struct str value;
    assert_non_null(help_write(help, false, &value));
    assert_int_equal(avro.registry.count, 1);
    assert_int_equal(value.size, sizeof(GOOD) - 1);
    assert_memory_equal(value.data, GOOD, value.size);
    /* A NULL in a required field cannot be written; nothing stays behind. */
    column_set_null(&help->batch->columns[1], 0);
    struct buf buf = {0};
    buf_append_str(&buf, STR("before"));
    bool is_null = false;
    assert_int_equal(encoder_value(help->encoder, help->batch, 0, &buf, &is_null), ERR_INVALID);
    assert_int_equal(buf.size, 6);
    buf_release(&buf);
    avro_release(&avro);
}

static void a_registry_that_refuses_is_quoted(void **state)
{
    struct avro_help avro;
    orders_init(&avro);
    avro.registry.away = true;
    uint16_t map[] = {0, 1};
    assert_int_equal(
        encoder_new(&avro.help.format, map, avro.help.registry, &avro.help.encoder, &avro.help.why),
        ERR_UNAVAILABLE);
    assert_non_null(strstr(avro.help.why.text, "topic-value"));
    assert_non_null(strstr(avro.help.why.text, "registry not reachable"));
    avro_release(&avro);
}

static void bare_values(void **state)
{
    struct avro_help avro;
    avro_init(&avro, FORMAT_NONE, FORMAT_AVRO);
    struct help *help = &avro.help;
    help->format.value.unwrapped = true;
    help_add(help, COLUMN_VALUE, "V", type_array(&help->arena, &type_integer));
    add_schema(&avro, "{\"type\":\"array\",\"items\":[\"null\",\"int\"]}");
    assert_int_equal(help_decode_value(help, STR("\0\0\0\0\1\3\6\2\2\0\0")), OK);
    assert_string_equal(help_row(help), "[1,null]");
    struct str value;
    assert_non_null(help_write(help, false, &value));
    column_set_null(&help->batch->columns[0], 0);
    assert_null(help_write(help, false, NULL));
    avro_release(&avro);
}

static void shows_by_schema(void **state)
{
    struct avro_help avro;
    orders_init(&avro);
    struct buf buf = {0};
    format_show(STR(GOOD), false, avro.help.registry, &buf);
    assert_string_equal(buf_text(&buf), "{\"order_id\":\"o1\",\"total\":1.5}");
    buf_clear(&buf);
    format_show(STR("\0\0\0\0\1\4"), false, avro.help.registry, &buf);
    assert_string_equal(buf_text(&buf), "\"0x000000000104\"");
    buf_clear(&buf);
    const char many[300] = {0};
    format_show((struct str){many, sizeof(many)}, false, avro.help.registry, &buf);
    assert_string_equal(buf_text(&buf) + buf.size - 15, "0... 300 bytes\"");
    buf_release(&buf);
    avro_release(&avro);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_by_the_writers_schema),
        cmocka_unit_test(bad_wire_is_rejected_by_kind),
        cmocka_unit_test(schema_of_another_shape_is_rejected),
        cmocka_unit_test(registry_away_stops_at_the_record),
        cmocka_unit_test(writes_what_ksqldb_registers),
        cmocka_unit_test(keys_of_several_columns_have_a_name),
        cmocka_unit_test(a_schema_id_is_used_as_it_is),
        cmocka_unit_test(a_registry_that_refuses_is_quoted),
        cmocka_unit_test(bare_values),
        cmocka_unit_test(shows_by_schema),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

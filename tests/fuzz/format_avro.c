/* format_avro.c -- any bytes as a record on the wire: header, schema id, body; key and value. */
#include "format/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const schemas[] = {
    "{\"type\":\"record\",\"name\":\"O\",\"fields\":[{\"name\":\"ORDER_ID\",\"type\":\"string\"},"
    "{\"name\":\"TOTAL\",\"type\":\"double\"},{\"name\":\"ITEMS\",\"type\":{\"type\":\"array\","
    "\"items\":{\"type\":\"record\",\"name\":\"I\",\"fields\":[{\"name\":\"NAME\",\"type\":"
    "\"string\"},{\"name\":\"QUANTITY\",\"type\":\"int\"}]}}}]}",
    "{\"type\":\"record\",\"name\":\"O\",\"fields\":[{\"name\":\"total\",\"type\":[\"null\","
    "\"float\"]},{\"name\":\"channel\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":"
    "[\"A\",\"B\"]}},{\"name\":\"order_id\",\"type\":[\"null\",\"string\"]}]}",
    "\"string\""};

#define SCHEMA_COUNT ((int32_t)(sizeof(schemas) / sizeof(*schemas)))

static enum err by_id(struct registry *registry, int32_t id, const struct avro_schema **ret_schema,
                      struct why *why)
{
    static struct avro_schema *parsed[SCHEMA_COUNT];
    (void)registry;
    if (id < 1 || id > SCHEMA_COUNT)
        return why_set(why, ERR_UNKNOWN_SCHEMA, "no schema %d", id);
    struct avro_schema **schema = &parsed[id - 1];
    if (!*schema)
        must(avro_schema_parse(str_from(schemas[id - 1]), schema, NULL) == OK);
    *ret_schema = *schema;
    return OK;
}

static struct decoder *make_decoder(struct arena *arena, struct record_format *format)
{
    static const struct registry_ops ops = {.by_id = by_id};
    static struct registry registry = {.ops = &ops};
    arena_init(arena, 0);
    const struct type_field fields[] = {{STR("NAME"), &type_string},
                                        {STR("QUANTITY"), &type_integer}};
    const struct row_column columns[] = {
        {.name = STR("K"), .type = &type_string, .role = COLUMN_KEY},
        {.name = STR("ORDER_ID"), .type = &type_string, .role = COLUMN_VALUE},
        {.name = STR("TOTAL"), .type = &type_double, .role = COLUMN_VALUE},
        {.name = STR("ITEMS"),
         .type = type_array(arena, type_struct(arena, fields, 2)),
         .role = COLUMN_VALUE}};
    *format = (struct record_format){.topic = STR("fuzz"),
                                     .row_type = row_type_new(arena, columns, 4),
                                     .key = {.kind = FORMAT_AVRO},
                                     .value = {.kind = FORMAT_AVRO}};
    struct column_origin origins[4];
    for (uint16_t i = 0; i < 4; i++)
        origins[i] = (struct column_origin){.kind = ORIGIN_COLUMN, .column = i};
    struct decoder *decoder;
    struct why why;
    must(decoder_new(format, origins, 4, &registry, &decoder, &why) == OK);
    return decoder;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct arena kept;
    static struct record_format format;
    static struct decoder *decoder;
    if (!decoder)
        decoder = make_decoder(&kept, &format);
    /* The first byte says how many of the others are the key. */
    const size_t key_size = size > 0 && data[0] < size ? data[0] : 0;
    const char *bytes = size > 0 ? (const char *)data + 1 : "";
    const size_t left = size > 0 ? size - 1 : 0;
    const struct record record = {.key = {key_size ? bytes : NULL, key_size},
                                  .value = {bytes + key_size, left - key_size}};
    struct arena arena;
    arena_init(&arena, 0);
    struct batch *batch = batch_new(&arena, format.row_type, 1);
    struct format_reject reject;
    struct why why;
    uint32_t reject_count = 0;
    uint32_t done = 0;
    must(decoder_decode(decoder, &record, 1, 0, batch, &reject, &reject_count, &done, &why) == OK);
    must(done == 1);
    must(batch->row_count + reject_count == 1);
    must(reject_count == 0 || reject.why.text[0] != '\0');
    arena_release(&arena);
    return 0;
}

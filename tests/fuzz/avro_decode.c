/* avro_decode.c -- fuzzes bodies: what decodes must encode, and decode to the same again.
 *
 * The input is schema text, a byte 0, and a body; without a byte 0 all of it is a body of the
 * schema below. */
#include "avro/avro.h"
#include "base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define COLUMNS_MAX 64

static const char own_schema[] =
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":["
    "{\"name\":\"s\",\"type\":\"string\"},{\"name\":\"i\",\"type\":\"int\"},"
    "{\"name\":\"l\",\"type\":[\"null\",\"long\"]},{\"name\":\"f\",\"type\":\"float\"},"
    "{\"name\":\"d\",\"type\":\"double\"},{\"name\":\"b\",\"type\":\"boolean\"},"
    "{\"name\":\"y\",\"type\":[\"bytes\",\"null\"]},"
    "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}},"
    "{\"name\":\"x\",\"type\":{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}},"
    "{\"name\":\"p\",\"type\":{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":9,"
    "\"scale\":2}},"
    "{\"name\":\"a\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"I\","
    "\"fields\":[{\"name\":\"k\",\"type\":\"string\"},{\"name\":\"v\",\"type\":[\"null\","
    "{\"type\":\"array\",\"items\":\"int\"}]}]}}},"
    "{\"name\":\"m\",\"type\":{\"type\":\"map\",\"values\":[\"null\",\"string\"]}},"
    "{\"name\":\"u\",\"type\":[\"int\",\"string\",\"null\"]},"
    "{\"name\":\"r\",\"type\":[\"null\",\"R\"]},"
    "{\"name\":\"t\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}}]}";

struct codec {
    struct avro_target targets[COLUMNS_MAX];
    struct column columns[COLUMNS_MAX];
    uint32_t count;
};

/* A column for every field that has a SQL type. */
static void make_columns(struct codec *codec, const struct avro_node *root, struct arena *arena)
{
    for (uint32_t i = 0; i < root->count && codec->count < COLUMNS_MAX; i++) {
        const struct avro_field *field = &root->fields[i];
        const struct type *type = avro_sql_type(field->node, false, arena);
        if (!type)
            continue;
        const uint32_t column = codec->count++;
        codec->targets[column] =
            (struct avro_target){.name = field->name, .type = type, .column = (uint16_t)column};
        column_init(&codec->columns[column], type, 2, arena);
    }
}

static void check_again(struct codec *codec, const struct avro_schema *schema,
                        const struct avro_decoder *decoder, struct arena *arena)
{
    const struct avro_encoder *encoder;
    struct buf body = {0};
    if (!avro_encoder_new(arena, schema, codec->targets, codec->count, false, &encoder, NULL) &&
        !avro_encode(encoder, codec->columns, 0, &body) && body.size <= AVRO_MESSAGE_BYTES_MAX &&
        !avro_decode(decoder, buf_str(&body), codec->columns, 1, arena)) {
        for (uint32_t i = 0; i < codec->count; i++) {
            const struct value first = column_get(&codec->columns[i], 0, arena);
            const struct value second = column_get(&codec->columns[i], 1, arena);
            must(value_equal(codec->targets[i].type, &first, &second));
        }
    }
    buf_release(&body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str input = {(const char *)data, size};
    const size_t split = str_index(input, '\0');
    struct str text = {own_schema, sizeof(own_schema) - 1};
    struct str body = input;
    if (split < size && size > 0 && (data[0] == '{' || data[0] == '[')) {
        text = (struct str){input.data, split};
        body = (struct str){input.data + split + 1, size - split - 1};
    }
    struct avro_schema *schema;
    if (avro_schema_parse(text, &schema, NULL))
        return 0;
    struct arena arena;
    arena_init(&arena, 0);
    struct codec codec = {0};
    const struct avro_decoder *decoder, *skipper;
    if (schema->root->kind == AVRO_RECORD)
        make_columns(&codec, schema->root, &arena);
    const enum err makes = avro_decoder_new(&arena, schema, NULL, codec.targets, codec.count,
                                            schema->root->kind != AVRO_RECORD, &decoder, NULL);
    if (!makes && !avro_decoder_new(&arena, schema, NULL, NULL, 0, true, &skipper, NULL)) {
        const size_t before = arena.bytes;
        const enum err err = avro_decode(decoder, body, codec.columns, 0, &arena);
        must(err == OK || err == ERR_MALFORMED || err == ERR_LIMIT);
        must(arena.bytes - before <= 4 * (4 * body.size + (1 << 20)));
        /* What can be read can be skipped; the way round, a decimal or a key may be refused. */
        const enum err skips = avro_decode(skipper, body, NULL, 0, &arena);
        must(err != OK || skips == OK);
        if (!err && codec.count > 0)
            check_again(&codec, schema, decoder, &arena);
    }
    arena_release(&arena);
    avro_schema_free(schema);
    return 0;
}

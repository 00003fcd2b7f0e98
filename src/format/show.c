/* show.c -- any record as JSON text, for people. */
#include "avro/avro.h"
#include "base/json.h"
#include "format/format.h"

#define SHOWN_BYTES_MAX 64 /* of what is no text */

static bool show_avro(struct str bytes, struct registry *registry, struct arena *arena,
                      struct buf *buf);
static bool is_json(struct str bytes, struct arena *arena);
static bool is_text(struct str bytes);
static void show_hex(struct str bytes, struct buf *buf);

void format_show(struct str bytes, bool is_null, struct registry *registry, struct buf *buf)
{
    if (is_null) {
        buf_append_str(buf, STR("null"));
        return;
    }
    struct arena arena;
    arena_init(&arena, 0);
    if (!show_avro(bytes, registry, &arena, buf)) {
        if (is_json(bytes, &arena))
            buf_append_str(buf, str_trim(bytes));
        else if (is_text(bytes))
            json_write_string(buf, bytes);
        else
            show_hex(bytes, buf);
    }
    arena_release(&arena);
}

/* Bytes that begin like an Avro record, have a schema and decode by it. */
static bool show_avro(struct str bytes, struct registry *registry, struct arena *arena,
                      struct buf *buf)
{
    int32_t id;
    if (!registry || !registry_head_get(bytes, &id))
        return false;
    const struct avro_schema *schema = NULL;
    if (id <= 0 || registry_by_id(registry, id, &schema, NULL) != OK)
        return false;
    const struct type *type = avro_sql_type(schema->root, false, arena);
    if (!type)
        return false;
    const struct avro_target target = {.name = STR("value"), .type = type, .column = 0};
    const struct avro_decoder *decoder = NULL;
    struct why why;
    if (avro_decoder_new(arena, schema, NULL, &target, 1, true, &decoder, &why) != OK)
        return false;
    struct column column;
    column_init(&column, type, 1, arena);
    const struct str body = {bytes.data + REGISTRY_HEAD_SIZE, bytes.size - REGISTRY_HEAD_SIZE};
    if (avro_decode(decoder, body, &column, 0, arena) != OK)
        return false;
    const struct value value = column_get(&column, 0, arena);
    value_write_json(type, &value, buf);
    return true;
}

static bool is_json(struct str bytes, struct arena *arena)
{
    struct json_reader reader;
    json_reader_init(&reader, bytes, arena);
    enum json_token token = JSON_NULL;
    while (token != JSON_END && token != JSON_ERROR)
        token = json_next(&reader);
    return token == JSON_END;
}

/* UTF-8 without control characters other than blanks. */
static bool is_text(struct str bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        const uint8_t byte = (uint8_t)bytes.data[i];
        const bool is_blank = byte == '\t' || byte == '\n' || byte == '\r';
        if ((byte < 0x20 && !is_blank) || byte == 0x7f)
            return false;
    }
    return str_is_utf8(bytes);
}

static void show_hex(struct str bytes, struct buf *buf)
{
    static const char digits[] = "0123456789abcdef";
    const size_t shown = bytes.size <= SHOWN_BYTES_MAX ? bytes.size : SHOWN_BYTES_MAX;
    buf_append_str(buf, STR("\"0x"));
    for (size_t i = 0; i < shown; i++) {
        const uint8_t byte = (uint8_t)bytes.data[i];
        buf_append_byte(buf, (uint8_t)digits[byte >> 4]);
        buf_append_byte(buf, (uint8_t)digits[byte & 15]);
    }
    if (shown < bytes.size)
        buf_printf(buf, "... %zu bytes", bytes.size);
    buf_append_byte(buf, '"');
}

/* canonical.c -- Parsing Canonical Form and its CRC-64-AVRO fingerprint.
 *
 * Avro specification, "Parsing Canonical Form for Schemas" and "Schema Fingerprints": primitives
 * by name, full names, only what matters for parsing, in one order, without blanks. */
#include "avro/avro.h"
#include "base/json.h"
#include "base/map.h"

static void write_node(const struct avro_node *node, struct map *seen, struct buf *buf);

static const char *const kind_names[] = {
    [AVRO_NULL] = "null",   [AVRO_BOOLEAN] = "boolean", [AVRO_INT] = "int",
    [AVRO_LONG] = "long",   [AVRO_FLOAT] = "float",     [AVRO_DOUBLE] = "double",
    [AVRO_BYTES] = "bytes", [AVRO_STRING] = "string",   [AVRO_ARRAY] = "array",
    [AVRO_MAP] = "map",     [AVRO_RECORD] = "record",   [AVRO_ENUM] = "enum",
    [AVRO_FIXED] = "fixed", [AVRO_UNION] = "union",
};

void avro_schema_canonical(const struct avro_schema *schema, struct buf *buf)
{
    must(schema != NULL);
    must(buf != NULL);
    struct map seen = {0};
    write_node(schema->root, &seen, buf);
    map_release(&seen);
}

uint64_t avro_schema_fingerprint(const struct avro_schema *schema)
{
    const uint64_t empty = 0xc15d213aa4d7a795ull;
    struct buf buf = {0};
    avro_schema_canonical(schema, &buf);
    uint64_t fingerprint = empty;
    for (size_t i = 0; i < buf.size; i++) {
        fingerprint ^= (uint8_t)buf.data[i];
        for (int bit = 0; bit < 8; bit++)
            fingerprint = (fingerprint >> 1) ^ (empty & -(fingerprint & 1));
    }
    buf_release(&buf);
    return fingerprint;
}

static void write_named(const struct avro_node *node, struct map *seen, struct buf *buf)
{
    if (map_set(seen, node->name, (void *)node)) {
        json_write_string(buf, node->name);
        return;
    }
    buf_append_str(buf, STR("{\"name\":"));
    json_write_string(buf, node->name);
    buf_printf(buf, ",\"type\":\"%s\"", kind_names[node->kind]);
    if (node->kind == AVRO_FIXED)
        buf_printf(buf, ",\"size\":%u", node->count);
    if (node->kind == AVRO_RECORD) {
        buf_append_str(buf, STR(",\"fields\":["));
        for (uint32_t i = 0; i < node->count; i++) {
            buf_append_str(buf, i ? STR(",{\"name\":") : STR("{\"name\":"));
            json_write_string(buf, node->fields[i].name);
            buf_append_str(buf, STR(",\"type\":"));
            write_node(node->fields[i].node, seen, buf);
            buf_append_byte(buf, '}');
        }
        buf_append_byte(buf, ']');
    }
    if (node->kind == AVRO_ENUM) {
        buf_append_str(buf, STR(",\"symbols\":["));
        for (uint32_t i = 0; i < node->count; i++) {
            if (i)
                buf_append_byte(buf, ',');
            json_write_string(buf, node->symbols[i]);
        }
        buf_append_byte(buf, ']');
    }
    buf_append_byte(buf, '}');
}

/* Named types are written once, so the depth is that of the text, which the parser has bounded. */
static void write_node(const struct avro_node *node, struct map *seen, struct buf *buf)
{
    switch (node->kind) {
    case AVRO_ARRAY:
    case AVRO_MAP:
        buf_printf(buf, "{\"type\":\"%s\",\"%s\":", kind_names[node->kind],
                   node->kind == AVRO_ARRAY ? "items" : "values");
        write_node(node->item, seen, buf);
        buf_append_byte(buf, '}');
        return;
    case AVRO_UNION:
        buf_append_byte(buf, '[');
        for (uint32_t i = 0; i < node->count; i++) {
            if (i)
                buf_append_byte(buf, ',');
            write_node(node->branches[i], seen, buf);
        }
        buf_append_byte(buf, ']');
        return;
    case AVRO_RECORD:
    case AVRO_ENUM:
    case AVRO_FIXED:
        write_named(node, seen, buf);
        return;
    default:
        buf_printf(buf, "\"%s\"", kind_names[node->kind]);
    }
}

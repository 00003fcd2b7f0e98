/* csv.c -- documents as comma-separated values. */
#include "api/csv.h"
#include "base/json.h"

#define COLUMNS_MAX 512

struct cell {
    struct str text;
    bool is_text; /* it was a JSON text: it may look like a formula */
};

struct csv {
    struct arena *arena;
    struct str names[COLUMNS_MAX];
    uint32_t count;
};

static uint32_t column_of(struct csv *csv, struct str name)
{
    for (uint32_t i = 0; i < csv->count; i++)
        if (str_equal(csv->names[i], name))
            return i;
    if (csv->count == COLUMNS_MAX)
        return COLUMNS_MAX;
    csv->names[csv->count] = arena_str(csv->arena, name);
    return csv->count++;
}

/* The document's members by column; COLUMNS_MAX cells. */
static enum err read_document(struct csv *csv, struct str json, struct cell *cells)
{
    struct json_reader reader;
    enum json_token token;
    json_reader_init(&reader, json, csv->arena);
    if (json_next(&reader) != JSON_OBJECT_BEGIN)
        return ERR_CORRUPT;
    while ((token = json_next(&reader)) == JSON_NAME) {
        const uint32_t column = column_of(csv, reader.text);
        struct cell cell = {.is_text = false};
        token = json_next(&reader);
        if (token == JSON_STRING)
            cell = (struct cell){.text = reader.text, .is_text = true};
        else if (json_skip(&reader, token, &cell.text) != OK)
            return ERR_CORRUPT;
        if (token == JSON_NULL)
            cell.text = STR("");
        if (cells && column < COLUMNS_MAX)
            cells[column] = cell;
    }
    return token == JSON_OBJECT_END ? OK : ERR_CORRUPT;
}

static bool is_formula(struct str text)
{
    return text.size > 0 && memchr("=+-@\t\r", text.data[0], 6) != NULL;
}

static void write_cell(struct buf *buf, struct cell cell)
{
    bool quoted = cell.is_text && is_formula(cell.text);
    for (size_t i = 0; i < cell.text.size && !quoted; i++)
        quoted = memchr(",\"\r\n", cell.text.data[i], 4) != NULL;
    if (quoted)
        buf_append_byte(buf, '"');
    if (cell.is_text && is_formula(cell.text))
        buf_append_byte(buf, '\'');
    for (size_t i = 0; i < cell.text.size; i++) {
        if (cell.text.data[i] == '"')
            buf_append_byte(buf, '"');
        buf_append_byte(buf, (uint8_t)cell.text.data[i]);
    }
    if (quoted)
        buf_append_byte(buf, '"');
}

static void write_line(struct buf *buf, const struct cell *cells, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            buf_append_byte(buf, ',');
        write_cell(buf, cells[i]);
    }
    buf_append_str(buf, STR("\r\n"));
}

enum err csv_write(const struct found_document *documents, uint32_t count, struct arena *arena,
                   struct buf *buf, struct why *why)
{
    struct csv *csv = ARENA_NEW(arena, struct csv);
    struct cell *cells = ARENA_ARRAY(arena, struct cell, COLUMNS_MAX);
    csv->arena = arena;
    for (uint32_t i = 0; i < count; i++)
        if (read_document(csv, documents[i].json, NULL) != OK)
            return why_set(why, ERR_CORRUPT, "document '%.*s' is no JSON object",
                           STR_ARGS(documents[i].id));
    for (uint32_t i = 0; i < csv->count; i++)
        cells[i] = (struct cell){.text = csv->names[i], .is_text = true};
    write_line(buf, cells, csv->count);
    for (uint32_t i = 0; i < count; i++) {
        memset(cells, 0, COLUMNS_MAX * sizeof(*cells));
        must(read_document(csv, documents[i].json, cells) == OK);
        write_line(buf, cells, csv->count);
    }
    return OK;
}

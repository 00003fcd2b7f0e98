/* format_delimited.c -- DELIMITED: one line of CSV, as Apache Commons CSV's default format has it.
 *
 *     line  = field *( delimiter field )
 *     field = '"' *( any byte but '"' | '""' ) '"' *blank | *( any byte but delimiter, CR, LF )
 *
 * Empty lines before it are skipped; what follows it is not looked at. An empty field is NULL. */
#include "format/cell_text.h"
#include "format/side.h"

struct line {
    const char *at;
    const char *end;
    char delimiter;
    struct arena *arena;
};

static bool line_end(const struct line *line);
static enum err field_read(struct line *line, struct str *ret_field, struct why *why);
static enum err field_read_quoted(struct line *line, struct str *ret_field, struct why *why);
static enum err refuse_count(const struct side *side, uint32_t found, struct why *why);
static void field_write(const struct column *column, uint32_t row, char delimiter, bool is_first,
                        struct buf *buf);
static bool needs_quotes(struct str text, char delimiter, bool is_first);

static char get_delimiter(const struct side *side)
{
    return side->spec->delimiter ? side->spec->delimiter : ',';
}

static enum err delimited_check(const struct format_spec *spec, bool is_key,
                                const struct row_column *columns, uint32_t count, struct why *why)
{
    const char delimiter = spec->delimiter;
    if (delimiter == '"' || delimiter == '\n' || delimiter == '\r' || (uint8_t)delimiter >= 0x80)
        return why_set(why, ERR_INVALID,
                       "invalid delimiter: it is a single character, or TAB or SPACE, and no quote "
                       "or line break");
    for (uint32_t i = 0; i < count; i++)
        if (columns[i].type->kind >= TYPE_ARRAY)
            return format_refuse_type(&format_delimited, &columns[i], columns[i].type, why);
    return OK;
}

static enum err delimited_read(struct side_reader *reader, struct str bytes, struct column *columns,
                               uint32_t row, struct arena *arena, bool *ret_is_null,
                               struct why *why)
{
    const struct side *side = reader->side;
    const struct str text = text_repair(bytes, arena);
    struct line line = {
        .at = text.data,
        .end = text.data + text.size,
        .delimiter = get_delimiter(side),
        .arena = arena,
    };
    while (line.at < line.end && line_end(&line))
        line.at++;
    if (line.at == line.end)
        return why_set(why, ERR_MALFORMED, "no fields in a record of the DELIMITED format");
    for (uint32_t i = 0; i < side->count; i++) {
        const struct side_column *source = &side->columns[i];
        if (i > 0) {
            if (line_end(&line))
                return refuse_count(side, i, why);
            line.at++;
        }
        struct str field;
        enum err err = field_read(&line, &field, why);
        if (err)
            return err;
        if (source->column == SIDE_UNWANTED)
            continue;
        struct column *column = &columns[source->column];
        column->nulls[row] = 1;
        if (field.size > 0 && cell_from_text(column, row, field, arena))
            return why_set(why, ERR_MALFORMED, "field %u is no value of column `%.*s`", i + 1,
                           STR_ARGS(source->name));
    }
    return line_end(&line) ? OK : refuse_count(side, side->count + 1, why);
}

static enum err delimited_write(struct side_writer *writer, const struct column *columns,
                                uint32_t row, struct buf *buf, bool *ret_is_null)
{
    const struct side *side = writer->side;
    const char delimiter = get_delimiter(side);
    for (uint32_t i = 0; i < side->count; i++) {
        const struct column *column = &columns[side->columns[i].column];
        if (i > 0)
            buf_append_byte(buf, (uint8_t)delimiter);
        if (!column->nulls[row])
            field_write(column, row, delimiter, i == 0, buf);
    }
    return OK;
}

static bool line_end(const struct line *line)
{
    return line->at == line->end || *line->at == '\n' || *line->at == '\r';
}

/* Leaves the line at a delimiter or its end. */
static enum err field_read(struct line *line, struct str *ret_field, struct why *why)
{
    if (!line_end(line) && *line->at == '"')
        return field_read_quoted(line, ret_field, why);
    const char *const begin = line->at;
    while (!line_end(line) && *line->at != line->delimiter)
        line->at++;
    *ret_field = (struct str){begin, (size_t)(line->at - begin)};
    return OK;
}

static enum err field_read_quoted(struct line *line, struct str *ret_field, struct why *why)
{
    char *const begin = arena_alloc(line->arena, (size_t)(line->end - line->at));
    char *to = begin;
    for (line->at++;; line->at++) {
        if (line->at == line->end)
            return why_set(why, ERR_MALFORMED, "a quoted field does not end");
        if (*line->at != '"') {
            *to++ = *line->at;
            continue;
        }
        line->at++;
        if (line->at == line->end || *line->at != '"')
            break;
        *to++ = '"';
    }
    while (!line_end(line) && *line->at != line->delimiter) {
        if (*line->at != ' ' && *line->at != '\t')
            return why_set(why, ERR_MALFORMED, "a quoted field is followed by other text");
        line->at++;
    }
    *ret_field = (struct str){begin, (size_t)(to - begin)};
    return OK;
}

static enum err refuse_count(const struct side *side, uint32_t found, struct why *why)
{
    return why_set(why, ERR_MALFORMED, "column count mismatch: %u columns, but %s %u fields",
                   side->count, found > side->count ? "at least" : "only", found);
}

static void field_write(const struct column *column, uint32_t row, char delimiter, bool is_first,
                        struct buf *buf)
{
    const size_t begin = buf->size;
    cell_to_text(column, row, buf);
    const struct str text = {buf->data + begin, buf->size - begin};
    if (!needs_quotes(text, delimiter, is_first))
        return;
    size_t quotes = 0;
    for (size_t i = 0; i < text.size; i++)
        quotes += text.data[i] == '"';
    buf_reserve(buf, quotes + 2);
    /* From the end, as the text grows where it stands. */
    const char *from = buf->data + buf->size;
    buf->size += quotes + 2;
    char *to = buf->data + buf->size;
    *--to = '"';
    while (from > buf->data + begin) {
        *--to = *--from;
        if (*from == '"')
            *--to = '"';
    }
    *--to = '"';
    must(to == buf->data + begin);
}

static bool is_letter_or_digit(char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= 'a' && byte <= 'z');
}

/* What Commons CSV's QuoteMode.MINIMAL quotes: also a line that begins with no letter or digit. */
static bool needs_quotes(struct str text, char delimiter, bool is_first)
{
    if (text.size == 0)
        return is_first;
    if (is_first && !is_letter_or_digit(text.data[0]))
        return true;
    if ((uint8_t)text.data[0] <= '#' || (uint8_t)text.data[text.size - 1] <= ' ')
        return true;
    for (size_t i = 0; i < text.size; i++) {
        const char byte = text.data[i];
        if (byte == '\n' || byte == '\r' || byte == '"' || byte == delimiter)
            return true;
    }
    return false;
}

const struct format_ops format_delimited = {
    .name = "DELIMITED",
    .check = delimited_check,
    .reader_new = side_reader_plain,
    .read = delimited_read,
    .reader_free = side_reader_keep,
    .writer_new = side_writer_plain,
    .write = delimited_write,
};

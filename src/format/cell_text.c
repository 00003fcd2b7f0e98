/* cell_text.c -- one cell as plain text and back. */
#include "format/cell_text.h"

#include "base/base64.h"
#include "base/json.h"
#include "base/utf8.h"

#include <math.h>

#define INTEGER_TEXT_MAX 24
#define EXPONENT_MAX 1000000

static enum err set_whole(struct column *column, uint32_t row, int64_t number);
static enum err set_decimal(struct column *column, uint32_t row, struct str text);
static bool decimal_scale_fits(struct str text, int scale);
static void write_integer(int64_t number, struct buf *buf);

enum err cell_from_text(struct column *column, uint32_t row, struct str text, struct arena *arena)
{
    column->nulls[row] = 0;
    switch (column->type->kind) {
    case TYPE_BOOLEAN:
        column->booleans[row] = str_equal_nocase(text, STR("true"));
        return OK;
    case TYPE_STRING:
        column->strings[row] = text;
        return OK;
    case TYPE_BYTES: {
        uint8_t *bytes = arena_alloc(arena, base64_decoded_max(text.size));
        size_t size = 0;
        if (base64_decode(text, bytes, &size))
            return ERR_MALFORMED;
        column->strings[row] = (struct str){(char *)bytes, size};
        return OK;
    }
    case TYPE_DOUBLE:
        return str_to_double(str_trim(text), &column->doubles[row]) ? ERR_MALFORMED : OK;
    case TYPE_DECIMAL:
        return set_decimal(column, row, text);
    default: {
        int64_t number = 0;
        return str_to_int64(text, &number) ? ERR_MALFORMED : set_whole(column, row, number);
    }
    }
}

enum err cell_from_number(struct column *column, uint32_t row, struct str text)
{
    column->nulls[row] = 0;
    if (column->type->kind == TYPE_DOUBLE)
        return str_to_double(text, &column->doubles[row]) ? ERR_MALFORMED : OK;
    if (column->type->kind == TYPE_DECIMAL)
        return set_decimal(column, row, text);
    int64_t whole = 0;
    const enum err err = str_to_int64(text, &whole);
    if (err == OK)
        return set_whole(column, row, whole);
    double number = 0;
    if (err == ERR_OUT_OF_RANGE || str_to_double(text, &number))
        return ERR_MALFORMED;
    if (!(fabs(number) < 0x1p63))
        return ERR_MALFORMED;
    return set_whole(column, row, (int64_t)number);
}

void cell_to_text(const struct column *column, uint32_t row, struct buf *buf)
{
    char text[DECIMAL_TEXT_MAX];
    switch (column->type->kind) {
    case TYPE_BOOLEAN:
        buf_append_str(buf, column->booleans[row] ? STR("true") : STR("false"));
        return;
    case TYPE_INTEGER:
    case TYPE_TIME:
    case TYPE_DATE:
        write_integer(column->integers[row], buf);
        return;
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
        write_integer(column->bigints[row], buf);
        return;
    case TYPE_DOUBLE:
        json_write_double(buf, column->doubles[row]);
        return;
    case TYPE_DECIMAL:
        buf_append(buf, text, decimal_write(column->decimals[row], column->type->scale, text));
        return;
    case TYPE_STRING:
        buf_append_str(buf, column->strings[row]);
        return;
    case TYPE_BYTES:
        base64_encode(column->strings[row], buf);
        return;
    default:
        must_not_reach();
    }
}

struct str text_repair(struct str text, struct arena *arena)
{
    if (str_is_utf8(text))
        return text;
    /* One byte becomes at most the three of U+FFFD. */
    char *const begin = arena_alloc(arena, text.size * 3);
    char *to = begin;
    const char *const end = text.data + text.size;
    for (const char *at = text.data; at < end;) {
        uint32_t point = 0;
        const char *next = utf8_get(at, end, &point);
        to = utf8_put(to, next ? point : UTF8_REPLACEMENT);
        at = next ? next : at + 1;
    }
    return (struct str){begin, (size_t)(to - begin)};
}

static enum err set_whole(struct column *column, uint32_t row, int64_t number)
{
    switch (column->type->kind) {
    case TYPE_BIGINT:
    case TYPE_TIMESTAMP:
        column->bigints[row] = number;
        return OK;
    case TYPE_INTEGER:
    case TYPE_TIME:
    case TYPE_DATE:
        if (number < INT32_MIN || number > INT32_MAX)
            return ERR_MALFORMED;
        column->integers[row] = (int32_t)number;
        return OK;
    default:
        return ERR_MALFORMED;
    }
}

/* A number that would have to be rounded does not fit its column. */
static enum err set_decimal(struct column *column, uint32_t row, struct str text)
{
    const struct type *type = column->type;
    if (!decimal_scale_fits(text, type->scale))
        return ERR_MALFORMED;
    if (decimal_parse(text, type->precision, type->scale, &column->decimals[row]))
        return ERR_MALFORMED;
    return OK;
}

/* Whether nothing but zeros would be lost at that scale: the last digit that is not zero counts.
 * Text that is no number passes: the parser finds it. */
static bool decimal_scale_fits(struct str text, int scale)
{
    int64_t places = 0; /* digits after the point */
    int64_t zeros = 0;  /* at the end, on both sides of the point */
    bool after_point = false;
    bool is_zero = true;
    size_t i = 0;
    for (; i < text.size && text.data[i] != 'e' && text.data[i] != 'E'; i++) {
        const char byte = text.data[i];
        after_point |= byte == '.';
        if (byte < '0' || byte > '9')
            continue;
        places += after_point;
        zeros = byte == '0' ? zeros + 1 : 0;
        is_zero &= byte == '0';
    }
    int64_t exponent = 0;
    const struct str rest = {text.data + i, text.size - i};
    if (is_zero || (rest.size > 0 &&
                    str_to_int64((struct str){rest.data + 1, rest.size - 1}, &exponent) != OK))
        return true;
    if (exponent > EXPONENT_MAX || exponent < -EXPONENT_MAX)
        return exponent > 0;
    return places - zeros - exponent <= scale;
}

static void write_integer(int64_t number, struct buf *buf)
{
    char text[INTEGER_TEXT_MAX];
    char *const end = text + sizeof(text);
    char *at = end;
    uint64_t rest = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (number < 0)
        *--at = '-';
    buf_append(buf, at, (size_t)(end - at));
}

/* number.c -- numbers on the way to cells of another kind, decimals, and numbers as text. */
#include "avro/program.h"
#include "base/json.h"

/* Declared in schema_json.h, which cannot be included beside base/json.h. */
void avro_string_write(struct buf *buf, struct str text);
void avro_real_write(struct buf *buf, double value);

/* A number of any kind: exact in `whole` unless the kind is a floating one. */
struct number {
    enum avro_kind kind;
    int64_t whole;
    double real;
};

static const uint8_t *number_read(enum avro_kind kind, const uint8_t *at, const uint8_t *end,
                                  struct number *number);
static void number_promote(struct number *number, enum avro_kind kind);
static struct str number_text(const struct number *number, struct arena *arena);

void avro_string_write(struct buf *buf, struct str text)
{
    json_write_string(buf, text);
}

void avro_real_write(struct buf *buf, double value)
{
    json_write_double(buf, value);
}

static int64_t divide_down(int64_t value, int64_t by)
{
    return value / by - (value % by < 0);
}

const uint8_t *avro_number_read(const struct step *step, const uint8_t *at, const uint8_t *end,
                                struct column *column, uint32_t row, struct arena *arena)
{
    struct number number = {.kind = step->from};
    at = number_read(step->from, at, end, &number);
    if (!at)
        return NULL;
    number_promote(&number, step->via);
    const enum avro_logical logical = step->node->logical;
    const bool micros = logical == AVRO_TIMESTAMP_MICROS || logical == AVRO_TIME_MICROS;
    column->nulls[row] = 0;
    switch (step->type->kind) {
    case TYPE_BIGINT:
        column->bigints[row] = number.whole;
        return at;
    case TYPE_TIMESTAMP:
        column->bigints[row] = micros ? divide_down(number.whole, 1000) : number.whole;
        return at;
    case TYPE_TIME:
        column->integers[row] = (int32_t)(number.whole / 1000);
        return number.whole >= 0 && number.whole < 86400000000 ? at : NULL;
    case TYPE_INTEGER:
        column->integers[row] = (int32_t)number.whole;
        return at;
    case TYPE_DOUBLE:
        column->doubles[row] = number.real;
        return at;
    case TYPE_STRING:
        column->strings[row] = number_text(&number, arena);
        return at;
    default:
        must_not_reach();
    }
}

static const uint8_t *number_read(enum avro_kind kind, const uint8_t *at, const uint8_t *end,
                                  struct number *number)
{
    int32_t small = 0;
    float narrow;
    switch (kind) {
    case AVRO_BOOLEAN:
        if (at >= end || at[0] > 1)
            return NULL;
        number->whole = at[0];
        return at + 1;
    case AVRO_INT:
        at = int_read(at, end, &small);
        number->whole = small;
        number->real = small;
        return at;
    case AVRO_LONG:
        at = varint_get(at, end, &number->whole);
        number->real = (double)number->whole;
        return at;
    case AVRO_FLOAT:
        if (end - at < 4)
            return NULL;
        memcpy(&narrow, at, 4);
        number->real = (double)narrow;
        return at + 4;
    case AVRO_DOUBLE:
        if (end - at < 8)
            return NULL;
        memcpy(&number->real, at, 8);
        return at + 8;
    default:
        must_not_reach();
    }
}

static void number_promote(struct number *number, enum avro_kind kind)
{
    if (kind == AVRO_FLOAT && number->kind != AVRO_FLOAT)
        number->real = (double)(float)number->whole;
    number->kind = kind;
}

/* As Java's String.valueOf has it. */
static struct str number_text(const struct number *number, struct arena *arena)
{
    if (number->kind == AVRO_BOOLEAN)
        return number->whole ? STR("true") : STR("false");
    if (number->kind == AVRO_INT || number->kind == AVRO_LONG)
        return arena_printf(arena, "%lld", (long long)number->whole);
    double real = number->real;
    if (number->kind == AVRO_FLOAT && real == real) {
        /* The shortest digits that are this float are not those of the double beside it. */
        for (int digits = 6; digits <= 9; digits++) {
            char text[32];
            snprintf(text, sizeof(text), "%.*g", digits, number->real);
            if (str_to_double(str_from(text), &real) || (double)(float)real == number->real)
                break;
        }
    }
    struct buf buf = {0};
    json_write_double(&buf, real);
    const struct str text = arena_str(arena, buf_str(&buf));
    buf_release(&buf);
    return text;
}

const uint8_t *avro_decimal_read(const struct step *step, const uint8_t *at, const uint8_t *end,
                                 struct column *column, uint32_t row)
{
    struct str bytes = {(const char *)at, step->count};
    if (step->count == DECIMAL_IN_BYTES)
        at = bytes_read(at, end, &bytes);
    else
        at = bytes.size <= (size_t)(end - at) ? at + bytes.size : NULL;
    if (!at)
        return NULL;
    const struct avro_node *node = step->node;
    const struct type *type = step->type;
    const int precision =
        node->precision < DECIMAL_PRECISION_MAX ? node->precision : DECIMAL_PRECISION_MAX;
    decimal value;
    if (decimal_from_bytes((const uint8_t *)bytes.data, bytes.size, precision, &value))
        return NULL;
    const bool same = node->scale == type->scale && precision <= type->precision;
    if (!same && decimal_rescale(value, node->scale, type->precision, type->scale, &value))
        return NULL;
    column->nulls[row] = 0;
    column->decimals[row] = value;
    return at;
}

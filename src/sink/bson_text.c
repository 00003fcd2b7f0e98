/* bson_text.c -- BSON as the Extended JSON that form_json.c writes.
 *
 * What comes from a server is not trusted: every size is checked against what is left. Types that
 * no document of ours has (regular expressions, code, ...) are written as null. */
#include "base/json.h"
#include "sink/bson_layout.h"
#include "sink/form.h"

#define DEPTH_MAX 100

struct bson_reader {
    const uint8_t *at;
    const uint8_t *end;
};

static enum err write_document(struct bson_reader *reader, bool is_array, struct str hidden,
                               int depth, struct buf *buf);
static enum err write_value(struct bson_reader *reader, uint8_t type, int depth, struct buf *buf);
static enum err write_other(struct bson_reader *reader, uint8_t type, struct buf *buf);
static enum err write_binary(struct bson_reader *reader, struct buf *buf);
static void write_decimal(uint64_t low, uint64_t high, struct buf *buf);

enum err bson_to_json(const uint8_t *bson, size_t size, struct str hidden, struct buf *buf)
{
    struct bson_reader reader = {bson, bson + size};
    return write_document(&reader, false, hidden, 0, buf);
}

static bool take(struct bson_reader *reader, int size, uint64_t *ret_number)
{
    if (reader->end - reader->at < size)
        return false;
    uint64_t number = 0;
    for (int i = 0; i < size; i++)
        number |= (uint64_t)reader->at[i] << (8 * i);
    reader->at += size;
    *ret_number = number;
    return true;
}

static bool take_bytes(struct bson_reader *reader, uint64_t size, struct str *ret_bytes)
{
    if (size > (uint64_t)(reader->end - reader->at))
        return false;
    *ret_bytes = (struct str){(const char *)reader->at, size};
    reader->at += size;
    return true;
}

static bool take_name(struct bson_reader *reader, struct str *ret_name)
{
    const size_t left = (size_t)(reader->end - reader->at);
    const uint8_t *zero = left > 0 ? memchr(reader->at, 0, left) : NULL;
    if (!zero)
        return false;
    *ret_name = (struct str){(const char *)reader->at, (size_t)(zero - reader->at)};
    reader->at = zero + 1;
    return true;
}

static enum err write_document(struct bson_reader *reader, bool is_array, struct str hidden,
                               int depth, struct buf *buf)
{
    uint64_t size;
    const uint8_t *const begin = reader->at;
    if (depth > DEPTH_MAX || !take(reader, 4, &size) || size < 5 ||
        size > (uint64_t)(reader->end - begin) || begin[size - 1] != 0)
        return ERR_MALFORMED;
    struct bson_reader inside = {reader->at, begin + size - 1};
    bool is_first = true;
    buf_append_byte(buf, is_array ? '[' : '{');
    while (inside.at < inside.end) {
        uint64_t type;
        struct str name;
        if (!take(&inside, 1, &type) || !take_name(&inside, &name))
            return ERR_MALFORMED;
        const size_t before = buf->size;
        if (!is_first)
            buf_append_byte(buf, ',');
        if (!is_array) {
            json_write_string(buf, name);
            buf_append_byte(buf, ':');
        }
        const enum err err = write_value(&inside, (uint8_t)type, depth, buf);
        if (err)
            return err;
        if (hidden.size > 0 && str_equal(name, hidden))
            buf->size = before;
        else
            is_first = false;
    }
    buf_append_byte(buf, is_array ? ']' : '}');
    reader->at = begin + size;
    return OK;
}

static enum err write_value(struct bson_reader *reader, uint8_t type, int depth, struct buf *buf)
{
    uint64_t number;
    uint64_t high;
    struct str bytes;
    double real;
    switch (type) {
    case BSON_LAYOUT_DOUBLE:
        if (!take(reader, 8, &number))
            return ERR_MALFORMED;
        memcpy(&real, &number, sizeof(real));
        json_form_double(real, buf);
        return OK;
    case BSON_LAYOUT_STRING:
        if (!take(reader, 4, &number) || number == 0 || !take_bytes(reader, number, &bytes))
            return ERR_MALFORMED;
        json_write_string(buf, (struct str){bytes.data, bytes.size - 1});
        return OK;
    case BSON_LAYOUT_DOCUMENT:
    case BSON_LAYOUT_ARRAY:
        return write_document(reader, type == BSON_LAYOUT_ARRAY, (struct str){0}, depth + 1, buf);
    case BSON_LAYOUT_BINARY:
        return write_binary(reader, buf);
    case BSON_LAYOUT_OBJECT_ID:
        if (!take_bytes(reader, OBJECT_ID_BYTES, &bytes))
            return ERR_MALFORMED;
        json_form_object_id((const uint8_t *)bytes.data, buf);
        return OK;
    case BSON_LAYOUT_BOOLEAN:
        if (!take(reader, 1, &number))
            return ERR_MALFORMED;
        buf_append_str(buf, number ? STR("true") : STR("false"));
        return OK;
    case BSON_LAYOUT_DATE:
        if (!take(reader, 8, &number))
            return ERR_MALFORMED;
        json_form_date((int64_t)number, buf);
        return OK;
    case BSON_LAYOUT_INT32:
        if (!take(reader, 4, &number))
            return ERR_MALFORMED;
        buf_printf(buf, "%d", (int32_t)number);
        return OK;
    case BSON_LAYOUT_INT64:
        if (!take(reader, 8, &number))
            return ERR_MALFORMED;
        buf_printf(buf, "%lld", (long long)number);
        return OK;
    case BSON_LAYOUT_DECIMAL128:
        if (!take(reader, 8, &number) || !take(reader, 8, &high))
            return ERR_MALFORMED;
        write_decimal(number, high, buf);
        return OK;
    default:
        return write_other(reader, type, buf);
    }
}

/* null, and what other programs may have put there. */
static enum err write_other(struct bson_reader *reader, uint8_t type, struct buf *buf)
{
    uint64_t size = 0;
    struct str bytes;
    switch (type) {
    case BSON_LAYOUT_NULL:
    case 0x06: /* undefined */
    case 0x7F: /* greatest */
    case 0xFF: /* least */
        break;
    case BSON_LAYOUT_TIMESTAMP:
        if (!take(reader, 8, &size))
            return ERR_MALFORMED;
        break;
    case 0x0B: /* regular expression */
        if (!take_name(reader, &bytes) || !take_name(reader, &bytes))
            return ERR_MALFORMED;
        break;
    case 0x0D: /* code */
    case 0x0E: /* symbol */
        if (!take(reader, 4, &size) || !take_bytes(reader, size, &bytes))
            return ERR_MALFORMED;
        break;
    default:
        return ERR_MALFORMED;
    }
    buf_append_str(buf, STR("null"));
    return OK;
}

static enum err write_binary(struct bson_reader *reader, struct buf *buf)
{
    uint64_t size;
    uint64_t subtype;
    struct str bytes;
    if (!take(reader, 4, &size) || !take(reader, 1, &subtype) || !take_bytes(reader, size, &bytes))
        return ERR_MALFORMED;
    if (subtype == BSON_LAYOUT_UUID && size == UUID_BYTES)
        json_form_uuid((const uint8_t *)bytes.data, buf);
    else
        json_form_bytes(bytes, (uint8_t)subtype, buf);
    return OK;
}

/* Plain digits where a DECIMAL could be it, else its coefficient and exponent. */
static void write_decimal(uint64_t low, uint64_t high, struct buf *buf)
{
    const bool is_negative = high >> 63;
    if ((high >> 61 & 3) == 3) { /* the large form has no coefficient; NaN and infinities */
        const bool is_infinite = (high >> 58 & 31) == 30;
        buf_printf(buf, "{\"$numberDecimal\":\"%s\"}",
                   is_infinite ? is_negative ? "-Infinity" : "Infinity" : "NaN");
        return;
    }
    const int exponent = (int)(high >> 49 & 0x3FFF) - DECIMAL128_EXPONENT_BIAS;
    const unsigned __int128 size =
        (unsigned __int128)(high & ((UINT64_C(1) << 49) - 1)) << 64 | low;
    decimal value = (decimal)size;
    if (is_negative)
        value = -value;
    int scale = -exponent;
    if (scale < 0 && decimal_digits(value) - scale <= DECIMAL_PRECISION_MAX) {
        value *= decimal_power_of_ten(-scale);
        scale = 0;
    }
    if (scale >= 0 && scale <= DECIMAL_PRECISION_MAX) {
        json_form_decimal(value, scale, buf);
        return;
    }
    char text[DECIMAL_TEXT_MAX];
    buf_append_str(buf, STR("{\"$numberDecimal\":\""));
    buf_append(buf, text, decimal_write(value, 0, text));
    buf_printf(buf, "E%d\"}", exponent);
}

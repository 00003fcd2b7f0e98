/* function_bytes.c -- BYTES: from text and to text, and numbers in them. */
#include "functions/body.h"

static enum err bytes_to(struct call *call, const struct value *args, struct value *ret_value)
{
    struct str bytes;
    const enum err err = text_decode(args[0].text, args[1].text, call->arena, &bytes);
    if (err == OK)
        *ret_value = value_text(bytes);
    return err;
}

static enum err bytes_from(struct call *call, const struct value *args, struct value *ret_value)
{
    struct str text;
    const enum err err = text_encode(args[0].text, args[1].text, call->arena, &text);
    if (err == OK)
        *ret_value = value_text(text);
    return err;
}

/* From one encoding to another by way of the bytes. */
static enum err bytes_encode(struct call *call, const struct value *args, struct value *ret_value)
{
    struct str bytes, text;
    enum err err = text_decode(args[0].text, args[1].text, call->arena, &bytes);
    if (err == OK)
        err = text_encode(bytes, args[2].text, call->arena, &text);
    if (err == OK)
        *ret_value = value_text(text);
    return err;
}

/* The number in exactly so many bytes, big end first unless said otherwise. */
static enum err number_in(const struct call *call, const struct value *args, size_t size,
                          uint64_t *ret_number)
{
    bool is_little = false;
    if (call->arg_count == 2) {
        is_little = str_equal_nocase(args[1].text, STR("LITTLE_ENDIAN"));
        if (!is_little && !str_equal_nocase(args[1].text, STR("BIG_ENDIAN")))
            return ERR_INVALID;
    }
    if (args[0].text.size != size)
        return ERR_INVALID;
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number = number << 8 | (uint8_t)args[0].text.data[is_little ? size - 1 - i : i];
    *ret_number = number;
    return OK;
}

static enum err bytes_integer(struct call *call, const struct value *args, struct value *ret_value)
{
    uint64_t number = 0;
    const enum err err = number_in(call, args, 4, &number);
    if (err == OK)
        *ret_value = value_integer((int32_t)(uint32_t)number);
    return err;
}

static enum err bytes_bigint(struct call *call, const struct value *args, struct value *ret_value)
{
    uint64_t number = 0;
    const enum err err = number_in(call, args, 8, &number);
    if (err == OK)
        *ret_value = value_bigint((int64_t)number);
    return err;
}

static enum err bytes_double(struct call *call, const struct value *args, struct value *ret_value)
{
    uint64_t bits = 0;
    const enum err err = number_in(call, args, 8, &bits);
    double number = 0;
    memcpy(&number, &bits, sizeof(number));
    if (err == OK)
        *ret_value = value_number(number);
    return err;
}

static const struct function_overload to_overloads[] = {
    BODY("TO_BYTES(STRING, STRING) BYTES", bytes_to)};
static const struct function_overload from_overloads[] = {
    BODY("FROM_BYTES(BYTES, STRING) STRING", bytes_from)};
static const struct function_overload encode_overloads[] = {
    BODY("ENCODE(STRING, STRING, STRING) STRING", bytes_encode)};
static const struct function_overload integer_overloads[] = {
    BODY("INT_FROM_BYTES(BYTES[, STRING]) INTEGER", bytes_integer)};
static const struct function_overload bigint_overloads[] = {
    BODY("BIGINT_FROM_BYTES(BYTES[, STRING]) BIGINT", bytes_bigint)};
static const struct function_overload double_overloads[] = {
    BODY("DOUBLE_FROM_BYTES(BYTES[, STRING]) DOUBLE", bytes_double)};

static const struct function_entry entries[] = {
    ENTRY("TO_BYTES", "the bytes of a text in 'hex', 'utf8', 'ascii' or 'base64'", to_overloads),
    ENTRY("FROM_BYTES", "the bytes as text in 'hex', 'utf8', 'ascii' or 'base64'", from_overloads),
    ENTRY("ENCODE", "a text from one encoding to another", encode_overloads),
    ENTRY("INT_FROM_BYTES", "the number in 4 bytes, 'BIG_ENDIAN' or 'LITTLE_ENDIAN'",
          integer_overloads),
    ENTRY("BIGINT_FROM_BYTES", "the number in 8 bytes, 'BIG_ENDIAN' or 'LITTLE_ENDIAN'",
          bigint_overloads),
    ENTRY("DOUBLE_FROM_BYTES", "the double in 8 bytes, 'BIG_ENDIAN' or 'LITTLE_ENDIAN'",
          double_overloads),
};

const struct function_topic functions_bytes = FUNCTION_TOPIC(entries);

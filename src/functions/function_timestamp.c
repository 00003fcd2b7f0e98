/* function_timestamp.c -- TIMESTAMP, and the BIGINTs and texts it comes from and goes to. */
#include "functions/body.h"

#include "base/clock.h"
#include "data/time.h"
#include "functions/time_text.h"

static enum err timestamp_parse(struct call *call, const struct value *args,
                                struct value *ret_value)
{
    int64_t timestamp_ms = 0;
    const struct str zone = call->arg_count == 3 ? args[2].text : STR("");
    const enum err err = time_text_parse(call, args[0].text, args[1].text, zone, &timestamp_ms);
    if (err == OK)
        *ret_value = value_bigint(timestamp_ms);
    return err;
}

static enum err timestamp_format(struct call *call, const struct value *args,
                                 struct value *ret_value)
{
    struct str text;
    const struct str zone = call->arg_count == 3 ? args[2].text : STR("");
    const enum err err = time_text_format(call, args[0].bigint, args[1].text, zone, &text);
    if (err == OK)
        *ret_value = value_text(text);
    return err;
}

static enum err timestamp_change(struct call *call, const struct value *args, int sign,
                                 struct value *ret_value)
{
    int64_t unit_ms = 0, change_ms = 0, result_ms = 0;
    const enum err err = time_unit_ms(args[0].text, &unit_ms);
    if (err != OK)
        return err;
    if (__builtin_mul_overflow(unit_ms * sign, (int64_t)args[1].integer, &change_ms) ||
        __builtin_add_overflow(args[2].bigint, change_ms, &result_ms))
        return ERR_OUT_OF_RANGE;
    *ret_value = value_bigint(result_ms);
    return OK;
}

static enum err timestamp_add(struct call *call, const struct value *args, struct value *ret_value)
{
    return timestamp_change(call, args, 1, ret_value);
}

static enum err timestamp_sub(struct call *call, const struct value *args, struct value *ret_value)
{
    return timestamp_change(call, args, -1, ret_value);
}

/* The same reading of the clock in another zone. */
static enum err timestamp_convert(struct call *call, const struct value *args,
                                  struct value *ret_value)
{
    int64_t from_ms = 0, to_ms = 0;
    enum err err = zone_offset_ms(args[1].text, args[0].bigint, &from_ms);
    if (err == OK)
        err = zone_offset_ms(args[2].text, args[0].bigint, &to_ms);
    if (err == OK)
        *ret_value = value_bigint(args[0].bigint - from_ms + to_ms);
    return err;
}

static enum err timestamp_now(struct call *call, const struct value *args, struct value *ret_value)
{
    *ret_value = value_bigint(clock_wall_ms());
    return OK;
}

/* TIMESTAMP and BIGINT are the same number. */
static enum err timestamp_as_is(struct call *call, const struct value *args,
                                struct value *ret_value)
{
    *ret_value = args[0];
    return OK;
}

#define UNIT(text, body) BODY_FLAGS(text, body, FUNCTION_UNIT_LITERAL)

static const struct function_overload parse_overloads[] = {
    BODY("PARSE_TIMESTAMP(STRING, STRING[, STRING]) TIMESTAMP", timestamp_parse)};
static const struct function_overload format_overloads[] = {
    BODY("FORMAT_TIMESTAMP(TIMESTAMP, STRING[, STRING]) STRING", timestamp_format)};
static const struct function_overload from_string_overloads[] = {
    BODY("STRINGTOTIMESTAMP(STRING, STRING[, STRING]) BIGINT", timestamp_parse)};
static const struct function_overload to_string_overloads[] = {
    BODY("TIMESTAMPTOSTRING(BIGINT, STRING[, STRING]) STRING", timestamp_format)};
static const struct function_overload add_overloads[] = {
    UNIT("TIMESTAMPADD(STRING, INTEGER, TIMESTAMP) TIMESTAMP", timestamp_add)};
static const struct function_overload sub_overloads[] = {
    UNIT("TIMESTAMPSUB(STRING, INTEGER, TIMESTAMP) TIMESTAMP", timestamp_sub)};
static const struct function_overload convert_overloads[] = {
    BODY("CONVERT_TZ(TIMESTAMP, STRING, STRING) TIMESTAMP", timestamp_convert)};
static const struct function_overload unix_overloads[] = {
    BODY_FLAGS("UNIX_TIMESTAMP() BIGINT", timestamp_now, FUNCTION_VOLATILE),
    BODY("UNIX_TIMESTAMP(TIMESTAMP) BIGINT", timestamp_as_is),
};
static const struct function_overload from_unix_overloads[] = {
    BODY("FROM_UNIXTIME(BIGINT) TIMESTAMP", timestamp_as_is)};

static const struct function_entry entries[] = {
    ENTRY("PARSE_TIMESTAMP",
          "the instant in a text, by a pattern like 'yyyy-MM-dd HH:mm', in UTC "
          "or a zone",
          parse_overloads),
    ENTRY("FORMAT_TIMESTAMP", "the instant as text, by a pattern, in UTC or a zone",
          format_overloads),
    ENTRY("STRINGTOTIMESTAMP", "as PARSE_TIMESTAMP, in milliseconds since 1970",
          from_string_overloads),
    ENTRY("TIMESTAMPTOSTRING", "as FORMAT_TIMESTAMP, from milliseconds since 1970",
          to_string_overloads),
    ENTRY("TIMESTAMPADD", "later by so many of a unit (MILLISECONDS to DAYS)", add_overloads),
    ENTRY("TIMESTAMPSUB", "earlier by so many of a unit (MILLISECONDS to DAYS)", sub_overloads),
    ENTRY("CONVERT_TZ", "moved from one zone's clock to another's", convert_overloads),
    ENTRY("UNIX_TIMESTAMP", "milliseconds since 1970, of now or of an instant", unix_overloads),
    ENTRY("FROM_UNIXTIME", "the instant so many milliseconds after 1970", from_unix_overloads),
};

const struct function_topic functions_timestamp = FUNCTION_TOPIC(entries);

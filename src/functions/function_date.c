/* function_date.c -- DATE and TIME. */
#include "functions/body.h"

#include "base/clock.h"
#include "data/time.h"
#include "functions/time_text.h"

#define DATE_BYTES_MAX 100 /* of text that may be a date */

/* Whole days, rounded down. */
static enum err days_of(int64_t timestamp_ms, struct value *ret_value)
{
    return cast_value(&type_timestamp, &type_date, &(struct value){.bigint = timestamp_ms}, NULL,
                      ret_value);
}

static enum err string_to_date(struct call *call, const struct value *args, struct value *ret_value)
{
    int64_t timestamp_ms = 0;
    const enum err err = time_text_parse(call, args[0].text, args[1].text, STR(""), &timestamp_ms);
    return err == OK ? days_of(timestamp_ms, ret_value) : err;
}

/* As java.text.SimpleDateFormat, which PARSE_DATE is in ksqlDB: what stands after the date does not
 * matter, be it the longest that is one. */
static enum err date_parse(struct call *call, const struct value *args, struct value *ret_value)
{
    struct str text = args[0].text;
    int64_t timestamp_ms = 0;
    enum err err = time_text_parse(call, text, args[1].text, STR(""), &timestamp_ms);
    if (text.size > DATE_BYTES_MAX)
        text.size = DATE_BYTES_MAX;
    for (; err != OK && call->memory != NULL && text.size > 0; text.size--)
        err = time_text_parse(call, text, args[1].text, STR(""), &timestamp_ms);
    return err == OK ? days_of(timestamp_ms, ret_value) : err;
}

static enum err date_format(struct call *call, const struct value *args, struct value *ret_value)
{
    struct str text;
    const enum err err = time_text_format(call, (int64_t)args[0].integer * TIME_DAY_MS,
                                          args[1].text, STR(""), &text);
    if (err == OK)
        *ret_value = value_text(text);
    return err;
}

static enum err date_change(const struct value *args, int sign, struct value *ret_value)
{
    int64_t unit_ms = 0;
    const enum err err = time_unit_ms(args[0].text, &unit_ms);
    if (err != OK)
        return err;
    return days_of((int64_t)args[2].integer * TIME_DAY_MS +
                       sign * unit_ms * (int64_t)args[1].integer,
                   ret_value);
}

static enum err date_add(struct call *call, const struct value *args, struct value *ret_value)
{
    return date_change(args, 1, ret_value);
}

static enum err date_sub(struct call *call, const struct value *args, struct value *ret_value)
{
    return date_change(args, -1, ret_value);
}

static enum err date_as_is(struct call *call, const struct value *args, struct value *ret_value)
{
    *ret_value = args[0];
    return OK;
}

static enum err date_today(struct call *call, const struct value *args, struct value *ret_value)
{
    return days_of(clock_wall_ms(), ret_value);
}

static enum err time_parse(struct call *call, const struct value *args, struct value *ret_value)
{
    int64_t timestamp_ms = 0;
    const enum err err = time_text_parse(call, args[0].text, args[1].text, STR(""), &timestamp_ms);
    if (err != OK)
        return err;
    const int64_t rest = timestamp_ms % TIME_DAY_MS;
    *ret_value = value_integer((int32_t)(rest < 0 ? rest + TIME_DAY_MS : rest));
    return OK;
}

static enum err time_format(struct call *call, const struct value *args, struct value *ret_value)
{
    struct str text;
    const enum err err = time_text_format(call, args[0].integer, args[1].text, STR(""), &text);
    if (err == OK)
        *ret_value = value_text(text);
    return err;
}

/* Around midnight it goes on. */
static enum err time_change(const struct value *args, int sign, struct value *ret_value)
{
    int64_t unit_ms = 0;
    const enum err err = time_unit_ms(args[0].text, &unit_ms);
    if (err != OK)
        return err;
    const int64_t rest =
        (args[2].integer + sign * (unit_ms * args[1].integer % TIME_DAY_MS)) % TIME_DAY_MS;
    *ret_value = value_integer((int32_t)(rest < 0 ? rest + TIME_DAY_MS : rest));
    return OK;
}

static enum err time_add(struct call *call, const struct value *args, struct value *ret_value)
{
    return time_change(args, 1, ret_value);
}

static enum err time_sub(struct call *call, const struct value *args, struct value *ret_value)
{
    return time_change(args, -1, ret_value);
}

#define UNIT(text, body) BODY_FLAGS(text, body, FUNCTION_UNIT_LITERAL)

static const struct function_overload parse_date_overloads[] = {
    BODY("PARSE_DATE(STRING, STRING) DATE", date_parse)};
static const struct function_overload format_date_overloads[] = {
    BODY("FORMAT_DATE(DATE, STRING) STRING", date_format)};
static const struct function_overload string_to_date_overloads[] = {
    BODY("STRINGTODATE(STRING, STRING) INTEGER", string_to_date)};
static const struct function_overload date_to_string_overloads[] = {
    BODY("DATETOSTRING(INTEGER, STRING) STRING", date_format)};
static const struct function_overload date_add_overloads[] = {
    UNIT("DATEADD(STRING, INTEGER, DATE) DATE", date_add)};
static const struct function_overload date_sub_overloads[] = {
    UNIT("DATESUB(STRING, INTEGER, DATE) DATE", date_sub)};
static const struct function_overload from_days_overloads[] = {
    BODY("FROM_DAYS(INTEGER) DATE", date_as_is)};
static const struct function_overload unix_date_overloads[] = {
    BODY_FLAGS("UNIX_DATE() INTEGER", date_today, FUNCTION_VOLATILE),
    BODY("UNIX_DATE(DATE) INTEGER", date_as_is),
};
static const struct function_overload parse_time_overloads[] = {
    BODY("PARSE_TIME(STRING, STRING) TIME", time_parse)};
static const struct function_overload format_time_overloads[] = {
    BODY("FORMAT_TIME(TIME, STRING) STRING", time_format)};
static const struct function_overload time_add_overloads[] = {
    UNIT("TIMEADD(STRING, INTEGER, TIME) TIME", time_add)};
static const struct function_overload time_sub_overloads[] = {
    UNIT("TIMESUB(STRING, INTEGER, TIME) TIME", time_sub)};

static const struct function_entry entries[] = {
    ENTRY("PARSE_DATE", "the date in a text, by a pattern like 'dd/MM/yyyy'", parse_date_overloads),
    ENTRY("FORMAT_DATE", "the date as text, by a pattern", format_date_overloads),
    ENTRY("STRINGTODATE", "as PARSE_DATE, in days since 1970", string_to_date_overloads),
    ENTRY("DATETOSTRING", "as FORMAT_DATE, from days since 1970", date_to_string_overloads),
    ENTRY("DATEADD", "later by so many of a unit", date_add_overloads),
    ENTRY("DATESUB", "earlier by so many of a unit", date_sub_overloads),
    ENTRY("FROM_DAYS", "the date so many days after 1970", from_days_overloads),
    ENTRY("UNIX_DATE", "days since 1970, of today or of a date", unix_date_overloads),
    ENTRY("PARSE_TIME", "the time of day in a text, by a pattern", parse_time_overloads),
    ENTRY("FORMAT_TIME", "the time of day as text, by a pattern", format_time_overloads),
    ENTRY("TIMEADD", "later by so many of a unit, on around midnight", time_add_overloads),
    ENTRY("TIMESUB", "earlier by so many of a unit, back around midnight", time_sub_overloads),
};

const struct function_topic functions_date = FUNCTION_TOPIC(entries);

/* cast.c -- what CAST does to one value, and to columns. */
#include "functions/function.h"

#include "base/json.h"
#include "data/time.h"

#include <math.h>

static enum err cast_number(const struct type *from, const struct type *to,
                            const struct value *value, struct arena *arena,
                            struct value *ret_value);
static enum err cast_text(const struct type *to, struct str text, struct value *ret_value);
static enum err cast_time(const struct type *from, const struct type *to, const struct value *value,
                          struct value *ret_value);
static enum err cast_to_text(const struct type *from, const struct value *value,
                             struct arena *arena, struct str *ret_text);
static struct str time_text(int32_t time_ms, struct arena *arena);
static enum err cast_nested(const struct type *from, const struct type *to,
                            const struct value *value, struct arena *arena,
                            struct value *ret_value);
static int64_t whole_of_double(double number, int64_t least, int64_t most);

bool cast_is_possible(const struct type *from, const struct type *to)
{
    if (type_equal(from, to) || (type_is_numeric(from) && type_is_numeric(to)))
        return true;
    if (to->kind == TYPE_STRING)
        return from->kind != TYPE_BYTES;
    if (from->kind == TYPE_STRING)
        return to->kind < TYPE_ARRAY && to->kind != TYPE_BYTES;
    if (from->kind == TYPE_TIMESTAMP || to->kind == TYPE_TIMESTAMP)
        return (from->kind == TYPE_TIMESTAMP && to->kind == TYPE_TIME) || from->kind == TYPE_DATE ||
               to->kind == TYPE_DATE;
    if (from->kind != to->kind)
        return false;
    if (from->kind == TYPE_ARRAY)
        return cast_is_possible(from->item, to->item);
    if (from->kind == TYPE_MAP)
        return cast_is_possible(from->key, to->key) && cast_is_possible(from->item, to->item);
    if (from->kind != TYPE_STRUCT)
        return false;
    for (uint32_t i = 0; i < to->field_count; i++)
        for (uint32_t k = 0; k < from->field_count; k++)
            if (str_equal(to->fields[i].name, from->fields[k].name) &&
                !cast_is_possible(from->fields[k].type, to->fields[i].type))
                return false;
    return true;
}

enum err cast_value(const struct type *from, const struct type *to, const struct value *value,
                    struct arena *arena, struct value *ret_value)
{
    if (value->is_null) {
        *ret_value = VALUE_NULL;
        return OK;
    }
    if (type_equal(from, to)) {
        *ret_value = *value;
        return OK;
    }
    if (!cast_is_possible(from, to))
        return ERR_INVALID;
    if (to->kind == TYPE_STRING) {
        struct str text;
        const enum err err = cast_to_text(from, value, arena, &text);
        if (err == OK)
            *ret_value = (struct value){.text = text};
        return err;
    }
    if (from->kind == TYPE_STRING)
        return cast_text(to, value->text, ret_value);
    if (type_is_numeric(from))
        return cast_number(from, to, value, arena, ret_value);
    if (from->kind >= TYPE_ARRAY)
        return cast_nested(from, to, value, arena, ret_value);
    return cast_time(from, to, value, ret_value);
}

/* Columns of numbers that only get wider run as loops, all else value by value. */
const struct column *cast_evaluate(const struct scope *scope, const struct expr *expr)
{
    /* A CAST's failure, or one in what it converts, stays in its cell. */
    const struct column *of = expr->is_written ? scope_evaluate_guarded(scope, expr->args[0])
                                               : scope_evaluate(scope, expr->args[0]);
    struct column *result = scope_column(scope, expr->type);
    const struct rows rows = scope->rows;
    const enum type_kind from = of->type->kind, to = expr->type->kind;
    const bool is_whole = from == TYPE_INTEGER || from == TYPE_BIGINT;
    if (is_whole && (to == TYPE_BIGINT || to == TYPE_DOUBLE)) {
        for (uint32_t i = 0; i < rows.count; i++) {
            const uint32_t row = rows_get(rows, i);
            const int64_t whole = from == TYPE_INTEGER ? of->integers[row] : of->bigints[row];
            result->nulls[row] = of->nulls[row];
            if (to == TYPE_BIGINT)
                result->bigints[row] = whole;
            else
                result->doubles[row] = (double)whole;
        }
        return result;
    }
    for (uint32_t i = 0; i < rows.count; i++) {
        const uint32_t row = rows_get(rows, i);
        const struct value value = column_get(of, row, scope->arena);
        struct value wanted = VALUE_NULL;
        if (cast_value(of->type, expr->type, &value, scope->arena, &wanted) == OK) {
            column_set(result, row, &wanted, scope->arena);
            continue;
        }
        result->nulls[row] = 1;
        scope_fail(scope, row, !expr->is_written);
    }
    return result;
}

static enum err cast_number(const struct type *from, const struct type *to,
                            const struct value *value, struct arena *arena, struct value *ret_value)
{
    const bool is_whole = from->kind == TYPE_INTEGER || from->kind == TYPE_BIGINT;
    const int64_t whole = from->kind == TYPE_INTEGER  ? value->integer
                          : from->kind == TYPE_BIGINT ? value->bigint
                                                      : 0;
    decimal number = 0;
    enum err err = OK;
    switch (to->kind) {
    case TYPE_INTEGER:
    case TYPE_BIGINT: {
        const bool is_small = to->kind == TYPE_INTEGER;
        int64_t result = whole;
        if (from->kind == TYPE_DOUBLE)
            result = whole_of_double(value->number, is_small ? INT32_MIN : INT64_MIN,
                                     is_small ? INT32_MAX : INT64_MAX);
        else if (from->kind == TYPE_DECIMAL)
            result = (int64_t)(value->decimal / decimal_power_of_ten(from->scale));
        *ret_value = is_small ? (struct value){.integer = (int32_t)(uint32_t)(uint64_t)result}
                              : (struct value){.bigint = result};
        return OK;
    }
    case TYPE_DOUBLE:
        *ret_value = (struct value){
            .number = is_whole ? (double)whole : decimal_to_double(value->decimal, from->scale)};
        return OK;
    case TYPE_DECIMAL:
        if (from->kind == TYPE_DOUBLE)
            err = decimal_from_double(value->number, to->precision, to->scale, &number);
        else
            err = decimal_rescale(is_whole ? (decimal)whole : value->decimal,
                                  is_whole ? 0 : from->scale, to->precision, to->scale, &number);
        if (err == OK)
            *ret_value = (struct value){.decimal = number};
        return err;
    default:
        must_not_reach();
    }
}

/* Java's (int) and (long): towards zero, saturating, NaN is 0. */
static int64_t whole_of_double(double number, int64_t least, int64_t most)
{
    if (isnan(number))
        return 0;
    if (number <= (double)least)
        return least;
    if (number >= (double)most)
        return most;
    return (int64_t)number;
}

static enum err cast_text(const struct type *to, struct str text, struct value *ret_value)
{
    const struct str trimmed = str_trim(text);
    struct value value = {.is_null = false};
    int64_t whole = 0;
    double number = 0;
    decimal scaled = 0;
    enum err err = OK;
    switch (to->kind) {
    case TYPE_BOOLEAN:
        /* ksqlDB takes any beginning of "true" and "yes" for true, all else for false. */
        value.boolean =
            trimmed.size > 0 && trimmed.size <= 4 &&
            (str_equal_nocase(trimmed, (struct str){"true", trimmed.size}) ||
             (trimmed.size <= 3 && str_equal_nocase(trimmed, (struct str){"yes", trimmed.size})));
        break;
    case TYPE_INTEGER:
        err = str_to_int64(trimmed, &whole);
        if (err == OK && (whole < INT32_MIN || whole > INT32_MAX))
            err = ERR_OUT_OF_RANGE;
        value.integer = (int32_t)whole;
        break;
    case TYPE_BIGINT:
        err = str_to_int64(trimmed, &whole);
        value.bigint = whole;
        break;
    case TYPE_DOUBLE:
        err = str_to_double(trimmed, &number);
        value.number = number;
        break;
    case TYPE_DECIMAL:
        err = decimal_parse(trimmed, to->precision, to->scale, &scaled);
        value.decimal = scaled;
        break;
    case TYPE_TIME:
        err = time_parse_iso(trimmed, &value.integer);
        break;
    case TYPE_DATE:
        err = date_parse_iso(trimmed, &value.integer);
        break;
    case TYPE_TIMESTAMP:
        err = timestamp_parse_iso(trimmed, &value.bigint);
        break;
    default:
        must_not_reach();
    }
    if (err == OK)
        *ret_value = value;
    return err;
}

static enum err cast_time(const struct type *from, const struct type *to, const struct value *value,
                          struct value *ret_value)
{
    if (from->kind == TYPE_DATE) {
        *ret_value = (struct value){.bigint = (int64_t)value->integer * TIME_DAY_MS};
        return OK;
    }
    const int64_t rest = value->bigint % TIME_DAY_MS;
    const int64_t in_day = rest < 0 ? rest + TIME_DAY_MS : rest;
    if (to->kind == TYPE_TIME) {
        *ret_value = (struct value){.integer = (int32_t)in_day};
        return OK;
    }
    const int64_t days = value->bigint / TIME_DAY_MS - (rest < 0);
    if (days < INT32_MIN || days > INT32_MAX)
        return ERR_OUT_OF_RANGE;
    *ret_value = (struct value){.integer = (int32_t)days};
    return OK;
}

static enum err cast_to_text(const struct type *from, const struct value *value,
                             struct arena *arena, struct str *ret_text)
{
    struct buf buf = {0};
    switch (from->kind) {
    case TYPE_BOOLEAN:
        *ret_text = value->boolean ? STR("true") : STR("false");
        return OK;
    case TYPE_INTEGER:
        *ret_text = arena_printf(arena, "%d", value->integer);
        return OK;
    case TYPE_BIGINT:
        *ret_text = arena_printf(arena, "%lld", (long long)value->bigint);
        return OK;
    case TYPE_DECIMAL:
        *ret_text = decimal_format(value->decimal, from->scale, arena);
        return OK;
    case TYPE_TIME:
        *ret_text = time_text(value->integer, arena);
        return OK;
    case TYPE_DATE:
        *ret_text = date_format_iso(value->integer, arena);
        return OK;
    case TYPE_TIMESTAMP:
        *ret_text = timestamp_format_iso(value->bigint, arena);
        return OK;
    case TYPE_DOUBLE:
        json_write_double(&buf, value->number);
        break;
    default:
        value_write_json(from, value, &buf);
        break;
    }
    *ret_text = arena_str(arena, buf_str(&buf));
    buf_release(&buf);
    return OK;
}

/* As java.time.LocalTime writes itself: "10:15", "10:15:30", "10:15:30.007". */
static struct str time_text(int32_t time_ms, struct arena *arena)
{
    const int seconds = time_ms / 1000 % 60, rest = time_ms % 1000;
    const int hours = time_ms / 3600000, minutes = time_ms / 60000 % 60;
    if (rest != 0)
        return arena_printf(arena, "%02d:%02d:%02d.%03d", hours, minutes, seconds, rest);
    if (seconds != 0)
        return arena_printf(arena, "%02d:%02d:%02d", hours, minutes, seconds);
    return arena_printf(arena, "%02d:%02d", hours, minutes);
}

/* Item by item; fields by name, NULL where there is none. */
static enum err cast_nested(const struct type *from, const struct type *to,
                            const struct value *value, struct arena *arena, struct value *ret_value)
{
    const uint32_t stride = to->kind == TYPE_MAP ? 2 : 1;
    const uint32_t count = to->kind == TYPE_STRUCT ? to->field_count : value->list.count;
    struct value *items = ARENA_ARRAY(arena, struct value, (size_t)count * stride);
    for (size_t i = 0; i < (size_t)count * stride; i++) {
        const bool is_key = stride == 2 && i % 2 == 0;
        const struct type *item_from = is_key ? from->key : from->item;
        const struct type *item_to = is_key ? to->key : to->item;
        size_t at = i;
        if (to->kind == TYPE_STRUCT) {
            at = 0;
            while (at < from->field_count && !str_equal(from->fields[at].name, to->fields[i].name))
                at++;
            items[i] = VALUE_NULL;
            if (at == from->field_count)
                continue;
            item_from = from->fields[at].type;
            item_to = to->fields[i].type;
        }
        const enum err err =
            cast_value(item_from, item_to, &value->list.items[at], arena, &items[i]);
        if (err != OK)
            return err;
    }
    *ret_value = (struct value){.list = {.items = items, .count = count}};
    return OK;
}

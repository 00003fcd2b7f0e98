/* case_compare.c -- whether a record is what a case expects, by the rule of ksqlDB's own tool.
 *
 * Names stand as they are or in upper case; a null is expected where there is none or no member;
 * numbers are compared by value; only a DECIMAL may be given as text, with all of its digits. */
#include "cli/case_world.h"

static bool object_equal(const struct type *type, const struct json_node *actual,
                         const struct json_node *expected);
static bool array_equal(const struct type *type, const struct json_node *actual,
                        const struct json_node *expected);
static bool decimals_equal(struct str a, struct str b);
static uint32_t child_count(const struct json_node *node);
static const struct json_node *member_named(const struct json_node *object, struct str name);
static const struct type *member_type(const struct type *type, struct str name);
static const struct type *side_type(const struct row_type *row_type, bool is_key, struct str name,
                                    uint32_t *ret_count);

bool case_value_equal(const struct type *type, const struct json_node *actual,
                      const struct json_node *expected)
{
    const bool is_null = !actual || actual->kind == JSON_NULL;
    if (is_null || expected->kind == JSON_NULL)
        return is_null && expected->kind == JSON_NULL;
    if (actual->kind != expected->kind)
        return type && type->kind == TYPE_DECIMAL && actual->kind == JSON_NUMBER &&
               expected->kind == JSON_STRING && decimals_equal(actual->text, expected->text);
    switch (actual->kind) {
    case JSON_OBJECT_BEGIN:
        return object_equal(type, actual, expected);
    case JSON_ARRAY_BEGIN:
        return array_equal(type, actual, expected);
    case JSON_STRING:
        return str_equal(actual->text, expected->text);
    case JSON_NUMBER:
        return json_numbers_equal(actual->text, expected->text);
    default:
        return true;
    }
}

bool case_side_equal(const struct row_type *row_type, bool is_key, const struct json_node *actual,
                     const struct json_node *expected)
{
    uint32_t count = 0;
    const struct type *only = row_type ? side_type(row_type, is_key, STR(""), &count) : NULL;
    if (count <= 1 && case_value_equal(only, actual, expected))
        return true;
    if (actual->kind != JSON_OBJECT_BEGIN || expected->kind != JSON_OBJECT_BEGIN ||
        child_count(actual) != child_count(expected))
        return case_value_equal(NULL, actual, expected);
    for (const struct json_node *at = expected->child; at; at = at->next) {
        const struct type *type = row_type ? side_type(row_type, is_key, at->name, &count) : NULL;
        if (!case_value_equal(type, member_named(actual, at->name), at))
            return false;
    }
    return true;
}

static bool object_equal(const struct type *type, const struct json_node *actual,
                         const struct json_node *expected)
{
    if (child_count(actual) != child_count(expected))
        return false;
    for (const struct json_node *at = expected->child; at; at = at->next)
        if (!case_value_equal(member_type(type, at->name), member_named(actual, at->name), at))
            return false;
    return true;
}

static bool array_equal(const struct type *type, const struct json_node *actual,
                        const struct json_node *expected)
{
    const struct type *item = type && type->kind == TYPE_ARRAY ? type->item : NULL;
    const struct json_node *x = actual->child;
    const struct json_node *y = expected->child;
    for (; x && y; x = x->next, y = y->next)
        if (!case_value_equal(item, x, y))
            return false;
    return !x && !y;
}

static uint32_t scale_of(struct str number)
{
    const size_t point = str_index(number, '.');
    return point < number.size ? (uint32_t)(number.size - point - 1) : 0;
}

/* The same number with as many digits after the point. */
static bool decimals_equal(struct str a, struct str b)
{
    const uint32_t scale = scale_of(a);
    decimal x;
    decimal y;
    return scale == scale_of(b) && scale <= DECIMAL_PRECISION_MAX &&
           decimal_parse(a, DECIMAL_PRECISION_MAX, (uint8_t)scale, &x) == OK &&
           decimal_parse(b, DECIMAL_PRECISION_MAX, (uint8_t)scale, &y) == OK && x == y;
}

static uint32_t child_count(const struct json_node *node)
{
    uint32_t count = 0;
    for (const struct json_node *at = node->child; at; at = at->next)
        count++;
    return count;
}

static bool is_upper_of(struct str upper, struct str name)
{
    if (!str_equal_nocase(upper, name))
        return false;
    for (size_t i = 0; i < upper.size; i++)
        if (upper.data[i] >= 'a' && upper.data[i] <= 'z')
            return false;
    return true;
}

static const struct json_node *member_named(const struct json_node *object, struct str name)
{
    const struct json_node *found = NULL;
    for (const struct json_node *at = object->child; at; at = at->next) {
        if (str_equal(at->name, name) && at->kind != JSON_NULL)
            return at;
        if (is_upper_of(at->name, name))
            found = at;
    }
    return found;
}

static const struct type *member_type(const struct type *type, struct str name)
{
    if (!type || type->kind == TYPE_MAP)
        return type ? type->item : NULL;
    for (uint32_t i = 0; type->kind == TYPE_STRUCT && i < type->field_count; i++)
        if (str_equal_nocase(type->fields[i].name, name))
            return type->fields[i].type;
    return NULL;
}

/* The type of the side's column of that name, or of its first; the number of its columns. */
static const struct type *side_type(const struct row_type *row_type, bool is_key, struct str name,
                                    uint32_t *ret_count)
{
    const struct type *found = NULL;
    *ret_count = 0;
    for (uint32_t i = 0; i < row_type->column_count; i++) {
        const struct row_column *column = &row_type->columns[i];
        if (column->role != (is_key ? COLUMN_KEY : COLUMN_VALUE))
            continue;
        if (!found && (name.size == 0 || str_equal_nocase(column->name, name)))
            found = column->type;
        (*ret_count)++;
    }
    return found;
}

/* json_tree.c -- builds and compares trees of JSON. */
#include "cli/json_tree.h"

static enum err read_value(struct json_reader *reader, enum json_token token, struct arena *arena,
                           struct json_node **ret_node);

static enum err read_children(struct json_reader *reader, struct json_node *parent,
                              struct arena *arena)
{
    const bool object = parent->kind == JSON_OBJECT_BEGIN;
    struct json_node **last = &parent->child;
    for (;;) {
        enum json_token token = json_next(reader);
        struct str name = {0};
        if (token == (object ? JSON_OBJECT_END : JSON_ARRAY_END))
            return OK;
        if (object) {
            if (token != JSON_NAME)
                return ERR_MALFORMED;
            name = reader->text;
            token = json_next(reader);
        }
        /* As deep as the reader allows: JSON_DEPTH_MAX. */
        const enum err err = read_value(reader, token, arena, last);
        if (err)
            return err;
        (*last)->name = name;
        last = &(*last)->next;
    }
}

static enum err read_value(struct json_reader *reader, enum json_token token, struct arena *arena,
                           struct json_node **ret_node)
{
    struct json_node *node = ARENA_NEW(arena, struct json_node);
    const char *begin = reader->token;
    node->kind = token;
    enum err err = OK;
    switch (token) {
    case JSON_OBJECT_BEGIN:
    case JSON_ARRAY_BEGIN:
        err = read_children(reader, node, arena);
        break;
    case JSON_STRING:
    case JSON_NUMBER:
        node->text = reader->text;
        break;
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NULL:
        break;
    default:
        return ERR_MALFORMED;
    }
    node->source = (struct str){begin, (size_t)(reader->at - begin)};
    *ret_node = node;
    return err;
}

enum err json_tree_parse(struct str text, struct arena *arena, struct json_node **ret_root)
{
    struct json_reader reader;
    struct json_node *root = NULL;
    json_reader_init(&reader, text, arena);
    const enum err err = read_value(&reader, json_next(&reader), arena, &root);
    if (err)
        return err;
    if (json_next(&reader) != JSON_END)
        return ERR_MALFORMED;
    *ret_root = root;
    return OK;
}

const struct json_node *json_member(const struct json_node *object, const char *name)
{
    if (!object || object->kind != JSON_OBJECT_BEGIN)
        return NULL;
    for (const struct json_node *at = object->child; at; at = at->next)
        if (str_equal(at->name, str_from(name)))
            return at;
    return NULL;
}

struct str json_member_text(const struct json_node *object, const char *name, struct str otherwise)
{
    const struct json_node *member = json_member(object, name);
    return member && member->kind == JSON_STRING ? member->text : otherwise;
}

bool json_numbers_equal(struct str a, struct str b)
{
    double x;
    double y;
    if (str_equal(a, b))
        return true;
    int64_t i;
    int64_t j;
    if (str_to_int64(a, &i) == OK && str_to_int64(b, &j) == OK)
        return i == j;
    return str_to_double(a, &x) == OK && str_to_double(b, &y) == OK && x == y;
}

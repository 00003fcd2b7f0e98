/* oracle.c -- random values made, written and described by libavro. */
#include "oracle.h"

#include "base/random.h"

#include <avro.h>

#define BODY_BYTES_MAX (1 << 20)
#define ITEMS_MAX 5

static void make(avro_value_t *value, struct random *random, FILE *words, int depth);
static void print(avro_value_t *value, FILE *words);

bool oracle_make(const char *schema, uint64_t seed, char **ret_body, size_t *ret_size,
                 char **ret_words)
{
    avro_schema_t parsed;
    if (avro_schema_from_json_length(schema, strlen(schema), &parsed))
        return false;
    avro_value_iface_t *class = avro_generic_class_from_schema(parsed);
    avro_value_t value;
    avro_generic_value_new(class, &value);
    size_t words_size;
    FILE *words = open_memstream(ret_words, &words_size);
    struct random random = {.state = seed};
    make(&value, &random, words, 0);
    fclose(words);
    char *body = malloc(BODY_BYTES_MAX);
    avro_writer_t writer = avro_writer_memory(body, BODY_BYTES_MAX);
    const bool fits = avro_value_write(writer, &value) == 0;
    *ret_size = (size_t)avro_writer_tell(writer);
    *ret_body = body;
    avro_writer_free(writer);
    avro_value_decref(&value);
    avro_value_iface_decref(class);
    avro_schema_decref(parsed);
    return fits;
}

bool oracle_resolve(const char *writer, const char *reader, const char *body, size_t size,
                    char **ret_words)
{
    avro_schema_t schemas[2];
    if (avro_schema_from_json_length(writer, strlen(writer), &schemas[0]) ||
        avro_schema_from_json_length(reader, strlen(reader), &schemas[1]))
        return false;
    avro_value_iface_t *class = avro_generic_class_from_schema(schemas[1]);
    avro_value_iface_t *resolver = avro_resolved_writer_new(schemas[0], schemas[1]);
    bool reads = resolver != NULL;
    if (reads) {
        avro_value_t value, resolved;
        size_t words_size;
        avro_generic_value_new(class, &value);
        avro_resolved_writer_new_value(resolver, &resolved);
        avro_resolved_writer_set_dest(&resolved, &value);
        avro_reader_t bytes = avro_reader_memory(body, (int64_t)size);
        reads = avro_value_read(bytes, &resolved) == 0;
        FILE *words = open_memstream(ret_words, &words_size);
        if (reads)
            print(&value, words);
        fclose(words);
        avro_reader_free(bytes);
        avro_value_decref(&resolved);
        avro_value_decref(&value);
        avro_value_iface_decref(resolver);
    }
    avro_value_iface_decref(class);
    avro_schema_decref(schemas[0]);
    avro_schema_decref(schemas[1]);
    return reads;
}

static void print_bytes(const void *bytes, size_t size, FILE *words)
{
    fputc('x', words);
    for (size_t i = 0; i < size; i++)
        fprintf(words, "%02x", ((const uint8_t *)bytes)[i]);
}

/* Well-formed UTF-8 of up to 24 characters, all lengths of them. */
static size_t make_text(struct random *random, char *text)
{
    static const char *const characters[] = {
        "a", "Z", " ", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x8d\x94"};
    const uint64_t count = random_below(random, 25);
    const uint64_t kinds = random_below(random, 3) ? 3 : 6;
    size_t size = 0;
    for (uint64_t i = 0; i < count; i++) {
        const char *character = characters[random_below(random, kinds)];
        memcpy(text + size, character, strlen(character));
        size += strlen(character);
    }
    text[size] = '\0';
    return size;
}

static int64_t make_number(struct random *random)
{
    return (int64_t)(random_next(random) >> random_below(random, 64)) *
           (random_below(random, 2) ? -1 : 1);
}

static void make_bytes(avro_value_t *value, struct random *random, FILE *words, avro_type_t type)
{
    char bytes[128];
    size_t size = random_below(random, 20);
    if (type == AVRO_FIXED)
        size = (size_t)avro_schema_fixed_size(avro_value_get_schema(value));
    for (size_t i = 0; i < size; i++)
        bytes[i] = (char)random_next(random);
    if (type == AVRO_STRING) {
        size = make_text(random, bytes);
        avro_value_set_string_len(value, bytes, size + 1);
    } else if (type == AVRO_BYTES) {
        avro_value_set_bytes(value, bytes, size);
    } else {
        avro_value_set_fixed(value, bytes, size);
    }
    print_bytes(bytes, size, words);
}

static void make_scalar(avro_value_t *value, struct random *random, FILE *words, avro_type_t type)
{
    const int64_t number = make_number(random);
    switch (type) {
    case AVRO_NULL:
        avro_value_set_null(value);
        fputc('N', words);
        return;
    case AVRO_BOOLEAN:
        avro_value_set_boolean(value, number & 1);
        fputc(number & 1 ? 'T' : 'F', words);
        return;
    case AVRO_INT32:
        avro_value_set_int(value, (int32_t)number);
        fprintf(words, "%d", (int32_t)number);
        return;
    case AVRO_INT64:
        avro_value_set_long(value, number);
        fprintf(words, "%lld", (long long)number);
        return;
    case AVRO_FLOAT:
        avro_value_set_float(value, (float)number / 3);
        fprintf(words, "%a", (double)((float)number / 3));
        return;
    default:
        avro_value_set_double(value, (double)number / 3);
        fprintf(words, "%a", (double)number / 3);
    }
}

static void make_list(avro_value_t *value, struct random *random, FILE *words, int depth, bool map)
{
    const uint64_t count = depth > 4 ? 0 : random_below(random, ITEMS_MAX);
    fputc(map ? '{' : '[', words);
    for (uint64_t i = 0; i < count; i++) {
        avro_value_t item;
        char key[32];
        snprintf(key, sizeof(key), "key-%d", (int)i);
        if (i > 0)
            fputc(',', words);
        if (map) {
            avro_value_add(value, key, &item, NULL, NULL);
            print_bytes(key, strlen(key), words);
            fputc('=', words);
        } else {
            avro_value_append(value, &item, NULL);
        }
        make(&item, random, words, depth + 1);
    }
    fputc(map ? '}' : ']', words);
}

static void make_record(avro_value_t *value, struct random *random, FILE *words, int depth)
{
    size_t count = 0;
    avro_value_get_size(value, &count);
    fputc('(', words);
    for (size_t i = 0; i < count; i++) {
        avro_value_t field;
        avro_value_get_by_index(value, i, &field, NULL);
        if (i > 0)
            fputc(',', words);
        make(&field, random, words, depth + 1);
    }
    fputc(')', words);
}

static void make(avro_value_t *value, struct random *random, FILE *words, int depth)
{
    const avro_type_t type = avro_value_get_type(value);
    avro_schema_t schema = avro_value_get_schema(value);
    avro_value_t branch;
    int index;
    switch (type) {
    case AVRO_STRING:
    case AVRO_BYTES:
    case AVRO_FIXED:
        make_bytes(value, random, words, type);
        return;
    case AVRO_ENUM:
        index = (int)random_below(random, (uint64_t)avro_schema_enum_number_of_symbols(schema));
        avro_value_set_enum(value, index);
        print_bytes(avro_schema_enum_get(schema, index),
                    strlen(avro_schema_enum_get(schema, index)), words);
        return;
    case AVRO_ARRAY:
    case AVRO_MAP:
        make_list(value, random, words, depth, type == AVRO_MAP);
        return;
    case AVRO_RECORD:
        make_record(value, random, words, depth);
        return;
    case AVRO_UNION:
        index = (int)random_below(random, avro_schema_union_size(schema));
        avro_value_set_branch(value, index, &branch);
        make(&branch, random, words, depth + 1);
        return;
    default:
        make_scalar(value, random, words, type);
    }
}

static void print_list(avro_value_t *value, FILE *words, const char *brackets, bool keys)
{
    size_t count = 0;
    avro_value_get_size(value, &count);
    fputc(brackets[0], words);
    for (size_t i = 0; i < count; i++) {
        avro_value_t item;
        const char *key = NULL;
        avro_value_get_by_index(value, i, &item, &key);
        if (i > 0)
            fputc(',', words);
        if (keys) {
            print_bytes(key, strlen(key), words);
            fputc('=', words);
        }
        print(&item, words);
    }
    fputc(brackets[1], words);
}

static void print_text(avro_value_t *value, FILE *words, avro_type_t type)
{
    const void *bytes = NULL;
    const char *text = NULL;
    size_t size = 0;
    int index = 0;
    if (type == AVRO_STRING) {
        avro_value_get_string(value, &text, &size);
        print_bytes(text, size - 1, words);
    } else if (type == AVRO_ENUM) {
        avro_value_get_enum(value, &index);
        text = avro_schema_enum_get(avro_value_get_schema(value), index);
        print_bytes(text, strlen(text), words);
    } else if (type == AVRO_BYTES) {
        avro_value_get_bytes(value, &bytes, &size);
        print_bytes(bytes, size, words);
    } else {
        avro_value_get_fixed(value, &bytes, &size);
        print_bytes(bytes, size, words);
    }
}

static void print_number(avro_value_t *value, FILE *words, avro_type_t type)
{
    int boolean = 0;
    int32_t integer = 0;
    int64_t bigint = 0;
    float single = 0;
    double number = 0;
    if (type == AVRO_BOOLEAN) {
        avro_value_get_boolean(value, &boolean);
        fputc(boolean ? 'T' : 'F', words);
    } else if (type == AVRO_INT32) {
        avro_value_get_int(value, &integer);
        fprintf(words, "%d", integer);
    } else if (type == AVRO_INT64) {
        avro_value_get_long(value, &bigint);
        fprintf(words, "%lld", (long long)bigint);
    } else if (type == AVRO_FLOAT) {
        avro_value_get_float(value, &single);
        fprintf(words, "%a", (double)single);
    } else {
        avro_value_get_double(value, &number);
        fprintf(words, "%a", number);
    }
}

static void print(avro_value_t *value, FILE *words)
{
    const avro_type_t type = avro_value_get_type(value);
    avro_value_t branch;
    switch (type) {
    case AVRO_NULL:
        fputc('N', words);
        return;
    case AVRO_STRING:
    case AVRO_BYTES:
    case AVRO_FIXED:
    case AVRO_ENUM:
        print_text(value, words, type);
        return;
    case AVRO_ARRAY:
        print_list(value, words, "[]", false);
        return;
    case AVRO_MAP:
        print_list(value, words, "{}", true);
        return;
    case AVRO_RECORD:
        print_list(value, words, "()", false);
        return;
    case AVRO_UNION:
        avro_value_get_current_branch(value, &branch);
        print(&branch, words);
        return;
    default:
        print_number(value, words, type);
    }
}

/* base_json.c -- the JSON reader on any bytes; what it reads is written and read again. */
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void string_goes_round(struct str text, struct arena *arena)
{
    struct buf buf = {0};
    json_write_string(&buf, text);
    struct json_reader reader;
    json_reader_init(&reader, buf_str(&buf), arena);
    must(json_next(&reader) == JSON_STRING);
    must(str_equal(reader.text, text));
    must(json_next(&reader) == JSON_END);
    buf_release(&buf);
}

static void number_goes_round(struct str text)
{
    double value = 0;
    must(str_to_double(text, &value) == OK);
    struct buf buf = {0};
    json_write_double(&buf, value);
    double back = 0;
    must(str_to_double(buf_str(&buf), &back) == OK);
    must(back == value);
    buf_release(&buf);
}

/* Walking and skipping agree on what is JSON. */
static void skipping_agrees(struct str input, bool is_json, struct arena *arena)
{
    struct json_reader reader;
    json_reader_init(&reader, input, arena);
    struct str source = {0};
    const enum err err = json_skip(&reader, json_next(&reader), &source);
    must((err == OK && json_next(&reader) == JSON_END) == is_json);
    if (err == OK)
        must(source.size <= input.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str input = {(const char *)data, size};
    struct arena arena;
    arena_init(&arena, 0);
    struct json_reader reader;
    json_reader_init(&reader, input, &arena);
    enum json_token token;
    size_t count = 0;
    while ((token = json_next(&reader)) != JSON_END && token != JSON_ERROR) {
        must(++count <= size);
        if (token == JSON_STRING || token == JSON_NAME)
            string_goes_round(reader.text, &arena);
        else if (token == JSON_NUMBER)
            number_goes_round(reader.text);
    }
    if (token == JSON_ERROR)
        must(reader.error_offset <= size);
    skipping_agrees(input, token == JSON_END, &arena);
    arena_release(&arena);
    return 0;
}

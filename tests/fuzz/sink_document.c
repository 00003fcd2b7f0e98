/* sink_document.c -- _ids and documents as text, on any bytes: there and back, merged, extended. */
#include "base/json.h"
#include "sink/document_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_json(struct str text, struct arena *arena, enum json_token *ret_first)
{
    struct json_reader reader;
    json_reader_init(&reader, text, arena);
    enum json_token token = json_next(&reader);
    *ret_first = token;
    while (token != JSON_END && token != JSON_ERROR)
        token = json_next(&reader);
    return token == JSON_END && *ret_first != JSON_END;
}

/* Two texts are one _id only if they are the same text, or the same string. */
static void check_id(struct str json, struct arena *arena)
{
    struct buf plain = {0};
    struct buf back = {0};
    struct buf again = {0};
    enum json_token first;
    const enum err err = id_to_plain(json, arena, &plain);
    must((err == OK) == is_json(json, arena, &first));
    if (err == OK) {
        id_from_plain(buf_str(&plain), arena, &back);
        must(is_json(buf_str(&back), arena, &first));
        must(id_to_plain(buf_str(&back), arena, &again) == OK);
        must(str_equal(buf_str(&plain), buf_str(&again)));
    }
    buf_release(&plain);
    buf_release(&back);
    buf_release(&again);
}

static void check_merge(struct str old, struct str changes, struct arena *arena)
{
    struct buf merged = {0};
    struct buf again = {0};
    enum json_token first;
    const enum err err = document_merge(old, changes, arena, &merged);
    must(err == OK || err == ERR_MALFORMED);
    if (err == OK) {
        must(is_json(buf_str(&merged), arena, &first));
        must(first == JSON_OBJECT_BEGIN);
        /* Setting the same once more changes nothing. */
        must(document_merge(buf_str(&merged), changes, arena, &again) == OK);
        must(str_equal(buf_str(&merged), buf_str(&again)));
        buf_clear(&again);
        document_extend(buf_str(&merged), STR("\"_new\":1"), &again);
        must(is_json(buf_str(&again), arena, &first));
    } else {
        must(merged.size == 0);
    }
    buf_release(&merged);
    buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str input = {size ? (const char *)data : "", size};
    const size_t split = str_index(input, '\0');
    struct arena arena;
    arena_init(&arena, 0);
    check_id(input, &arena);
    if (split < size)
        check_merge((struct str){input.data, split},
                    (struct str){input.data + split + 1, size - split - 1}, &arena);
    arena_release(&arena);
    return 0;
}

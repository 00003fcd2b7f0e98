/* body.h -- short words for bodies of functions. */
#ifndef FUNCTIONS_BODY_H
#define FUNCTIONS_BODY_H

#include "functions/function.h"

#define TEXT_BYTES_MAX (16 << 20) /* what one call may make */

static inline struct value value_boolean(bool boolean)
{
    return (struct value){.boolean = boolean};
}

static inline struct value value_integer(int32_t integer)
{
    return (struct value){.integer = integer};
}

static inline struct value value_bigint(int64_t bigint)
{
    return (struct value){.bigint = bigint};
}

static inline struct value value_number(double number)
{
    return (struct value){.number = number};
}

static inline struct value value_text(struct str text)
{
    return (struct value){.text = text};
}

static inline struct value value_list(struct value *items, uint32_t count)
{
    return (struct value){.list = {.items = items, .count = count}};
}

/* The buffer's bytes in the arena; releases it. */
static inline struct str text_take(struct buf *buf, struct arena *arena)
{
    const struct str text = arena_str(arena, buf_str(buf));
    buf_release(buf);
    return text;
}

/* `haystack` from `from` on: the index of the first `needle`, or haystack.size. */
size_t text_find(struct str haystack, struct str needle, size_t from);
/* Characters: code points; bytes that are no UTF-8 count as one each. */
size_t text_length(struct str text);
/* The byte index of character `index`, text.size when there are not so many. */
size_t text_index_of(struct str text, size_t index);
/* "hex", "utf8", "ascii", "base64": ERR_INVALID. */
enum err text_decode(struct str text, struct str encoding, struct arena *arena,
                     struct str *ret_bytes);
enum err text_encode(struct str bytes, struct str encoding, struct arena *arena,
                     struct str *ret_text);

#define ENTRY(entry_name, entry_doc, array)                                                        \
    {                                                                                              \
        .name = entry_name, .kind = FUNCTION_SCALAR, .doc = entry_doc, FUNCTION_OVERLOADS(array)   \
    }
#define BODY(text, body)                                                                           \
    {                                                                                              \
        .signature = text, .value = body                                                           \
    }
#define BODY_FLAGS(text, body, of_flags)                                                           \
    {                                                                                              \
        .signature = text, .value = body, .flags = of_flags                                        \
    }

#endif

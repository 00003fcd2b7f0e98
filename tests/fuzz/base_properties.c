/* base_properties.c -- properties text on any bytes parses twice alike or is refused. */
#include "base/properties.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str text = {(const char *)data, size};
    struct arena arena;
    arena_init(&arena, 0);
    struct properties properties;
    properties_init(&properties, &arena);
    struct why why = {0};
    const enum err err = properties_parse(&properties, text, &why);
    must(err == OK || err == ERR_INVALID);
    must((err == OK) == (why.text[0] == '\0'));
    const size_t count = properties.count;
    must(count <= size);
    for (size_t i = 0; i < count; i++) {
        const struct property *property = &properties.items[i];
        must(property->line >= 1);
        must(str_is_utf8(property->name));
        must(properties_get(&properties, property->name) == &property->value);
    }
    must(properties_parse(&properties, text, NULL) == err);
    must(properties.count == count);
    arena_release(&arena);
    return 0;
}

/* avro_compatible.c -- two schemas, split by a byte 0: the check and the resolver must agree. */
#include "avro/avro.h"
#include "base/arena.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What one may read of the other. */
static enum err can_read(const struct avro_schema *reader, const struct avro_schema *writer)
{
    struct why why = {0};
    const enum err err = avro_can_read(reader, writer, &why);
    must(err == OK || err == ERR_INCOMPATIBLE || err == ERR_LIMIT);
    must((err == OK) == (why.text[0] == '\0'));
    must(avro_can_read(reader, writer, NULL) == err);
    return err;
}

/* A decoder for all the reader's root has, if that has a SQL type. */
static void resolve(const struct avro_schema *reader, const struct avro_schema *writer,
                    bool compatible)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct type *type = avro_sql_type(reader->root, false, &arena);
    const struct avro_target target = {.name = STR("a"), .type = type};
    const struct avro_decoder *decoder;
    if (type) {
        const enum err err =
            avro_decoder_new(&arena, writer, reader, &target, 1, true, &decoder, NULL);
        must(err == OK || err == ERR_INCOMPATIBLE || err == ERR_LIMIT);
        must(err != OK || compatible);
    }
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str input = {(const char *)data, size};
    const size_t split = str_index(input, '\0');
    struct avro_schema *first, *second;
    if (split == size || avro_schema_parse((struct str){input.data, split}, &first, NULL))
        return 0;
    const struct str rest = {input.data + split + 1, size - split - 1};
    if (avro_schema_parse(rest, &second, NULL) == OK) {
        resolve(first, second, can_read(first, second) != ERR_INCOMPATIBLE);
        resolve(second, first, can_read(second, first) != ERR_INCOMPATIBLE);
        avro_schema_free(second);
    }
    /* A field whose alias is another field's name meets two of them, and may read neither: so it is
     * in Java too (SchemaCompatibility). Every other schema reads what it wrote. */
    const bool has_aliases = memmem(data, split, "aliases", strlen("aliases")) != NULL;
    must(has_aliases || can_read(first, first) != ERR_INCOMPATIBLE);
    avro_schema_free(first);
    return 0;
}

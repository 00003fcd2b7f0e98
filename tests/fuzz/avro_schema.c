/* avro_schema.c -- fuzzes schema text: what parses must parse again from its own forms. */
#include "avro/avro.h"
#include "base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Its canonical form and its identity are schemas that have the same forms. */
static void check_forms(const struct avro_schema *schema)
{
    struct buf canonical = {0}, identity = {0}, again = {0};
    struct avro_schema *other;
    avro_schema_canonical(schema, &canonical);
    avro_schema_identity(schema, &identity);
    /* Full names can make the text longer than a schema may be. */
    if (identity.size > AVRO_SCHEMA_BYTES_MAX)
        goto out;
    must(avro_schema_parse(buf_str(&identity), &other, NULL) == OK);
    avro_schema_canonical(other, &again);
    must(str_equal(buf_str(&canonical), buf_str(&again)));
    must(avro_schema_fingerprint(schema) == avro_schema_fingerprint(other));
    buf_clear(&again);
    avro_schema_identity(other, &again);
    must(str_equal(buf_str(&identity), buf_str(&again)));
    const enum err err = avro_can_read(other, schema, NULL);
    must(err == OK || err == ERR_LIMIT);
    avro_schema_free(other);
out:
    buf_release(&canonical);
    buf_release(&identity);
    buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct avro_schema *schema;
    struct why why;
    const enum err err = avro_schema_parse((struct str){(const char *)data, size}, &schema, &why);
    if (err) {
        must(err == ERR_INVALID || err == ERR_LIMIT);
        must(why.text[0] != '\0');
        return 0;
    }
    check_forms(schema);
    struct arena arena;
    arena_init(&arena, 0);
    const struct type *type = avro_sql_type(schema->root, true, &arena);
    const struct avro_target target = {.name = STR("a"), .type = type};
    const struct avro_decoder *decoder;
    const struct avro_encoder *encoder;
    if (type) {
        const enum err decodes =
            avro_decoder_new(&arena, schema, schema, &target, 1, true, &decoder, NULL);
        const enum err encodes = avro_encoder_new(&arena, schema, &target, 1, true, &encoder, NULL);
        must(decodes == OK || decodes == ERR_LIMIT || decodes == ERR_INCOMPATIBLE);
        must(encodes == OK || encodes == ERR_LIMIT || encodes == ERR_INCOMPATIBLE);
    }
    arena_release(&arena);
    avro_schema_free(schema);
    return 0;
}

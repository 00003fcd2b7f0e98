/* format_avro.c -- AVRO: byte 0, the schema's id as 4 bytes big-endian, the Avro body.
 *
 * The reader keeps a compiled decoder a writer schema, in order of id; mostly the id is the one of
 * the record before. The writer registers its schema once, when it is made. */
#include "avro/avro.h"
#include "format/side.h"

/* Writer schemas a reader keeps; beyond them it starts again from none. */
#define SCHEMAS_MAX 256

#define VALUE_FULL_NAME "io.confluent.ksql.avro_schemas.KsqlDataSourceSchema"

/* What is known of one writer schema. */
struct known_schema {
    int32_t id;
    const struct avro_decoder *decoder; /* NULL: it cannot be read as the columns wanted */
    struct str reason;                  /* then, why not */
};

struct avro_reader {
    struct side_reader base;
    struct avro_target *targets;
    uint32_t target_count;
    struct arena arena; /* of what is known */
    struct known_schema known[SCHEMAS_MAX];
    uint32_t known_count;
    uint32_t last; /* index of the record before's; known_count: none */
};

struct avro_writer {
    struct side_writer base;
    const struct avro_encoder *encoder;
    uint8_t head[REGISTRY_HEAD_SIZE];
};

static enum err check_name(struct str name, struct why *why);
static enum err check_type(const struct type *type, struct why *why);
static struct str avro_name(struct str name, struct arena *arena);
static enum err head_read(struct str bytes, int32_t *ret_id, struct why *why);
static enum err known_find(struct avro_reader *reader, int32_t id, struct why *why);
static enum err known_add(struct avro_reader *reader, uint32_t place, int32_t id, struct why *why);
static enum err schema_register(const struct side *side, int32_t *ret_id, struct why *why);
static struct str key_full_name(struct str topic, struct arena *arena);

static enum err avro_check(const struct format_spec *spec, bool is_key,
                           const struct row_column *columns, uint32_t count, struct why *why)
{
    for (uint32_t i = 0; i < count; i++) {
        enum err err = check_name(columns[i].name, why);
        if (err == OK)
            err = check_type(columns[i].type, why);
        if (err) {
            why_prefix(why, "column `%.*s`", STR_ARGS(columns[i].name));
            return err;
        }
    }
    return OK;
}

static enum err avro_reader_new(const struct side *side, struct side_reader **ret_reader,
                                struct why *why)
{
    must(side->registry != NULL);
    struct avro_reader *reader = ARENA_NEW(side->arena, struct avro_reader);
    reader->base.side = side;
    reader->targets = ARENA_ARRAY(side->arena, struct avro_target, side->count);
    for (uint32_t i = 0; i < side->count; i++) {
        const struct side_column *column = &side->columns[i];
        if (column->column != SIDE_UNWANTED)
            reader->targets[reader->target_count++] =
                (struct avro_target){.name = avro_name(column->name, side->arena),
                                     .type = column->type,
                                     .column = column->column};
    }
    arena_init(&reader->arena, 0);
    *ret_reader = &reader->base;
    return OK;
}

static void avro_reader_free(struct side_reader *base)
{
    arena_release(&((struct avro_reader *)base)->arena);
}

static enum err avro_read(struct side_reader *base, struct str bytes, struct column *columns,
                          uint32_t row, struct arena *arena, bool *ret_is_null, struct why *why)
{
    struct avro_reader *reader = (struct avro_reader *)base;
    int32_t id = 0;
    enum err err = head_read(bytes, &id, why);
    if (err == OK && (reader->last == reader->known_count || reader->known[reader->last].id != id))
        err = known_find(reader, id, why);
    if (err)
        return err;
    const struct known_schema *known = &reader->known[reader->last];
    if (!known->decoder)
        return why_set(why, ERR_MALFORMED, "schema id %d cannot be read as these columns: %.*s", id,
                       STR_ARGS(known->reason));
    const struct str body = {bytes.data + REGISTRY_HEAD_SIZE, bytes.size - REGISTRY_HEAD_SIZE};
    err = avro_decode(known->decoder, body, columns, row, arena);
    if (err)
        return why_set(why, err, "%zu bytes are no Avro body of schema id %d: %s", body.size, id,
                       err_text(err));
    return OK;
}

static enum err avro_writer_new(const struct side *side, struct side_writer **ret_writer,
                                struct why *why)
{
    must(side->registry != NULL);
    struct avro_writer *writer = ARENA_NEW(side->arena, struct avro_writer);
    writer->base.side = side;
    int32_t id = side->spec->schema_id;
    if (id == 0) {
        const enum err err = schema_register(side, &id, why);
        if (err)
            return err;
    }
    const struct avro_schema *schema = NULL;
    enum err err = registry_by_id(side->registry, id, &schema, why);
    if (err)
        return err;
    struct avro_target *targets = ARENA_ARRAY(side->arena, struct avro_target, side->count);
    for (uint32_t i = 0; i < side->count; i++)
        targets[i] = (struct avro_target){.name = avro_name(side->columns[i].name, side->arena),
                                          .type = side->columns[i].type,
                                          .column = side->columns[i].column};
    err = avro_encoder_new(side->arena, schema, targets, side->count, side->whole, &writer->encoder,
                           why);
    if (err) {
        why_prefix(why, "the columns of '%.*s' do not fit schema id %d", STR_ARGS(side->topic), id);
        return err;
    }
    registry_head_put(writer->head, id);
    *ret_writer = &writer->base;
    return OK;
}

static enum err avro_write(struct side_writer *base, const struct column *columns, uint32_t row,
                           struct buf *buf, bool *ret_is_null)
{
    struct avro_writer *writer = (struct avro_writer *)base;
    buf_append(buf, writer->head, REGISTRY_HEAD_SIZE);
    return avro_encode(writer->encoder, columns, row, buf);
}

/* Avro names: [A-Za-z_][A-Za-z0-9_]*; a dot is written as an underscore. */
static enum err check_name(struct str name, struct why *why)
{
    for (size_t i = 0; i < name.size; i++) {
        const char byte = name.data[i];
        const bool is_letter =
            (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || byte == '_';
        const bool is_later = (byte >= '0' && byte <= '9') || byte == '.';
        if (!is_letter && !(is_later && i > 0))
            return why_set(why, ERR_INVALID,
                           "schema is not compatible with Avro: illegal %scharacter in '%.*s'",
                           i == 0 ? "initial " : "", STR_ARGS(name));
    }
    return OK;
}

/* Types are at most TYPE_DEPTH_MAX deep. */
static enum err check_type(const struct type *type, struct why *why)
{
    switch (type->kind) {
    case TYPE_MAP:
        if (type->key->kind != TYPE_STRING)
            return why_set(why, ERR_INVALID, "Avro only supports MAPs with STRING keys");
        return check_type(type->item, why);
    case TYPE_ARRAY:
        return check_type(type->item, why);
    case TYPE_STRUCT:
        for (uint32_t i = 0; i < type->field_count; i++) {
            enum err err = check_name(type->fields[i].name, why);
            if (err == OK)
                err = check_type(type->fields[i].type, why);
            if (err)
                return err;
        }
        return OK;
    default:
        return OK;
    }
}

static struct str avro_name(struct str name, struct arena *arena)
{
    char *copy = arena_copy(arena, name.data, name.size);
    for (size_t i = 0; i < name.size; i++)
        if (copy[i] == '.')
            copy[i] = '_';
    return (struct str){copy, name.size};
}

static enum err head_read(struct str bytes, int32_t *ret_id, struct why *why)
{
    if (bytes.size < REGISTRY_HEAD_SIZE)
        return why_set(why, ERR_MALFORMED,
                       "%zu bytes are no Avro record, which begins with a zero and a schema id",
                       bytes.size);
    if (!registry_head_get(bytes, ret_id))
        return why_set(why, ERR_MALFORMED, "unknown magic byte 0x%02x before the schema id",
                       (uint8_t)bytes.data[0]);
    return OK;
}

/* Sets reader->last to the schema's place, asking the registry when it is new. */
static enum err known_find(struct avro_reader *reader, int32_t id, struct why *why)
{
    uint32_t low = 0;
    uint32_t high = reader->known_count;
    while (low < high) {
        const uint32_t middle = (low + high) / 2;
        if (reader->known[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < reader->known_count && reader->known[low].id == id) {
        reader->last = low;
        return OK;
    }
    return known_add(reader, low, id, why);
}

static enum err known_add(struct avro_reader *reader, uint32_t place, int32_t id, struct why *why)
{
    const struct side *side = reader->base.side;
    const struct avro_schema *schema = NULL;
    if (id <= 0)
        return why_set(why, ERR_UNKNOWN_SCHEMA, "unknown schema id %d", id);
    enum err err = registry_by_id(side->registry, id, &schema, why);
    if (err == ERR_UNKNOWN_SCHEMA || err == ERR_NOT_FOUND)
        return why_set(why, ERR_UNKNOWN_SCHEMA, "unknown schema id %d", id);
    if (err)
        return err;
    if (reader->known_count == SCHEMAS_MAX) {
        arena_clear(&reader->arena);
        reader->known_count = 0;
        place = 0;
    }
    struct known_schema known = {.id = id};
    err = side->spec->checked && !side->whole
              ? avro_decoder_new_head(&reader->arena, schema, reader->targets, reader->target_count,
                                      &known.decoder, why)
              : avro_decoder_new(&reader->arena, schema, NULL, reader->targets,
                                 reader->target_count, side->whole, &known.decoder, why);
    if (err) {
        known.decoder = NULL;
        known.reason = arena_str(&reader->arena, str_from(why->text));
    }
    memmove(&reader->known[place + 1], &reader->known[place],
            (reader->known_count - place) * sizeof(known));
    reader->known[place] = known;
    reader->known_count++;
    reader->last = place;
    return OK;
}

/* The schema of the columns under <topic>-key or <topic>-value, as TopicNameStrategy names it. */
static enum err schema_register(const struct side *side, int32_t *ret_id, struct why *why)
{
    struct row_column *columns = ARENA_ARRAY(side->arena, struct row_column, side->count);
    for (uint32_t i = 0; i < side->count; i++)
        columns[i] = (struct row_column){.name = avro_name(side->columns[i].name, side->arena),
                                         .type = side->columns[i].type,
                                         .role = side->is_key ? COLUMN_KEY : COLUMN_VALUE};
    struct str full_name = side->spec->schema_full_name;
    if (full_name.size == 0)
        full_name = side->is_key ? key_full_name(side->topic, side->arena) : STR(VALUE_FULL_NAME);
    struct buf text = {0};
    avro_schema_of_columns(columns, side->count, full_name, side->whole, &text);
    const struct str subject =
        arena_printf(side->arena, "%.*s-%s", STR_ARGS(side->topic), side->is_key ? "key" : "value");
    const enum err err = registry_register(side->registry, subject, buf_str(&text), ret_id, why);
    if (err)
        why_prefix(why, "cannot register the schema of '%.*s'", STR_ARGS(subject));
    buf_release(&text);
    return err;
}

/* "ORDERS_BY_STORE" is io.confluent.ksql.avro_schemas.OrdersByStoreKey. */
static struct str key_full_name(struct str topic, struct arena *arena)
{
    struct buf buf = {0};
    buf_append_str(&buf, STR("io.confluent.ksql.avro_schemas."));
    bool is_first = true;
    for (size_t i = 0; i < topic.size; i++) {
        char byte = topic.data[i];
        const bool is_upper = byte >= 'A' && byte <= 'Z';
        const bool is_lower = byte >= 'a' && byte <= 'z';
        const bool is_digit = byte >= '0' && byte <= '9';
        if (is_upper && !is_first)
            byte = (char)(byte - 'A' + 'a');
        if (is_lower && is_first)
            byte = (char)(byte - 'a' + 'A');
        if (is_upper || is_lower || is_digit)
            buf_append_byte(&buf, (uint8_t)byte);
        is_first = !is_upper && !is_lower && !is_digit;
    }
    buf_append_str(&buf, STR("Key"));
    const struct str name = arena_str(arena, buf_str(&buf));
    buf_release(&buf);
    return name;
}

const struct format_ops format_avro = {
    .name = "AVRO",
    .check = avro_check,
    .reader_new = avro_reader_new,
    .read = avro_read,
    .reader_free = avro_reader_free,
    .writer_new = avro_writer_new,
    .write = avro_write,
};

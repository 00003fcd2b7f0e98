/* verify_source.c -- reads topics for verify and decodes their values. */
#include "generator/verify.h"

#include <math.h>

#define READ_BYTES (1 << 20)
#define PROGRESS_STRIDE 0.1

static enum err decoder_of(struct value_reader *reader, int32_t schema_id,
                           const struct avro_decoder **ret_decoder, struct why *why);
static void column_clear(struct column *column);

enum err source_walk(struct source *source, const char *name, record_handler on_record,
                     void *context, struct why *why)
{
    const struct picture_topic *topic = picture_find(&source->picture, str_from(name));
    if (!topic)
        return why_set(why, ERR_NOT_FOUND, "no topic '%s'", name);
    enum err err = OK;
    source->progress_told = -1;
    for (int32_t i = 0; i < topic->handle->partition_count && !err; i++) {
        source_tell(source, name, (double)i / topic->handle->partition_count);
        const int64_t to_offset = topic->is_compacted ? INT64_MAX : topic->partitions[i].end_offset;
        err = source_walk_range(source, topic->handle, i, 0, to_offset, on_record, context, why);
    }
    if (!err)
        source_tell(source, name, 1);
    return err;
}

/* Told at most every tenth. */
void source_tell(struct source *source, const char *place, double done)
{
    const struct verify_options *options = source->options;
    const double whole = source->progress_start + done * source->progress_share;
    if (!options->on_progress || (done < 1 && whole < source->progress_told + PROGRESS_STRIDE))
        return;
    if (done == 1 && whole < 1)
        return;
    source->progress_told = whole;
    options->on_progress(options->progress_context, place, whole);
}

enum err source_walk_range(struct source *source, struct log_topic *topic, int32_t partition,
                           int64_t from_offset, int64_t to_offset, record_handler on_record,
                           void *context, struct why *why)
{
    struct arena arena;
    struct log_topic_info info;
    int64_t offset = from_offset;
    if (offset >= to_offset)
        return OK;
    arena_init(&arena, 0);
    enum err err = log_describe(source->options->log, topic->name, &arena, &info, why);
    if (!err && offset < info.partitions[partition].begin_offset)
        offset = info.partitions[partition].begin_offset;
    arena_release(&arena);
    while (!err && offset < to_offset) {
        struct log_records *records = NULL;
        err = log_read(source->member, topic, partition, offset, READ_BYTES, &records, why);
        if (err)
            break;
        for (uint32_t i = 0; i < records->count && !err; i++)
            if (records->at[i].offset >= offset && records->at[i].offset < to_offset)
                err = on_record(context, partition, &records->at[i], why);
        const bool stuck = records->next_offset <= offset;
        offset = records->next_offset;
        log_records_release(records);
        if (stuck)
            break;
    }
    return err;
}

void value_reader_init(struct value_reader *reader, struct registry *registry,
                       const struct value_field *fields, uint32_t field_count)
{
    must(field_count <= VERIFY_FIELDS_MAX);
    *reader = (struct value_reader){.registry = registry, .field_count = field_count};
    arena_init(&reader->arena, 0);
    for (uint32_t i = 0; i < field_count; i++) {
        reader->targets[i] = (struct avro_target){
            .name = str_from(fields[i].name), .type = fields[i].type, .column = (uint16_t)i};
        column_init(&reader->columns[i], fields[i].type, 1, &reader->arena);
    }
}

void value_reader_release(struct value_reader *reader)
{
    arena_release(&reader->arena);
}

enum err value_read(struct value_reader *reader, struct str value, struct why *why)
{
    const struct avro_decoder *decoder;
    int32_t id;
    if (!registry_head_get(value, &id))
        return why_set(why, ERR_MALFORMED, "not an Avro value");
    enum err err = decoder_of(reader, id, &decoder, why);
    if (err)
        return err;
    for (uint32_t i = 0; i < reader->field_count; i++)
        column_clear(&reader->columns[i]);
    const struct str body = {value.data + REGISTRY_HEAD_SIZE, value.size - REGISTRY_HEAD_SIZE};
    err = avro_decode(decoder, body, reader->columns, 0, &reader->arena);
    return err ? why_set(why, err, "%s", err_text(err)) : OK;
}

struct str value_text(const struct value_reader *reader, uint32_t field)
{
    const struct column *column = &reader->columns[field];
    return column->nulls[0] ? (struct str){0} : column->strings[0];
}

double value_double(const struct value_reader *reader, uint32_t field)
{
    const struct column *column = &reader->columns[field];
    return column->nulls[0] ? NAN : column->doubles[0];
}

int64_t value_int64(const struct value_reader *reader, uint32_t field)
{
    const struct column *column = &reader->columns[field];
    return column->nulls[0] ? INT64_MIN : column->bigints[0];
}

static enum err decoder_of(struct value_reader *reader, int32_t schema_id,
                           const struct avro_decoder **ret_decoder, struct why *why)
{
    const uint32_t slots = sizeof(reader->decoders) / sizeof(*reader->decoders);
    for (uint32_t i = 0; i < reader->decoder_count; i++) {
        if (reader->decoders[i].schema_id == schema_id) {
            *ret_decoder = reader->decoders[i].decoder;
            return OK;
        }
    }
    const struct avro_schema *schema;
    if (reader->decoder_count == slots)
        return why_set(why, ERR_LIMIT, "more than %u schemas in one topic", slots);
    enum err err = registry_by_id(reader->registry, schema_id, &schema, why);
    if (!err)
        err = avro_decoder_new(&reader->arena, schema, NULL, reader->targets, reader->field_count,
                               false, ret_decoder, why);
    if (err)
        return err;
    reader->decoders[reader->decoder_count++] = (struct value_decoder){schema_id, *ret_decoder};
    return OK;
}

/* One row is read at a time: its items begin at the front again. */
static void column_clear(struct column *column)
{
    if (column->type->kind != TYPE_ARRAY)
        return;
    column->children[0].used = 0;
}

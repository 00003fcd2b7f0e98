/* side.c -- the columns of one side, and what simple formats share. */
#include "format/side.h"

void side_init(struct side *side, const struct record_format *format, bool is_key,
               const uint16_t *maps, struct registry *registry, struct arena *arena)
{
    const struct row_type *row_type = format->row_type;
    const enum column_role role = is_key ? COLUMN_KEY : COLUMN_VALUE;
    struct side_column *columns = ARENA_ARRAY(arena, struct side_column, row_type->column_count);
    uint32_t count = 0;
    for (uint32_t i = 0; i < row_type->column_count; i++) {
        const struct row_column *column = &row_type->columns[i];
        if (column->role == role)
            columns[count++] =
                (struct side_column){.name = column->name, .type = column->type, .column = maps[i]};
    }
    const struct format_spec *spec = is_key ? &format->key : &format->value;
    /* KAFKA and DELIMITED know no record around a single column. */
    const bool bare =
        is_key || spec->unwrapped || spec->kind == FORMAT_KAFKA || spec->kind == FORMAT_DELIMITED;
    *side = (struct side){
        .spec = spec,
        .ops = format_get_ops(spec->kind),
        .topic = format->topic,
        .is_key = is_key,
        .whole = bare && count == 1,
        .count = count,
        .columns = columns,
        .registry = registry,
        .arena = arena,
    };
}

enum err side_reader_plain(const struct side *side, struct side_reader **ret_reader,
                           struct why *why)
{
    struct side_reader *reader = ARENA_NEW(side->arena, struct side_reader);
    reader->side = side;
    *ret_reader = reader;
    return OK;
}

enum err side_writer_plain(const struct side *side, struct side_writer **ret_writer,
                           struct why *why)
{
    struct side_writer *writer = ARENA_NEW(side->arena, struct side_writer);
    writer->side = side;
    *ret_writer = writer;
    return OK;
}

void side_reader_keep(struct side_reader *reader)
{
    must(reader != NULL);
}

/* format_none.c -- NONE: a side without columns; whatever bytes are there mean nothing. */
#include "format/side.h"

static enum err none_check(const struct format_spec *spec, bool is_key,
                           const struct row_column *columns, uint32_t count, struct why *why)
{
    if (count == 0)
        return OK;
    return why_set(why, ERR_INVALID,
                   "the 'NONE' format can only be used when no columns are defined, but there is "
                   "`%.*s`",
                   STR_ARGS(columns[0].name));
}

static enum err none_read(struct side_reader *reader, struct str bytes, struct column *columns,
                          uint32_t row, struct arena *arena, bool *ret_is_null, struct why *why)
{
    *ret_is_null = true;
    return OK;
}

static enum err none_write(struct side_writer *writer, const struct column *columns, uint32_t row,
                           struct buf *buf, bool *ret_is_null)
{
    *ret_is_null = true;
    return OK;
}

const struct format_ops format_none = {
    .name = "NONE",
    .check = none_check,
    .reader_new = side_reader_plain,
    .read = none_read,
    .reader_free = side_reader_keep,
    .writer_new = side_writer_plain,
    .write = none_write,
};

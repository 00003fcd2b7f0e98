/* format_kept.c -- KEPT: one kept row, the values of internal topics. */
#include "format/side.h"

#include "data/kept.h"

struct kept_reader_state {
    struct side_reader base;
    bool all_wanted;
    uint16_t *indexes;         /* the batch's columns, in the side's order */
    const struct type **types; /* for the slow way, when some are not wanted */
};

struct kept_writer_state {
    struct side_writer base;
    uint16_t *indexes;
};

static enum err read_some(struct kept_reader_state *state, struct str bytes, struct column *columns,
                          uint32_t row, struct arena *arena);

static enum err kept_check(const struct format_spec *spec, bool is_key,
                           const struct row_column *columns, uint32_t count, struct why *why)
{
    return OK;
}

static enum err kept_reader_new(const struct side *side, struct side_reader **ret_reader,
                                struct why *why)
{
    struct kept_reader_state *state = ARENA_NEW(side->arena, struct kept_reader_state);
    state->base.side = side;
    state->all_wanted = true;
    state->indexes = ARENA_ARRAY(side->arena, uint16_t, side->count);
    state->types = ARENA_ARRAY(side->arena, const struct type *, side->count);
    for (uint32_t i = 0; i < side->count; i++) {
        state->indexes[i] = side->columns[i].column;
        state->types[i] = side->columns[i].type;
        state->all_wanted &= state->indexes[i] != SIDE_UNWANTED;
    }
    *ret_reader = &state->base;
    return OK;
}

static enum err kept_read_side(struct side_reader *reader, struct str bytes, struct column *columns,
                               uint32_t row, struct arena *arena, bool *ret_is_null,
                               struct why *why)
{
    struct kept_reader_state *state = (struct kept_reader_state *)reader;
    const enum err err = state->all_wanted ? kept_read(bytes, columns, state->indexes,
                                                       reader->side->count, row, arena)
                                           : read_some(state, bytes, columns, row, arena);
    if (err)
        return why_set(why, err, "%zu bytes are no kept row of the columns of '%.*s'", bytes.size,
                       STR_ARGS(reader->side->topic));
    return OK;
}

static enum err read_some(struct kept_reader_state *state, struct str bytes, struct column *columns,
                          uint32_t row, struct arena *arena)
{
    const uint32_t count = state->base.side->count;
    struct value *values = arena_alloc(arena, count * sizeof(*values));
    const enum err err = kept_read_values(bytes, state->types, count, values, arena);
    for (uint32_t i = 0; i < count && err == OK; i++)
        if (state->indexes[i] != SIDE_UNWANTED)
            column_set(&columns[state->indexes[i]], row, &values[i], arena);
    return err;
}

static enum err kept_writer_new(const struct side *side, struct side_writer **ret_writer,
                                struct why *why)
{
    struct kept_writer_state *state = ARENA_NEW(side->arena, struct kept_writer_state);
    state->base.side = side;
    state->indexes = ARENA_ARRAY(side->arena, uint16_t, side->count);
    for (uint32_t i = 0; i < side->count; i++)
        state->indexes[i] = side->columns[i].column;
    *ret_writer = &state->base;
    return OK;
}

static enum err kept_write(struct side_writer *writer, const struct column *columns, uint32_t row,
                           struct buf *buf, bool *ret_is_null)
{
    struct kept_writer_state *state = (struct kept_writer_state *)writer;
    kept_append(columns, state->indexes, writer->side->count, row, buf);
    return OK;
}

const struct format_ops format_kept = {
    .name = "KEPT",
    .check = kept_check,
    .reader_new = kept_reader_new,
    .read = kept_read_side,
    .reader_free = side_reader_keep,
    .writer_new = kept_writer_new,
    .write = kept_write,
};

/* verify_tables.c -- the latest row of each key of a counting table against its tally. */
#include "generator/verify_tallies.h"

#include <math.h>

struct table_walk {
    const struct picture *picture;
    struct tallies *tallies;
    bool is_behind; /* some query has not read all of its input */
    enum tally tally;
    struct report *report;
    struct value_reader reader;
};

static enum err note_record(void *context, int32_t partition, const struct record *record,
                            struct why *why);
static struct tally_row *row_of(struct table_walk *walk, struct str key);
static void compare_row(struct table_walk *walk, struct str key, struct tally_row *row);
static double wanted_value(const struct tally_shape *shape, const struct tally_row *row,
                           uint32_t field);

uint32_t tallies_count(void)
{
    return TALLY_COUNT;
}

const char *tallies_topic(uint32_t index)
{
    must(index < TALLY_COUNT);
    return tally_shapes[index].topic;
}

enum err tallies_compare(struct tallies *tallies, uint32_t index, struct source *source,
                         struct report *report, struct why *why)
{
    must(index < TALLY_COUNT);
    const struct tally_shape *shape = &tally_shapes[index];
    struct table_walk walk = {.picture = &source->picture,
                              .tallies = tallies,
                              .tally = (enum tally)index,
                              .report = report,
                              .is_behind = source->picture.unread_count > 0};
    struct value_field fields[TALLY_FIELDS_MAX];
    for (uint32_t i = 0; i < shape->field_count; i++)
        fields[i] = (struct value_field){shape->fields[i], &type_double};
    /* Counts come as int or long, which become doubles exactly as far as any count goes. */
    value_reader_init(&walk.reader, source->options->registry, fields, shape->field_count);
    const enum err err = source_walk(source, shape->topic, note_record, &walk, why);
    size_t cursor = 0;
    for (const struct map_entry *entry; !err && (entry = map_next(&tallies->rows[index], &cursor));)
        compare_row(&walk, entry->key, entry->value);
    value_reader_release(&walk.reader);
    return err;
}

static enum err note_record(void *context, int32_t partition, const struct record *record,
                            struct why *why)
{
    struct table_walk *walk = context;
    struct tally_row *row = row_of(walk, record->key);
    if (picture_is_newer(walk->picture, tally_shapes[walk->tally].topic, partition, record)) {
        row->has_moved = true;
        return OK;
    }
    row->is_found = record->value.data != NULL;
    if (!row->is_found)
        return OK;
    const enum err err = value_read(&walk->reader, record->value, why);
    if (err && err_reaction(err) == REACTION_RETRY)
        return err;
    row->is_unreadable = err != OK;
    for (uint32_t i = 0; i < walk->reader.field_count && !err; i++)
        row->found[i] = value_double(&walk->reader, i);
    return OK;
}

/* A key the truth does not know gets a row that wants nothing. */
static struct tally_row *row_of(struct table_walk *walk, struct str key)
{
    struct map *rows = &walk->tallies->rows[walk->tally];
    struct tally_row *row = map_get(rows, key);
    if (!row) {
        row = ARENA_NEW(&walk->tallies->arena, struct tally_row);
        map_set(rows, key, row);
    }
    return row;
}

static void compare_row(struct table_walk *walk, struct str key, struct tally_row *row)
{
    const struct tally_shape *shape = &tally_shapes[walk->tally];
    struct report *report = walk->report;
    const bool is_wanted = row->wanted[0] > 0;
    if (row->is_uncertain || row->has_moved)
        return;
    const struct str shown = report_key(report, key);
    report->place.expected += is_wanted;
    report->place.found += row->is_found;
    if (is_wanted && !row->is_found)
        report_add(report, walk->is_behind ? FINDING_PENDING : FINDING_LOST, 1, "key '%.*s'",
                   STR_ARGS(shown));
    else if (!is_wanted && row->is_found)
        report_add(report, FINDING_UNEXPECTED, 1, "key '%.*s'", STR_ARGS(shown));
    else if (row->is_found && row->is_unreadable)
        report_add(report, FINDING_WRONG, 1, "key '%.*s' cannot be read", STR_ARGS(shown));
    /* Who is behind has counted less, never more. */
    const bool is_pending = walk->is_behind && row->found[0] < row->wanted[0];
    for (uint32_t i = 0; i < shape->field_count && is_wanted && row->is_found; i++) {
        const double wanted = wanted_value(shape, row, i);
        if (row->is_unreadable || verify_equal(row->found[i], wanted))
            continue;
        report_add(report, is_pending ? FINDING_PENDING : FINDING_WRONG, 1,
                   "key '%.*s' has %s %.17g instead of %.17g", STR_ARGS(shown), shape->fields[i],
                   row->found[i], wanted);
        break;
    }
}

static double wanted_value(const struct tally_shape *shape, const struct tally_row *row,
                           uint32_t field)
{
    if (str_equal(str_from(shape->fields[field]), STR("AVERAGE_ORDER_VALUE")))
        return row->wanted[1] / row->wanted[0];
    return row->wanted[field];
}

/* letters.c -- reading dead letters.
 *
 * A sink's are keyed by sink and place: one written again after a crash has the key of the first.
 * How far letters were sent back is the position of a task named after the topic. */
#include "cli/letters.h"

#define READ_BYTES_MAX (256 << 10)

static enum err load_positions(struct letters *letters, struct why *why);
static bool read_letter(struct letters *letters, const struct record *record,
                        struct letter *ret_letter);

enum err letters_open(struct world *world, struct str topic, struct letters *letters,
                      struct why *why)
{
    const struct log_member_options options = {.name = STR("dlq"), .committed_only = true};
    *letters = (struct letters){.world = world, .partition = -1};
    arena_init(&letters->arena, 0);
    enum err err = log_topic_open(world->log, topic, &letters->topic);
    if (err)
        return why_set(why, err, "no topic '%.*s'", STR_ARGS(topic));
    letters->task = arena_printf(&letters->arena, "dlq/%.*s", STR_ARGS(topic));
    err = log_describe(world->log, topic, &letters->arena, &letters->info, why);
    if (err == OK)
        err = log_join(world->log, &options, &letters->member, why);
    if (err == OK)
        err = load_positions(letters, why);
    return err;
}

void letters_release(struct letters *letters)
{
    log_records_release(letters->records);
    log_leave(letters->member);
    map_release(&letters->seen);
    arena_release(&letters->arena);
}

enum err letters_next(struct letters *letters, struct letter *ret_letter, struct why *why)
{
    for (;;) {
        while (letters->records && letters->index < letters->records->count) {
            const struct record *record = &letters->records->at[letters->index++];
            if (read_letter(letters, record, ret_letter))
                return OK;
        }
        if (letters->records) {
            letters->offset = letters->records->next_offset;
            log_records_release(letters->records);
            letters->records = NULL;
        }
        while (letters->partition < 0 ||
               letters->offset >= letters->info.partitions[letters->partition].end_offset) {
            if (++letters->partition >= letters->topic->partition_count)
                return ERR_NOT_FOUND;
            letters->offset = letters->info.partitions[letters->partition].begin_offset;
        }
        const enum err err = log_read(letters->member, letters->topic, letters->partition,
                                      letters->offset, READ_BYTES_MAX, &letters->records, why);
        if (err)
            return err == ERR_NOT_FOUND ? ERR_CLOSED : err; /* the topic was removed meanwhile */
        letters->index = 0;
    }
}

bool letters_are_in(struct world *world, struct str topic)
{
    struct letters letters;
    struct letter letter;
    bool found = false;
    enum err err = letters_open(world, topic, &letters, NULL);
    for (int32_t p = 0; err == OK && !found && p < letters.topic->partition_count; p++) {
        struct log_records *records = NULL;
        letters.partition = p;
        err = log_read(letters.member, letters.topic, p, letters.info.partitions[p].begin_offset, 1,
                       &records, NULL);
        found = err == OK && records->count > 0 && read_letter(&letters, records->at, &letter);
        log_records_release(records);
    }
    letters_release(&letters);
    return found;
}

static enum err load_positions(struct letters *letters, struct why *why)
{
    struct log_task_state state;
    const int32_t count = letters->topic->partition_count;
    letters->positions = ARENA_ARRAY(&letters->arena, struct log_position, (size_t)count);
    for (int32_t p = 0; p < count; p++)
        letters->positions[p] = (struct log_position){.topic = letters->topic, .partition = p};
    const enum err err = log_load(letters->member, letters->task, &letters->arena, &state, why);
    for (uint32_t i = 0; err == OK && i < state.position_count; i++)
        if (state.positions[i].topic == letters->topic && state.positions[i].partition < count)
            letters->positions[state.positions[i].partition] = state.positions[i];
    return err;
}

/* False: no dead letter, or one that came before. */
static bool read_letter(struct letters *letters, const struct record *record,
                        struct letter *ret_letter)
{
    struct letter letter = {
        .record = record,
        .partition = letters->partition,
        .is_sent_back = record->offset < letters->positions[letters->partition].next_offset,
    };
    if (!dead_letter_read(record, &letter.says) ||
        (letter.says.is_sinks && map_set(&letters->seen, record->key, letters)))
        return false;
    *ret_letter = letter;
    return true;
}

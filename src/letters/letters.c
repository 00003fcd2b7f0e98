/* letters.c -- reading dead letters.
 *
 * A sink's are keyed by sink and place: one written again after a crash has the key of the first.
 */
#include "letters/letters.h"

#define READ_BYTES_MAX (256 << 10)

static enum err load_positions(struct letters *letters, struct why *why);
static bool read_letter(struct letters *letters, const struct record *record,
                        struct letter *ret_letter);

enum err letters_open(struct log *log, struct str topic, struct letters *letters, struct why *why)
{
    const struct log_member_options options = {.name = STR("dlq"), .committed_only = true};
    *letters = (struct letters){.log = log, .partition = -1};
    arena_init(&letters->arena, 0);
    enum err err = log_topic_open(log, topic, &letters->topic);
    if (err)
        return why_set(why, err, "no topic '%.*s'", STR_ARGS(topic));
    letters->task = arena_printf(&letters->arena, "dlq/%.*s", STR_ARGS(topic));
    err = log_describe(log, topic, &letters->arena, &letters->info, why);
    if (err == OK)
        err = log_join(log, &options, &letters->member, why);
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

enum err letters_find(struct letters *letters, int32_t partition, int64_t offset,
                      struct letter *ret_letter, struct why *why)
{
    must(letters->partition < 0);
    must(partition >= 0);
    if (partition >= letters->topic->partition_count ||
        offset < letters->info.partitions[partition].begin_offset ||
        offset >= letters->info.partitions[partition].end_offset)
        return why_set(why, ERR_NOT_FOUND, "no such dead letter");
    letters->partition = partition;
    letters->offset = offset;
    enum err err = letters_next(letters, ret_letter, why);
    if (err == ERR_NOT_FOUND ||
        (err == OK && (ret_letter->partition != partition || ret_letter->record->offset != offset)))
        return why_set(why, ERR_NOT_FOUND, "no such dead letter");
    if (err || !ret_letter->says.is_sinks)
        return err;
    /* Another one of the same key may have been sent back. */
    const struct str key = arena_str(&letters->arena, ret_letter->record->key);
    log_records_release(letters->records);
    letters->records = NULL;
    map_release(&letters->seen);
    letters->partition = -1;
    do
        err = letters_next(letters, ret_letter, why);
    while (err == OK && !str_equal(ret_letter->record->key, key));
    return err;
}

bool letters_are_in(struct log *log, struct str topic)
{
    struct letters letters;
    struct letter letter;
    bool found = false;
    enum err err = letters_open(log, topic, &letters, NULL);
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
    const enum err err =
        log_load(letters->member, letters->task, NULL, 0, &letters->arena, &state, why);
    if (err)
        return err;
    for (uint32_t i = 0; i < state.position_count; i++)
        if (state.positions[i].topic == letters->topic && state.positions[i].partition < count)
            letters->positions[state.positions[i].partition] = state.positions[i];
    if (state.marks.size > sizeof(letters->single) ||
        state.marks.size % sizeof(letters->single[0]) != 0)
        return why_set(why, ERR_CORRUPT, "what was sent back of '%.*s' is stored in no known shape",
                       STR_ARGS(letters->topic->name));
    letters->single_count = (uint32_t)(state.marks.size / sizeof(letters->single[0]));
    if (state.marks.size > 0)
        memcpy(letters->single, state.marks.data, state.marks.size);
    return OK;
}

static bool is_sent_back(const struct letters *letters, int32_t partition, int64_t offset)
{
    if (offset < letters->positions[partition].next_offset)
        return true;
    for (uint32_t i = 0; i < letters->single_count; i++)
        if (letters->single[i].partition == partition && letters->single[i].offset == offset)
            return true;
    return false;
}

/* False: no dead letter, or one that came before. */
static bool read_letter(struct letters *letters, const struct record *record,
                        struct letter *ret_letter)
{
    struct letter letter = {
        .record = record,
        .partition = letters->partition,
        .is_sent_back = is_sent_back(letters, letters->partition, record->offset),
    };
    if (!dead_letter_read(record, &letter.says) ||
        (letter.says.is_sinks && map_set(&letters->seen, record->key, letters)))
        return false;
    *ret_letter = letter;
    return true;
}

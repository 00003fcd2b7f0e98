/* stream_join_outer.c -- LEFT, RIGHT and FULL with GRACE: rows that wait for a partner.
 *
 * A row without a partner waits in its window, marked, until stream time is past its time + how far
 * ahead its partners may be + the grace; then it goes out alone. If stream time is past the first
 * two already when it comes, it goes out at once; its record's offset is noted in a changelog until
 * its time is past, so that a restart does not let it wait again. Likewise a row that waits
 * although its partner lies in the other window: at the very moment when the retention hides one
 * from the other, the order in which the two came decides, and reading back has another order.
 *
 * A note's key is the side (1 byte, + 2: it waits) and the offset (8 bytes, big-endian), its value
 * the time. */
#include "base/big_endian.h"
#include "base/memory.h"
#include "base/saturate.h"
#include "flow/changelog.h"
#include "flow/stream_join.h"
#include "flow/task.h"

#define NOTE_KEY_BYTES 9
#define NOTE_VALUE_BYTES 8

/* A row whose time has come, and what puts it in order. */
struct expired_row {
    int64_t timestamp_ms;
    uint32_t side;
    uint32_t id;
    uint32_t age; /* of its id in its window */
    struct str key;
};

static bool take_expired(struct stream_join *join, struct expired_row **rows, uint32_t *count,
                         uint32_t *capacity, int64_t now_ms);
static int compare_expired(const void *a, const void *b);
static bool is_over(const struct stream_join *join, uint32_t side, int64_t timestamp_ms,
                    int64_t now_ms);
static void note(struct stream_join *join, const struct noted_row *row);
static void note_waits(struct stream_join *join, uint32_t side, uint32_t id);
static void take_back(struct stream_join *join, const struct noted_row *row);
static void restore_noted(struct stream_join *join, const struct noted_row *row);
static struct str note_key(const struct noted_row *row, char key[NOTE_KEY_BYTES]);
static enum err load_note(void *context, const struct record *record, struct why *why);

enum err join_outer_open(struct stream_join *join, struct why *why)
{
    return changelog_open(join->op.task, join->op.node->id, load_note, join, &join->notes, why);
}

void join_outer_release(struct stream_join *join)
{
    for (uint32_t i = 0; i < 2; i++)
        waiting_release(&join->sides[i].waiting);
    noted_release(&join->noted);
}

void join_outer_unmatched(struct stream_join *join, const struct join_arrival *arrival, uint32_t id)
{
    struct join_side *side = &join->sides[arrival->side];
    const bool replaying = join->op.task->replaying;
    const bool is_late =
        add_saturated(arrival->timestamp_ms, side->ahead_ms) < join->stream_time_ms;
    if (is_late && !replaying) {
        join_emit_alone(join, arrival);
        if (id != 0 && !is_over(join, arrival->side, arrival->timestamp_ms, join->expired_ms))
            note(join, &(struct noted_row){.side = arrival->side,
                                           .offset = arrival->offset,
                                           .timestamp_ms = arrival->timestamp_ms});
        return;
    }
    if (id == 0)
        return;
    window_mark(&side->window, id, true);
    waiting_add(&side->waiting, arrival->timestamp_ms, id);
}

void join_outer_expire(struct stream_join *join)
{
    const int64_t now_ms = join->stream_time_ms;
    join->expired_ms = now_ms;
    struct expired_row *rows = NULL;
    uint32_t count = 0;
    uint32_t capacity = 0;
    /* Bounded, so that a jump in time does not make a second copy of the window. */
    while (take_expired(join, &rows, &count, &capacity, now_ms)) {
        if (count > 1)
            qsort(rows, count, sizeof(*rows), compare_expired);
        for (uint32_t i = 0; i < count; i++)
            join_emit_stored(join, rows[i].side, rows[i].id);
        count = 0;
    }
    free(rows);
}

/* Windows were read back, and every row without a partner waits. Those whose time was past, and
 * those that were sent when they came, are not waited for. */
void join_outer_restored(struct stream_join *join)
{
    for (uint32_t i = 0; i < 2; i++) {
        struct join_side *side = &join->sides[i];
        struct waiting old = side->waiting;
        side->waiting = (struct waiting){0};
        struct waiting_row row;
        while (waiting_first(&old, &row)) {
            waiting_remove_first(&old);
            if (!window_has(&side->window, row.id) || !window_is_marked(&side->window, row.id))
                continue;
            const int64_t offset = window_read(&side->window, row.id).offset;
            if (is_over(join, i, row.timestamp_ms, join->expired_ms) ||
                noted_find(&join->noted, i, offset, false))
                window_mark(&side->window, row.id, false);
            else
                waiting_add(&side->waiting, row.timestamp_ms, row.id);
        }
        waiting_release(&old);
    }
    for (uint32_t i = 0; i < join->noted.count; i++)
        if (join->noted.rows[i].waits)
            restore_noted(join, &join->noted.rows[i]);
}

/* Notes whose time is past are taken back. */
void join_outer_end_step(struct stream_join *join)
{
    struct noted *noted = &join->noted;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < noted->count; i++) {
        const struct noted_row *row = &noted->rows[i];
        if (is_over(join, row->side, row->timestamp_ms, join->expired_ms)) {
            take_back(join, row);
            noted->waits_count -= row->waits;
            continue;
        }
        noted->rows[kept++] = *row;
    }
    noted->count = kept;
    if (kept == 0)
        changelog_trim(join->notes, changelog_next_offset(join->notes));
}

/* Moves rows whose time has come out of waiting, all of one time at least; false: there are none.
 */
static bool take_expired(struct stream_join *join, struct expired_row **rows, uint32_t *count,
                         uint32_t *capacity, int64_t now_ms)
{
    enum { ROWS_MAX = 4096 };
    int64_t last_ms = INT64_MIN;
    for (;;) {
        struct waiting_row first[2];
        bool has[2];
        for (uint32_t i = 0; i < 2; i++)
            has[i] = waiting_first(&join->sides[i].waiting, &first[i]) &&
                     is_over(join, i, first[i].timestamp_ms, now_ms);
        if (!has[0] && !has[1])
            return *count > 0;
        const uint32_t side =
            !has[0] || (has[1] && first[1].timestamp_ms < first[0].timestamp_ms) ? 1 : 0;
        const struct waiting_row row = first[side];
        if (*count >= ROWS_MAX && row.timestamp_ms != last_ms)
            return true;
        last_ms = row.timestamp_ms;
        struct window *window = &join->sides[side].window;
        waiting_remove_first(&join->sides[side].waiting);
        must(window_has(window, row.id));
        if (!window_is_marked(window, row.id))
            continue;
        window_mark(window, row.id, false);
        if (*count == *capacity) {
            *capacity = *capacity ? *capacity * 2 : 64;
            *rows = memory_realloc(*rows, *capacity * sizeof(**rows));
        }
        (*rows)[(*count)++] = (struct expired_row){.timestamp_ms = row.timestamp_ms,
                                                   .side = side,
                                                   .id = row.id,
                                                   .age = row.id - window->lowest_id,
                                                   .key = window_read(window, row.id).key};
    }
}

/* By time, then right before left, then by the key's bytes, then as they came: the order of Kafka
 * Streams' outer store. */
static int compare_expired(const void *a, const void *b)
{
    const struct expired_row *x = a;
    const struct expired_row *y = b;
    if (x->timestamp_ms != y->timestamp_ms)
        return x->timestamp_ms < y->timestamp_ms ? -1 : 1;
    if (x->side != y->side)
        return x->side > y->side ? -1 : 1;
    const int order = str_compare(x->key, y->key);
    if (order != 0)
        return order;
    return (x->age > y->age) - (x->age < y->age);
}

static bool is_over(const struct stream_join *join, uint32_t side, int64_t timestamp_ms,
                    int64_t now_ms)
{
    const int64_t end_ms = add_saturated(add_saturated(timestamp_ms, join->sides[side].ahead_ms),
                                         join->op.node->grace_ms);
    return end_ms < now_ms;
}

void join_outer_hidden(struct stream_join *join, const struct join_arrival *arrival, uint32_t id)
{
    const uint32_t other = 1 - arrival->side;
    if (id != 0 && window_is_marked(&join->sides[arrival->side].window, id))
        note_waits(join, arrival->side, id);
    for (uint32_t i = 0; i < join->hidden_count; i++)
        if (window_is_marked(&join->sides[other].window, join->hidden[i]))
            note_waits(join, other, join->hidden[i]);
    join->hidden_count = 0;
}

void join_outer_matched(struct stream_join *join, uint32_t side, uint32_t id)
{
    struct noted_row *row =
        noted_find(&join->noted, side, window_read(&join->sides[side].window, id).offset, true);
    if (!row)
        return;
    take_back(join, row);
    noted_remove(&join->noted, row);
}

static void note_waits(struct stream_join *join, uint32_t side, uint32_t id)
{
    const struct window *window = &join->sides[side].window;
    const struct noted_row row = {.side = side,
                                  .offset = window_read(window, id).offset,
                                  .timestamp_ms = window_entry(window, id)->timestamp_ms,
                                  .waits = true};
    if (!is_over(join, side, row.timestamp_ms, join->expired_ms) &&
        !noted_find(&join->noted, side, row.offset, true))
        note(join, &row);
}

static void note(struct stream_join *join, const struct noted_row *row)
{
    char key[NOTE_KEY_BYTES];
    char value[NOTE_VALUE_BYTES];
    big_endian_put_64(value, (uint64_t)row->timestamp_ms);
    noted_add(&join->noted, row);
    const enum err err = changelog_append(join->notes, note_key(row, key),
                                          (struct str){value, NOTE_VALUE_BYTES}, false, NULL);
    must(err == OK);
}

static void take_back(struct stream_join *join, const struct noted_row *row)
{
    char key[NOTE_KEY_BYTES];
    const enum err err =
        changelog_append(join->notes, note_key(row, key), (struct str){0}, true, NULL);
    must(err == OK);
}

/* Reading back has let it find the partner that was hidden. There is hardly ever such a row. */
static void restore_noted(struct stream_join *join, const struct noted_row *row)
{
    struct join_side *side = &join->sides[row->side];
    struct window *window = &side->window;
    if (is_over(join, row->side, row->timestamp_ms, join->expired_ms))
        return;
    for (uint32_t id = window->lowest_id; id != window->next_id; id++) {
        if (id == 0 || window_read(window, id).offset != row->offset)
            continue;
        if (!window_is_marked(window, id))
            waiting_add(&side->waiting, row->timestamp_ms, id);
        window_mark(window, id, true);
        return;
    }
}

static struct str note_key(const struct noted_row *row, char key[NOTE_KEY_BYTES])
{
    key[0] = (char)(row->side + (row->waits ? 2 : 0));
    big_endian_put_64(key + 1, (uint64_t)row->offset);
    return (struct str){key, NOTE_KEY_BYTES};
}

static enum err load_note(void *context, const struct record *record, struct why *why)
{
    struct stream_join *join = context;
    if (record->key.size != NOTE_KEY_BYTES || (uint8_t)record->key.data[0] > 3 ||
        (record->value.data && record->value.size != NOTE_VALUE_BYTES))
        return why_set(why, ERR_CORRUPT, "a note of a join cannot be read");
    const struct noted_row row = {
        .side = (uint8_t)record->key.data[0] & 1,
        .waits = (uint8_t)record->key.data[0] > 1,
        .offset = (int64_t)big_endian_get_64(record->key.data + 1),
        .timestamp_ms = record->value.data ? (int64_t)big_endian_get_64(record->value.data) : 0,
    };
    if (record->value.data) {
        noted_add(&join->noted, &row);
        return OK;
    }
    struct noted_row *old = noted_find(&join->noted, row.side, row.offset, row.waits);
    if (old)
        noted_remove(&join->noted, old);
    return OK;
}

/* replay.c -- sends dead letters back, each once. */
#include "letters/letters.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#define COMMIT_TIMEOUT_MS 30000
#define LOCK_TIMEOUT_MS 10000
#define LOCK_LOOK_MS 10
#define REPLAY_RECORDS_MAX 500
#define REPLAY_BYTES_MAX (1 << 20)

/* What goes back with the next step. */
struct replay {
    struct letters letters;
    struct log_member *member;
    struct log_append appends[REPLAY_RECORDS_MAX];
    uint32_t count;
    size_t bytes;
    uint64_t sent_count;
    uint64_t short_count;
    int lock_file;
};

/* Waits for others that send back; the kernel gives the lock back when a process ends. */
static enum err take_lock(const char *directory, int *ret_file, struct why *why)
{
    must(directory != NULL);
    const int64_t end_ns = clock_monotonic_ns() + LOCK_TIMEOUT_MS * INT64_C(1000000);
    struct buf path = {0};
    enum err err = OK;
    buf_printf(&path, "%s/letters.lock", directory);
    const int file = open(buf_text(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    while (file >= 0 && err == OK && flock(file, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            err = ERR_IO;
        else if (clock_monotonic_ns() > end_ns)
            err = why_set(why, ERR_LOCKED, "others send letters back: try again later");
        else
            clock_sleep_ms(LOCK_LOOK_MS);
    }
    if (file < 0 || err == ERR_IO)
        err = why_set(why, errno == EACCES ? ERR_DENIED : ERR_IO, "cannot lock '%s': %s",
                      buf_text(&path), strerror(errno));
    if (err == OK)
        *ret_file = file;
    else if (file >= 0)
        close(file);
    buf_release(&path);
    return err;
}

/* With the lock: what is read now is true until it is released. */
static enum err replay_open(struct replay *replay, struct log *log, const char *directory,
                            struct str topic, struct why *why)
{
    const struct log_member_options options = {.name = STR("dlq replay")};
    enum err err = take_lock(directory, &replay->lock_file, why);
    if (err == OK)
        err = letters_open(log, topic, &replay->letters, why);
    if (err == OK)
        err = log_join(log, &options, &replay->member, why);
    return err;
}

static struct replay *replay_new(void)
{
    struct replay *replay = MEMORY_NEW(struct replay);
    replay->lock_file = -1;
    return replay;
}

static void replay_free(struct replay *replay)
{
    for (uint32_t i = 0; i < replay->count; i++)
        free(replay->appends[i].batch);
    log_leave(replay->member);
    letters_release(&replay->letters);
    if (replay->lock_file >= 0)
        close(replay->lock_file);
    free(replay);
}

/* Single letters that the positions have reached need no mark. */
static void forget_single(struct letters *letters)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < letters->single_count; i++) {
        const struct letter_place place = letters->single[i];
        if (place.partition < letters->topic->partition_count &&
            place.offset >= letters->positions[place.partition].next_offset)
            letters->single[kept++] = place;
    }
    letters->single_count = kept;
}

/* Copies and marks as one step. */
static enum err replay_commit(struct replay *replay, struct why *why)
{
    struct letters *letters = &replay->letters;
    bool taken = false;
    forget_single(letters);
    const struct log_step step = {.task = letters->task,
                                  .appends = replay->appends,
                                  .append_count = replay->count,
                                  .positions = letters->positions,
                                  .position_count = (uint32_t)letters->topic->partition_count,
                                  .marks = {(const char *)letters->single,
                                            letters->single_count * sizeof(letters->single[0])}};
    const enum err err = log_commit_wait(replay->member, &step, COMMIT_TIMEOUT_MS, &taken);
    for (uint32_t i = 0; i < replay->count && !taken; i++)
        free(replay->appends[i].batch);
    replay->sent_count += err == OK ? replay->count : 0;
    replay->count = 0;
    replay->bytes = 0;
    return err ? why_set(why, err, "cannot send records back: %s", err_text(err)) : OK;
}

/* Sends what is gathered; letters before `upto` in `partition` were dealt with. */
static enum err replay_upto(struct replay *replay, int32_t partition, int64_t upto, struct why *why)
{
    struct log_position *position = &replay->letters.positions[partition];
    if (position->next_offset >= upto)
        return OK;
    position->next_offset = upto;
    position->from_offset = upto;
    return replay_commit(replay, why);
}

/* The original's key, value, time and headers, for the partition it came from. */
static enum err replay_add(struct replay *replay, const struct letter *letter, struct why *why)
{
    struct log_topic *topic;
    struct record original;
    int32_t origin;
    enum err err = log_topic_open(replay->letters.log, letter->says.topic, &topic);
    if (err)
        return why_set(why, err, "no topic '%.*s' to send the record back to",
                       STR_ARGS(letter->says.topic));
    if (dead_letter_original(letter->record, &original, &origin) != OK ||
        origin >= topic->partition_count)
        return why_set(why, ERR_CORRUPT, "letter %d/%lld does not say which partition it came from",
                       letter->partition, (long long)letter->record->offset);
    struct record_batch_builder builder;
    record_batch_builder_init(&builder);
    err = record_batch_add(&builder, &original);
    if (err == OK) {
        record_batch_finish(&builder);
        const struct buf batch = record_batch_take(&builder);
        replay->appends[replay->count++] = (struct log_append){
            .topic = topic, .partition = origin, .batch = batch.data, .batch_size = batch.size};
        replay->bytes += batch.size;
    }
    record_batch_builder_release(&builder);
    return err ? why_set(why, err, "letter %d/%lld cannot be sent back: %s", letter->partition,
                         (long long)letter->record->offset, err_text(err))
               : OK;
}

static enum err replay_all(struct replay *replay, struct why *why)
{
    struct letters *letters = &replay->letters;
    struct letter letter;
    enum err err;
    while ((err = letters_next(letters, &letter, why)) == OK) {
        if (letter.is_sent_back)
            continue;
        replay->short_count += letter.says.is_short;
        if (!letter.says.is_short)
            err = replay_add(replay, &letter, why);
        if (err == OK && (replay->count == REPLAY_RECORDS_MAX || replay->bytes >= REPLAY_BYTES_MAX))
            err = replay_upto(replay, letter.partition, letter.record->offset + 1, why);
        if (err)
            return err;
    }
    if (err != ERR_NOT_FOUND)
        return err;
    err = OK;
    for (int32_t p = 0; p < letters->topic->partition_count && err == OK; p++)
        err = replay_upto(replay, p, letters->info.partitions[p].end_offset, why);
    return err;
}

enum err letters_replay(struct log *log, const char *directory, struct str topic,
                        uint64_t *ret_sent, uint64_t *ret_short, struct why *why)
{
    struct replay *replay = replay_new();
    enum err err = replay_open(replay, log, directory, topic, why);
    if (err == OK)
        err = replay_all(replay, why);
    *ret_sent = replay->sent_count;
    *ret_short = replay->short_count;
    replay_free(replay);
    return err;
}

/* The position goes on over letters that were marked one by one, so that marks do not run out for
 * whoever goes through the letters in order. */
static enum err mark_single(struct letters *letters, int32_t partition, int64_t offset,
                            struct why *why)
{
    struct log_position *position = &letters->positions[partition];
    const int64_t begin = letters->info.partitions[partition].begin_offset;
    if (letters->single_count == LETTERS_SINGLE_MAX)
        return why_set(why, ERR_LIMIT, "%d letters of '%.*s' were sent back one by one: send all",
                       LETTERS_SINGLE_MAX, STR_ARGS(letters->topic->name));
    letters->single[letters->single_count++] = (struct letter_place){partition, offset};
    if (position->next_offset < begin)
        position->next_offset = begin;
    for (bool moved = true; moved;) {
        moved = false;
        for (uint32_t i = 0; i < letters->single_count; i++)
            if (letters->single[i].partition == partition &&
                letters->single[i].offset == position->next_offset) {
                position->next_offset++;
                moved = true;
            }
    }
    position->from_offset = position->next_offset;
    return OK;
}

enum err letters_replay_one(struct log *log, const char *directory, struct str topic,
                            int32_t partition, int64_t offset, struct why *why)
{
    struct replay *replay = replay_new();
    struct letter letter;
    enum err err = replay_open(replay, log, directory, topic, why);
    if (err == OK)
        err = letters_find(&replay->letters, partition, offset, &letter, why);
    if (err == OK && letter.is_sent_back)
        err = why_set(why, ERR_EXISTS, "it was sent back already");
    if (err == OK)
        err = replay_add(replay, &letter, why);
    if (err == OK)
        err = mark_single(&replay->letters, letter.partition, letter.record->offset, why);
    if (err == OK)
        err = replay_commit(replay, why);
    replay_free(replay);
    return err;
}

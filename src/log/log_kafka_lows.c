/* log_kafka_lows.c -- lows between processes: what writers elsewhere say of an internal topic.
 *
 * A process that has not all partitions of a group says its tasks' lows in the topics they are of:
 * as the last thing of a transaction a record without key and value into every partition, with a
 * header
 *     drivethru.low: <writers>;<low>;<at end: 0 or 1>;<read>;<writer>
 * which is true of all that comes behind it: the writer, one of so many tasks, writes nothing
 * earlier than the low. `read` grows with what the writer has read. Such a record is no row, and
 * readers never see it. The first record of what a writer writes to a partition says whose it is:
 *     drivethru.by: <read>;<writer>
 * so that a writer's word that it is at its end is known to be old as soon as anything newer of his
 * was read, in whatever topic: the partitions of one transaction do not all become visible at once.
 *
 * What was said is true for ever, whoever has the writer now; so nothing has to be taken back. It
 * is said again every second, because a process that was killed and started again has heard nothing
 * of what lies before its positions. */
#include "log/log_kafka.h"

#include "base/clock.h"
#include "base/memory.h"

#define LOW_HEADER "drivethru.low"
#define BY_HEADER "drivethru.by"
#define REPEAT_NS 1000000000

/* What a writer said last in a partition: of all behind `offset`. */
struct kafka_heard {
    struct kafka_heard *next;
    int64_t offset;
    int64_t low_ms;
    int64_t read;
    bool at_end;
    size_t writer_size;
    char writer[];
};

/* What a task of this process has to say of a topic. */
struct kafka_saying {
    struct kafka_saying *next;
    struct kafka_topic *topic;
    uint64_t assignment;
    uint32_t writer_count;
    int64_t low_ms;
    int64_t read;
    bool at_end;
    bool is_new;
    int64_t said_ns;
    size_t writer_size;
    char writer[];
};

static struct kafka_saying *find_saying(struct kafka_log *log, struct kafka_topic *topic,
                                        struct str writer);
static void drop_stale(struct kafka_log *log);
static bool is_due(const struct kafka_saying *saying, int64_t now_ns);
static void hear_low(struct kafka_topic *topic, int32_t partition, int64_t offset, struct str text);
static void hear_by(struct kafka_log *log, struct str text);
static bool take_number(struct str *text, int64_t *ret_number);
static bool is_at_end(const struct kafka_log *log, const struct kafka_heard *heard);
static bool is_local(const struct kafka_topic *topic, const struct kafka_heard *heard);

static struct str writer_of(const struct kafka_heard *heard)
{
    return (struct str){heard->writer, heard->writer_size};
}

/* --- saying --- */

static int64_t read_of(const struct kafka_step *step)
{
    int64_t read = 0;
    for (uint32_t i = 0; i < step->position_count; i++)
        read += step->positions[i].next_offset;
    return read;
}

void kafka_lows_note(struct kafka_log *log, const struct kafka_step *step)
{
    for (uint32_t i = 0; i < step->low_count && step->is_shared; i++) {
        const struct log_low *low = &step->lows[i];
        if (!low->topic->internal)
            continue;
        struct kafka_saying *saying = find_saying(log, kafka_topic_of(low->topic), step->task);
        saying->is_new |= saying->assignment != step->assignment || saying->low_ms != low->low_ms ||
                          saying->at_end != low->at_end || step->append_count > 0;
        saying->assignment = step->assignment;
        saying->writer_count = low->writer_count;
        saying->low_ms = low->low_ms;
        saying->at_end = low->at_end;
        saying->read = read_of(step);
    }
}

bool kafka_lows_are_due(struct kafka_log *log)
{
    const int64_t now_ns = clock_monotonic_ns();
    for (const struct kafka_saying *at = log->sayings; at; at = at->next)
        if (is_due(at, now_ns))
            return true;
    return false;
}

enum err kafka_lows_say(struct kafka_log *log)
{
    const int64_t now_ns = clock_monotonic_ns();
    enum err err = OK;
    drop_stale(log);
    for (struct kafka_saying *at = log->sayings; at && !err; at = at->next) {
        if (!is_due(at, now_ns) || at->topic->removed)
            continue;
        struct buf text = {0};
        buf_printf(&text, "%u;%lld;%d;%lld;%.*s", at->writer_count, (long long)at->low_ms,
                   at->at_end, (long long)at->read, (int)at->writer_size, at->writer);
        const struct record_header header = {.name = STR(LOW_HEADER), .value = buf_str(&text)};
        const struct record record = {.headers = &header, .header_count = 1};
        for (int32_t partition = 0; partition < at->topic->base.partition_count && !err;
             partition++)
            err = kafka_produce(log, at->topic, partition, &record);
        buf_release(&text);
        at->is_new = false;
        at->said_ns = now_ns;
    }
    return err;
}

void kafka_lows_unsay(struct kafka_log *log)
{
    while (log->sayings) {
        struct kafka_saying *saying = log->sayings;
        log->sayings = saying->next;
        free(saying);
    }
}

struct record_header kafka_by_header(const struct kafka_step *step, struct buf *text)
{
    buf_printf(text, "%lld;%.*s", (long long)read_of(step), STR_ARGS(step->task));
    return (struct record_header){.name = STR(BY_HEADER), .value = buf_str(text)};
}

/* --- hearing --- */

bool kafka_lows_hear(struct kafka_log *log, struct kafka_topic *topic, int32_t partition,
                     const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers = NULL;
    const void *value = NULL;
    size_t size = 0;
    if (!topic->base.internal || rd_kafka_message_headers(message, &headers))
        return false;
    if (!rd_kafka_header_get_last(headers, BY_HEADER, &value, &size)) {
        pthread_mutex_lock(&log->lock);
        hear_by(log, (struct str){value, size});
        pthread_mutex_unlock(&log->lock);
    }
    if (rd_kafka_header_get_last(headers, LOW_HEADER, &value, &size))
        return false;
    pthread_mutex_lock(&log->lock);
    hear_low(topic, partition, message->offset, (struct str){value, size});
    pthread_mutex_unlock(&log->lock);
    return true;
}

bool kafka_header_is_ours(const char *name)
{
    return strcmp(name, BY_HEADER) == 0;
}

void kafka_lows_read(struct kafka_log *log, struct kafka_topic *topic, int32_t partition,
                     int64_t next_offset, int64_t *ret_low_ms, int64_t *ret_reached_ms)
{
    topic_lows_read(&log->lows, &topic->lows, ret_low_ms, ret_reached_ms);
    if (topic->writer_count <= topic->lows.count)
        return; /* all are here */
    uint32_t count = topic->lows.count;
    if (count == 0)
        *ret_low_ms = *ret_reached_ms = LOG_LOW_NONE;
    const struct kafka_heard *heard = topic->partitions[partition].heard;
    for (; heard; heard = heard->next) {
        if (heard->offset >= next_offset || is_local(topic, heard))
            continue;
        count++;
        if (heard->low_ms < *ret_reached_ms)
            *ret_reached_ms = heard->low_ms;
        if (heard->low_ms < *ret_low_ms && !is_at_end(log, heard))
            *ret_low_ms = heard->low_ms;
    }
    if (count < topic->writer_count)
        *ret_low_ms = *ret_reached_ms = LOG_LOW_UNKNOWN;
}

bool kafka_lows_are_at_end(const struct kafka_log *log, const struct kafka_topic *topic,
                           int32_t partition, int64_t next_offset)
{
    uint32_t count = topic->lows.count;
    const struct kafka_heard *heard = topic->partitions[partition].heard;
    for (; heard; heard = heard->next)
        if (heard->offset < next_offset && !is_local(topic, heard))
            count += is_at_end(log, heard);
    return count >= topic->writer_count;
}

void kafka_heard_free(struct kafka_partition *partition)
{
    while (partition->heard) {
        struct kafka_heard *heard = partition->heard;
        partition->heard = heard->next;
        free(heard);
    }
}

void kafka_lows_release(struct kafka_log *log)
{
    size_t cursor = 0;
    const struct map_entry *entry;
    while ((entry = map_next(&log->writers, &cursor)))
        free(entry->value);
    map_release(&log->writers);
    kafka_lows_unsay(log);
}

static struct kafka_saying *find_saying(struct kafka_log *log, struct kafka_topic *topic,
                                        struct str writer)
{
    for (struct kafka_saying *at = log->sayings; at; at = at->next)
        if (at->topic == topic && str_equal((struct str){at->writer, at->writer_size}, writer))
            return at;
    struct kafka_saying *saying = memory_zalloc(sizeof(*saying) + writer.size);
    memcpy(saying->writer, writer.data, writer.size);
    saying->writer_size = writer.size;
    saying->topic = topic;
    saying->next = log->sayings;
    log->sayings = saying;
    return saying;
}

/* Whose assignment is over is another's to speak for. */
static void drop_stale(struct kafka_log *log)
{
    pthread_mutex_lock(&log->lock);
    for (struct kafka_saying **at = &log->sayings; *at;) {
        struct kafka_saying *saying = *at;
        if (kafka_assignment_is_live(log, saying->assignment)) {
            at = &saying->next;
            continue;
        }
        *at = saying->next;
        free(saying);
    }
    pthread_mutex_unlock(&log->lock);
}

static bool is_due(const struct kafka_saying *saying, int64_t now_ns)
{
    return saying->is_new || now_ns >= saying->said_ns + REPEAT_NS;
}

/* "<writers>;<low>;<at end>;<read>;<writer>" */
static void hear_low(struct kafka_topic *topic, int32_t partition, int64_t offset, struct str text)
{
    struct kafka_partition *at = &topic->partitions[partition];
    int64_t writer_count = 0;
    int64_t low_ms = 0;
    int64_t at_end = 0;
    int64_t read = 0;
    if (!take_number(&text, &writer_count) || !take_number(&text, &low_ms) ||
        !take_number(&text, &at_end) || !take_number(&text, &read) || writer_count <= 0 ||
        writer_count > LOG_PARTITIONS_MAX)
        return;
    topic->writer_count = (uint32_t)writer_count;
    struct kafka_heard *heard = at->heard;
    while (heard && !str_equal(writer_of(heard), text))
        heard = heard->next;
    if (!heard) {
        heard = memory_zalloc(sizeof(*heard) + text.size);
        memcpy(heard->writer, text.data, text.size);
        heard->writer_size = text.size;
        heard->offset = -1;
        heard->next = at->heard;
        at->heard = heard;
    }
    if (offset <= heard->offset || read < heard->read)
        return;
    heard->offset = offset;
    heard->low_ms = low_ms;
    heard->at_end = at_end != 0;
    heard->read = read;
}

/* "<read>;<writer>" */
static void hear_by(struct kafka_log *log, struct str text)
{
    int64_t read = 0;
    if (!take_number(&text, &read))
        return;
    int64_t *known = map_get(&log->writers, text);
    if (!known) {
        known = MEMORY_NEW(int64_t);
        map_set(&log->writers, text, known);
    }
    if (read > *known)
        *known = read;
}

static bool take_number(struct str *text, int64_t *ret_number)
{
    const size_t end = str_index(*text, ';');
    if (end == text->size || str_to_int64((struct str){text->data, end}, ret_number) != OK)
        return false;
    *text = (struct str){text->data + end + 1, text->size - end - 1};
    return true;
}

static bool is_at_end(const struct kafka_log *log, const struct kafka_heard *heard)
{
    const int64_t *written = map_get(&log->writers, writer_of(heard));
    return heard->low_ms == LOG_LOW_NONE ||
           (heard->at_end && (!written || *written <= heard->read));
}

static bool is_local(const struct kafka_topic *topic, const struct kafka_heard *heard)
{
    for (uint32_t i = 0; i < topic->lows.count; i++)
        if (str_equal((struct str){topic->lows.lows[i].task, topic->lows.lows[i].task_size},
                      writer_of(heard)))
            return true;
    return false;
}

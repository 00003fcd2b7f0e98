/* verify_picture.c -- the log as it was when verify began: where topics ended, and what of them
 * nobody had read.
 *
 * The log may grow while verify reads it. First it asks how far queries and sinks have come, then
 * where each topic ends, then where the truth ends, last where the events do. So whatever is in the
 * truth and not yet in a place is an event, or comes from one, that lay behind one of the
 * positions: unread. */
#include "generator/verify.h"

static const char *const event_topics[] = {"mcd_orders", "mcd_payments"};

static enum err add_topic(struct picture *picture, const struct verify_options *options,
                          struct str name, struct why *why);
static enum err note_readers(struct picture *picture, const struct verify_options *options,
                             struct picture_topic *topic, struct why *why);
static enum err note_ends(struct picture *picture, struct log *log, struct picture_topic *topic,
                          struct why *why);
static int rank_of(struct str name);
static bool is_event_topic(struct str name);
static enum err mark_tail(const struct picture_topic *topic, struct slice *slice,
                          struct source *source, struct why *why);

/* Where the picture of the documents is taken, too: the first walk fixes it. */
static bool stop_walking(void *context, struct str id, struct str json)
{
    (void)context, (void)id, (void)json;
    return false;
}

enum err picture_take(struct picture *picture, const struct verify_options *options,
                      struct why *why)
{
    struct str *names;
    size_t count;
    *picture = (struct picture){0};
    arena_init(&picture->arena, 0);
    enum err err = log_list(options->log, &picture->arena, &names, &count, why);
    if (err)
        return err;
    picture->topics = ARENA_ARRAY(&picture->arena, struct picture_topic, count);
    for (size_t i = 0; i < count && !err; i++)
        err = add_topic(picture, options, names[i], why);
    if (!err && options->walk) {
        err = options->walk(options->walk_context, STR(VERIFY_COLLECTION), stop_walking, NULL, why);
        if (err == ERR_NOT_FOUND)
            err = OK;
    }
    for (int rank = 0; rank < 3; rank++)
        for (uint32_t i = 0; i < picture->topic_count && !err; i++)
            if (rank_of(picture->topics[i].handle->name) == rank)
                err = note_ends(picture, options->log, &picture->topics[i], why);
    return err;
}

void picture_release(struct picture *picture)
{
    arena_release(&picture->arena);
}

const struct picture_topic *picture_find(const struct picture *picture, struct str name)
{
    for (uint32_t i = 0; i < picture->topic_count; i++)
        if (str_equal(picture->topics[i].handle->name, name))
            return &picture->topics[i];
    return NULL;
}

bool picture_is_newer(const struct picture *picture, const char *topic, int32_t partition,
                      const struct record *record)
{
    const struct picture_topic *found = picture_find(picture, str_from(topic));
    return !found || record->offset >= found->partitions[partition].end_offset;
}

enum err picture_mark(const struct picture *picture, struct slice *slice, struct source *source,
                      struct why *why)
{
    enum err err = OK;
    for (uint32_t i = 0; i < picture->topic_count && !err; i++)
        err = mark_tail(&picture->topics[i], slice, source, why);
    return err;
}

/* A topic that was removed since it was listed is left out. */
static enum err add_topic(struct picture *picture, const struct verify_options *options,
                          struct str name, struct why *why)
{
    struct picture_topic topic = {0};
    enum err err = log_topic_open(options->log, name, &topic.handle);
    if (err == ERR_NOT_FOUND)
        return OK;
    if (err)
        return why_set(why, err, "cannot open topic '%.*s': %s", STR_ARGS(name), err_text(err));
    const size_t partitions = (size_t)topic.handle->partition_count;
    topic.partitions = ARENA_ARRAY(&picture->arena, struct picture_partition, partitions);
    err = note_readers(picture, options, &topic, why);
    if (!err)
        picture->topics[picture->topic_count++] = topic;
    return err;
}

/* Events that nobody has read yet are unread from the first; other topics without readers are not
 * anybody's input. */
static enum err note_readers(struct picture *picture, const struct verify_options *options,
                             struct picture_topic *topic, struct why *why)
{
    const size_t partitions = (size_t)topic->handle->partition_count;
    struct log_reader *readers;
    size_t count;
    int64_t *delivered = ARENA_ARRAY(&picture->arena, int64_t, partitions);
    bool is_read = is_event_topic(topic->handle->name);
    for (size_t p = 0; p < partitions; p++)
        delivered[p] = topic->partitions[p].unread_offset = INT64_MAX;
    enum err err = OK;
    if (options->delivered)
        err = options->delivered(options->walk_context, topic->handle, delivered, why);
    if (!err && options->delivered && delivered[0] == INT64_MAX &&
        str_equal(topic->handle->name, STR(VERIFY_DELIVERED_TOPIC)))
        memset(delivered, 0, partitions * sizeof(*delivered)); /* no sink has begun yet */
    if (!err)
        err = log_readers(options->log, topic->handle, &picture->arena, &readers, &count, why);
    if (err)
        return err;
    for (size_t i = 0; i < count; i++) {
        int64_t *unread_offset = &topic->partitions[readers[i].partition].unread_offset;
        if (str_starts_with(readers[i].task, STR("sink/")))
            continue; /* delivered[] knows better */
        is_read = true;
        if (readers[i].next_offset < *unread_offset)
            *unread_offset = readers[i].next_offset;
    }
    for (size_t p = 0; p < partitions; p++) {
        if (is_read && topic->partitions[p].unread_offset == INT64_MAX)
            topic->partitions[p].unread_offset = 0;
        topic->partitions[p].undelivered_offset = delivered[p];
    }
    return OK;
}

static enum err note_ends(struct picture *picture, struct log *log, struct picture_topic *topic,
                          struct why *why)
{
    struct log_topic_info info;
    const enum err err = log_describe(log, topic->handle->name, &picture->arena, &info, why);
    if (err == ERR_NOT_FOUND)
        return OK;
    topic->is_compacted = !err && info.config.compacted;
    for (int32_t p = 0; p < topic->handle->partition_count && !err; p++) {
        struct picture_partition *partition = &topic->partitions[p];
        const int64_t begin_offset = info.partitions[p].begin_offset;
        partition->end_offset = info.partitions[p].end_offset;
        if (partition->unread_offset < begin_offset)
            partition->unread_offset = begin_offset;
        if (partition->unread_offset < partition->end_offset)
            picture->unread_count += (uint64_t)(partition->end_offset - partition->unread_offset);
    }
    return err;
}

static int rank_of(struct str name)
{
    if (is_event_topic(name))
        return 2;
    return str_equal(name, STR(TRUTH_TOPIC));
}

static bool is_event_topic(struct str name)
{
    for (size_t i = 0; i < sizeof(event_topics) / sizeof(*event_topics); i++)
        if (str_equal(name, str_from(event_topics[i])))
            return true;
    return false;
}

/* ---- the unread part ---- */

struct tail_walk {
    struct slice *slice;
    struct value_reader *payments; /* NULL: the record's key is an order's id, or no order's */
};

static enum err mark_record(void *context, int32_t partition, const struct record *record,
                            struct why *why)
{
    struct tail_walk *walk = context;
    struct str order_id = record->key;
    (void)partition;
    if (walk->payments) {
        const enum err err = value_read(walk->payments, record->value, why);
        if (err)
            return err_reaction(err) == REACTION_RETRY ? err : OK; /* broken bytes */
        order_id = value_text(walk->payments, 0);
    }
    struct expected_order *order = slice_find(walk->slice, order_id);
    if (order)
        order->is_unread = true;
    return OK;
}

static enum err mark_tail(const struct picture_topic *topic, struct slice *slice,
                          struct source *source, struct why *why)
{
    static const struct value_field fields[] = {{"ORDER_ID", &type_string}};
    const bool is_payments = str_equal(topic->handle->name, STR("mcd_payments"));
    struct value_reader reader;
    struct tail_walk walk = {.slice = slice, .payments = is_payments ? &reader : NULL};
    enum err err = OK;
    value_reader_init(&reader, source->options->registry, fields, 1);
    for (int32_t p = 0; p < topic->handle->partition_count && !err; p++) {
        const struct picture_partition *partition = &topic->partitions[p];
        const int64_t from_offset = partition->undelivered_offset < partition->unread_offset
                                        ? partition->undelivered_offset
                                        : partition->unread_offset;
        err = source_walk_range(source, topic->handle, p, from_offset, partition->end_offset,
                                mark_record, &walk, why);
    }
    value_reader_release(&reader);
    return err;
}

/* embedded_tasks.c -- every task's positions and marks, as one value of the store.
 *
 * The value: version (uint32), entry count (uint32), entries one after another:
 *     entry size (uint32, with itself), name size (uint16), marks size (uint16), position count
 *     (uint32), name, marks, positions (topic id uint32, partition int32, next int64, from int64)
 * In host order, as all of LMDB's file is. The store's checked value guards it. */
#include "log/embedded.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/memory.h"

#define VALUE_VERSION 1
#define VALUE_HEAD 8
#define ENTRY_HEAD 12
#define POSITION_SIZE 24

_Static_assert(sizeof(struct task_position) == POSITION_SIZE, "positions are stored as they are");

struct task_entry {
    size_t name_size;
    size_t size;
    char bytes[]; /* as stored */
};

static bool next_entry(struct str *left, struct task_view *ret_view, struct str *ret_bytes);
static bool open_value(struct str value, uint32_t *ret_count, struct str *ret_entries);
static enum err read_readers(struct str value, uint32_t topic_id, struct arena *arena,
                             struct log_reader **ret_readers, size_t *ret_count);
static bool set_entry(struct task_table *table, struct str name, struct str bytes);
static bool forget_entries(struct task_table *table, struct str prefix);
static bool view_entry(struct str bytes, struct task_view *ret_view);

void task_table_release(struct task_table *table)
{
    const struct map_entry *at;
    for (size_t cursor = 0; (at = map_next(&table->entries, &cursor)) != NULL;)
        free(at->value);
    map_release(&table->entries);
    *table = (struct task_table){0};
}

bool task_table_apply(struct task_table *table, const struct pending_step *step)
{
    if (step->forget)
        return forget_entries(table, step->task);
    if (step->position_count == 0 && step->marks.size == 0)
        return false; /* says nothing of the task */
    const uint16_t name_size = (uint16_t)step->task.size;
    const uint16_t marks_size = (uint16_t)step->marks.size;
    const uint32_t size =
        ENTRY_HEAD + name_size + marks_size + step->position_count * (uint32_t)POSITION_SIZE;
    struct buf buf = {0};
    buf_append(&buf, &size, sizeof(size));
    buf_append(&buf, &name_size, sizeof(name_size));
    buf_append(&buf, &marks_size, sizeof(marks_size));
    buf_append(&buf, &step->position_count, sizeof(step->position_count));
    buf_append_str(&buf, step->task);
    buf_append_str(&buf, step->marks);
    buf_append(&buf, step->positions, step->position_count * (size_t)POSITION_SIZE);
    const bool changed = set_entry(table, step->task, buf_str(&buf));
    buf_release(&buf);
    return changed;
}

enum err task_table_read(struct task_table *table, struct embedded_log *log, struct store_txn *txn)
{
    struct str stored;
    struct str value;
    enum err err = store_get(txn, log->tasks_database, STR("tasks"), &stored);
    if (err == ERR_NOT_FOUND) {
        task_table_release(table);
        return OK;
    }
    uint32_t sum = 0;
    if (!err && stored.size >= sizeof(sum))
        memcpy(&sum, stored.data + stored.size - sizeof(sum), sizeof(sum));
    if (err || (sum == table->sum && sum != 0))
        return err;
    err = store_check_value(STR("tasks"), stored, &value);
    if (err)
        return err;
    task_table_release(table);
    uint32_t count = 0;
    struct str left;
    if (!open_value(value, &count, &left))
        return ERR_CORRUPT;
    for (uint32_t i = 0; i < count; i++) {
        struct task_view view;
        struct str bytes;
        if (!next_entry(&left, &view, &bytes))
            return ERR_CORRUPT;
        (void)set_entry(table, view.name, bytes);
    }
    table->sum = sum;
    return OK;
}

enum err task_table_write(struct task_table *table, struct embedded_log *log, struct store_txn *txn)
{
    const uint32_t version = VALUE_VERSION;
    const uint32_t count = (uint32_t)table->entries.count;
    struct buf buf = {0};
    buf_append(&buf, &version, sizeof(version));
    buf_append(&buf, &count, sizeof(count));
    const struct map_entry *at;
    for (size_t cursor = 0; (at = map_next(&table->entries, &cursor)) != NULL;) {
        const struct task_entry *entry = at->value;
        buf_append(&buf, entry->bytes, entry->size);
    }
    const enum err err = store_put_checked(txn, log->tasks_database, STR("tasks"), buf_str(&buf));
    /* The same sum as the store's: it tells later whether another process has written since. */
    table->sum = crc32c(crc32c(0, "tasks", 5), buf.data, buf.size);
    buf_release(&buf);
    return err;
}

int64_t task_table_floor(const struct task_table *table, uint32_t topic_id, int32_t partition)
{
    int64_t floor = INT64_MAX;
    const struct map_entry *at;
    for (size_t cursor = 0; (at = map_next(&table->entries, &cursor)) != NULL;) {
        const struct task_entry *entry = at->value;
        struct task_view view;
        must(view_entry((struct str){entry->bytes, entry->size}, &view));
        for (uint32_t i = 0; i < view.position_count; i++) {
            const struct task_position position = task_view_position(&view, i);
            if (position.topic_id == topic_id && position.partition == partition &&
                position.from_offset < floor)
                floor = position.from_offset;
        }
    }
    return floor;
}

enum err task_value_find(struct str value, struct str name, struct task_view *ret_view)
{
    uint32_t count = 0;
    struct str left;
    if (!open_value(value, &count, &left))
        return ERR_CORRUPT;
    for (uint32_t i = 0; i < count; i++) {
        struct task_view view;
        struct str bytes;
        if (!next_entry(&left, &view, &bytes))
            return ERR_CORRUPT;
        if (str_equal(view.name, name)) {
            *ret_view = view;
            return OK;
        }
    }
    return ERR_NOT_FOUND;
}

enum err embedded_readers(struct log *base, struct log_topic *topic, struct arena *arena,
                          struct log_reader **ret_readers, size_t *ret_count, struct why *why)
{
    struct embedded_log *log = embedded_of(base);
    struct store_txn *txn = NULL;
    struct str value = {0};
    enum err err = store_begin(log->store, false, &txn);
    if (!err)
        err = store_get_checked(txn, log->tasks_database, STR("tasks"), &value);
    if (!err)
        err = read_readers(value, embedded_topic_of(topic)->id, arena, ret_readers, ret_count);
    store_abort(txn);
    if (err == ERR_NOT_FOUND) { /* no task has ever committed */
        *ret_count = 0;
        return OK;
    }
    return err ? why_set(why, err, "cannot tell who reads topic '%.*s': %s", STR_ARGS(topic->name),
                         err_text(err))
               : OK;
}

struct task_position task_view_position(const struct task_view *view, uint32_t index)
{
    must(index < view->position_count);
    struct task_position position;
    memcpy(&position, view->positions + index * (size_t)POSITION_SIZE, sizeof(position));
    return position;
}

static bool open_value(struct str value, uint32_t *ret_count, struct str *ret_entries)
{
    uint32_t version = 0;
    if (value.size < VALUE_HEAD)
        return false;
    memcpy(&version, value.data, sizeof(version));
    memcpy(ret_count, value.data + 4, sizeof(*ret_count));
    *ret_entries = (struct str){value.data + VALUE_HEAD, value.size - VALUE_HEAD};
    return version == VALUE_VERSION;
}

static bool next_entry(struct str *left, struct task_view *ret_view, struct str *ret_bytes)
{
    uint32_t size = 0;
    if (left->size < ENTRY_HEAD)
        return false;
    memcpy(&size, left->data, sizeof(size));
    if (size < ENTRY_HEAD || size > left->size)
        return false;
    *ret_bytes = (struct str){left->data, size};
    *left = (struct str){left->data + size, left->size - size};
    return view_entry(*ret_bytes, ret_view);
}

static bool view_entry(struct str bytes, struct task_view *ret_view)
{
    uint16_t name_size;
    uint16_t marks_size;
    uint32_t position_count;
    memcpy(&name_size, bytes.data + 4, sizeof(name_size));
    memcpy(&marks_size, bytes.data + 6, sizeof(marks_size));
    memcpy(&position_count, bytes.data + 8, sizeof(position_count));
    const uint64_t size =
        (uint64_t)ENTRY_HEAD + name_size + marks_size + (uint64_t)position_count * POSITION_SIZE;
    if (size != bytes.size)
        return false;
    const char *at = bytes.data + ENTRY_HEAD;
    *ret_view = (struct task_view){
        .name = {at, name_size},
        .marks = {at + name_size, marks_size},
        .positions = at + name_size + marks_size,
        .position_count = position_count,
    };
    return true;
}

/* Counts first, then fills in. */
static enum err read_readers(struct str value, uint32_t topic_id, struct arena *arena,
                             struct log_reader **ret_readers, size_t *ret_count)
{
    struct log_reader *readers = NULL;
    size_t count = 0;
    for (int fills = 0; fills < 2; fills++) {
        uint32_t entries = 0;
        struct str left;
        if (!open_value(value, &entries, &left))
            return ERR_CORRUPT;
        if (fills)
            readers = ARENA_ARRAY(arena, struct log_reader, count);
        count = 0;
        for (uint32_t i = 0; i < entries; i++) {
            struct task_view view;
            struct str bytes;
            if (!next_entry(&left, &view, &bytes))
                return ERR_CORRUPT;
            for (uint32_t j = 0; j < view.position_count; j++) {
                const struct task_position position = task_view_position(&view, j);
                if (position.topic_id != topic_id)
                    continue;
                if (fills)
                    readers[count] = (struct log_reader){arena_str(arena, view.name),
                                                         position.partition, position.next_offset};
                count++;
            }
        }
    }
    *ret_readers = readers;
    *ret_count = count;
    return OK;
}

/* False: it was so already. */
static bool set_entry(struct task_table *table, struct str name, struct str bytes)
{
    const struct task_entry *old = map_get(&table->entries, name);
    if (old && str_equal((struct str){old->bytes, old->size}, bytes))
        return false;
    struct task_entry *entry = memory_alloc(sizeof(*entry) + bytes.size);
    entry->name_size = name.size;
    entry->size = bytes.size;
    memcpy(entry->bytes, bytes.data, bytes.size);
    free(map_set(&table->entries, name, entry));
    return true;
}

/* One at a time: a map may not change while it is walked. */
static bool forget_entries(struct task_table *table, struct str prefix)
{
    bool changed = false;
    for (bool found = true; found;) {
        const struct map_entry *at;
        found = false;
        for (size_t cursor = 0; !found && (at = map_next(&table->entries, &cursor)) != NULL;) {
            found = str_starts_with(at->key, prefix);
            if (found)
                free(map_remove(&table->entries, at->key));
            changed |= found;
        }
    }
    return changed;
}

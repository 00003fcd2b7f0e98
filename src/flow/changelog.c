/* changelog.c -- one task's partition of a node's changelog topic. */
#include "flow/changelog.h"

#include "flow/query.h"
#include "flow/step.h"
#include "flow/task.h"

#define READ_BYTES_MAX (1 << 20)
#define LOOK_RECORDS 4096

struct changelog {
    struct task *task;
    struct log_topic *topic;
    struct step_writer *writer;
    changelog_record *on_record;
    void *context;
    int64_t begin_offset; /* as trimmed so far */
    int64_t end_offset;   /* after the last commit, or later: the next record's at least */
    int64_t looked_count; /* records written when the log was asked for its end last */
    int64_t load_offset;
};

static void look_for_gaps(struct changelog *changelog);
static enum err topic_open(struct task *task, uint32_t node_id, struct log_topic **ret_topic,
                           struct why *why);

enum err changelog_open(struct task *task, uint32_t node_id, changelog_record *on_record,
                        void *context, struct changelog **ret_changelog, struct why *why)
{
    must(task->changelog_count < TASK_CHANGELOGS_MAX);
    struct log_topic *topic;
    const enum err err = topic_open(task, node_id, &topic, why);
    if (err != OK)
        return err;
    struct changelog *changelog = ARENA_NEW(&task->arena, struct changelog);
    changelog->task = task;
    changelog->topic = topic;
    changelog->writer = step_add_writer(task->step, topic, task->partition);
    changelog->on_record = on_record;
    changelog->context = context;
    task->changelogs[task->changelog_count++] = changelog;
    *ret_changelog = changelog;
    return OK;
}

enum err changelog_find_ends(struct changelog *changelog, struct why *why)
{
    must(step_writer_count(changelog->writer) == 0);
    struct task *task = changelog->task;
    struct log_topic_info info;
    const enum err err = log_describe(task->query->flow->options.log, changelog->topic->name,
                                      &task->arena, &info, why);
    if (err != OK)
        return err;
    changelog->begin_offset = info.partitions[task->partition].begin_offset;
    changelog->end_offset = info.partitions[task->partition].end_offset;
    changelog->load_offset = changelog->begin_offset;
    return OK;
}

enum err changelog_load(struct changelog *changelog, struct log_member *reader, struct why *why)
{
    must(step_writer_count(changelog->writer) == 0);
    must(changelog_left(changelog) > 0);
    struct task *task = changelog->task;
    struct log_records *records;
    enum err err = log_read(reader, changelog->topic, task->partition, changelog->load_offset,
                            READ_BYTES_MAX, &records, why);
    if (err != OK)
        return err;
    for (uint32_t i = 0; i < records->count && err == OK; i++)
        err = changelog->on_record(changelog->context, &records->at[i], why);
    const int64_t next = records->next_offset;
    log_records_release(records);
    if (err != OK)
        return err;
    if (next <= changelog->load_offset)
        return why_set(why, ERR_CORRUPT, "changelog '%.*s' ends before its end",
                       STR_ARGS(changelog->topic->name));
    changelog->load_offset = next;
    return OK;
}

int64_t changelog_left(const struct changelog *changelog)
{
    return changelog->end_offset > changelog->load_offset
               ? changelog->end_offset - changelog->load_offset
               : 0;
}

enum err changelog_append(struct changelog *changelog, struct str key, struct str value,
                          bool is_delete, int64_t *ret_offset)
{
    /* Empty is not absent: NULL data would say so. */
    const struct record record = {
        .key = {key.data ? key.data : "", key.size},
        .value =
            is_delete ? (struct str){0} : (struct str){value.data ? value.data : "", value.size},
    };
    look_for_gaps(changelog);
    const int64_t offset = changelog_next_offset(changelog);
    const enum err err = step_write(changelog->task->step, changelog->writer, &record);
    if (err == OK && ret_offset)
        *ret_offset = offset;
    return err;
}

void changelog_trim(struct changelog *changelog, int64_t before_offset)
{
    if (before_offset <= changelog->begin_offset)
        return;
    must(before_offset <= changelog_next_offset(changelog));
    changelog->begin_offset = before_offset;
    step_trim(changelog->task->step, changelog->topic, changelog->task->partition, before_offset);
}

int64_t changelog_next_offset(const struct changelog *changelog)
{
    return changelog->end_offset + step_writer_count(changelog->writer);
}

/* Where commits take offsets, too, a record's is higher than the count says. Counting on would be
 * right, as less is trimmed then; now and then the log is asked, so that enough is. */
static void look_for_gaps(struct changelog *changelog)
{
    const int64_t count = step_writer_count(changelog->writer);
    if (!changelog->topic->has_gaps || count - changelog->looked_count < LOOK_RECORDS)
        return;
    struct task *task = changelog->task;
    struct arena arena;
    struct log_topic_info info;
    arena_init(&arena, 0);
    changelog->looked_count = count;
    if (log_describe(task->query->flow->options.log, changelog->topic->name, &arena, &info, NULL) ==
        OK) {
        const int64_t end_offset = info.partitions[task->partition].end_offset;
        if (end_offset > changelog_next_offset(changelog))
            changelog->end_offset = end_offset - count;
    }
    arena_release(&arena);
}

static enum err topic_open(struct task *task, uint32_t node_id, struct log_topic **ret_topic,
                           struct why *why)
{
    struct log *log = task->query->flow->options.log;
    const struct str suffix = arena_printf(&task->arena, "%u-changelog", node_id);
    const struct str name = query_internal_topic(task->query, suffix, &task->arena);
    enum err err = log_topic_open(log, name, ret_topic);
    if (err == ERR_NOT_FOUND) {
        const struct log_topic_config config = {.partition_count = task->partition_count,
                                                .internal = true,
                                                .retention_ms = -1,
                                                .retention_bytes = -1};
        err = log_create(log, name, &config, why);
        if (err == OK || err == ERR_EXISTS)
            err = log_topic_open(log, name, ret_topic);
    }
    if (err != OK)
        return why_set(why, err, "cannot open changelog '%.*s': %s", STR_ARGS(name), err_text(err));
    if ((*ret_topic)->partition_count != task->partition_count)
        return why_set(why, ERR_INVALID, "changelog '%.*s' has %d partitions, not %d",
                       STR_ARGS(name), (*ret_topic)->partition_count, task->partition_count);
    return OK;
}

/* log_kafka_groups.c -- tasks' positions, as offsets that Kafka's groups have committed. */
#include "log/log_kafka.h"

#include "base/base64.h"
#include "base/memory.h"

#define MAGIC "drivethru1;"
#define METADATA_BYTES_MAX 4096 /* the broker's offset.metadata.max.bytes */
#define GROUPS_MAX 4096

/* What an offset's metadata says. */
struct note {
    struct str rest; /* the task without its group */
    int64_t from_offset;
    struct str marks; /* base64; size 0: another position has them */
};

static struct kafka_group *find_group(struct kafka_log *log, const char *name, uint64_t assignment);
static bool note_read(const rd_kafka_topic_partition_t *item, struct note *ret_note);
static enum err list_offsets(struct kafka_log *log, const char *group,
                             const struct log_share *shares, uint32_t share_count, bool is_stable,
                             rd_kafka_event_t **ret_answer,
                             const rd_kafka_topic_partition_list_t **ret_list, struct why *why);
static enum err list_groups(struct kafka_log *log, struct arena *arena, struct str **ret_names,
                            size_t *ret_count, struct why *why);
static bool group_task(const struct kafka_log *log, struct str group, struct arena *arena,
                       struct str *ret_task);

enum err kafka_task_group(const struct kafka_log *log, struct str task, char *ret_group,
                          struct str *ret_rest)
{
    const struct str sink = STR("sink/");
    int size;
    if (str_starts_with(task, sink)) {
        *ret_rest = (struct str){"", 0};
        size = snprintf(ret_group, KAFKA_GROUP_BYTES_MAX + 1, "connect-%.*s",
                        (int)(task.size - sink.size), task.data + sink.size);
    } else {
        const size_t slash = str_index(task, '/');
        *ret_rest = slash < task.size ? (struct str){task.data + slash + 1, task.size - slash - 1}
                                      : (struct str){"", 0};
        size = snprintf(ret_group, KAFKA_GROUP_BYTES_MAX + 1, "_confluent-ksql-%squery_%.*s",
                        log->service_id, (int)slash, task.data);
    }
    return size < 0 || size > KAFKA_GROUP_BYTES_MAX ? ERR_LIMIT : OK;
}

enum err kafka_groups_add(struct kafka_log *log, const struct kafka_step *step)
{
    char name[KAFKA_GROUP_BYTES_MAX + 1];
    struct str rest;
    enum err err = kafka_task_group(log, step->task, name, &rest);
    if (err)
        return err;
    struct kafka_group *group = find_group(log, name, step->assignment);
    if (group->assignment != step->assignment) {
        log->is_stale = true;
        return ERR_ABORTED;
    }
    for (uint32_t i = 0; i < step->position_count && !err; i++) {
        const struct log_position *position = &step->positions[i];
        const struct kafka_topic *topic = kafka_topic_of(position->topic);
        if (topic->removed)
            continue;
        struct buf note = {0};
        buf_printf(&note, MAGIC "%.*s;%lld;", STR_ARGS(rest), (long long)position->from_offset);
        if (i == 0)
            base64_encode(step->marks, &note);
        if (note.size > METADATA_BYTES_MAX)
            err = ERR_LIMIT;
        rd_kafka_topic_partition_t *item =
            rd_kafka_topic_partition_list_find(group->offsets, topic->name, position->partition);
        if (!item)
            item =
                rd_kafka_topic_partition_list_add(group->offsets, topic->name, position->partition);
        free(item->metadata);
        item->offset = position->next_offset;
        item->metadata = memory_strdup(buf_text(&note)); /* librdkafka frees it */
        item->metadata_size = note.size;
        buf_release(&note);
    }
    return err;
}

void kafka_groups_clear(struct kafka_log *log)
{
    while (log->groups) {
        struct kafka_group *group = log->groups;
        log->groups = group->next;
        rd_kafka_topic_partition_list_destroy(group->offsets);
        free(group);
    }
}

enum err kafka_load(struct log_member *base, struct str task, const struct log_share *inputs,
                    uint32_t input_count, struct arena *arena, struct log_task_state *ret_state,
                    struct why *why)
{
    struct kafka_log *log = kafka_member_of(base)->log;
    char group[KAFKA_GROUP_BYTES_MAX + 1];
    struct str rest;
    rd_kafka_event_t *answer = NULL;
    const rd_kafka_topic_partition_list_t *list = NULL;
    struct log_task_state state = {0};
    enum err err = kafka_wait_done(log, why);
    if (!err)
        err = kafka_task_group(log, task, group, &rest);
    if (!err)
        err = list_offsets(log, group, inputs, input_count, true, &answer, &list, why);
    if (err)
        return err == ERR_NOT_FOUND ? (*ret_state = state, OK) : err;
    state.positions = ARENA_ARRAY(arena, struct log_position, (size_t)list->cnt + 1);
    for (int i = 0; i < list->cnt && !err; i++) {
        const rd_kafka_topic_partition_t *item = &list->elems[i];
        struct log_topic *topic;
        struct note note;
        if (!note_read(item, &note) || !str_equal(note.rest, rest))
            continue;
        state.exists = true;
        if (note.marks.size > 0) {
            uint8_t *bytes = arena_alloc(arena, base64_decoded_max(note.marks.size));
            size_t size = 0;
            err = base64_decode(note.marks, bytes, &size);
            state.marks = (struct str){(char *)bytes, size};
        }
        const enum err found = kafka_topic_open(&log->base, str_from(item->topic), &topic);
        if (found == ERR_NOT_FOUND || (!found && item->partition >= topic->partition_count))
            continue;
        if (found) {
            err = why_set(why, found, "cannot open topic '%s': %s", item->topic, err_text(found));
            break;
        }
        state.positions[state.position_count++] = (struct log_position){
            .topic = topic,
            .partition = item->partition,
            .next_offset = item->offset,
            .from_offset = note.from_offset < item->offset ? note.from_offset : item->offset,
        };
    }
    rd_kafka_event_destroy(answer);
    if (!err)
        *ret_state = state;
    return err;
}

enum err kafka_readers(struct log *base, struct log_topic *handle, struct arena *arena,
                       struct log_reader **ret_readers, size_t *ret_count, struct why *why)
{
    struct kafka_log *log = kafka_of(base);
    const struct kafka_topic *topic = kafka_topic_of(handle);
    struct str *names = NULL;
    size_t name_count = 0;
    struct log_reader *readers = NULL;
    size_t count = 0;
    size_t capacity = 0;
    enum err err = list_groups(log, arena, &names, &name_count, why);
    for (size_t i = 0; i < name_count && !err; i++) {
        rd_kafka_event_t *answer = NULL;
        const rd_kafka_topic_partition_list_t *list = NULL;
        struct str task;
        if (!group_task(log, names[i], arena, &task))
            continue;
        err = list_offsets(log, names[i].data, NULL, 0, false, &answer, &list, why);
        if (err == ERR_NOT_FOUND) {
            err = OK;
            continue;
        }
        for (int j = 0; !err && j < list->cnt; j++) {
            const rd_kafka_topic_partition_t *item = &list->elems[j];
            struct note note;
            if (strcmp(item->topic, topic->name) != 0 || !note_read(item, &note) ||
                item->partition >= handle->partition_count)
                continue;
            if (count == capacity) {
                struct log_reader *grown = ARENA_ARRAY(arena, struct log_reader, capacity * 2 + 16);
                if (count > 0)
                    memcpy(grown, readers, count * sizeof(*grown));
                readers = grown;
                capacity = capacity * 2 + 16;
            }
            readers[count++] = (struct log_reader){
                .task = note.rest.size > 0
                            ? arena_printf(arena, "%.*s/%.*s", STR_ARGS(task), STR_ARGS(note.rest))
                            : task,
                .partition = item->partition,
                .next_offset = item->offset,
            };
        }
        if (answer)
            rd_kafka_event_destroy(answer);
    }
    if (err)
        return err;
    *ret_readers = readers;
    *ret_count = count;
    return OK;
}

/* Made for the assignment when it is not there. */
static struct kafka_group *find_group(struct kafka_log *log, const char *name, uint64_t assignment)
{
    struct kafka_group *group = log->groups;
    while (group && strcmp(group->name, name) != 0)
        group = group->next;
    if (group)
        return group;
    group = MEMORY_NEW(struct kafka_group);
    group->assignment = assignment;
    snprintf(group->name, sizeof(group->name), "%s", name);
    group->offsets = rd_kafka_topic_partition_list_new(8);
    group->next = log->groups;
    log->groups = group;
    return group;
}

/* False: not of ours. */
static bool note_read(const rd_kafka_topic_partition_t *item, struct note *ret_note)
{
    const struct str text = {item->metadata, item->metadata_size};
    const struct str magic = STR(MAGIC);
    if (item->err || item->offset < 0 || !text.data || !str_starts_with(text, magic))
        return false;
    struct str left = {text.data + magic.size, text.size - magic.size};
    const size_t first = str_index(left, ';');
    if (first == left.size)
        return false;
    ret_note->rest = (struct str){left.data, first};
    left = (struct str){left.data + first + 1, left.size - first - 1};
    const size_t second = str_index(left, ';');
    if (second == left.size ||
        str_to_int64((struct str){left.data, second}, &ret_note->from_offset) != OK ||
        ret_note->from_offset < 0)
        return false;
    ret_note->marks = (struct str){left.data + second + 1, left.size - second - 1};
    return true;
}

/* What the group has committed for these partitions (none: for all); is_stable: of what an open
 * transaction may still change, ERR_AGAIN. The list is the answer's. */
static enum err list_offsets(struct kafka_log *log, const char *group,
                             const struct log_share *shares, uint32_t share_count, bool is_stable,
                             rd_kafka_event_t **ret_answer,
                             const rd_kafka_topic_partition_list_t **ret_list, struct why *why)
{
    rd_kafka_topic_partition_list_t *asked =
        share_count > 0 ? rd_kafka_topic_partition_list_new((int)share_count) : NULL;
    for (uint32_t i = 0; i < share_count; i++)
        rd_kafka_topic_partition_list_add(asked, kafka_topic_of(shares[i].topic)->name,
                                          shares[i].partition);
    rd_kafka_ListConsumerGroupOffsets_t *request =
        rd_kafka_ListConsumerGroupOffsets_new(group, asked);
    if (asked)
        rd_kafka_topic_partition_list_destroy(asked);
    rd_kafka_AdminOptions_t *options =
        rd_kafka_AdminOptions_new(log->client, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
    rd_kafka_error_t *error = rd_kafka_AdminOptions_set_require_stable_offsets(options, is_stable);
    must(error == NULL);
    (void)rd_kafka_AdminOptions_set_request_timeout(options, KAFKA_CALL_MS_MAX, NULL, 0);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(log->client);
    rd_kafka_ListConsumerGroupOffsets(log->client, &request, 1, options, queue);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_ListConsumerGroupOffsets_destroy(request);
    enum err err = OK;
    rd_kafka_event_t *answer =
        kafka_admin_answer(log, queue, RD_KAFKA_EVENT_LISTCONSUMERGROUPOFFSETS_RESULT,
                           "cannot read the positions of group", str_from(group), &err, why);
    if (!answer)
        return err;
    size_t count = 0;
    const rd_kafka_group_result_t **results = rd_kafka_ListConsumerGroupOffsets_result_groups(
        rd_kafka_event_ListConsumerGroupOffsets_result(answer), &count);
    must(count == 1);
    const rd_kafka_error_t *failed = rd_kafka_group_result_error(results[0]);
    const rd_kafka_topic_partition_list_t *list = rd_kafka_group_result_partitions(results[0]);
    rd_kafka_resp_err_t code = failed ? rd_kafka_error_code(failed) : 0;
    for (int i = 0; list && i < list->cnt && !code; i++)
        if (kafka_err(list->elems[i].err) == ERR_AGAIN)
            code = list->elems[i].err;
    if (code || !list) {
        err = code
                  ? kafka_why(log, why, code, "cannot read the positions of group", str_from(group))
                  : ERR_NOT_FOUND;
        rd_kafka_event_destroy(answer);
        return err;
    }
    *ret_answer = answer;
    *ret_list = list;
    return OK;
}

/* NUL-terminated, in the arena. */
static enum err list_groups(struct kafka_log *log, struct arena *arena, struct str **ret_names,
                            size_t *ret_count, struct why *why)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(log->client);
    rd_kafka_ListConsumerGroups(log->client, NULL, queue);
    enum err err = OK;
    rd_kafka_event_t *answer =
        kafka_admin_answer(log, queue, RD_KAFKA_EVENT_LISTCONSUMERGROUPS_RESULT, "cannot list",
                           STR("groups"), &err, why);
    if (!answer)
        return err;
    size_t count = 0;
    const rd_kafka_ConsumerGroupListing_t **groups = rd_kafka_ListConsumerGroups_result_valid(
        rd_kafka_event_ListConsumerGroups_result(answer), &count);
    struct str *names = ARENA_ARRAY(arena, struct str, count + 1);
    for (size_t i = 0; i < count; i++)
        names[i] = arena_str(arena, str_from(rd_kafka_ConsumerGroupListing_group_id(groups[i])));
    rd_kafka_event_destroy(answer);
    if (count > GROUPS_MAX)
        return why_set(why, ERR_LIMIT, "more than %d groups", GROUPS_MAX);
    *ret_names = names;
    *ret_count = count;
    return OK;
}

/* The other way round: "_confluent-ksql-<service>query_Q" -> "Q", "connect-S" -> "sink/S". */
static bool group_task(const struct kafka_log *log, struct str group, struct arena *arena,
                       struct str *ret_task)
{
    const struct str sink = STR("connect-");
    const struct str query = arena_printf(arena, "_confluent-ksql-%squery_", log->service_id);
    if (str_starts_with(group, sink))
        *ret_task =
            arena_printf(arena, "sink/%.*s", (int)(group.size - sink.size), group.data + sink.size);
    else if (str_starts_with(group, query))
        *ret_task =
            arena_str(arena, (struct str){group.data + query.size, group.size - query.size});
    else
        return false;
    return true;
}

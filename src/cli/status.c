/* status.c -- asks for numbers and shows them in one line. */
#include "cli/status.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/connectors.h"

void status_init(struct status *status, struct invocation *invocation, struct world *world)
{
    struct str text;
    const struct str path = arena_printf(&invocation->arena, "%s/status.properties",
                                         config_path(invocation, "pipeline"));
    *status = (struct status){.world = world, .shown_ns = clock_monotonic_ns()};
    properties_init(&status->items, &invocation->arena);
    session_init(&status->session, &invocation->arena);
    /* Without the file the line is shorter. */
    if (file_read(path.data, 1 << 16, &invocation->arena, &text, NULL) == OK &&
        properties_parse(&status->items, text, NULL) != OK)
        status->items.count = 0;
    arena_init(&status->arena, 0);
}

void status_release(struct status *status)
{
    arena_release(&status->arena);
}

/* The first cell of a query's first row. */
struct first_cell {
    struct arena *arena;
    struct buf text;
    double number;
    bool is_number;
    bool found;
};

static bool take_first(void *context, const struct statement *statement,
                       const struct answer *answer)
{
    struct first_cell *first = context;
    (void)statement;
    if (answer->kind != ANSWER_ROWS || answer->rows->selected_count == 0)
        return true;
    const struct column *column = &answer->rows->columns[0];
    const struct value value = column_get(column, answer->rows->selection[0], first->arena);
    first->found = !value.is_null;
    value_write_json(column->type, &value, &first->text);
    if (first->found && column->type->kind == TYPE_DOUBLE) {
        first->is_number = true;
        first->number = value.number;
    }
    return false;
}

static void show_item(struct status *status, const struct property *item)
{
    struct first_cell first = {.arena = &status->arena};
    struct why why = {0};
    const enum err err = engine_execute(status->world->engine, &status->session, item->value,
                                        take_first, &first, &why);
    if (err && !status->is_told) {
        status->is_told = true;
        fprintf(stderr, "status.properties: '%.*s': %s\n", STR_ARGS(item->name), why.text);
    }
    if (err || !first.found)
        printf("%.*s -  ", STR_ARGS(item->name));
    else if (first.is_number)
        printf("%.*s %.2f  ", STR_ARGS(item->name), first.number);
    else
        printf("%.*s %.*s  ", STR_ARGS(item->name), STR_ARGS(buf_str(&first.text)));
    buf_release(&first.text);
}

/* Records a second in the topics that no query writes. */
static double event_rate(struct status *status)
{
    struct str *names;
    size_t count;
    uint64_t records = 0;
    if (log_list(status->world->log, &status->arena, &names, &count, NULL) != OK)
        return 0;
    for (size_t i = 0; i < count; i++) {
        struct source source;
        struct log_topic_info info;
        if (engine_source_of_topic(status->world->engine, names[i], &status->arena, &source) ||
            source.query.size > 0 ||
            log_describe(status->world->log, names[i], &status->arena, &info, NULL) != OK)
            continue;
        for (int32_t p = 0; p < info.config.partition_count; p++)
            records += (uint64_t)info.partitions[p].end_offset;
    }
    const int64_t now_ns = clock_monotonic_ns();
    const double rate = status->records_before == 0 ? 0
                                                    : (double)(records - status->records_before) *
                                                          1e9 / (double)(now_ns - status->shown_ns);
    status->records_before = records;
    status->shown_ns = now_ns;
    return rate;
}

static void show_queries(struct status *status)
{
    struct engine_query *queries;
    uint32_t count;
    int64_t lag = 0;
    uint32_t restoring = 0;
    double restored = 0;
    engine_queries(status->world->engine, &status->arena, &queries, &count);
    for (uint32_t i = 0; i < count; i++) {
        const struct flow_status *flow = &queries[i].status;
        for (uint32_t p = 0; p < flow->position_count; p++)
            lag += flow->positions[p].end_offset - flow->positions[p].next_offset;
        restoring += flow->state == FLOW_RESTORING;
        restored += flow->state == FLOW_RESTORING ? flow->restored : 0;
        if (flow->state == FLOW_ERROR)
            fprintf(stderr, "query %.*s stopped: %s\n", STR_ARGS(queries[i].id), flow->why.text);
    }
    printf("lag %lld  ", (long long)lag);
    if (restoring > 0)
        printf("restoring %u queries %.0f %%  ", restoring, 100 * restored / restoring);
}

static void show_sinks(struct status *status)
{
    struct sink_info *infos;
    uint32_t count;
    uint64_t documents = 0;
    sinks_list(status->world->connectors->sinks, &status->arena, &infos, &count);
    if (count == 0)
        return;
    for (uint32_t i = 0; i < count; i++)
        documents += infos[i].status.documents_before + infos[i].status.documents;
    printf("documents %llu", (unsigned long long)documents);
    for (uint32_t i = 0; i < count; i++) {
        const struct sink_status *sink = &infos[i].status;
        if (sink->state == SINK_WAITING || sink->state == SINK_FAILED)
            printf(" (%s: %s)", sink->state == SINK_FAILED ? "failed" : "waiting", sink->why.text);
    }
}

void status_show(struct status *status, const struct generator_progress *progress)
{
    for (size_t i = 0; i < status->items.count; i++)
        show_item(status, &status->items.items[i]);
    printf("events/s %.0f  ", event_rate(status));
    show_queries(status);
    show_sinks(status);
    if (progress && progress->history_done < 1)
        printf("  history %.0f %%", progress->history_done * 100);
    if (log_get_health(status->world->log) == LOG_FULL)
        printf("  the log has no room: waiting");
    putchar('\n');
    fflush(stdout);
    arena_clear(&status->arena);
}

/* show_queries.c -- SHOW QUERIES EXTENDED: all that is known of each persistent query. */
#include "data/time.h"
#include "engine/state.h"

static void write_query(struct buf *text, const struct described_query *described,
                        const struct flow_status *status);
static void write_positions(struct buf *text, const struct flow_status *status);
static void write_counters(struct buf *text, const struct flow_status *status);

void show_queries_extended(struct execution *execution, const struct described *described)
{
    struct engine *engine = execution->engine;
    struct buf text = {0};
    for (uint32_t i = 0; i < engine->query_count; i++) {
        struct described_query query;
        struct flow_status status;
        describe_query(execution, engine->queries[i], &query);
        flow_get_status(engine->queries[i]->flow, execution->arena, &status);
        write_query(&text, &query, &status);
    }
    answer_text(execution, buf_str(&text), described);
    buf_release(&text);
}

static void write_query(struct buf *text, const struct described_query *described,
                        const struct flow_status *status)
{
    buf_printf(text, "%.*s\n", STR_ARGS(described->id));
    buf_printf(text, "    status       %s", described->state);
    if (described->error.size > 0)
        buf_printf(text, ": %.*s", STR_ARGS(described->error));
    if (status->state == FLOW_RESTORING)
        buf_printf(text, ", %.0f %% read back", status->restored * 100);
    buf_printf(text, "\n    sink         %.*s\n", STR_ARGS(described->sink));
    buf_printf(text, "    state        %llu rows, %llu bytes in memory, %llu in files\n",
               (unsigned long long)status->state_rows, (unsigned long long)status->state_bytes,
               (unsigned long long)status->file_bytes);
    if (status->stream_time_ms != INT64_MIN) {
        char time[TIME_TEXT_MAX];
        const size_t size = timestamp_write_iso(status->stream_time_ms, time);
        buf_printf(text, "    stream time  %.*s\n", (int)size, time);
    }
    write_positions(text, status);
    write_counters(text, status);
    buf_printf(text, "    %.*s\n", STR_ARGS(described->sql));
}

static void write_positions(struct buf *text, const struct flow_status *status)
{
    for (uint32_t i = 0; i < status->position_count; i++) {
        const struct flow_position *at = &status->positions[i];
        buf_printf(text, "    reads        %.*s partition %d at %lld of %lld\n",
                   STR_ARGS(at->topic), at->partition, (long long)at->next_offset,
                   (long long)at->end_offset);
    }
}

/* Those that have counted something. */
static void write_counters(struct buf *text, const struct flow_status *status)
{
    for (enum counter counter = 0; counter < COUNTER_COUNT; counter++) {
        const uint64_t count = counters_get(&status->counters, counter);
        if (count > 0)
            buf_printf(text, "    %-12llu %s: %s\n", (unsigned long long)count,
                       counter_name(counter), counter_help(counter));
    }
}

/* show.c -- SHOW and LIST: what there is, as tables of text. */
#include "engine/state.h"

/* A table under construction: rows of cells in the statement's arena. */
struct sheet {
    struct execution *execution;
    const struct str *names;
    uint32_t column_count;
    struct str *cells;
    uint32_t row_count;
    uint32_t capacity;
};

static struct str *sheet_row(struct sheet *sheet)
{
    if (sheet->row_count == sheet->capacity) {
        const uint32_t capacity = sheet->capacity > 0 ? sheet->capacity * 2 : 32;
        struct str *cells = ARENA_ARRAY(sheet->execution->arena, struct str,
                                        (size_t)capacity * sheet->column_count);
        if (sheet->row_count > 0)
            memcpy(cells, sheet->cells, sizeof(cells[0]) * sheet->row_count * sheet->column_count);
        sheet->cells = cells;
        sheet->capacity = capacity;
    }
    return sheet->cells + (size_t)sheet->row_count++ * sheet->column_count;
}

static int compare_rows(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static void sheet_answer(struct sheet *sheet, bool sorted)
{
    if (sorted && sheet->row_count > 1)
        qsort(sheet->cells, sheet->row_count, sizeof(struct str) * sheet->column_count,
              compare_rows);
    const struct answer answer = {.kind = ANSWER_TABLE,
                                  .names = sheet->names,
                                  .cells = sheet->cells,
                                  .column_count = sheet->column_count,
                                  .row_count = sheet->row_count};
    (void)sheet->execution->on_answer(sheet->execution->context, sheet->execution->statement,
                                      &answer);
}

#define SHEET(columns)                                                                             \
    {                                                                                              \
        .execution = execution, .names = columns,                                                  \
        .column_count = (uint32_t)(sizeof(columns) / sizeof((columns)[0]))                         \
    }

static void show_sources(struct execution *execution, enum source_kind kind)
{
    static const struct str names[] = {STR_INIT("Name"), STR_INIT("Kafka Topic"),
                                       STR_INIT("Key Format"), STR_INIT("Value Format"),
                                       STR_INIT("Windowed")};
    struct sheet sheet = SHEET(names);
    struct engine *engine = execution->engine;
    size_t cursor = 0;
    const struct map_entry *at;
    while ((at = map_next(&engine->sources, &cursor)) != NULL) {
        const struct source *source = &((struct catalog_entry *)at->value)->source;
        if (source->kind != kind)
            continue;
        struct str *row = sheet_row(&sheet);
        row[0] = source->name;
        row[1] = source->format.topic;
        row[2] = str_from(format_name(source->format.key.kind));
        row[3] = str_from(format_name(source->format.value.kind));
        row[4] = source->format.window == WINDOW_NONE ? STR("false") : STR("true");
    }
    sheet_answer(&sheet, true);
}

static enum err show_topics(struct execution *execution)
{
    static const struct str names[] = {STR_INIT("Kafka Topic"), STR_INIT("Partitions"),
                                       STR_INIT("Records"), STR_INIT("Bytes")};
    struct sheet sheet = SHEET(names);
    struct log *log = execution->engine->options.log;
    struct str *topics;
    size_t count;
    enum err err = log_list(log, execution->arena, &topics, &count, execution->why);
    for (size_t i = 0; err == OK && i < count; i++) {
        struct log_topic_info info;
        int64_t records = 0;
        uint64_t bytes = 0;
        if (!execution->statement->extended && str_starts_with(topics[i], STR("_confluent")))
            continue;
        err = log_describe(log, topics[i], execution->arena, &info, execution->why);
        if (err == ERR_NOT_FOUND) { /* dropped while we looked */
            err = OK;
            continue;
        }
        for (int32_t p = 0; err == OK && p < info.config.partition_count; p++) {
            records += info.partitions[p].end_offset - info.partitions[p].begin_offset;
            bytes += info.partitions[p].bytes;
        }
        struct str *row = sheet_row(&sheet);
        row[0] = topics[i];
        row[1] = arena_printf(execution->arena, "%d", err ? 0 : info.config.partition_count);
        row[2] = arena_printf(execution->arena, "%lld", (long long)records);
        row[3] = arena_printf(execution->arena, "%llu", (unsigned long long)bytes);
    }
    if (err == OK)
        sheet_answer(&sheet, true);
    return err;
}

static const char *state_word(enum flow_state state)
{
    static const char *const words[] = {"RESTORING", "RUNNING", "PAUSED", "ERROR"};
    return words[state];
}

static void show_queries(struct execution *execution)
{
    static const struct str names[] = {STR_INIT("Query ID"), STR_INIT("Sink"), STR_INIT("Status"),
                                       STR_INIT("Lag"), STR_INIT("Query")};
    struct sheet sheet = SHEET(names);
    struct engine *engine = execution->engine;
    for (uint32_t i = 0; i < engine->query_count; i++) {
        const struct running *query = engine->queries[i];
        struct flow_status status;
        int64_t lag = 0;
        flow_get_status(query->flow, execution->arena, &status);
        for (uint32_t p = 0; p < status.position_count; p++)
            lag += status.positions[p].end_offset - status.positions[p].next_offset;
        struct str *row = sheet_row(&sheet);
        row[0] = query->id;
        row[1] = query->sink;
        row[2] = status.state == FLOW_ERROR
                     ? arena_printf(execution->arena, "ERROR: %s", status.why.text)
                     : str_from(state_word(status.state));
        row[3] = arena_printf(execution->arena, "%lld", (long long)lag);
        row[4] = query->sql;
    }
    sheet_answer(&sheet, true);
}

static const char *function_word(enum function_kind kind)
{
    static const char *const words[] = {"SCALAR", "AGGREGATE", "TABLE"};
    return words[kind];
}

static void show_functions(struct execution *execution)
{
    static const struct str names[] = {STR_INIT("Function Name"), STR_INIT("Type"),
                                       STR_INIT("Description")};
    struct sheet sheet = SHEET(names);
    for (uint32_t i = 0; i < function_count(); i++) {
        const struct function_info *function = function_at(i);
        struct str *row = sheet_row(&sheet);
        row[0] = function->name;
        row[1] = str_from(function_word(function->kind));
        row[2] = str_from(function->doc);
    }
    sheet_answer(&sheet, true);
}

static void show_types(struct execution *execution)
{
    static const struct str names[] = {STR_INIT("Type Name"), STR_INIT("Schema")};
    struct sheet sheet = SHEET(names);
    size_t cursor = 0;
    const struct map_entry *at;
    while ((at = map_next(&execution->engine->types, &cursor)) != NULL) {
        struct str *row = sheet_row(&sheet);
        row[0] = at->key;
        row[1] = type_text(((struct catalog_type *)at->value)->type, execution->arena);
    }
    sheet_answer(&sheet, true);
}

static void show_properties(struct execution *execution, const struct properties *first,
                            const struct properties *second)
{
    static const struct str names[] = {STR_INIT("Property"), STR_INIT("Value")};
    struct sheet sheet = SHEET(names);
    for (size_t i = 0; i < first->count; i++) {
        struct str *row = sheet_row(&sheet);
        row[0] = first->items[i].name;
        row[1] = first->items[i].value;
    }
    for (size_t i = 0; second && i < second->count; i++) {
        if (properties_get(first, second->items[i].name))
            continue;
        struct str *row = sheet_row(&sheet);
        row[0] = second->items[i].name;
        row[1] = second->items[i].value;
    }
    sheet_answer(&sheet, true);
}

enum err execute_show(struct execution *execution)
{
    const struct session *session = execution->session;
    switch (execution->statement->kind) {
    case STATEMENT_SHOW_STREAMS:
        show_sources(execution, SOURCE_STREAM);
        return OK;
    case STATEMENT_SHOW_TABLES:
        show_sources(execution, SOURCE_TABLE);
        return OK;
    case STATEMENT_SHOW_TOPICS:
        return show_topics(execution);
    case STATEMENT_SHOW_QUERIES:
        show_queries(execution);
        return OK;
    case STATEMENT_SHOW_FUNCTIONS:
        show_functions(execution);
        return OK;
    case STATEMENT_SHOW_TYPES:
        show_types(execution);
        return OK;
    case STATEMENT_SHOW_PROPERTIES:
        show_properties(execution, &session->settings, &execution->engine->settings);
        return OK;
    case STATEMENT_SHOW_VARIABLES:
        show_properties(execution, &session->variables, NULL);
        return OK;
    default:
        must_not_reach();
    }
}

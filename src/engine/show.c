/* show.c -- SHOW and LIST: what there is, as tables of text. */
#include "base/secret.h"
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

/* Rows of cells, and what is described, are in order of their first member: a name. */
static void sort(void *items, size_t count, size_t size)
{
    if (count > 1)
        qsort(items, count, size, compare_rows);
}

static void sheet_answer(struct sheet *sheet, const struct described *described)
{
    sort(sheet->cells, sheet->row_count, sizeof(struct str) * sheet->column_count);
    const struct answer answer = {.kind = ANSWER_TABLE,
                                  .names = sheet->names,
                                  .cells = sheet->cells,
                                  .column_count = sheet->column_count,
                                  .row_count = sheet->row_count,
                                  .described = described};
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
    struct described_source *sources =
        ARENA_ARRAY(execution->arena, struct described_source, engine->sources.count + 1);
    struct described described = {.kind = DESCRIBED_SOURCES, .sources = sources};
    size_t cursor = 0;
    const struct map_entry *at;
    while ((at = map_next(&engine->sources, &cursor)) != NULL) {
        const struct source *source = &((struct catalog_entry *)at->value)->source;
        if (source->kind != kind)
            continue;
        sources[described.count++] =
            (struct described_source){.name = source->name, .source = source};
        struct str *row = sheet_row(&sheet);
        row[0] = source->name;
        row[1] = source->format.topic;
        row[2] = str_from(format_name(source->format.key.kind));
        row[3] = str_from(format_name(source->format.value.kind));
        row[4] = source->format.window == WINDOW_NONE ? STR("false") : STR("true");
    }
    sort(sources, described.count, sizeof(sources[0]));
    sheet_answer(&sheet, &described);
}

struct readers {
    struct flow_status *statuses; /* of all queries */
    uint32_t count;
};

static struct readers find_readers(struct execution *execution)
{
    const struct engine *engine = execution->engine;
    struct flow_query **flows =
        ARENA_ARRAY(execution->arena, struct flow_query *, engine->query_count + 1);
    struct readers readers = {
        .statuses = ARENA_ARRAY(execution->arena, struct flow_status, engine->query_count + 1)};
    for (uint32_t i = 0; i < engine->query_count; i++)
        if (engine->queries[i]->flow)
            flows[readers.count++] = engine->queries[i]->flow;
    flow_get_statuses(flows, readers.count, execution->arena, readers.statuses);
    return readers;
}

/* Each query is a group of its own, and in one process its only member. */
static uint32_t count_readers(const struct readers *readers, struct str topic)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < readers->count; i++) {
        bool reads = false;
        for (uint32_t p = 0; p < readers->statuses[i].position_count && !reads; p++)
            reads = str_equal(readers->statuses[i].positions[p].topic, topic);
        count += reads;
    }
    return count;
}

static enum err show_topics(struct execution *execution)
{
    static const struct str names[] = {STR_INIT("Kafka Topic"), STR_INIT("Partitions"),
                                       STR_INIT("Records"), STR_INIT("Bytes")};
    struct sheet sheet = SHEET(names);
    struct log *log = execution->engine->options.log;
    struct str *topics;
    size_t count;
    struct described described = {.kind = DESCRIBED_TOPICS};
    struct readers readers = {0};
    if (execution->statement->extended)
        readers = find_readers(execution);
    enum err err = log_list(log, execution->arena, &topics, &count, execution->why);
    struct described_topic *items =
        err ? NULL : ARENA_ARRAY(execution->arena, struct described_topic, count + 1);
    described.topics = items;
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
        if (err)
            break;
        items[described.count++] =
            (struct described_topic){.name = topics[i],
                                     .partition_count = info.config.partition_count,
                                     .replica_count = info.config.replica_count,
                                     .records = records,
                                     .bytes = bytes,
                                     .reader_count = count_readers(&readers, topics[i])};
        struct str *row = sheet_row(&sheet);
        row[0] = topics[i];
        row[1] = arena_printf(execution->arena, "%d", info.config.partition_count);
        row[2] = arena_printf(execution->arena, "%lld", (long long)records);
        row[3] = arena_printf(execution->arena, "%llu", (unsigned long long)bytes);
    }
    sort(items, described.count, sizeof(items[0]));
    if (err == OK)
        sheet_answer(&sheet, &described);
    return err;
}

const char *query_state_word(enum flow_state state)
{
    static const char *const words[] = {"RESTORING", "RUNNING", "PAUSED", "ERROR"};
    return words[state];
}

void describe_query(struct execution *execution, const struct running *query,
                    struct described_query *ret_described)
{
    struct flow_status status;
    const struct catalog_entry *sink = catalog_find(execution->engine, query->sink);
    flow_get_status(query->flow, execution->arena, &status);
    *ret_described = (struct described_query){
        .id = query->id,
        .sql = query->sql,
        .sink = query->sink,
        .sink_topic = sink ? sink->source.format.topic : STR(""),
        .state = query_state_word(status.state),
    };
    ret_described->states =
        (struct described_states){.words = {ret_described->state}, .counts = {1}, .count = 1};
    peers_add_states(execution->engine, query->id, &ret_described->states);
    if (status.state == FLOW_ERROR)
        ret_described->error = arena_str(execution->arena, str_from(status.why.text));
    for (uint32_t p = 0; p < status.position_count; p++)
        ret_described->lag += status.positions[p].end_offset - status.positions[p].next_offset;
}

/* "RUNNING"; of several processes "RUNNING:2, RESTORING:1". */
static struct str states_text(const struct described_query *query, struct arena *arena)
{
    const struct described_states *states = &query->states;
    struct str text = STR("");
    if (states->count == 0 || (states->count == 1 && states->counts[0] == 1))
        return str_from(query->state);
    for (uint32_t i = 0; i < states->count; i++)
        text = arena_printf(arena, "%.*s%s%s:%u", STR_ARGS(text), i > 0 ? ", " : "",
                            states->words[i], states->counts[i]);
    return text;
}

static void show_queries(struct execution *execution)
{
    static const struct str names[] = {STR_INIT("Query ID"), STR_INIT("Sink"), STR_INIT("Status"),
                                       STR_INIT("Lag"), STR_INIT("Query")};
    struct sheet sheet = SHEET(names);
    struct engine *engine = execution->engine;
    struct described_query *pushes;
    uint32_t push_count;
    describe_pushes(execution, &pushes, &push_count);
    struct described described = {.kind = DESCRIBED_QUERIES,
                                  .count = engine->query_count + push_count};
    struct described_query *queries =
        ARENA_ARRAY(execution->arena, struct described_query, described.count + 1);
    for (uint32_t i = 0; i < engine->query_count; i++)
        describe_query(execution, engine->queries[i], &queries[i]);
    for (uint32_t i = 0; i < push_count; i++)
        queries[engine->query_count + i] = pushes[i];
    for (uint32_t i = 0; i < described.count; i++) {
        struct str *row = sheet_row(&sheet);
        row[0] = queries[i].id;
        row[1] = queries[i].sink;
        row[2] = queries[i].error.size > 0
                     ? arena_printf(execution->arena, "ERROR: %.*s", STR_ARGS(queries[i].error))
                     : states_text(&queries[i], execution->arena);
        row[3] = arena_printf(execution->arena, "%lld", (long long)queries[i].lag);
        row[4] = queries[i].sql;
    }
    sort(queries, described.count, sizeof(queries[0]));
    described.queries = queries;
    if (execution->statement->extended)
        show_queries_extended(execution, &described);
    else
        sheet_answer(&sheet, &described);
}

static void show_functions(struct execution *execution)
{
    static const struct str names[] = {STR_INIT("Function Name"), STR_INIT("Type"),
                                       STR_INIT("Description")};
    struct sheet sheet = SHEET(names);
    const struct function_info **functions =
        ARENA_ARRAY(execution->arena, const struct function_info *, function_count() + 1);
    const struct described described = {
        .kind = DESCRIBED_FUNCTIONS, .count = function_count(), .functions = functions};
    for (uint32_t i = 0; i < function_count(); i++) {
        const struct function_info *function = function_at(i);
        functions[i] = function;
        struct str *row = sheet_row(&sheet);
        row[0] = function->name;
        row[1] = str_from(function_kind_name(function->kind));
        row[2] = str_from(function->doc);
    }
    sheet_answer(&sheet, &described);
}

static void show_types(struct execution *execution)
{
    static const struct str names[] = {STR_INIT("Type Name"), STR_INIT("Schema")};
    struct sheet sheet = SHEET(names);
    const struct map *map = &execution->engine->types;
    struct described_type *types =
        ARENA_ARRAY(execution->arena, struct described_type, map->count + 1);
    struct described described = {.kind = DESCRIBED_TYPES, .types = types};
    size_t cursor = 0;
    const struct map_entry *at;
    while ((at = map_next(map, &cursor)) != NULL) {
        const struct type *type = ((struct catalog_type *)at->value)->type;
        types[described.count++] = (struct described_type){.name = at->key, .type = type};
        struct str *row = sheet_row(&sheet);
        row[0] = at->key;
        row[1] = type_text(type, execution->arena);
    }
    sort(types, described.count, sizeof(types[0]));
    sheet_answer(&sheet, &described);
}

/* Those of `first`, then those of `second` that it does not have. Whoever may ask for settings
 * need not know the secrets among them. */
static void show_properties(struct execution *execution, enum described_kind kind,
                            const struct properties *first, const struct properties *second)
{
    static const struct str names[] = {STR_INIT("Property"), STR_INIT("Value")};
    struct sheet sheet = SHEET(names);
    struct property *items = ARENA_ARRAY(execution->arena, struct property,
                                         first->count + (second ? second->count : 0) + 1);
    struct described described = {.kind = kind, .properties = items};
    for (size_t i = 0; i < first->count; i++)
        items[described.count++] = first->items[i];
    for (size_t i = 0; second && i < second->count; i++)
        if (!properties_get(first, second->items[i].name))
            items[described.count++] = second->items[i];
    for (uint32_t i = 0; i < described.count; i++) {
        items[i].value = secret_shown(&items[i], execution->arena);
        struct str *row = sheet_row(&sheet);
        row[0] = items[i].name;
        row[1] = items[i].value;
    }
    sort(items, described.count, sizeof(items[0]));
    sheet_answer(&sheet, &described);
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
        show_properties(execution, DESCRIBED_PROPERTIES, &session->settings,
                        &execution->engine->settings);
        return OK;
    case STATEMENT_SHOW_VARIABLES:
        show_properties(execution, DESCRIBED_VARIABLES, &session->variables, NULL);
        return OK;
    default:
        must_not_reach();
    }
}

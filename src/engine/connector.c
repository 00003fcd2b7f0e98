/* connector.c -- connectors: their definitions are kept here, whoever runs them is told.
 *
 * They are started and stopped when the engine's lock is given back, because a connector that is
 * asked to end may be asking the engine for a format; ids keep what was said last. */
#include "base/memory.h"
#include "base/secret.h"
#include "engine/state.h"

static void connector_free(struct catalog_connector *connector)
{
    if (!connector)
        return;
    arena_release(&connector->arena);
    free(connector);
}

void connectors_release(struct engine *engine)
{
    size_t cursor = 0;
    const struct map_entry *entry;
    while ((entry = map_next(&engine->connectors, &cursor)) != NULL)
        connector_free(entry->value);
    map_release(&engine->connectors);
    while (engine->connector_news) {
        struct connector_news *news = engine->connector_news;
        engine->connector_news = news->next;
        arena_release(&news->arena);
        free(news);
    }
}

static enum err not_found(const struct execution *execution)
{
    const struct statement *statement = execution->statement;
    return why_set_at(execution->why, ERR_NOT_FOUND, statement->name_place.line,
                      statement->name_place.column, "no connector '%.*s'",
                      STR_ARGS(statement->name));
}

/* With its name, as Connect's configurations have it. */
static void config_read(const struct execution *execution, struct properties *config)
{
    const struct statement *statement = execution->statement;
    properties_init(config, execution->arena);
    for (uint32_t i = 0; i < statement->property_count; i++)
        properties_set(config, statement->properties[i].written, statement->properties[i].text);
    properties_set(config, STR("name"), statement->name);
}

enum err execute_create_connector(struct execution *execution)
{
    struct engine *engine = execution->engine;
    const struct engine_connectors *connectors = engine->options.connectors;
    const struct statement *statement = execution->statement;
    struct properties *config = ARENA_NEW(execution->arena, struct properties);
    if (map_get(&engine->connectors, statement->name)) {
        if (!statement->if_not_exists)
            return why_set_at(execution->why, ERR_EXISTS, statement->name_place.line,
                              statement->name_place.column, "connector '%.*s' exists already",
                              STR_ARGS(statement->name));
        answer_message(execution, (struct str){0}, "connector %.*s exists already",
                       STR_ARGS(statement->name));
        return OK;
    }
    config_read(execution, config);
    enum err err = OK;
    if (connectors && !engine->replaying && !engine->following)
        err = connectors->check(connectors->context, config, execution->why);
    if (err == OK)
        err = command_append(execution);
    if (err)
        return err;
    struct catalog_connector *connector = MEMORY_NEW(struct catalog_connector);
    arena_init(&connector->arena, 0);
    connector->text = arena_str(&connector->arena, statement->text);
    connector->id =
        engine->replaying || engine->following ? engine->next_number : engine->command_number;
    properties_init(&connector->config, &connector->arena);
    properties_copy(&connector->config, config);
    map_set(&engine->connectors, statement->name, connector);
    execution->starts =
        (struct engine_connector){.name = statement->name, .id = connector->id, .config = config};
    answer_message(execution, (struct str){0}, "connector %.*s created", STR_ARGS(statement->name));
    return OK;
}

enum err execute_drop_connector(struct execution *execution)
{
    struct engine *engine = execution->engine;
    const struct statement *statement = execution->statement;
    struct catalog_connector *connector = map_get(&engine->connectors, statement->name);
    if (!connector && !statement->if_not_exists)
        return not_found(execution);
    if (!connector) {
        answer_message(execution, (struct str){0}, "there is no connector %.*s",
                       STR_ARGS(statement->name));
        return OK;
    }
    const enum err err = command_append(execution);
    if (err)
        return err;
    execution->stops = (struct engine_connector){.name = statement->name, .id = connector->id};
    map_remove(&engine->connectors, statement->name);
    connector_free(connector);
    answer_message(execution, (struct str){0}, "connector %.*s dropped", STR_ARGS(statement->name));
    return OK;
}

enum err execute_pause_connector(struct execution *execution)
{
    struct engine *engine = execution->engine;
    const struct engine_connectors *connectors = engine->options.connectors;
    const struct statement *statement = execution->statement;
    struct catalog_connector *connector = map_get(&engine->connectors, statement->name);
    const bool paused = statement->kind == STATEMENT_PAUSE_CONNECTOR;
    if (!connector)
        return not_found(execution);
    const enum err err = connector->paused == paused ? OK : command_append(execution);
    if (err)
        return err;
    connector->paused = paused;
    if (connectors && !engine->replaying)
        connectors->pause(connectors->context, statement->name, paused);
    answer_message(execution, (struct str){0}, "connector %.*s %s", STR_ARGS(statement->name),
                   paused ? "paused" : "resumed");
    return OK;
}

static void describe(const struct execution *execution, struct str name,
                     const struct catalog_connector *connector, struct described_connector *to)
{
    const struct engine_connectors *connectors = execution->engine->options.connectors;
    const struct str *class_name = properties_get(&connector->config, STR("connector.class"));
    *to = (struct described_connector){.state = connector->paused ? "PAUSED" : "UNASSIGNED"};
    if (connectors)
        connectors->describe(connectors->context, name, execution->arena, to);
    to->name = name;
    to->class_name = class_name ? *class_name : STR("MongoSinkConnector");
}

static int compare_connectors(const void *a, const void *b)
{
    return str_compare(((const struct described_connector *)a)->name,
                       ((const struct described_connector *)b)->name);
}

static void answer_connectors(struct execution *execution, const struct described *described)
{
    static const struct str names[] = {STR_INIT("Connector Name"), STR_INIT("Type"),
                                       STR_INIT("Class"), STR_INIT("Status")};
    struct str *cells = ARENA_ARRAY(execution->arena, struct str, (size_t)described->count * 4);
    for (uint32_t i = 0; i < described->count; i++) {
        cells[i * 4] = described->connectors[i].name;
        cells[i * 4 + 1] = STR("SINK");
        cells[i * 4 + 2] = described->connectors[i].class_name;
        cells[i * 4 + 3] = str_from(described->connectors[i].state);
    }
    const struct answer answer = {.kind = ANSWER_TABLE,
                                  .names = names,
                                  .cells = cells,
                                  .column_count = 4,
                                  .row_count = described->count,
                                  .described = described};
    (void)execution->on_answer(execution->context, execution->statement, &answer);
}

void execute_show_connectors(struct execution *execution)
{
    struct engine *engine = execution->engine;
    struct described_connector *connectors =
        ARENA_ARRAY(execution->arena, struct described_connector, engine->connectors.count + 1);
    struct described described = {.kind = DESCRIBED_CONNECTORS, .connectors = connectors};
    size_t cursor = 0;
    const struct map_entry *at;
    while ((at = map_next(&engine->connectors, &cursor)) != NULL)
        describe(execution, at->key, at->value, &connectors[described.count++]);
    if (described.count > 1)
        qsort(connectors, described.count, sizeof(connectors[0]), compare_connectors);
    answer_connectors(execution, &described);
}

enum err execute_describe_connector(struct execution *execution)
{
    const struct str name = execution->statement->name;
    const struct catalog_connector *connector = map_get(&execution->engine->connectors, name);
    struct described_connector one;
    struct buf text = {0};
    if (!connector)
        return not_found(execution);
    describe(execution, name, connector, &one);
    const struct described described = {
        .kind = DESCRIBED_CONNECTOR, .count = 1, .connectors = &one};
    buf_printf(&text, "Name   : %.*s\nClass  : %.*s\nType   : sink\nState  : %s\n", STR_ARGS(name),
               STR_ARGS(one.class_name), one.state);
    if (one.trace.size > 0)
        buf_printf(&text, "Why    : %.*s\n", STR_ARGS(one.trace));
    for (uint32_t i = 0; i < one.topic_count; i++)
        buf_printf(&text, "%s %.*s\n", i == 0 ? "Topics :" : "        ", STR_ARGS(one.topics[i]));
    for (size_t i = 0; i < connector->config.count; i++) {
        const struct property *property = &connector->config.items[i];
        buf_printf(&text, "%s %.*s=%.*s\n", i == 0 ? "Config :" : "        ",
                   STR_ARGS(property->name), STR_ARGS(secret_shown(property, execution->arena)));
    }
    answer_text(execution, arena_str(execution->arena, buf_str(&text)), &described);
    buf_release(&text);
    return OK;
}

void connector_note(struct engine *engine, const struct engine_connector *connector, bool starts)
{
    if (connector->name.size == 0 || !engine->options.connectors)
        return;
    struct connector_news *news = MEMORY_NEW(struct connector_news);
    arena_init(&news->arena, 0);
    news->starts = starts;
    news->connector = *connector;
    news->connector.name = arena_str(&news->arena, connector->name);
    if (connector->config) {
        struct properties *config = ARENA_NEW(&news->arena, struct properties);
        properties_init(config, &news->arena);
        properties_copy(config, connector->config);
        news->connector.config = config;
    }
    struct connector_news **last = &engine->connector_news;
    while (*last)
        last = &(*last)->next;
    *last = news;
}

void connectors_tell(struct engine *engine)
{
    const struct engine_connectors *connectors = engine->options.connectors;
    for (;;) {
        pthread_mutex_lock(&engine->lock);
        struct connector_news *news = engine->connector_news;
        if (news)
            engine->connector_news = news->next;
        pthread_mutex_unlock(&engine->lock);
        if (!news)
            return;
        if (news->starts)
            connectors->start(connectors->context, &news->connector);
        else
            connectors->stop(connectors->context, news->connector.name, news->connector.id);
        arena_release(&news->arena);
        free(news);
    }
}

void engine_get_connectors(struct engine *engine, struct arena *arena,
                           struct engine_connector **ret_connectors, uint32_t *ret_count)
{
    pthread_mutex_lock(&engine->lock);
    struct engine_connector *connectors =
        ARENA_ARRAY(arena, struct engine_connector, engine->connectors.count + 1);
    uint32_t count = 0;
    size_t cursor = 0;
    const struct map_entry *at;
    while ((at = map_next(&engine->connectors, &cursor)) != NULL) {
        const struct catalog_connector *connector = at->value;
        struct properties *config = ARENA_NEW(arena, struct properties);
        properties_init(config, arena);
        properties_copy(config, &connector->config);
        connectors[count++] = (struct engine_connector){.name = arena_str(arena, at->key),
                                                        .id = connector->id,
                                                        .config = config,
                                                        .paused = connector->paused};
    }
    pthread_mutex_unlock(&engine->lock);
    *ret_connectors = connectors;
    *ret_count = count;
}

void engine_start_connectors(struct engine *engine)
{
    const struct engine_connectors *connectors = engine->options.connectors;
    struct engine_connector *defined;
    struct arena arena;
    uint32_t count;
    must(connectors != NULL);
    arena_init(&arena, 0);
    engine_get_connectors(engine, &arena, &defined, &count);
    for (uint32_t i = 0; i < count; i++)
        connectors->start(connectors->context, &defined[i]);
    arena_release(&arena);
}

static bool config_equal(const struct properties *a, const struct properties *b)
{
    for (size_t i = 0; i < a->count; i++) {
        const struct str *value = properties_get(b, a->items[i].name);
        if (!value || !str_equal(*value, a->items[i].value))
            return false;
    }
    return a->count == b->count;
}

/* With every `quote` in it doubled. */
static void append_quoted(struct buf *buf, char quote, struct str text)
{
    buf_append_byte(buf, (uint8_t)quote);
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == quote)
            buf_append_byte(buf, (uint8_t)quote);
        buf_append_byte(buf, (uint8_t)text.data[i]);
    }
    buf_append_byte(buf, (uint8_t)quote);
}

enum err engine_define_connector(struct engine *engine, struct str name,
                                 const struct properties *config, engine_answer *on_answer,
                                 void *context, struct why *why)
{
    struct arena arena;
    struct session session;
    struct properties named;
    struct buf text = {0};
    enum err err = OK;
    arena_init(&arena, 0);
    session_init(&session, &arena);
    properties_init(&named, &arena);
    properties_copy(&named, config);
    properties_set(&named, STR("name"), name);
    pthread_mutex_lock(&engine->lock);
    const struct catalog_connector *known = map_get(&engine->connectors, name);
    const bool exists = known != NULL;
    const bool same = known && config_equal(&known->config, &named);
    pthread_mutex_unlock(&engine->lock);
    if (same)
        goto out;
    if (engine->options.connectors)
        err = engine->options.connectors->check(engine->options.connectors->context, &named, why);
    if (err)
        goto out;
    if (exists) {
        buf_append_str(&text, STR("DROP CONNECTOR "));
        append_quoted(&text, '`', name);
        buf_append_str(&text, STR("; "));
    }
    buf_append_str(&text, STR("CREATE SINK CONNECTOR "));
    append_quoted(&text, '`', name);
    buf_append_str(&text, STR(" WITH ("));
    for (size_t i = 0; i < named.count; i++) {
        if (i > 0)
            buf_append_str(&text, STR(", "));
        append_quoted(&text, '\'', named.items[i].name);
        buf_append_byte(&text, '=');
        append_quoted(&text, '\'', named.items[i].value);
    }
    buf_append_str(&text, STR(");"));
    err = engine_execute(engine, &session, buf_str(&text), on_answer, context, why);
out:
    buf_release(&text);
    arena_release(&arena);
    return err;
}

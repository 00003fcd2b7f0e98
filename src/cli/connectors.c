/* connectors.c -- connectors of the engine run as sinks; a pipeline's files define some. */
#include "cli/connectors.h"

#include "base/file.h"
#include "base/provider.h"

#define FILE_BYTES_MAX (1 << 20)

static enum err topic_format(void *context, struct str topic, struct arena *arena,
                             struct record_format *ret_format, bool *ret_is_table)
{
    const struct connectors *connectors = context;
    struct source source;
    const enum err err = engine_source_of_topic(connectors->world->engine, topic, arena, &source);
    if (err)
        return err;
    *ret_format = source.format;
    *ret_is_table = source.kind == SOURCE_TABLE;
    return OK;
}

static enum err open_target(void *context, const struct properties *properties,
                            struct target **ret_target, struct why *why)
{
    const struct connectors *connectors = context;
    return world_open_target(connectors->invocation, connectors->world, properties, false,
                             ret_target, why);
}

static enum err check(void *context, const struct properties *config, struct why *why)
{
    (void)context;
    struct arena arena;
    struct properties resolved;
    arena_init(&arena, 0);
    properties_init(&resolved, &arena);
    for (size_t i = 0; i < config->count; i++)
        properties_set(&resolved, config->items[i].name, config->items[i].value);
    enum err err = provider_resolve_all(&resolved, why);
    if (err == OK)
        err = sink_check(&resolved, why);
    arena_release(&arena);
    return err;
}

static void start(void *context, const struct engine_connector *connector)
{
    const struct connectors *connectors = context;
    if (connectors->sinks)
        sinks_start(connectors->sinks, connector->name, connector->id, connector->config,
                    connector->paused);
}

static void stop(void *context, struct str name, int64_t id)
{
    const struct connectors *connectors = context;
    if (connectors->sinks)
        sinks_stop(connectors->sinks, name, id);
}

static void pause_one(void *context, struct str name, bool paused)
{
    const struct connectors *connectors = context;
    if (connectors->sinks)
        sinks_pause(connectors->sinks, name, paused);
}

static void describe(void *context, struct str name, struct arena *arena,
                     struct described_connector *ret_connector)
{
    static const char *const states[] = {[SINK_RUNNING] = "RUNNING",
                                         [SINK_PAUSED] = "PAUSED",
                                         [SINK_WAITING] = "RUNNING",
                                         [SINK_FAILED] = "FAILED"};
    const struct connectors *connectors = context;
    struct sink_info *infos = NULL;
    uint32_t count = 0;
    if (connectors->sinks)
        sinks_list(connectors->sinks, arena, &infos, &count);
    for (uint32_t i = 0; i < count; i++) {
        const struct sink_status *status = &infos[i].status;
        if (!str_equal(infos[i].name, name))
            continue;
        ret_connector->state = states[status->state];
        if (status->state == SINK_WAITING || status->state == SINK_FAILED)
            ret_connector->trace = arena_str(arena, str_from(status->why.text));
        ret_connector->topics = infos[i].ways.topics;
        ret_connector->topic_count = infos[i].ways.count;
    }
}

void connectors_init(struct connectors *connectors, struct invocation *invocation,
                     struct world *world)
{
    *connectors = (struct connectors){
        .invocation = invocation,
        .world = world,
        .catalog = {.context = connectors, .topic_format = topic_format},
        .ops = {.context = connectors,
                .check = check,
                .start = start,
                .stop = stop,
                .pause = pause_one,
                .describe = describe},
    };
}

void connectors_start(struct connectors *connectors)
{
    const struct world *world = connectors->world;
    const struct sinks_options options = {.log = world->log,
                                          .registry = world->registry,
                                          .catalog = &connectors->catalog,
                                          .open_target = open_target,
                                          .context = connectors};
    connectors->sinks = sinks_new(&options);
    engine_start_connectors(world->engine);
}

/* "mcd.properties" is connector "mcd" where it gives itself no name. */
static struct str file_base(struct str file)
{
    if (str_equal(file, STR("sink.properties")))
        return STR("documents");
    size_t size = file.size;
    while (size > 0 && file.data[size - 1] != '.')
        size--;
    return (struct str){file.data, size > 0 ? size - 1 : file.size};
}

static enum err define_file(struct connectors *connectors, const char *directory, struct str file,
                            engine_answer *on_answer, struct why *why)
{
    struct arena *arena = &connectors->invocation->arena;
    const struct str path = arena_printf(arena, "%s/%.*s", directory, STR_ARGS(file));
    const bool is_json = str_ends_with(file, STR(".json"));
    struct str name = file_base(file);
    struct str text;
    struct properties config;
    properties_init(&config, arena);
    enum err err = file_read(path.data, FILE_BYTES_MAX, arena, &text, why);
    if (err == OK && is_json)
        err = sink_definition_read(text, &name, &config, why);
    else if (err == OK)
        err = properties_parse(&config, text, why);
    const struct str *named = properties_get(&config, STR("name"));
    const bool is_one = str_equal(file, STR("sink.properties")) ||
                        properties_get(&config, STR("connector.class")) != NULL;
    if (!is_one && (err == OK || is_json)) /* some other file of the pipeline */
        return OK;
    if (err == OK)
        err = engine_define_connector(connectors->world->engine,
                                      named && named->size > 0 ? *named : name, &config, on_answer,
                                      NULL, why);
    if (err)
        why_place(why, path.data);
    return err;
}

enum err connectors_define_files(struct connectors *connectors, engine_answer *on_answer,
                                 struct why *why)
{
    static const char *const endings[] = {".properties", ".json"};
    const char *directory = config_path(connectors->invocation, "pipeline");
    enum err err = OK;
    for (size_t e = 0; e < 2 && err == OK; e++) {
        struct str *names;
        size_t count;
        err = file_list(directory, str_from(endings[e]), &connectors->invocation->arena, &names,
                        &count, why);
        if (err == ERR_NOT_FOUND) /* what is defined is kept: files are not needed */
            return OK;
        for (size_t i = 0; i < count && err == OK; i++)
            err = define_file(connectors, directory, names[i], on_answer, why);
    }
    return err;
}

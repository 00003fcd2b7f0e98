/* fixture.h -- what the engine's tests share: an engine on a log in a directory, statements run,
 * records put and read as in the flow's tests. */
#ifndef TESTS_ENGINE_FIXTURE_H
#define TESTS_ENGINE_FIXTURE_H

#include "../flow/fixture.h"

#include "engine/engine.h"
#include "registry/registry.h"

struct world {
    struct fixture base;
    struct registry *registry;
    struct engine *engine;
    struct engine_options options; /* log and registry are filled in */
};

static inline bool world_answer(void *context, const struct statement *statement,
                                const struct answer *answer)
{
    return true;
}

/* Opens the engine; what its command topic holds runs again. */
static inline void world_open(struct world *world)
{
    struct why why = {0};
    assert_ok(registry_embedded_open(world->base.store, &world->registry, &why));
    world->options.log = world->base.log;
    world->options.registry = world->registry;
    const enum err err = engine_open(&world->options, &world->engine, &why);
    if (err != OK)
        fail_msg("%s: %s", err_name(err), why.text);
}

static inline void world_close(struct world *world)
{
    engine_close(world->engine);
    world->engine = NULL;
    registry_close(world->registry);
    fixture_close(&world->base);
}

static inline void world_init(struct world *world)
{
    *world = (struct world){
        .options = {.service_id = STR_INIT("test_"), .interactive = true, .thread_count = 1}};
    fixture_init(&world->base);
}

static inline void world_release(struct world *world)
{
    if (world->engine)
        world_close(world);
    fixture_release(&world->base);
}

/* As after a crash of the process that lost nothing. */
static inline void world_restart(struct world *world)
{
    world_close(world);
    fixture_open(&world->base);
    fixture_join(&world->base);
    world_open(world);
}

static inline enum err try_to_run(struct world *world, const char *text, engine_answer *on_answer,
                                  void *context, struct why *why)
{
    struct session session;
    session_init(&session, &world->base.arena);
    return engine_execute(world->engine, &session, str_from(text), on_answer, context, why);
}

static inline void run(struct world *world, const char *text)
{
    struct why why = {0};
    const enum err err = try_to_run(world, text, world_answer, NULL, &why);
    if (err != OK)
        fail_msg("%s: line %d:%d: %s", err_name(err), why.line, why.column, why.text);
}

static inline void settle(struct world *world)
{
    const enum err err = engine_wait_idle(world->engine, IDLE_MS);
    if (err == OK)
        return;
    struct engine_query *queries;
    uint32_t count;
    engine_queries(world->engine, &world->base.arena, &queries, &count);
    for (uint32_t i = 0; i < count; i++)
        if (queries[i].status.state != FLOW_RUNNING)
            print_message("%.*s: %s\n", STR_ARGS(queries[i].id), queries[i].status.why.text);
    fail_msg("%s", err_name(err));
}

#endif

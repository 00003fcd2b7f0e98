/* world.h -- an engine on a log in a directory that can be closed and opened again, asked by
 * statements; for tests. */
#ifndef TESTS_ENGINE_WORLD_H
#define TESTS_ENGINE_WORLD_H

#include "../flow/fixture.h"

#include "engine/engine.h"
#include "registry/registry.h"

struct world {
    struct fixture fixture;
    struct registry *registry;
    struct engine *engine;
    struct session session;
    struct properties settings;
    uint32_t threads;
};

static inline void world_open(struct world *world)
{
    struct why why = {0};
    if (!world->fixture.store)
        fixture_open(&world->fixture);
    fixture_join(&world->fixture);
    assert_ok(registry_embedded_open(world->fixture.store, &world->registry, &why));
    const struct engine_options options = {.log = world->fixture.log,
                                           .registry = world->registry,
                                           .service_id = STR("test_"),
                                           .interactive = true,
                                           .thread_count = world->threads,
                                           .settings = &world->settings};
    assert_ok(engine_open(&options, &world->engine, &why));
}

static inline void world_close(struct world *world)
{
    engine_close(world->engine);
    registry_close(world->registry);
    fixture_close(&world->fixture);
}

/* Rows as lines, sorted. */
static inline bool take_rows(void *context, const struct statement *statement,
                             const struct answer *answer)
{
    struct buf *text = context;
    (void)statement;
    if (answer->kind != ANSWER_ROWS)
        return true;
    struct arena arena;
    arena_init(&arena, 0);
    for (uint32_t i = 0; i < answer->rows->selected_count; i++) {
        for (uint32_t j = 0; j < answer->row_type->column_count; j++) {
            const struct value value =
                column_get(&answer->rows->columns[j], answer->rows->selection[i], &arena);
            buf_printf(text, j > 0 ? "," : "");
            value_write_json(answer->row_type->columns[j].type, &value, text);
        }
        buf_append_byte(text, '\n');
    }
    arena_release(&arena);
    return true;
}

static inline struct str ask(struct world *world, const char *sql)
{
    struct buf text = {0};
    struct why why = {0};
    if (engine_execute(world->engine, &world->session, str_from(sql), take_rows, &text, &why))
        fail_msg("%s: %s", sql, why.text);
    const struct str lines =
        sort_lines(&world->fixture, arena_str(&world->fixture.arena, buf_str(&text)));
    buf_release(&text);
    return lines;
}

/* `threads` is set; emits_each: every change of a table is emitted. */
static inline void world_init(struct world *world, bool emits_each)
{
    fixture_init(&world->fixture);
    log_leave(world->fixture.member);
    properties_init(&world->settings, &world->fixture.arena);
    session_init(&world->session, &world->fixture.arena);
    properties_set(&world->settings, STR("ksql.streams.auto.offset.reset"), STR("earliest"));
    if (emits_each)
        properties_set(&world->settings, STR("ksql.streams.cache.max.bytes.buffering"), STR("0"));
    world_open(world);
}

static inline void world_release(struct world *world)
{
    world_close(world);
    fixture_release(&world->fixture);
}

#endif

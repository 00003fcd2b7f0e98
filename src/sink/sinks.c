/* sinks.c -- the connectors of a process by name: started, stopped, asked.
 *
 * An entry is used outside the lock by whoever holds a reference: stopping takes it out of the
 * list, waits until nobody does, and only then ends its thread. The lock is never held while
 * something else is waited for. */
#include "base/memory.h"
#include "base/provider.h"
#include "base/trace.h"
#include "sink/sink.h"

#include <pthread.h>

struct entry {
    struct arena arena;
    struct str name;
    int64_t id;
    struct properties properties; /* resolved, but for a failure */
    struct target *target;        /* NULL: it could not be opened */
    struct sink *sink;            /* NULL: it could not be started */
    struct why why;               /* why not */
    bool paused;
    uint32_t users; /* besides the list */
};

struct sinks {
    struct sinks_options options;
    pthread_mutex_t lock; /* all below */
    pthread_cond_t changed;
    struct entry **entries;
    uint32_t count;
    pthread_mutex_t control; /* one start, stop or restart at a time */
};

struct sinks *sinks_new(const struct sinks_options *options)
{
    struct sinks *sinks = MEMORY_NEW(struct sinks);
    sinks->options = *options;
    pthread_mutex_init(&sinks->lock, NULL);
    pthread_mutex_init(&sinks->control, NULL);
    pthread_cond_init(&sinks->changed, NULL);
    return sinks;
}

static void entry_free(struct entry *entry)
{
    sink_stop(entry->sink);
    arena_release(&entry->arena);
    free(entry);
}

void sinks_free(struct sinks *sinks)
{
    if (!sinks)
        return;
    for (uint32_t i = 0; i < sinks->count; i++)
        entry_free(sinks->entries[i]);
    free(sinks->entries);
    pthread_cond_destroy(&sinks->changed);
    pthread_mutex_destroy(&sinks->control);
    pthread_mutex_destroy(&sinks->lock);
    free(sinks);
}

/* With the lock. */
static struct entry *find(const struct sinks *sinks, struct str name)
{
    for (uint32_t i = 0; i < sinks->count; i++)
        if (str_equal(sinks->entries[i]->name, name))
            return sinks->entries[i];
    return NULL;
}

/* Given back by leave. NULL: there is none of that name. */
static struct entry *enter(struct sinks *sinks, struct str name)
{
    pthread_mutex_lock(&sinks->lock);
    struct entry *entry = find(sinks, name);
    if (entry)
        entry->users++;
    pthread_mutex_unlock(&sinks->lock);
    return entry;
}

static void leave(struct sinks *sinks, struct entry *entry)
{
    pthread_mutex_lock(&sinks->lock);
    if (--entry->users == 0)
        pthread_cond_broadcast(&sinks->changed);
    pthread_mutex_unlock(&sinks->lock);
}

/* Takes the entry out of the list, without users; NULL when it is not there or later than `id`. */
static struct entry *take(struct sinks *sinks, struct str name, int64_t id)
{
    pthread_mutex_lock(&sinks->lock);
    struct entry *entry = find(sinks, name);
    if (entry && entry->id > id)
        entry = NULL;
    for (uint32_t i = 0; entry && i < sinks->count; i++) {
        if (sinks->entries[i] != entry)
            continue;
        sinks->entries[i] = sinks->entries[--sinks->count];
        break;
    }
    while (entry && entry->users > 0)
        pthread_cond_wait(&sinks->changed, &sinks->lock);
    pthread_mutex_unlock(&sinks->lock);
    return entry;
}

static void put(struct sinks *sinks, struct entry *entry)
{
    pthread_mutex_lock(&sinks->lock);
    sinks->entries = memory_realloc(sinks->entries, (sinks->count + 1) * sizeof(sinks->entries[0]));
    sinks->entries[sinks->count++] = entry;
    pthread_mutex_unlock(&sinks->lock);
}

/* Opens target and sink where they are not open. */
static enum err entry_open(struct sinks *sinks, struct entry *entry)
{
    struct why *why = &entry->why;
    enum err err = provider_resolve_all(&entry->properties, why);
    if (err == OK && !entry->target)
        err = sinks->options.open_target(sinks->options.context, &entry->properties, &entry->target,
                                         why);
    const struct sink_options options = {.name = entry->name,
                                         .properties = &entry->properties,
                                         .log = sinks->options.log,
                                         .registry = sinks->options.registry,
                                         .target = entry->target,
                                         .catalog = sinks->options.catalog,
                                         .paused = entry->paused};
    if (err == OK)
        err = sink_start(&options, &entry->sink, why);
    if (err)
        trace(TRACE_ERROR, "sink", "'%.*s' cannot start: %s", STR_ARGS(entry->name), why->text);
    return err;
}

void sinks_start(struct sinks *sinks, struct str name, int64_t id,
                 const struct properties *properties, bool paused)
{
    pthread_mutex_lock(&sinks->control);
    struct entry *earlier = take(sinks, name, id - 1);
    if (earlier)
        entry_free(earlier);
    pthread_mutex_lock(&sinks->lock);
    const bool is_there = find(sinks, name) != NULL;
    pthread_mutex_unlock(&sinks->lock);
    if (!is_there) {
        struct entry *entry = MEMORY_NEW(struct entry);
        arena_init(&entry->arena, 0);
        entry->name = arena_str(&entry->arena, name);
        entry->id = id;
        entry->paused = paused;
        properties_init(&entry->properties, &entry->arena);
        for (size_t i = 0; i < properties->count; i++)
            properties_set(&entry->properties, properties->items[i].name,
                           properties->items[i].value);
        (void)!entry_open(sinks, entry);
        put(sinks, entry);
    }
    pthread_mutex_unlock(&sinks->control);
}

void sinks_stop(struct sinks *sinks, struct str name, int64_t id)
{
    pthread_mutex_lock(&sinks->control);
    struct entry *entry = take(sinks, name, id);
    if (entry)
        entry_free(entry);
    pthread_mutex_unlock(&sinks->control);
}

void sinks_pause(struct sinks *sinks, struct str name, bool paused)
{
    pthread_mutex_lock(&sinks->lock);
    struct entry *entry = find(sinks, name);
    if (entry) {
        entry->paused = paused;
        if (entry->sink)
            sink_pause(entry->sink, paused);
    }
    pthread_mutex_unlock(&sinks->lock);
}

/* Nobody sees the entry while it is opened again: it is out of the list. */
static enum err open_again(struct sinks *sinks, struct str name, struct why *why)
{
    struct entry *entry = take(sinks, name, INT64_MAX);
    if (!entry)
        return ERR_NOT_FOUND;
    const enum err err = entry_open(sinks, entry);
    if (err && why)
        *why = entry->why;
    put(sinks, entry);
    return err;
}

enum err sinks_restart(struct sinks *sinks, struct str name, struct why *why)
{
    pthread_mutex_lock(&sinks->control);
    struct entry *entry = enter(sinks, name);
    enum err err = OK;
    bool runs = false;
    if (entry) {
        runs = entry->sink != NULL;
        if (runs)
            err = sink_restart(entry->sink, why);
        if (runs && err == OK && entry->paused)
            sink_pause(entry->sink, true);
        leave(sinks, entry);
    }
    if (entry && !runs)
        err = open_again(sinks, name, why);
    pthread_mutex_unlock(&sinks->control);
    return entry ? err : why_set(why, ERR_NOT_FOUND, "no connector '%.*s'", STR_ARGS(name));
}

static int compare_infos(const void *a, const void *b)
{
    return str_compare(((const struct sink_info *)a)->name, ((const struct sink_info *)b)->name);
}

void sinks_list(struct sinks *sinks, struct arena *arena, struct sink_info **ret_infos,
                uint32_t *ret_count)
{
    pthread_mutex_lock(&sinks->lock);
    const uint32_t count = sinks->count;
    struct sink_info *infos = ARENA_ARRAY(arena, struct sink_info, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        const struct entry *entry = sinks->entries[i];
        infos[i].name = arena_str(arena, entry->name);
        if (entry->sink) {
            sink_get_status(entry->sink, &infos[i].status);
            sink_get_ways(entry->sink, arena, &infos[i].ways);
        } else {
            infos[i].status = (struct sink_status){.state = SINK_FAILED, .why = entry->why};
        }
    }
    pthread_mutex_unlock(&sinks->lock);
    if (count > 1)
        qsort(infos, count, sizeof(infos[0]), compare_infos);
    *ret_infos = infos;
    *ret_count = count;
}

/* With the reason as it is known now. */
static void say_stopped(struct sinks *sinks, struct str name, struct why *why)
{
    struct arena arena;
    struct sink_info *infos;
    uint32_t count;
    arena_init(&arena, 0);
    sinks_list(sinks, &arena, &infos, &count);
    for (uint32_t i = 0; i < count; i++)
        if (str_equal(infos[i].name, name))
            (void)why_set(why, ERR_ABORTED, "sink '%.*s' has stopped: %s", STR_ARGS(name),
                          infos[i].status.why.text);
    arena_release(&arena);
}

enum err sinks_wait_idle(struct sinks *sinks, int64_t timeout_ms, struct why *why)
{
    struct arena arena;
    struct sink_info *infos;
    uint32_t count;
    enum err err = OK;
    arena_init(&arena, 0);
    sinks_list(sinks, &arena, &infos, &count);
    for (uint32_t i = 0; i < count && err == OK; i++) {
        struct entry *entry = enter(sinks, infos[i].name);
        if (!entry)
            continue;
        if (!entry->sink)
            err = ERR_ABORTED;
        else if (!entry->paused)
            err = sink_wait_idle(entry->sink, timeout_ms);
        leave(sinks, entry);
        if (err == ERR_ABORTED)
            say_stopped(sinks, infos[i].name, why);
    }
    arena_release(&arena);
    return err;
}

enum err sinks_positions(struct sinks *sinks, struct str name, struct arena *arena,
                         struct target_position **ret_positions, uint32_t *ret_count,
                         struct why *why)
{
    struct entry *entry = enter(sinks, name);
    if (!entry)
        return why_set(why, ERR_NOT_FOUND, "no connector '%.*s'", STR_ARGS(name));
    enum err err = why_set(why, ERR_UNAVAILABLE, "%s", entry->why.text);
    if (entry->target)
        err = target_positions(entry->target, name, arena, ret_positions, ret_count, why);
    leave(sinks, entry);
    return err;
}

struct target *sinks_target(struct sinks *sinks, struct str collection)
{
    struct arena arena;
    struct target *target = NULL;
    arena_init(&arena, 0);
    pthread_mutex_lock(&sinks->lock);
    for (uint32_t i = 0; i < sinks->count; i++) {
        const struct entry *entry = sinks->entries[i];
        struct sink_ways ways = {.count = 0};
        bool writes = false;
        if (entry->sink)
            sink_get_ways(entry->sink, &arena, &ways);
        for (uint32_t w = 0; w < ways.count; w++)
            writes |= str_equal(ways.collections[w], collection);
        if (entry->target && (writes || !target))
            target = entry->target;
        if (writes)
            break;
    }
    pthread_mutex_unlock(&sinks->lock);
    arena_release(&arena);
    return target;
}

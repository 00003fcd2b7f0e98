/* generate.c -- drivethru generate: orders and payments into the log, without running queries. */
#include "base/clock.h"
#include "cli/generating.h"
#include "cli/world.h"
#include "data/time.h"

#define PROGRESS_INTERVAL_NS 1000000000LL
#define STEP_TIMEOUT_MS 1000

int generator_options_read(const struct invocation *invocation, struct generator_options *options)
{
    generator_options_init(options);
    options->seed = config_seed(invocation);
    options->rate = config_double(invocation, "rate");
    options->history_ms = config_duration_ms(invocation, "history");
    /* A stream that goes on for ever is never idle. */
    options->live = config_flag(invocation, "live") && !config_flag(invocation, "until.idle");
    options->order_count = config_number(invocation, "orders");
    options->partition_count = (int32_t)config_number(invocation, "partitions");
    options->unpaid_share = config_share(invocation, "generator.unpaid.share");
    options->late_share = config_share(invocation, "generator.late.share");
    options->disorder_share = config_share(invocation, "generator.disorder.share");
    options->duplicate_share = config_share(invocation, "generator.duplicate.share");
    options->orphan_share = config_share(invocation, "generator.orphan.share");
    options->malformed_share = config_share(invocation, "generator.malformed.share");
    options->disorder_ms_max = config_duration_ms(invocation, "generator.disorder.max");
    const struct str start = config_text(invocation, "start");
    if (start.size > 0 && timestamp_parse_iso(start, &options->start_ms) != OK) {
        fprintf(stderr, "drivethru: '--start' is a time such as 2026-01-31T06:00:00, not '%.*s'\n",
                STR_ARGS(start));
        return EXIT_USAGE;
    }
    return EXIT_OK;
}

static void show_progress(const struct generator_progress *progress, double seconds,
                          uint64_t events_before)
{
    struct arena arena;
    arena_init(&arena, 0);
    fprintf(stderr, "%.*s  %llu orders  %llu payments  %.0f events/s",
            STR_ARGS(timestamp_format_iso(progress->event_time_ms, &arena)),
            (unsigned long long)progress->orders, (unsigned long long)progress->payments,
            (double)(progress->events - events_before) / seconds);
    if (progress->history_done < 1)
        fprintf(stderr, "  history %.0f %%", progress->history_done * 100);
    fputc('\n', stderr);
    arena_release(&arena);
}

static int generate(struct world *world, const struct generator_options *options, bool quiet)
{
    struct generator *generator;
    struct generator_progress progress = {0};
    struct why why = {0};
    enum err err = generator_open(options, world->log, world->registry, &generator, &why);
    if (err == ERR_INVALID)
        return fail_usage(&command_generate, "%s", why.text);
    if (err)
        return fail(err, &why);
    int64_t shown_ns = clock_monotonic_ns();
    uint64_t shown_events = 0;
    while (!interrupt_wanted() && !progress.is_done) {
        err = generator_step(generator, clock_wall_ms(), STEP_TIMEOUT_MS, &progress, &why);
        if (err == ERR_FULL) {
            fprintf(stderr, "waiting: the log has no room\n");
            continue;
        }
        if (err)
            break;
        const int64_t now_ns = clock_monotonic_ns();
        if (!quiet && now_ns - shown_ns >= PROGRESS_INTERVAL_NS) {
            show_progress(&progress, (double)(now_ns - shown_ns) / 1e9, shown_events);
            shown_ns = now_ns;
            shown_events = progress.events;
        }
        if (options->live && progress.history_done >= 1)
            clock_sleep_ms(5);
    }
    generator_close(generator);
    if (err)
        return fail(err, &why);
    fprintf(stderr, "%llu orders, %llu payments, %llu events\n",
            (unsigned long long)progress.orders, (unsigned long long)progress.payments,
            (unsigned long long)progress.events);
    return interrupt_wanted() ? EXIT_INTERRUPTED : EXIT_OK;
}

static int run(struct invocation *invocation)
{
    struct world world;
    struct generator_options options;
    struct why why = {0};
    int code = generator_options_read(invocation, &options);
    if (code)
        return code;
    interrupt_catch();
    const enum err err = world_open(invocation, WORLD_LOG, &world, &why);
    if (err)
        return fail(err, &why);
    code = generate(&world, &options, config_flag(invocation, "quiet"));
    world_close(&world);
    return code;
}

const struct command command_generate = {
    .name = "generate",
    .summary = "make orders and payments, and the truth about them",
    .usage = "generate [flags]",
    .flags = "data config bootstrap.servers schema.registry.url rate history seed start orders "
             "live partitions "
             "generator.unpaid.share generator.late.share generator.disorder.share "
             "generator.duplicate.share generator.orphan.share generator.malformed.share "
             "generator.disorder.max commit.interval.ms log.bytes.max log.sync quiet",
    .examples = "  drivethru generate --rate 100\n"
                "  drivethru generate --history 2h --no-live --seed 7\n"
                "  drivethru generate --start 2026-01-31T06:00:00 --orders 1000 --history 1d\n",
    .run = run,
};

/* doctor.c -- drivethru doctor: what would stand in the way, step by step, and what to do about it.
 */
#include "base/clock.h"
#include "base/file.h"
#include "base/secret.h"
#include "cli/pipeline.h"
#include "cli/world.h"
#include "net/examine.h"
#include "net/net.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#define SINK_BYTES_MAX (1 << 20)
#define SYNC_ROUNDS 8
#define SYNC_SLOW_MS 50
#define FREE_BYTES_MIN (100LL << 20)
#define FREE_BYTES_GOOD (2LL << 30)
#define FILES_GOOD 4096
#define YEAR_2024_MS 1704067200000LL

struct doctor {
    struct invocation *invocation;
    const char *part; /* "disk", "schema registry", ... */
    uint32_t failures;
    uint32_t warnings;
    bool is_unavailable; /* something that was asked did not answer */
};

enum verdict { VERDICT_OK, VERDICT_WARNING, VERDICT_FAILED };

/* `advice` NULL: what was found says it. */
static void say(struct doctor *doctor, enum verdict verdict, const char *step, const char *words,
                const char *advice)
{
    static const char *const marks[] = {"ok", "warning", "FAILED"};
    doctor->warnings += verdict == VERDICT_WARNING;
    doctor->failures += verdict == VERDICT_FAILED;
    printf("%-8s %-15s  %-15s  %s\n", marks[verdict], doctor->part, step, words);
    if (advice && verdict != VERDICT_OK)
        printf("%-8s %-15s  %-15s  -> %s\n", "", "", "", advice);
    fflush(stdout);
}

/* Whoever waits is told for what. */
static void begin(const struct doctor *doctor, const char *step, const char *what)
{
    if (!config_flag(doctor->invocation, "quiet"))
        fprintf(stderr, "... %s: %s of %s\n", doctor->part, step, what);
}

static void say_err(struct doctor *doctor, const char *step, enum err err, const char *words,
                    const char *advice)
{
    doctor->is_unavailable |= err == ERR_UNAVAILABLE;
    say(doctor, err ? VERDICT_FAILED : VERDICT_OK, step, words, advice);
}

/* -- this machine -- */

static void check_space(struct doctor *doctor, const char *directory)
{
    struct arena *arena = &doctor->invocation->arena;
    struct statvfs info;
    if (statvfs(directory, &info) != 0) {
        say(doctor, VERDICT_FAILED, "space", strerror(errno), NULL);
        return;
    }
    const int64_t bytes = (int64_t)info.f_bavail * (int64_t)info.f_frsize;
    const char *words =
        arena_printf(arena, "%.1f GB free", (double)bytes / (double)(1LL << 30)).data;
    const enum verdict verdict = bytes < FREE_BYTES_MIN    ? VERDICT_FAILED
                                 : bytes < FREE_BYTES_GOOD ? VERDICT_WARNING
                                                           : VERDICT_OK;
    say(doctor, verdict, "space", words,
        "make room, name another directory with --data, or bound the log with --log-bytes-max");
}

/* How long a commit waits for the disk: the middle of a few. */
static void check_sync(struct doctor *doctor, int fd)
{
    struct arena *arena = &doctor->invocation->arena;
    static const char page[4096];
    double times[SYNC_ROUNDS];
    for (int i = 0; i < SYNC_ROUNDS; i++) {
        const int64_t from_ns = clock_monotonic_ns();
        if (pwrite(fd, page, sizeof(page), (off_t)(i * (int)sizeof(page))) != sizeof(page) ||
            fdatasync(fd) != 0) {
            say(doctor, VERDICT_FAILED, "sync", strerror(errno), "the disk does not write");
            return;
        }
        const double ms = (double)(clock_monotonic_ns() - from_ns) / 1e6;
        int at = i;
        for (; at > 0 && times[at - 1] > ms; at--)
            times[at] = times[at - 1];
        times[at] = ms;
    }
    const double middle = times[SYNC_ROUNDS / 2];
    say(doctor, middle > SYNC_SLOW_MS ? VERDICT_WARNING : VERDICT_OK, "sync",
        arena_printf(arena, "a durable write takes %.2f ms", middle).data,
        "each commit waits so long: a faster disk, or a longer --commit-interval");
}

static void check_disk(struct doctor *doctor)
{
    struct arena *arena = &doctor->invocation->arena;
    const char *directory = config_path(doctor->invocation, "data");
    struct why why = {0};
    doctor->part = "disk";
    if (file_make_directory(directory, &why)) {
        say(doctor, VERDICT_FAILED, "directory", why.text, "name another directory with --data");
        return;
    }
    const char *path = arena_printf(arena, "%s/doctor.%d", directory, (int)getpid()).data;
    const int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        say(doctor, VERDICT_FAILED, "directory",
            arena_printf(arena, "'%s' cannot be written: %s", directory, strerror(errno)).data,
            "give the user write permission, or name another directory with --data");
        return;
    }
    say(doctor, VERDICT_OK, "directory", arena_printf(arena, "'%s' can be written", directory).data,
        NULL);
    check_space(doctor, directory);
    check_sync(doctor, fd);
    close(fd);
    (void)unlink(path);
}

static void check_listen(struct doctor *doctor, const char *setting, const char *flag)
{
    struct arena *arena = &doctor->invocation->arena;
    const struct str listen = config_text(doctor->invocation, setting);
    struct net_server *server = NULL;
    struct why why = {0};
    if (listen.size == 0)
        return;
    const struct net_options options = {
        .listen = listen,
        .flag = flag,
        .insecure = config_flag(doctor->invocation, "insecure"),
        .routes = &(const struct net_route){0},
    };
    doctor->part = "ports";
    const enum err err = net_server_open(&options, &server, &why);
    net_server_close(server);
    if (err == ERR_UNAVAILABLE)
        say(doctor, VERDICT_WARNING, setting, why.text,
            "fine if it is drivethru that runs; else name another port");
    else
        say(doctor, err ? VERDICT_FAILED : VERDICT_OK, setting,
            err ? why.text : arena_printf(arena, "%.*s is free", STR_ARGS(listen)).data, NULL);
}

static void check_limits(struct doctor *doctor)
{
    struct arena *arena = &doctor->invocation->arena;
    struct rlimit files = {0};
    doctor->part = "limits";
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    say(doctor, files.rlim_cur < FILES_GOOD ? VERDICT_WARNING : VERDICT_OK, "open files",
        arena_printf(arena, "%llu may be open at once", (unsigned long long)files.rlim_cur).data,
        "fewer clients can be served at once: ulimit -n 65536, or LimitNOFILE in the unit");
}

static void check_clock(struct doctor *doctor)
{
    struct timex state = {0};
    doctor->part = "clock";
    if (clock_wall_ms() < YEAR_2024_MS) {
        say(doctor, VERDICT_FAILED, "date", "it is long past",
            "set the clock: events are dated by it");
        return;
    }
    const bool is_free = adjtimex(&state) == TIME_ERROR;
    say(doctor, is_free ? VERDICT_WARNING : VERDICT_OK, "date",
        is_free ? "nobody keeps it right, as far as the system knows" : "it is kept right",
        "in a container that is the host's business; else run systemd-timesyncd or chrony");
}

/* -- others -- */

static void server_begins(void *context, const char *step, const char *place)
{
    begin(context, step, place);
}

static void server_says(void *context, const char *step, enum examined verdict, const char *words,
                        const char *advice)
{
    static const enum verdict verdicts[] = {[EXAMINED_OK] = VERDICT_OK,
                                            [EXAMINED_ODD] = VERDICT_WARNING,
                                            [EXAMINED_WRONG] = VERDICT_FAILED,
                                            [EXAMINED_AWAY] = VERDICT_FAILED};
    struct doctor *doctor = context;
    doctor->is_unavailable |= verdict == EXAMINED_AWAY;
    say(doctor, verdicts[verdict], step, words, advice);
}

static struct examiner examiner_of(struct doctor *doctor)
{
    return (struct examiner){.begin = server_begins, .say = server_says, .context = doctor};
}

static void check_registry(struct doctor *doctor)
{
    const struct examiner examiner = examiner_of(doctor);
    struct why why = {0};
    doctor->part = "schema registry";
    if (config_text(doctor->invocation, "schema.registry.url").size == 0)
        return;
    if (registry_remote_examine(&doctor->invocation->settings, &examiner, &why) != OK)
        say(doctor, VERDICT_FAILED, "settings", why.text, NULL);
}

/* The topics that the pipeline's schemas are for. */
static void check_topics(struct doctor *doctor, struct world *world)
{
    struct arena *arena = &doctor->invocation->arena;
    const struct str directory =
        arena_printf(arena, "%s/schemas", config_path(doctor->invocation, "pipeline"));
    struct str *files = NULL;
    size_t count = 0;
    struct str before = {0};
    if (file_list(directory.data, STR(".avsc"), arena, &files, &count, NULL) != OK)
        return;
    for (size_t i = 0; i < count; i++) {
        const struct str topic = pipeline_topic(pipeline_subject(files[i]));
        struct log_topic_info info;
        struct why why = {0};
        if (topic.size == 0 || str_equal(topic, before))
            continue;
        before = topic;
        const enum err err = log_describe(world->log, topic, arena, &info, &why);
        if (err == ERR_NOT_FOUND)
            say(doctor, VERDICT_OK, "topic",
                arena_printf(arena, "%.*s is not there yet: 'drivethru up' makes it",
                             STR_ARGS(topic))
                    .data,
                NULL);
        else
            say_err(doctor, "topic", err,
                    err ? why.text
                        : arena_printf(arena, "%.*s has %d partitions", STR_ARGS(topic),
                                       info.config.partition_count)
                              .data,
                    err ? "give the login Read, Write and Describe on the pipeline's topics"
                        : NULL);
    }
}

/* Whether the log can be opened, and whether somebody runs queries on it. */
static void check_log(struct doctor *doctor)
{
    struct world world;
    struct why why = {0};
    doctor->part = "log";
    begin(doctor, "opening",
          config_text(doctor->invocation, "bootstrap.servers").size > 0
              ? "Kafka"
              : config_path(doctor->invocation, "data"));
    const enum err err = world_open(doctor->invocation, WORLD_LOG, &world, &why);
    if (err) {
        say_err(doctor, "open", err, why.text, NULL);
        return;
    }
    struct str *names;
    size_t count = 0;
    const enum err listed = log_list(world.log, &doctor->invocation->arena, &names, &count, &why);
    say_err(doctor, "topics", listed,
            listed ? why.text : arena_printf(&doctor->invocation->arena, "%zu topics", count).data,
            NULL);
    if (!listed)
        check_topics(doctor, &world);
    world_close(&world);
}

static void check_kafka(struct doctor *doctor)
{
    const struct examiner examiner = examiner_of(doctor);
    const struct log_kafka_options options = {
        .settings = &doctor->invocation->settings,
        .service_id = config_text(doctor->invocation, "ksql.service.id"),
    };
    bool is_there = true;
    struct why why = {0};
    doctor->part = "Kafka";
    if (config_text(doctor->invocation, "bootstrap.servers").size > 0 &&
        log_kafka_examine(&options, &examiner, &is_there, &why) != OK)
        say(doctor, VERDICT_FAILED, "settings", why.text, NULL);
    if (is_there)
        check_log(doctor);
}

/* The database that the pipeline's sink writes into. */
static struct str sink_database(struct doctor *doctor)
{
    struct arena *arena = &doctor->invocation->arena;
    const struct str path =
        arena_printf(arena, "%s/sink.properties", config_path(doctor->invocation, "pipeline"));
    struct properties sink;
    struct str text;
    properties_init(&sink, arena);
    if (file_read(path.data, SINK_BYTES_MAX, arena, &text, NULL) != OK ||
        properties_parse(&sink, text, NULL) != OK || !properties_get(&sink, STR("database")))
        return STR("test");
    return *properties_get(&sink, STR("database"));
}

static void check_mongodb(struct doctor *doctor)
{
    const struct examiner examiner = examiner_of(doctor);
    struct target_mongodb_options options = {
        .uri = config_text(doctor->invocation, "connection.uri"), .read_only = true};
    struct why why = {0};
    doctor->part = "MongoDB";
    if (options.uri.size == 0)
        return;
    options.database = sink_database(doctor);
    if (target_mongodb_examine(&options, &examiner, &why) != OK)
        say(doctor, VERDICT_FAILED, "settings", why.text, NULL);
}

static int run(struct invocation *invocation)
{
    struct doctor doctor = {.invocation = invocation};
    check_disk(&doctor);
    check_limits(&doctor);
    check_clock(&doctor);
    check_listen(&doctor, "listen", "--listen");
    if (config_text(invocation, "schema.registry.url").size == 0)
        check_listen(&doctor, "registry.listen", "--registry-listen");
    check_registry(&doctor);
    check_kafka(&doctor);
    check_mongodb(&doctor);
    printf("%u failed, %u to look at\n", doctor.failures, doctor.warnings);
    if (doctor.failures == 0)
        return EXIT_OK;
    return doctor.is_unavailable ? EXIT_UNAVAILABLE : EXIT_FAILED;
}

const struct command command_doctor = {
    .name = "doctor",
    .summary = "check disk, ports, limits, clock and every server, and say what is wrong",
    .usage = "doctor [flags]",
    .flags = "data config bootstrap.servers schema.registry.url pipeline ksql.service.id listen "
             "registry.listen insecure quiet",
    .details = "Ends with 0 when nothing failed, 4 when something did not answer, 1 otherwise.",
    .examples = "  drivethru doctor\n"
                "  drivethru doctor --config drivethru.properties\n",
    .run = run,
};

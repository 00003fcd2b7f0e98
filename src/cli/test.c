/* test.c -- drivethru test: ksqlDB's own case files through the real engine.
 *
 * Every case runs in a process of its own, on an embedded log in a directory of its own, so that
 * one that hangs or crashes is that case's failure and no other's. */
#include "base/file.h"
#include "cli/cases.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MUST_BYTES_MAX (4 << 20)
#define CASE_SECONDS_MAX 60
#define JOBS_MAX 64

struct suite {
    struct case_text *cases;
    struct case_result *results; /* shared with the processes that run them */
    uint32_t count;
};

static void run_one(struct suite *suite, uint32_t index, const char *directory)
{
    struct case_result *result = &suite->results[index];
    result->outcome = CASE_FAILED;
    snprintf(result->reason, sizeof(result->reason), "crashed or took over %d s", CASE_SECONDS_MAX);
    fflush(stdout);
    const pid_t child = fork();
    must(child >= 0);
    if (child == 0) {
        struct case_result own;
        alarm(CASE_SECONDS_MAX);
        case_run(&suite->cases[index], directory, &own);
        *result = own;
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    if (!WIFEXITED(status)) {
        struct why why;
        if (file_remove_tree(directory, &why) != OK)
            fprintf(stderr, "drivethru: %s\n", why.text);
    }
}

static void run_share(struct suite *suite, uint32_t job, uint32_t job_count, const char *directory)
{
    char own[512];
    for (uint32_t i = job; i < suite->count; i += job_count) {
        snprintf(own, sizeof(own), "%s/%u", directory, i);
        run_one(suite, i, own);
    }
}

static void run_all(struct suite *suite, const char *directory)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const uint32_t jobs = cores < 1 ? 1 : cores > JOBS_MAX ? JOBS_MAX : (uint32_t)cores;
    pid_t children[JOBS_MAX];
    for (uint32_t job = 0; job < jobs; job++) {
        children[job] = fork();
        must(children[job] >= 0);
        if (children[job] == 0) {
            run_share(suite, job, jobs, directory);
            _exit(0);
        }
    }
    for (uint32_t job = 0; job < jobs; job++)
        waitpid(children[job], NULL, 0);
}

static bool listed(struct str list, struct str id)
{
    while (list.size > 0) {
        const size_t size = str_index(list, '\n');
        if (str_equal((struct str){list.data, size}, id))
            return true;
        const size_t skip = size < list.size ? size + 1 : size;
        list = (struct str){list.data + skip, list.size - skip};
    }
    return false;
}

/* Every name in the list that is no case that ran. */
static uint32_t count_absent(const struct suite *suite, struct str list)
{
    uint32_t absent = 0;
    while (list.size > 0) {
        const size_t size = str_index(list, '\n');
        const struct str id = {list.data, size};
        bool found = size == 0;
        for (uint32_t i = 0; !found && i < suite->count; i++)
            found = str_equal(suite->cases[i].id, id);
        if (!found) {
            printf("FAILED  %.*s: there is no such case\n", STR_ARGS(id));
            absent++;
        }
        const size_t skip = size < list.size ? size + 1 : size;
        list = (struct str){list.data + skip, list.size - skip};
    }
    return absent;
}

static void show_reasons(const struct suite *suite)
{
    static const char *const words[] = {"passed ", "FAILED ", "not run"};
    for (uint32_t i = 0; i < suite->count; i++)
        if (suite->results[i].outcome != CASE_PASSED)
            printf("%s %.*s: %s\n", words[suite->results[i].outcome], STR_ARGS(suite->cases[i].id),
                   suite->results[i].reason);
}

/* Returns how many that must pass did not. */
static uint32_t report(const struct suite *suite, struct str list, bool summary)
{
    uint32_t counts[2][3] = {{0}};
    uint32_t broken = count_absent(suite, list);
    if (!summary)
        show_reasons(suite);
    for (uint32_t i = 0; i < suite->count; i++) {
        const struct case_result *result = &suite->results[i];
        counts[result->is_negative][result->outcome]++;
        if (result->outcome == CASE_PASSED || !listed(list, suite->cases[i].id))
            continue;
        if (summary)
            printf("FAILED  %.*s: %s\n", STR_ARGS(suite->cases[i].id), result->reason);
        broken++;
    }
    printf("positive: %u passed, %u failed, %u not run\n", counts[0][CASE_PASSED],
           counts[0][CASE_FAILED], counts[0][CASE_NOT_RUN]);
    printf("negative: %u passed, %u failed, %u not run\n", counts[1][CASE_PASSED],
           counts[1][CASE_FAILED], counts[1][CASE_NOT_RUN]);
    return broken;
}

static void write_passed(const struct suite *suite, const char *path)
{
    FILE *file = fopen(path, "w");
    if (!file)
        return;
    for (uint32_t i = 0; i < suite->count; i++)
        if (suite->results[i].outcome == CASE_PASSED)
            fprintf(file, "%.*s\n", STR_ARGS(suite->cases[i].id));
    fclose(file);
}

static int run(struct invocation *invocation)
{
    struct suite suite = {.count = 0};
    struct why why = {0};
    struct str list = {0};
    const char *must_file = config_path(invocation, "must");
    const char *passed_file = config_path(invocation, "passed");
    if (!config_flag(invocation, "qtt") || invocation->argument_count == 0)
        return fail_usage(&command_test, "say --qtt and name case files");
    if (must_file[0] != '\0') {
        const enum err err = file_read(must_file, MUST_BYTES_MAX, &invocation->arena, &list, &why);
        if (err)
            return fail(err, &why);
    }
    suite.cases = ARENA_ARRAY(&invocation->arena, struct case_text, CASES_MAX);
    for (uint32_t i = 0; i < invocation->argument_count; i++) {
        const char *path = arena_str(&invocation->arena, invocation->arguments[i]).data;
        const enum err err = cases_load(path, &invocation->arena, suite.cases, &suite.count, &why);
        if (err)
            return fail(err, &why);
    }
    const size_t size = sizeof(struct case_result) * (suite.count + 1);
    suite.results = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(suite.results != MAP_FAILED);
    char directory[] = "/tmp/drivethru-cases-XXXXXX";
    if (!mkdtemp(directory)) {
        fprintf(stderr, "drivethru: cannot make a directory in /tmp\n");
        return EXIT_FAILED;
    }
    run_all(&suite, directory);
    const enum err err = file_remove_tree(directory, &why);
    const uint32_t broken = report(&suite, list, config_flag(invocation, "summary"));
    if (passed_file[0] != '\0')
        write_passed(&suite, passed_file);
    munmap(suite.results, size);
    if (err)
        return fail(err, &why);
    return broken > 0 ? EXIT_FAILED : EXIT_OK;
}

const struct command command_test = {
    .name = "test",
    .summary = "run ksqlDB's own case files through the engine",
    .usage = "test --qtt FILE.json... [flags]",
    .flags = "qtt summary must passed",
    .examples = "  drivethru test --qtt joins.json\n"
                "  drivethru test --qtt cases/*.json --summary --must tests/cases/must.txt\n",
    .run = run,
};

/* report.c -- prints the machine and the rows that bench/run collects. */
#include "bench/report.h"
#include "base/file.h"
#include "base/machine.h"
#include "base/must.h"
#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

double report_median(double *values, uint64_t count)
{
    must(count > 0);
    qsort(values, count, sizeof(values[0]), compare_doubles);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

void report_machine(void)
{
    char text[512];
    machine_describe(text, sizeof(text));
    printf("machine: %s\n", text);
}

void report_row(const char *measure, const char *ours, const char *baseline, const char *ratio,
                const char *least, const char *reach)
{
    printf("row\t%s\t%s\t%s\t%s\t%s\t%s\n", measure, ours, baseline, ratio, least, reach);
}

uint64_t report_resident_bytes(int process)
{
    char path[64];
    char line[1024];
    uint64_t kilobytes = 0;
    bool is_log = false;
    snprintf(path, sizeof(path), "/proc/%d/smaps", process);
    FILE *file = fopen(path, "r");
    must(file != NULL);
    while (fgets(line, sizeof(line), file)) {
        /* A mapping's first line begins with its addresses, in small hexadecimal digits. */
        if (!(line[0] >= 'A' && line[0] <= 'Z'))
            is_log = strstr(line, "/log.mdb") != NULL;
        else if (!is_log && strncmp(line, "Rss:", 4) == 0)
            kilobytes += strtoull(line + 4, NULL, 10);
    }
    fclose(file);
    return kilobytes * 1024;
}

void report_make_directory(char *directory, size_t size)
{
    const char *base = getenv("BENCH_DIRECTORY");
    snprintf(directory, size, "%s/drivethru-bench-XXXXXX", base ? base : "/var/tmp");
    must(mkdtemp(directory) != NULL);
}

void report_remove_directory(const char *directory)
{
    struct why why;
    must(file_remove_tree(directory, &why) == OK);
}

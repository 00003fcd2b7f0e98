/* machine.c -- asks /proc and the system. */
#include "base/machine.h"

#include "base/must.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* What follows ": " on the first line of `path` that begins with `name`; "": there is none. */
static void read_field(const char *path, const char *name, char *text, size_t size)
{
    char line[256];
    FILE *file = fopen(path, "r");
    text[0] = '\0';
    while (file && fgets(line, sizeof(line), file)) {
        const char *colon = strstr(line, ": ");
        if (strncmp(line, name, strlen(name)) != 0 || !colon)
            continue;
        snprintf(text, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
        break;
    }
    if (file)
        fclose(file);
}

/* The first three numbers of /proc/loadavg. */
static void read_load(char *text, size_t size)
{
    double loads[3] = {0};
    FILE *file = fopen("/proc/loadavg", "r");
    if (file && fscanf(file, "%lf %lf %lf", &loads[0], &loads[1], &loads[2]) == 3)
        snprintf(text, size, "%.2f %.2f %.2f", loads[0], loads[1], loads[2]);
    else
        snprintf(text, size, "unknown");
    if (file)
        fclose(file);
}

void machine_describe(char *text, size_t size)
{
    char model[128];
    char load[64];
    struct utsname system;
    must(uname(&system) == 0);
    read_field("/proc/cpuinfo", "model name", model, sizeof(model));
    read_load(load, sizeof(load));
    snprintf(text, size, "%s, %ld cores, %s %s, load %s", model[0] ? model : system.machine,
             sysconf(_SC_NPROCESSORS_ONLN), system.sysname, system.release, load);
}

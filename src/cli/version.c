/* version.c -- drivethru version. */
#include "cli/command.h"

#ifndef DRIVETHRU_VERSION
#define DRIVETHRU_VERSION "unknown"
#endif

static int run(struct invocation *invocation)
{
    (void)invocation;
    puts("drivethru " DRIVETHRU_VERSION);
    return EXIT_OK;
}

const struct command command_version = {
    .name = "version",
    .summary = "say which version this is",
    .usage = "version",
    .flags = "",
    .examples = "  drivethru version\n",
    .run = run,
};

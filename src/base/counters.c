/* counters.c -- names and help of what is counted. */
#include "base/counters.h"

#include "base/must.h"

static const struct {
    const char *name;
    const char *help;
} counters_known[COUNTER_COUNT] = {
#define COUNTER(name, help) {#name, help},
#include "base/counters.def"
#undef COUNTER
};

const char *counter_name(enum counter counter)
{
    must((unsigned)counter < COUNTER_COUNT);
    return counters_known[counter].name;
}

const char *counter_help(enum counter counter)
{
    must((unsigned)counter < COUNTER_COUNT);
    return counters_known[counter].help;
}

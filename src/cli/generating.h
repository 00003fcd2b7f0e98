/* generating.h -- the generator's settings, for the two commands that have one. */
#ifndef CLI_GENERATING_H
#define CLI_GENERATING_H

#include "cli/command.h"
#include "generator/generator.h"

/* EXIT_OK, or EXIT_USAGE after words on standard error. */
int generator_options_read(const struct invocation *invocation, struct generator_options *options);

#endif

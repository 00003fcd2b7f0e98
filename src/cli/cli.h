/* cli.h -- the command line: one file a command. The room's door. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

/* Exit codes: 0 ok, 1 failure, 2 usage, 3 not found, 4 unavailable, 130 interrupted. */
int cli_main(int argc, char **argv);

#endif

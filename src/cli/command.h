/* command.h -- what a command is: its words, its help, its settings, its body. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include "base/arena.h"
#include "base/properties.h"

enum exit_code {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_NOT_FOUND = 3,
    EXIT_UNAVAILABLE = 4,
    EXIT_INTERRUPTED = 130
};

#define CLI_ARGUMENTS_MAX 512

/* One invocation: what was said and what it means. */
struct invocation {
    struct arena arena;
    struct properties settings; /* flag > environment > file > default, already in order */
    struct properties origins; /* who said so: "flag", "DRIVETHRU_RATE", a file; else the default */
    struct str arguments[CLI_ARGUMENTS_MAX]; /* words that are no flags */
    uint32_t argument_count;
};

struct command {
    const char *name;    /* "topic" */
    const char *summary; /* one line */
    const char *usage;   /* "topic list | describe TOPIC | read TOPIC [flags]" */
    const char *flags;   /* names of the settings it takes, separated by blanks */
    const char *details; /* what its help says more; NULL: nothing */
    const char *examples;
    int (*run)(struct invocation *invocation);
};

/* config.c: every setting there is, from config.def */
struct setting_info {
    const char *name;      /* "generator.unpaid.share" */
    const char *flag;      /* "unpaid-share"; NULL: not on the command line */
    const char *value;     /* "SHARE"; NULL: a switch */
    const char *otherwise; /* the default */
    const char *help;
};
const struct setting_info *setting_find(struct str name);
const struct setting_info *setting_find_flag(struct str flag);
/* 'e' for "-e"; '\0': the flag has no short form. */
char setting_letter(const struct setting_info *setting);
const struct setting_info *setting_at(uint32_t index);
uint32_t setting_count(void);

/* Reads flags, DRIVETHRU_* and the file. ERR_INVALID with words. */
MUST_CHECK enum err config_read(const struct command *command, int argc, char **argv,
                                struct invocation *invocation, bool *ret_help, struct why *why);
/* Values of settings; a wrong one ends the program with EXIT_USAGE and words. */
struct str config_text(const struct invocation *invocation, const char *name);
/* Whether anybody said so: it is not the default. */
bool config_is_said(const struct invocation *invocation, const char *name);
/* NUL-terminated, in the invocation's arena. */
const char *config_path(struct invocation *invocation, const char *name);
int64_t config_number(const struct invocation *invocation, const char *name);
double config_double(const struct invocation *invocation, const char *name);
/* From 0 to 1. */
double config_share(const struct invocation *invocation, const char *name);
uint64_t config_seed(const struct invocation *invocation);
int64_t config_duration_ms(const struct invocation *invocation, const char *name);
/* --output: "json" or "table". */
bool config_wants_json(const struct invocation *invocation);
bool config_flag(const struct invocation *invocation, const char *name);

/* Says "drivethru: words" on standard error and gives the exit code for the failure. */
int fail(enum err err, const struct why *why);
int fail_usage(const struct command *command, const char *format, ...) PRINTF_LIKE(2, 3);

/* interrupt.c: SIGINT and SIGTERM ask, a second one ends at once. */
void interrupt_catch(void);
/* For a shell: each SIGINT asks what goes on to end, none ends the program; SIGTERM does. */
void interrupt_catch_each(void);
bool interrupt_wanted(void);
/* What was asked is done. */
void interrupt_forget(void);
/* Called from the handler; signal-safe. */
void interrupt_on(void (*function)(void));

/* notify.c: "READY=1", "WATCHDOG=1", "STOPPING=1" to a service manager, where one waits for it. */
void notify_manager(const char *news);

/* The commands, each in a file of its name. */
extern const struct command command_up, command_generate, command_run, command_topic,
    command_registry, command_sink, command_verify, command_test, command_version, command_dlq,
    command_sql, command_completion, command_bench, command_config, command_doctor;
extern const struct command *const commands[];
extern const uint32_t command_count;

#endif

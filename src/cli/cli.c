/* cli.c -- finds the command and runs it; help; exit codes. */
#include "cli/cli.h"
#include "base/trace.h"
#include "cli/command.h"

#include <locale.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

const struct command *const commands[] = {
    &command_up,    &command_generate,   &command_run,    &command_topic,  &command_registry,
    &command_sink,  &command_sql,        &command_dlq,    &command_verify, &command_test,
    &command_bench, &command_completion, &command_config, &command_doctor, &command_version,
};
const uint32_t command_count = sizeof(commands) / sizeof(commands[0]);

static void show_commands(FILE *to)
{
    fputs("drivethru runs a restaurant chain's order-and-payment pipeline in real time.\n\n"
          "usage: drivethru COMMAND [ARGUMENTS] [--FLAGS]\n\ncommands:\n",
          to);
    for (uint32_t i = 0; i < command_count; i++)
        fprintf(to, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n'drivethru COMMAND --help' says more of each.\n"
          "Start with: drivethru up\n",
          to);
}

static void show_flag(const struct setting_info *setting)
{
    char left[64];
    char letter[8] = "";
    if (setting_letter(setting))
        snprintf(letter, sizeof(letter), "-%c, ", setting_letter(setting));
    snprintf(left, sizeof(left), "%s--%s %s", letter, setting->flag,
             setting->value ? setting->value : "");
    printf("  %-28s %s", left, setting->help);
    if (setting->value && setting->otherwise[0] != '\0')
        printf(" [%s]", setting->otherwise);
    putchar('\n');
}

static void show_help(const struct command *command)
{
    printf("%s\n\nusage: drivethru %s\n", command->summary, command->usage);
    struct str rest = str_from(command->flags);
    if (rest.size > 0)
        fputs("\nflags (or DRIVETHRU_NAME in the environment, or name=value in --config FILE):\n",
              stdout);
    while (rest.size > 0) {
        const size_t size = str_index(rest, ' ');
        const struct setting_info *setting = setting_find((struct str){rest.data, size});
        must(setting != NULL);
        if (setting->flag)
            show_flag(setting);
        const size_t skip = size < rest.size ? size + 1 : size;
        rest = (struct str){rest.data + skip, rest.size - skip};
    }
    if (command->details)
        printf("\n%s", command->details);
    printf("\nexamples:\n%s", command->examples);
}

static const struct command *command_find(struct str name)
{
    for (uint32_t i = 0; i < command_count; i++)
        if (str_equal(str_from(commands[i]->name), name))
            return commands[i];
    return NULL;
}

static int unknown_command(struct str name)
{
    struct str names[32];
    must(command_count <= 32);
    for (uint32_t i = 0; i < command_count; i++)
        names[i] = str_from(commands[i]->name);
    const struct str near = str_nearest(name, names, command_count);
    if (near.size > 0)
        fprintf(stderr, "drivethru: unknown command '%.*s', did you mean '%.*s'?\n", STR_ARGS(name),
                STR_ARGS(near));
    else
        fprintf(stderr, "drivethru: unknown command '%.*s'; 'drivethru --help' lists them\n",
                STR_ARGS(name));
    return EXIT_USAGE;
}

int fail(enum err err, const struct why *why)
{
    if (why && why->text[0] != '\0' && why->line > 0)
        fprintf(stderr, "drivethru: line %d:%d: %s\n", why->line, why->column, why->text);
    else
        fprintf(stderr, "drivethru: %s\n", why && why->text[0] != '\0' ? why->text : err_text(err));
    if (err == ERR_NOT_FOUND)
        return EXIT_NOT_FOUND;
    if (err == ERR_UNAVAILABLE || err == ERR_LOCKED || err == ERR_FULL)
        return EXIT_UNAVAILABLE;
    return err == ERR_SETTING ? EXIT_USAGE : EXIT_FAILED;
}

int fail_usage(const struct command *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("drivethru: ", stderr);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nusage: drivethru %s\n", command->usage);
    return EXIT_USAGE;
}

int cli_main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        show_commands(argc < 2 ? stderr : stdout);
        return argc < 2 ? EXIT_USAGE : EXIT_OK;
    }
    struct str name = str_from(argv[1]);
    if (str_equal(name, STR("--version")))
        name = STR("version");
    const struct command *command = command_find(name);
    if (!command)
        return unknown_command(name);
    struct invocation invocation = {.argument_count = 0};
    struct why why = {0};
    bool help;
    int code;
    arena_init(&invocation.arena, 0);
    const enum err err = config_read(command, argc - 2, argv + 2, &invocation, &help, &why);
    if (err) {
        fprintf(stderr, "drivethru: %s\n", why.text);
        code = EXIT_USAGE;
    } else if (help) {
        show_help(command);
        code = EXIT_OK;
    } else {
        if (config_flag(&invocation, "quiet"))
            trace_set_level(TRACE_WARNING);
        code = command->run(&invocation);
    }
    if (fflush(stdout) != 0 && code == EXIT_OK)
        code = EXIT_FAILED;
    arena_release(&invocation.arena);
    return code;
}

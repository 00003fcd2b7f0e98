/* completion.c -- drivethru completion: what a command line's shell completes, from the tables of
 * commands and settings. */
#include "cli/command.h"

#include <ctype.h>

/* Calls on_item for each piece of a text between separators, trimmed; empty ones are left out. */
static void each_piece(struct str text, char separator,
                       void (*on_piece)(void *context, struct str piece), void *context)
{
    while (text.size > 0) {
        const size_t size = str_index(text, separator);
        const struct str piece = str_trim((struct str){text.data, size});
        if (piece.size > 0)
            on_piece(context, piece);
        const size_t skip = size < text.size ? size + 1 : size;
        text = (struct str){text.data + skip, text.size - skip};
    }
}

struct flag_walk {
    void (*on_flag)(const struct command *command, const struct setting_info *setting);
    const struct command *command;
};

static void walk_setting(void *context, struct str name)
{
    const struct flag_walk *walk = context;
    const struct setting_info *setting = setting_find(name);
    if (setting && setting->flag)
        walk->on_flag(walk->command, setting);
}

static void each_flag(const struct command *command,
                      void (*on_flag)(const struct command *command,
                                      const struct setting_info *setting))
{
    struct flag_walk walk = {on_flag, command};
    each_piece(str_from(command->flags), ' ', walk_setting, &walk);
}

/* A verb stands first in a form of "topic list | describe TOPIC": a word in lower case. */
static void print_verb(void *context, struct str form)
{
    const struct command *command = context;
    if (str_starts_with(form, str_from(command->name))) {
        const size_t skip = strlen(command->name);
        form = str_trim((struct str){form.data + skip, form.size - skip});
    }
    const struct str verb = {form.data, str_index(form, ' ')};
    for (size_t i = 0; i < verb.size; i++)
        if (!islower((unsigned char)verb.data[i]))
            return;
    if (verb.size > 0)
        printf(" %.*s", STR_ARGS(verb));
}

static void print_verbs(const struct command *command)
{
    each_piece(str_from(command->usage), '|', print_verb, (void *)command);
}

static void print_commands(void)
{
    for (uint32_t i = 0; i < command_count; i++)
        printf("%s%s", i > 0 ? " " : "", commands[i]->name);
}

/* Whether its arguments are files. */
static bool takes_files(const struct command *command)
{
    return strstr(command->usage, " FILE") != NULL;
}

/* What a flag's value is: files, directories, one of several words, or anything. */
static bool is_file(const struct setting_info *setting)
{
    return setting->value && strcmp(setting->value, "FILE") == 0;
}

static bool is_directory(const struct setting_info *setting)
{
    return setting->value && strcmp(setting->value, "DIR") == 0;
}

static bool is_choice(const struct setting_info *setting)
{
    return setting->value && strchr(setting->value, '|') != NULL;
}

static void print_choice(void *context, struct str word)
{
    (void)context;
    printf(" %.*s", STR_ARGS(word));
}

/* -- bash -- */

static void bash_flag(const struct command *command, const struct setting_info *setting)
{
    (void)command;
    printf(" --%s", setting->flag);
}

static void bash_pattern(const struct setting_info *setting, bool is_first)
{
    printf("%s--%s", is_first ? "    " : "|", setting->flag);
    if (setting_letter(setting))
        printf("|-%c", setting_letter(setting));
}

static bool is_anything(const struct setting_info *setting)
{
    return setting->value && !is_file(setting) && !is_directory(setting) && !is_choice(setting);
}

/* A case whose pattern is all flags with such a value. */
static void bash_case(bool (*is_it)(const struct setting_info *setting), const char *action)
{
    bool is_first = true;
    for (uint32_t i = 0; i < setting_count(); i++) {
        if (!setting_at(i)->flag || !is_it(setting_at(i)))
            continue;
        bash_pattern(setting_at(i), is_first);
        is_first = false;
    }
    if (!is_first)
        printf(")\n%s        return\n        ;;\n", action);
}

static void bash_values(void)
{
    bash_case(is_directory, "        compopt -o filenames 2>/dev/null\n"
                            "        IFS=$'\\n' COMPREPLY=($(compgen -d -- \"$word\"))\n");
    bash_case(is_file, "        compopt -o filenames 2>/dev/null\n"
                       "        IFS=$'\\n' COMPREPLY=($(compgen -f -- \"$word\"))\n");
    for (uint32_t i = 0; i < setting_count(); i++) {
        const struct setting_info *setting = setting_at(i);
        if (!setting->flag || !is_choice(setting))
            continue;
        bash_pattern(setting, true);
        fputs(")\n        COMPREPLY=($(compgen -W '", stdout);
        each_piece(str_from(setting->value), '|', print_choice, NULL);
        fputs("' -- \"$word\"))\n        return\n        ;;\n", stdout);
    }
    bash_case(is_anything, "");
}

static void print_bash(void)
{
    fputs("# bash completion of drivethru, made by: drivethru completion bash\n"
          "_drivethru() {\n"
          "    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local words='' verbs='' files='' IFS=$' \\t\\n'\n"
          "    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" = 1 ]; then\n"
          "        COMPREPLY=($(compgen -W '",
          stdout);
    print_commands();
    fputs(" --help --version' -- \"$word\"))\n"
          "        return\n"
          "    fi\n"
          "    case $before in\n",
          stdout);
    bash_values();
    fputs("    esac\n"
          "    case ${COMP_WORDS[1]} in\n",
          stdout);
    for (uint32_t i = 0; i < command_count; i++) {
        printf("    %s) verbs='", commands[i]->name);
        print_verbs(commands[i]);
        fputs("' words='", stdout);
        each_flag(commands[i], bash_flag);
        printf(" --help'%s ;;\n", takes_files(commands[i]) ? " files=1" : "");
    }
    fputs("    esac\n"
          "    [ \"$COMP_CWORD\" != 2 ] || words=\"$verbs $words\"\n"
          "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
          "    if [ -n \"$files\" ]; then\n"
          "        compopt -o filenames 2>/dev/null\n"
          "        IFS=$'\\n' COMPREPLY+=($(compgen -f -- \"$word\"))\n"
          "    fi\n"
          "}\n"
          "complete -F _drivethru drivethru\n",
          stdout);
}

/* -- zsh -- */

/* Text inside of '...' and a description's brackets. */
static void zsh_text(const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", stdout);
        else if (strchr("[]:\\", *text))
            printf("\\%c", *text);
        else
            putchar(*text);
    }
}

static void zsh_flag(const struct command *command, const struct setting_info *setting)
{
    const char letter = setting_letter(setting);
    (void)command;
    fputs(" \\\n            ", stdout);
    if (letter)
        printf("'(-%c --%s)'{-%c,--%s=}'[", letter, setting->flag, letter, setting->flag);
    else
        printf("'--%s%s[", setting->flag, setting->value ? "=" : "");
    zsh_text(setting->help);
    putchar(']');
    if (setting->value) {
        putchar(':');
        zsh_text(is_choice(setting) ? "word" : setting->value);
        putchar(':');
    }
    if (is_directory(setting)) {
        fputs("_files -/", stdout);
    } else if (is_file(setting)) {
        fputs("_files", stdout);
    } else if (is_choice(setting)) {
        putchar('(');
        each_piece(str_from(setting->value), '|', print_choice, NULL);
        putchar(')');
    }
    putchar('\'');
}

static void print_zsh(void)
{
    fputs("#compdef drivethru\n"
          "# zsh completion of drivethru, made by: drivethru completion zsh\n"
          "_drivethru() {\n"
          "    local -a commands verbs\n"
          "    commands=(\n",
          stdout);
    for (uint32_t i = 0; i < command_count; i++) {
        printf("        '%s:", commands[i]->name);
        zsh_text(commands[i]->summary);
        fputs("'\n", stdout);
    }
    fputs("    )\n"
          "    if (( CURRENT == 2 )); then\n"
          "        _describe command commands\n"
          "        return\n"
          "    fi\n"
          "    local command=$words[2]\n"
          "    shift words\n"
          "    (( CURRENT-- ))\n"
          "    case $command in\n",
          stdout);
    for (uint32_t i = 0; i < command_count; i++) {
        printf("    %s)\n        verbs=(", commands[i]->name);
        print_verbs(commands[i]);
        fputs(" )\n"
              "        (( CURRENT == 2 && $#verbs )) && compadd -- $verbs\n"
              "        _arguments '--help[say more]'",
              stdout);
        each_flag(commands[i], zsh_flag);
        if (takes_files(commands[i]))
            fputs(" \\\n            '*:file:_files'", stdout);
        fputs("\n        ;;\n", stdout);
    }
    fputs("    esac\n"
          "}\n"
          "_drivethru \"$@\"\n",
          stdout);
}

/* -- fish -- */

static void fish_text(const char *text)
{
    putchar('\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\')
            putchar('\\');
        putchar(*text);
    }
    putchar('\'');
}

static void fish_flag(const struct command *command, const struct setting_info *setting)
{
    printf("complete -c drivethru -n '__fish_seen_subcommand_from %s' -l %s", command->name,
           setting->flag);
    if (setting_letter(setting))
        printf(" -s %c", setting_letter(setting));
    if (setting->value)
        fputs(is_file(setting) || is_directory(setting) ? " -r -F" : " -x", stdout);
    if (is_choice(setting)) {
        fputs(" -a '", stdout);
        each_piece(str_from(setting->value), '|', print_choice, NULL);
        putchar('\'');
    }
    fputs(" -d ", stdout);
    fish_text(setting->help);
    putchar('\n');
}

static void print_fish(void)
{
    fputs("# fish completion of drivethru, made by: drivethru completion fish\n", stdout);
    for (uint32_t i = 0; i < command_count; i++) {
        printf("complete -c drivethru -f -n __fish_use_subcommand -a %s -d ", commands[i]->name);
        fish_text(commands[i]->summary);
        printf("\ncomplete -c drivethru%s -n '__fish_seen_subcommand_from %s' -a '",
               takes_files(commands[i]) ? "" : " -f", commands[i]->name);
        print_verbs(commands[i]);
        fputs("'\n", stdout);
        each_flag(commands[i], fish_flag);
    }
}

static int run(struct invocation *invocation)
{
    const struct str shell = invocation->argument_count == 1 ? invocation->arguments[0] : STR("");
    if (str_equal(shell, STR("bash")))
        print_bash();
    else if (str_equal(shell, STR("zsh")))
        print_zsh();
    else if (str_equal(shell, STR("fish")))
        print_fish();
    else
        return fail_usage(&command_completion, "say bash, zsh or fish");
    return EXIT_OK;
}

const struct command command_completion = {
    .name = "completion",
    .summary = "print what bash, zsh or fish need to complete commands and flags",
    .usage = "completion bash | zsh | fish",
    .flags = "",
    .examples = "  drivethru completion bash >/etc/bash_completion.d/drivethru\n"
                "  source <(drivethru completion bash)\n"
                "  drivethru completion zsh >~/.zfunc/_drivethru\n"
                "  drivethru completion fish >~/.config/fish/completions/drivethru.fish\n",
    .run = run,
};

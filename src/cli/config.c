/* config.c -- settings: flags, environment, file and defaults put in order. */
#include "base/file.h"
#include "base/provider.h"
#include "base/secret.h"
#include "cli/command.h"
#include "data/time.h"
#include "log/log.h"
#include "registry/registry.h"

#define CONFIG_BYTES_MAX (1 << 20)
#define CONFIG_SYSTEM_FILE "/etc/drivethru/drivethru.properties"

static const struct setting_info settings[] = {
#define SETTING(name, flag, value, otherwise, help) {name, flag, value, otherwise, help},
#include "cli/config.def"
#undef SETTING
};
#define SETTING_COUNT (sizeof(settings) / sizeof(settings[0]))

uint32_t setting_count(void)
{
    return SETTING_COUNT;
}

const struct setting_info *setting_at(uint32_t index)
{
    must(index < SETTING_COUNT);
    return &settings[index];
}

const struct setting_info *setting_find(struct str name)
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (str_equal(str_from(settings[i].name), name))
            return &settings[i];
    return NULL;
}

const struct setting_info *setting_find_flag(struct str flag)
{
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (settings[i].flag && str_equal(str_from(settings[i].flag), flag))
            return &settings[i];
    return NULL;
}

/* Short forms; each counts for the commands that take its setting. */
static const struct {
    char letter;
    const char *name;
} letters[] = {{'e', "sql.execute"}, {'f', "sql.file"}, {'d', "sql.define"}, {'u', "server.user"}};
#define LETTER_COUNT (sizeof(letters) / sizeof(letters[0]))

/* These may be given several times: a line each. */
static const char *const repeated[] = {"sql.execute", "sql.file", "sql.define"};

char setting_letter(const struct setting_info *setting)
{
    for (size_t i = 0; i < LETTER_COUNT; i++)
        if (strcmp(letters[i].name, setting->name) == 0)
            return letters[i].letter;
    return '\0';
}

static bool command_takes(const struct command *command, const struct setting_info *setting)
{
    const char *at = command->flags;
    const size_t size = strlen(setting->name);
    while ((at = strstr(at, setting->name)) != NULL) {
        const bool begins = at == command->flags || at[-1] == ' ';
        if (begins && (at[size] == ' ' || at[size] == '\0'))
            return true;
        at += size;
    }
    return false;
}

static enum err unknown_flag(const struct command *command, struct str flag, struct why *why)
{
    struct str names[SETTING_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < SETTING_COUNT; i++)
        if (settings[i].flag && command_takes(command, &settings[i]))
            names[count++] = str_from(settings[i].flag);
    const struct str near = str_nearest(flag, names, count);
    if (near.size > 0)
        return why_set(why, ERR_INVALID, "unknown flag '--%.*s', did you mean '--%.*s'?",
                       STR_ARGS(flag), STR_ARGS(near));
    return why_set(why, ERR_INVALID, "unknown flag '--%.*s'", STR_ARGS(flag));
}

static bool is_repeated(struct str name)
{
    for (size_t i = 0; i < sizeof(repeated) / sizeof(repeated[0]); i++)
        if (str_equal(name, str_from(repeated[i])))
            return true;
    return false;
}

static void set_flag(struct properties *flags, const struct setting_info *setting, struct str value)
{
    const struct str name = str_from(setting->name);
    const struct str *before = properties_get(flags, name);
    if (before && is_repeated(name))
        value = arena_printf(flags->arena, "%.*s\n%.*s", STR_ARGS(*before), STR_ARGS(value));
    properties_set(flags, name, value);
}

/* "-e" and the value after it. */
static enum err read_letter(const struct command *command, int argc, char **argv, int *i,
                            struct properties *flags, struct why *why)
{
    const char *word = argv[*i];
    for (size_t n = 0; n < LETTER_COUNT; n++) {
        const struct setting_info *setting = setting_find(str_from(letters[n].name));
        if (letters[n].letter != word[1] || !command_takes(command, setting))
            continue;
        if (word[2] != '\0') {
            set_flag(flags, setting, str_from(word + 2));
        } else if (*i + 1 >= argc) {
            return why_set(why, ERR_INVALID, "'%s' needs a value: %s", word, setting->value);
        } else {
            set_flag(flags, setting, str_from(argv[++*i]));
        }
        return OK;
    }
    return why_set(why, ERR_INVALID, "unknown flag '%s'", word);
}

/* Takes the flag at argv[*i] and, if it has one, its value. */
static enum err read_flag(const struct command *command, int argc, char **argv, int *i,
                          struct properties *flags, struct why *why)
{
    struct str flag = str_from(argv[*i] + 2);
    const size_t equals = str_index(flag, '=');
    struct str value = {0};
    const bool has_value = equals < flag.size;
    if (has_value) {
        value = (struct str){flag.data + equals + 1, flag.size - equals - 1};
        flag.size = equals;
    }
    const struct setting_info *setting = setting_find_flag(flag);
    if (!setting || !command_takes(command, setting))
        return unknown_flag(command, flag, why);
    if (!setting->value) {
        if (has_value)
            return why_set(why, ERR_INVALID, "'--%.*s' takes no value", STR_ARGS(flag));
        /* A switch turns its default around. */
        value = strcmp(setting->otherwise, "true") == 0 ? STR("false") : STR("true");
    } else if (!has_value) {
        if (*i + 1 >= argc)
            return why_set(why, ERR_INVALID, "'--%.*s' needs a value: %s", STR_ARGS(flag),
                           setting->value);
        value = str_from(argv[++*i]);
    }
    set_flag(flags, setting, value);
    return OK;
}

/* "commit.interval.ms" -> "DRIVETHRU_COMMIT_INTERVAL_MS" */
static struct str environment_name(const struct setting_info *setting, struct arena *arena)
{
    const struct str name = arena_printf(arena, "DRIVETHRU_%s", setting->name);
    char *text = (char *)name.data;
    for (size_t i = 0; i < name.size; i++) {
        if (text[i] == '.' || text[i] == '-')
            text[i] = '_';
        else if (text[i] >= 'a' && text[i] <= 'z')
            text[i] = (char)(text[i] - 'a' + 'A');
    }
    return name;
}

static void read_environment(struct properties *into, struct arena *arena)
{
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const char *value = getenv(environment_name(&settings[i], arena).data);
        if (value)
            properties_set(into, str_from(settings[i].name), str_from(value));
    }
}

/* Whether a name is a setting of this program's, or of what it talks to. */
static bool is_known(struct str name)
{
    return setting_find(name) != NULL || registry_remote_knows(name) || log_kafka_knows(name);
}

/* ksqlDB's files say "ksql.schema.registry.url" and "ksql.streams.bootstrap.servers". What is left
 * with a prefix is the engine's. */
static struct str bare_name(struct str name)
{
    static const struct str prefixes[] = {STR_INIT("ksql.streams."), STR_INIT("ksql.")};
    for (size_t i = 0; !is_known(name) && i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        const struct str rest = {name.data + prefixes[i].size, name.size - prefixes[i].size};
        if (str_starts_with(name, prefixes[i]) && is_known(rest))
            return rest;
    }
    return name;
}

static enum err unknown_setting(const char *path, const struct property *property, struct why *why)
{
    struct str names[SETTING_COUNT];
    for (size_t i = 0; i < SETTING_COUNT; i++)
        names[i] = str_from(settings[i].name);
    const struct str near = str_nearest(property->name, names, SETTING_COUNT);
    return why_set(why, ERR_INVALID,
                   near.size > 0 ? "%s:%d: unknown setting '%.*s', did you mean '%.*s'?"
                                 : "%s:%d: unknown setting '%.*s'%.*s",
                   path, property->line, STR_ARGS(property->name), STR_ARGS(near));
}

static enum err read_file(const char *path, bool required, struct invocation *invocation,
                          struct why *why)
{
    struct arena *arena = &invocation->arena;
    struct str text;
    enum err err = file_read(path, CONFIG_BYTES_MAX, arena, &text, why);
    if (err == ERR_NOT_FOUND && !required)
        return OK;
    if (err)
        return err;
    struct properties read;
    properties_init(&read, arena);
    err = properties_parse(&read, text, why);
    if (err) {
        why_prefix(why, "%s", path);
        return err;
    }
    for (size_t i = 0; i < read.count; i++) {
        const struct property *property = &read.items[i];
        const struct str name = bare_name(property->name);
        if (!is_known(name) && !str_starts_with(name, STR("ksql.")))
            return unknown_setting(path, property, why);
        properties_set(&invocation->settings, name, property->value);
        properties_set(&invocation->origins, name,
                       arena_printf(arena, "%s:%d", path, property->line));
    }
    return OK;
}

/* origin {0}: the variable's name. */
static void overlay(struct invocation *invocation, const struct properties *from, struct str origin)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct property *property = &from->items[i];
        properties_set(&invocation->settings, property->name, property->value);
        properties_set(&invocation->origins, property->name,
                       origin.data
                           ? origin
                           : environment_name(setting_find(property->name), &invocation->arena));
    }
}

/* ${env:N} and its kin, in every value but SQL's own text: there ${...} are variables. */
static enum err resolve(struct invocation *invocation, struct why *why)
{
    for (size_t i = 0; i < invocation->settings.count; i++) {
        struct property *property = &invocation->settings.items[i];
        if (is_repeated(property->name))
            continue;
        const enum err err = provider_resolve_property(property, &invocation->arena, why);
        const struct str *origin = properties_get(&invocation->origins, property->name);
        if (err) {
            why_prefix(why, "%.*s", STR_ARGS(*origin));
            return err;
        }
    }
    return OK;
}

enum err config_read(const struct command *command, int argc, char **argv,
                     struct invocation *invocation, bool *ret_help, struct why *why)
{
    struct arena *arena = &invocation->arena;
    struct properties flags;
    struct properties environment;
    bool only_words = false;
    *ret_help = false;
    properties_init(&invocation->settings, arena);
    properties_init(&invocation->origins, arena);
    properties_init(&flags, arena);
    properties_init(&environment, arena);
    for (int i = 0; i < argc; i++) {
        const struct str word = str_from(argv[i]);
        if (!only_words && str_equal(word, STR("--"))) {
            only_words = true;
        } else if (!only_words && (str_equal(word, STR("--help")) || str_equal(word, STR("-h")))) {
            *ret_help = true;
            return OK;
        } else if (!only_words && str_starts_with(word, STR("--"))) {
            const enum err err = read_flag(command, argc, argv, &i, &flags, why);
            if (err)
                return err;
        } else if (!only_words && word.size > 1 && word.data[0] == '-') {
            const enum err err = read_letter(command, argc, argv, &i, &flags, why);
            if (err)
                return err;
        } else {
            if (invocation->argument_count == CLI_ARGUMENTS_MAX)
                return why_set(why, ERR_LIMIT, "more than %d arguments", CLI_ARGUMENTS_MAX);
            invocation->arguments[invocation->argument_count++] = word;
        }
    }
    read_environment(&environment, arena);
    for (size_t i = 0; i < SETTING_COUNT; i++)
        properties_set(&invocation->settings, str_from(settings[i].name),
                       str_from(settings[i].otherwise));
    const struct str *file = properties_get(&flags, STR("config"));
    if (!file)
        file = properties_get(&environment, STR("config"));
    const char *path = file ? arena_str(arena, *file).data : CONFIG_SYSTEM_FILE;
    const enum err err = read_file(path, file != NULL, invocation, why);
    overlay(invocation, &environment, (struct str){0});
    overlay(invocation, &flags, STR("flag"));
    return err ? err : resolve(invocation, why);
}

struct str config_text(const struct invocation *invocation, const char *name)
{
    must(setting_find(str_from(name)) != NULL);
    const struct str *value = properties_get(&invocation->settings, str_from(name));
    must(value != NULL);
    return *value;
}

bool config_is_said(const struct invocation *invocation, const char *name)
{
    must(setting_find(str_from(name)) != NULL);
    return properties_get(&invocation->origins, str_from(name)) != NULL;
}

const char *config_path(struct invocation *invocation, const char *name)
{
    return arena_str(&invocation->arena, config_text(invocation, name)).data;
}

_Noreturn static void wrong_value(const struct invocation *invocation, const char *name,
                                  const char *expected)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct str value =
        secret_shown(properties_find(&invocation->settings, str_from(name)), &arena);
    const struct setting_info *setting = setting_find(str_from(name));
    fprintf(stderr, "drivethru: '%s%s' is %s, not '%.*s'\n", setting->flag ? "--" : "",
            setting->flag ? setting->flag : name, expected, STR_ARGS(value));
    exit(EXIT_USAGE);
}

int64_t config_number(const struct invocation *invocation, const char *name)
{
    const struct str value = config_text(invocation, name);
    int64_t number;
    if (str_to_int64(value, &number) != OK)
        wrong_value(invocation, name, "a whole number");
    return number;
}

double config_double(const struct invocation *invocation, const char *name)
{
    const struct str value = config_text(invocation, name);
    double number;
    if (str_to_double(value, &number) != OK || !(number >= 0))
        wrong_value(invocation, name, "a number that is not negative");
    return number;
}

double config_share(const struct invocation *invocation, const char *name)
{
    const double share = config_double(invocation, name);
    if (share > 1)
        wrong_value(invocation, name, "a share from 0 to 1");
    return share;
}

uint64_t config_seed(const struct invocation *invocation)
{
    const int64_t seed = config_number(invocation, "seed");
    if (seed < 0)
        wrong_value(invocation, "seed", "a number that is not negative");
    return (uint64_t)seed;
}

int64_t config_duration_ms(const struct invocation *invocation, const char *name)
{
    const struct str value = config_text(invocation, name);
    int64_t duration_ms;
    if (str_to_duration_ms(value, &duration_ms) != OK || duration_ms < 0)
        wrong_value(invocation, name, "a duration such as 90s, 30m or 2h");
    return duration_ms;
}

bool config_flag(const struct invocation *invocation, const char *name)
{
    const struct str value = config_text(invocation, name);
    if (str_equal_nocase(value, STR("true")))
        return true;
    if (str_equal_nocase(value, STR("false")))
        return false;
    wrong_value(invocation, name, "true or false");
}

bool config_wants_json(const struct invocation *invocation)
{
    const struct str value = config_text(invocation, "output");
    if (str_equal_nocase(value, STR("json")))
        return true;
    if (str_equal_nocase(value, STR("table")))
        return false;
    wrong_value(invocation, "output", "table or json");
}

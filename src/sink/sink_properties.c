/* sink_properties.c -- the properties a connector may have: mongo-kafka's names, and a few of ours.
 */
#include "sink/settings.h"

#define OVERRIDE STR("topic.override.")

enum value_kind { VALUE_TEXT, VALUE_BOOLEAN, VALUE_COUNT, VALUE_POSITIVE };

enum property_fate { PROPERTY_OBEYED, PROPERTY_NOTED, PROPERTY_REFUSED, PROPERTY_ALIAS };

struct known_property {
    struct str name;
    enum value_kind kind;
    bool overridable;
    enum property_fate fate;
    const char *words;
};

static const struct known_property known[] = {
#define PROPERTY(name, value, by_topic, what, words)                                               \
    {STR_INIT(name), VALUE_##value, by_topic, PROPERTY_##what, words},
#include "sink/sink_properties.def"
#undef PROPERTY
};

#define KNOWN_COUNT (sizeof(known) / sizeof(known[0]))

static const struct known_property *known_find(struct str name);
static bool begins_family(struct str name, struct str family);
static enum err refuse_unknown(struct str name, struct why *why);
static enum err check_value(const struct known_property *entry, const struct property *property,
                            struct why *why);

enum err property_check(const struct property *property, struct why *why)
{
    struct str name = property->name;
    const struct str topic = property_override_topic(name);
    if (topic.size > 0) {
        const size_t before = OVERRIDE.size + topic.size + 1;
        name = (struct str){name.data + before, name.size - before};
    }
    const struct known_property *entry = known_find(name);
    if (!entry)
        return refuse_unknown(property->name, why);
    if (entry->fate == PROPERTY_REFUSED)
        return why_set(why, ERR_INVALID, "'%.*s' is not supported: %s", STR_ARGS(property->name),
                       entry->words);
    if (topic.size > 0 && !entry->overridable)
        return why_set(why, ERR_INVALID, "'%.*s' cannot differ from topic to topic",
                       STR_ARGS(name));
    return check_value(entry, property, why);
}

/* Topics may have dots in their names: the longest known name at the end decides. */
struct str property_override_topic(struct str name)
{
    const struct str none = {0};
    if (!str_starts_with(name, OVERRIDE))
        return none;
    const struct str rest = {name.data + OVERRIDE.size, name.size - OVERRIDE.size};
    for (size_t i = 0; i < rest.size; i++) {
        const struct str tail = {rest.data + i + 1, rest.size - i - 1};
        if (rest.data[i] == '.' && i > 0 && known_find(tail))
            return (struct str){rest.data, i};
    }
    return none;
}

/* Entries that are refused, and those that end in a dot, stand for all names that begin with
 * theirs; a name's own entry comes first. */
static const struct known_property *known_find(struct str name)
{
    for (size_t i = 0; i < KNOWN_COUNT; i++)
        if (str_equal(known[i].name, name))
            return &known[i];
    for (size_t i = 0; i < KNOWN_COUNT; i++)
        if ((known[i].fate == PROPERTY_REFUSED && begins_family(name, known[i].name)) ||
            (str_ends_with(known[i].name, STR(".")) && str_starts_with(name, known[i].name)))
            return &known[i];
    if (begins_family(name, STR("timeseries")))
        return known_find(STR("timeseries.timefield"));
    return NULL;
}

struct str property_note(struct str name)
{
    const struct known_property *entry = known_find(name);
    return str_from(entry && entry->fate == PROPERTY_NOTED ? entry->words : "");
}

struct str property_alias(struct str name)
{
    for (size_t i = 0; i < KNOWN_COUNT; i++)
        if (known[i].fate == PROPERTY_ALIAS && str_equal(str_from(known[i].words), name))
            return known[i].name;
    return (struct str){0};
}

static bool begins_family(struct str name, struct str family)
{
    return str_starts_with(name, family) && name.size > family.size &&
           name.data[family.size] == '.';
}

static enum err refuse_unknown(struct str name, struct why *why)
{
    struct str names[KNOWN_COUNT];
    for (size_t i = 0; i < KNOWN_COUNT; i++)
        names[i] = known[i].name;
    const struct str nearest = str_nearest(name, names, KNOWN_COUNT);
    if (nearest.size > 0)
        return why_set(why, ERR_INVALID, "unknown property '%.*s', did you mean '%.*s'?",
                       STR_ARGS(name), STR_ARGS(nearest));
    return why_set(why, ERR_INVALID, "unknown property '%.*s'", STR_ARGS(name));
}

static enum err check_value(const struct known_property *entry, const struct property *property,
                            struct why *why)
{
    const struct str value = str_trim(property->value);
    int64_t number = 0;
    const int64_t least = entry->kind == VALUE_POSITIVE ? 1 : 0;
    switch (entry->kind) {
    case VALUE_BOOLEAN:
        if (str_equal_nocase(value, STR("true")) || str_equal_nocase(value, STR("false")))
            return OK;
        return why_set(why, ERR_INVALID, "'%.*s' is true or false, not '%.*s'",
                       STR_ARGS(property->name), STR_ARGS(value));
    case VALUE_COUNT:
    case VALUE_POSITIVE:
        if (str_to_int64(value, &number) == OK && number >= least && number <= INT32_MAX)
            return OK;
        return why_set(why, ERR_INVALID, "'%.*s' is a whole number from %lld, not '%.*s'",
                       STR_ARGS(property->name), (long long)least, STR_ARGS(value));
    default:
        return OK;
    }
}

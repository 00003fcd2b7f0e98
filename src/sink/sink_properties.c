/* sink_properties.c -- the properties a connector may have: mongo-kafka's names, and a few of ours.
 */
#include "sink/settings.h"

#define OVERRIDE STR("topic.override.")

enum value_kind { VALUE_TEXT, VALUE_BOOLEAN, VALUE_COUNT, VALUE_POSITIVE };

struct known_property {
    struct str name;
    enum value_kind kind;
    bool overridable;
    const char *refusal; /* why it cannot be had; NULL: it can */
};

#define NOT_HERE "it has no meaning in this sink"

static const struct known_property known[] = {
    {STR("name"), VALUE_TEXT, false, NULL},
    {STR("connector.class"), VALUE_TEXT, false, NULL},
    {STR("tasks.max"), VALUE_POSITIVE, false, NULL},
    {STR("topics"), VALUE_TEXT, false, NULL},
    {STR("topics.regex"), VALUE_TEXT, false, NULL},
    {STR("connection.uri"), VALUE_TEXT, false, NULL},
    {STR("database"), VALUE_TEXT, true, NULL},
    {STR("collection"), VALUE_TEXT, true, NULL},
    {STR("key.converter"), VALUE_TEXT, false, NULL},
    {STR("key.converter.schema.registry.url"), VALUE_TEXT, false, NULL},
    {STR("key.converter.schemas.enable"), VALUE_BOOLEAN, false, NULL},
    {STR("value.converter"), VALUE_TEXT, false, NULL},
    {STR("value.converter.schema.registry.url"), VALUE_TEXT, false, NULL},
    {STR("value.converter.schemas.enable"), VALUE_BOOLEAN, false, NULL},
    {STR("document.id.strategy"), VALUE_TEXT, true, NULL},
    {STR("document.id.strategy.overwrite.existing"), VALUE_BOOLEAN, true, NULL},
    {STR("document.id.strategy.partial.key.projection.type"), VALUE_TEXT, true, NULL},
    {STR("document.id.strategy.partial.key.projection.list"), VALUE_TEXT, true, NULL},
    {STR("document.id.strategy.partial.value.projection.type"), VALUE_TEXT, true, NULL},
    {STR("document.id.strategy.partial.value.projection.list"), VALUE_TEXT, true, NULL},
    {STR("document.key.columns"), VALUE_BOOLEAN, true, NULL},
    {STR("writemodel.strategy"), VALUE_TEXT, true, NULL},
    {STR("delete.on.null.values"), VALUE_BOOLEAN, true, NULL},
    {STR("delete.writemodel.strategy"), VALUE_TEXT, true, NULL},
    {STR("key.projection.type"), VALUE_TEXT, true, NULL},
    {STR("key.projection.list"), VALUE_TEXT, true, NULL},
    {STR("value.projection.type"), VALUE_TEXT, true, NULL},
    {STR("value.projection.list"), VALUE_TEXT, true, NULL},
    {STR("field.renamer.mapping"), VALUE_TEXT, true, NULL},
    {STR("max.batch.size"), VALUE_COUNT, false, NULL},
    {STR("bulk.write.ordered"), VALUE_BOOLEAN, true, NULL},
    {STR("rate.limiting.timeout"), VALUE_COUNT, false, NULL},
    {STR("rate.limiting.every.n"), VALUE_COUNT, false, NULL},
    {STR("errors.tolerance"), VALUE_TEXT, false, NULL},
    {STR("mongo.errors.tolerance"), VALUE_TEXT, false, NULL},
    {STR("errors.log.enable"), VALUE_BOOLEAN, false, NULL},
    {STR("mongo.errors.log.enable"), VALUE_BOOLEAN, false, NULL},
    {STR("errors.log.include.messages"), VALUE_BOOLEAN, false, NULL},
    {STR("errors.deadletterqueue.topic.name"), VALUE_TEXT, false, NULL},
    {STR("errors.deadletterqueue.topic.replication.factor"), VALUE_POSITIVE, false, NULL},
    {STR("errors.deadletterqueue.context.headers.enable"), VALUE_BOOLEAN, false, NULL},
    {STR("errors.retry.timeout"), VALUE_TEXT, false, NULL},
    {STR("errors.retry.delay.max.ms"), VALUE_COUNT, false, NULL},
    {STR("post.processor.chain"), VALUE_TEXT, true,
     "what DocumentIdAdder, the projectors and RenameByMapping do follows from their own "
     "properties"},
    {STR("transforms"), VALUE_TEXT, false, "write a query that changes the rows instead"},
    {STR("predicates"), VALUE_TEXT, false, "write a query that changes the rows instead"},
    {STR("change.data.capture.handler"), VALUE_TEXT, true, NOT_HERE},
    {STR("namespace.mapper"), VALUE_TEXT, true, "a topic goes to one collection"},
    {STR("field.renamer.regexp"), VALUE_TEXT, true, "use field.renamer.mapping"},
    {STR("field.value.transformer"), VALUE_TEXT, true,
     "write a query that changes the rows instead"},
    {STR("timeseries.timefield"), VALUE_TEXT, true, NOT_HERE},
    {STR("max.num.retries"), VALUE_COUNT, true, "a target that is away is always waited for"},
    {STR("retries.defer.timeout"), VALUE_COUNT, true, "a target that is away is always waited for"},
    {STR("header.converter"), VALUE_TEXT, false, NOT_HERE},
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
    if (entry->refusal)
        return why_set(why, ERR_INVALID, "'%.*s' is not supported: %s", STR_ARGS(property->name),
                       entry->refusal);
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

/* Entries that are refused stand for all names that begin with theirs. */
static const struct known_property *known_find(struct str name)
{
    for (size_t i = 0; i < KNOWN_COUNT; i++)
        if (str_equal(known[i].name, name) ||
            (known[i].refusal && begins_family(name, known[i].name)))
            return &known[i];
    if (begins_family(name, STR("timeseries")))
        return known_find(STR("timeseries.timefield"));
    return NULL;
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

/* settings.c -- what a connector's properties say, for all topics and for each. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "sink/settings_lookup.h"
#include "sink/sink.h"

#include <pcre2.h>

/* Added to a write model's meaning: its documents are told apart by a business key. */
#define BUSINESS_KEY 0x100

struct topic_pattern {
    pcre2_code *code;
};

static const struct word id_words[] = {
    {"BsonOid", ID_OBJECT_ID},
    {"FullKey", ID_FULL_KEY},
    {"ProvidedInKey", ID_PROVIDED_IN_KEY},
    {"ProvidedInValue", ID_PROVIDED_IN_VALUE},
    {"PartialKey", ID_PARTIAL_KEY},
    {"PartialValue", ID_PARTIAL_VALUE},
    {"KafkaMetaData", ID_COORDINATES},
    {"Uuid", ID_UUID},
    {"UuidProvidedInKey", ID_UUID_PROVIDED_IN_KEY},
    {"UuidProvidedInValue", ID_UUID_PROVIDED_IN_VALUE},
    {NULL, 0},
};

static const struct word model_words[] = {
    {"DefaultWriteModel", MODEL_REPLACE},
    {"ReplaceOneDefault", MODEL_REPLACE},
    {"ReplaceOneBusinessKey", MODEL_REPLACE | BUSINESS_KEY},
    {"InsertOneDefault", MODEL_INSERT},
    {"UpdateOneDefault", MODEL_UPDATE},
    {"UpdateOneTimestamps", MODEL_UPDATE_TIMESTAMPS},
    {"UpdateOneBusinessKeyTimestamp", MODEL_UPDATE_TIMESTAMPS | BUSINESS_KEY},
    {"DeleteOneDefault", MODEL_DELETE},
    {"DeleteOneBusinessKey", MODEL_DELETE | BUSINESS_KEY},
    {"DeleteOneTombstoneBusinessKey", MODEL_DELETE_TOMBSTONE | BUSINESS_KEY},
    {NULL, 0},
};

static const struct word delete_words[] = {
    {"DeleteOneDefault", MODEL_DELETE}, {"DeleteOneBusinessKey", MODEL_DELETE}, {NULL, 0}};

static const struct word tolerance_words[] = {{"none", 0}, {"all", 1}, {"data", 1}, {NULL, 0}};

static const struct word converter_words[] = {
    {"org.apache.kafka.connect.storage.StringConverter", FORMAT_KAFKA},
    {"org.apache.kafka.connect.json.JsonConverter", FORMAT_JSON},
    {"io.confluent.connect.avro.AvroConverter", FORMAT_AVRO},
    {NULL, 0},
};

static const struct word class_words[] = {{"MongoSinkConnector", 0},
                                          {"com.mongodb.kafka.connect.MongoSinkConnector", 0},
                                          {"MongoDbAtlasSink", 0},
                                          {NULL, 0}};

/* input.data.format and input.key.format of the managed connector. */
static const struct word input_words[] = {
    {"AVRO", FORMAT_AVRO}, {"JSON", FORMAT_JSON}, {"STRING", FORMAT_KAFKA}, {NULL, 0}};

static const struct word handler_words[] = {{"None", 0}, {NULL, 0}};

static enum err check_topic(const struct lookup *lookup, const struct topic_settings *settings,
                            bool by_business_key);
static enum err read_topics(const struct lookup *lookup, struct sink_settings *settings);
static enum err read_errors(const struct lookup *lookup, struct sink_settings *settings);
static enum err read_converters(const struct lookup *lookup, struct sink_settings *settings);
static enum err check_overrides(const struct lookup *lookup);

enum err settings_read(const struct properties *properties, struct arena *arena,
                       struct sink_settings *ret_settings, struct why *why)
{
    for (size_t i = 0; i < properties->count; i++) {
        const enum err err = property_check(&properties->items[i], why);
        if (err)
            return err;
    }
    const struct lookup lookup = {.properties = properties, .arena = arena, .why = why};
    struct sink_settings settings = {.properties = properties};
    int ignored = 0;
    enum err err = lookup_word(&lookup, "connector.class", class_words, "", 0, &ignored);
    if (err == OK)
        err = lookup_word(&lookup, "cdc.handler", handler_words, "", 0, &ignored);
    if (err == OK)
        err = read_topics(&lookup, &settings);
    if (err == OK)
        err = read_errors(&lookup, &settings);
    if (err == OK)
        err = read_converters(&lookup, &settings);
    if (err == OK)
        err = check_overrides(&lookup);
    if (err) {
        settings_release(&settings);
        return err;
    }
    const int64_t batch = lookup_count(&lookup, "max.batch.size");
    settings.batch_documents_max =
        batch < SINK_BATCH_DOCUMENTS_MAX ? (uint32_t)batch : SINK_BATCH_DOCUMENTS_MAX;
    settings.rate_every_batches = (uint32_t)lookup_count(&lookup, "rate.limiting.every.n");
    settings.rate_wait_ms = lookup_count(&lookup, "rate.limiting.timeout");
    *ret_settings = settings;
    return OK;
}

void settings_release(struct sink_settings *settings)
{
    if (!settings->pattern)
        return;
    pcre2_code_free(settings->pattern->code);
    settings->pattern = NULL;
}

enum err settings_of_topic(const struct properties *properties, struct str topic,
                           struct arena *arena, struct topic_settings *ret_settings,
                           struct why *why)
{
    const struct lookup lookup = {properties, topic, arena, why};
    struct topic_settings settings = {0};
    int id = 0;
    int model = 0;
    int ignored = 0;
    enum err err =
        lookup_word(&lookup, "document.id.strategy", id_words,
                    "com.mongodb.kafka.connect.sink.processor.id.strategy.", ID_DEFAULT, &id);
    if (err == OK)
        err = lookup_word(&lookup, "writemodel.strategy", model_words,
                          "com.mongodb.kafka.connect.sink.writemodel.strategy.", MODEL_REPLACE,
                          &model);
    if (err == OK)
        err = lookup_word(&lookup, "delete.writemodel.strategy", delete_words,
                          "com.mongodb.kafka.connect.sink.writemodel.strategy.", MODEL_DELETE,
                          &ignored);
    settings.id = (enum id_strategy)id;
    settings.model = (enum write_model)(model & ~BUSINESS_KEY);
    settings.overwrite_id =
        lookup_boolean(&lookup, "document.id.strategy.overwrite.existing", false);
    settings.delete_on_null = lookup_boolean(&lookup, "delete.on.null.values", false);
    settings.ordered = lookup_boolean(&lookup, "bulk.write.ordered", true);
    settings.key_columns = lookup_boolean(&lookup, "document.key.columns", true);
    settings.database = lookup_text(&lookup, "database");
    settings.collection = lookup_text(&lookup, "collection");
    if (settings.collection.size == 0)
        settings.collection = topic;
    if (err == OK)
        err = lookup_projection(&lookup, "document.id.strategy.partial.key.", &settings.id_key);
    if (err == OK)
        err = lookup_projection(&lookup, "document.id.strategy.partial.value.", &settings.id_value);
    if (err == OK)
        err = lookup_projection(&lookup, "key.", &settings.key);
    if (err == OK)
        err = lookup_projection(&lookup, "value.", &settings.value);
    if (err == OK)
        err = lookup_renames(&lookup, &settings);
    if (err == OK)
        err = check_topic(&lookup, &settings, (model & BUSINESS_KEY) != 0);
    if (err)
        return err;
    *ret_settings = settings;
    return OK;
}

bool settings_want(const struct sink_settings *settings, struct str topic)
{
    for (uint32_t i = 0; i < settings->topic_count; i++)
        if (str_equal(settings->topics[i], topic))
            return true;
    if (!settings->pattern)
        return false;
    /* Of each call: several threads ask. */
    pcre2_match_data *match = pcre2_match_data_create_from_pattern(settings->pattern->code, NULL);
    must(match != NULL);
    const bool wants = pcre2_match(settings->pattern->code, (PCRE2_SPTR)topic.data, topic.size, 0,
                                   0, match, NULL) >= 0;
    pcre2_match_data_free(match);
    return wants;
}

/* Settings that contradict each other. */
static enum err check_topic(const struct lookup *lookup, const struct topic_settings *settings,
                            bool by_business_key)
{
    const enum id_strategy id = settings->id;
    if (id == ID_PARTIAL_KEY && settings->id_key.kind == PROJECTION_ALL)
        return why_set(lookup->why, ERR_INVALID,
                       "PartialKey needs 'document.id.strategy.partial.key.projection.type'");
    if (id == ID_PARTIAL_VALUE && settings->id_value.kind == PROJECTION_ALL)
        return why_set(lookup->why, ERR_INVALID,
                       "PartialValue needs 'document.id.strategy.partial.value.projection.type'");
    const bool by_key = id == ID_DEFAULT || id == ID_FULL_KEY || id == ID_PARTIAL_KEY ||
                        id == ID_PROVIDED_IN_KEY || id == ID_UUID_PROVIDED_IN_KEY;
    const bool deletes = settings->delete_on_null || settings->model == MODEL_DELETE_TOMBSTONE;
    if (deletes && !by_key)
        return why_set(lookup->why, ERR_INVALID,
                       "a record without a value can only delete its document when "
                       "'document.id.strategy' takes the _id from the key");
    if (by_business_key && id != ID_PARTIAL_KEY && id != ID_PARTIAL_VALUE && id != ID_FULL_KEY)
        return why_set(lookup->why, ERR_INVALID,
                       "'writemodel.strategy' needs a business key: 'document.id.strategy' "
                       "PartialKey, PartialValue or FullKey");
    return OK;
}

static enum err read_topics(const struct lookup *lookup, struct sink_settings *settings)
{
    const struct str regex = lookup_text(lookup, "topics.regex");
    enum err err = lookup_list(lookup, "topics", &settings->topics, &settings->topic_count);
    if (err)
        return err;
    if ((settings->topic_count > 0) == (regex.size > 0))
        return why_set(lookup->why, ERR_INVALID, "one of 'topics' and 'topics.regex' is needed");
    if (regex.size == 0)
        return OK;
    int code = 0;
    PCRE2_SIZE place = 0;
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)regex.data, regex.size,
                                         PCRE2_ANCHORED | PCRE2_ENDANCHORED, &code, &place, NULL);
    if (!compiled)
        return why_set(lookup->why, ERR_INVALID,
                       "'topics.regex' is no regular expression at '%.*s'",
                       (int)(regex.size - place), regex.data + place);
    settings->pattern = ARENA_NEW(lookup->arena, struct topic_pattern);
    settings->pattern->code = compiled;
    return OK;
}

static enum err read_errors(const struct lookup *lookup, struct sink_settings *settings)
{
    int tolerates = 1;
    enum err err = lookup_word(lookup, "errors.tolerance", tolerance_words, "", 1, &tolerates);
    if (err == OK)
        err = lookup_word(lookup, "mongo.errors.tolerance", tolerance_words, "", tolerates,
                          &tolerates);
    if (err)
        return err;
    settings->tolerates = tolerates != 0;
    if (!lookup_boolean(lookup, "errors.deadletterqueue.context.headers.enable", true))
        return why_set(lookup->why, ERR_INVALID,
                       "'errors.deadletterqueue.context.headers.enable' cannot be false: dead "
                       "letters always say where they come from");
    settings->logs_errors = lookup_boolean(lookup, "errors.log.enable", false) ||
                            lookup_boolean(lookup, "mongo.errors.log.enable", false);
    settings->dead_letter_topic = lookup_text(lookup, "errors.deadletterqueue.topic.name");
    return OK;
}

static enum err read_converters(const struct lookup *lookup, struct sink_settings *settings)
{
    int key = FORMAT_NONE;
    int value = FORMAT_NONE;
    enum err err = lookup_word(lookup, "input.key.format", input_words, "", key, &key);
    if (err == OK)
        err = lookup_word(lookup, "key.converter", converter_words, "", key, &key);
    if (err == OK)
        err = lookup_word(lookup, "input.data.format", input_words, "", value, &value);
    if (err == OK)
        err = lookup_word(lookup, "value.converter", converter_words, "", value, &value);
    if (err)
        return err;
    settings->key_converter = (enum format_kind)key;
    settings->value_converter = (enum format_kind)value;
    settings->has_key_converter = key != FORMAT_NONE;
    settings->has_value_converter = value != FORMAT_NONE;
    return OK;
}

/* Every topic that is named anywhere must make sense. */
static enum err check_overrides(const struct lookup *lookup)
{
    struct topic_settings ignored;
    const struct properties *properties = lookup->properties;
    enum err err =
        settings_of_topic(properties, (struct str){0}, lookup->arena, &ignored, lookup->why);
    for (size_t i = 0; i < properties->count && err == OK; i++) {
        const struct str topic = property_override_topic(properties->items[i].name);
        if (topic.size > 0)
            err = settings_of_topic(properties, topic, lookup->arena, &ignored, lookup->why);
    }
    return err;
}

/* Everything but letters, digits and "-._~", RFC 3986. */
static void append_encoded(struct buf *buf, struct str text)
{
    for (size_t i = 0; i < text.size; i++) {
        const char byte = text.data[i];
        const bool is_plain = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                              (byte >= '0' && byte <= '9') || byte == '-' || byte == '.' ||
                              byte == '_' || byte == '~';
        if (is_plain)
            buf_append_byte(buf, (uint8_t)byte);
        else
            buf_printf(buf, "%%%02X", (uint8_t)byte);
    }
}

/* The managed connector names Atlas' host, user and password one by one. */
enum err sink_connection(const struct properties *properties, struct arena *arena,
                         struct str *ret_uri, struct why *why)
{
    const struct lookup lookup = {.properties = properties, .arena = arena, .why = why};
    const struct str uri = lookup_text(&lookup, "connection.uri");
    const struct str host = lookup_text(&lookup, "connection.host");
    const struct str user = lookup_text(&lookup, "connection.user");
    const struct str password = lookup_text(&lookup, "connection.password");
    if (uri.size > 0 && host.size > 0)
        return why_set(why, ERR_INVALID,
                       "'connection.uri' and 'connection.host' exclude each other");
    if (host.size == 0 && (user.size > 0 || password.size > 0))
        return why_set(why, ERR_INVALID,
                       "'connection.user' and 'connection.password' need "
                       "'connection.host'");
    *ret_uri = uri;
    if (host.size == 0)
        return OK;
    struct buf buf = {0};
    buf_append_str(&buf, STR("mongodb+srv://"));
    if (user.size > 0) {
        append_encoded(&buf, user);
        buf_append_byte(&buf, ':');
        append_encoded(&buf, password);
        buf_append_byte(&buf, '@');
    }
    buf_append_str(&buf, host);
    buf_append_str(&buf, STR("/?retryWrites=true"));
    *ret_uri = arena_str(arena, buf_str(&buf));
    buf_release(&buf);
    return OK;
}

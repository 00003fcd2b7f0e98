/* definition.c -- a connector as Connect's REST takes it: {"name":"x","config":{"topics":"t"}}. */
#include "base/json.h"
#include "sink/sink.h"

static enum err malformed(const struct json_reader *reader, struct why *why)
{
    return why_set(why, ERR_INVALID,
                   "a connector is {\"name\":…,\"config\":{…}} with texts, numbers, true and "
                   "false; not at byte %zu",
                   reader->error_offset);
}

/* config := '{' [name ':' (text | number | true | false | null) {',' ..}] '}' */
static enum err read_config(struct json_reader *reader, struct properties *config, struct why *why)
{
    enum json_token token;
    while ((token = json_next(reader)) == JSON_NAME) {
        const struct str name = reader->text;
        token = json_next(reader);
        if (token == JSON_STRING || token == JSON_NUMBER)
            properties_set(config, name, reader->text);
        else if (token == JSON_TRUE || token == JSON_FALSE)
            properties_set(config, name, token == JSON_TRUE ? STR("true") : STR("false"));
        else if (token != JSON_NULL)
            return malformed(reader, why);
    }
    return token == JSON_OBJECT_END ? OK : malformed(reader, why);
}

enum err sink_config_read(struct str json, struct properties *config, struct why *why)
{
    struct json_reader reader;
    json_reader_init(&reader, json, config->arena);
    if (json_next(&reader) != JSON_OBJECT_BEGIN)
        return malformed(&reader, why);
    return read_config(&reader, config, why);
}

enum err sink_definition_read(struct str json, struct str *ret_name, struct properties *config,
                              struct why *why)
{
    struct json_reader reader;
    struct str name = {0};
    bool has_config = false;
    enum json_token token;
    json_reader_init(&reader, json, config->arena);
    if (json_next(&reader) != JSON_OBJECT_BEGIN)
        return malformed(&reader, why);
    while ((token = json_next(&reader)) == JSON_NAME) {
        const struct str member = reader.text;
        enum err err = OK;
        token = json_next(&reader);
        if (str_equal(member, STR("name")) && token == JSON_STRING) {
            name = reader.text;
        } else if (str_equal(member, STR("config")) && token == JSON_OBJECT_BEGIN) {
            has_config = true;
            err = read_config(&reader, config, why);
        } else if (json_skip(&reader, token, NULL)) {
            err = malformed(&reader, why);
        }
        if (err)
            return err;
    }
    if (token != JSON_OBJECT_END || !has_config || name.size == 0)
        return malformed(&reader, why);
    *ret_name = name;
    return OK;
}

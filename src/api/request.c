/* request.c -- reads the JSON that ksqlDB's clients send. */
#include "api/request.h"
#include "base/json.h"

static enum err malformed(struct why *why, const char *text)
{
    return why_set(why, ERR_MALFORMED, "the request's body is no JSON object of ksqlDB's: %s",
                   text);
}

/* A string, number or word as text; null is the empty text. */
static enum err read_scalar(struct json_reader *reader, enum json_token token, struct str *ret_text,
                            struct why *why)
{
    switch (token) {
    case JSON_STRING:
    case JSON_NUMBER:
        *ret_text = reader->text;
        return OK;
    case JSON_TRUE:
        *ret_text = STR("true");
        return OK;
    case JSON_FALSE:
        *ret_text = STR("false");
        return OK;
    case JSON_NULL:
        *ret_text = STR("");
        return OK;
    case JSON_ERROR:
        return why_set(why, ERR_MALFORMED, "the request's body is no JSON: see its byte %zu",
                       reader->error_offset);
    default:
        return malformed(why, "a text was expected");
    }
}

static enum err read_pairs(struct json_reader *reader, enum json_token token,
                           struct properties *into, struct why *why)
{
    if (token == JSON_NULL)
        return OK;
    if (token != JSON_OBJECT_BEGIN)
        return malformed(why, "properties are an object");
    while ((token = json_next(reader)) == JSON_NAME) {
        const struct str name = reader->text;
        struct str value;
        const enum err err = read_scalar(reader, json_next(reader), &value, why);
        if (err)
            return err;
        properties_set(into, name, value);
    }
    return token == JSON_OBJECT_END ? OK : malformed(why, "properties do not end");
}

static enum err read_member(struct json_reader *reader, struct ksql_request *request,
                            struct why *why)
{
    const struct str name = reader->text;
    const enum json_token token = json_next(reader);
    if (str_equal(name, STR("ksql")) || str_equal(name, STR("sql")))
        return read_scalar(reader, token, &request->text, why);
    if (str_equal(name, STR("queryId")))
        return read_scalar(reader, token, &request->query_id, why);
    if (str_equal(name, STR("commandSequenceNumber")) && token == JSON_NUMBER)
        return str_to_int64(reader->text, &request->command_number) == OK ? OK : ERR_MALFORMED;
    if (str_equal(name, STR("target")))
        return read_scalar(reader, token, &request->target, why);
    if (str_equal(name, STR("streamsProperties")) || str_equal(name, STR("properties")))
        return read_pairs(reader, token, &request->session.settings, why);
    if (str_equal(name, STR("sessionVariables")))
        return read_pairs(reader, token, &request->session.variables, why);
    return json_skip(reader, token, NULL) == OK ? OK : malformed(why, "a value was expected");
}

static enum err check_settings(const struct properties *settings, struct why *why)
{
    for (size_t i = 0; i < settings->count; i++) {
        const enum err err =
            engine_check_setting(settings->items[i].name, settings->items[i].value, why);
        if (err)
            return err;
    }
    return OK;
}

enum err ksql_request_parse(struct str body, struct arena *arena, struct ksql_request *ret_request,
                            struct why *why)
{
    struct json_reader reader;
    *ret_request = (struct ksql_request){.command_number = -1};
    session_init(&ret_request->session, arena);
    json_reader_init(&reader, body, arena);
    if (json_next(&reader) != JSON_OBJECT_BEGIN)
        return malformed(why, "it begins with no '{'");
    enum json_token token;
    while ((token = json_next(&reader)) == JSON_NAME) {
        const enum err err = read_member(&reader, ret_request, why);
        if (err)
            return err;
    }
    if (token != JSON_OBJECT_END || json_next(&reader) != JSON_END)
        return why_set(why, ERR_MALFORMED, "the request's body is no JSON: see its byte %zu",
                       reader.error_offset);
    return check_settings(&ret_request->session.settings, why);
}

bool ksql_request_read(const struct net_request *request, struct net_response *response,
                       struct ksql_request *ret_request)
{
    struct why why = {0};
    if (ksql_request_parse(request->body, request->arena, ret_request, &why) == OK)
        return true;
    error_respond(response, 40000, str_from(why.text));
    return false;
}

/* api_request.c -- bodies of ksqlDB's clients: JSON of any shape and none. */
#include "api/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct str input = {(const char *)data, size};
    struct ksql_request request;
    struct why why = {0};
    struct arena arena;
    arena_init(&arena, 0);
    const enum err err = ksql_request_parse(input, &arena, &request, &why);
    if (err == OK) {
        for (size_t i = 0; i < request.session.settings.count; i++)
            must(engine_check_setting(request.session.settings.items[i].name,
                                      request.session.settings.items[i].value, NULL) == OK);
    } else {
        must(err == ERR_MALFORMED || err == ERR_INVALID);
        must(why.text[0] != '\0');
    }
    arena_release(&arena);
    return 0;
}

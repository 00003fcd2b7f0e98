/* sink_settings.c -- a connector's properties on any text are taken whole or refused with words. */
#include "sink/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct properties properties;
    struct sink_settings settings;
    struct why why = {0};
    arena_init(&arena, 0);
    properties_init(&properties, &arena);
    if (properties_parse(&properties, (struct str){(const char *)data, size}, NULL) == OK) {
        const enum err err = settings_read(&properties, &arena, &settings, &why);
        must(err == OK || err == ERR_INVALID);
        must((err == OK) == (why.text[0] == '\0'));
        if (err == OK) {
            struct topic_settings topic;
            (void)settings_want(&settings, STR("ORDERS"));
            for (uint32_t i = 0; i < settings.topic_count; i++) {
                must(settings_want(&settings, settings.topics[i]));
                /* Read for each topic before, when the settings were checked. */
                must(settings_of_topic(&properties, settings.topics[i], &arena, &topic, &why) ==
                     OK);
            }
            settings_release(&settings);
        }
    }
    arena_release(&arena);
    return 0;
}

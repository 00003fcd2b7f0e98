/* function_conversion.c -- MD5 and UUID. */
#include "functions/body.h"

#include "base/md5.h"

#include <sys/random.h>

static enum err conversion_md5(struct call *call, const struct value *args, struct value *ret_value)
{
    uint8_t digest[MD5_BYTES];
    char *text = arena_alloc(call->arena, 2 * MD5_BYTES);
    md5(args[0].text, digest);
    for (size_t i = 0; i < MD5_BYTES; i++) {
        text[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        text[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    *ret_value = value_text((struct str){text, 2 * MD5_BYTES});
    return OK;
}

/* RFC 9562, version 4; or the first 16 bytes given. */
static enum err conversion_uuid(struct call *call, const struct value *args,
                                struct value *ret_value)
{
    uint8_t b[16];
    if (call->arg_count == 1) {
        if (args[0].text.size != sizeof(b))
            return ERR_INVALID;
        memcpy(b, args[0].text.data, sizeof(b));
    } else {
        if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
            return ERR_UNAVAILABLE;
        b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
        b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    }
    *ret_value = value_text(arena_printf(
        call->arena, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
        b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
        b[15]));
    return OK;
}

static const struct function_overload md5_overloads[] = {
    BODY("MD5(STRING) STRING", conversion_md5)};
static const struct function_overload uuid_overloads[] = {
    BODY_FLAGS("UUID() STRING", conversion_uuid, FUNCTION_VOLATILE),
    BODY("UUID(BYTES) STRING", conversion_uuid),
};

static const struct function_entry entries[] = {
    ENTRY("MD5", "the MD5 digest in hexadecimal digits; to compare, not to protect", md5_overloads),
    ENTRY("UUID", "a random UUID, or the one in 16 bytes", uuid_overloads),
};

const struct function_topic functions_conversion = FUNCTION_TOPIC(entries);

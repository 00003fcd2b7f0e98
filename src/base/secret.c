/* secret.c -- which settings hold secrets, and what is shown instead. */
#include "base/secret.h"

#include "base/buf.h"

bool secret_is_name(struct str name)
{
    static const struct str words[] = {
        STR_INIT("password"),    STR_INIT("passphrase"),     STR_INIT("secret"),
        STR_INIT("token"),       STR_INIT("jaas"),           STR_INIT("user.info"),
        STR_INIT("api.key"),     STR_INIT("connection.uri"), STR_INIT("connection.user"),
        STR_INIT("ssl.key.pem"), STR_INIT("keystore.key"),   STR_INIT("credentials"),
    };
    /* Where a token is got is none; nor is the word that says where credentials stand. */
    static const struct str endings[] = {STR_INIT(".url"), STR_INIT(".source"), STR_INIT(".ms")};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (str_ends_with(name, endings[i]))
            return false;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (name.size > 0 && memmem(name.data, name.size, words[i].data, words[i].size))
            return true;
    return false;
}

struct str secret_shown(const struct property *property, struct arena *arena)
{
    if (property->value.size == 0)
        return property->value;
    if (property->is_provided || secret_is_name(property->name))
        return STR(SECRET_HIDDEN);
    return secret_hide_user(property->value, arena);
}

/* url = scheme "://" [user '@'] rest; each up to a comma, '/' or '?' */
struct str secret_hide_user(struct str url, struct arena *arena)
{
    struct buf out = {0};
    size_t from = 0;
    for (size_t i = 0; i + 3 <= url.size; i++) {
        if (memcmp(url.data + i, "://", 3) != 0)
            continue;
        const size_t begin = i + 3;
        size_t end = begin;
        size_t at = 0;
        for (; end < url.size && !strchr("/?#, ", url.data[end]); end++)
            at = url.data[end] == '@' ? end : at;
        if (at == 0)
            continue;
        buf_append(&out, url.data + from, begin - from);
        buf_append_str(&out, STR(SECRET_HIDDEN));
        from = at;
        i = at;
    }
    if (out.size == 0)
        return url;
    buf_append(&out, url.data + from, url.size - from);
    const struct str shown = arena_str(arena, buf_str(&out));
    buf_release(&out);
    return shown;
}

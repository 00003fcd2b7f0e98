/* err.c -- texts and reactions of failures, and the words that go with one. */
#include "base/err.h"

#include <stdarg.h>

static const struct {
    const char *name;
    const char *text;
    enum reaction reaction;
} errors[ERR_COUNT] = {
#define ERR(name, text, reaction) {"ERR_" #name, text, REACTION_##reaction},
#include "base/err.def"
#undef ERR
};

const char *err_text(enum err err)
{
    must((unsigned)err < ERR_COUNT);
    return errors[err].text;
}

const char *err_name(enum err err)
{
    must((unsigned)err < ERR_COUNT);
    return errors[err].name;
}

enum reaction err_reaction(enum err err)
{
    must((unsigned)err < ERR_COUNT);
    return errors[err].reaction;
}

/* Formats first and copies then: an argument may be the old text itself. */
static void why_write(struct why *why, int line, int column, const char *format, va_list arguments)
    PRINTF_LIKE(4, 0);

static void why_write(struct why *why, int line, int column, const char *format, va_list arguments)
{
    if (!why)
        return;
    char text[sizeof(why->text)] = "";
    vsnprintf(text, sizeof(text), format, arguments);
    memcpy(why->text, text, strlen(text) + 1);
    why->line = line;
    why->column = column;
}

enum err why_set(struct why *why, enum err err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    why_write(why, 0, 0, format, arguments);
    va_end(arguments);
    return err;
}

enum err why_set_at(struct why *why, enum err err, int line, int column, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    why_write(why, line, column, format, arguments);
    va_end(arguments);
    return err;
}

void why_prefix(struct why *why, const char *format, ...)
{
    if (!why)
        return;
    struct why before = {0};
    va_list arguments;
    va_start(arguments, format);
    why_write(&before, 0, 0, format, arguments);
    va_end(arguments);
    char text[sizeof(why->text) * 2 + 2];
    snprintf(text, sizeof(text), "%s: %s", before.text, why->text);
    text[sizeof(why->text) - 1] = '\0';
    memcpy(why->text, text, strlen(text) + 1);
}

void why_place(struct why *why, const char *file)
{
    if (!why)
        return;
    if (why->line > 0)
        why_prefix(why, "%s:%d:%d", file, why->line, why->column);
    else
        why_prefix(why, "%s", file);
    why->line = why->column = 0;
}

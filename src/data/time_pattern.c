/* time_pattern.c -- DateTimeFormatter patterns: from text to elements. */
#include "data/time_pattern.h"

#define NUMBER_WIDTH_MAX 19
#define ELEMENT_TEXT_MAX 24 /* longest text of an element that is not a literal or a zone's id */

struct compiler {
    struct str pattern;
    size_t at;
    struct element *elements;
    uint32_t count;
    /* The number whose digits share a run with the fixed numbers after it, or NONE. */
    uint32_t run;
    uint32_t open[TIME_PATTERN_DEPTH_MAX];
    uint32_t depth;
    size_t text_size_max;
    struct why *why;
};

#define NONE UINT32_MAX

static enum err part_compile(struct compiler *compiler, struct arena *arena);
static enum err quoted_compile(struct compiler *compiler, struct arena *arena);
static enum err optional_begin(struct compiler *compiler);
static enum err optional_end(struct compiler *compiler);
static enum err letters_compile(struct compiler *compiler, char letter, int count);
static enum err text_compile(struct compiler *compiler, enum time_field field, int count);
static void add(struct compiler *compiler, const struct element *element);
static void add_number(struct compiler *compiler, enum time_field field, int least, int most,
                       enum element_sign sign);
static enum err too_many(const struct compiler *compiler, char letter, int count);

enum err time_pattern_compile(struct str pattern, struct arena *arena,
                              const struct time_pattern **ret_pattern, struct why *why)
{
    if (pattern.size > TIME_PATTERN_BYTES_MAX)
        return why_set(why, ERR_INVALID, "time pattern of %zu bytes is longer than %d",
                       pattern.size, TIME_PATTERN_BYTES_MAX);
    /* No byte makes more than one element, and sections left open close at the end. */
    const size_t room = pattern.size + TIME_PATTERN_DEPTH_MAX;
    struct compiler compiler = {
        .pattern = pattern,
        .elements = ARENA_ARRAY(arena, struct element, room),
        .run = NONE,
        .why = why,
    };
    while (compiler.at < pattern.size) {
        const enum err err = part_compile(&compiler, arena);
        if (err != OK)
            return err;
    }
    while (compiler.depth > 0) {
        const enum err err = optional_end(&compiler);
        if (err != OK)
            return err;
    }
    struct time_pattern *compiled = ARENA_NEW(arena, struct time_pattern);
    *compiled = (struct time_pattern){.element_count = compiler.count,
                                      .elements = compiler.elements,
                                      .text_size_max = compiler.text_size_max};
    *ret_pattern = compiled;
    return OK;
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static enum err part_compile(struct compiler *compiler, struct arena *arena)
{
    const char *const data = compiler->pattern.data;
    const char first = data[compiler->at];
    if (is_letter(first)) {
        const size_t begin = compiler->at;
        while (compiler->at < compiler->pattern.size && data[compiler->at] == first)
            compiler->at++;
        return letters_compile(compiler, first, (int)(compiler->at - begin));
    }
    if (first == '\'')
        return quoted_compile(compiler, arena);
    compiler->at++;
    switch (first) {
    case '[':
        return optional_begin(compiler);
    case ']':
        return optional_end(compiler);
    case '{':
    case '}':
    case '#':
        return why_set(compiler->why, ERR_INVALID,
                       "time pattern '%.*s' has the reserved character '%c'",
                       STR_ARGS(compiler->pattern), first);
    default:
        add(compiler, &(struct element){.kind = ELEMENT_LITERAL,
                                        .literal = arena_str(arena, (struct str){&first, 1})});
        return OK;
    }
}

/* quoted := "'" ( any | "''" )* "'"; nothing between the quotes is one quote */
static enum err quoted_compile(struct compiler *compiler, struct arena *arena)
{
    const struct str pattern = compiler->pattern;
    char *const text = arena_alloc(arena, pattern.size);
    size_t size = 0;
    size_t at = compiler->at + 1;
    for (;; at++) {
        if (at == pattern.size)
            return why_set(compiler->why, ERR_INVALID,
                           "time pattern '%.*s' has a quote that is not closed", STR_ARGS(pattern));
        if (pattern.data[at] == '\'') {
            if (at + 1 == pattern.size || pattern.data[at + 1] != '\'')
                break;
            at++;
        }
        text[size++] = pattern.data[at];
    }
    if (size == 0)
        text[size++] = '\'';
    compiler->at = at + 1;
    add(compiler, &(struct element){.kind = ELEMENT_LITERAL, .literal = {text, size}});
    return OK;
}

static enum err optional_begin(struct compiler *compiler)
{
    if (compiler->depth == TIME_PATTERN_DEPTH_MAX)
        return why_set(compiler->why, ERR_INVALID,
                       "time pattern '%.*s' has more than %d optional sections within each other",
                       STR_ARGS(compiler->pattern), TIME_PATTERN_DEPTH_MAX);
    compiler->open[compiler->depth++] = compiler->count;
    add(compiler, &(struct element){.kind = ELEMENT_OPTIONAL_BEGIN});
    return OK;
}

static enum err optional_end(struct compiler *compiler)
{
    if (compiler->depth == 0)
        return why_set(compiler->why, ERR_INVALID, "time pattern '%.*s' has a ']' without '['",
                       STR_ARGS(compiler->pattern));
    compiler->elements[compiler->open[--compiler->depth]].end = compiler->count;
    add(compiler, &(struct element){.kind = ELEMENT_OPTIONAL_END});
    return OK;
}

/* What a pattern letter that stands `count` times at once means. */
struct letter {
    char letter;
    enum time_field field; /* of those that have one */
    enum err (*compile)(struct compiler *compiler, const struct letter *letter, int count);
};

static enum err two_digits_compile(struct compiler *compiler, const struct letter *letter,
                                   int count)
{
    if (count > 2)
        return too_many(compiler, letter->letter, count);
    if (count == 2)
        add_number(compiler, letter->field, 2, 2, SIGN_NONE);
    else
        add_number(compiler, letter->field, 1, NUMBER_WIDTH_MAX, SIGN_NORMAL);
    return OK;
}

static enum err word_compile(struct compiler *compiler, const struct letter *letter, int count)
{
    return text_compile(compiler, letter->field, count < 3 ? 3 : count);
}

static enum err month_compile(struct compiler *compiler, const struct letter *letter, int count)
{
    if (count >= 3)
        return text_compile(compiler, letter->field, count);
    return two_digits_compile(compiler, letter, count);
}

static enum err day_of_year_compile(struct compiler *compiler, const struct letter *letter,
                                    int count)
{
    if (count > 3)
        return too_many(compiler, letter->letter, count);
    add_number(compiler, letter->field, count, count == 1 ? NUMBER_WIDTH_MAX : 3,
               count == 1 ? SIGN_NORMAL : SIGN_NONE);
    return OK;
}

static enum err half_day_compile(struct compiler *compiler, const struct letter *letter, int count)
{
    return count > 1 ? too_many(compiler, letter->letter, count)
                     : text_compile(compiler, letter->field, 3);
}

static enum err fraction_compile(struct compiler *compiler, const struct letter *letter, int count)
{
    if (count > 9)
        return too_many(compiler, letter->letter, count);
    add(compiler, &(struct element){.kind = ELEMENT_FRACTION,
                                    .field = letter->field,
                                    .width_min = (uint8_t)count,
                                    .width_max = (uint8_t)count});
    return OK;
}

static enum err digits_compile(struct compiler *compiler, const struct letter *letter, int count)
{
    if (count > NUMBER_WIDTH_MAX)
        return too_many(compiler, letter->letter, count);
    add_number(compiler, letter->field, count, NUMBER_WIDTH_MAX, SIGN_NONE);
    return OK;
}

static enum err zone_id_compile(struct compiler *compiler, const struct letter *letter, int count)
{
    if (count != 2)
        return why_set(compiler->why, ERR_INVALID,
                       "time pattern '%.*s' needs '%c' twice for a zone's id",
                       STR_ARGS(compiler->pattern), letter->letter);
    add(compiler, &(struct element){.kind = ELEMENT_ZONE_ID});
    return OK;
}

static enum err zone_name_compile(struct compiler *compiler, const struct letter *letter, int count)
{
    if (count > 4)
        return too_many(compiler, letter->letter, count);
    add(compiler, &(struct element){.kind = ELEMENT_ZONE_NAME});
    return OK;
}

static enum err year_compile(struct compiler *compiler, const struct letter *letter, int count)
{
    if (count > NUMBER_WIDTH_MAX)
        return too_many(compiler, letter->letter, count);
    if (count == 2)
        add(compiler, &(struct element){.kind = ELEMENT_YEAR_IN_CENTURY,
                                        .field = letter->field,
                                        .width_min = 2,
                                        .width_max = 2});
    else
        add_number(compiler, letter->field, count, NUMBER_WIDTH_MAX,
                   count < 4 ? SIGN_NORMAL : SIGN_EXCEEDS);
    return OK;
}

static enum err offset_compile(struct compiler *compiler, const struct letter *letter, int count)
{
    static const enum offset_form forms[6] = {
        0,
        OFFSET_HH_OPTIONAL_MM,
        OFFSET_HHMM,
        OFFSET_HH_COLON_MM,
        OFFSET_HHMM_OPTIONAL_SS,
        OFFSET_HH_COLON_MM_OPTIONAL_SS,
    };
    if (count > 5)
        return too_many(compiler, letter->letter, count);
    struct element element = {.kind = ELEMENT_OFFSET, .offset_form = forms[count]};
    if (letter->letter == 'X') {
        element.literal = STR("Z");
    } else if (letter->letter == 'x') {
        element.literal = count == 1 ? STR("+00") : count % 2 == 0 ? STR("+0000") : STR("+00:00");
    } else if (count < 4) {
        element.offset_form = OFFSET_HHMM;
        element.literal = STR("+0000");
    } else if (count == 4) {
        element.offset_form = OFFSET_GMT;
        element.literal = STR("GMT");
    } else {
        element.literal = STR("Z");
    }
    add(compiler, &element);
    return OK;
}

static const struct letter letters[] = {
    {'G', FIELD_ERA, word_compile},
    {'u', FIELD_YEAR, year_compile},
    {'y', FIELD_YEAR_OF_ERA, year_compile},
    {'D', FIELD_DAY_OF_YEAR, day_of_year_compile},
    {'M', FIELD_MONTH, month_compile},
    {'L', FIELD_MONTH, month_compile},
    {'d', FIELD_DAY, two_digits_compile},
    {'E', FIELD_WEEKDAY, word_compile},
    {'a', FIELD_HALF_DAY, half_day_compile},
    {'h', FIELD_HOUR_1_12, two_digits_compile},
    {'K', FIELD_HOUR_0_11, two_digits_compile},
    {'k', FIELD_HOUR_1_24, two_digits_compile},
    {'H', FIELD_HOUR, two_digits_compile},
    {'m', FIELD_MINUTE, two_digits_compile},
    {'s', FIELD_SECOND, two_digits_compile},
    {'S', FIELD_NANO, fraction_compile},
    {'A', FIELD_MILLI_OF_DAY, digits_compile},
    {'n', FIELD_NANO, digits_compile},
    {'N', FIELD_NANO_OF_DAY, digits_compile},
    {'V', 0, zone_id_compile},
    {'z', 0, zone_name_compile},
    {'X', 0, offset_compile},
    {'x', 0, offset_compile},
    {'Z', 0, offset_compile},
};

static enum err letters_compile(struct compiler *compiler, char letter, int count)
{
    for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
        if (letters[i].letter == letter)
            return letters[i].compile(compiler, &letters[i], count);
    }
    return why_set(compiler->why, ERR_INVALID,
                   "time pattern '%.*s' has the letter '%c', which is not supported",
                   STR_ARGS(compiler->pattern), letter);
}

static enum err text_compile(struct compiler *compiler, enum time_field field, int count)
{
    if (count > 5)
        return why_set(compiler->why, ERR_INVALID,
                       "time pattern '%.*s' repeats a letter %d times, 5 is the most",
                       STR_ARGS(compiler->pattern), count);
    add(compiler, &(struct element){.kind = ELEMENT_TEXT,
                                    .field = field,
                                    .style = count == 3   ? STYLE_SHORT
                                             : count == 4 ? STYLE_FULL
                                                          : STYLE_NARROW});
    return OK;
}

static bool is_number(const struct element *element)
{
    return element->kind == ELEMENT_NUMBER || element->kind == ELEMENT_YEAR_IN_CENTURY ||
           element->kind == ELEMENT_FRACTION;
}

/* In "yyyyMMdd" the year takes what MM and dd leave: a number of variable width reserves the digits
 * of the numbers of fixed width that follow it at once. */
static void add(struct compiler *compiler, const struct element *element)
{
    const bool is_fixed =
        is_number(element) && element->width_min == element->width_max && !element->sign;
    if (is_fixed && compiler->run != NONE)
        compiler->elements[compiler->run].reserved += element->width_min;
    else
        compiler->run = is_number(element) ? compiler->count : NONE;
    compiler->elements[compiler->count++] = *element;
    compiler->text_size_max += ELEMENT_TEXT_MAX + element->literal.size;
}

static void add_number(struct compiler *compiler, enum time_field field, int least, int most,
                       enum element_sign sign)
{
    add(compiler, &(struct element){.kind = ELEMENT_NUMBER,
                                    .field = field,
                                    .width_min = (uint8_t)least,
                                    .width_max = (uint8_t)most,
                                    .sign = sign});
}

static enum err too_many(const struct compiler *compiler, char letter, int count)
{
    return why_set(compiler->why, ERR_INVALID,
                   "time pattern '%.*s' has the letter '%c' %d times, which is too many",
                   STR_ARGS(compiler->pattern), letter, count);
}

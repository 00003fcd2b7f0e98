/* sql_complete.c -- what may stand where the cursor is: words, names, columns.
 *
 * It is decided by the words before it: behind FROM a source, behind PRINT a topic, in a SELECT the
 * columns of the sources it names. */
#include "cli/sql_complete.h"

#include "base/file.h"
#include "cli/sql_words.h"
#include "sql/sql.h"

#include <ctype.h>

#define DESCRIBED_MAX 16 /* sources whose columns are asked for at a time */
#define WORDS_MAX 4096

/* One completion under way. */
struct wanted {
    struct sql_names *names;
    struct arena *arena;
    struct str typed;  /* what is there of the word */
    bool is_lower;     /* it is written in lower case, so candidates are too */
    struct str *words; /* all words of the statement before it, the last one first */
    uint32_t word_count;
    struct sql_name_list found;
};

static const char *const other_words[] = {
    "ADVANCE",   "ALL",       "AND",      "ARRAY",      "AS",        "BEGINNING",   "BETWEEN",
    "BIGINT",    "BOOLEAN",   "BY",       "BYTES",      "CASE",      "CAST",        "CHANGES",
    "DATE",      "DAYS",      "DECIMAL",  "DISTINCT",   "DOUBLE",    "ELSE",        "EMIT",
    "END",       "EXISTS",    "EXTENDED", "FALSE",      "FINAL",     "FROM",        "FULL",
    "FUNCTION",  "FUNCTIONS", "GRACE",    "GROUP",      "HAVING",    "HEADER",      "HOPPING",
    "HOURS",     "IF",        "IN",       "INNER",      "INT",       "INTEGER",     "INTERVAL",
    "INTO",      "IS",        "JOIN",     "KEY",        "LEFT",      "LIKE",        "LIMIT",
    "MAP",       "MINUTES",   "NOT",      "NULL",       "ON",        "OR",          "OUTER",
    "PARTITION", "PERIOD",    "PRIMARY",  "PROPERTIES", "QUERIES",   "REPLACE",     "RETENTION",
    "RIGHT",     "SECONDS",   "SESSION",  "SIZE",       "SOURCE",    "STREAM",      "STREAMS",
    "STRUCT",    "TABLE",     "TABLES",   "THEN",       "TIME",      "TIMESTAMP",   "TOPIC",
    "TOPICS",    "TRUE",      "TUMBLING", "TYPE",       "TYPES",     "VALUES",      "VARCHAR",
    "VARIABLES", "WHEN",      "WHERE",    "WINDOW",     "WINDOWEND", "WINDOWSTART", "WITH",
    "WITHIN"};

static bool is_word_byte(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || (unsigned char)byte >= 0x80;
}

/* A candidate that the typed text begins; in lower case where that was typed and means the same. */
static void offer(struct wanted *wanted, struct str candidate, bool is_caseless)
{
    if (candidate.size < wanted->typed.size ||
        !str_equal_nocase((struct str){candidate.data, wanted->typed.size}, wanted->typed))
        return;
    struct str word = arena_str(wanted->arena, candidate);
    char *text = (char *)word.data;
    for (size_t i = 0; is_caseless && wanted->is_lower && i < word.size; i++)
        text[i] = (char)tolower((unsigned char)text[i]);
    sql_name_list_add(&wanted->found, word, wanted->arena);
}

static void offer_list(struct wanted *wanted, const struct sql_name_list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        offer(wanted, list->items[i], false);
}

/* Names as SQL takes them: with quotes where it needs them. */
static void offer_names(struct wanted *wanted, const struct sql_name_list *list)
{
    struct buf buf = {0};
    for (uint32_t i = 0; i < list->count; i++) {
        buf_clear(&buf);
        sql_format_name(list->items[i], &buf);
        const bool is_quoted = buf.size > 0 && buf.data[0] == '`';
        offer(wanted, buf_str(&buf), !is_quoted);
    }
    buf_release(&buf);
}

static void offer_first_words(struct wanted *wanted)
{
    uint32_t count;
    const struct str *words = sql_first_words(&count);
    for (uint32_t i = 0; i < count; i++)
        offer(wanted, words[i], true);
}

/* The n-th word before the cursor, from 0. */
static bool word_is(const struct wanted *wanted, uint32_t n, const char *word)
{
    return n < wanted->word_count && str_equal_nocase(wanted->words[n], str_from(word));
}

static bool is_named(const struct wanted *wanted, struct str source)
{
    for (uint32_t i = 0; i < wanted->word_count; i++)
        if (str_equal_nocase(wanted->words[i], source))
            return true;
    return false;
}

/* Of the sources the statement names so far; of all, while it names none. */
static void offer_columns(struct wanted *wanted)
{
    const struct sql_name_list *sources = sql_names_of(wanted->names, SQL_NAME_SOURCE);
    uint32_t named = 0;
    uint32_t described = 0;
    for (uint32_t s = 0; s < sources->count; s++)
        named += is_named(wanted, sources->items[s]);
    for (uint32_t s = 0; s < sources->count && described < DESCRIBED_MAX; s++) {
        if (named > 0 && !is_named(wanted, sources->items[s]))
            continue;
        described++;
        offer_names(wanted, sql_names_columns(wanted->names, sources->items[s]));
    }
}

/* The first word: what the shell and SQL begin with. */
static void offer_first(struct wanted *wanted)
{
    for (uint32_t i = 0; sql_word_at(i); i++)
        offer(wanted, str_from(sql_word_at(i)), true);
    offer_first_words(wanted);
}

static void offer_topics_of_help(struct wanted *wanted)
{
    for (uint32_t i = 0; sql_help_topic_at(i); i++)
        offer(wanted, str_from(sql_help_topic_at(i)), true);
}

/* What follows a word. */
static const struct rule {
    const char *before;
    const char *words;       /* with blanks between them */
    enum sql_name_kind kind; /* names; SQL_NAME_KIND_COUNT: none */
    bool is_all;             /* nothing else may stand there */
} rules[] = {
    {"FROM", "", SQL_NAME_SOURCE, true},
    {"JOIN", "", SQL_NAME_SOURCE, true},
    {"INTO", "", SQL_NAME_SOURCE, true},
    {"STREAM", "", SQL_NAME_SOURCE, false},
    {"TABLE", "", SQL_NAME_SOURCE, false},
    {"DESCRIBE", "FUNCTION", SQL_NAME_SOURCE, true},
    {"FUNCTION", "", SQL_NAME_FUNCTION, true},
    {"EXPLAIN", "SELECT CREATE", SQL_NAME_QUERY, true},
    {"TERMINATE", "ALL", SQL_NAME_QUERY, true},
    {"PAUSE", "ALL", SQL_NAME_QUERY, true},
    {"RESUME", "ALL", SQL_NAME_QUERY, true},
    {"SHOW", "ALL FUNCTIONS PROPERTIES QUERIES STREAMS TABLES TOPICS TYPES VARIABLES",
     SQL_NAME_KIND_COUNT, true},
    {"LIST", "ALL FUNCTIONS PROPERTIES QUERIES STREAMS TABLES TOPICS TYPES VARIABLES",
     SQL_NAME_KIND_COUNT, true},
    {"OUTPUT", "TABULAR JSON", SQL_NAME_KIND_COUNT, true},
    {"SET", "CLI", SQL_NAME_KIND_COUNT, true},
    {"CLI", "WRAP COLUMN-WIDTH", SQL_NAME_KIND_COUNT, true},
    {"WRAP", "ON OFF", SQL_NAME_KIND_COUNT, true},
    {"REQUEST", "PIPELINING", SQL_NAME_KIND_COUNT, true},
    {"PIPELINING", "ON OFF", SQL_NAME_KIND_COUNT, true},
    {"RUN", "SCRIPT", SQL_NAME_KIND_COUNT, true},
    {"SPOOL", "OFF", SQL_NAME_KIND_COUNT, true},
};

static void offer_rule(struct wanted *wanted, const struct rule *rule)
{
    struct str rest = str_from(rule->words);
    while (rest.size > 0) {
        const size_t size = str_index(rest, ' ');
        offer(wanted, (struct str){rest.data, size}, true);
        const size_t skip = size < rest.size ? size + 1 : size;
        rest = (struct str){rest.data + skip, rest.size - skip};
    }
    if (rule->kind == SQL_NAME_QUERY)
        offer_list(wanted, sql_names_of(wanted->names, rule->kind));
    else if (rule->kind != SQL_NAME_KIND_COUNT)
        offer_names(wanted, sql_names_of(wanted->names, rule->kind));
}

static void offer_next(struct wanted *wanted)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (!word_is(wanted, 0, rules[i].before))
            continue;
        offer_rule(wanted, &rules[i]);
        if (rules[i].is_all)
            return;
    }
    offer_columns(wanted);
    offer_names(wanted, sql_names_of(wanted->names, SQL_NAME_FUNCTION));
    for (size_t i = 0; i < sizeof(other_words) / sizeof(other_words[0]); i++)
        offer(wanted, str_from(other_words[i]), true);
    offer_first_words(wanted);
}

/* Files of the directory that the typed path begins with. */
static void offer_files(struct wanted *wanted)
{
    struct str *files;
    size_t count;
    size_t directory_size = wanted->typed.size;
    while (directory_size > 0 && wanted->typed.data[directory_size - 1] != '/')
        directory_size--;
    const struct str directory = {wanted->typed.data, directory_size};
    const char *path = directory_size > 0 ? arena_str(wanted->arena, directory).data : ".";
    if (file_list(path, STR(""), wanted->arena, &files, &count, NULL) != OK)
        return;
    for (size_t i = 0; i < count; i++)
        if (files[i].data[0] != '.')
            offer(wanted,
                  arena_printf(wanted->arena, "%.*s%.*s", STR_ARGS(directory), STR_ARGS(files[i])),
                  false);
}

static void offer_quoted(struct wanted *wanted)
{
    if (word_is(wanted, 0, "PRINT"))
        offer_list(wanted, sql_names_of(wanted->names, SQL_NAME_TOPIC));
    if (word_is(wanted, 0, "SET") || word_is(wanted, 0, "UNSET"))
        offer_list(wanted, sql_names_of(wanted->names, SQL_NAME_PROPERTY));
    if (word_is(wanted, 0, "SCRIPT") || word_is(wanted, 0, "SPOOL"))
        offer_files(wanted);
}

/* Goes through the text of the statement that the cursor is in: its words, and whether the cursor
 * is inside a quote. */
static void read_before(struct wanted *wanted, struct str text, bool *ret_is_quoted,
                        size_t *ret_begin)
{
    struct str words[WORDS_MAX];
    uint32_t count = 0;
    size_t at = 0;
    size_t begin = text.size;
    char quote = '\0';
    while (at < text.size) {
        const char byte = text.data[at];
        begin = text.size;
        if (byte == ';')
            count = 0;
        if (byte == '\'' || byte == '`') {
            const struct str rest = {text.data + at + 1, text.size - at - 1};
            const size_t size = str_index(rest, byte);
            if (size == rest.size) {
                quote = byte;
                begin = at + 1;
                break;
            }
            if (byte == '`' && count < WORDS_MAX)
                words[count++] = (struct str){rest.data, size};
            at += size + 2;
        } else if (is_word_byte(byte)) {
            begin = at;
            while (at < text.size && is_word_byte(text.data[at]))
                at++;
            if (at < text.size && count < WORDS_MAX)
                words[count++] = (struct str){text.data + begin, at - begin};
        } else {
            at++;
        }
    }
    wanted->words = ARENA_ARRAY(wanted->arena, struct str, (size_t)count + 1);
    for (uint32_t i = 0; i < count; i++)
        wanted->words[i] = words[count - 1 - i];
    wanted->word_count = count;
    *ret_is_quoted = quote == '\'';
    *ret_begin = at < text.size && quote == '`' ? begin - 1 : begin;
}

static int compare(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

void sql_complete(struct sql_names *names, struct str text, struct arena *arena,
                  struct sql_completion *ret_completion)
{
    struct wanted wanted = {.names = names, .arena = arena};
    bool is_quoted;
    size_t begin;
    read_before(&wanted, text, &is_quoted, &begin);
    wanted.typed = (struct str){text.data + begin, text.size - begin};
    bool has_upper = false;
    for (size_t i = 0; i < wanted.typed.size; i++) {
        wanted.is_lower = wanted.is_lower || islower((unsigned char)wanted.typed.data[i]);
        has_upper = has_upper || isupper((unsigned char)wanted.typed.data[i]);
    }
    wanted.is_lower = wanted.is_lower && !has_upper;
    if (is_quoted)
        offer_quoted(&wanted);
    else if (wanted.word_count == 0)
        offer_first(&wanted);
    else if (word_is(&wanted, wanted.word_count - 1, "HELP"))
        offer_topics_of_help(&wanted);
    else
        offer_next(&wanted);
    uint32_t count = 0;
    if (wanted.found.count > 1)
        qsort(wanted.found.items, wanted.found.count, sizeof(struct str), compare);
    for (uint32_t i = 0; i < wanted.found.count; i++)
        if (count == 0 || !str_equal(wanted.found.items[count - 1], wanted.found.items[i]))
            wanted.found.items[count++] = wanted.found.items[i];
    *ret_completion = (struct sql_completion){.begin = begin,
                                              .words = wanted.found.items,
                                              .count = count,
                                              .ending = is_quoted ? "'" : " "};
}

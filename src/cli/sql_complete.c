/* sql_complete.c -- what may stand where the cursor is: words, names, columns.
 *
 * Names are asked from the server when they are first wanted and kept until a statement may have
 * changed them, or for a while. What may stand somewhere is decided by the words before it: behind
 * FROM a source, behind PRINT a topic, in a SELECT the columns of the sources it names. */
#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "base/memory.h"
#include "cli/sql_shell.h"

#include <ctype.h>

#define NAMES_TIMEOUT_MS 1500
#define NAMES_AGE_NS 10000000000LL
#define DESCRIBED_MAX 16 /* sources whose columns are asked for at a time */
#define TOKENS_MAX 4096

/* A list of texts that grows; in an arena. */
struct list {
    struct str *items;
    uint32_t count;
    uint32_t capacity;
};

struct sql_names {
    struct sql_shell *shell;
    struct arena arena;
    bool is_known;
    int64_t asked_ns;
    struct list sources;
    struct list functions;
    struct list topics;
    struct list queries;
    struct list properties;
    struct map columns; /* source -> struct list * */
};

/* One completion under way. */
struct wanted {
    struct sql_names *names;
    struct arena *arena;
    struct str typed;  /* what is there of the word */
    bool is_lower;     /* it is written in lower case, so candidates are too */
    struct str *words; /* all words of the statement before it, the last one first */
    uint32_t word_count;
    struct list found;
};

static const char *const statement_words[] = {
    "SELECT", "CREATE", "DROP",   "INSERT",    "SHOW", "LIST",  "DESCRIBE", "EXPLAIN",
    "PRINT",  "PAUSE",  "RESUME", "TERMINATE", "SET",  "UNSET", "DEFINE",   "UNDEFINE"};

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

static void list_add(struct list *list, struct str text, struct arena *arena)
{
    if (list->count == list->capacity) {
        const uint32_t capacity = list->capacity > 0 ? list->capacity * 2 : 32;
        struct str *items = ARENA_ARRAY(arena, struct str, capacity);
        if (list->count > 0)
            memcpy(items, list->items, sizeof(items[0]) * list->count);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->count++] = arena_str(arena, text);
}

struct sql_names *sql_names_new(struct sql_shell *shell)
{
    struct sql_names *names = MEMORY_NEW(struct sql_names);
    names->shell = shell;
    arena_init(&names->arena, 0);
    return names;
}

void sql_names_free(struct sql_names *names)
{
    if (!names)
        return;
    map_release(&names->columns);
    arena_release(&names->arena);
    free(names);
}

void sql_names_forget(struct sql_names *names)
{
    struct sql_shell *shell = names->shell;
    map_release(&names->columns);
    arena_release(&names->arena);
    *names = (struct sql_names){.shell = shell};
    arena_init(&names->arena, 0);
}

static void take_names(struct sql_names *names, const struct json_node *entity, const char *member,
                       const char *name, struct list *list)
{
    const struct json_node *items = json_member(entity, member);
    for (const struct json_node *at = items ? items->child : NULL; at; at = at->next) {
        const struct str text = json_member_text(at, name, STR(""));
        if (text.size > 0)
            list_add(list, text, &names->arena);
    }
}

/* All names in one request. A server that is away or slow has none to offer. */
static void ask_names(struct sql_names *names)
{
    struct arena arena;
    const struct json_node *entities;
    const int64_t now_ns = clock_monotonic_ns();
    if (names->is_known && now_ns - names->asked_ns < NAMES_AGE_NS)
        return;
    sql_names_forget(names);
    names->is_known = true;
    names->asked_ns = now_ns;
    arena_init(&arena, 0);
    if (sql_server_ask(names->shell,
                       STR("LIST STREAMS; LIST TABLES; LIST TOPICS; LIST QUERIES; LIST FUNCTIONS; "
                           "LIST PROPERTIES;"),
                       NAMES_TIMEOUT_MS, &arena, &entities, NULL) == OK)
        for (const struct json_node *at = entities->child; at; at = at->next) {
            take_names(names, at, "streams", "name", &names->sources);
            take_names(names, at, "tables", "name", &names->sources);
            take_names(names, at, "topics", "name", &names->topics);
            take_names(names, at, "queries", "id", &names->queries);
            take_names(names, at, "functions", "name", &names->functions);
            take_names(names, at, "properties", "name", &names->properties);
        }
    arena_release(&arena);
}

static const struct list *columns_of(struct sql_names *names, struct str source)
{
    struct arena arena;
    const struct json_node *entities;
    struct list *list = map_get(&names->columns, source);
    if (list)
        return list;
    list = ARENA_NEW(&names->arena, struct list);
    map_set(&names->columns, source, list);
    arena_init(&arena, 0);
    struct buf text = {0};
    buf_append_str(&text, STR("DESCRIBE "));
    sql_format_name(source, &text);
    buf_append_byte(&text, ';');
    if (sql_server_ask(names->shell, buf_str(&text), NAMES_TIMEOUT_MS, &arena, &entities, NULL) ==
        OK)
        for (const struct json_node *at = entities->child; at; at = at->next)
            take_names(names, json_member(at, "sourceDescription"), "fields", "name", list);
    buf_release(&text);
    arena_release(&arena);
    return list;
}

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
    list_add(&wanted->found, word, wanted->arena);
}

static void offer_list(struct wanted *wanted, const struct list *list)
{
    for (uint32_t i = 0; i < list->count; i++)
        offer(wanted, list->items[i], false);
}

/* Names as SQL takes them: with quotes where it needs them. */
static void offer_names(struct wanted *wanted, const struct list *list)
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

static void offer_words(struct wanted *wanted, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        offer(wanted, str_from(words[i]), true);
}

/* The n-th word before the cursor, from 0. */
static bool word_is(const struct wanted *wanted, uint32_t n, const char *word)
{
    return n < wanted->word_count && str_equal_nocase(wanted->words[n], str_from(word));
}

static bool word_is_one_of(const struct wanted *wanted, uint32_t n, const char *const *words,
                           size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (word_is(wanted, n, words[i]))
            return true;
    return false;
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
    const struct list *sources = &wanted->names->sources;
    uint32_t named = 0;
    uint32_t described = 0;
    for (uint32_t s = 0; s < sources->count; s++)
        named += is_named(wanted, sources->items[s]);
    for (uint32_t s = 0; s < sources->count && described < DESCRIBED_MAX; s++) {
        if (named > 0 && !is_named(wanted, sources->items[s]))
            continue;
        described++;
        offer_names(wanted, columns_of(wanted->names, sources->items[s]));
    }
}

/* The first word: what the shell and SQL begin with. */
static void offer_first(struct wanted *wanted)
{
    for (uint32_t i = 0; sql_word_at(i); i++)
        offer(wanted, str_from(sql_word_at(i)), true);
    offer_words(wanted, statement_words, sizeof(statement_words) / sizeof(statement_words[0]));
}

static void offer_topics_of_help(struct wanted *wanted)
{
    for (uint32_t i = 0; sql_help_topic_at(i); i++)
        offer(wanted, str_from(sql_help_topic_at(i)), true);
}

static void offer_next(struct wanted *wanted)
{
    static const char *const before_source[] = {"FROM",     "JOIN",   "INTO",
                                                "DESCRIBE", "STREAM", "TABLE"};
    static const char *const before_query[] = {"TERMINATE", "PAUSE", "RESUME", "EXPLAIN"};
    static const char *const shown[] = {"ALL",    "FUNCTIONS", "PROPERTIES", "QUERIES",  "STREAMS",
                                        "TABLES", "TOPICS",    "TYPES",      "VARIABLES"};
    static const char *const outputs[] = {"TABULAR", "JSON"};
    static const char *const switches[] = {"WRAP", "COLUMN-WIDTH"};
    struct sql_names *names = wanted->names;
    if (wanted->word_count == 0) {
        offer_first(wanted);
        return;
    }
    if (word_is(wanted, wanted->word_count - 1, "HELP")) {
        offer_topics_of_help(wanted);
        return;
    }
    if (wanted->word_count == 1 && word_is(wanted, 0, "OUTPUT")) {
        offer_words(wanted, outputs, sizeof(outputs) / sizeof(outputs[0]));
        return;
    }
    if (wanted->word_count == 1 && (word_is(wanted, 0, "SHOW") || word_is(wanted, 0, "LIST"))) {
        offer_words(wanted, shown, sizeof(shown) / sizeof(shown[0]));
        return;
    }
    if (wanted->word_count == 1 && word_is(wanted, 0, "SET"))
        offer(wanted, STR("CLI"), true);
    if (word_is(wanted, 0, "CLI") && word_is(wanted, 1, "SET"))
        offer_words(wanted, switches, sizeof(switches) / sizeof(switches[0]));
    if (word_is_one_of(wanted, 0, before_source, sizeof(before_source) / sizeof(before_source[0])))
        offer_names(wanted, &names->sources);
    if (word_is_one_of(wanted, 0, before_query, sizeof(before_query) / sizeof(before_query[0])))
        offer_list(wanted, &names->queries);
    if (word_is(wanted, 0, "FROM") || word_is(wanted, 0, "JOIN") || word_is(wanted, 0, "INTO"))
        return;
    if (word_is(wanted, 0, "FUNCTION") && word_is(wanted, 1, "DESCRIBE")) {
        offer_list(wanted, &names->functions);
        return;
    }
    offer_columns(wanted);
    offer_names(wanted, &names->functions);
    offer_words(wanted, other_words, sizeof(other_words) / sizeof(other_words[0]));
    offer_words(wanted, statement_words, sizeof(statement_words) / sizeof(statement_words[0]));
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
        offer_list(wanted, &wanted->names->topics);
    if (word_is(wanted, 0, "SET") || word_is(wanted, 0, "UNSET"))
        offer_list(wanted, &wanted->names->properties);
    if (word_is(wanted, 0, "SCRIPT") || word_is(wanted, 0, "SPOOL"))
        offer_files(wanted);
}

/* Goes through the text of the statement that the cursor is in: its words, and whether the cursor
 * is inside a quote. */
static void read_before(struct wanted *wanted, struct str text, bool *ret_is_quoted,
                        size_t *ret_begin)
{
    struct str words[TOKENS_MAX];
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
            if (byte == '`' && count < TOKENS_MAX)
                words[count++] = (struct str){rest.data, size};
            at += size + 2;
        } else if (is_word_byte(byte)) {
            begin = at;
            while (at < text.size && is_word_byte(text.data[at]))
                at++;
            if (at < text.size && count < TOKENS_MAX)
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
    ask_names(names);
    if (is_quoted)
        offer_quoted(&wanted);
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

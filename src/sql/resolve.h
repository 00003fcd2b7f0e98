/* resolve.h -- what the checks share: types, WITH properties, reserved names. Private to sql/. */
#ifndef SQL_RESOLVE_H
#define SQL_RESOLVE_H

#include "sql/sql.h"
#include "sql/syntax.h"

/* What a type as written means. ERR_INVALID with the place. */
MUST_CHECK enum err type_resolve(const struct syntax_type *syntax, const struct catalog *catalog,
                                 struct arena *arena, const struct type **ret_type,
                                 struct why *why);

/* ROWTIME, ROWPARTITION, ROWOFFSET, WINDOWSTART, WINDOWEND: nobody's columns are called so. */
bool name_is_reserved(struct str name);

/* One property of WITH, checked. */
struct with_value {
    bool given;
    struct place place;
    struct str text; /* TEXT, NAME */
    int64_t number;  /* INTEGER, FORMAT: enum format_kind, WINDOW: enum window_kind, DURATION: ms,
                        DELIMITER: the character */
    bool is_true;    /* BOOLEAN */
};

enum with_id {
#define WITH(name, type, allowed) WITH_##name,
#include "sql/with.def"
#undef WITH
    WITH_COUNT
};

struct with {
    struct with_value values[WITH_COUNT];
};

enum with_type {
    WITH_TYPE_TEXT,
    WITH_TYPE_NAME, /* of a column: upper-cased unless in backquotes inside the text */
    WITH_TYPE_INTEGER,
    WITH_TYPE_BOOLEAN,
    WITH_TYPE_FORMAT,
    WITH_TYPE_DELIMITER,
    WITH_TYPE_WINDOW,
    WITH_TYPE_DURATION
};

/* Which statements know a property. */
enum { WITH_DECLARED = 1, WITH_QUERY = 2, WITH_INSERT = 4 };

/* Checks every property against the table: `allowed` is one of the above. ERR_INVALID with
 * did-you-mean. */
MUST_CHECK enum err with_check(const struct statement *statement, int allowed, struct arena *arena,
                               struct with *ret_with, struct why *why);

/* FORMAT, KEY_FORMAT and VALUE_FORMAT; what is not given stays as *ret_key and *ret_value are. */
MUST_CHECK enum err with_formats(const struct with *with, enum format_kind *ret_key,
                                 enum format_kind *ret_value, struct why *why);
/* The other properties of the two sides, checked against the formats: delimiters, names and ids of
 * schemas, wrapping. Kinds are set already. */
MUST_CHECK enum err with_sides(const struct with *with, uint32_t value_count,
                               struct format_spec *key, struct format_spec *value, struct why *why);
/* The TIMESTAMP column and its format, against the row type. */
MUST_CHECK enum err with_timestamp(const struct with *with, const struct row_type *row_type,
                                   struct arena *arena, struct source *source, struct why *why);

/* Both sides' columns can be carried by their formats. ERR_INVALID at `place`. */
MUST_CHECK enum err formats_check(const struct record_format *format, struct place place,
                                  struct arena *arena, struct why *why);

#endif

/* compatible.c -- whether one schema reads what another wrote, and if not, why and where.
 *
 * The rules are those of Java's SchemaCompatibility: unqualified names, logical types ignored, a
 * pair of records that is still being compared counts as compatible. Places are the reader's. */
#include "avro/place.h"
#include "avro/resolve.h"
#include "base/map.h"

#define PAIR_DEPTH_MAX 200
#define COMPARISONS_MAX 4000000

enum verdict { VERDICT_NONE, VERDICT_READS, VERDICT_FAILS };

struct checker {
    struct map pairs; /* (reader, writer) records → verdict; in progress: VERDICT_READS */
    struct why *why;
    uint32_t quiet; /* > 0: trying a union's branches, nobody reads the words */
    uint32_t comparisons;
    int depth;
};

static enum err check(struct checker *checker, const struct avro_node *reader,
                      const struct avro_node *writer, const struct place *place);
static enum err check_same_kind(struct checker *checker, const struct avro_node *reader,
                                const struct avro_node *writer, const struct place *place);
static enum err check_into_union(struct checker *checker, const struct avro_node *reader,
                                 const struct avro_node *writer, const struct place *place);
static enum err check_enum(struct checker *checker, const struct avro_node *reader,
                           const struct avro_node *writer, const struct place *place);
static enum err check_record(struct checker *checker, const struct avro_node *reader,
                             const struct avro_node *writer, const struct place *place);
static enum err refuse(struct checker *checker, const struct place *place, const char *kind,
                       const char *format, ...) PRINTF_LIKE(4, 5);

enum err avro_can_read(const struct avro_schema *reader, const struct avro_schema *writer,
                       struct why *why)
{
    must(reader != NULL);
    must(writer != NULL);
    struct checker checker = {.why = why};
    const struct place root = {0};
    const enum err err = check(&checker, reader->root, writer->root, &root);
    map_release(&checker.pairs);
    return err;
}

static enum err check(struct checker *checker, const struct avro_node *reader,
                      const struct avro_node *writer, const struct place *place)
{
    if (checker->depth >= PAIR_DEPTH_MAX || ++checker->comparisons > COMPARISONS_MAX)
        return why_set(checker->why, ERR_LIMIT, "schemas too large or deep to be compared");
    checker->depth++;
    enum err err = OK;
    if (writer->kind == AVRO_UNION) {
        for (uint32_t i = 0; i < writer->count && !err; i++) {
            const struct place at = {.up = place, .index = i};
            err = check(checker, reader, writer->branches[i],
                        reader->kind == AVRO_UNION ? &at : place);
        }
    } else if (reader->kind == AVRO_UNION) {
        err = check_into_union(checker, reader, writer, place);
    } else if (reader->kind == writer->kind) {
        err = check_same_kind(checker, reader, writer, place);
    } else if (!avro_promotes(writer->kind, reader->kind)) {
        struct buf words = {0};
        buf_append_str(&words, STR("reader has "));
        avro_node_describe(reader, &words);
        buf_append_str(&words, STR(", writer has "));
        avro_node_describe(writer, &words);
        err = refuse(checker, place, "TYPE_MISMATCH", "%s", buf_text(&words));
        buf_release(&words);
    }
    checker->depth--;
    return err;
}

static enum err check_into_union(struct checker *checker, const struct avro_node *reader,
                                 const struct avro_node *writer, const struct place *place)
{
    checker->quiet++;
    enum err err = ERR_INCOMPATIBLE;
    for (uint32_t i = 0; i < reader->count && err == ERR_INCOMPATIBLE; i++) {
        const struct avro_node *branch = reader->branches[i];
        if (branch->kind == writer->kind || avro_promotes(writer->kind, branch->kind))
            err = check(checker, branch, writer, place);
    }
    checker->quiet--;
    if (err != ERR_INCOMPATIBLE)
        return err;
    struct buf words = {0};
    avro_node_describe(writer, &words);
    refuse(checker, place, "MISSING_UNION_BRANCH", "reader union lacks writer type %s",
           buf_text(&words));
    buf_release(&words);
    return err;
}

static enum err check_name(struct checker *checker, const struct avro_node *reader,
                           const struct avro_node *writer, const struct place *place)
{
    if (avro_names_match(reader, writer))
        return OK;
    const struct place at = {.up = place, .name = "name"};
    return refuse(checker, &at, "NAME_MISMATCH", "expected '%.*s', found '%.*s'",
                  STR_ARGS(reader->name), STR_ARGS(writer->name));
}

static enum err check_same_kind(struct checker *checker, const struct avro_node *reader,
                                const struct avro_node *writer, const struct place *place)
{
    if (reader->kind == AVRO_ARRAY || reader->kind == AVRO_MAP) {
        const char *member = reader->kind == AVRO_ARRAY ? "items" : "values";
        const struct place at = {.up = place, .name = member};
        return check(checker, reader->item, writer->item, &at);
    }
    if (reader->kind == AVRO_RECORD)
        return check_record(checker, reader, writer, place);
    if (reader->kind == AVRO_ENUM)
        return check_enum(checker, reader, writer, place);
    if (reader->kind != AVRO_FIXED)
        return OK;
    const enum err err = check_name(checker, reader, writer, place);
    if (err || reader->count == writer->count)
        return err;
    const struct place at = {.up = place, .name = "size"};
    return refuse(checker, &at, "FIXED_SIZE_MISMATCH", "expected %u, found %u", reader->count,
                  writer->count);
}

static enum err check_enum(struct checker *checker, const struct avro_node *reader,
                           const struct avro_node *writer, const struct place *place)
{
    const enum err err = check_name(checker, reader, writer, place);
    if (err || reader->enum_default.size)
        return err;
    struct map symbols = {0};
    for (uint32_t i = 0; i < reader->count; i++)
        map_set(&symbols, reader->symbols[i], checker);
    struct buf missing = {0};
    for (uint32_t i = 0; i < writer->count; i++)
        if (!map_get(&symbols, writer->symbols[i]))
            buf_printf(&missing, "%s%.*s", missing.size ? ", " : "", STR_ARGS(writer->symbols[i]));
    map_release(&symbols);
    const struct place at = {.up = place, .name = "symbols"};
    const enum err found =
        missing.size ? refuse(checker, &at, "MISSING_ENUM_SYMBOLS", "[%s]", buf_text(&missing))
                     : OK;
    buf_release(&missing);
    return found;
}

/* Fields of the writer by name; many fields are looked up once for every field of the reader. */
static int find_field(const struct avro_node *writer, const struct map *names,
                      const struct avro_field *field)
{
    const struct avro_field *found = map_get(names, field->name);
    for (uint32_t i = 0; i < field->alias_count; i++) {
        const struct avro_field *other = map_get(names, field->aliases[i]);
        if (other && found && other != found)
            return -2;
        if (other)
            found = other;
    }
    return found ? (int)(found - writer->fields) : -1;
}

static enum err check_field(struct checker *checker, const struct avro_node *writer,
                            const struct map *names, const struct avro_field *field,
                            const struct place *place)
{
    const int index = find_field(writer, names, field);
    if (index == -2)
        return refuse(checker, place, "NAME_MISMATCH", "'%.*s' and its aliases meet several fields",
                      STR_ARGS(field->name));
    if (index >= 0) {
        const struct place type = {.up = place, .name = "type"};
        return check(checker, field->node, writer->fields[index].node, &type);
    }
    const bool has_default =
        field->has_default || (field->node->kind == AVRO_ENUM && field->node->enum_default.size);
    if (has_default)
        return OK;
    return refuse(checker, place, "READER_FIELD_MISSING_DEFAULT_VALUE", "'%.*s'",
                  STR_ARGS(field->name));
}

static enum err check_fields(struct checker *checker, const struct avro_node *reader,
                             const struct avro_node *writer, const struct place *place)
{
    enum err err = check_name(checker, reader, writer, place);
    struct map names = {0};
    for (uint32_t i = 0; i < writer->count && !err; i++)
        map_set(&names, writer->fields[i].name, (void *)&writer->fields[i]);
    const struct place list = {.up = place, .name = "fields"};
    for (uint32_t i = 0; i < reader->count && !err; i++) {
        const struct place at = {.up = &list, .index = i};
        err = check_field(checker, writer, &names, &reader->fields[i], &at);
    }
    map_release(&names);
    return err;
}

static enum err check_record(struct checker *checker, const struct avro_node *reader,
                             const struct avro_node *writer, const struct place *place)
{
    const struct avro_node *pair[2] = {reader, writer};
    const struct str key = {(const char *)pair, sizeof(pair)};
    static char verdicts[VERDICT_FAILS + 1];
    const void *known = map_get(&checker->pairs, key);
    if (known == &verdicts[VERDICT_READS])
        return OK;
    if (known == &verdicts[VERDICT_FAILS] && checker->quiet)
        return ERR_INCOMPATIBLE;
    map_set(&checker->pairs, key, &verdicts[VERDICT_READS]);
    const enum err err = check_fields(checker, reader, writer, place);
    if (err)
        map_set(&checker->pairs, key, &verdicts[VERDICT_FAILS]);
    return err;
}

static enum err refuse(struct checker *checker, const struct place *place, const char *kind,
                       const char *format, ...)
{
    if (checker->quiet)
        return ERR_INCOMPATIBLE;
    struct buf words = {0};
    buf_append_str(&words, str_from(kind));
    place_write(place, &words);
    buf_append_str(&words, STR(": "));
    va_list arguments;
    va_start(arguments, format);
    buf_vprintf(&words, format, arguments);
    va_end(arguments);
    why_set(checker->why, ERR_INCOMPATIBLE, "%s", buf_text(&words));
    buf_release(&words);
    return ERR_INCOMPATIBLE;
}

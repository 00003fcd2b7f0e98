/* relation.c -- sources as rows with names, and rows keyed anew through internal topics. */
#include "sql/planner.h"

static struct record_format format_copy(const struct record_format *format, struct arena *arena);
static void source_columns(struct planner *planner, const struct source *source,
                           struct plan_input *input, struct row_column *columns);
static void source_scope(struct planner *planner, const struct syntax_source *syntax,
                         struct relation *relation);
static void add_source_name(struct planner *planner, struct str name);

enum err plan_source_find(struct planner *planner, struct str name, struct place place,
                          const struct source **ret_source)
{
    const struct source *source = planner->catalog->source(planner->catalog->context, name);
    if (source) {
        *ret_source = source;
        return OK;
    }
    struct str *names;
    size_t count;
    planner->catalog->names(planner->catalog->context, planner->arena, &names, &count);
    const struct str near = str_nearest(name, names, count);
    if (near.size == 0)
        return plan_refuse(planner, place, "unknown stream or table '%.*s'", STR_ARGS(name));
    return plan_refuse(planner, place, "unknown stream or table '%.*s', did you mean '%.*s'?%s",
                       STR_ARGS(name), STR_ARGS(near),
                       str_equal_nocase(near, name) ? " (quotes keep a name's case)" : "");
}

enum err relation_of_source(struct planner *planner, const struct syntax_source *syntax,
                            struct relation *ret_relation)
{
    const struct source *source;
    enum err err = plan_source_find(planner, syntax->name, syntax->place, &source);
    if (err)
        return err;
    struct arena *arena = planner->arena;
    const bool is_windowed = source->format.window != WINDOW_NONE;
    const uint32_t count = source->format.row_type->column_count + (is_windowed ? 5 : 3);
    if (count > ROW_TYPE_COLUMNS_MAX)
        return plan_refuse(planner, syntax->place, "'%.*s' has too many columns",
                           STR_ARGS(source->name));
    struct plan_input input = {
        .format = format_copy(&source->format, arena),
        .is_table = source->kind == SOURCE_TABLE,
        .source = arena_str(arena, source->name),
        .timestamp_column = -1,
        .timestamp_format = arena_str(arena, source->timestamp_format),
    };
    struct row_column *columns = ARENA_ARRAY(arena, struct row_column, count);
    source_columns(planner, source, &input, columns);
    input.row_type = row_type_new(arena, columns, count);

    struct relation relation = {
        .key_count = row_type_key_count(source->format.row_type),
        .is_table = input.is_table,
        .window = source->format.window,
        .window_size_ms = source->format.window_size_ms,
        .key = input.format.key,
        .sink_key = input.format.key,
        .left = source,
        .name = input.source,
    };
    relation.node = plan_node_new(planner, input.is_table ? NODE_TABLE : NODE_INPUT, syntax->place,
                                  input.row_type, NULL);
    relation.node->is_table = input.is_table;
    relation.node->is_windowed = is_windowed;
    relation.node->input = planner->inputs.count;
    *VECTOR_PUSH(&planner->inputs, arena, struct plan_input) = input;
    source_scope(planner, syntax, &relation);
    if (planner->catalog->partitions(planner->catalog->context, input.format.topic,
                                     &relation.partition_count) != OK)
        relation.partition_count = 0;
    add_source_name(planner, input.source);
    *ret_relation = relation;
    return OK;
}

enum err relation_rekey(struct planner *planner, struct relation *relation,
                        struct expr *const *keys, uint32_t key_count, struct place place)
{
    struct arena *arena = planner->arena;
    const struct row_type *below = relation->node->row_type;
    if (below->column_count + key_count > ROW_TYPE_COLUMNS_MAX)
        return plan_refuse(planner, place, "there are too many columns");
    struct row_column *columns =
        ARENA_ARRAY(arena, struct row_column, below->column_count + key_count);
    struct expr **exprs = ARENA_ARRAY(arena, struct expr *, below->column_count + key_count);
    uint32_t *moved = ARENA_ARRAY(arena, uint32_t, below->column_count);
    memset(moved, 0xff, below->column_count * sizeof(*moved));
    uint32_t count = 0;
    for (; count < key_count; count++) {
        const struct expr *key = keys[count];
        if (!key->type)
            return plan_refuse(planner, key->place, "a key of NULL has no type: cast it");
        const bool is_column = key->kind == EXPR_COLUMN;
        columns[count] = (struct row_column){
            .name = is_column ? below->columns[key->index].name
                              : arena_printf(arena, "KSQL_KEY_%u", count),
            .type = key->type,
            .role = COLUMN_KEY,
        };
        exprs[count] = keys[count];
        if (is_column)
            moved[key->index] = count;
    }
    for (uint32_t i = 0; i < below->column_count; i++) {
        if (moved[i] != UINT32_MAX)
            continue;
        moved[i] = count;
        columns[count] = below->columns[i];
        columns[count].role = COLUMN_VALUE;
        exprs[count] = expr_column(arena, i, below->columns[i].type, place);
        count++;
    }
    struct plan_node *project = plan_node_new(planner, NODE_PROJECT, place,
                                              row_type_new(arena, columns, count), relation->node);
    project->exprs = exprs;
    project->expr_count = count;
    relation->node = project;
    relation->key_count = key_count;
    struct scope_column *scope = relation->scope.columns.data;
    for (uint32_t i = 0; i < relation->scope.columns.count; i++)
        scope[i].column = moved[scope[i].column];
    return OK;
}

enum err relation_through(struct planner *planner, struct relation *relation, struct stage **from,
                          struct str suffix, const struct format_spec *key, int32_t partition_count,
                          bool drop_null_keys, struct place place)
{
    struct arena *arena = planner->arena;
    const struct row_type *row_type = relation->node->row_type;
    struct row_column *columns = ARENA_ARRAY(arena, struct row_column, row_type->column_count);
    struct column_origin *origins =
        ARENA_ARRAY(arena, struct column_origin, row_type->column_count);
    uint16_t *map = ARENA_ARRAY(arena, uint16_t, row_type->column_count);
    for (uint32_t i = 0; i < row_type->column_count; i++) {
        columns[i] = row_type->columns[i];
        columns[i].role = i < relation->key_count ? COLUMN_KEY : COLUMN_VALUE;
        columns[i].header_name = STR("");
        origins[i] = (struct column_origin){.kind = ORIGIN_COLUMN, .column = (uint16_t)i};
        map[i] = (uint16_t)i;
    }
    struct plan_input input = {
        .is_internal = true,
        .origins = origins,
        .row_type = row_type_new(arena, columns, row_type->column_count),
        .timestamp_column = -1,
    };
    input.format = (struct record_format){
        .topic = suffix,
        .row_type = input.row_type,
        .key = internal_key(key, input.row_type),
        .value = {.kind = FORMAT_KEPT},
    };
    if (!*from)
        *from = plan_stage_new(planner);
    (*from)->gathers = !relation->is_stateful || relation->gathers;
    *VECTOR_PUSH(&(*from)->branches, arena, struct plan_branch) = (struct plan_branch){
        .root = relation->node,
        .output = {.kind = OUTPUT_INTERNAL,
                   .format = input.format,
                   .map = map,
                   .timestamp_column = -1,
                   .drop_null_keys = drop_null_keys,
                   .partition_count = partition_count},
    };
    relation->node = plan_node_new(planner, NODE_INPUT, place, input.row_type, NULL);
    relation->node->input = planner->inputs.count;
    *VECTOR_PUSH(&planner->inputs, arena, struct plan_input) = input;
    relation->is_stateful = false;
    relation->gathers = false;
    relation->key = input.format.key;
    relation->partition_count = partition_count;
    return OK;
}

enum err relation_settle(struct planner *planner, struct relation *relation, struct str suffix,
                         struct place place)
{
    if (!relation->is_stateful)
        return OK;
    struct stage *from = NULL;
    const struct format_spec key = relation->key;
    return relation_through(planner, relation, &from, suffix, &key, relation->partition_count,
                            false, place);
}

struct format_spec internal_key(const struct format_spec *wanted, const struct row_type *row_type)
{
    const uint32_t key_count = row_type_key_count(row_type);
    struct format_spec spec = {
        .kind = wanted->kind, .delimiter = wanted->delimiter, .unwrapped = key_count == 1};
    if (spec.kind == FORMAT_NONE ||
        format_check(&spec, true, row_type->columns, key_count, NULL) != OK)
        spec = (struct format_spec){.kind = FORMAT_KEPT};
    return spec;
}

static struct record_format format_copy(const struct record_format *format, struct arena *arena)
{
    struct record_format copy = *format;
    copy.topic = arena_str(arena, format->topic);
    copy.row_type = row_type_new(arena, format->row_type->columns, format->row_type->column_count);
    copy.key.schema_full_name = arena_str(arena, format->key.schema_full_name);
    copy.value.schema_full_name = arena_str(arena, format->value.schema_full_name);
    return copy;
}

/* The source's columns, then the pseudo columns. */
static void source_columns(struct planner *planner, const struct source *source,
                           struct plan_input *input, struct row_column *columns)
{
    static const struct {
        const char *name;
        enum origin_kind kind;
        const struct type *type;
    } pseudo[] = {{"ROWTIME", ORIGIN_ROWTIME, &type_bigint},
                  {"ROWPARTITION", ORIGIN_ROWPARTITION, &type_integer},
                  {"ROWOFFSET", ORIGIN_ROWOFFSET, &type_bigint},
                  {"WINDOWSTART", ORIGIN_WINDOWSTART, &type_bigint},
                  {"WINDOWEND", ORIGIN_WINDOWEND, &type_bigint}};
    const struct row_type *own = input->format.row_type;
    const uint32_t pseudo_count = source->format.window != WINDOW_NONE ? 5 : 3;
    struct column_origin *origins =
        ARENA_ARRAY(planner->arena, struct column_origin, own->column_count + pseudo_count);
    for (uint32_t i = 0; i < own->column_count; i++) {
        columns[i] = own->columns[i];
        origins[i] = (struct column_origin){.kind = ORIGIN_COLUMN, .column = (uint16_t)i};
        if (source->timestamp_column.size > 0 &&
            str_equal(source->timestamp_column, own->columns[i].name))
            input->timestamp_column = (int32_t)i;
    }
    for (uint32_t i = 0; i < pseudo_count; i++) {
        columns[own->column_count + i] = (struct row_column){
            .name = str_from(pseudo[i].name), .type = pseudo[i].type, .role = COLUMN_PSEUDO};
        origins[own->column_count + i].kind = pseudo[i].kind;
    }
    input->origins = origins;
}

static void source_scope(struct planner *planner, const struct syntax_source *syntax,
                         struct relation *relation)
{
    const struct row_type *row_type = relation->node->row_type;
    *VECTOR_PUSH(&relation->scope.aliases, planner->arena, struct str) = syntax->alias;
    for (uint32_t i = 0; i < row_type->column_count; i++) {
        *VECTOR_PUSH(&relation->scope.columns, planner->arena, struct scope_column) =
            (struct scope_column){
                .alias = syntax->alias,
                .name = row_type->columns[i].name,
                .type = row_type->columns[i].type,
                .column = i,
                .is_key = i < relation->key_count,
                .is_pseudo = row_type->columns[i].role == COLUMN_PSEUDO,
            };
    }
    if (relation->key_count == 1)
        *VECTOR_PUSH(&relation->same_keys, planner->arena, uint32_t) = 0;
}

static void add_source_name(struct planner *planner, struct str name)
{
    const struct str *names = planner->sources.data;
    for (uint32_t i = 0; i < planner->sources.count; i++) {
        if (str_equal(names[i], name))
            return;
    }
    *VECTOR_PUSH(&planner->sources, planner->arena, struct str) = name;
}

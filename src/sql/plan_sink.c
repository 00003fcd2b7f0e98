/* plan_sink.c -- the projection and what becomes of its rows: a new source, an old one, a feed. */
#include "sql/planner.h"

/* One plan_sink. */
struct sinking {
    struct planner *planner;
    struct relation *relation;
    struct select *select;
    struct plan *plan;
    struct select_item *items; /* of the result, keys first when it is kept */
    uint32_t item_count;
    uint32_t key_count; /* of them */
};

static enum err check_items(struct sinking *sinking);
static enum err check_result_kind(struct sinking *sinking);
static enum err order_items(struct sinking *sinking);
static enum err missing_key(struct sinking *sinking, uint32_t key);
static const struct row_type *result_row_type(struct sinking *sinking, bool in_select_order);
static enum err new_sink(struct sinking *sinking, struct plan_output *output);
static enum err sink_formats(struct sinking *sinking, struct record_format *format);
static struct format_spec inherited(const struct format_spec *from, enum format_kind kind);
static enum err old_sink(struct sinking *sinking, struct plan_output *output);
static enum err check_compatible(struct sinking *sinking, const struct source *target);
static void set_timestamp(struct plan_output *output, const struct source *sink);
static struct plan_node *explode(struct sinking *sinking);
static bool partitions_by_value(const struct sinking *sinking, const struct expr *key);
static void project(struct sinking *sinking, struct plan_output *output,
                    struct plan_branch *branch);

enum err plan_sink(struct planner *planner, struct relation *relation, struct select *select,
                   struct plan *plan)
{
    struct sinking sinking = {
        .planner = planner, .relation = relation, .select = select, .plan = plan};
    const enum statement_kind kind = planner->statement->kind;
    struct plan_output output = {.timestamp_column = -1};
    enum err err = check_items(&sinking);
    plan->row_type = err ? NULL : result_row_type(&sinking, true);
    if (!err && !planner->is_persistent)
        err = plan_check_names(planner, sinking.items, sinking.item_count);
    if (!err && planner->is_persistent)
        err = check_result_kind(&sinking);
    if (!err && planner->is_persistent)
        err = order_items(&sinking);
    if (err)
        return err;
    if (kind == STATEMENT_SELECT) {
        output.kind = OUTPUT_FEED;
        output.format.row_type = plan->row_type;
    } else if (kind == STATEMENT_INSERT_SELECT) {
        err = old_sink(&sinking, &output);
    } else {
        err = new_sink(&sinking, &output);
    }
    if (err)
        return err;
    output.drop_null_keys = planner->is_persistent && relation->is_table;
    const bool gathers = planner->is_persistent && select->is_rekeyed;
    if (gathers)
        err = relation_settle(planner, relation, STR("PartitionBy-source"),
                              planner->query->partition_by_place);
    if (err)
        return err;
    struct stage *stage = plan_stage_new(planner);
    stage->gathers = gathers || relation->gathers;
    struct plan_branch *branch = VECTOR_PUSH(&stage->branches, planner->arena, struct plan_branch);
    project(&sinking, &output, branch);
    plan->limit = planner->query->limit;
    plan->sources = planner->sources.data;
    plan->source_count = planner->sources.count;
    return OK;
}

/* What every column of a result must be. */
static enum err check_items(struct sinking *sinking)
{
    struct planner *planner = sinking->planner;
    sinking->items = sinking->select->items.data;
    sinking->item_count = sinking->select->items.count;
    if (sinking->item_count == 0)
        return plan_refuse(planner, planner->query->place, "SELECT has no columns");
    if (sinking->select->exploded.count > 0 && sinking->relation->is_table)
        return plan_refuse(planner, planner->query->place,
                           "table functions are not supported on tables");
    for (uint32_t i = 0; i < sinking->item_count; i++) {
        const struct select_item *item = &sinking->items[i];
        if (!item->expr->type)
            return plan_refuse(planner, item->place,
                               "column '%.*s' has no type: cast the NULL to one",
                               STR_ARGS(item->name));
        if (planner->is_persistent && item->syntax && name_is_reserved(item->name))
            return plan_refuse(planner, item->place,
                               "'%.*s' is a reserved column name: remove the column or give it an "
                               "alias",
                               STR_ARGS(item->name));
    }
    return OK;
}

static enum err check_result_kind(struct sinking *sinking)
{
    struct planner *planner = sinking->planner;
    const struct statement *statement = planner->statement;
    const bool is_table = sinking->relation->is_table;
    if (is_table && planner->query->group_by_count == 0 && sinking->relation->window != WINDOW_NONE)
        return plan_refuse(planner, planner->query->from.place,
                           "persistent queries on windowed tables are not supported");
    if (statement->kind == STATEMENT_CREATE_STREAM_AS && is_table)
        return plan_refuse(planner, statement->name_place,
                           "the query makes a table: use CREATE TABLE AS SELECT");
    if (statement->kind == STATEMENT_CREATE_TABLE_AS && !is_table)
        return plan_refuse(planner, statement->name_place,
                           "the query makes a stream: use CREATE STREAM AS SELECT");
    return OK;
}

/* Keys first, in their own order, each exactly once; then the values as they were selected. */
static enum err order_items(struct sinking *sinking)
{
    struct planner *planner = sinking->planner;
    const struct select *select = sinking->select;
    const struct select_item *items = sinking->items;
    struct select_item *ordered =
        ARENA_ARRAY(planner->arena, struct select_item, sinking->item_count);
    bool *is_key = ARENA_ARRAY(planner->arena, bool, sinking->item_count);
    for (uint32_t key = 0; key < select->key_count; key++) {
        const struct select_item *found = NULL;
        for (uint32_t i = 0; i < sinking->item_count; i++) {
            if (is_key[i] || !expr_equal(items[i].expr, select->keys[key]))
                continue;
            if (found)
                return plan_refuse(planner, items[i].place,
                                   "the projection contains a key column more than once, as '%.*s' "
                                   "and '%.*s': copy it by AS_VALUE()",
                                   STR_ARGS(found->name), STR_ARGS(items[i].name));
            is_key[i] = true;
            found = &items[i];
        }
        if (!found)
            return missing_key(sinking, key);
        ordered[key] = *found;
    }
    uint32_t count = select->key_count;
    for (uint32_t i = 0; i < sinking->item_count; i++) {
        if (!is_key[i])
            ordered[count++] = items[i];
    }
    if (count == select->key_count)
        return plan_refuse(planner, planner->query->place,
                           "the projection contains no value columns");
    sinking->items = ordered;
    sinking->key_count = select->key_count;
    return plan_check_names(planner, sinking->items, sinking->item_count);
}

static enum err missing_key(struct sinking *sinking, uint32_t key)
{
    const struct planner *planner = sinking->planner;
    const struct relation *relation = sinking->relation;
    struct buf buf = {0};
    const char *words = sinking->select->key_words;
    const bool is_join = planner->query->group_by_count + planner->query->partition_by_count == 0 &&
                         planner->query->join_count > 0;
    const uint32_t *same = relation->same_keys.data;
    for (uint32_t i = 0; is_join && !relation->synthetic && i < relation->same_keys.count; i++) {
        const struct scope_column *column = &scope_columns(&relation->scope)[same[i]];
        buf_printf(&buf, "%s%.*s.%.*s", i > 0 ? " or " : "", STR_ARGS(column->alias),
                   STR_ARGS(column->name));
    }
    if (buf.size == 0)
        buf_append_str(&buf, sinking->select->key_names[key]);
    const enum err err = plan_refuse(
        sinking->planner, planner->query->items[0].place,
        "key missing from projection: SELECT must contain the %s %s%s", words, buf_text(&buf),
        is_join && relation->synthetic
            ? ", which was made because the join's condition matches no column"
            : "");
    buf_release(&buf);
    return err;
}

enum err plan_check_names(struct planner *planner, const struct select_item *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t j = 0; j < i; j++) {
            if (str_equal(items[i].name, items[j].name))
                return plan_refuse(planner, items[i].place,
                                   "duplicate column '%.*s' in SELECT: give it an alias",
                                   STR_ARGS(items[i].name));
        }
    }
    return OK;
}

static const struct row_type *result_row_type(struct sinking *sinking, bool in_select_order)
{
    struct arena *arena = sinking->planner->arena;
    struct row_column *columns = ARENA_ARRAY(arena, struct row_column, sinking->item_count);
    for (uint32_t i = 0; i < sinking->item_count; i++)
        columns[i] = (struct row_column){
            .name = sinking->items[i].name,
            .type = sinking->items[i].expr->type,
            .role = !in_select_order && i < sinking->key_count ? COLUMN_KEY : COLUMN_VALUE};
    return row_type_new(arena, columns, sinking->item_count);
}

/* CREATE ... AS: the sink is described by the query and by WITH. */
static enum err new_sink(struct sinking *sinking, struct plan_output *output)
{
    struct planner *planner = sinking->planner;
    const struct statement *statement = planner->statement;
    const struct with_value *values = planner->with.values;
    struct source *sink = ARENA_NEW(planner->arena, struct source);
    const struct str prefix = planner->catalog->topic_prefix;
    *sink = (struct source){
        .name = statement->name,
        .kind = sinking->relation->is_table ? SOURCE_TABLE : SOURCE_STREAM,
        .sql = statement->text,
    };
    sink->format = (struct record_format){
        .topic = values[WITH_KAFKA_TOPIC].given
                     ? values[WITH_KAFKA_TOPIC].text
                     : arena_printf(planner->arena, "%.*s%.*s", STR_ARGS(prefix),
                                    STR_ARGS(statement->name)),
        .row_type = result_row_type(sinking, false),
        .window = sinking->relation->window,
        .window_size_ms = sinking->relation->window_size_ms,
    };
    enum err err = sink_formats(sinking, &sink->format);
    if (!err)
        err = with_timestamp(&planner->with, sink->format.row_type, planner->arena, sink,
                             planner->why);
    if (!err)
        err = formats_check(&sink->format, statement->name_place, planner->arena, planner->why);
    if (err)
        return err;
    struct plan *plan = sinking->plan;
    plan->sink = sink;
    plan->creates_sink = true;
    plan->or_replace = statement->or_replace;
    plan->if_not_exists = statement->if_not_exists;
    plan->partition_count = (int32_t)values[WITH_PARTITIONS].number;
    plan->replica_count = (int16_t)values[WITH_REPLICAS].number;
    plan->retention_ms = values[WITH_RETENTION_MS].number;
    output->kind = OUTPUT_SINK;
    output->format = sink->format;
    set_timestamp(output, sink);
    return OK;
}

/* What WITH does not say is as at the left-most source. */
static enum err sink_formats(struct sinking *sinking, struct record_format *format)
{
    struct planner *planner = sinking->planner;
    const struct relation *relation = sinking->relation;
    const struct format_spec *key = &relation->sink_key;
    const struct format_spec *value = &relation->left->format.value;
    const struct with_value *key_format = &planner->with.values[WITH_KEY_FORMAT];
    enum format_kind key_kind =
        key->kind == FORMAT_NONE ? planner->catalog->default_key_format : key->kind;
    enum format_kind value_kind = value->kind;
    enum err err = with_formats(&planner->with, &key_kind, &value_kind, planner->why);
    if (err)
        return err;
    if (sinking->key_count == 0) {
        if (key_format->given && key_kind != FORMAT_NONE)
            return plan_refuse(planner, key_format->place,
                               "KEY_FORMAT is given for a stream without key columns");
        key_kind = FORMAT_NONE;
    }
    format->key = inherited(key, key_kind);
    format->key.unwrapped = sinking->key_count == 1;
    format->value = inherited(value, value_kind);
    const uint32_t value_count = sinking->item_count - sinking->key_count;
    format->value.unwrapped =
        planner->catalog->unwraps_single_values && value_count == 1 && format_wraps(value_kind);
    return with_sides(&planner->with, value_count, &format->key, &format->value, planner->why);
}

/* A delimiter goes with its format; names and ids of schemas are not handed on. */
static struct format_spec inherited(const struct format_spec *from, enum format_kind kind)
{
    const bool same = from->kind == FORMAT_DELIMITED && kind == FORMAT_DELIMITED;
    return (struct format_spec){.kind = kind, .delimiter = same ? from->delimiter : ','};
}

/* INSERT INTO: the sink is there, the query must fit. */
static enum err old_sink(struct sinking *sinking, struct plan_output *output)
{
    struct planner *planner = sinking->planner;
    const struct statement *statement = planner->statement;
    const struct source *target;
    enum err err = plan_source_find(planner, statement->name, statement->name_place, &target);
    if (!err)
        err = check_compatible(sinking, target);
    if (err)
        return err;
    struct plan *plan = sinking->plan;
    struct source *sink = ARENA_NEW(planner->arena, struct source);
    *sink = *target;
    sink->name = statement->name;
    sink->format.topic = arena_str(planner->arena, target->format.topic);
    sink->format.row_type = row_type_new(planner->arena, target->format.row_type->columns,
                                         target->format.row_type->column_count);
    sink->format.key.schema_full_name =
        arena_str(planner->arena, target->format.key.schema_full_name);
    sink->format.value.schema_full_name =
        arena_str(planner->arena, target->format.value.schema_full_name);
    sink->timestamp_column = arena_str(planner->arena, target->timestamp_column);
    sink->timestamp_format = arena_str(planner->arena, target->timestamp_format);
    sink->query = arena_str(planner->arena, target->query);
    sink->sql = arena_str(planner->arena, target->sql);
    plan->sink = sink;
    if (planner->with.values[WITH_QUERY_ID].given)
        plan->query_name = planner->with.values[WITH_QUERY_ID].text;
    output->kind = OUTPUT_SINK;
    output->format = sink->format;
    set_timestamp(output, sink);
    return OK;
}

static enum err check_compatible(struct sinking *sinking, const struct source *target)
{
    struct planner *planner = sinking->planner;
    const struct place place = planner->statement->name_place;
    const struct row_type *wanted = target->format.row_type;
    if (target->kind == SOURCE_TABLE)
        return plan_refuse(planner, place,
                           "INSERT INTO can only be used to insert into a stream, '%.*s' is a "
                           "table",
                           STR_ARGS(target->name));
    if (sinking->relation->is_table)
        return plan_refuse(planner, place,
                           "INSERT INTO needs a query that makes a stream, this makes a table");
    if (target->read_only)
        return plan_refuse(planner, place, "cannot insert into the read-only stream '%.*s'",
                           STR_ARGS(target->name));
    const bool same_window = target->format.window == sinking->relation->window &&
                             target->format.window_size_ms == sinking->relation->window_size_ms;
    bool fits = same_window && wanted->column_count == sinking->item_count &&
                row_type_key_count(wanted) == sinking->key_count;
    for (uint32_t i = 0; fits && i < wanted->column_count; i++) {
        fits = str_equal(wanted->columns[i].name, sinking->items[i].name) &&
               wanted->columns[i].role != COLUMN_HEADERS &&
               expr_coerce(planner->arena, sinking->items[i].expr, wanted->columns[i].type,
                           &sinking->items[i].expr, NULL) == OK;
    }
    if (fits)
        return OK;
    struct buf buf = {0};
    buf_printf(&buf, "incompatible schema between results and sink '%.*s': found ",
               STR_ARGS(target->name));
    row_type_format(result_row_type(sinking, false), &buf);
    buf_printf(&buf, ", expected ");
    row_type_format(wanted, &buf);
    const enum err err = plan_refuse(planner, place, "%s", buf_text(&buf));
    buf_release(&buf);
    return err;
}

/* Of the sink's row type for now: project() makes it the root's. */
static void set_timestamp(struct plan_output *output, const struct source *sink)
{
    if (sink->timestamp_column.size == 0)
        return;
    output->timestamp_column = row_type_find(sink->format.row_type, sink->timestamp_column);
    output->timestamp_format = sink->timestamp_format;
}

/* The rows below, then a column a table function. */
static struct plan_node *explode(struct sinking *sinking)
{
    struct planner *planner = sinking->planner;
    struct plan_node *below = sinking->relation->node;
    const struct vector *exploded = &sinking->select->exploded;
    if (exploded->count == 0)
        return below;
    const uint32_t count = below->row_type->column_count;
    struct row_column *columns =
        ARENA_ARRAY(planner->arena, struct row_column, count + exploded->count);
    for (uint32_t i = 0; i < count; i++)
        columns[i] = below->row_type->columns[i];
    struct expr *const *exprs = exploded->data;
    for (uint32_t i = 0; i < exploded->count; i++)
        columns[count + i] =
            (struct row_column){.name = arena_printf(planner->arena, "KSQL_EXPLODED_%u", i),
                                .type = exprs[i]->type->item,
                                .role = COLUMN_VALUE};
    struct plan_node *node =
        plan_node_new(planner, NODE_EXPLODE, planner->query->place,
                      row_type_new(planner->arena, columns, count + exploded->count), below);
    node->exprs = exprs;
    node->expr_count = exploded->count;
    return node;
}

/* PARTITION BY anything but the key is NULL where there is no value, in ksqlDB even ROWTIME. */
static bool partitions_by_value(const struct sinking *sinking, const struct expr *key)
{
    const struct row_type *below = sinking->relation->node->row_type;
    if (!sinking->select->is_rekeyed)
        return false;
    bool *used = ARENA_ARRAY(sinking->planner->arena, bool, below->column_count);
    expr_columns(key, used);
    bool found = false;
    for (uint32_t i = sinking->relation->key_count; i < below->column_count; i++)
        found = found || used[i];
    return found;
}

/* The root of the last stage. Where every column is one of the rows below there is nothing to
 * compute: the output takes them from there. */
static void project(struct sinking *sinking, struct plan_output *output, struct plan_branch *branch)
{
    struct planner *planner = sinking->planner;
    struct plan_node *below = explode(sinking);
    const uint32_t count = sinking->item_count;
    struct expr **exprs = ARENA_ARRAY(planner->arena, struct expr *, count);
    uint16_t *map = ARENA_ARRAY(planner->arena, uint16_t, count);
    bool *needs_value = ARENA_ARRAY(planner->arena, bool, count);
    bool is_plain = true;
    for (uint32_t i = 0; i < count; i++) {
        exprs[i] = sinking->items[i].expr;
        needs_value[i] = i < sinking->key_count && partitions_by_value(sinking, exprs[i]);
        is_plain = is_plain && exprs[i]->kind == EXPR_COLUMN && !needs_value[i];
    }
    for (uint32_t i = 0; i < count; i++)
        map[i] = (uint16_t)(is_plain ? exprs[i]->index : i);
    output->map = map;
    if (output->timestamp_column >= 0)
        output->timestamp_column = map[output->timestamp_column];
    branch->output = *output;
    branch->root = below;
    if (is_plain)
        return;
    branch->root = plan_node_new(planner, NODE_PROJECT, planner->query->place,
                                 result_row_type(sinking, !planner->is_persistent), below);
    branch->root->exprs = exprs;
    branch->root->needs_value = needs_value;
    branch->root->expr_count = count;
}

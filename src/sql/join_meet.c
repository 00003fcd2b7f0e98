/* join_meet.c -- a JOIN's sides brought to where they can meet.
 *
 * A side whose key is not its side of the condition is sent through an internal topic keyed by
 * that; sides sent so by the same stage keep their common order. */
#include "sql/join.h"

static enum err choose_ways(struct planner *planner, const struct syntax_join *join,
                            struct join_side *left, struct join_side *right);
static enum err send_sides(struct planner *planner, const struct syntax_join *join,
                           struct join_side *left, struct join_side *right,
                           const struct format_spec *sink_key);
static enum err meet_tables(struct planner *planner, const struct syntax_join *join,
                            const struct join_side *left, const struct join_side *right);
static enum err refuse_partitions(struct planner *planner, const struct syntax_join *join,
                                  const struct join_side *left, const struct join_side *right);
static enum err send_side(struct planner *planner, const struct syntax_join *join,
                          struct join_side *side, const struct join_side *right,
                          struct stage **from, const struct format_spec *key,
                          int32_t partition_count);
static struct str topic_suffix(const struct planner *planner, const char *way);
static bool same_bytes(const struct format_spec *a, const struct format_spec *b);
static struct format_spec result_key(struct planner *planner, const struct join_side *left,
                                     const struct join_side *right);

/* Brings both sides to where they can meet: keyed by the condition, in the same number of
 * partitions, in keys of the same bytes. */

enum err join_meet(struct planner *planner, const struct syntax_join *join, struct join_side *left,
                   struct join_side *right)
{
    if (left->relation->is_table)
        return meet_tables(planner, join, left, right);
    left->rekeys = !join_is_on_key(left);
    right->rekeys = !join_is_on_key(right);
    const struct format_spec sink_key = result_key(planner, left, right);
    enum err err = OK;
    const bool gathers = right->relation->is_table && right->relation->partition_count != 1 &&
                         right->relation->key.kind == FORMAT_AVRO;
    if (left->rekeys || gathers || !right->relation->is_table)
        err = relation_settle(planner, left->relation,
                              arena_printf(planner->arena, "Join-%u-source", planner->join_count),
                              left->syntax->place);
    if (!err)
        err = choose_ways(planner, join, left, right);
    if (!err)
        err = send_sides(planner, join, left, right, &sink_key);
    left->relation->gathers |= gathers;
    left->relation->sink_key = sink_key;
    return err;
}

/* Which sides go through a topic: those keyed anew, and one of two keyed in different bytes. In
 * AVRO's bytes stands the id of a schema, so that the same key of two topics may be in different
 * partitions: such streams are sent, and a table that is keyed so is gathered. */
static enum err choose_ways(struct planner *planner, const struct syntax_join *join,
                            struct join_side *left, struct join_side *right)
{
    const int32_t left_count = left->relation->partition_count;
    const int32_t right_count = right->relation->partition_count;
    const bool both_known = left_count > 0 && right_count > 0;
    left->is_sent = left->rekeys;
    right->is_sent = right->rekeys;
    if (!right->relation->is_table) {
        left->is_sent |= left->relation->key.kind == FORMAT_AVRO;
        right->is_sent |= right->relation->key.kind == FORMAT_AVRO;
    }
    if (left->rekeys || right->rekeys)
        return OK;
    if (both_known && left_count != right_count)
        return refuse_partitions(planner, join, left, right);
    if (same_bytes(&left->relation->key, &right->relation->key))
        return OK;
    if (right->relation->is_table)
        left->is_sent = left_count != 1 || right_count != 1;
    else if (!left->is_sent)
        right->is_sent = true;
    return OK;
}

/* A side that is sent alone goes to where the other one is. */
static enum err send_sides(struct planner *planner, const struct syntax_join *join,
                           struct join_side *left, struct join_side *right,
                           const struct format_spec *sink_key)
{
    struct relation *const relations[] = {left->relation, right->relation};
    const int32_t counts[] = {relations[0]->partition_count, relations[1]->partition_count};
    struct format_spec key = *sink_key;
    int32_t partition_count = counts[0] > counts[1] ? counts[0] : counts[1];
    if (!left->is_sent || !right->is_sent) {
        const int other = left->is_sent ? 1 : 0;
        key = relations[other]->key;
        partition_count = counts[other];
    } else if (key.kind == FORMAT_AVRO) {
        /* A registered schema for a topic nobody sees would only be in the way. */
        key = (struct format_spec){.kind = FORMAT_KAFKA};
    }
    struct stage *from = NULL;
    enum err err = OK;
    if (left->is_sent)
        err = send_side(planner, join, left, right, &from, &key, partition_count);
    if (!err && right->is_sent)
        err = send_side(planner, join, right, right, &from, &key, partition_count);
    return err;
}

/* Tables stay where they are: rows that meet are in the same partition, or one task has all. */
static enum err meet_tables(struct planner *planner, const struct syntax_join *join,
                            const struct join_side *left, const struct join_side *right)
{
    struct relation *relation = left->relation;
    const int32_t left_count = relation->partition_count;
    const int32_t right_count = right->relation->partition_count;
    const bool on_keys = join_is_on_key(left);
    if (on_keys && left_count > 0 && right_count > 0 && left_count != right_count)
        return refuse_partitions(planner, join, left, right);
    const bool one_partition = left_count == 1 && right_count == 1;
    relation->gathers |= right->relation->gathers || !on_keys ||
                         (!one_partition && !same_bytes(&relation->key, &right->relation->key));
    if (on_keys)
        relation->sink_key = result_key(planner, left, right);
    return OK;
}

static enum err refuse_partitions(struct planner *planner, const struct syntax_join *join,
                                  const struct join_side *left, const struct join_side *right)
{
    return plan_refuse(planner, join->place,
                       "can't join '%.*s' with '%.*s' since the number of partitions don't match: "
                       "they have %d and %d, repartition either one",
                       STR_ARGS(left->alias), STR_ARGS(right->alias),
                       left->relation->partition_count, right->relation->partition_count);
}

static enum err send_side(struct planner *planner, const struct syntax_join *join,
                          struct join_side *side, const struct join_side *right,
                          struct stage **from, const struct format_spec *key,
                          int32_t partition_count)
{
    const bool is_left = side != right;
    const char *way = right->relation->is_table ? "" : is_left ? "left-" : "right-";
    if (side->rekeys) {
        enum err err = relation_rekey(planner, side->relation, &side->expr, 1, side->syntax->place);
        if (err)
            return err;
    }
    const bool is_kept =
        join->kind == JOIN_FULL || join->kind == (is_left ? JOIN_LEFT : JOIN_RIGHT);
    return relation_through(planner, side->relation, from, topic_suffix(planner, way), key,
                            partition_count, !is_kept, side->syntax->place);
}

/* ksqlDB's name: a join that is the left side of others has an L_ for each of them. */
static struct str topic_suffix(const struct planner *planner, const char *way)
{
    static const char above[] = "L_L_L_L_L_L_L_L_L_L_L_L_L_L_L_L_";
    const uint32_t count = planner->query->join_count - planner->join_count;
    must(2 * count < sizeof(above));
    return arena_printf(planner->arena, "%.*sJoin-%srepartition", (int)(2 * count), above, way);
}

static bool same_bytes(const struct format_spec *a, const struct format_spec *b)
{
    return a->kind == b->kind && (a->kind != FORMAT_DELIMITED || a->delimiter == b->delimiter);
}

/* The left side's, unless only the right one stays as it is keyed; keyless sides do not count. */
static struct format_spec result_key(struct planner *planner, const struct join_side *left,
                                     const struct join_side *right)
{
    const struct format_spec *keys[] = {&left->relation->sink_key, &right->relation->sink_key};
    const int first = left->rekeys && !right->rekeys ? 1 : 0;
    struct format_spec key = keys[first]->kind != FORMAT_NONE ? *keys[first] : *keys[1 - first];
    if (key.kind == FORMAT_NONE)
        key = (struct format_spec){.kind = planner->catalog->default_key_format, .delimiter = ','};
    key.schema_id = 0;
    key.schema_full_name = STR("");
    key.unwrapped = true;
    return key;
}

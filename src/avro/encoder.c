/* encoder.c -- compiles an encoder: a schema and targets to writes, once. */
#include "avro/encoder.h"
#include "avro/program.h"
#include "avro/resolve.h"

#define WRITES_MAX 65536

struct compiler {
    struct arena *arena;
    struct why *why;
    uint32_t count;
    int depth;
};

static enum err compile_type(struct compiler *compiler, const struct avro_node *node,
                             const struct type *type, struct write *write);
static enum err compile_record(struct compiler *compiler, const struct avro_node *node,
                               const struct avro_target *targets, uint32_t target_count,
                               struct write *write);

/* The record of the root, itself or the first in a union with null. */
static enum err compile_root(struct compiler *compiler, const struct avro_node *node,
                             const struct avro_target *targets, uint32_t target_count,
                             struct write *write)
{
    if (node->kind == AVRO_UNION) {
        for (uint32_t i = 0; i < node->count; i++) {
            if (node->branches[i]->kind != AVRO_RECORD)
                continue;
            write->branch = (int32_t)i;
            node = node->branches[i];
            break;
        }
    }
    if (node->kind != AVRO_RECORD)
        return why_set(compiler->why, ERR_INCOMPATIBLE, "expected a record as the schema");
    write->is_root = true;
    return compile_record(compiler, node, targets, target_count, write);
}

enum err avro_encoder_new(struct arena *arena, const struct avro_schema *schema,
                          const struct avro_target *targets, uint32_t target_count, bool whole,
                          const struct avro_encoder **ret_encoder, struct why *why)
{
    must(arena != NULL);
    must(schema != NULL);
    must(ret_encoder != NULL);
    must(!whole || target_count == 1);
    struct compiler compiler = {.arena = arena, .why = why};
    struct avro_encoder *encoder = ARENA_NEW(arena, struct avro_encoder);
    encoder->root.null_branch = encoder->root.branch = -1;
    enum err err;
    if (whole) {
        err = compile_type(&compiler, schema->root, targets[0].type, &encoder->root);
        encoder->root.column = targets[0].column;
    } else {
        err = compile_root(&compiler, schema->root, targets, target_count, &encoder->root);
    }
    if (!err)
        *ret_encoder = encoder;
    return err;
}

/* How a cell of a SQL type is written as an Avro type; 0 is none. */
static enum write_code code_of(const struct avro_node *node, const struct type *type)
{
    const bool micros = node->logical == AVRO_TIME_MICROS || node->logical == AVRO_TIMESTAMP_MICROS;
    switch (type->kind) {
    case TYPE_BOOLEAN:
        return node->kind == AVRO_BOOLEAN ? WRITE_BOOLEAN : 0;
    case TYPE_INTEGER:
        return node->kind == AVRO_INT      ? WRITE_INT
               : node->kind == AVRO_LONG   ? WRITE_LONG_FROM_INT
               : node->kind == AVRO_DOUBLE ? WRITE_DOUBLE_FROM_INT
                                           : 0;
    case TYPE_BIGINT:
        return node->kind == AVRO_LONG ? WRITE_LONG : 0;
    case TYPE_TIMESTAMP:
        return node->kind != AVRO_LONG ? 0 : micros ? WRITE_LONG_MICROS : WRITE_LONG;
    case TYPE_DATE:
        return node->kind == AVRO_INT ? WRITE_INT : 0;
    case TYPE_TIME:
        return node->kind == AVRO_INT              ? WRITE_INT
               : node->kind == AVRO_LONG && micros ? WRITE_TIME_MICROS
                                                   : 0;
    case TYPE_DOUBLE:
        return node->kind == AVRO_DOUBLE  ? WRITE_DOUBLE
               : node->kind == AVRO_FLOAT ? WRITE_FLOAT
                                          : 0;
    case TYPE_DECIMAL:
        return node->logical != AVRO_DECIMAL ? 0
               : node->kind == AVRO_FIXED    ? WRITE_DECIMAL_FIXED
                                             : WRITE_DECIMAL;
    case TYPE_STRING:
        return node->kind == AVRO_STRING ? WRITE_BYTES : node->kind == AVRO_ENUM ? WRITE_ENUM : 0;
    case TYPE_BYTES:
        return node->kind == AVRO_BYTES && node->logical != AVRO_DECIMAL   ? WRITE_BYTES
               : node->kind == AVRO_FIXED && node->logical != AVRO_DECIMAL ? WRITE_FIXED
                                                                           : 0;
    case TYPE_ARRAY:
        return node->kind == AVRO_ARRAY ? WRITE_ITEMS : 0;
    case TYPE_MAP:
        return node->kind == AVRO_MAP || node->is_map_entry ? WRITE_ENTRIES : 0;
    case TYPE_STRUCT:
        return node->kind == AVRO_RECORD ? WRITE_FIELDS : 0;
    default:
        return 0;
    }
}

/* The branch that a non-NULL cell is written as: the first whose own SQL type is this one, else
 * the first that takes it. */
static int32_t branch_of(const struct compiler *compiler, const struct avro_node *node,
                         const struct type *type)
{
    int32_t found = -1;
    for (uint32_t i = 0; i < node->count; i++) {
        if (!code_of(node->branches[i], type))
            continue;
        const struct type *own = avro_sql_type(node->branches[i], false, compiler->arena);
        if (own && own->kind == type->kind)
            return (int32_t)i;
        if (found < 0)
            found = (int32_t)i;
    }
    return found;
}

static enum err refuse(struct compiler *compiler, const struct avro_node *node,
                       const struct type *type)
{
    struct buf words = {0};
    buf_append_str(&words, STR("cannot write "));
    type_format(type, &words);
    buf_append_str(&words, STR(" as "));
    avro_node_describe(node, &words);
    why_set(compiler->why, ERR_INCOMPATIBLE, "%s", buf_text(&words));
    buf_release(&words);
    return ERR_INCOMPATIBLE;
}

static enum err compile_entries(struct compiler *compiler, const struct avro_node *node,
                                const struct type *type, struct write *write)
{
    struct write *members = ARENA_ARRAY(compiler->arena, struct write, 2);
    write->members = members;
    write->member_count = 2;
    members[1].column = 1;
    const struct avro_node *value = node->item;
    if (node->kind == AVRO_MAP) {
        if (type->key->kind != TYPE_STRING)
            return refuse(compiler, node, type);
        members[0] =
            (struct write){.code = WRITE_BYTES, .null_branch = -1, .branch = -1, .type = type->key};
    } else {
        const enum err err =
            compile_type(compiler, node->item->fields[0].node, type->key, &members[0]);
        if (err)
            return err;
        value = node->item->fields[1].node;
    }
    return compile_type(compiler, value, type->item, &members[1]);
}

static enum err compile_members(struct compiler *compiler, const struct avro_node *node,
                                const struct type *type, struct write *write)
{
    if (type->kind == TYPE_STRUCT)
        return compile_record(compiler, node, avro_struct_targets(compiler->arena, type),
                              type->field_count, write);
    if (type->kind == TYPE_MAP)
        return compile_entries(compiler, node, type, write);
    if (type->kind != TYPE_ARRAY)
        return OK;
    struct write *item = ARENA_NEW(compiler->arena, struct write);
    write->members = item;
    write->member_count = 1;
    return compile_type(compiler, node->item, type->item, item);
}

/* One cell of `type` as `node`; leaves write->column alone. */
static enum err compile_type(struct compiler *compiler, const struct avro_node *node,
                             const struct type *type, struct write *write)
{
    if (compiler->depth >= AVRO_DEPTH_MAX || ++compiler->count > WRITES_MAX)
        return why_set(compiler->why, ERR_LIMIT, "schema too large or deep to encode");
    write->null_branch = write->branch = -1;
    const struct avro_node *inner = node;
    if (node->kind == AVRO_UNION) {
        for (uint32_t i = 0; i < node->count && write->null_branch < 0; i++)
            if (node->branches[i]->kind == AVRO_NULL)
                write->null_branch = (int32_t)i;
        write->branch = branch_of(compiler, node, type);
        if (write->branch < 0)
            return refuse(compiler, node, type);
        inner = node->branches[write->branch];
    }
    write->node = inner;
    write->type = type;
    if (inner->kind == AVRO_NULL) {
        write->code = WRITE_NOTHING;
        return OK;
    }
    write->code = (uint8_t)code_of(inner, type);
    if (write->code == 0)
        return refuse(compiler, inner, type);
    compiler->depth++;
    const enum err err = compile_members(compiler, inner, type, write);
    compiler->depth--;
    return err;
}

/* A field that nothing is written into: its default, or null. */
static enum err compile_constant(struct compiler *compiler, const struct avro_field *field,
                                 struct write *write)
{
    const struct avro_node *node = field->node;
    *write = (struct write){.code = WRITE_CONSTANT, .null_branch = -1, .branch = -1};
    if (field->has_default) {
        struct buf bytes = {0};
        const enum err err = avro_default_encode(field, &bytes);
        if (!err)
            write->constant = arena_str(compiler->arena, buf_str(&bytes));
        buf_release(&bytes);
        if (!err)
            return OK;
    }
    if (node->kind == AVRO_NULL)
        return OK;
    for (uint32_t i = 0; node->kind == AVRO_UNION && i < node->count; i++) {
        if (node->branches[i]->kind != AVRO_NULL)
            continue;
        uint8_t bytes[VARINT_BYTES_MAX];
        const size_t size = (size_t)(varint_put(bytes, i) - bytes);
        write->constant = arena_str(compiler->arena, (struct str){(const char *)bytes, size});
        return OK;
    }
    return why_set(compiler->why, ERR_INCOMPATIBLE,
                   "field '%.*s' is required, and there is no column for it",
                   STR_ARGS(field->name));
}

/* The target for a field: the exact name first, then without regard to case, each once. A target
 * without a field would be lost: it is refused. */
static enum err match_targets(struct compiler *compiler, const struct avro_node *node,
                              const struct avro_target *targets, uint32_t target_count,
                              const struct avro_target **matches)
{
    bool *taken = ARENA_ARRAY(compiler->arena, bool, target_count);
    for (int exact = 1; exact >= 0; exact--) {
        for (uint32_t i = 0; i < target_count; i++) {
            for (uint32_t j = 0; j < node->count && !taken[i]; j++) {
                const struct str name = node->fields[j].name;
                if (matches[j] || !(exact ? str_equal(name, targets[i].name)
                                          : str_equal_nocase(name, targets[i].name)))
                    continue;
                matches[j] = &targets[i];
                taken[i] = true;
            }
        }
    }
    for (uint32_t i = 0; i < target_count; i++)
        if (!taken[i])
            return why_set(compiler->why, ERR_INCOMPATIBLE, "no field for column '%.*s'",
                           STR_ARGS(targets[i].name));
    return OK;
}

static enum err compile_record(struct compiler *compiler, const struct avro_node *node,
                               const struct avro_target *targets, uint32_t target_count,
                               struct write *write)
{
    const struct avro_target **matches =
        ARENA_ARRAY(compiler->arena, const struct avro_target *, node->count);
    const enum err matched = match_targets(compiler, node, targets, target_count, matches);
    if (matched)
        return matched;
    struct write *members = ARENA_ARRAY(compiler->arena, struct write, node->count);
    write->code = WRITE_FIELDS;
    write->members = members;
    write->member_count = node->count;
    for (uint32_t i = 0; i < node->count; i++) {
        if (!matches[i]) {
            const enum err err = compile_constant(compiler, &node->fields[i], &members[i]);
            if (err)
                return err;
            continue;
        }
        members[i].column = matches[i]->column;
        const enum err err =
            compile_type(compiler, node->fields[i].node, matches[i]->type, &members[i]);
        if (err) {
            why_prefix(compiler->why, "field '%.*s'", STR_ARGS(node->fields[i].name));
            return err;
        }
        struct write constant;
        const bool takes_null = members[i].null_branch >= 0 || members[i].code == WRITE_NOTHING;
        if (!takes_null && node->fields[i].has_default &&
            compile_constant(compiler, &node->fields[i], &constant) == OK) {
            members[i].null_is_default = true;
            members[i].constant = constant.constant;
        }
    }
    return OK;
}

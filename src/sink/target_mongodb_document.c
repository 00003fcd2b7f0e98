/* target_mongodb_document.c -- what one document asks of MongoDB: its part of a bulk. */
#include "sink/form.h"
#include "sink/target_mongodb_write.h"

bool mongodb_is_guarded(const struct mongodb_job *job, const struct document *document)
{
    return !job->has_transactions && document->may_share_id;
}

bool mongodb_is_lenient(const struct mongodb_job *job, const struct document *document)
{
    return mongodb_is_guarded(job, document) ||
           (document->write == DOCUMENT_INSERT && !job->has_transactions);
}

bool mongodb_is_ordered(const struct mongodb_job *job, const struct mongodb_group *group)
{
    const struct document *leading = &job->documents[group->indexes[0]];
    return leading->ordered && !mongodb_is_lenient(job, leading);
}

/* {"_id":…} and, where it is guarded, that no newer record of the partition has been there. */
static void filter_make(struct mongodb_job *job, const struct document *document, struct str from,
                        struct buf *buf)
{
    const size_t opened = form_bson.open_document(document->id, buf);
    if (mongodb_is_guarded(job, document)) {
        bson_t other = BSON_INITIALIZER;
        bson_t any;
        bson_t one;
        bson_t bound;
        BSON_APPEND_ARRAY_BEGIN(&other, "$or", &any);
        BSON_APPEND_DOCUMENT_BEGIN(&any, "0", &one);
        BSON_APPEND_DOCUMENT_BEGIN(&one, ORIGIN_MEMBER ".from", &bound);
        bson_append_utf8(&bound, "$ne", -1, from.data, (int)from.size);
        bson_append_document_end(&one, &bound);
        bson_append_document_end(&any, &one);
        BSON_APPEND_DOCUMENT_BEGIN(&any, "1", &one);
        BSON_APPEND_DOCUMENT_BEGIN(&one, ORIGIN_MEMBER ".offset", &bound);
        BSON_APPEND_INT64(&bound, "$lte", document->offset);
        bson_append_document_end(&one, &bound);
        bson_append_document_end(&any, &one);
        bson_append_array_end(&other, &any);
        /* Its elements: without size and final zero. */
        buf_append(buf, bson_get_data(&other) + 4, other.len - 5);
        bson_destroy(&other);
    }
    form_bson.close(opened, buf);
}

/* The member that says which record a document is from. */
static void append_origin(const struct document *document, struct str from, struct buf *buf)
{
    bson_t member = BSON_INITIALIZER;
    bson_t origin;
    BSON_APPEND_DOCUMENT_BEGIN(&member, ORIGIN_MEMBER, &origin);
    bson_append_utf8(&origin, "from", -1, from.data, (int)from.size);
    BSON_APPEND_INT64(&origin, "offset", document->offset);
    bson_append_document_end(&member, &origin);
    buf_append(buf, bson_get_data(&member) + 4, member.len - 5);
    bson_destroy(&member);
}

/* The body's elements, without its _id where `changes`. */
static void append_elements(struct mongodb_job *job, const struct document *document, bool changes,
                            struct str from, struct buf *buf)
{
    const size_t before = 4 + (changes ? document->id.size : 0);
    buf_append(buf, document->body.data + before, document->body.size - before - 1);
    if (mongodb_is_guarded(job, document))
        append_origin(document, from, buf);
}

/* {"$set":{…},"$setOnInsert":{…}}; an operator without members is left out. */
static void changes_make(struct mongodb_job *job, const struct document *document, struct str from,
                         struct buf *buf)
{
    const bool is_update = document->write == DOCUMENT_UPDATE;
    const size_t opened = form_bson.open_document((struct str){0}, buf);
    struct buf elements = {0};
    append_elements(job, document, true, from, &elements);
    if (elements.size == 0) /* nothing but an _id */
        buf_append_str(&elements, document->id);
    const size_t inside =
        form_bson.open_object(is_update ? STR("$set\0") : STR("$setOnInsert\0"), buf);
    buf_append(buf, elements.data, elements.size);
    form_bson.close(inside, buf);
    if (is_update && document->on_insert.size > 0) {
        const size_t at = form_bson.open_object(STR("$setOnInsert\0"), buf);
        buf_append_str(buf, document->on_insert);
        form_bson.close(at, buf);
    }
    form_bson.close(opened, buf);
    buf_release(&elements);
}

bool mongodb_bulk_add(struct mongodb_job *job, mongoc_bulk_operation_t *bulk, const bson_t *options,
                      const struct document *document, bson_error_t *error)
{
    struct buf filter_bytes = {0};
    struct buf bytes = {0};
    struct str from = {0};
    bson_t filter;
    bson_t body;
    bool good = false;
    if (mongodb_is_guarded(job, document))
        from = arena_printf(&job->arena, "%.*s/%d", STR_ARGS(document->topic), document->partition);
    filter_make(job, document, from, &filter_bytes);
    must(bson_init_static(&filter, (const uint8_t *)filter_bytes.data, filter_bytes.size));
    const bool is_insert = document->write == DOCUMENT_INSERT && !job->has_transactions;
    if (document->write == DOCUMENT_DELETE) {
        good = mongoc_bulk_operation_remove_one_with_opts(bulk, &filter, NULL, error);
        goto out;
    }
    struct str whole = document->body;
    if (document->write == DOCUMENT_UPDATE || (document->write == DOCUMENT_INSERT && !is_insert)) {
        changes_make(job, document, from, &bytes);
        whole = buf_str(&bytes);
    } else if (mongodb_is_guarded(job, document)) {
        const size_t opened = form_bson.open_document((struct str){0}, &bytes);
        append_elements(job, document, false, from, &bytes);
        form_bson.close(opened, &bytes);
        whole = buf_str(&bytes);
    }
    must(bson_init_static(&body, (const uint8_t *)whole.data, whole.size));
    if (is_insert)
        good = mongoc_bulk_operation_insert_with_opts(bulk, &body, NULL, error);
    else if (document->write == DOCUMENT_REPLACE)
        good = mongoc_bulk_operation_replace_one_with_opts(bulk, &filter, &body, options, error);
    else
        good = mongoc_bulk_operation_update_one_with_opts(bulk, &filter, &body, options, error);
out:
    buf_release(&filter_bytes);
    buf_release(&bytes);
    return good;
}

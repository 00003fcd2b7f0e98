/* form.h -- how documents are written: as Extended JSON or as BSON. Inside sink/ only.
 *
 * Both forms say the same: what is written as BSON and read back as text (bson_to_json) is the text
 * the JSON form writes. Members are appended to a buf one by one; a name is what `name` made of it,
 * size 0 for a bare value (JSON only). */
#ifndef SINK_FORM_H
#define SINK_FORM_H

#include "data/batch.h"
#include "sink/target.h"

#define OBJECT_ID_BYTES 12
#define UUID_BYTES 16

struct form {
    /* The name every other member takes, in the arena. ERR_INVALID: it cannot be one. */
    enum err (*name)(struct str name, struct arena *arena, struct str *ret_name, struct why *why);
    /* Begins a document with its _id, as `id_name` members were written; `close` ends it. */
    size_t (*open_document)(struct str id, struct buf *buf);
    size_t (*open_object)(struct str name, struct buf *buf);
    void (*close)(size_t opened, struct buf *buf);
    /* ERR_INVALID: the cell cannot be written; the buf's end is then undefined. */
    enum err (*cell)(struct str name, const struct column *column, uint32_t row, struct buf *buf,
                     struct why *why);
    void (*date)(struct str name, int64_t timestamp_ms, struct buf *buf);
    void (*text)(struct str name, struct str text, struct buf *buf);
    void (*object_id)(struct str name, const uint8_t bytes[OBJECT_ID_BYTES], struct buf *buf);
    void (*uuid)(struct str name, const uint8_t bytes[UUID_BYTES], struct buf *buf);
    /* The members of a JSON object's text but an _id. ERR_INVALID. */
    enum err (*members)(struct str json, struct arena *arena, struct buf *buf, struct why *why);
    struct str id_name; /* under which an _id is written before the document is opened */
};

const struct form *form_get(enum document_form form);

extern const struct form form_json;
extern const struct form form_bson;

/* form_json.c: also for BSON that is read. */
void json_form_date(int64_t timestamp_ms, struct buf *buf);
void json_form_double(double number, struct buf *buf);
void json_form_decimal(decimal value, int scale, struct buf *buf);
void json_form_bytes(struct str bytes, uint8_t subtype, struct buf *buf);
void json_form_object_id(const uint8_t bytes[OBJECT_ID_BYTES], struct buf *buf);
void json_form_uuid(const uint8_t bytes[UUID_BYTES], struct buf *buf);
/* Only the 36 characters. */
void json_form_uuid_text(const uint8_t bytes[UUID_BYTES], struct buf *buf);

/* bson_text.c: appends a BSON document as the JSON form writes it, without the member `hidden`
 * (size 0: all). ERR_MALFORMED: it is none. */
MUST_CHECK enum err bson_to_json(const uint8_t *bson, size_t size, struct str hidden,
                                 struct buf *buf);

#endif

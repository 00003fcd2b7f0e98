/* document_text.h -- what targets need to know of a document's text. Inside sink/ only. */
#ifndef SINK_DOCUMENT_TEXT_H
#define SINK_DOCUMENT_TEXT_H

#include "base/arena.h"
#include "base/buf.h"

/* Digits of an ObjectId. */
#define OBJECT_ID_DIGITS 24

/* Appends a plain text for an _id given as JSON text: an ObjectId's digits, a string without its
 * quotes where it cannot be mistaken, else the JSON text. Two ids have two texts. ERR_INVALID when
 * it is no JSON. */
MUST_CHECK enum err id_to_plain(struct str json, struct arena *arena, struct buf *buf);
/* The way back. */
void id_from_plain(struct str plain, struct arena *arena, struct buf *buf);
/* Appends the object `old` with the members of the object `changes` set: $set of whole members.
 * ERR_MALFORMED. */
MUST_CHECK enum err document_merge(struct str old, struct str changes, struct arena *arena,
                                   struct buf *buf);
/* Appends the object with more members (`"a":1,"b":2`) at its end. */
void document_extend(struct str object, struct str members, struct buf *buf);

#endif

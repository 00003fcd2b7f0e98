/* base64.h -- bytes as text (RFC 4648, the standard alphabet with padding). */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"

/* Appends the text of the bytes. */
void base64_encode(struct str bytes, struct buf *buf);
/* Bytes a text of text_size can stand for at most. */
static inline size_t base64_decoded_max(size_t text_size)
{
    return text_size / 4 * 3 + 3;
}
/* Writes the bytes to `to`, which has room for base64_decoded_max(text.size). Padding may be
 * missing, as java.util.Base64 allows. ERR_INVALID. */
MUST_CHECK enum err base64_decode(struct str text, uint8_t *to, size_t *ret_size);

#endif

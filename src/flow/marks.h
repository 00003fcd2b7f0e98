/* marks.h -- the few numbers of a task that each of its steps carries: stream times and the like.
 *
 * A mark's name is its node's number and a letter. As text in a step: for each, varint node, the
 * letter, varint value. */
#ifndef FLOW_MARKS_H
#define FLOW_MARKS_H

#include "base/buf.h"
#include "base/str.h"

#include <stdint.h>

#define MARKS_MAX 128

struct mark {
    uint32_t node;
    char letter;
    int64_t value;
};

/* {0} is valid and empty. */
struct marks {
    struct mark at[MARKS_MAX];
    uint32_t count;
};

/* Sets or replaces. */
void marks_set(struct marks *marks, uint32_t node, char letter, int64_t value);
/* `otherwise` when there is none. */
int64_t marks_get(const struct marks *marks, uint32_t node, char letter, int64_t otherwise);
/* Appends the text form. */
void marks_write(const struct marks *marks, struct buf *buf);
/* ERR_CORRUPT. */
MUST_CHECK enum err marks_read(struct str text, struct marks *ret_marks);

#endif

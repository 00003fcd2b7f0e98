/* marks.c -- a task's few numbers, and their text in a step. */
#include "flow/marks.h"

#include "base/varint.h"

void marks_set(struct marks *marks, uint32_t node, char letter, int64_t value)
{
    for (uint32_t i = 0; i < marks->count; i++) {
        if (marks->at[i].node == node && marks->at[i].letter == letter) {
            marks->at[i].value = value;
            return;
        }
    }
    must(marks->count < MARKS_MAX);
    marks->at[marks->count++] = (struct mark){.node = node, .letter = letter, .value = value};
}

int64_t marks_get(const struct marks *marks, uint32_t node, char letter, int64_t otherwise)
{
    for (uint32_t i = 0; i < marks->count; i++)
        if (marks->at[i].node == node && marks->at[i].letter == letter)
            return marks->at[i].value;
    return otherwise;
}

void marks_write(const struct marks *marks, struct buf *buf)
{
    for (uint32_t i = 0; i < marks->count; i++) {
        varint_append(buf, marks->at[i].node);
        buf_append_byte(buf, (uint8_t)marks->at[i].letter);
        varint_append(buf, marks->at[i].value);
    }
}

enum err marks_read(struct str text, struct marks *ret_marks)
{
    struct marks marks = {.count = 0};
    const uint8_t *at = (const uint8_t *)text.data;
    const uint8_t *const end = text.size > 0 ? at + text.size : at;
    while (at < end) {
        int64_t node, value;
        at = varint_get(at, end, &node);
        if (!at || at == end || node < 0 || node > UINT32_MAX || marks.count == MARKS_MAX)
            return ERR_CORRUPT;
        const char letter = (char)*at++;
        at = varint_get(at, end, &value);
        if (!at)
            return ERR_CORRUPT;
        marks_set(&marks, (uint32_t)node, letter, value);
    }
    *ret_marks = marks;
    return OK;
}

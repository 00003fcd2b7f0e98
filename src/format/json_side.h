/* json_side.h -- the two halves of the JSON format. Inside format/ only. */
#ifndef FORMAT_JSON_SIDE_H
#define FORMAT_JSON_SIDE_H

#include "format/side.h"

enum err json_side_reader_new(const struct side *side, struct side_reader **ret_reader,
                              struct why *why);
enum err json_side_read(struct side_reader *reader, struct str bytes, struct column *columns,
                        uint32_t row, struct arena *arena, bool *ret_is_null, struct why *why);

#endif

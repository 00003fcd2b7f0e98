/* file.h -- whole small files and directories. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/arena.h"

#include <stdint.h>

/* All of the file, at most bytes_max; in the arena, NUL-terminated (uncounted). ERR_NOT_FOUND,
 * ERR_DENIED, ERR_LIMIT, ERR_IO with words that name the path. */
MUST_CHECK enum err file_read(const char *path, size_t bytes_max, struct arena *arena,
                              struct str *ret_text, struct why *why);
/* mkdir -p with mode 0755. */
MUST_CHECK enum err file_make_directory(const char *path, struct why *why);
/* Names in a directory that end in `suffix`, sorted by bytes; in the arena. */
MUST_CHECK enum err file_list(const char *directory, struct str suffix, struct arena *arena,
                              struct str **ret_names, size_t *ret_count, struct why *why);
/* Removes a directory and all in it. Missing is fine. */
MUST_CHECK enum err file_remove_tree(const char *path, struct why *why);

#endif

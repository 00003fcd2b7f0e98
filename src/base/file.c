/* file.c -- whole small files and directories. */
#include "base/file.h"

#include "base/buf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES (64 * 1024)
#define NAMES_MAX 100000
#define OPEN_DIRECTORIES_MAX 16

static enum err why_from_errno(struct why *why, int number, const char *doing, const char *path);
static int by_bytes(const void *left, const void *right);
static int entry_remove(const char *path, const struct stat *status, int kind, struct FTW *place);

enum err file_read(const char *path, size_t bytes_max, struct arena *arena, struct str *ret_text,
                   struct why *why)
{
    const int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return why_from_errno(why, errno, "open", path);
    struct buf text = {0};
    enum err err = OK;
    for (;;) {
        const ssize_t size = read(file, buf_reserve(&text, READ_BYTES), READ_BYTES);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0) {
            err = why_from_errno(why, errno, "read", path);
            goto out;
        }
        if (size == 0)
            break;
        text.size += (size_t)size;
        if (text.size > bytes_max) {
            err = why_set(why, ERR_LIMIT, "more than %zu bytes in '%s'", bytes_max, path);
            goto out;
        }
    }
    *ret_text = arena_str(arena, buf_str(&text));
out:
    buf_release(&text);
    close(file);
    return err;
}

enum err file_make_directory(const char *path, struct why *why)
{
    struct buf copy = {0};
    enum err err = OK;
    buf_append_str(&copy, str_from(path));
    char *text = (char *)buf_text(&copy);
    for (size_t i = 1; i <= copy.size; i++) {
        const bool is_end = i == copy.size;
        if (!is_end && text[i] != '/')
            continue;
        text[i] = '\0';
        if (mkdir(text, 0755) != 0 && errno != EEXIST) {
            err = why_from_errno(why, errno, "make directory", text);
            goto out;
        }
        if (!is_end)
            text[i] = '/';
    }
    struct stat status;
    if (stat(path, &status) != 0)
        err = why_from_errno(why, errno, "make directory", path);
    else if (!S_ISDIR(status.st_mode))
        err = why_set(why, ERR_EXISTS, "not a directory: '%s'", path);
out:
    buf_release(&copy);
    return err;
}

enum err file_list(const char *directory, struct str suffix, struct arena *arena,
                   struct str **ret_names, size_t *ret_count, struct why *why)
{
    DIR *stream = opendir(directory);
    if (!stream)
        return why_from_errno(why, errno, "list", directory);
    struct buf names = {0}; /* of struct str */
    size_t count = 0;
    enum err err = OK;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (!entry && errno != 0) {
            err = why_from_errno(why, errno, "list", directory);
            goto out;
        }
        if (!entry)
            break;
        const struct str name = str_from(entry->d_name);
        if (str_equal(name, STR(".")) || str_equal(name, STR("..")) || !str_ends_with(name, suffix))
            continue;
        if (count == NAMES_MAX) {
            err = why_set(why, ERR_LIMIT, "more than %d names in '%s'", NAMES_MAX, directory);
            goto out;
        }
        const struct str kept = arena_str(arena, name);
        buf_append(&names, &kept, sizeof(kept));
        count++;
    }
    if (count > 0)
        qsort(names.data, count, sizeof(struct str), by_bytes);
    *ret_names = arena_copy(arena, names.data, names.size);
    *ret_count = count;
out:
    buf_release(&names);
    closedir(stream);
    return err;
}

enum err file_remove_tree(const char *path, struct why *why)
{
    /* Deepest first, links not followed. */
    if (nftw(path, entry_remove, OPEN_DIRECTORIES_MAX, FTW_DEPTH | FTW_PHYS) == 0)
        return OK;
    if (errno == ENOENT)
        return OK;
    return why_from_errno(why, errno, "remove", path);
}

static int entry_remove(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    return remove(path);
}

static int by_bytes(const void *left, const void *right)
{
    return str_compare(*(const struct str *)left, *(const struct str *)right);
}

static enum err why_from_errno(struct why *why, int number, const char *doing, const char *path)
{
    enum err err = ERR_IO;
    if (number == ENOENT || number == ENOTDIR)
        err = ERR_NOT_FOUND;
    else if (number == EACCES || number == EPERM || number == EROFS)
        err = ERR_DENIED;
    else if (number == ENOSPC || number == EDQUOT)
        err = ERR_FULL;
    char text[128];
    return why_set(why, err, "cannot %s '%s': %s", doing, path,
                   strerror_r(number, text, sizeof(text)));
}

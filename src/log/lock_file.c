/* lock_file.c -- flock() on a file beside the data. */
#include "log/lock_file.h"

#include "base/buf.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

enum err lock_file_take(const char *directory, int *ret_file, struct why *why)
{
    must(directory != NULL);
    struct buf path = {0};
    buf_printf(&path, "%s/queries.lock", directory);
    enum err err = file_make_directory(directory, why);
    const int file = err ? -1 : open(buf_text(&path), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (!err && file < 0)
        err = why_set(why, errno == EACCES ? ERR_DENIED : ERR_IO, "cannot open '%s': %s",
                      buf_text(&path), strerror(errno));
    if (!err && flock(file, LOCK_EX | LOCK_NB) != 0)
        err = errno == EWOULDBLOCK
                  ? why_set(why, ERR_LOCKED, "another process runs queries on '%s'", directory)
                  : why_set(why, ERR_IO, "cannot lock '%s': %s", buf_text(&path), strerror(errno));
    if (err && file >= 0)
        close(file);
    if (!err)
        *ret_file = file;
    buf_release(&path);
    return err;
}

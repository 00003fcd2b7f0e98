/* instance_id.c -- a random id in a file, written once. */
#include "log/instance_id.h"

#include "base/buf.h"
#include "base/file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#define FILE_BYTES_MAX 1024

static enum err make(const char *path, struct why *why);

enum err instance_id_get(const char *directory, char ret_id[INSTANCE_ID_SIZE + 1], struct why *why)
{
    struct arena arena;
    arena_init(&arena, 0);
    const char *path = arena_printf(&arena, "%s/instance", directory).data;
    struct str text = {0};
    enum err err = file_read(path, FILE_BYTES_MAX, &arena, &text, NULL);
    if (err == ERR_NOT_FOUND) {
        err = make(path, why);
        if (!err)
            err = file_read(path, FILE_BYTES_MAX, &arena, &text, why);
    } else if (err) {
        err = why_set(why, err, "cannot read '%s': %s", path, err_text(err));
    }
    if (!err && text.size != INSTANCE_ID_SIZE + 1)
        err = why_set(why, ERR_CORRUPT, "'%s' has no instance id: remove it", path);
    for (size_t i = 0; i < INSTANCE_ID_SIZE && !err; i++)
        if (!isxdigit((unsigned char)text.data[i]))
            err = why_set(why, ERR_CORRUPT, "'%s' has no instance id: remove it", path);
    if (!err) {
        memcpy(ret_id, text.data, INSTANCE_ID_SIZE);
        ret_id[INSTANCE_ID_SIZE] = '\0';
    }
    arena_release(&arena);
    return err;
}

/* Under another name first: half an id would be one, too. */
static enum err make(const char *path, struct why *why)
{
    uint64_t number = 0;
    const ssize_t got = getrandom(&number, sizeof(number), 0);
    must(got == sizeof(number));
    struct buf text = {0};
    struct buf draft = {0};
    buf_printf(&text, "%016llx\n", (unsigned long long)number);
    buf_printf(&draft, "%s.draft", path);
    const int file = open(buf_text(&draft), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool done = file >= 0 && write(file, text.data, text.size) == (ssize_t)text.size &&
                fsync(file) == 0 && rename(buf_text(&draft), path) == 0;
    const int code = errno;
    if (file >= 0)
        close(file);
    buf_release(&text);
    buf_release(&draft);
    if (done)
        return OK;
    return why_set(why, code == EACCES ? ERR_DENIED : ERR_IO, "cannot write '%s': %s", path,
                   strerror(code));
}

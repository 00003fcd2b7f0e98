/* recorder.c -- preloaded into a program: writes into a journal what it does to files of a
 * directory.
 *
 * POWER_CUT_DIRECTORY is the directory (absolute, empty at the start), POWER_CUT_JOURNAL the
 * journal. Whatever the program writes to a file called "reported" becomes a mark: a promise.
 *
 * POWER_CUT_FAIL=N makes the Nth sync fail with EIO, N+ also all after it. As kernels have it, what
 * it should have written counts as written from then on, though it may never be.
 *
 * A write and its event happen under one lock, so that a sync begun after an event covers it. Lock
 * files and SQLite's shared memory are left out: both are made anew after a power cut. A file that
 * is changed through a shared mapping cannot be recorded and ends the program. */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES_MAX 65536
#define VISIBLE __attribute__((visibility("default")))

enum role { ROLE_NONE, ROLE_FILE, ROLE_DIRECTORY, ROLE_REPORTED };

static struct {
    uint32_t file;
    enum role role;
    bool synced; /* O_SYNC or O_DSYNC */
} open_files[FILES_MAX];

static struct {
    dev_t device;
    ino_t inode;
} known_files[FILES_MAX]; /* number - 1 -> identity, cleared when the last name goes */

static uint32_t known_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int journal = -1;
static uint64_t event_count;
static char directory[PATH_MAX];

static void end(const char *words)
{
    syscall(SYS_write, 2, words, strlen(words));
    abort();
}

/* Called with the lock held. */
static bool is_recording(void)
{
    if (journal >= 0)
        return true;
    const char *path = getenv("POWER_CUT_JOURNAL");
    const char *root = getenv("POWER_CUT_DIRECTORY");
    if (!path || !root || strlen(root) >= sizeof(directory))
        return false;
    memcpy(directory, root, strlen(root) + 1);
    const long fd =
        syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    const long high = fd < 0 ? -1 : syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 1000);
    if (high < 0)
        end("power cut: cannot write the journal\n");
    syscall(SYS_close, fd);
    journal = (int)high;
    return true;
}

static uint64_t record(struct journal_event event, const struct iovec *parts, int count)
{
    static const char padding[8];
    struct iovec all[2 + IOV_MAX];
    if (count > IOV_MAX - 2)
        end("power cut: too many parts in a write\n");
    uint64_t left = event.size;
    all[0] = (struct iovec){.iov_base = &event, .iov_len = sizeof(event)};
    int used = 1;
    for (int i = 0; i < count && left > 0; i++) {
        const uint64_t size = parts[i].iov_len < left ? parts[i].iov_len : left;
        all[used++] = (struct iovec){.iov_base = parts[i].iov_base, .iov_len = size};
        left -= size;
    }
    const uint64_t rest = (8 - event.size % 8) % 8;
    all[used++] = (struct iovec){.iov_base = (void *)padding, .iov_len = rest};
    const ssize_t wanted = (ssize_t)(sizeof(event) + event.size + rest);
    if (syscall(SYS_writev, journal, all, used) != wanted)
        end("power cut: the journal is full\n");
    return event_count++;
}

static uint64_t record_text(enum journal_kind kind, uint32_t file, const char *text, size_t size)
{
    const struct iovec part = {.iov_base = (void *)text, .iov_len = size};
    return record((struct journal_event){.kind = kind, .file = file, .size = size}, &part, 1);
}

static bool ends_with(const char *text, const char *end)
{
    const size_t text_size = strlen(text);
    const size_t end_size = strlen(end);
    return text_size >= end_size && strcmp(text + text_size - end_size, end) == 0;
}

static bool is_inside(const char *path)
{
    const size_t size = strlen(directory);
    return strncmp(path, directory, size) == 0 && (path[size] == '/' || path[size] == '\0');
}

/* The file's number; a name that was not there before makes a new file. */
static uint32_t file_number(const struct stat *info, bool made)
{
    for (uint32_t i = 0; i < known_count; i++) {
        if (known_files[i].device != info->st_dev || known_files[i].inode != info->st_ino)
            continue;
        if (!made)
            return i + 1;
        known_files[i].inode = 0; /* the number of a removed file, used again */
    }
    if (!made)
        end("power cut: the directory was not empty\n");
    if (known_count == FILES_MAX)
        end("power cut: too many files\n");
    known_files[known_count].device = info->st_dev;
    known_files[known_count].inode = info->st_ino;
    return ++known_count;
}

static void opened(int fd, const char *path, int flags, bool was_there)
{
    struct stat info;
    if (fd >= FILES_MAX)
        end("power cut: too many open files\n");
    open_files[fd].role = ROLE_NONE;
    if (ends_with(path, "/reported")) {
        open_files[fd].role = ROLE_REPORTED;
        return;
    }
    if (!is_inside(path) || ends_with(path, "-lock") || ends_with(path, "-shm") ||
        syscall(SYS_fstat, fd, &info) != 0)
        return;
    if (S_ISDIR(info.st_mode)) {
        open_files[fd].role = ROLE_DIRECTORY;
        return;
    }
    open_files[fd].role = ROLE_FILE;
    open_files[fd].synced = (flags & O_DSYNC) != 0;
    open_files[fd].file = file_number(&info, !was_there);
    if (!was_there)
        record_text(JOURNAL_CREATE, open_files[fd].file, path + strlen(directory),
                    strlen(path + strlen(directory)));
    if (was_there && (flags & O_TRUNC))
        record((struct journal_event){.kind = JOURNAL_SIZE, .file = open_files[fd].file}, NULL, 0);
}

static int open_recorded(const char *path, int flags, mode_t mode)
{
    pthread_mutex_lock(&lock);
    const bool recording = is_recording();
    const bool was_there = syscall(SYS_access, path, F_OK) == 0;
    const int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    const int error = errno;
    if (recording && fd >= 0)
        opened(fd, path, flags, was_there);
    pthread_mutex_unlock(&lock);
    errno = error;
    return fd;
}

static mode_t mode_of(int flags, va_list arguments)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

VISIBLE int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_recorded(path, flags, mode);
}

VISIBLE int open64(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    return open_recorded(path, flags, mode);
}

VISIBLE int close(int fd)
{
    pthread_mutex_lock(&lock);
    if (fd >= 0 && fd < FILES_MAX)
        open_files[fd].role = ROLE_NONE;
    const int code = (int)syscall(SYS_close, fd);
    pthread_mutex_unlock(&lock);
    return code;
}

static enum role role_of(int fd)
{
    return fd >= 0 && fd < FILES_MAX ? open_files[fd].role : ROLE_NONE;
}

/* Called with the lock held. */
static bool sync_fails(void)
{
    static uint64_t count;
    const char *text = getenv("POWER_CUT_FAIL");
    char *rest = NULL;
    const uint64_t number = text ? strtoull(text, &rest, 10) : 0;
    count++;
    return number && (count == number || (count > number && *rest == '+'));
}

/* offset -1: where the file stands. */
static ssize_t write_recorded(int fd, const struct iovec *parts, int count, off_t offset)
{
    const enum role role = role_of(fd);
    if (role != ROLE_FILE && role != ROLE_REPORTED)
        return offset < 0 ? syscall(SYS_writev, fd, parts, count)
                          : syscall(SYS_pwritev, fd, parts, count, offset, 0);
    pthread_mutex_lock(&lock);
    const off_t at = offset < 0 ? syscall(SYS_lseek, fd, 0, SEEK_CUR) : offset;
    ssize_t written = offset < 0 ? syscall(SYS_writev, fd, parts, count)
                                 : syscall(SYS_pwritev, fd, parts, count, offset, 0);
    int error = errno;
    if (written > 0) {
        const struct journal_event event = {
            .kind = role == ROLE_FILE ? JOURNAL_WRITE : JOURNAL_REPORTED,
            .file = open_files[fd].file,
            .offset = (uint64_t)at,
            .size = (uint64_t)written,
        };
        const uint64_t number = record(event, parts, count);
        const bool synced = role == ROLE_FILE && open_files[fd].synced;
        if (synced && sync_fails()) {
            record((struct journal_event){.kind = JOURNAL_SYNC_FAILED,
                                          .file = open_files[fd].file,
                                          .begun = number + 1},
                   NULL, 0);
            written = -1;
            error = EIO;
        } else if (synced) {
            record((struct journal_event){.kind = JOURNAL_WRITE_SYNCED,
                                          .file = open_files[fd].file,
                                          .begun = number},
                   NULL, 0);
        }
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return written;
}

VISIBLE ssize_t write(int fd, const void *data, size_t size)
{
    const struct iovec part = {.iov_base = (void *)data, .iov_len = size};
    return write_recorded(fd, &part, 1, -1);
}

VISIBLE ssize_t writev(int fd, const struct iovec *parts, int count)
{
    return write_recorded(fd, parts, count, -1);
}

VISIBLE ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    const struct iovec part = {.iov_base = (void *)data, .iov_len = size};
    return write_recorded(fd, &part, 1, offset);
}

VISIBLE ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset)
{
    return pwrite(fd, data, size, offset);
}

VISIBLE ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset)
{
    return write_recorded(fd, parts, count, offset);
}

VISIBLE int ftruncate(int fd, off_t size)
{
    pthread_mutex_lock(&lock);
    const int code = (int)syscall(SYS_ftruncate, fd, size);
    const int error = errno;
    if (code == 0 && role_of(fd) == ROLE_FILE)
        record((struct journal_event){.kind = JOURNAL_SIZE,
                                      .file = open_files[fd].file,
                                      .offset = (uint64_t)size},
               NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return code;
}

VISIBLE int ftruncate64(int fd, off_t size)
{
    return ftruncate(fd, size);
}

static int sync_recorded(int fd, long call)
{
    const enum role role = role_of(fd);
    if (role != ROLE_FILE && role != ROLE_DIRECTORY)
        return (int)syscall(call, fd);
    struct journal_event event = {.kind = JOURNAL_SYNC_BEGUN};
    pthread_mutex_lock(&lock);
    event.file = role == ROLE_FILE ? open_files[fd].file : 0;
    event.begun = record(event, NULL, 0);
    if (sync_fails()) {
        event.kind = JOURNAL_SYNC_FAILED;
        record(event, NULL, 0);
        pthread_mutex_unlock(&lock);
        errno = EIO;
        return -1;
    }
    pthread_mutex_unlock(&lock);
    const int code = (int)syscall(call, fd);
    const int error = errno;
    pthread_mutex_lock(&lock);
    event.kind = role == ROLE_FILE ? JOURNAL_SYNCED : JOURNAL_NAMES_SYNCED;
    if (code == 0)
        record(event, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return code;
}

VISIBLE int fsync(int fd)
{
    return sync_recorded(fd, SYS_fsync);
}

VISIBLE int fdatasync(int fd)
{
    return sync_recorded(fd, SYS_fdatasync);
}

static void record_name(enum journal_kind kind, const char *path)
{
    if (is_recording() && is_inside(path) && !ends_with(path, "-lock") && !ends_with(path, "-shm"))
        record_text(kind, 0, path + strlen(directory), strlen(path + strlen(directory)));
}

VISIBLE int mkdir(const char *path, mode_t mode)
{
    pthread_mutex_lock(&lock);
    const int code = (int)syscall(SYS_mkdir, path, mode);
    const int error = errno;
    if (code == 0)
        record_name(JOURNAL_MAKE_DIRECTORY, path);
    pthread_mutex_unlock(&lock);
    errno = error;
    return code;
}

VISIBLE int unlink(const char *path)
{
    pthread_mutex_lock(&lock);
    const int code = (int)syscall(SYS_unlink, path);
    const int error = errno;
    if (code == 0)
        record_name(JOURNAL_UNLINK, path);
    pthread_mutex_unlock(&lock);
    errno = error;
    return code;
}

VISIBLE int rename(const char *from, const char *to)
{
    char names[2 * PATH_MAX];
    pthread_mutex_lock(&lock);
    const int code = (int)syscall(SYS_rename, from, to);
    const int error = errno;
    if (code == 0 && is_recording() && is_inside(from) && is_inside(to)) {
        const int size = snprintf(names, sizeof(names), "%s%c%s", from + strlen(directory), '\0',
                                  to + strlen(directory));
        record_text(JOURNAL_RENAME, 0, names, (size_t)size);
    }
    pthread_mutex_unlock(&lock);
    errno = error;
    return code;
}

static void *map_recorded(void *address, size_t size, int protection, int flags, int fd,
                          off_t offset)
{
    if (role_of(fd) == ROLE_FILE && (flags & MAP_SHARED) && (protection & PROT_WRITE))
        end("power cut: a file is written through a mapping\n");
    return (void *)syscall(SYS_mmap, address, size, protection, flags, fd, offset);
}

VISIBLE void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    return map_recorded(address, size, protection, flags, fd, offset);
}

VISIBLE void *mmap64(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    return map_recorded(address, size, protection, flags, fd, offset);
}

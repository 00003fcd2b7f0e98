/* window_block.c -- blocks as pages of their own, and as files mapped over them. */
#include "flow/window_block.h"

#include "base/file.h"
#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAPPED_BYTES_MIN (64 << 10) /* smaller ones come from malloc, and stay */
#define PAGE_BYTES 4096

static void *map_pages(size_t size);
static void *map_huge_page(void);
static enum err open_nameless(const char *directory, int *ret_file, struct why *why);
static enum err write_all(int file, const char *bytes, size_t size, struct why *why);

struct window_block *window_block_new(size_t size)
{
    const bool is_mapped = size >= MAPPED_BYTES_MIN;
    struct window_block *block;
    if (is_mapped)
        size = (size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
    if (size == WINDOW_BLOCK_BYTES_MAX)
        block = map_huge_page();
    else
        block = is_mapped ? map_pages(size) : memory_alloc(size);
    *block = (struct window_block){.is_mapped = is_mapped, .size = size};
    return block;
}

void window_block_free(struct window_block *block)
{
    if (block->is_mapped)
        munmap(block, block->size);
    else
        free(block);
}

enum err window_block_move(struct window_block *block, const char *directory, struct why *why)
{
    must(window_block_can_move(block));
    int file = -1;
    enum err err = open_nameless(directory, &file, why);
    if (err != OK)
        return err;
    block->is_in_file = true; /* in the file too */
    err = write_all(file, (const char *)block, block->size, why);
    /* Private: what the window still writes into the header does not concern the file. */
    if (err == OK && mmap(block, block->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED, file,
                          0) == MAP_FAILED)
        err = why_set(why, ERR_IO, "cannot map a file in '%s': %s", directory, strerror(errno));
    close(file);
    if (err != OK)
        block->is_in_file = false;
    return err;
}

static void *map_pages(size_t size)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(pages != MAP_FAILED);
    return pages;
}

static void *map_huge_page(void)
{
    const size_t size = WINDOW_BLOCK_BYTES_MAX;
    char *pages = map_pages(2 * size);
    char *aligned = pages + (size - (uintptr_t)pages % size) % size;
    if (aligned > pages)
        munmap(pages, (size_t)(aligned - pages));
    munmap(aligned + size, (size_t)(pages + size - aligned));
    (void)madvise(aligned, size, MADV_HUGEPAGE);
    return aligned;
}

static enum err open_nameless(const char *directory, int *ret_file, struct why *why)
{
    char path[4096];
    const enum err err = file_make_directory(directory, why);
    if (err != OK)
        return err;
    const int size = snprintf(path, sizeof(path), "%s/window-XXXXXX", directory);
    if (size < 0 || (size_t)size >= sizeof(path))
        return why_set(why, ERR_LIMIT, "the path '%s' is too long", directory);
    const int file = mkostemp(path, O_CLOEXEC);
    if (file < 0)
        return why_set(why, ERR_IO, "cannot make a file in '%s': %s", directory, strerror(errno));
    unlink(path);
    *ret_file = file;
    return OK;
}

static enum err write_all(int file, const char *bytes, size_t size, struct why *why)
{
    while (size > 0) {
        const ssize_t count = write(file, bytes, size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return why_set(why, errno == ENOSPC ? ERR_FULL : ERR_IO,
                           "cannot write a window's rows: %s", strerror(errno));
        bytes += count;
        size -= (size_t)count;
    }
    return OK;
}

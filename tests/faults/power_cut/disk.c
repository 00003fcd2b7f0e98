/* disk.c -- shows what a disk may hold after the power went off at a point of a journal.
 *
 * usage: power-cut-disk count JOURNAL                      how many events there are
 *        power-cut-disk syncs JOURNAL                      how many syncs
 *        power-cut-disk place JOURNAL CUT                  bytes of the journal before the cut
 *        power-cut-disk reported JOURNAL CUT               the last mark before the cut
 *        power-cut-disk build JOURNAL CUT SEED DIRECTORY   makes the directory
 *
 * What was synced before the cut is there. Of what was not, each sector of 512 bytes is there or
 * not by chance, whatever its order; so is a file's new size, with zeros where data is missing.
 * Names come in order: of those not synced a random number is there. Of a file without a name
 * nothing is left, as POSIX has it: syncing a file does not sync its name. */
#include "journal.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR_BYTES 512
#define FILES_MAX 65536
#define NAME_BYTES_MAX 4096

struct image {
    char *bytes;
    uint64_t size, capacity;
    uint64_t *written; /* by sector: one more than the event that wrote what is synced there */
    uint64_t sector_count;
};

struct file {
    struct image image; /* what is synced */
    uint64_t *pending;  /* events that are not */
    size_t pending_count, pending_capacity;
    uint64_t lost_before; /* a sync failed: no later one covers what was written before */
};

struct name {
    char text[NAME_BYTES_MAX];
    uint32_t file; /* 0: a directory */
};

struct disk {
    const char *journal;
    uint64_t *starts; /* of the events */
    uint64_t count;
    struct file *files[FILES_MAX];
    uint64_t *name_events; /* that changed names */
    size_t name_count, names_synced;
    struct name *names;
    size_t used;
};

static void die(const char *words, const char *subject)
{
    fprintf(stderr, "power-cut-disk: %s '%s': %s\n", words, subject, strerror(errno));
    exit(2);
}

static const struct journal_event *event_at(const struct disk *disk, uint64_t number)
{
    return (const struct journal_event *)(disk->journal + disk->starts[number]);
}

static const char *data_of(const struct journal_event *event)
{
    return (const char *)(event + 1);
}

/* A journal that was cut short by a kill ends with its last whole event. */
static void journal_open(struct disk *disk, const char *path)
{
    struct stat info;
    const int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &info) != 0)
        die("cannot open", path);
    const uint64_t size = (uint64_t)info.st_size;
    void *bytes = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
    if (bytes == MAP_FAILED)
        die("cannot read", path);
    close(fd);
    disk->journal = bytes;
    size_t capacity = 0;
    for (uint64_t at = 0; at + sizeof(struct journal_event) <= size;) {
        const struct journal_event *event = (const void *)(disk->journal + at);
        const uint64_t next = at + (sizeof(*event) + event->size + 7) / 8 * 8;
        if (next > size)
            break;
        if (disk->count == capacity) {
            capacity = capacity ? capacity * 2 : 1024;
            disk->starts = memory_realloc(disk->starts, capacity * sizeof(*disk->starts));
        }
        disk->starts[disk->count++] = at;
        at = next;
    }
}

static struct file *file_of(struct disk *disk, uint32_t number)
{
    if (number >= FILES_MAX)
        die("too many files in", "the journal");
    if (!disk->files[number])
        disk->files[number] = MEMORY_NEW(struct file);
    return disk->files[number];
}

static void image_resize(struct image *image, uint64_t size)
{
    if (size > image->capacity) {
        const uint64_t sectors = (size * 2 + SECTOR_BYTES - 1) / SECTOR_BYTES;
        image->bytes = memory_realloc(image->bytes, sectors * SECTOR_BYTES);
        image->written = memory_realloc(image->written, sectors * sizeof(*image->written));
        memset(image->bytes + image->capacity, 0, sectors * SECTOR_BYTES - image->capacity);
        memset(image->written + image->sector_count, 0,
               (sectors - image->sector_count) * sizeof(*image->written));
        image->sector_count = sectors;
        image->capacity = sectors * SECTOR_BYTES;
    }
    if (size < image->size)
        memset(image->bytes + size, 0, image->size - size);
    image->size = size;
}

/* One event's bytes, sector by sector, each by a chance of `share`. Nothing overwrites what a later
 * event wrote. */
static void image_apply(struct image *image, const struct journal_event *event, uint64_t number,
                        double share, struct random *random)
{
    if (event->kind == JOURNAL_SIZE) {
        if (random_unit(random) < share)
            image_resize(image, event->offset);
        return;
    }
    for (uint64_t at = 0; at < event->size;) {
        const uint64_t offset = event->offset + at;
        const uint64_t left = SECTOR_BYTES - offset % SECTOR_BYTES;
        const uint64_t size = left < event->size - at ? left : event->size - at;
        if (random_unit(random) < share) {
            if (offset + size > image->size)
                image_resize(image, offset + size);
            if (image->written[offset / SECTOR_BYTES] <= number) {
                memcpy(image->bytes + offset, data_of(event) + at, size);
                image->written[offset / SECTOR_BYTES] = number + 1;
            }
        }
        at += size;
    }
}

static void file_add(struct file *file, uint64_t number)
{
    if (file->pending_count == file->pending_capacity) {
        file->pending_capacity = file->pending_capacity ? file->pending_capacity * 2 : 64;
        file->pending =
            memory_realloc(file->pending, file->pending_capacity * sizeof(*file->pending));
    }
    file->pending[file->pending_count++] = number;
}

/* Everything up to `begun`, or only the event itself, is on the disk, but for what was lost. */
static void file_sync(struct disk *disk, struct file *file, uint64_t begun, bool only)
{
    struct random random = {0};
    size_t kept = 0;
    for (size_t i = 0; i < file->pending_count; i++) {
        const uint64_t number = file->pending[i];
        if (only ? number == begun : number < begun && number >= file->lost_before)
            image_apply(&file->image, event_at(disk, number), number, 1, &random);
        else
            file->pending[kept++] = number;
    }
    file->pending_count = kept;
}

static void names_add(struct disk *disk, uint64_t number)
{
    disk->name_events =
        memory_realloc(disk->name_events, (disk->name_count + 1) * sizeof(*disk->name_events));
    disk->name_events[disk->name_count++] = number;
}

static void replay(struct disk *disk, uint64_t cut)
{
    for (uint64_t i = 0; i < cut; i++) {
        const struct journal_event *event = event_at(disk, i);
        switch ((enum journal_kind)event->kind) {
        case JOURNAL_CREATE:
        case JOURNAL_RENAME:
        case JOURNAL_UNLINK:
        case JOURNAL_MAKE_DIRECTORY:
            names_add(disk, i);
            break;
        case JOURNAL_NAMES_SYNCED:
            while (disk->names_synced < disk->name_count &&
                   disk->name_events[disk->names_synced] < event->begun)
                disk->names_synced++;
            break;
        case JOURNAL_WRITE:
        case JOURNAL_SIZE:
            file_add(file_of(disk, event->file), i);
            break;
        case JOURNAL_SYNCED:
            file_sync(disk, file_of(disk, event->file), event->begun, false);
            break;
        case JOURNAL_WRITE_SYNCED:
            file_sync(disk, file_of(disk, event->file), event->begun, true);
            break;
        case JOURNAL_SYNC_FAILED:
            if (event->file)
                file_of(disk, event->file)->lost_before = event->begun;
            break;
        case JOURNAL_SYNC_BEGUN:
        case JOURNAL_REPORTED:
            break;
        }
    }
}

static struct name *name_find(struct disk *disk, const char *text)
{
    for (size_t i = 0; i < disk->used; i++)
        if (strcmp(disk->names[i].text, text) == 0)
            return &disk->names[i];
    return NULL;
}

static void name_remove(struct disk *disk, const char *text)
{
    struct name *name = name_find(disk, text);
    if (name)
        *name = disk->names[--disk->used];
}

static void name_put(struct disk *disk, const char *text, uint32_t file)
{
    name_remove(disk, text);
    disk->names = memory_realloc(disk->names, (disk->used + 1) * sizeof(*disk->names));
    struct name *name = &disk->names[disk->used++];
    snprintf(name->text, sizeof(name->text), "%s", text);
    name->file = file;
}

static void name_apply(struct disk *disk, const struct journal_event *event)
{
    char text[2 * NAME_BYTES_MAX] = {0};
    if (event->size >= sizeof(text))
        die("too long a name in", "the journal");
    memcpy(text, data_of(event), event->size);
    if (event->kind == JOURNAL_CREATE || event->kind == JOURNAL_MAKE_DIRECTORY) {
        name_put(disk, text, event->file);
    } else if (event->kind == JOURNAL_UNLINK) {
        name_remove(disk, text);
    } else {
        const struct name *from = name_find(disk, text);
        const uint32_t file = from ? from->file : 0;
        name_remove(disk, text);
        name_put(disk, text + strlen(text) + 1, file);
    }
}

static void file_write(const struct image *image, const char *path)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0 || ftruncate(fd, (off_t)image->size) != 0)
        die("cannot write", path);
    for (uint64_t at = 0; at < image->size;) {
        const ssize_t size = write(fd, image->bytes + at, image->size - at);
        if (size <= 0)
            die("cannot write", path);
        at += (uint64_t)size;
    }
    close(fd);
}

/* A disk that wrote nothing yet, all, or some of it. */
static double choose_share(struct random *random)
{
    static const double shares[] = {0, 1, 0.5, 0.9, 0.1};
    return shares[random_below(random, sizeof(shares) / sizeof(*shares))];
}

static void build(struct disk *disk, uint64_t cut, uint64_t seed, const char *directory)
{
    struct random random = {seed};
    replay(disk, cut);
    for (size_t i = 0; i < FILES_MAX; i++) {
        struct file *file = disk->files[i];
        if (!file)
            continue;
        const double share = choose_share(&random);
        for (size_t j = 0; j < file->pending_count; j++)
            image_apply(&file->image, event_at(disk, file->pending[j]), file->pending[j], share,
                        &random);
    }
    const size_t names =
        disk->names_synced + random_below(&random, disk->name_count - disk->names_synced + 1);
    for (size_t i = 0; i < names; i++)
        name_apply(disk, event_at(disk, disk->name_events[i]));
    if (mkdir(directory, 0755) != 0 && errno != EEXIST)
        die("cannot make", directory);
    for (size_t i = 0; i < disk->used; i++) {
        char path[2 * NAME_BYTES_MAX];
        snprintf(path, sizeof(path), "%s%s", directory, disk->names[i].text);
        if (disk->names[i].file)
            file_write(&file_of(disk, disk->names[i].file)->image, path);
        else if (mkdir(path, 0755) != 0 && errno != EEXIST)
            die("cannot make", path);
    }
}

static void print_reported(const struct disk *disk, uint64_t cut)
{
    for (uint64_t i = cut; i-- > 0;) {
        const struct journal_event *event = event_at(disk, i);
        if (event->kind != JOURNAL_REPORTED)
            continue;
        fwrite(data_of(event), 1, event->size, stdout);
        return;
    }
    puts("0");
}

static uint64_t count_syncs(const struct disk *disk)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < disk->count; i++) {
        const uint32_t kind = event_at(disk, i)->kind;
        count += kind == JOURNAL_SYNC_BEGUN || kind == JOURNAL_WRITE_SYNCED;
    }
    return count;
}

static uint64_t place_of(const struct disk *disk, uint64_t cut)
{
    if (cut < disk->count)
        return disk->starts[cut];
    return disk->count ? disk->starts[cut - 1] + sizeof(struct journal_event) : 0;
}

int main(int argc, char **argv)
{
    static struct disk disk;
    int64_t cut = 0;
    int64_t seed = 0;
    if (argc < 3)
        die("usage: count|syncs|place|reported|build JOURNAL [CUT [SEED DIRECTORY]]", "arguments");
    journal_open(&disk, argv[2]);
    if (argc > 3 &&
        (str_to_int64(str_from(argv[3]), &cut) != OK || cut < 0 || (uint64_t)cut > disk.count))
        die("no such cut", argv[3]);
    if (argc > 4 && str_to_int64(str_from(argv[4]), &seed) != OK)
        die("no seed", argv[4]);
    if (strcmp(argv[1], "count") == 0)
        printf("%llu\n", (unsigned long long)disk.count);
    else if (strcmp(argv[1], "syncs") == 0)
        printf("%llu\n", (unsigned long long)count_syncs(&disk));
    else if (strcmp(argv[1], "place") == 0)
        printf("%llu\n", (unsigned long long)place_of(&disk, (uint64_t)cut));
    else if (strcmp(argv[1], "reported") == 0)
        print_reported(&disk, (uint64_t)cut);
    else if (strcmp(argv[1], "build") == 0 && argc == 6)
        build(&disk, (uint64_t)cut, (uint64_t)seed, argv[5]);
    else
        die("usage: count|syncs|place|reported|build JOURNAL [CUT [SEED DIRECTORY]]", argv[1]);
    return 0;
}

/* journal.h -- what happened to the files of a directory, in order: written by the recorder, read
 * by the disk.
 *
 * A journal is a row of events, each followed by `size` bytes and filled up to a multiple of 8: of
 * a write its data, of a name its text. Events are numbered from 0; a cut at N is the power going
 * off after event N - 1. */
#ifndef TESTS_POWER_CUT_JOURNAL_H
#define TESTS_POWER_CUT_JOURNAL_H

#include <stdint.h>

enum journal_kind {
    JOURNAL_CREATE,         /* a new file got a name */
    JOURNAL_RENAME,         /* "old\0new" */
    JOURNAL_UNLINK,         /* a name is gone */
    JOURNAL_MAKE_DIRECTORY, /* a directory got a name */
    JOURNAL_NAMES_SYNCED,   /* names as they were at event `begun` are on the disk */
    JOURNAL_WRITE,          /* data at `offset` */
    JOURNAL_SIZE,           /* the file's size became `offset` */
    JOURNAL_SYNC_BEGUN,     /* of a file, or of names: nothing is promised yet */
    JOURNAL_SYNCED,         /* the file as it was at event `begun` is on the disk */
    JOURNAL_SYNC_FAILED,    /* what was written before event `begun` may never reach the disk */
    JOURNAL_WRITE_SYNCED,   /* only what event `begun` wrote is on the disk (O_DSYNC) */
    JOURNAL_REPORTED        /* the program told somebody */
};

struct journal_event {
    uint32_t kind;
    uint32_t file; /* a number from 1 */
    uint64_t offset;
    uint64_t begun;
    uint64_t size; /* of what follows */
};

#endif

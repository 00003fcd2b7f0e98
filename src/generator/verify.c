/* verify.c -- compares the truth with every place that exists. */
#include "generator/verify.h"

#include "base/memory.h"

/* A slice's memory for each byte of truth that falls into it: entries become structs. */
#define SLICE_BYTES_PER_TRUTH_BYTE 6
#define SLICE_BITS_MAX 16

/* A place whose rows belong to one order each. */
struct row_place {
    const char *name;
    enum err (*compare)(struct source *source, struct slice *slice, struct report *report,
                        struct why *why);
    bool is_documents;
};
static const struct row_place row_places[] = {
    {"MCD_ORDERS_PAYMENTS_JOINED", verify_joined, false},
    {"UNPAID_ORDERS", verify_unpaid, false},
    {"ORDER_STORY", verify_story, false},
    {VERIFY_COLLECTION, verify_documents, true},
};
#define ROW_PLACES (sizeof(row_places) / sizeof(*row_places))

struct verify {
    struct source source;
    struct slice slice;
    struct tallies *tallies;
    struct report rows[ROW_PLACES];
    bool is_there[ROW_PLACES];
    struct verify_place *places;
    uint32_t place_count;
    struct arena *arena;
};

static enum err count_bits(const struct verify_options *options, uint32_t *ret_bits,
                           struct why *why);
static enum err compare_rows(struct verify *verify, uint32_t bits, struct why *why);
static enum err compare_tables(struct verify *verify, struct why *why);

enum err verify_run(const struct verify_options *options, struct arena *arena,
                    struct verify_place **ret_places, uint32_t *ret_count, struct why *why)
{
    must(options != NULL);
    must(options->log != NULL);
    must(options->registry != NULL);
    must(ret_places != NULL);
    must(ret_count != NULL);
    const struct log_member_options member_options = {.name = STR("verify"),
                                                      .committed_only = true};
    struct verify verify = {.source.options = options, .arena = arena};
    uint32_t bits = 0;
    enum err err = picture_take(&verify.source.picture, options, why);
    const struct picture_topic *orders = picture_find(&verify.source.picture, STR("mcd_orders"));
    if (!err)
        err = count_bits(options, &bits, why);
    if (!err && !orders)
        err = why_set(why, ERR_NOT_FOUND, "no topic 'mcd_orders'");
    if (!err)
        err = log_join(options->log, &member_options, &verify.source.member, why);
    if (err) {
        picture_release(&verify.source.picture);
        return err;
    }
    slice_init(&verify.slice, orders->handle->partition_count, bits);
    verify.tallies = tallies_new();
    verify.places = ARENA_ARRAY(arena, struct verify_place, ROW_PLACES + tallies_count());
    err = compare_rows(&verify, bits, why);
    if (!err)
        err = compare_tables(&verify, why);
    if (!err) {
        *ret_places = verify.places;
        *ret_count = verify.place_count;
    }
    tallies_free(verify.tallies);
    slice_release(&verify.slice);
    log_leave(verify.source.member);
    picture_release(&verify.source.picture);
    return err;
}

/* As many slices as keep one of them within its memory. */
static enum err count_bits(const struct verify_options *options, uint32_t *ret_bits,
                           struct why *why)
{
    struct arena arena;
    struct log_topic_info info;
    const uint64_t bytes_max =
        options->slice_bytes_max ? options->slice_bytes_max : VERIFY_SLICE_BYTES_MAX;
    arena_init(&arena, 0);
    enum err err = log_describe(options->log, STR(TRUTH_TOPIC), &arena, &info, why);
    if (err == ERR_NOT_FOUND)
        err = why_set(why, err, "no topic '" TRUTH_TOPIC "': nothing was generated into this log");
    if (!err) {
        const uint64_t bytes = info.partitions[0].bytes * SLICE_BYTES_PER_TRUTH_BYTE;
        uint32_t bits = 0;
        while (bits < SLICE_BITS_MAX && bytes >> bits > bytes_max)
            bits++;
        *ret_bits = bits;
    }
    arena_release(&arena);
    return err;
}

static enum err compare_rows(struct verify *verify, uint32_t bits, struct why *why)
{
    struct source *source = &verify->source;
    enum err err = OK;
    for (size_t i = 0; i < ROW_PLACES; i++) {
        report_init(&verify->rows[i], str_from(row_places[i].name), verify->arena);
        verify->is_there[i] = !row_places[i].is_documents || source->options->walk != NULL;
    }
    source->progress_share = 1.0 / (double)(1u << bits);
    for (uint32_t number = 0; number < 1u << bits && !err; number++) {
        source->progress_start = (double)number * source->progress_share;
        err = slice_load(&verify->slice, source, number, why);
        if (!err)
            err = picture_mark(&source->picture, &verify->slice, source, why);
        if (!err)
            tallies_add_slice(verify->tallies, &verify->slice);
        for (size_t i = 0; i < ROW_PLACES && !err; i++) {
            if (!verify->is_there[i])
                continue;
            slice_clear_found(&verify->slice);
            err = row_places[i].compare(source, &verify->slice, &verify->rows[i], why);
            if (err == ERR_NOT_FOUND) {
                verify->is_there[i] = false;
                err = OK;
            }
        }
    }
    for (size_t i = 0; i < ROW_PLACES && !err; i++)
        if (verify->is_there[i])
            verify->places[verify->place_count++] = verify->rows[i].place;
    return err;
}

static enum err compare_tables(struct verify *verify, struct why *why)
{
    verify->source.progress_start = 0;
    verify->source.progress_share = 1;
    for (uint32_t i = 0; i < tallies_count(); i++) {
        struct report report;
        report_init(&report, str_from(tallies_topic(i)), verify->arena);
        const enum err err = tallies_compare(verify->tallies, i, &verify->source, &report, why);
        if (err == ERR_NOT_FOUND)
            continue;
        if (err)
            return err;
        verify->places[verify->place_count++] = report.place;
    }
    return OK;
}

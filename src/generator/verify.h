/* verify.h -- inside verify: what is expected, what was found, and how the two are told apart.
 *
 * Order ids are dealt into slices by hash. For each slice the truth is read once and its orders
 * held in memory, then each place whose rows belong to one order is read and compared: joined rows,
 * unpaid orders, the table of one order's story, documents. Tables that count over all orders are
 * tallied slice by slice and compared at the end. */
#ifndef GENERATOR_VERIFY_H
#define GENERATOR_VERIFY_H

#include "base/map.h"
#include "data/batch.h"
#include "generator/generator.h"
#include "generator/truth.h"

#define VERIFY_SLICE_BYTES_MAX (64 << 20)
#define VERIFY_FIELDS_MAX 12
#define VERIFY_COLLECTION "orders_payments"
#define VERIFY_DELIVERED_TOPIC "MCD_ORDERS_PAYMENTS_JOINED" /* what the collection is made of */

/* ---- report: one place's numbers and examples ---- */

enum finding {
    FINDING_PENDING,
    FINDING_LOST,
    FINDING_DUPLICATED,
    FINDING_WRONG,
    FINDING_UNEXPECTED,
    FINDING_COUNT
};

struct report {
    struct verify_place place;
    struct arena *arena; /* of the examples */
    uint32_t examples[FINDING_COUNT];
    char key_text[96];
};

void report_init(struct report *report, struct str name, struct arena *arena);
/* Counts `count` findings; the first of each kind become examples. */
void report_add(struct report *report, enum finding finding, uint64_t count, const char *format,
                ...) PRINTF_LIKE(4, 5);
/* A key as a message shows it: text as it is, with the window if it has one, anything else as hex.
 * Valid until the next call. */
struct str report_key(struct report *report, struct str key);

/* ---- picture: the log as it was when verify began ---- */

struct picture_partition {
    int64_t end_offset;
    int64_t unread_offset;      /* the first record that some query has not read */
    int64_t undelivered_offset; /* the first that some sink has not delivered */
};
struct picture_topic {
    struct log_topic *handle;
    bool is_compacted;
    struct picture_partition *partitions;
};
struct picture {
    struct arena arena;
    struct picture_topic *topics;
    uint32_t topic_count;
    uint64_t unread_count; /* records some query has not read */
};

MUST_CHECK enum err picture_take(struct picture *picture, const struct verify_options *options,
                                 struct why *why);
void picture_release(struct picture *picture);
/* NULL: there was no such topic. */
const struct picture_topic *picture_find(const struct picture *picture, struct str name);
/* Whether the picture ends before this record of the topic. */
bool picture_is_newer(const struct picture *picture, const char *topic, int32_t partition,
                      const struct record *record);

/* ---- source: records of topics, values decoded ---- */

/* What every reading of a topic needs. */
struct source {
    const struct verify_options *options;
    struct picture picture;
    struct log_member *member;
    double progress_start, progress_share; /* of this reading in the place's whole */
    double progress_told;
};

typedef enum err (*record_handler)(void *context, int32_t partition, const struct record *record,
                                   struct why *why);
/* All records of a topic that the picture has, partition by partition; of a compacted one newer
 * ones, too: they may have taken the place of those. ERR_NOT_FOUND: no such topic. */
MUST_CHECK enum err source_walk(struct source *source, const char *topic, record_handler on_record,
                                void *context, struct why *why);
/* Those in [from, to) of one partition; what retention has taken away is left out. */
MUST_CHECK enum err source_walk_range(struct source *source, struct log_topic *topic,
                                      int32_t partition, int64_t from_offset, int64_t to_offset,
                                      record_handler on_record, void *context, struct why *why);
void source_tell(struct source *source, const char *place, double done);

/* Columns of one Avro value, by upper-case names. */
struct value_field {
    const char *name;
    const struct type *type;
};
struct value_reader {
    struct registry *registry;
    struct arena arena;
    struct avro_target targets[VERIFY_FIELDS_MAX];
    uint32_t field_count;
    struct column columns[VERIFY_FIELDS_MAX];
    struct value_decoder {
        int32_t schema_id;
        const struct avro_decoder *decoder;
    } decoders[64];
    uint32_t decoder_count;
};
void value_reader_init(struct value_reader *reader, struct registry *registry,
                       const struct value_field *fields, uint32_t field_count);
void value_reader_release(struct value_reader *reader);
/* Row 0 of the columns, valid until the next read and as long as the record. ERR_MALFORMED and the
 * like: the value cannot be decoded. */
MUST_CHECK enum err value_read(struct value_reader *reader, struct str value, struct why *why);
/* Cells of row 0. NULL: no data, NaN, INT64_MIN. */
struct str value_text(const struct value_reader *reader, uint32_t field);
double value_double(const struct value_reader *reader, uint32_t field);
int64_t value_int64(const struct value_reader *reader, uint32_t field);

/* ---- slice: the truth about some of the orders ---- */

struct expected_payment {
    struct expected_payment *next;
    struct truth_entry entry;
    uint32_t copies;
    uint32_t found; /* in the place being compared */
};

enum story { STORY_MISSING, STORY_RIGHT, STORY_WRONG };

struct expected_order {
    struct str order_id;
    uint64_t hash;
    uint32_t copies; /* 0: only payments name this order */
    struct truth_entry order;
    struct expected_payment *payments;
    int64_t lateness_ms; /* how far behind the newest event one of its events was sent */
    bool is_unread;      /* a record of its was not read or not delivered yet */
    uint32_t found;      /* in the place being compared */
    enum story story;
    const char *story_field; /* that is wrong */
};

struct slice {
    struct arena arena;
    uint32_t bits, number;         /* holds ids whose hash begins with these bits */
    struct expected_order **index; /* open addressing; NULL: free */
    size_t capacity, count;
    int32_t partition_count;
    int64_t *newest_ms; /* by partition of the order id: the newest event of the whole truth */
    int64_t newest_of_all_ms;
};

void slice_init(struct slice *slice, int32_t partition_count, uint32_t bits);
void slice_release(struct slice *slice);
/* Reads the truth for one slice. ERR_CORRUPT. */
MUST_CHECK enum err slice_load(struct slice *slice, struct source *source, uint32_t number,
                               struct why *why);
bool slice_has(const struct slice *slice, struct str order_id);
/* NULL: the truth knows no such id. */
struct expected_order *slice_find(const struct slice *slice, struct str order_id);
/* Walks in no order: start with *cursor = 0; NULL at the end. */
struct expected_order *slice_next(const struct slice *slice, size_t *cursor);
/* Before a place is compared. */
void slice_clear_found(struct slice *slice);
/* Joined rows this pair must make. */
uint64_t joined_count(const struct expected_order *order, const struct expected_payment *payment);
int64_t joined_delay_ms(const struct expected_order *order, const struct expected_payment *payment);

/* Marks the orders of the slice that the picture has unread records of. */
MUST_CHECK enum err picture_mark(const struct picture *picture, struct slice *slice,
                                 struct source *source, struct why *why);

/* Equal but for the order of summation. */
bool verify_equal(double a, double b);

/* ---- joined rows, from the topic or from documents ---- */

struct joined_line {
    struct str item_name;
    int64_t quantity;
    double price;
};
struct joined_row {
    struct str order_id, customer_id, payment_id, payment_method;
    double order_total, payment_amount;
    int64_t order_time_ms, payment_time_ms;
    struct joined_line lines[ORDER_LINES_MAX];
    uint32_t line_count; /* also of those beyond the array */
};
void joined_row_init(struct joined_row *row);
void joined_check(const struct slice *slice, struct report *report, const struct joined_row *row);
/* What was not found. */
void joined_finish(const struct slice *slice, struct report *report);

MUST_CHECK enum err verify_joined(struct source *source, struct slice *slice, struct report *report,
                                  struct why *why);
MUST_CHECK enum err verify_unpaid(struct source *source, struct slice *slice, struct report *report,
                                  struct why *why);
MUST_CHECK enum err verify_story(struct source *source, struct slice *slice, struct report *report,
                                 struct why *why);
MUST_CHECK enum err verify_documents(struct source *source, struct slice *slice,
                                     struct report *report, struct why *why);

/* ---- tallies: tables that count over all orders ---- */

struct tallies;
struct tallies *tallies_new(void);
void tallies_free(struct tallies *tallies);
void tallies_add_slice(struct tallies *tallies, const struct slice *slice);
uint32_t tallies_count(void);
const char *tallies_topic(uint32_t index);
MUST_CHECK enum err tallies_compare(struct tallies *tallies, uint32_t index, struct source *source,
                                    struct report *report, struct why *why);

#endif

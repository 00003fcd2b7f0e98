/* step.h -- the records of one step of the generator, as finished batches. */
#ifndef GENERATOR_STEP_H
#define GENERATOR_STEP_H

#include "data/record.h"
#include "generator/schedule.h"
#include "generator/truth.h"
#include "log/log.h"

/* Records of one step at most: one commit, one sync. */
#define STEP_EVENTS_MAX 16384

/* Where the records go, and the schemas they are written with. */
struct step_topics {
    struct log_topic *orders, *payments, *truth;
    int32_t orders_schema, payments_schema;
};

struct step {
    struct step_topics topics;
    struct record_batch_builder *builders; /* orders' partitions, payments', then the truth's one */
    uint32_t builder_count;
    struct buf value, broken, entries;
    int64_t time_ms; /* of the record sent last */
    uint32_t event_count, order_count, payment_count;
    struct log_append *appends; /* room for builder_count; what step_finish made */
    uint32_t append_count;
};

void step_init(struct step *step, const struct step_topics *topics);
void step_release(struct step *step);
/* Makes the record of a send and its entry in the truth. */
void step_add(struct step *step, const struct schedule *schedule, struct send send);
/* Adds the position and finishes the batches: `appends` are then ready for the log. */
void step_finish(struct step *step, const struct truth_position *position);
/* Empties it; `taken`: the log owns the batches. */
void step_clear(struct step *step, bool taken);

#endif

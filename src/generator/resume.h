/* resume.h -- inside the generator: its state, and how it is found again in the log. */
#ifndef GENERATOR_RESUME_H
#define GENERATOR_RESUME_H

#include "generator/generator.h"
#include "generator/step.h"

/* How long to wait for a step on its way where no caller gives a time. */
#define GENERATOR_WAIT_MS 1000

struct generator {
    struct generator_options options;
    struct log *log;
    struct log_member *member;
    struct schedule schedule;
    struct step step;
    bool step_is_ready; /* finished, not known to be durable */
    bool step_is_taken; /* the log has it */
    uint64_t taken_count;
    bool is_lost; /* a commit failed: go back to the log's last position */
    int64_t start_ms;
    uint64_t orders, payments, events; /* durable ones */
};

/* Makes topics and schemas where they are missing. */
MUST_CHECK enum err generator_open_topics(struct generator *generator, struct registry *registry,
                                          struct why *why);
/* Joins the log and goes to the position it holds, or to the beginning; drops the step at hand. */
MUST_CHECK enum err generator_resume(struct generator *generator, struct why *why);
/* Waits until the step that was handed over is durable. ERR_AGAIN, ERR_FULL: not in time. */
MUST_CHECK enum err generator_wait(struct generator *generator, int64_t timeout_ms);

#endif

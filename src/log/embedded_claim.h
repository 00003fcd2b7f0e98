/* embedded_claim.h -- the embedded log's part of log_claim and log_append_at. */
#ifndef LOG_EMBEDDED_CLAIM_H
#define LOG_EMBEDDED_CLAIM_H

#include "log/log.h"

enum err embedded_claim(struct log *log, struct log_topic *topic, int64_t *ret_end_offset,
                        struct why *why);
enum err embedded_append_at(struct log *log, struct log_topic *topic, int64_t end_offset,
                            struct str batch, struct why *why);

#endif

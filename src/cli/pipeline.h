/* pipeline.h -- what the names of a pipeline's files say. */
#ifndef CLI_PIPELINE_H
#define CLI_PIPELINE_H

#include "base/str.h"

/* "mcd_orders-value.2.avsc" -> "mcd_orders-value": what comes before a version's number, if there
 * is one. Borrowed from the file's name. */
struct str pipeline_subject(struct str file);
/* "mcd_orders-value" -> "mcd_orders"; size 0: no subject of a topic's values. */
struct str pipeline_topic(struct str subject);

#endif

/* dashboard.h -- dashboard.json: which queries the page's tiles stand on. Inside api/. */
#ifndef API_DASHBOARD_H
#define API_DASHBOARD_H

#include "base/arena.h"
#include "base/str.h"

#include <stdint.h>

#define DASHBOARD_BYTES_MAX (256 << 10)
#define DASHBOARD_QUERIES_MAX 200

struct dashboard_query {
    struct str sql;
    uint32_t rows_max; /* the highest any of its tiles asks for */
};

/* The text is what the page gets, as it is: it knows what a tile's kind means, the server only runs
 * its SQL. */
struct dashboard {
    struct str text;                 /* one line */
    struct dashboard_query *queries; /* each SQL once */
    uint32_t query_count;
};

/* {"tiles": [{"sql": "SELECT ...", or {"name": "SELECT ..."}, "rows": 2000, ...}], ...}; members it
 * does not know are left to the page. Everything lives in the arena. ERR_INVALID with the place. */
MUST_CHECK enum err dashboard_parse(struct str text, struct arena *arena,
                                    struct dashboard *ret_dashboard, struct why *why);

#endif

/* zone_file.h -- one compiled zone file (TZif, RFC 8536) in memory. Inside data/ only. */
#ifndef DATA_ZONE_FILE_H
#define DATA_ZONE_FILE_H

#include "base/arena.h"
#include "data/zone.h"

#include <stdint.h>

/* What holds from a transition on. */
struct zone_period {
    int32_t offset_s;
    char abbreviation[ZONE_ABBREVIATION_MAX];
};

/* When a yearly change happens: POSIX TZ's Jn, n or Mm.w.d, and the local time of that day. */
struct zone_rule {
    enum { RULE_JULIAN, RULE_DAY, RULE_WEEK } kind;
    int month, week, day;
    int32_t time_s;
};

/* Immutable after zone_file_parse. */
struct zone_file {
    uint32_t transition_count;
    const int64_t *transitions; /* seconds, ascending */
    const uint8_t *period_of;   /* for each transition, an index into periods */
    uint32_t period_count;
    const struct zone_period *periods; /* [0] also holds before the first transition */
    /* After the last transition, by rule. */
    bool has_rules;
    bool has_summer;
    struct zone_period winter;
    struct zone_period summer;
    struct zone_rule summer_begin;
    struct zone_rule winter_begin;
};

/* Checks every bound. Everything lives in the arena. ERR_MALFORMED. */
MUST_CHECK enum err zone_file_parse(struct str bytes, struct arena *arena,
                                    struct zone_file *ret_file);
/* A POSIX TZ text ("CET-1CEST,M3.5.0,M10.5.0/3") into the rules of `file`. ERR_MALFORMED. */
MUST_CHECK enum err zone_rules_parse(struct str text, struct zone_file *file);
/* By rule, whatever the transitions say; file->has_rules. */
const struct zone_period *zone_rules_at(const struct zone_file *file, int64_t timestamp_s);
/* What holds at an instant; lives as long as the file. */
const struct zone_period *zone_file_at(const struct zone_file *file, int64_t timestamp_s);

#endif

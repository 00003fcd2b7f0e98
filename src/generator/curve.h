/* curve.h -- the day's curve: how much of a day's traffic has come by what time of day. */
#ifndef GENERATOR_CURVE_H
#define GENERATOR_CURVE_H

#include <stdint.h>

/* Days of traffic since 1970-01-01: whole days plus the share of the day's orders that come before
 * this time of day. Grows with time; over a whole day it grows by exactly 1. */
double curve_position(int64_t time_ms);
/* The other way: the time at which so much traffic has come. Never falls as position grows. */
int64_t curve_time_ms(double position);

#endif

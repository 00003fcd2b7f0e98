/* curve.c -- breakfast, lunch and dinner: how a day's orders spread over its hours.
 *
 * The rate at each full hour is given below and changes in a straight line to the next, around
 * midnight too. The traffic up to a time is then a sum of trapezoids, and the time at which a given
 * share is reached is the root of a quadratic: only + - * / and square roots, which every machine
 * rounds the same way. */
#include "generator/curve.h"

#include <math.h>

#define DAY_MS 86400000
#define HOUR_MS 3600000
#define HOURS 24

/* Orders an hour at each full hour, in no unit; UTC. */
static const double hour_rates[HOURS + 1] = {
    0.20, 0.12, 0.08, 0.08, 0.12, 0.35, 0.90, 1.60, 1.80, 1.25, 0.95, 1.60, 2.60,
    2.30, 1.25, 0.95, 1.05, 1.70, 2.45, 2.20, 1.45, 0.90, 0.55, 0.32, 0.20,
};

static double area_of_hour(int hour);
static double area_before(int hour);

double curve_position(int64_t time_ms)
{
    const int64_t day = time_ms >= 0 ? time_ms / DAY_MS : -((DAY_MS - 1 - time_ms) / DAY_MS);
    const int64_t rest_ms = time_ms - day * DAY_MS;
    const int hour = (int)(rest_ms / HOUR_MS);
    const double share = (double)(rest_ms % HOUR_MS) / HOUR_MS;
    const double slope = hour_rates[hour + 1] - hour_rates[hour];
    const double area = area_before(hour) + share * (hour_rates[hour] + slope * share / 2);
    return (double)day + area / area_before(HOURS);
}

int64_t curve_time_ms(double position)
{
    const double day = floor(position);
    double area = (position - day) * area_before(HOURS);
    int hour = 0;
    while (hour < HOURS - 1 && area >= area_of_hour(hour))
        area -= area_of_hour(hour++);
    const double from = hour_rates[hour];
    const double slope = hour_rates[hour + 1] - from;
    /* The root of slope/2 × share² + from × share = area, in the form that is right for slope 0. */
    double share = 2 * area / (from + sqrt(from * from + 2 * slope * area));
    share = share < 0 ? 0 : share > 1 ? 1 : share;
    return (int64_t)day * DAY_MS + hour * HOUR_MS + (int64_t)(share * HOUR_MS);
}

static double area_of_hour(int hour)
{
    return (hour_rates[hour] + hour_rates[hour + 1]) / 2;
}

static double area_before(int hour)
{
    double area = 0;
    for (int i = 0; i < hour; i++)
        area += area_of_hour(i);
    return area;
}

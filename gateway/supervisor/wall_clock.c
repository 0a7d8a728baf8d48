#include "gateway/supervisor/wall_clock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#include "core/clock.h"

#define LATEST_S (30 * 365 * 86400ll) /* after the build */

static int real_set(const struct timespec *time)
{
    return clock_settime(CLOCK_REALTIME, time);
}

const struct wall_clock wall_clock_real = {.adjust = adjtimex, .set = real_set, .now_us = clock_wall_us};

bool wall_clock_synchronised(const struct wall_clock *self)
{
    struct timex timex = {.modes = 0};
    if ((int64_t)(self->now_us() / 1000000) < clock_build_s())
        return false;
    return self->adjust(&timex) >= 0 && !(timex.status & STA_UNSYNC);
}

int wall_clock_set(const struct wall_clock *self, uint64_t us, char *why, size_t why_size)
{
    struct timespec time = {.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000};
    if (wall_clock_synchronised(self)) {
        snprintf(why, why_size, "The clock is kept right by the network: nobody else sets it.");
        return -EALREADY;
    }
    /* whoever may set it must not make expired certificates and old signatures good again */
    if (time.tv_sec < clock_build_s() || time.tv_sec > clock_build_s() + LATEST_S) {
        snprintf(why, why_size,
                 "The time is out of range: not before the day this program was built, and not 30 years after it.");
        return -ERANGE;
    }
    if (self->set(&time) == 0)
        return 0;
    int r = -errno;
    snprintf(why, why_size,
             "The gateway may not set this machine's clock (%s): set it there, or give lightsout.service "
             "CAP_SYS_TIME.",
             strerror(-r));
    return r;
}

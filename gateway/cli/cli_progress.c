/* How far something long has come, for who watches it on a terminal. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/attrs.h"
#include "core/clock.h"
#include "gateway/cli/cli.h"

#define EVERY_US 500000u

void cli_size_text(uint64_t size, char ret[24])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)size;
    unsigned unit = 0;

    while (value >= 1024 && unit + 1 < ARRAY_SIZE(units)) {
        value /= 1024;
        unit++;
    }
    snprintf(ret, 24, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

static void left_text(uint64_t left, uint64_t rate, char *room, size_t size)
{
    uint64_t s = rate ? (left + rate - 1) / rate : 0;
    room[0] = 0;
    if (rate && s >= 3600)
        snprintf(room, size, ", %llu h %llu min left", (unsigned long long)(s / 3600),
                 (unsigned long long)(s / 60 % 60));
    else if (rate && s >= 60)
        snprintf(room, size, ", %llu min %llu s left", (unsigned long long)(s / 60), (unsigned long long)(s % 60));
    else if (rate)
        snprintf(room, size, ", %llu s left", (unsigned long long)s);
}

void cli_progress_show(struct cli_progress *self, const char *verb, uint64_t done, uint64_t total)
{
    uint64_t now = clock_now_us();
    char done_text[24], total_text[24], rate_text[24], left[64] = "";
    if (!self->begun) {
        self->begun = true;
        self->begun_us = now;
        self->first = done; /* what was there already says nothing about the rate */
    }
    if (!isatty(STDERR_FILENO) || now - self->shown_us < EVERY_US)
        return;
    uint64_t us = MAX(now - self->begun_us, (uint64_t)1), moved = done - MIN(done, self->first);
    uint64_t rate = (uint64_t)((double)moved * 1e6 / (double)us);
    cli_size_text(done, done_text);
    cli_size_text(total, total_text);
    cli_size_text(rate, rate_text);
    self->shown_us = now;
    self->shown = true;
    if (total) {
        left_text(total - MIN(done, total), rate, left, sizeof left);
        fprintf(stderr, "\r\x1b[K%s %.0f %%, %s of %s, %s/s%s", verb, 100.0 * (double)done / (double)total, done_text,
                total_text, rate_text, left);
    } else {
        fprintf(stderr, "\r\x1b[K%s %s, %s/s", verb, done_text, rate_text);
    }
    fflush(stderr);
}

void cli_progress_end(struct cli_progress *self)
{
    if (self->shown)
        fputs("\r\x1b[K", stderr);
    fflush(stderr);
    *self = (struct cli_progress){0};
}

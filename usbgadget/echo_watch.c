#include "usbgadget/echo_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/cleanup.h"

#define UNKNOWN 0xFFFD
#define WINDOW 8            /* pieces that are looked for at a time: older ones scroll away */
#define LONGEST 128         /* of a piece, so that looking for it takes no time */
#define ESTABLISHED 8u      /* characters that were seen: so it is echoed */
#define BEHIND_MOST 160     /* characters that may be on their way to the screen */
#define STILL_US 400000     /* nothing new for so long: it lags */
#define PATIENCE_US 2500000 /* then it does not come any more */
#define SLOW_US 20000
#define ENOUGH_PERCENT 80

struct piece {
    uint32_t start, length;
    uint32_t line, column;
    uint32_t seen; /* characters of it that stood there one behind the other; length: all */
    uint32_t lost; /* of those behind, as far as more of it was there */
};

struct echo_watch {
    struct piece *pieces;
    size_t n_pieces, first; /* pieces below this one are done with */
    uint32_t *before;
    unsigned columns, rows;
    size_t furthest; /* characters of the text up to the last one that was seen */
    uint64_t moved_us, waits_since_us;
    bool slowed;
};

/* ---- pieces ---- */

static bool divides(uint32_t c)
{
    return c == '\n' || c == '\t';
}

struct cutter {
    struct piece *room; /* NULL: they are only counted */
    size_t count, line, line_start;
};

static void cut(struct cutter *self, const uint32_t *text, size_t from, size_t to)
{
    /* blanks at both ends are not looked for */
    while (from < to && text[from] == ' ')
        from++;
    while (to > from && text[to - 1] == ' ')
        to--;
    if (to - from < ECHO_SHORTEST)
        return;
    if (self->room)
        self->room[self->count] = (struct piece){.start = (uint32_t)from,
                                                 .length = (uint32_t)(to - from),
                                                 .line = (uint32_t)self->line,
                                                 .column = (uint32_t)(from - self->line_start + 1)};
    self->count++;
}

static size_t find_pieces(const uint32_t *text, size_t n, struct piece *room)
{
    struct cutter cutter = {.room = room, .line = 1};
    for (size_t i = 0, start = 0; i <= n; i++) {
        bool whole = i == n || divides(text[i]);
        if (!whole && i - start < LONGEST)
            continue;
        cut(&cutter, text, start, i);
        start = whole ? i + 1 : i;
        if (i < n && text[i] == '\n') {
            cutter.line++;
            cutter.line_start = i + 1;
        }
    }
    return cutter.count;
}

int echo_watch_create(const uint32_t *text, size_t n, const struct echo_screen *before, struct echo_watch **ret)
{
    size_t cells = (size_t)before->columns * before->rows, pieces = find_pieces(text, n, NULL);
    struct echo_watch *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->pieces = calloc(pieces + 1, sizeof *self->pieces);
    self->before = calloc(cells + 1, sizeof *self->before);
    if (!self->pieces || !self->before) {
        echo_watch_destroy(self);
        return -ENOMEM;
    }
    self->n_pieces = find_pieces(text, n, self->pieces);
    memcpy(self->before, before->cells, cells * sizeof *self->before);
    self->columns = before->columns;
    self->rows = before->rows;
    *ret = self;
    return 0;
}

struct echo_watch *echo_watch_destroy(struct echo_watch *self)
{
    if (!self)
        return NULL;
    free(self->pieces);
    free(self->before);
    free(self);
    return NULL;
}

/* ---- looking ---- */

/* Fonts lack much beyond ASCII, and consoles show something else then. */
static bool same(uint32_t typed, uint32_t shown)
{
    return typed == shown || shown == UNKNOWN || typed >= 0x80;
}

static size_t prefix_at(const uint32_t *wanted, size_t n, const uint32_t *cells, size_t n_cells)
{
    size_t i = 0;
    while (i < n && i < n_cells && same(wanted[i], cells[i]))
        i++;
    return i;
}

static bool stood_there(const struct echo_watch *self, const struct echo_screen *screen, size_t at, size_t n)
{
    return self->columns == screen->columns && self->rows == screen->rows &&
           !memcmp(self->before + at, screen->cells + at, n * sizeof *self->before);
}

/* Characters of the rest that are not there although something behind them is. */
static size_t lost_behind(const uint32_t *wanted, size_t n, const uint32_t *cells, size_t n_cells)
{
    size_t lost = 0, at = 0;
    for (size_t i = 0; i < n; i++) {
        if (at < n_cells && same(wanted[i], cells[at]))
            at++;
        else
            lost++;
    }
    return lost;
}

/* The longest beginning of the piece on the screen, the lowest of several. */
static void look_for(struct echo_watch *self, struct piece *piece, const uint32_t *text, size_t typed,
                     const struct echo_screen *screen)
{
    size_t cells = (size_t)screen->columns * screen->rows, n = MIN(piece->length, typed - piece->start);
    const uint32_t *wanted = text + piece->start;
    size_t best = 0, best_at = 0;
    for (size_t at = 0; at + ECHO_SHORTEST <= cells; at++) {
        size_t found = prefix_at(wanted, n, screen->cells + at, cells - at);
        if (found >= ECHO_SHORTEST && found >= best && !stood_there(self, screen, at, found)) {
            best = found;
            best_at = at;
        }
    }
    if (best <= piece->seen)
        return;
    piece->seen = (uint32_t)best;
    piece->lost = (uint32_t)lost_behind(wanted + best, piece->length - best, screen->cells + best_at + best,
                                        cells - best_at - best);
}

void echo_watch_look(struct echo_watch *self, const uint32_t *text, size_t typed, const struct echo_screen *screen,
                     uint64_t now_us)
{
    size_t last = self->first;
    if (!self->moved_us)
        self->moved_us = now_us;
    for (size_t i = self->first; i < self->n_pieces && self->pieces[i].start + ECHO_SHORTEST <= typed; i++) {
        struct piece *piece = &self->pieces[i];
        last = i;
        if (piece->seen < piece->length)
            look_for(self, piece, text, typed, screen);
        if (piece->seen >= MIN(piece->length, ESTABLISHED) && piece->start + piece->seen > self->furthest) {
            self->furthest = piece->start + piece->seen;
            self->moved_us = now_us;
        }
    }
    while (self->first < last &&
           (self->pieces[self->first].seen == self->pieces[self->first].length || last - self->first > WINDOW))
        self->first++;
}

struct echo_advice echo_watch_advice(struct echo_watch *self, size_t typed, uint64_t now_us)
{
    struct echo_advice advice = {.slow_us = self->slowed ? SLOW_US : 0};
    bool lags = self->furthest >= ESTABLISHED && typed > self->furthest + BEHIND_MOST;
    if (!lags || now_us - self->moved_us < STILL_US) {
        self->waits_since_us = 0;
        return advice;
    }
    if (!self->waits_since_us)
        self->waits_since_us = now_us;
    /* what does not come at all (a password prompt, a program without echo) is not waited for, but typed more slowly */
    advice.wait = now_us - self->waits_since_us < PATIENCE_US && !self->slowed;
    if (!advice.wait)
        self->slowed = true;
    advice.slow_us = SLOW_US;
    return advice;
}

bool echo_watch_complete(const struct echo_watch *self)
{
    for (size_t i = 0; i < self->n_pieces; i++)
        if (self->pieces[i].seen < self->pieces[i].length)
            return false;
    return true;
}

/* A beginning that is on the screen by chance has nothing behind it. */
static bool is_convincing(const struct piece *p)
{
    return p->seen >= ESTABLISHED || p->lost * 5 <= p->length * 2;
}

void echo_watch_state(const struct echo_watch *self, bool ended, struct typing_state *ret)
{
    size_t all = 0;
    ret->echo_seen = ret->echo_lost = 0;
    ret->slowed = self->slowed;
    for (size_t i = 0; i < self->n_pieces; i++) {
        const struct piece *p = &self->pieces[i];
        all += p->length;
        if (ended && !is_convincing(p))
            continue;
        ret->echo_seen += p->seen;
        if (!ended || !p->seen || p->seen == p->length)
            continue;
        if (!ret->echo_lost) {
            ret->lost_line = p->line;
            ret->lost_column = p->column + p->seen;
        }
        ret->echo_lost += p->lost;
    }
    if (ret->echo_lost)
        ret->echo = TYPING_ECHO_PARTLY;
    else if (!ret->echo_seen)
        ret->echo = all ? TYPING_ECHO_NONE : TYPING_ECHO_UNKNOWN;
    else
        ret->echo = ret->echo_seen * 100 >= all * ENOUGH_PERCENT ? TYPING_ECHO_SEEN : TYPING_ECHO_UNKNOWN;
}

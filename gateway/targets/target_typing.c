#include "gateway/targets/target_typing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "gateway/pictures/screen_text.h"
#include "usbgadget/echo_watch.h"
#include "usbgadget/typist.h"

#define LOOK_US 150000
/* After the last key, and after the last change: for so long more of it may appear, where nothing did and where some
 * did. A machine that is busy echoes late. */
#define LINGER_UNSEEN_US 900000
#define LINGER_US 3000000

/* One question for the screen's text at a time; it may be answered when nobody wants to know any more. */
struct glance {
    struct target_typing *typing; /* NULL: so it is */
    size_t typed;                 /* characters, when the picture was taken */
    bool before;                  /* the first key */
};

struct target_typing {
    struct gateway_target *target;
    struct layout_map *map; /* of the layout that was used last */
    struct echo_watch *watch;
    struct glance *glance; /* that is under way */
    struct loop_timer *timer;
    bool watching;            /* the text's echo: it is typed, or was just now */
    uint64_t ended_us;        /* the last key, or when more of it was seen after that; 0: it is typed still */
    struct typing_state told; /* echo of the last text */
};

static void look(struct target_typing *self, bool before);

/* ---- the echo ---- */

static void stop_watching(struct target_typing *self)
{
    if (!self->watching)
        return;
    self->watching = false;
    if (self->watch)
        echo_watch_state(self->watch, true, &self->told);
    self->watch = echo_watch_destroy(self->watch);
    if (self->glance)
        self->glance->typing = NULL;
    self->glance = NULL;
    if (self->timer)
        loop_timer_disarm(self->timer);
    typist_forget(self->target->typist);
}

/* A screen's lines as cells. False: no memory. */
static bool cells_of(const struct target_text *text, struct echo_screen *ret, uint32_t **ret_cells)
{
    uint32_t *cells = calloc((size_t)text->columns * text->rows + 1, sizeof *cells);
    if (!cells)
        return false;
    for (unsigned row = 0; row < text->rows; row++) {
        const char *at = text->lines[row], *end = at + strlen(at);
        bool bad;
        for (unsigned column = 0; column < text->columns; column++) {
            uint32_t *cell = &cells[(size_t)row * text->columns + column];
            if (!layout_next_character(&at, end, cell, &bad))
                *cell = ' ';
        }
    }
    *ret = (struct echo_screen){.columns = text->columns, .rows = text->rows, .cells = cells};
    *ret_cells = cells;
    return true;
}

static void advise(struct target_typing *self)
{
    struct typist *typist = self->target->typist;
    struct echo_advice advice =
        echo_watch_advice(self->watch, self->told.characters - typist_remaining(typist), clock_now_us());
    typist_wait(typist, advice.wait);
    typist_slow(typist, advice.slow_us);
    echo_watch_state(self->watch, false, &self->told);
}

static void seen(struct target_typing *self, const struct glance *glance, const struct target_text *text)
{
    size_t typed;
    const uint32_t *characters = typist_characters(self->target->typist, &typed);
    struct echo_screen screen;
    uint32_t *cells;
    if (!characters || !cells_of(text, &screen, &cells))
        return;
    if (glance->before)
        echo_watch_create(characters, self->told.characters, &screen, &self->watch);
    else if (self->watch)
        echo_watch_look(self->watch, characters, glance->typed, &screen, clock_now_us());
    free(cells);
}

static void on_text(void *data, int error, const char *why, const struct target_text *text)
{
    struct glance *glance = data;
    struct target_typing *self = glance->typing;
    (void)why;
    if (self) {
        self->glance = NULL;
        if (error == 0 && !text->recognised)
            seen(self, glance, text);
        /* a screen that was no text before the first key is not looked at again */
        if (!self->watch)
            stop_watching(self);
        else
            loop_timer_arm_in(self->timer, LOOK_US);
    }
    free(glance);
}

static void look(struct target_typing *self, bool before)
{
    struct glance *glance = calloc(1, sizeof *glance);
    if (!glance)
        return;
    *glance = (struct glance){.typing = self, .before = before};
    if (!before)
        typist_characters(self->target->typist, &glance->typed);
    self->glance = glance;
    screen_text_take(self->target, NULL, on_text, glance);
}

static void on_time(void *data)
{
    struct target_typing *self = data;
    if (!self->watch || self->glance)
        return;
    size_t seen_before = self->told.echo_seen;
    advise(self);
    if (self->ended_us && self->told.echo_seen > seen_before)
        self->ended_us = clock_now_us();
    uint64_t linger_us = self->told.echo_seen ? LINGER_US : LINGER_UNSEEN_US;
    if (self->ended_us && (echo_watch_complete(self->watch) || clock_now_us() - self->ended_us > linger_us))
        stop_watching(self);
    else
        look(self, false);
}

static void on_ended(void *data)
{
    struct target_typing *self = data;
    self->ended_us = clock_now_us();
    if (!self->watching)
        typist_forget(self->target->typist);
}

static const struct typist_listener listener = {.ended = on_ended};

/* ---- typing ---- */

/* NULL: no memory. */
static struct target_typing *typing_of(struct gateway_target *target)
{
    struct target_typing *self = target->typing;
    if (self)
        return self;
    self = calloc(1, sizeof *self);
    if (!self || loop_timer_add(target->gateway->loop, on_time, self, &self->timer) < 0) {
        free(self);
        return NULL;
    }
    self->target = target;
    typist_listen(target->typist, &listener, self);
    target->typing = self;
    return self;
}

/* The map of that layout; it is kept, because the same one is wanted again and again. */
static int find_map(struct target_typing *self, const char *name, char *why, size_t why_size)
{
    const struct layout *layout = layout_find(name);
    if (!layout) {
        snprintf(why, why_size, "There is no keyboard layout '%.80s'; GET /api/v1/layouts lists them.", name);
        return -EINVAL;
    }
    if (self->map && layout_map_layout(self->map) == layout)
        return 0;
    self->map = layout_map_destroy(self->map);
    return layout_map_create(layout, &self->map);
}

static int start(struct target_typing *self, struct text_plan *plan, const struct typing_request *request)
{
    size_t characters = plan->plan.characters;
    struct typing_state now = {0};
    typist_state(self->target->typist, &now);
    if (now.phase == TYPING_ON || now.phase == TYPING_WAITS)
        return -EBUSY;
    stop_watching(self);
    self->told = (struct typing_state){.characters = characters};
    self->ended_us = 0;
    self->watching = characters > 0;
    int r = typist_text(self->target->typist, plan, layout_map_layout(self->map), request->careful);
    if (r < 0)
        self->watching = false;
    else if (self->watching)
        look(self, true); /* no key went out yet */
    return r;
}

int target_typing_type(struct gateway_target *target, const struct typing_request *request, struct typing_plan *ret,
                       char *why, size_t why_size)
{
    const char *layout = request->layout && *request->layout ? request->layout : target->target.layout;
    struct text_plan plan = {0};
    size_t where = 0;
    if (!target->typist) {
        snprintf(why, why_size, "The target has no keyboard.");
        return -ENODEV;
    }
    struct target_typing *self = typing_of(target);
    int r = self ? find_map(self, *layout ? layout : "us", why, why_size) : -ENOMEM;
    r = r < 0 ? r : text_plan_make(request, self->map, &plan, &where);
    if (r == -EILSEQ) {
        snprintf(why, why_size, "The text is not UTF-8 (at byte %zu).", where);
        return -EINVAL;
    }
    if (r < 0)
        return r;
    *ret = plan.plan;
    if (r == 0 && !request->only_check)
        r = start(self, &plan, request);
    text_plan_finish(&plan);
    return request->only_check ? 0 : r;
}

/* As long as the screen may show more of it, it is not done for those who ask. */
void target_typing_state(struct gateway_target *target, struct typing_state *ret)
{
    const struct target_typing *self = target->typing;
    *ret = self ? self->told : (struct typing_state){0};
    if (target->typist)
        typist_state(target->typist, ret);
    if (self && self->watching && ret->phase == TYPING_DONE)
        ret->phase = TYPING_ON;
}

void target_typing_finish(struct gateway_target *target)
{
    struct target_typing *self = target->typing;
    if (!self)
        return;
    stop_watching(self);
    typist_listen(target->typist, NULL, NULL);
    layout_map_destroy(self->map);
    loop_timer_remove(self->timer);
    free(self);
    target->typing = NULL;
}

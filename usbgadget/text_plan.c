#include "usbgadget/text_plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/text.h"

#define LEFT_CTRL 0x01
#define LEFT_SHIFT 0x02
#define LEFT_ALT 0x04
#define KEYPAD_1 0x59
#define KEYPAD_0 0x62

struct planner {
    const struct typing_request *request;
    const struct layout_map *map;
    struct text_plan *to;
    size_t line, column;
};

/* Of code page 1252, what Unicode has elsewhere, from 0x80 on. */
static const uint16_t windows[32] = {
    0x20AC, 0,      0x201A, 0x192,  0x201E, 0x2026, 0x2020, 0x2021, 0x2C6,  0x2030, 0x160,
    0x2039, 0x152,  0,      0x17D,  0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x2DC,  0x2122, 0x161,  0x203A, 0x153,  0,      0x17E,  0x178,
};

/* 0: code page 1252 has no such character. */
static unsigned windows_code(uint32_t c)
{
    for (unsigned i = 0; i < ARRAY_SIZE(windows); i++)
        if (c == windows[i] && c)
            return 0x80 + i;
    return (c >= 0x20 && c < 0x7F) || (c >= 0xA0 && c <= 0xFF) ? (unsigned)c : 0;
}

static void push(struct planner *self, struct stroke stroke)
{
    if (self->to->strokes)
        self->to->strokes[self->to->n_strokes] = (struct planned_stroke){.stroke = stroke};
    self->to->n_strokes++;
}

static bool by_alt_code(struct planner *self, uint32_t c)
{
    char digits[8];
    unsigned code = windows_code(c);
    if (!code)
        return false;
    snprintf(digits, sizeof digits, "%04u", code);
    push(self, (struct stroke){0}); /* Alt up: the code before ends there */
    for (const char *d = digits; *d; d++)
        push(self,
             (struct stroke){.usage = (uint8_t)(*d == '0' ? KEYPAD_0 : KEYPAD_1 + (*d - '1')), .modifiers = LEFT_ALT});
    push(self, (struct stroke){0});
    return true;
}

static bool by_unicode_input(struct planner *self, uint32_t c)
{
    const struct layout_entry *u = layout_lookup(self->map, 'u'), *space = layout_lookup(self->map, ' ');
    char digits[12];
    if (!u || !space || u->n_strokes != 1 || c < 0x20)
        return false;
    snprintf(digits, sizeof digits, "%x", c);
    for (const char *d = digits; *d; d++) {
        const struct layout_entry *e = layout_lookup(self->map, (uint32_t)*d);
        if (!e || e->n_strokes != 1)
            return false;
    }
    push(self, (struct stroke){.usage = u->strokes[0].usage, .modifiers = LEFT_CTRL | LEFT_SHIFT});
    for (const char *d = digits; *d; d++)
        push(self, layout_lookup(self->map, (uint32_t)*d)->strokes[0]);
    push(self, space->strokes[0]);
    return true;
}

static bool push_character(struct planner *self, uint32_t c)
{
    const struct layout_entry *e = layout_lookup(self->map, c);
    for (unsigned i = 0; e && i < e->n_strokes; i++)
        push(self, e->strokes[i]);
    if (e)
        return true;
    if (self->request->instead == TYPING_ALT_CODES)
        return by_alt_code(self, c);
    return self->request->instead == TYPING_UNICODE_INPUT && by_unicode_input(self, c);
}

static void miss(struct planner *self, uint32_t c)
{
    struct typing_plan *plan = &self->to->plan;
    unsigned i = 0;
    plan->n_missing++;
    while (i < plan->n_distinct && plan->missing[i].character != c)
        i++;
    if (i == TYPING_MISSING_MAX) {
        plan->more = true;
        return;
    }
    if (i == plan->n_distinct) {
        plan->n_distinct++;
        plan->missing[i] = (struct typing_missing){.character = c, .line = self->line, .column = self->column};
    }
    plan->missing[i].count++;
}

/* False: it cannot be typed. */
static bool take_character(struct planner *self, uint32_t c)
{
    struct text_plan *to = self->to;
    if (!push_character(self, c)) {
        miss(self, c);
        return false;
    }
    if (to->strokes)
        to->strokes[to->n_strokes - 1].ends = 1;
    if (to->characters)
        to->characters[to->plan.characters] = c;
    to->plan.characters++;
    return true;
}

/* What the marks behind c make of it, where the layout has that; moves *at behind those that were used. */
static uint32_t with_marks(const struct planner *self, uint32_t c, const char **at, const char *end)
{
    uint32_t mark, whole = c;
    const char *next = *at;
    bool bad;
    while (layout_next_character(&next, end, &mark, &bad) && (whole = layout_compose(whole, mark)) != 0) {
        if (!layout_lookup(self->map, whole))
            continue; /* one more mark may make one that it has */
        c = whole;
        *at = next;
    }
    return c;
}

static void place_moves(struct planner *self, uint32_t c)
{
    self->column++;
    if (c != '\n')
        return;
    self->line++;
    self->column = 1;
}

/* Goes through the text once; without room for strokes it only counts. */
static int run(struct planner *self, size_t *ret_where)
{
    const char *at = self->request->text, *end = at + self->request->size;
    uint32_t c;
    bool bad = false;
    struct text_plan *to = self->to;
    to->n_strokes = 0;
    to->plan.characters = to->plan.n_missing = 0;
    to->plan.n_distinct = 0;
    to->plan.more = false;
    self->line = self->column = 1;
    while (layout_next_character(&at, end, &c, &bad)) {
        if (c == '\r') {
            if (at < end && *at == '\n')
                continue;
            c = '\n';
        }
        c = with_marks(self, c, &at, end);
        take_character(self, c);
        place_moves(self, c);
    }
    if (bad)
        *ret_where = (size_t)(at - self->request->text);
    to->plan.strokes = to->n_strokes;
    return bad ? -EILSEQ : 0;
}

int text_plan_make(const struct typing_request *request, const struct layout_map *map, struct text_plan *ret,
                   size_t *ret_where)
{
    struct text_plan plan = {0};
    struct planner planner = {.request = request, .map = map, .to = &plan};
    if (request->size > TYPING_MAX_TEXT)
        return -EMSGSIZE;
    text_copy(plan.plan.layout, sizeof plan.plan.layout, layout_map_layout(map)->name);
    int r = run(&planner, ret_where);
    if (r < 0)
        return r;
    bool misses = plan.plan.n_missing > 0 && request->instead != TYPING_LEAVE_OUT;
    if (!misses && !request->only_check && plan.n_strokes) {
        plan.strokes = calloc(plan.n_strokes, sizeof *plan.strokes);
        plan.characters = calloc(plan.plan.characters, sizeof *plan.characters);
        if (!plan.strokes || !plan.characters) {
            free(plan.strokes);
            free(plan.characters);
            return -ENOMEM;
        }
        run(&planner, ret_where);
    }
    *ret = plan;
    return misses;
}

static void wipe(void *room, size_t size)
{
    if (room)
        explicit_bzero(room, size);
    free(room);
}

void text_plan_finish(struct text_plan *self)
{
    wipe(self->strokes, self->n_strokes * sizeof *self->strokes);
    wipe(self->characters, self->plan.characters * sizeof *self->characters);
    *self = (struct text_plan){0};
}

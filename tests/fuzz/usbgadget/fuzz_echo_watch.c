/* Any screens while any text is typed: whoever makes the picture can slow the typist and no more. No more is seen than
 * was typed, no more is lost than was not seen, and a wait ends. */
#include <stdint.h>
#include <stdlib.h>

#include "core/attrs.h"
#include "core/wire.h"
#include "usbgadget/echo_watch.h"

#define CELLS 400
#define TEXT 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* Few different characters, so that much is alike. */
static uint32_t character(uint8_t byte)
{
    static const uint32_t some[] = {'a', 'b', 'c', 'd', ' ', '\n', '\t', 0xe4, 0xfffd, '$'};
    return some[byte % ARRAY_SIZE(some)];
}

struct typing {
    uint32_t text[TEXT], cells[CELLS];
    size_t n, typed;
};

/* What was typed, from somewhere on, with something else here and there. */
static void draw(struct typing *t, struct wire_reader *r, struct echo_screen *screen)
{
    uint8_t how = wire_read_u8(r);
    size_t from = wire_read_u8(r), cells = (size_t)screen->columns * screen->rows;
    if (how & 1)
        screen->columns = 1 + how % 20;
    for (size_t i = 0; i < cells; i++)
        t->cells[i] = from + i < t->typed ? t->text[from + i] : ' ';
    for (unsigned i = how >> 4; i && cells; i--) {
        size_t at = (wire_read_u8(r) * 7u) % cells;
        t->cells[at] = character(wire_read_u8(r));
    }
}

static void check_state(const struct echo_watch *watch, const struct typing *t)
{
    struct typing_state state = {0};
    echo_watch_state(watch, false, &state);
    check(state.echo_seen <= t->typed && !state.echo_lost);
    size_t seen = state.echo_seen;
    echo_watch_state(watch, true, &state);
    check(state.echo_seen <= seen && state.echo_seen + state.echo_lost <= t->n);
    check(!state.echo_lost || (state.lost_line && state.lost_column && state.echo == TYPING_ECHO_PARTLY));
    if (echo_watch_complete(watch))
        check(!state.echo_lost);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct typing t;
    struct echo_screen screen = {.cells = t.cells};
    struct echo_watch *watch;
    struct wire_reader r = wire_reader_init(data, size);
    uint64_t now = 1, waits = 0;
    t.typed = 0;
    t.n = wire_read_u8(&r);
    screen.columns = 1 + wire_read_u8(&r) % 20;
    screen.rows = wire_read_u8(&r) % 20;
    for (size_t i = 0; i < t.n; i++)
        t.text[i] = character(wire_read_u8(&r));
    draw(&t, &r, &screen);
    check(echo_watch_create(t.text, t.n, &screen, &watch) == 0);
    while (r.left && !r.bad) {
        t.typed = MIN(t.n, t.typed + wire_read_u8(&r) % 40);
        draw(&t, &r, &screen);
        uint64_t passed = wire_read_u8(&r) * 10000ull;
        now += passed;
        echo_watch_look(watch, t.text, t.typed, &screen, now);
        waits = echo_watch_advice(watch, t.typed, now).wait ? waits + passed : 0;
        check(waits <= 10 * 1000000ull);
        check_state(watch, &t);
    }
    echo_watch_destroy(watch);
    return 0;
}

/* Any JSON is a macro, as a list a gesture, or a mistake with a reason; each runs to its end, and has let go of all it
 * pressed. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "gateway/macros/macro_notes.h"
#include "gateway/macros/macro_run.h"
#include "gateway/macros/macros.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct peer {
    unsigned down, refuse;
    bool typing;
};

static int on_key(void *data, uint16_t usage, bool down)
{
    struct peer *self = data;
    if (!usage)
        abort();
    if (++self->refuse % 7 == 0)
        return -EAGAIN;
    self->down += down;
    return 0;
}

static int on_pointer(void *data, uint8_t buttons, uint16_t x, uint16_t y, int8_t wheel)
{
    (void)data, (void)wheel;
    if (x > 32767 || y > 32767 || buttons > 31)
        abort();
    return 0;
}

static int on_relative(void *data, uint8_t buttons, int16_t dx, int16_t dy, int8_t wheel)
{
    (void)wheel;
    if (dx < -32767 || dy < -32767 || buttons > 31)
        abort();
    return ++((struct peer *)data)->refuse % 7 == 0 ? -EAGAIN : 0;
}

static int on_text(void *data, const char *text, const char *layout)
{
    struct peer *self = data;
    if (strlen(text) > MACRO_TEXT_MAX || strlen(layout) >= MACRO_LAYOUT_MAX)
        abort();
    self->typing = true;
    return 0;
}

static bool on_typing(void *data)
{
    struct peer *self = data;
    bool was = self->typing;
    self->typing = false;
    return was;
}

static int on_pace(void *data)
{
    return ((struct peer *)data)->refuse % 5 ? 1000 : 60000;
}

static void on_let_go(void *data)
{
    ((struct peer *)data)->down = 0;
}

static void run(const struct macro *macro)
{
    static const struct macro_port port = {on_key, on_pointer, on_relative, on_text, on_typing, on_pace, on_let_go};
    struct peer target = {0};
    struct macro_run run;
    uint64_t now = 0, next = 0;
    unsigned ticks = 0, most = 64 + macro->n_steps * 64;
    int r;
    macro_run_begin(&run, macro, &port, &target, 2, now);
    while ((r = macro_run_tick(&run, now, &next)) == 1) {
        if (next < now || run.step >= macro->n_steps || ++ticks > most)
            abort();
        now = MAX(next, now + 1);
    }
    if (r != 0 || target.down)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char why[240] = "";
    struct macro *macro = NULL;
    json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    json_t *kept = macro_notes_parse((const char *)data, size);
    if (!kept || json_object_size(kept) > MACROS_MAX)
        abort();
    json_decref(kept);
    int r = !json                 ? -EINVAL
            : json_is_array(json) ? macro_compile_gesture(json, &macro, why, sizeof why)
                                  : macro_compile(json, &macro, why, sizeof why);
    json_decref(json);
    if (r == 0)
        run(macro);
    else if (json && !why[0])
        abort();
    macro_free(macro);
    return 0;
}

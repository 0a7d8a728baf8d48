/* Any text is a recipe or a mistake; any recipe ends, and lets go of each key it pressed, whatever the screen shows. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "manage/key_recipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool known(const char *chord, char *why, size_t why_size)
{
    (void)why, (void)why_size;
    return chord[0] != 'x';
}

static void run(const struct key_recipe *recipe, const uint8_t *looks, size_t n_looks)
{
    struct key_recipe_run run;
    const char *down = NULL, *chord = NULL;
    uint64_t now = 0, until = 0;
    size_t look = 0;
    enum key_recipe_act act;
    key_recipe_begin(&run, recipe, now);
    while ((act = key_recipe_next(&run, now, &chord, &until)) != KEY_RECIPE_END) {
        if (act == KEY_RECIPE_WAIT) {
            if (until <= now)
                abort();
            now = until;
            if (key_recipe_wanted(&run) && n_looks) {
                uint8_t what = looks[look++ % n_looks];
                key_recipe_looked(&run, run.step, what & 1, (what & 6) == 6);
            }
        } else if (act == KEY_RECIPE_PRESS) {
            if (down)
                abort();
            down = chord;
        } else {
            if (down != chord)
                abort();
            down = NULL;
        }
        if (now > KEY_RECIPE_STEPS * 700000000ull)
            abort();
    }
    if (down || run.end == KEY_RECIPE_RUNS)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[512], why[200];
    static struct key_recipe recipe;
    size_t n = size < sizeof text ? size : sizeof text - 1;
    memcpy(text, data, n);
    text[n] = '\0';
    if (key_recipe_parse(text, known, &recipe, why, sizeof why) == 0)
        run(&recipe, data, n);
    key_recipe_shows(text, "boot menu");
    return 0;
}

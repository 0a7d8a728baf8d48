/* Any bytes as a text for any layout: what is planned has strokes of keys that there are, as many characters as it
 * says, and its list of what is missing adds up; what was checked only is the same as what is typed. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "usbgadget/text_plan.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

static size_t check_missing(const struct typing_plan *plan)
{
    size_t n = 0;
    check(plan->n_distinct <= TYPING_MISSING_MAX && (!plan->more || plan->n_distinct == TYPING_MISSING_MAX));
    for (unsigned i = 0; i < plan->n_distinct; i++) {
        check(plan->missing[i].count > 0 && plan->missing[i].line > 0 && plan->missing[i].column > 0);
        (void)typing_character_name(plan->missing[i].character);
        n += plan->missing[i].count;
    }
    check(plan->more ? n < plan->n_missing : n == plan->n_missing);
    return n;
}

static void check_strokes(const struct text_plan *plan)
{
    size_t characters = 0;
    for (size_t i = 0; i < plan->n_strokes; i++) {
        check(plan->strokes[i].stroke.usage == 0 || plan->strokes[i].stroke.usage >= 0x04);
        check(plan->strokes[i].stroke.usage < 0xE0 && plan->strokes[i].stroke.hold < 0xE0);
        characters += plan->strokes[i].ends;
    }
    check(characters == plan->plan.characters);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    const struct layout *layout = layout_at((data[0] << 8 | data[1]) % layout_count());
    struct typing_request request = {.text = (const char *)data + 3, .size = size - 3, .instead = data[2] % 4};
    struct layout_map *map;
    struct text_plan plan, checked;
    size_t where = SIZE_MAX;
    if (layout_map_create(layout, &map) < 0)
        return 0;
    int r = text_plan_make(&request, map, &plan, &where);
    if (r >= 0) {
        check_missing(&plan.plan);
        check(r == 0 || plan.plan.n_missing > 0);
        check(r == 0 || !plan.strokes);
        if (plan.strokes)
            check_strokes(&plan);
        request.only_check = true;
        check(text_plan_make(&request, map, &checked, &where) == r && !checked.strokes);
        check(checked.plan.characters == plan.plan.characters && checked.plan.n_missing == plan.plan.n_missing);
        text_plan_finish(&checked);
        text_plan_finish(&plan);
    } else {
        check(r == -EILSEQ ? where < request.size : r == -EMSGSIZE || r == -ENOMEM);
    }
    layout_map_destroy(map);
    return 0;
}

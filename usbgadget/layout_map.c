#include <errno.h>
#include <stdlib.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "usbgadget/layout_table.h"

#define USAGE_ENTER 0x28
#define USAGE_TAB 0x2B
#define USAGE_LAST_LETTER 0x1D
#define USAGE_ISO 0x64
#define USAGE_FIRST_MODIFIER 0xE0
#define LEFT_SHIFT 0x02 /* bit of usage 0xE1 */
/* Costs: a level counts two; between two on the same one a letter's key is worse (there xkb repeats things); what xkb
 * gives to many layouts though their keyboards do not show it, and other systems have not got it, comes behind all of
 * these, a key that the keyboard may lack behind that, and a further stroke last. */
#define COST_BORROWED 16
#define COST_MISSING_KEY 32
#define COST_STROKE 128
#define COST_NONE 0xFF

struct layout_map {
    const struct layout *layout;
    size_t n;
    struct layout_entry entries[];
};

/* The best single stroke for a symbol. */
struct direct {
    struct stroke stroke;
    uint8_t cost;
};

struct candidate {
    struct layout_entry entry;
    unsigned cost;
};

struct candidates {
    struct candidate *list;
    size_t n;
};

static void hold_down(struct stroke *stroke, uint8_t usage)
{
    if (usage >= USAGE_FIRST_MODIFIER)
        stroke->modifiers |= (uint8_t)(1u << (usage - USAGE_FIRST_MODIFIER));
    else
        stroke->hold = usage;
}

static struct stroke stroke_of(const struct layout *layout, unsigned key, unsigned level)
{
    struct stroke stroke = {.usage = (uint8_t)layout_usage(key), .modifiers = level & LAYOUT_SHIFT ? LEFT_SHIFT : 0};
    if (level & LAYOUT_LEVEL3)
        hold_down(&stroke, layout->level3);
    if (level & LAYOUT_LEVEL5)
        hold_down(&stroke, layout->level5);
    return stroke;
}

static uint8_t cost_of(const struct layout *layout, unsigned key, unsigned level)
{
    uint16_t usage = layout_usage(key);
    bool may_lack = (usage == USAGE_ISO && layout->kind != LAYOUT_ISO) || (usage > USAGE_ISO);
    uint16_t symbol = layout_rows[layout->rows[key]][level];
    bool borrowed = level >= LAYOUT_LEVEL3 && symbol == layout_rows[layout_common.rows[key]][level];
    bool letter = level >= LAYOUT_LEVEL3 && usage <= USAGE_LAST_LETTER;
    return (uint8_t)(2 * level + letter + (may_lack ? COST_MISSING_KEY : 0) + (borrowed ? COST_BORROWED : 0));
}

static void read_keys(const struct layout *layout, struct direct *direct)
{
    for (size_t i = 0; i < layout_symbols_n; i++)
        direct[i].cost = COST_NONE;
    for (unsigned key = 0; key < LAYOUT_KEYS; key++)
        for (unsigned level = 0; level < LAYOUT_LEVELS; level++) {
            struct direct *d = &direct[layout_rows[layout->rows[key]][level]];
            uint8_t cost = cost_of(layout, key, level);
            if (cost < d->cost)
                *d = (struct direct){stroke_of(layout, key, level), cost};
        }
    direct[0].cost = COST_NONE; /* no symbol */
}

static void add(struct candidates *to, uint32_t character, const struct direct *const *parts, unsigned n)
{
    struct candidate *c = &to->list[to->n];
    *c = (struct candidate){.entry = {.character = character, .n_strokes = (uint8_t)n}, .cost = (n - 1) * COST_STROKE};
    for (unsigned i = 0; i < n; i++) {
        if (parts[i]->cost == COST_NONE)
            return;
        c->entry.strokes[i] = parts[i]->stroke;
        c->cost += parts[i]->cost;
    }
    to->n++;
}

static int by_character_and_cost(const void *a, const void *b)
{
    const struct candidate *one = a, *two = b;
    if (one->entry.character != two->entry.character)
        return one->entry.character < two->entry.character ? -1 : 1;
    return one->cost < two->cost ? -1 : one->cost > two->cost;
}

/* A dead key with a no-break space gives the combining mark alone on X, and something else everywhere else. */
static bool is_sound(const struct layout_composed *c)
{
    return layout_symbols[c->second] != 0xA0 && layout_symbols[c->third] != 0xA0;
}

static void gather(const struct direct *direct, struct candidates *to)
{
    static const struct direct enter = {.stroke = {.usage = USAGE_ENTER}}, tab = {.stroke = {.usage = USAGE_TAB}};
    add(to, '\n', &(const struct direct *){&enter}, 1);
    add(to, '\t', &(const struct direct *){&tab}, 1);
    for (size_t i = 1; i < layout_symbols_n; i++)
        if (layout_symbols[i] < LAYOUT_DEAD)
            add(to, layout_symbols[i], &(const struct direct *){&direct[i]}, 1);
    for (size_t i = 0; i < layout_compositions_n; i++) {
        const struct layout_composed *c = &layout_compositions[i];
        const struct direct *parts[] = {&direct[c->first], &direct[c->second], &direct[c->third]};
        if (is_sound(c))
            add(to, c->character, parts, c->third ? 3 : 2);
    }
    qsort(to->list, to->n, sizeof *to->list, by_character_and_cost);
}

/* Of each character the best candidate. */
static int keep_best(const struct layout *layout, const struct candidates *all, struct layout_map **ret)
{
    struct layout_map *self = calloc(1, sizeof *self + all->n * sizeof self->entries[0]);
    if (!self)
        return -ENOMEM;
    self->layout = layout;
    for (size_t i = 0; i < all->n; i++)
        if (!i || all->list[i].entry.character != all->list[i - 1].entry.character)
            self->entries[self->n++] = all->list[i].entry;
    *ret = self;
    return 0;
}

int layout_map_create(const struct layout *layout, struct layout_map **ret)
{
    _cleanup_free_ struct direct *direct = calloc(layout_symbols_n, sizeof *direct);
    struct candidates all = {.list = calloc(layout_symbols_n + layout_compositions_n + 3, sizeof *all.list)};
    int r = -ENOMEM;
    if (direct && all.list) {
        read_keys(layout, direct);
        gather(direct, &all);
        r = keep_best(layout, &all, ret);
    }
    free(all.list);
    return r;
}

struct layout_map *layout_map_destroy(struct layout_map *self)
{
    free(self);
    return NULL;
}

const struct layout *layout_map_layout(const struct layout_map *self)
{
    return self->layout;
}

size_t layout_map_count(const struct layout_map *self)
{
    return self->n;
}

const struct layout_entry *layout_map_at(const struct layout_map *self, size_t i)
{
    return i < self->n ? &self->entries[i] : NULL;
}

const struct layout_entry *layout_lookup(const struct layout_map *self, uint32_t character)
{
    size_t low = 0, high = self->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (self->entries[middle].character == character)
            return &self->entries[middle];
        if (self->entries[middle].character < character)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

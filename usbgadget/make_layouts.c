/* make_layouts OUT XKB-FOLDER COMPOSE-FILE: writes the table of all keyboard layouts (layout_table.h) as C. Runs while
 * the program is built: asks libxkbcommon what each key gives under each of the modifiers, pressed as keys, and which
 * characters dead keys make. The same xkb-data gives the same bytes. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xkbcommon/xkbcommon-compose.h>
#include <xkbcommon/xkbcommon-keysyms.h>
#include <xkbcommon/xkbcommon.h>

#include "usbgadget/layout.h"

#define MAX_SYMBOLS 16384
#define MAX_ROWS 32768
#define FIRST_DEAD 0xFE50u
#define LAST_DEAD 0xFE93u
#define EVDEV 8 /* what X adds to a key code of Linux */
#define SHIFT_CODE 42

#define USAGE(usage, code) usage,
#define CODE(usage, code) code,
static const uint8_t key_usages[] = {LAYOUT_EACH_KEY(USAGE)}, key_codes[] = {LAYOUT_EACH_KEY(CODE)};
static const uint8_t shifter_usages[] = {LAYOUT_EACH_SHIFTER(USAGE)}, shifter_codes[] = {LAYOUT_EACH_SHIFTER(CODE)};

/* One for each keysym that some key gives, though several may give one character: dead keys know but one of them. */
static xkb_keysym_t keysyms[MAX_SYMBOLS];
static uint32_t symbols[MAX_SYMBOLS];
static unsigned n_symbols = 1;
static uint16_t rows[MAX_ROWS][LAYOUT_LEVELS];
static unsigned n_rows = 1;

static void fail(const char *what, const char *name)
{
    fprintf(stderr, "make_layouts: %s: %s\n", what, name);
    exit(1);
}

static bool is_dead(xkb_keysym_t keysym)
{
    return keysym >= FIRST_DEAD && keysym <= LAST_DEAD;
}

/* Control characters are no legends: Enter and Tab are the same keys everywhere. */
static uint32_t symbol_of(xkb_keysym_t keysym)
{
    if (is_dead(keysym))
        return LAYOUT_DEAD + (keysym - FIRST_DEAD);
    uint32_t c = xkb_keysym_to_utf32(keysym);
    return c < 0x20 || (c >= 0x7F && c < 0xA0) ? 0 : c;
}

static unsigned number_of(xkb_keysym_t keysym)
{
    uint32_t symbol = symbol_of(keysym);
    if (!symbol)
        return 0;
    for (unsigned i = 1; i < n_symbols; i++)
        if (keysyms[i] == keysym)
            return i;
    if (n_symbols == MAX_SYMBOLS)
        fail("too many symbols", "");
    keysyms[n_symbols] = keysym;
    symbols[n_symbols] = symbol;
    return n_symbols++;
}

static unsigned row_number(const uint16_t row[LAYOUT_LEVELS])
{
    for (unsigned i = 0; i < n_rows; i++)
        if (!memcmp(rows[i], row, sizeof rows[i]))
            return i;
    if (n_rows == MAX_ROWS)
        fail("too many rows", "");
    memcpy(rows[n_rows], row, sizeof rows[n_rows]);
    return n_rows++;
}

static void press(struct xkb_state *state, unsigned code)
{
    if (code)
        xkb_state_update_key(state, code + EVDEV, XKB_KEY_DOWN);
}

/* Whether the key, held, leads to the level and does nothing else that counts. */
static bool shifts_to(struct xkb_keymap *keymap, unsigned code, xkb_keysym_t level)
{
    struct xkb_state *state = xkb_state_new(keymap);
    if (!state)
        fail("out of memory", "");
    bool reached = xkb_state_key_get_one_sym(state, code + EVDEV) == level;
    press(state, code);
    reached = reached && xkb_state_serialize_mods(state, XKB_STATE_MODS_DEPRESSED);
    for (unsigned i = 0; i < 3; i++) {
        static const char *const others[] = {XKB_MOD_NAME_SHIFT, XKB_MOD_NAME_CTRL, XKB_MOD_NAME_ALT};
        if (xkb_state_mod_name_is_active(state, others[i], XKB_STATE_MODS_EFFECTIVE) > 0)
            reached = false;
    }
    xkb_state_unref(state);
    return reached;
}

static int find_shifter(struct xkb_keymap *keymap, xkb_keysym_t level, bool modifier_only)
{
    for (unsigned i = 0; i < sizeof shifter_codes; i++)
        if ((!modifier_only || shifter_usages[i] >= 0xE0) && shifts_to(keymap, shifter_codes[i], level))
            return (int)i;
    return -1;
}

/* A stroke holds one key beside the modifier keys, so not both levels may stand behind other keys. */
static void find_shifters(struct xkb_keymap *keymap, int *level3, int *level5)
{
    *level3 = find_shifter(keymap, XKB_KEY_ISO_Level3_Shift, false);
    *level5 = find_shifter(keymap, XKB_KEY_ISO_Level5_Shift, *level3 >= 0 && shifter_usages[*level3] < 0xE0);
}

static void read_level(struct xkb_keymap *keymap, unsigned level, int level3, int level5,
                       uint16_t ret[LAYOUT_KEYS][LAYOUT_LEVELS])
{
    struct xkb_state *state = xkb_state_new(keymap);
    if (!state)
        fail("out of memory", "");
    /* in the order in which a report says them: modifier keys, then the others */
    press(state, level & LAYOUT_SHIFT ? SHIFT_CODE : 0);
    press(state, level & LAYOUT_LEVEL3 ? shifter_codes[level3] : 0);
    press(state, level & LAYOUT_LEVEL5 ? shifter_codes[level5] : 0);
    for (unsigned k = 0; k < LAYOUT_KEYS; k++) {
        bool held = (level & LAYOUT_LEVEL3 && shifter_codes[level3] == key_codes[k]) ||
                    (level & LAYOUT_LEVEL5 && shifter_codes[level5] == key_codes[k]);
        ret[k][level] = held ? 0 : (uint16_t)number_of(xkb_state_key_get_one_sym(state, key_codes[k] + EVDEV));
    }
    xkb_state_unref(state);
}

/* On another key, at one of the first levels. */
static bool somewhere(uint16_t keys[LAYOUT_KEYS][LAYOUT_LEVELS], unsigned number, unsigned but, unsigned levels)
{
    for (unsigned k = 0; number && k < LAYOUT_KEYS; k++)
        for (unsigned l = 0; l < levels; l++)
            if (k != but && keys[k][l] == number)
                return true;
    return false;
}

static unsigned key_index(unsigned usage)
{
    unsigned k = 0;
    while (key_usages[k] != usage)
        k++;
    return k;
}

/* xkb gives every keyboard "<" and ">" on the key beside the left Shift. A layout that puts something of its own there,
 * or needs the key for these, is one for keyboards that have it. */
static enum layout_kind kind_of(const char *layout, uint16_t keys[LAYOUT_KEYS][LAYOUT_LEVELS])
{
    unsigned iso = key_index(0x64);
    uint32_t plain = symbols[keys[iso][0]], shifted = symbols[keys[iso][LAYOUT_SHIFT]];
    if (!strcmp(layout, "jp"))
        return LAYOUT_JIS;
    if (!strcmp(layout, "us") || !plain)
        return LAYOUT_ANSI;
    if (plain == '<' && shifted == '>')
        return somewhere(keys, keys[iso][0], iso, 2) ? LAYOUT_ANSI : LAYOUT_ISO;
    return LAYOUT_ISO;
}

static bool is_latin(uint16_t keys[LAYOUT_KEYS][LAYOUT_LEVELS])
{
    for (const char *c = "abcdefghijklmnopqrstuvwxyz0123456789"; *c; c++)
        if (!somewhere(keys, number_of((xkb_keysym_t)*c), LAYOUT_KEYS, LAYOUT_LEVELS))
            return false;
    return true;
}

static void write_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++)
        fprintf(out, (unsigned char)*text < 0x80 && *text != '"' && *text != '\\' ? "%c" : "\\%03o",
                (unsigned char)*text);
    fputc('"', out);
}

static void write_layout(FILE *out, struct xkb_context *context, const char *layout, const char *variant,
                         const char *options, const char *title)
{
    static uint16_t keys[LAYOUT_KEYS][LAYOUT_LEVELS];
    struct xkb_rule_names names = {"evdev", "pc105", layout, variant, options};
    struct xkb_keymap *keymap = xkb_keymap_new_from_names(context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS);
    int level3, level5;
    char name[LAYOUT_NAME_MAX];
    if (!keymap)
        fail("layout cannot be compiled", layout);
    int n = snprintf(name, sizeof name, *variant ? "%s(%s)" : "%s", layout, variant);
    if (n >= (int)sizeof name)
        fail("name is too long", name);
    memset(keys, 0, sizeof keys);
    find_shifters(keymap, &level3, &level5);
    for (unsigned level = 0; level < LAYOUT_LEVELS; level++)
        if ((!(level & LAYOUT_LEVEL3) || level3 >= 0) && (!(level & LAYOUT_LEVEL5) || level5 >= 0))
            read_level(keymap, level, level3, level5, keys);
    xkb_keymap_unref(keymap);
    fputs("    {", out);
    write_string(out, name);
    fputs(", ", out);
    write_string(out, title);
    fprintf(out, ", %d, 0x%02X, 0x%02X, %d,\n     {", kind_of(layout, keys), level3 < 0 ? 0 : shifter_usages[level3],
            level5 < 0 ? 0 : shifter_usages[level5], is_latin(keys));
    for (unsigned k = 0; k < LAYOUT_KEYS; k++)
        fprintf(out, "%u, ", row_number(keys[k]));
    fputs("}}", out);
}

/* Of lines "  de   German" in section "! layout" and "  nodeadkeys  de: German (no dead keys)" in "! variant". */
struct rule {
    char layout[LAYOUT_NAME_MAX], variant[LAYOUT_NAME_MAX], title[128];
    bool is_variant;
};

static bool read_rule(const char *line, bool variant, struct rule *ret)
{
    *ret = (struct rule){.is_variant = variant};
    if (!variant)
        return sscanf(line, " %63s %127[^\n]", ret->layout, ret->title) == 2;
    return sscanf(line, " %63s %63[^:]: %127[^\n]", ret->variant, ret->layout, ret->title) == 3;
}

static struct rule *read_rules(const char *folder, size_t *ret_n)
{
    char path[4096], line[512];
    snprintf(path, sizeof path, "%s/rules/evdev.lst", folder);
    FILE *in = fopen(path, "r");
    struct rule *rules = calloc(4096, sizeof *rules);
    char section[32] = "";
    size_t n = 0;
    if (!in || !rules)
        fail("cannot be read", path);
    while (fgets(line, sizeof line, in) && n < 4096) {
        bool variant = !strcmp(section, "variant");
        if (line[0] == '!')
            sscanf(line, "! %31s", section);
        else if ((variant || !strcmp(section, "layout")) && read_rule(line, variant, &rules[n]) &&
                 strcmp(rules[n].layout, "custom") != 0)
            n++;
    }
    fclose(in);
    *ret_n = n;
    return rules;
}

/* Each layout, and behind it its variants. */
static size_t write_layouts(FILE *out, struct xkb_context *context, const char *folder)
{
    size_t n, written = 0;
    struct rule *rules = read_rules(folder, &n);
    fputs("const struct layout layout_table[] = {\n", out);
    for (size_t i = 0; i < n; i++) {
        if (rules[i].is_variant)
            continue;
        for (size_t k = i; k < n; k++) {
            if (k != i && (!rules[k].is_variant || strcmp(rules[k].layout, rules[i].layout) != 0))
                continue;
            write_layout(out, context, rules[k].layout, rules[k].variant, "", rules[k].title);
            fputs(",\n", out);
            written++;
        }
    }
    fputs("};\nconst struct layout layout_common =\n", out);
    write_layout(out, context, "latin", "", "lv3:ralt_switch", "");
    fputs(";\n", out);
    free(rules);
    return written;
}

static void write_composition(FILE *out, struct xkb_compose_state *state, const uint16_t numbers[3], size_t *n)
{
    char text[32];
    const unsigned char *p = (const unsigned char *)text;
    int size = xkb_compose_state_get_utf8(state, text, sizeof text);
    if (size <= 0 || size >= (int)sizeof text)
        return;
    unsigned more = p[0] < 0x80 ? 0 : p[0] >= 0xF0 ? 3 : p[0] >= 0xE0 ? 2 : 1;
    uint32_t c = more == 0 ? p[0] : p[0] & (0x3Fu >> more);
    for (unsigned i = 1; i <= more; i++)
        c = c << 6 | (p[i] & 0x3Fu);
    if (text[more + 1] || c < 0x20)
        return; /* more than one character */
    fprintf(out, "    {%u, %u, %u, 0x%X},\n", numbers[0], numbers[1], numbers[2], c);
    ++*n;
}

static enum xkb_compose_status feed(struct xkb_compose_state *state, const unsigned *at, unsigned n)
{
    xkb_compose_state_reset(state);
    for (unsigned i = 0; i < n; i++)
        xkb_compose_state_feed(state, keysyms[at[i]]);
    return xkb_compose_state_get_status(state);
}

static void compose_behind(FILE *out, struct xkb_compose_state *state, unsigned at[3], unsigned n, size_t *written)
{
    for (at[n] = 1; at[n] < n_symbols; at[n]++) {
        enum xkb_compose_status status = feed(state, at, n + 1);
        uint16_t numbers[3] = {0};
        for (unsigned i = 0; i <= n; i++)
            numbers[i] = (uint16_t)at[i];
        if (status == XKB_COMPOSE_COMPOSED)
            write_composition(out, state, numbers, written);
        else if (status == XKB_COMPOSE_COMPOSING && n == 1)
            compose_behind(out, state, at, 2, written);
    }
}

static size_t write_compositions(FILE *out, struct xkb_context *context, const char *path)
{
    FILE *in = fopen(path, "r");
    struct xkb_compose_table *table =
        in ? xkb_compose_table_new_from_file(context, in, "en_US.UTF-8", XKB_COMPOSE_FORMAT_TEXT_V1, 0) : NULL;
    struct xkb_compose_state *state = table ? xkb_compose_state_new(table, 0) : NULL;
    unsigned at[3];
    size_t n = 0;
    if (!state)
        fail("cannot be read", path);
    fputs("const struct layout_composed layout_compositions[] = {\n", out);
    for (at[0] = 1; at[0] < n_symbols; at[0]++)
        if (is_dead(keysyms[at[0]]))
            compose_behind(out, state, at, 1, &n);
    fputs("};\n", out);
    xkb_compose_state_unref(state);
    xkb_compose_table_unref(table);
    fclose(in);
    return n;
}

static void write_symbols(FILE *out)
{
    fprintf(out, "const size_t layout_symbols_n = %u;\nconst uint32_t layout_symbols[] = {", n_symbols);
    for (unsigned i = 0; i < n_symbols; i++)
        fprintf(out, "%s0x%X,", i % 12 ? " " : "\n    ", symbols[i]);
    fprintf(out, "\n};\nconst uint16_t layout_rows[][LAYOUT_LEVELS] = {\n");
    for (unsigned i = 0; i < n_rows; i++) {
        fputs("    {", out);
        for (unsigned l = 0; l < LAYOUT_LEVELS; l++)
            fprintf(out, "%u,", rows[i][l]);
        fputs("},\n", out);
    }
    fputs("};\n", out);
}

int main(int argc, char **argv)
{
    FILE *out = argc == 4 ? fopen(argv[1], "w") : NULL;
    struct xkb_context *context = xkb_context_new(XKB_CONTEXT_NO_DEFAULT_INCLUDES | XKB_CONTEXT_NO_ENVIRONMENT_NAMES);
    if (!out || !context || !xkb_context_include_path_append(context, argv[2]))
        fail("usage", "make_layouts OUT XKB-FOLDER COMPOSE-FILE");
    xkb_context_set_log_level(context, XKB_LOG_LEVEL_CRITICAL);
    fputs("#include \"usbgadget/layout_table.h\"\n\n", out);
    size_t n = write_layouts(out, context, argv[2]);
    size_t composed = write_compositions(out, context, argv[3]);
    write_symbols(out);
    fprintf(out, "const size_t layout_table_n = %zu, layout_compositions_n = %zu;\n", n, composed);
    xkb_context_unref(context);
    if (fclose(out))
        fail("cannot be written", argv[1]);
    return 0;
}

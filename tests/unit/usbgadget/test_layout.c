/* Every character of every layout, typed by its strokes into libxkbcommon's own state machine with that layout, comes
 * out again; and what the table says of keys, names and kinds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <xkbcommon/xkbcommon-compose.h>
#include <xkbcommon/xkbcommon.h>

#include "usbgadget/layout.h"

#define EVDEV 8

static struct xkb_context *context;
static struct xkb_compose_table *compose_table;

/* Linux's codes of the modifier usages 0xE0 to 0xE7. */
static const uint8_t modifier_codes[] = {29, 42, 56, 125, 97, 54, 100, 126};

static unsigned code_of(uint8_t usage)
{
    static const struct {
        uint8_t usage, code;
    } codes[] = {{0x28, 28},
                 {0x2B, 15},
                 {0x39, 58},
                 {0x65, 127},
#define PAIR(usage, code) {usage, code},
                 LAYOUT_EACH_KEY(PAIR)};
    if (usage >= 0xE0)
        return modifier_codes[usage - 0xE0];
    for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].usage == usage)
            return codes[i].code;
    fail_msg("usage 0x%02X has no key", usage);
    return 0;
}

static struct xkb_keymap *keymap_of(const struct layout *layout)
{
    char name[LAYOUT_NAME_MAX];
    snprintf(name, sizeof name, "%s", layout->name);
    char *variant = strchr(name, '(');
    if (variant) {
        *variant++ = '\0';
        variant[strcspn(variant, ")")] = '\0';
    }
    struct xkb_rule_names names = {"evdev", "pc105", name, variant ? variant : "", ""};
    struct xkb_keymap *keymap = xkb_keymap_new_from_names(context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS);
    assert_non_null(keymap);
    return keymap;
}

/* Presses and releases as the typist does; gives what the key means under the modifiers. */
static xkb_keysym_t press(struct xkb_state *state, const struct stroke *s)
{
    for (unsigned i = 0; i < 8; i++)
        if (s->modifiers >> i & 1)
            xkb_state_update_key(state, modifier_codes[i] + EVDEV, XKB_KEY_DOWN);
    if (s->hold)
        xkb_state_update_key(state, code_of(s->hold) + EVDEV, XKB_KEY_DOWN);
    xkb_keysym_t keysym = xkb_state_key_get_one_sym(state, code_of(s->usage) + EVDEV);
    xkb_state_update_key(state, code_of(s->usage) + EVDEV, XKB_KEY_DOWN);
    xkb_state_update_key(state, code_of(s->usage) + EVDEV, XKB_KEY_UP);
    if (s->hold)
        xkb_state_update_key(state, code_of(s->hold) + EVDEV, XKB_KEY_UP);
    for (unsigned i = 8; i-- > 0;)
        if (s->modifiers >> i & 1)
            xkb_state_update_key(state, modifier_codes[i] + EVDEV, XKB_KEY_UP);
    return keysym;
}

static uint32_t typed(struct xkb_state *state, struct xkb_compose_state *compose, const struct layout_entry *e)
{
    char text[32] = "";
    xkb_keysym_t keysym = 0;
    xkb_compose_state_reset(compose);
    for (unsigned i = 0; i < e->n_strokes; i++) {
        keysym = press(state, &e->strokes[i]);
        if (e->n_strokes > 1)
            xkb_compose_state_feed(compose, keysym);
    }
    if (e->n_strokes == 1)
        return xkb_keysym_to_utf32(keysym);
    if (xkb_compose_state_get_status(compose) != XKB_COMPOSE_COMPOSED)
        return 0;
    xkb_compose_state_get_utf8(compose, text, sizeof text);
    const char *at = text;
    uint32_t c = 0;
    bool bad;
    return layout_next_character(&at, text + strlen(text), &c, &bad) && !*at ? c : 0;
}

static void test_every_character_of_every_layout(void **state)
{
    size_t n = 0, characters = 0;
    (void)state;
    for (; n < layout_count(); n++) {
        const struct layout *layout = layout_at(n);
        struct layout_map *map;
        struct xkb_keymap *keymap = keymap_of(layout);
        struct xkb_state *keys = xkb_state_new(keymap);
        struct xkb_compose_state *compose = xkb_compose_state_new(compose_table, 0);
        assert_int_equal(layout_map_create(layout, &map), 0);
        for (size_t i = 0; i < layout_map_count(map); i++, characters++) {
            const struct layout_entry *e = layout_map_at(map, i);
            uint32_t c = typed(keys, compose, e);
            if (c != (e->character == '\n' ? '\r' : e->character))
                fail_msg("layout %s: U+%04X came out as U+%04X", layout->name, e->character, c);
            assert_true(i == 0 || layout_map_at(map, i - 1)->character < e->character);
            assert_ptr_equal(layout_lookup(map, e->character), e);
        }
        layout_map_destroy(map);
        xkb_compose_state_unref(compose);
        xkb_state_unref(keys);
        xkb_keymap_unref(keymap);
    }
    assert_true(n > 400);
    print_message("%zu characters of %zu layouts\n", characters, n);
}

/* A layout that says it is latin types all of a command line's letters and digits, and most layouts do. */
static void test_latin_layouts_type_latin(void **state)
{
    size_t latin = 0;
    (void)state;
    for (size_t n = 0; n < layout_count(); n++) {
        struct layout_map *map;
        assert_int_equal(layout_map_create(layout_at(n), &map), 0);
        bool all = true;
        for (const char *c = "abcdefghijklmnopqrstuvwxyz0123456789"; *c; c++)
            all &= layout_lookup(map, (uint32_t)*c) != NULL;
        if (layout_at(n)->latin)
            assert_true(all);
        latin += layout_at(n)->latin;
        assert_non_null(layout_lookup(map, '\n'));
        layout_map_destroy(map);
    }
    assert_true(latin > layout_count() / 2);
    assert_false(layout_find("ru")->latin);
    assert_true(layout_find("de")->latin);
}

static void expect(const char *layout, uint32_t character, unsigned n, uint8_t usage, uint8_t modifiers)
{
    struct layout_map *map;
    assert_int_equal(layout_map_create(layout_find(layout), &map), 0);
    const struct layout_entry *e = layout_lookup(map, character);
    assert_non_null(e);
    assert_int_equal(e->n_strokes, n);
    assert_int_equal(e->strokes[0].usage, usage);
    assert_int_equal(e->strokes[0].modifiers, modifiers);
    layout_map_destroy(map);
}

/* What people who use these layouts press. */
static void test_known_keys(void **state)
{
    (void)state;
    for (uint32_t c = 0x20; c < 0x7F; c++) {
        struct layout_map *map;
        assert_int_equal(layout_map_create(layout_find("us"), &map), 0);
        assert_int_equal(layout_lookup(map, c)->n_strokes, 1);
        assert_null(layout_lookup(map, 0xE4));
        layout_map_destroy(map);
    }
    expect("us", '?', 1, 0x38, 0x02);
    expect("us", '<', 1, 0x36, 0x02); /* not the key beside the left Shift, which ANSI lacks */
    expect("de", 'z', 1, 0x1C, 0);
    expect("de", '@', 1, 0x14, 0x40);
    expect("de", '<', 1, 0x64, 0);
    expect("de", '^', 2, 0x35, 0); /* dead, then space */
    expect("de(nodeadkeys)", '^', 1, 0x35, 0);
    expect("fr", '1', 1, 0x1E, 0x02);
    expect("fr", 0xEA, 2, 0x2F, 0);
    expect("us(intl)", 0xE9, 1, 0x08, 0x40);
    expect("us(intl)", 0xE7, 1, 0x36, 0x40);
    expect("jp", '_', 1, 0x87, 0x02);
    expect("jp", '\\', 1, 0x87, 0);
    expect("jp(OADG109A)", 0xA5, 1, 0x89, 0); /* the yen */
    expect("es", '@', 1, 0x1F, 0x40);
    expect("es", '\\', 1, 0x35, 0x40);
    expect("es", '<', 1, 0x64, 0);
    expect("fr", '@', 1, 0x27, 0x40);
    expect("pl", 0x142, 1, 0x0F, 0x40);
    expect("gb", '\\', 1, 0x64, 0);
}

static void test_names_and_kinds(void **state)
{
    (void)state;
    assert_string_equal(layout_at(0)->name, "us");
    assert_string_equal(layout_find("de(nodeadkeys)")->title, "German (no dead keys)");
    assert_null(layout_find("xx"));
    assert_null(layout_find(""));
    assert_null(layout_at(layout_count()));
    assert_int_equal(layout_find("us")->kind, LAYOUT_ANSI);
    assert_int_equal(layout_find("pl")->kind, LAYOUT_ANSI);
    assert_int_equal(layout_find("de")->kind, LAYOUT_ISO);
    assert_int_equal(layout_find("gb")->kind, LAYOUT_ISO);
    assert_int_equal(layout_find("fr")->kind, LAYOUT_ISO);
    assert_int_equal(layout_find("es")->kind, LAYOUT_ISO);
    assert_int_equal(layout_find("us(intl)")->kind, LAYOUT_ANSI);
    assert_int_equal(layout_find("jp")->kind, LAYOUT_JIS);
    assert_int_equal(layout_find("de")->level3, 0xE6);
    assert_int_equal(layout_find("de(neo)")->level3, 0x39);
    assert_int_equal(layout_find("us")->level3, 0);
    assert_int_equal(layout_symbol(layout_find("de"), LAYOUT_KEYS, 0), 0);
    assert_int_equal(layout_symbol(layout_find("de"), 0, LAYOUT_LEVELS), 0);
    for (size_t i = 1; i < layout_count(); i++)
        assert_ptr_equal(layout_find(layout_at(i)->name), layout_at(i));
}

static void test_marks_compose(void **state)
{
    (void)state;
    assert_int_equal(layout_compose('e', 0x301), 0xE9);
    assert_int_equal(layout_compose('a', 0x308), 0xE4);
    assert_int_equal(layout_compose(0xEA, 0x301), 0x1EBF);
    assert_int_equal(layout_compose('x', 0x327), 0);
    assert_int_equal(layout_compose(' ', 0x301), 0);
    assert_int_equal(layout_compose('a', 'b'), 0);
    assert_int_equal(layout_compose('a', 0), 0);
}

static int set_up(void **state)
{
    (void)state;
    context = xkb_context_new(XKB_CONTEXT_NO_ENVIRONMENT_NAMES);
    xkb_context_set_log_level(context, XKB_LOG_LEVEL_CRITICAL);
    compose_table = xkb_compose_table_new_from_locale(context, "en_US.UTF-8", 0);
    return compose_table ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    xkb_compose_table_unref(compose_table);
    xkb_context_unref(context);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_character_of_every_layout),
        cmocka_unit_test(test_latin_layouts_type_latin),
        cmocka_unit_test(test_known_keys),
        cmocka_unit_test(test_names_and_kinds),
        cmocka_unit_test(test_marks_compose),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

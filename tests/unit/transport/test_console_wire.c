/* The golden vectors of tests/vectors/console against the C builders and the parser; and the outbox. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "transport/console_wire.h"
#include "transport/outbox.h"

static char line[4096];

static FILE *open_vectors(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/vectors/console/%s", TEST_DATA, name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    return f;
}

/* The next case; they stand one a line. */
static bool next_case(FILE *f)
{
    while (fgets(line, sizeof line, f))
        if (line[0] == '{')
            return true;
    return false;
}

/* The text behind "key": in the line; NULL when absent. */
static const char *find(const char *key)
{
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\": ", key);
    const char *at = strstr(line, quoted);
    return at ? at + strlen(quoted) : NULL;
}

static long long number(const char *key)
{
    const char *at = find(key);
    assert_non_null(at);
    return !strncmp(at, "true", 4) ? 1 : !strncmp(at, "false", 5) ? 0 : strtoll(at, NULL, 10);
}

static const char *string(const char *key, char *room, size_t size)
{
    const char *at = find(key);
    assert_non_null(at);
    assert_int_equal(*at, '"');
    snprintf(room, size, "%.*s", (int)strcspn(at + 1, "\""), at + 1);
    return room;
}

static size_t hex_bytes(const char *key, uint8_t *room, size_t size)
{
    char text[2048];
    string(key, text, sizeof text);
    size_t n = strlen(text) / 2;
    assert_true(n <= size);
    for (size_t i = 0; i < n; i++) {
        unsigned byte;
        assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
        room[i] = (uint8_t)byte;
    }
    return n;
}

static bool is_type(const char *type)
{
    char room[64];
    return !strcmp(string("type", room, sizeof room), type);
}

static void check_hello(const struct console_message *p)
{
    char ticket[64];
    uint8_t page[CONSOLE_PAGE_SIZE];
    assert_int_equal(p->type, CONSOLE_HELLO);
    assert_int_equal(p->hello.hidden, number("hidden"));
    assert_int_equal(p->hello.view_only, number("viewOnly"));
    assert_int_equal(p->hello.capabilities, number("capabilities"));
    assert_string_equal(p->hello.ticket, string("ticket", ticket, sizeof ticket));
    assert_int_equal(hex_bytes("page", page, sizeof page), sizeof page);
    assert_memory_equal(p->hello.page, page, sizeof page);
    assert_int_equal(p->hello.last_viewer, number("lastViewer"));
    assert_int_equal(p->hello.last_sequence, number("lastSequence"));
}

static uint8_t word_index(const char *key, const char *const *words, uint8_t n)
{
    char room[64];
    string(key, room, sizeof room);
    for (uint8_t i = 0; i < n; i++)
        if (!strcmp(words[i], room))
            return i;
    fail_msg("unknown word %s", room);
    return 0;
}

static const char *const seat_actions[] = {"release", "request", "take", "share", "exclusive"};

static void check_client(const struct console_message *p)
{
    if (is_type("hello")) {
        check_hello(p);
    } else if (is_type("ack")) {
        assert_int_equal(p->type, CONSOLE_ACK);
        assert_int_equal(p->ack.sequence, number("sequence"));
        assert_int_equal(p->ack.received_us, number("received"));
        assert_int_equal(p->ack.painted_us, number("painted"));
    } else if (is_type("key")) {
        assert_int_equal(p->type, CONSOLE_KEY);
        assert_int_equal(p->key.usage, number("usage"));
        assert_int_equal(p->key.down, number("down"));
    } else if (is_type("pointer-absolute")) {
        assert_int_equal(p->type, CONSOLE_POINTER_ABS);
        assert_int_equal(p->absolute.buttons, number("buttons"));
        assert_int_equal(p->absolute.x, number("x"));
        assert_int_equal(p->absolute.y, number("y"));
        assert_int_equal(p->absolute.wheel, number("wheel"));
        assert_int_equal(p->absolute.pan, number("pan"));
    } else if (is_type("pointer-relative")) {
        assert_int_equal(p->type, CONSOLE_POINTER_REL);
        assert_int_equal(p->relative.buttons, number("buttons"));
        assert_int_equal(p->relative.dx, number("dx"));
        assert_int_equal(p->relative.dy, number("dy"));
        assert_int_equal(p->relative.wheel, number("wheel"));
        assert_int_equal(p->relative.pan, number("pan"));
    } else if (is_type("release-all")) {
        assert_int_equal(p->type, CONSOLE_RELEASE_ALL);
    } else if (is_type("seat")) {
        assert_int_equal(p->type, CONSOLE_SEAT_REQUEST);
        assert_int_equal(p->seat.act, word_index("action", seat_actions, 5));
    } else if (is_type("seat-answer")) {
        assert_int_equal(p->type, CONSOLE_SEAT_ANSWER);
        assert_int_equal(p->seat.act, number("grant") ? CONSOLE_ACT_GRANT : CONSOLE_ACT_REFUSE);
        assert_int_equal(p->seat.request, number("request"));
    } else if (is_type("ping")) {
        assert_int_equal(p->type, CONSOLE_PING);
        assert_int_equal(p->ping, number("value"));
    } else if (is_type("visible")) {
        assert_int_equal(p->type, CONSOLE_VISIBLE);
        assert_int_equal(p->visible, number("visible"));
    } else if (is_type("watch")) {
        assert_int_equal(p->type, CONSOLE_WATCH);
        assert_int_equal(p->watch, number("on"));
    } else {
        assert_true(is_type("refresh"));
        assert_int_equal(p->type, CONSOLE_REFRESH);
    }
}

static void client_messages_are_understood(void **state)
{
    (void)state;
    FILE *f = open_vectors("client.json");
    unsigned types = 0, cases = 0;
    while (next_case(f)) {
        uint8_t bytes[CONSOLE_MAX_CLIENT_MESSAGE];
        struct console_message parsed;
        size_t size = hex_bytes("hex", bytes, sizeof bytes);
        assert_null(console_parse(bytes, size, &parsed));
        check_client(&parsed);
        types |= 1u << parsed.type;
        cases++;
    }
    fclose(f);
    assert_int_equal(types, 0x1ffe); /* every type was there */
    assert_true(cases >= 18);
}

static void broken_messages_are_refused(void **state)
{
    (void)state;
    FILE *f = open_vectors("refused.json");
    unsigned cases = 0;
    while (next_case(f)) {
        uint8_t bytes[1024];
        struct console_message parsed;
        size_t size = hex_bytes("hex", bytes, sizeof bytes);
        if (!console_parse(bytes, size, &parsed))
            fail_msg("taken: %s", line);
        cases++;
    }
    fclose(f);
    assert_true(cases >= 50);
}

/* Who asks stands behind "askers", each in braces of its own. */
static void build_viewers(struct wire_writer *w)
{
    char names[CONSOLE_VIEWERS_MAX][512], addresses[CONSOLE_VIEWERS_MAX][512], words[4][8];
    struct console_viewers viewers = {.total = (uint16_t)number("total")};
    const char *at = find("list");
    while ((at = strchr(at, '{')) && viewers.n < CONSOLE_VIEWERS_MAX) {
        struct console_viewer_told *told = &viewers.list[viewers.n];
        names[viewers.n][0] = addresses[viewers.n][0] = 0;
        assert_true(sscanf(at,
                           "{\"number\": %u, \"since\": %u, \"mine\": %5[a-z], \"types\": %5[a-z], \"hidden\": "
                           "%5[a-z], \"mayEnd\": %5[a-z], \"name\": \"%511[^\"]\", \"address\": \"%511[^\"]\"",
                           &told->number, &told->since_s, words[0], words[1], words[2], words[3], names[viewers.n],
                           addresses[viewers.n]) >= 7);
        for (unsigned i = 0; i < ARRAY_SIZE(words); i++)
            told->flags |= (uint8_t)(!strcmp(words[i], "true") << i);
        told->name = names[viewers.n];
        told->address = addresses[viewers.n++];
        at++;
    }
    console_write_viewers(w, &viewers);
}

static void build_seats(struct wire_writer *w)
{
    static const char *const flags[] = {"mine", "shared", "free", "asking", "mayType", "mayTake", "idle"};
    char name[512], names[CONSOLE_ASKERS][512];
    struct console_seats seats = {.viewers = (uint16_t)number("viewers"),
                                  .holder = (uint32_t)number("holder"),
                                  .idle_s = (uint32_t)number("idleSeconds"),
                                  .idle_limit_s = (uint32_t)number("idleLimit"),
                                  .name = string("name", name, sizeof name)};
    for (unsigned i = 0; i < ARRAY_SIZE(flags); i++)
        seats.flags |= (uint8_t)(number(flags[i]) << i);
    const char *at = find("askers");
    while ((at = strchr(at, '{')) && seats.n_askers < CONSOLE_ASKERS) {
        struct console_asker *asker = &seats.askers[seats.n_askers];
        unsigned waiting;
        char mine[8];
        assert_int_equal(sscanf(at, "{\"number\": %u, \"waiting\": %u, \"mine\": %5[a-z], \"name\": \"%511[^\"]\"",
                                &asker->number, &waiting, mine, names[seats.n_askers]),
                         4);
        asker->waiting_s = (uint16_t)waiting;
        asker->yours = !strcmp(mine, "true");
        asker->name = names[seats.n_askers++];
        at++;
    }
    console_write_seats(w, &seats);
}

static void build_server(struct wire_writer *w)
{
    static const char *const signals[] = {"ok",           "powered-off", "no-signal",   "no-lock",
                                          "out-of-range", "unsupported", "device-gone", "starting"};
    static const char *const ends[] = {"", "gone", "protocol", "session", "right", "stopping", "ticket", "target"};
    uint8_t bytes[256];
    char text[512];
    if (is_type("welcome"))
        console_write_welcome(w, number("mayType"), (uint32_t)number("viewer"));
    else if (is_type("mode"))
        console_write_mode(w, (uint8_t)number("colour"), (uint16_t)number("width"), (uint16_t)number("height"));
    else if (is_type("update")) {
        bool timed = strncmp(find("times"), "null", 4) != 0;
        struct console_times times = {0};
        if (timed)
            times = (struct console_times){.captured_us = (uint32_t)number("captured"),
                                           .track_us = (uint32_t)number("track"),
                                           .wait_us = (uint32_t)number("wait"),
                                           .encode_us = (uint32_t)number("encode"),
                                           .send_us = (uint32_t)number("send")};
        console_write_update_header(w, number("exact"), (uint16_t)number("check"), timed ? &times : NULL);
        assert_int_equal(wire_written(w), CONSOLE_UPDATE_HEADER + (timed ? CONSOLE_UPDATE_TIMES : 0));
        wire_write_bytes(w, bytes, hex_bytes("body", bytes, sizeof bytes));
    } else if (is_type("no-picture"))
        console_write_no_picture(w, word_index("signal", signals, 8), string("why", text, sizeof text));
    else if (is_type("cursor")) {
        hex_bytes("pixels", bytes, sizeof bytes);
        console_write_cursor(w, number("visible"), (uint16_t)number("hotX"), (uint16_t)number("hotY"),
                             (uint16_t)number("width"), (uint16_t)number("height"), bytes);
    } else if (is_type("leds"))
        console_write_leds(w, (uint8_t)(number("num") | number("caps") << 1 | number("scroll") << 2));
    else if (is_type("seat"))
        console_write_seat(w, number("mine"), (uint16_t)number("viewers"), (uint32_t)number("holder"),
                           string("name", text, sizeof text));
    else if (is_type("seats"))
        build_seats(w);
    else if (is_type("viewers"))
        build_viewers(w);
    else if (is_type("recording"))
        console_write_recording(w, &(struct console_recording){.on = number("on"),
                                                               .every_s = (uint16_t)number("every"),
                                                               .elapsed_s = (uint32_t)number("elapsed"),
                                                               .name = string("name", text, sizeof text)});
    else if (is_type("pong"))
        console_write_pong(w, (uint32_t)number("value"));
    else if (is_type("stats"))
        console_write_stats(
            w, &(struct console_stats){.round_trip_us = (uint32_t)number("roundTrip"),
                                       .encode_us = (uint32_t)number("encode"),
                                       .rate = (uint32_t)number("rate"),
                                       .updates = (uint32_t)number("updates"),
                                       .bytes = (uint32_t)number("bytes"),
                                       .class_bytes = {(uint32_t)number("text"), (uint32_t)number("photo"),
                                                       (uint32_t)number("video"), (uint32_t)number("settle")}});
    else if (is_type("changed"))
        console_write_changed(w, (uint8_t)(number("power") | number("drives") << 1 | number("target") << 2));
    else if (is_type("end"))
        console_write_end(w, word_index("reason", ends, 8), string("why", text, sizeof text));
    else {
        assert_true(is_type("pointer-mode"));
        console_write_pointer_mode(w, number("absolute"));
    }
}

static void server_messages_are_built(void **state)
{
    (void)state;
    FILE *f = open_vectors("server.json");
    unsigned types = 0;
    while (next_case(f)) {
        uint8_t expected[4096], built[4096];
        struct wire_writer w = wire_writer_init(built, sizeof built);
        size_t size = hex_bytes("hex", expected, sizeof expected);
        build_server(&w);
        assert_int_equal(wire_written(&w), size);
        assert_memory_equal(built, expected, size);
        types |= 1u << (expected[0] & 0x7f);
    }
    fclose(f);
    assert_int_equal(types, 0xfffe);
}

static void texts_are_made_fit_to_show(void **state)
{
    (void)state;
    uint8_t built[1024];
    char text[1000];
    struct wire_writer w = wire_writer_init(built, sizeof built);
    console_write_end(&w, 1, "a\nb\x1b[0m \xff\xc3");
    assert_memory_equal(built + 4, "a?b?[0m ??", 10);
    assert_int_equal(built[2], 10);
    /* cut at a whole character */
    memset(text, 'x', CONSOLE_MAX_TEXT - 1);
    memcpy(text + CONSOLE_MAX_TEXT - 1, "\xc3\xa4", 3);
    w = wire_writer_init(built, sizeof built);
    console_write_end(&w, 1, text);
    assert_int_equal(built[2] | built[3] << 8, CONSOLE_MAX_TEXT - 1);
    /* without room nothing is half written as if it were whole */
    w = wire_writer_init(built, 5);
    console_write_end(&w, 1, text);
    assert_true(w.full);
}

static void put_leds(struct outbox *o, uint8_t leds)
{
    struct wire_writer w = outbox_begin(o, OUTBOX_LEDS);
    console_write_leds(&w, leds);
    outbox_put(o, OUTBOX_LEDS, &w);
}

static void outbox_keeps_the_newest_of_each_kind_in_order(void **state)
{
    (void)state;
    static struct outbox o;
    enum outbox_kind kind;
    uint8_t *bytes;
    size_t size;
    put_leds(&o, 1);
    outbox_mark_update(&o);
    struct wire_writer w = outbox_begin(&o, OUTBOX_END);
    console_write_end(&w, 1, "bye");
    outbox_put(&o, OUTBOX_END, &w);
    put_leds(&o, 2);
    assert_int_equal(o.n, 3);
    assert_true(outbox_take(&o, &kind, &bytes, &size));
    assert_int_equal(kind, OUTBOX_UPDATE);
    assert_null(bytes);
    assert_true(outbox_take(&o, &kind, &bytes, &size));
    assert_int_equal(kind, OUTBOX_END);
    assert_int_equal(size, 7);
    assert_true(outbox_holds(&o, OUTBOX_LEDS));
    assert_true(outbox_take(&o, &kind, &bytes, &size));
    assert_memory_equal(bytes, "\x86\2\0\0", 4);
    assert_false(outbox_take(&o, &kind, &bytes, &size));
}

static void outbox_has_room_for_the_longest_of_each(void **state)
{
    (void)state;
    static struct outbox o;
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    struct wire_writer w = outbox_begin(&o, OUTBOX_NO_PICTURE);
    console_write_no_picture(&w, 1, text);
    assert_false(w.full);
    w = outbox_begin(&o, OUTBOX_SEAT);
    console_write_seat(&w, true, 1, 1, text);
    assert_false(w.full);
    w = outbox_begin(&o, OUTBOX_STATS);
    console_write_stats(&w, &(struct console_stats){0});
    assert_false(w.full);
    outbox_put(&o, OUTBOX_STATS, &w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(client_messages_are_understood),
        cmocka_unit_test(broken_messages_are_refused),
        cmocka_unit_test(server_messages_are_built),
        cmocka_unit_test(texts_are_made_fit_to_show),
        cmocka_unit_test(outbox_keeps_the_newest_of_each_kind_in_order),
        cmocka_unit_test(outbox_has_room_for_the_longest_of_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The golden vectors of tests/vectors/media against the C builders and parsers, both sides'. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "transport/media.h"
#include "transport/media_wire.h"

static char line[4096];
static uint8_t bytes[2048], built[2048];
static size_t size;

static FILE *open_vectors(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/vectors/media/%s", TEST_DATA, name);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    return f;
}

/* The text behind "key": in the line. */
static const char *find(const char *key)
{
    char quoted[64];
    snprintf(quoted, sizeof quoted, "\"%s\": ", key);
    const char *at = strstr(line, quoted);
    assert_non_null(at);
    return at + strlen(quoted);
}

static long long number(const char *key)
{
    const char *at = find(key);
    return !strncmp(at, "true", 4) ? 1 : !strncmp(at, "false", 5) ? 0 : strtoll(at, NULL, 10);
}

static const char *string(const char *key)
{
    static char room[2048];
    const char *at = find(key);
    if (*at != '"')
        return NULL;
    snprintf(room, sizeof room, "%.*s", (int)strcspn(at + 1, "\""), at + 1);
    return room;
}

static size_t hex(const char *key, uint8_t *room)
{
    const char *text = string(key);
    size_t n = text ? strlen(text) / 2 : 0;
    for (size_t i = 0; i < n; i++) {
        unsigned byte;
        assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
        room[i] = (uint8_t)byte;
    }
    return n;
}

/* The next case, its bytes in `bytes`; they stand one a line. */
static bool next_case(FILE *f)
{
    while (fgets(line, sizeof line, f))
        if (line[0] == '{') {
            size = hex("hex", bytes);
            return true;
        }
    return false;
}

static unsigned index_of(const char *word, const char *const *words, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (!strcmp(word, words[i]))
            return i;
    fail_msg("%s", word);
    return n;
}

static void check_id(const uint8_t *id)
{
    uint8_t want[MEDIUM_ID_SIZE] = {0};
    hex("id", want);
    assert_memory_equal(id, want, sizeof want);
}

static void check_hello(const struct media_message *m)
{
    static const char *const kinds[] = {"", "cdrom", "disk"}, *const overlays[] = {"none", "discard", "keep"};
    const struct media_hello *h = &m->hello;
    assert_string_equal(h->ticket, string("ticket"));
    assert_int_equal(h->drive, number("drive"));
    assert_true(h->size == (uint64_t)number("size") && h->modified_ms == number("modified"));
    assert_true(h->rate == (uint64_t)number("rate"));
    assert_string_equal(h->name, string("name"));
    assert_int_equal(h->kind, index_of(string("kind"), kinds, 3));
    assert_int_equal(h->overlay, index_of(string("overlay"), overlays, 3));
    assert_int_equal(h->writable, number("writable"));
    assert_int_equal(h->copy, number("copy"));
    assert_int_equal(h->boot_once, number("bootOnce"));
    check_id(h->id);
}

static void build(const struct media_message *m, struct wire_writer *w)
{
    switch (m->type) {
    case MEDIA_HELLO:
        media_write_hello(w, &m->hello);
        break;
    case MEDIA_DATA:
        media_write_data_header(w, m->data.request);
        wire_write_bytes(w, m->data.bytes, m->data.size);
        break;
    case MEDIA_FAIL:
        media_write_fail(w, m->fail.reason, m->fail.request);
        break;
    case MEDIA_BYE:
        media_write_bye(w);
        break;
    case MEDIA_READY:
        media_write_ready(w, m->ready.id);
        break;
    case MEDIA_READ:
        media_write_read(w, m->read.request, m->read.offset, m->read.length);
        break;
    case MEDIA_PROGRESS:
        media_write_progress(w, m->progress.complete, m->progress.copied, m->progress.size);
        break;
    case MEDIA_END:
        media_write_end(w, m->end.reason, m->end.why);
        break;
    }
}

static void check_message(const struct media_message *m)
{
    static const char *const ends[] = {"",        "ejected",  "copied",   "refused", "protocol",
                                       "session", "stopping", "replaced", "changed"};
    uint8_t data[64];
    switch (m->type) {
    case MEDIA_HELLO:
        check_hello(m);
        break;
    case MEDIA_DATA:
        assert_true(m->data.request == (uint32_t)number("request"));
        assert_int_equal(m->data.size, hex("bytes", data));
        assert_memory_equal(m->data.bytes, data, m->data.size);
        break;
    case MEDIA_FAIL:
        assert_true(m->fail.request == (uint32_t)number("request"));
        assert_int_equal(m->fail.reason, number("reason"));
        break;
    case MEDIA_BYE:
        break;
    case MEDIA_READY:
        assert_int_equal(m->ready.longest, number("longest"));
        assert_int_equal(m->ready.most, number("most"));
        check_id(m->ready.id);
        break;
    case MEDIA_READ:
        assert_true(m->read.request == (uint32_t)number("request") && m->read.offset == (uint64_t)number("offset"));
        assert_int_equal(m->read.length, number("length"));
        break;
    case MEDIA_PROGRESS:
        assert_int_equal(m->progress.complete, number("complete"));
        assert_true(m->progress.copied == (uint64_t)number("copied") && m->progress.size == (uint64_t)number("size"));
        break;
    case MEDIA_END:
        assert_int_equal(m->end.reason, index_of(string("reason"), ends, ARRAY_SIZE(ends)));
        assert_string_equal(m->end.why, string("why"));
        break;
    }
}

static void check_vectors(const char *name, const char *parse(const uint8_t *, size_t, struct media_message *))
{
    static const char *const types[] = {"hello", "data", "fail", "bye", "ready", "read", "progress", "end"};
    static struct media_message m;
    unsigned n = 0;
    FILE *f = open_vectors(name);
    for (; next_case(f); n++) {
        const char *why = parse(bytes, size, &m);
        if (why)
            fail_msg("%s: %s", line, why);
        unsigned type = index_of(string("type"), types, ARRAY_SIZE(types));
        assert_int_equal(m.type, type < 4 ? type + 1 : type - 4 + 0x81);
        check_message(&m);
        struct wire_writer w = wire_writer_init(built, sizeof built);
        build(&m, &w);
        assert_int_equal(wire_written(&w), size);
        assert_memory_equal(built, bytes, size);
    }
    fclose(f);
    assert_true(n >= 9);
}

static void both_sides_agree_with_the_vectors(void **state)
{
    (void)state;
    check_vectors("owner.json", media_parse_owner);
    check_vectors("gateway.json", media_parse_gateway);
}

static void check_refused(const char *name, const char *parse(const uint8_t *, size_t, struct media_message *))
{
    static struct media_message m;
    unsigned n = 0;
    FILE *f = open_vectors(name);
    for (; next_case(f); n++)
        if (!parse(bytes, size, &m))
            fail_msg("taken: %s", line);
    fclose(f);
    assert_true(n >= 18);
}

static void what_breaks_a_rule_is_refused(void **state)
{
    (void)state;
    check_refused("refused.json", media_parse_owner);
    check_refused("refused_by_owner.json", media_parse_gateway);
}

static void sentence_is_cut_and_cleaned(void **state)
{
    (void)state;
    static char text[2 * MEDIA_MAX_TEXT];
    struct media_message m;
    memset(text, 'x', sizeof text - 1);
    memcpy(text, "a\n\xff", 3);
    memcpy(text + MEDIA_MAX_TEXT - 1, "\xC3\xBC", 2); /* would be cut in two */
    struct wire_writer w = wire_writer_init(built, sizeof built);
    media_write_end(&w, MEDIA_END_REFUSED, text);
    assert_null(media_parse_gateway(built, wire_written(&w), &m));
    assert_int_equal(strlen(m.end.why), MEDIA_MAX_TEXT - 1);
    assert_memory_equal(m.end.why, "a??x", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_agree_with_the_vectors),
        cmocka_unit_test(what_breaks_a_rule_is_refused),
        cmocka_unit_test(sentence_is_cut_and_cleaned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "transport/console_wire.h"

#include <string.h>

#include "core/attrs.h"
#include "transport/wire_text.h"

static const char *parse_hello(struct wire_reader *r, struct console_message *m)
{
    uint8_t version = wire_read_u8(r);
    uint8_t flags = wire_read_u8(r);
    m->hello.capabilities = wire_read_u8(r);
    uint8_t reserved = wire_read_u8(r);
    const uint8_t *ticket = wire_read_bytes(r, CONSOLE_TICKET_SIZE);
    const uint8_t *page = wire_read_bytes(r, CONSOLE_PAGE_SIZE);
    m->hello.last_viewer = wire_read_le32(r);
    m->hello.last_sequence = wire_read_le32(r);
    if (!ticket || !page)
        return NULL; /* the caller reports the length */
    if (version != CONSOLE_VERSION)
        return "HELLO of a version that this server does not speak";
    if (flags & ~3u || reserved)
        return "HELLO with reserved bits set";
    if (!wire_is_hex((const char *)ticket, CONSOLE_TICKET_SIZE))
        return "HELLO with a ticket that is not hex";
    memcpy(m->hello.ticket, ticket, CONSOLE_TICKET_SIZE);
    m->hello.ticket[CONSOLE_TICKET_SIZE] = 0;
    memcpy(m->hello.page, page, CONSOLE_PAGE_SIZE);
    m->hello.hidden = flags & 1;
    m->hello.view_only = flags & 2;
    return NULL;
}

static const char *parse_ack(struct wire_reader *r, struct console_message *m)
{
    bool reserved = wire_reserved_set(r, 3);
    m->ack.sequence = wire_read_le32(r);
    m->ack.received_us = wire_read_le32(r);
    m->ack.painted_us = wire_read_le32(r);
    return reserved ? "ACK with reserved bytes set" : NULL;
}

static const char *parse_key(struct wire_reader *r, struct console_message *m)
{
    uint8_t down = wire_read_u8(r);
    m->key.usage = wire_read_le16(r);
    if (down > 1)
        return "KEY that is neither down nor up";
    m->key.down = down;
    return NULL;
}

static const char *parse_absolute(struct wire_reader *r, struct console_message *m)
{
    m->absolute.buttons = wire_read_u8(r);
    m->absolute.x = wire_read_le16(r);
    m->absolute.y = wire_read_le16(r);
    m->absolute.wheel = (int8_t)wire_read_u8(r);
    m->absolute.pan = (int8_t)wire_read_u8(r);
    if (m->absolute.buttons & ~CONSOLE_BUTTONS)
        return "POINTER_ABS with unknown buttons";
    if (m->absolute.x > CONSOLE_POINTER_MAX || m->absolute.y > CONSOLE_POINTER_MAX)
        return "POINTER_ABS outside the picture";
    return NULL;
}

static const char *parse_relative(struct wire_reader *r, struct console_message *m)
{
    m->relative.buttons = wire_read_u8(r);
    m->relative.dx = (int16_t)wire_read_le16(r);
    m->relative.dy = (int16_t)wire_read_le16(r);
    m->relative.wheel = (int8_t)wire_read_u8(r);
    m->relative.pan = (int8_t)wire_read_u8(r);
    return m->relative.buttons & ~CONSOLE_BUTTONS ? "POINTER_REL with unknown buttons" : NULL;
}

static const char *parse_reserved(struct wire_reader *r, struct console_message *m)
{
    (void)m;
    return wire_reserved_set(r, 3) ? "reserved bytes set" : NULL;
}

/* One byte that is 0 or 1, then two reserved ones. */
static const char *parse_switch(struct wire_reader *r, bool *ret)
{
    uint8_t value = wire_read_u8(r);
    bool reserved = wire_reserved_set(r, 2);
    if (value > 1)
        return "a switch that is neither 0 nor 1";
    if (reserved)
        return "reserved bytes set";
    *ret = value;
    return NULL;
}

static const char *parse_seat(struct wire_reader *r, struct console_message *m)
{
    uint8_t act = wire_read_u8(r);
    bool reserved = wire_reserved_set(r, 2);
    if (act > CONSOLE_ACT_EXCLUSIVE)
        return "SEAT with an unknown action";
    m->seat.act = (enum console_seat_act)act;
    return reserved ? "reserved bytes set" : NULL;
}

static const char *parse_answer(struct wire_reader *r, struct console_message *m)
{
    bool grant = false;
    const char *why = parse_switch(r, &grant);
    m->seat.act = grant ? CONSOLE_ACT_GRANT : CONSOLE_ACT_REFUSE;
    m->seat.request = wire_read_le32(r);
    return why;
}

static const char *parse_visible(struct wire_reader *r, struct console_message *m)
{
    return parse_switch(r, &m->visible);
}

static const char *parse_watch(struct wire_reader *r, struct console_message *m)
{
    return parse_switch(r, &m->watch);
}

static const char *parse_ping(struct wire_reader *r, struct console_message *m)
{
    bool reserved = wire_reserved_set(r, 3);
    m->ping = wire_read_le32(r);
    return reserved ? "PING with reserved bytes set" : NULL;
}

const char *console_parse(const uint8_t *bytes, size_t size, struct console_message *ret)
{
    static const char *(*const parsers[])(struct wire_reader *, struct console_message *) = {
        [CONSOLE_HELLO] = parse_hello,
        [CONSOLE_ACK] = parse_ack,
        [CONSOLE_KEY] = parse_key,
        [CONSOLE_POINTER_ABS] = parse_absolute,
        [CONSOLE_POINTER_REL] = parse_relative,
        [CONSOLE_RELEASE_ALL] = parse_reserved,
        [CONSOLE_SEAT_REQUEST] = parse_seat,
        [CONSOLE_PING] = parse_ping,
        [CONSOLE_VISIBLE] = parse_visible,
        [CONSOLE_REFRESH] = parse_reserved,
        [CONSOLE_WATCH] = parse_watch,
        [CONSOLE_SEAT_ANSWER] = parse_answer,
    };
    struct wire_reader r = wire_reader_init(bytes, size);
    uint8_t type = wire_read_u8(&r);
    if (r.bad)
        return "an empty message";
    if (type >= sizeof parsers / sizeof parsers[0] || !parsers[type])
        return "a message of unknown type";
    struct console_message m = {.type = (enum console_type)type};
    const char *why = parsers[type](&r, &m);
    if (!wire_read_complete(&r))
        return "a message shorter or longer than its type says";
    if (why)
        return why;
    *ret = m;
    return NULL;
}

static void write_head(struct wire_writer *w, enum console_type type, uint8_t a, uint8_t b, uint8_t c)
{
    wire_write_u8(w, (uint8_t)type);
    wire_write_u8(w, a);
    wire_write_u8(w, b);
    wire_write_u8(w, c);
}

void console_write_welcome(struct wire_writer *w, bool may_type, uint32_t viewer)
{
    write_head(w, CONSOLE_WELCOME, CONSOLE_VERSION, may_type, 0);
    wire_write_le32(w, viewer);
}

void console_write_mode(struct wire_writer *w, uint8_t colour, uint16_t width, uint16_t height)
{
    write_head(w, CONSOLE_MODE, colour, 0, 0);
    wire_write_le16(w, width);
    wire_write_le16(w, height);
}

static void write_time(struct wire_writer *w, uint32_t us)
{
    wire_write_le16(w, (uint16_t)MIN(us / 10, (uint32_t)UINT16_MAX));
}

void console_write_update_header(struct wire_writer *w, bool complete, uint16_t check,
                                 const struct console_times *times)
{
    wire_write_u8(w, CONSOLE_UPDATE);
    wire_write_u8(w, (uint8_t)(complete | (times ? 2 : 0)));
    wire_write_le16(w, check);
    if (!times)
        return;
    wire_write_le32(w, times->captured_us);
    write_time(w, times->track_us);
    write_time(w, times->wait_us);
    write_time(w, times->encode_us);
    write_time(w, times->send_us);
}

static void write_sentence(struct wire_writer *w, enum console_type type, uint8_t number, const char *why)
{
    uint8_t text[CONSOLE_MAX_TEXT];
    size_t size = wire_clean_text(why, text, sizeof text);
    wire_write_u8(w, (uint8_t)type);
    wire_write_u8(w, number);
    wire_write_le16(w, (uint16_t)size);
    wire_write_bytes(w, text, size);
}

void console_write_no_picture(struct wire_writer *w, uint8_t signal, const char *why)
{
    write_sentence(w, CONSOLE_NO_PICTURE, signal, why);
}

void console_write_cursor(struct wire_writer *w, bool visible, uint16_t hot_x, uint16_t hot_y, uint16_t width,
                          uint16_t height, const uint8_t *rgba)
{
    wire_write_u8(w, CONSOLE_CURSOR);
    wire_write_u8(w, visible);
    wire_write_le16(w, hot_x);
    wire_write_le16(w, hot_y);
    wire_write_le16(w, width);
    wire_write_le16(w, height);
    if (width && height)
        wire_write_bytes(w, rgba, (size_t)width * height * 4);
}

void console_write_leds(struct wire_writer *w, uint8_t leds)
{
    write_head(w, CONSOLE_LEDS, leds, 0, 0);
}

static void write_name(struct wire_writer *w, const char *name, size_t limit)
{
    uint8_t text[CONSOLE_MAX_NAME];
    size_t size = wire_clean_text(name, text, MIN(limit, sizeof text));
    wire_write_u8(w, (uint8_t)size);
    wire_write_bytes(w, text, size);
}

void console_write_seat(struct wire_writer *w, bool yours, uint16_t viewers, uint32_t holder, const char *name)
{
    wire_write_u8(w, CONSOLE_SEAT);
    wire_write_u8(w, yours);
    wire_write_le16(w, viewers);
    wire_write_le32(w, holder);
    write_name(w, name, CONSOLE_MAX_NAME);
}

void console_write_seats(struct wire_writer *w, const struct console_seats *seats)
{
    unsigned n = MIN(seats->n_askers, (unsigned)CONSOLE_ASKERS);
    wire_write_u8(w, CONSOLE_SEATS);
    wire_write_u8(w, seats->flags);
    wire_write_le16(w, seats->viewers);
    wire_write_le32(w, seats->holder);
    wire_write_le32(w, seats->idle_s);
    wire_write_le32(w, seats->idle_limit_s);
    wire_write_u8(w, (uint8_t)n);
    write_name(w, seats->name, CONSOLE_ASKER_NAME);
    for (unsigned i = 0; i < n; i++) {
        wire_write_le32(w, seats->askers[i].number);
        wire_write_le16(w, seats->askers[i].waiting_s);
        wire_write_u8(w, seats->askers[i].yours);
        write_name(w, seats->askers[i].name, CONSOLE_ASKER_NAME);
    }
}

void console_write_viewers(struct wire_writer *w, const struct console_viewers *viewers)
{
    unsigned n = MIN(viewers->n, (unsigned)CONSOLE_VIEWERS_MAX);
    wire_write_u8(w, CONSOLE_VIEWERS);
    wire_write_u8(w, (uint8_t)n);
    wire_write_le16(w, viewers->total);
    for (unsigned i = 0; i < n; i++) {
        wire_write_le32(w, viewers->list[i].number);
        wire_write_le32(w, viewers->list[i].since_s);
        wire_write_u8(w, viewers->list[i].flags);
        write_name(w, viewers->list[i].name, CONSOLE_ASKER_NAME);
        write_name(w, viewers->list[i].address, CONSOLE_VIEWER_ADDRESS);
    }
}

void console_write_recording(struct wire_writer *w, const struct console_recording *recording)
{
    wire_write_u8(w, CONSOLE_RECORDING);
    wire_write_u8(w, recording->on);
    wire_write_le16(w, recording->every_s);
    wire_write_le32(w, recording->elapsed_s);
    write_name(w, recording->name, CONSOLE_ASKER_NAME);
}

void console_write_pong(struct wire_writer *w, uint32_t value)
{
    write_head(w, CONSOLE_PONG, 0, 0, 0);
    wire_write_le32(w, value);
}

void console_write_stats(struct wire_writer *w, const struct console_stats *stats)
{
    write_head(w, CONSOLE_STATS, 0, 0, 0);
    wire_write_le32(w, stats->round_trip_us);
    wire_write_le32(w, stats->encode_us);
    wire_write_le32(w, stats->rate);
    wire_write_le32(w, stats->updates);
    wire_write_le32(w, stats->bytes);
    for (int i = 0; i < CONSOLE_CLASSES; i++)
        wire_write_le32(w, stats->class_bytes[i]);
}

void console_write_changed(struct wire_writer *w, uint8_t what)
{
    write_head(w, CONSOLE_CHANGED, what, 0, 0);
}

void console_write_end(struct wire_writer *w, uint8_t reason, const char *why)
{
    write_sentence(w, CONSOLE_END, reason, why);
}

void console_write_pointer_mode(struct wire_writer *w, bool absolute)
{
    write_head(w, CONSOLE_POINTER_MODE, absolute, 0, 0);
}

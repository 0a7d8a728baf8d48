#include "machines/qemu/key_pace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/clock.h"

/* Of the keyboard's 16 bytes: what may wait when another character is added, which takes up to 10 (a key and a modifier
 * up, another one and a key down, each with a prefix). */
#define BYTES_BEFORE_NEXT 6
/* A BIOS that is at work moves the ends of its buffer with every key, however late its program reads them. Where they
 * have not moved for so many questions although keys were taken, there is none: at once when the buffer is empty; a key
 * in it may be of a program that has not begun to read, or was left by a BIOS that is gone. One that was seen at work
 * and is stuck is no longer waited for. */
#define STILL_MAX 40
#define UNUSED_US 500000
#define STUCK_US 3000000
#define QUIET_US 5000000 /* after such a pause it is looked at anew */

#define HAS_OUTPUT 0x01 /* of the controller's status */

enum keyboard { KEYBOARD_NOT_KNOWN, KEYBOARD_PS2, KEYBOARD_OTHER };
enum bios { BIOS_NOT_KNOWN, BIOS_AT_WORK, BIOS_GONE };

struct key_pace {
    struct qmp *qmp;
    enum keyboard keyboard;
    unsigned bytes; /* given since the keyboard was seen empty */
    unsigned given_meanwhile;
    bool asking;
    uint64_t given_us;

    enum bios bios;
    uint32_t buffer; /* head and tail as last read */
    bool buffer_known;
    unsigned still; /* questions for which it has not moved */
    uint64_t still_since_us;
};

static unsigned bytes_of(uint8_t qnum, bool down)
{
    return (qnum & 0x80 ? 1 : 0) + (down ? 1 : 2);
}

void key_pace_gave(struct key_pace *self, uint8_t qnum, bool down)
{
    uint64_t now = clock_now_us();
    if (now - self->given_us > QUIET_US) {
        self->bios = BIOS_NOT_KNOWN;
        self->buffer_known = false;
    }
    self->given_us = now;
    self->bytes += bytes_of(qnum, down);
    self->given_meanwhile += bytes_of(qnum, down);
}

/* ---- questions ---- */

static int ask(struct key_pace *self, const char *line, qmp_done_fn *done)
{
    int r = qmp_call(self->qmp, "human-monitor-command", json_pack("{s:s}", "command-line", line), -1, done, self);
    self->asking = r == 0;
    return r;
}

static void is_empty(struct key_pace *self)
{
    self->bytes = self->given_meanwhile;
}

/* "000000000000041a: 0x001e 0x001e": where a BIOS reads next, and where it writes next. */
static void on_buffer(void *data, int error, const json_t *answer, const char *why)
{
    struct key_pace *self = data;
    const char *text = json_string_value(answer);
    unsigned head = 0, tail = 0;
    (void)why;
    self->asking = false;
    if (error < 0 || !text || sscanf(text, "%*[0-9a-f]: 0x%x 0x%x", &head, &tail) != 2) {
        is_empty(self); /* another release of QEMU writes it otherwise: without this sign, then */
        self->bios = BIOS_GONE;
        return;
    }
    uint32_t buffer = head << 16 | (tail & 0xFFFF);
    uint64_t now = clock_now_us();
    bool moved = self->buffer_known && buffer != self->buffer;
    if (moved)
        self->bios = BIOS_AT_WORK;
    if (moved || !self->buffer_known) {
        self->still = 0;
        self->still_since_us = now;
    }
    self->still++;
    self->buffer = buffer;
    self->buffer_known = true;
    bool still = self->still > STILL_MAX, at_work = self->bios == BIOS_AT_WORK;
    bool stuck = still && now - self->still_since_us > (at_work ? STUCK_US : UNUSED_US);
    if (still && (head == tail || (stuck && !at_work)))
        self->bios = BIOS_GONE;
    if (head == tail || stuck)
        is_empty(self);
}

/* "portb[0x0064] = 0x1c" */
static void on_status(void *data, int error, const json_t *answer, const char *why)
{
    struct key_pace *self = data;
    const char *text = error < 0 ? NULL : json_string_value(answer), *value = text ? strstr(text, "= 0x") : NULL;
    (void)why;
    self->asking = false;
    if (error == -EREMOTEIO || (error == 0 && !value)) {
        self->keyboard = KEYBOARD_OTHER; /* it cannot be told here: slowly, then */
        return;
    }
    if (!value || strtoul(value + 2, NULL, 16) & HAS_OUTPUT)
        return;
    if (self->bios == BIOS_GONE)
        is_empty(self);
    else
        ask(self, "xp /2hx 0x41a", on_buffer);
}

static bool is_keyboard(const char *type)
{
    return type && (strstr(type, "usb-kbd") || strstr(type, "virtio-keyboard") || strstr(type, "usb-braille"));
}

static void on_devices(void *data, int error, const json_t *answer, const char *why)
{
    struct key_pace *self = data;
    size_t i;
    json_t *device;
    (void)why;
    if (error < 0)
        return;
    if (self->keyboard == KEYBOARD_NOT_KNOWN)
        self->keyboard = KEYBOARD_PS2;
    json_array_foreach((json_t *)answer, i, device) if (is_keyboard(json_string_value(json_object_get(device, "type"))))
        self->keyboard = KEYBOARD_OTHER;
}

void key_pace_attached(struct key_pace *self)
{
    static const char *const folders[] = {"/machine/peripheral", "/machine/peripheral-anon"};
    self->keyboard = KEYBOARD_NOT_KNOWN;
    self->bytes = 0;
    self->asking = false;
    for (unsigned i = 0; i < ARRAY_SIZE(folders); i++)
        qmp_call(self->qmp, "qom-list", json_pack("{s:s}", "path", folders[i]), -1, on_devices, self);
}

int key_pace_next(struct key_pace *self, unsigned unanswered)
{
    if (self->keyboard != KEYBOARD_PS2)
        return self->keyboard == KEYBOARD_OTHER ? 0 : -EAGAIN;
    if (self->bytes <= BYTES_BEFORE_NEXT)
        return 1;
    if (self->asking || unanswered)
        return -EAGAIN;
    self->given_meanwhile = 0;
    ask(self, "i /1bx 0x64", on_status);
    return -EAGAIN;
}

int key_pace_create(struct qmp *qmp, struct key_pace **ret)
{
    struct key_pace *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->qmp = qmp;
    *ret = self;
    return 0;
}

struct key_pace *key_pace_destroy(struct key_pace *self)
{
    free(self);
    return NULL;
}

#include "machines/qemu/dbus_display.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "core/log.h"
#include "machines/qemu/bus.h"
#include "machines/qemu/dbus_properties.h"

#define CONSOLE_PATH "/org/qemu/Display1/Console_0"
#define CONSOLE "org.qemu.Display1.Console"
#define KEYBOARD "org.qemu.Display1.Keyboard"
#define MOUSE "org.qemu.Display1.Mouse"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define FD_NAME "lightsout-display"

/* Calls QEMU may leave unanswered before more are refused: some seconds of typing. */
#define UNANSWERED_MAX 256
#define RETRY_US 1000000

enum state { IDLE, ATTACHING, ATTACHED };

struct dbus_display {
    struct loop *loop;
    struct qmp *qmp;
    struct dbus_display_listener listener;
    void *data;
    enum state state;
    int our_end; /* while attaching */
    sd_bus *bus;
    struct bus_source *source;
    struct loop_timer *retry;
    struct dbus_properties known;
    unsigned unanswered, first_unanswered;
    uint64_t sent_us[UNANSWERED_MAX]; /* ring of the unanswered calls, which QEMU answers in order; 0: not a key's */
    struct input_statistics statistics;
    char told[160];

    struct capture *capture; /* who wants size answers */
    uint32_t size_serial;
    bool asking_size, ask_again;
};

static void hang_up(struct dbus_display *self)
{
    self->source = bus_source_destroy(self->source);
    self->bus = sd_bus_close_unref(self->bus);
    if (self->our_end >= 0)
        close(take_fd(&self->our_end));
    self->state = IDLE;
    self->unanswered = 0;
    self->asking_size = self->ask_again = false;
    self->known = (struct dbus_properties){0};
}

static void lose(struct dbus_display *self, const char *why)
{
    hang_up(self);
    if (qmp_is_ready(self->qmp))
        loop_timer_arm_in(self->retry, RETRY_US);
    if (strcmp(self->told, why)) {
        snprintf(self->told, sizeof self->told, "%s", why);
        self->listener.lost(self->data, self->told);
    }
}

static void on_ended(void *data, int error)
{
    char why[160];
    snprintf(why, sizeof why, "The connection to QEMU's display broke: %s.", strerror(-error));
    lose(data, why);
}

/* ---- properties ---- */

static void merge(struct dbus_display *self, const struct dbus_properties *news)
{
    if (news->width)
        self->known.width = news->width;
    if (news->height)
        self->known.height = news->height;
    if (news->has_modifiers)
        self->known.modifiers = news->modifiers;
    if (news->has_absolute)
        self->known.absolute = news->absolute;
}

static void take_properties(struct dbus_display *self, sd_bus_message *m)
{
    struct dbus_properties news = {0};
    if (dbus_properties_read(&news, m) < 0) {
        log_warn("qemu", "the display sent properties that are not well formed: ignored");
        return;
    }
    merge(self, &news);
    if (self->state == ATTACHED)
        self->listener.changed(self->data);
}

static int on_changed(sd_bus_message *m, void *data, sd_bus_error *error)
{
    const char *interface;
    (void)error;
    if (sd_bus_message_read(m, "s", &interface) >= 0)
        take_properties(data, m);
    return 0;
}

static int on_properties(sd_bus_message *m, void *data, sd_bus_error *error)
{
    (void)error;
    if (!sd_bus_message_is_method_error(m, NULL))
        take_properties(data, m);
    return 1;
}

/* The last of the three questions at the start: everything is known. */
static int on_last_properties(sd_bus_message *m, void *data, sd_bus_error *error)
{
    struct dbus_display *self = data;
    on_properties(m, data, error);
    if (self->state != ATTACHING)
        return 1;
    self->state = ATTACHED;
    self->told[0] = '\0';
    self->listener.attached(self->data);
    return 1;
}

static int ask_all(struct dbus_display *self, const char *interface, sd_bus_message_handler_t answer)
{
    int r = sd_bus_call_method_async(self->bus, NULL, NULL, CONSOLE_PATH, PROPERTIES, "GetAll", answer, self, "s",
                                     interface);
    return r < 0 ? r : 0;
}

/* ---- attaching ---- */

static int open_main(struct dbus_display *self)
{
    int r = bus_open_peer(take_fd(&self->our_end), &self->bus);
    if (r >= 0)
        r = bus_source_create(self->loop, self->bus, on_ended, self, &self->source);
    if (r >= 0)
        r = sd_bus_match_signal(self->bus, NULL, NULL, CONSOLE_PATH, PROPERTIES, "PropertiesChanged", on_changed, self);
    if (r >= 0)
        r = ask_all(self, CONSOLE, on_properties);
    if (r >= 0)
        r = ask_all(self, KEYBOARD, on_properties);
    if (r >= 0)
        r = ask_all(self, MOUSE, on_last_properties);
    if (r >= 0)
        bus_source_update(self->source);
    return r;
}

static void on_client_added(void *data, int error, const json_t *answer, const char *why)
{
    struct dbus_display *self = data;
    char text[160];
    (void)answer;
    if (error == -ENOTCONN || error == -ECANCELED)
        hang_up(self);
    else if (error < 0) {
        snprintf(text, sizeof text, "QEMU gives no D-Bus display: %s.", why);
        lose(self, text);
    } else if (open_main(self) < 0)
        lose(self, "The connection to QEMU's display could not be made.");
}

static void on_fd_passed(void *data, int error, const json_t *answer, const char *why)
{
    if (!error)
        error = qmp_call(((struct dbus_display *)data)->qmp, "add_client",
                         json_pack("{s:s, s:s}", "protocol", "@dbus-display", "fdname", FD_NAME), -1, on_client_added,
                         data);
    if (error)
        on_client_added(data, error, answer, why ? why : strerror(-error));
}

void dbus_display_attach(struct dbus_display *self)
{
    int pair[2];
    if (self->state != IDLE || !qmp_is_ready(self->qmp))
        return;
    loop_timer_disarm(self->retry);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        lose(self, "There are no descriptors left for QEMU's display.");
        return;
    }
    self->state = ATTACHING;
    self->our_end = pair[0];
    int r = qmp_call(self->qmp, "getfd", json_pack("{s:s}", "fdname", FD_NAME), pair[1], on_fd_passed, self);
    close(pair[1]);
    if (r < 0)
        lose(self, "QEMU's monitor takes no more commands.");
}

static void on_retry(void *data)
{
    dbus_display_attach(data);
}

void dbus_display_detach(struct dbus_display *self)
{
    loop_timer_disarm(self->retry);
    hang_up(self);
    self->told[0] = '\0';
}

/* ---- the listener ---- */

static int on_registered(sd_bus_message *m, void *data, sd_bus_error *error)
{
    (void)data;
    (void)error;
    if (sd_bus_message_is_method_error(m, NULL))
        log_warn("qemu", "the display refuses our listener: %s", sd_bus_message_get_error(m)->message);
    return 1;
}

int dbus_display_register(struct dbus_display *self, struct capture *capture)
{
    if (self->state != ATTACHED)
        return -ENODEV;
    _cleanup_close_ int fd = -1;
    int r = capture_attach(capture, &fd);
    if (r >= 0)
        r = sd_bus_call_method_async(self->bus, NULL, NULL, CONSOLE_PATH, CONSOLE, "RegisterListener", on_registered,
                                     self, "h", fd);
    bus_source_update(self->source);
    return r < 0 ? r : 0;
}

static int on_size(sd_bus_message *m, void *data, sd_bus_error *error)
{
    struct dbus_display *self = data;
    on_properties(m, data, error);
    self->asking_size = false;
    if (self->capture && self->ask_again)
        dbus_display_ask_size(self, self->capture, self->size_serial);
    else if (self->capture)
        capture_size(self->capture, self->size_serial, (int)self->known.width, (int)self->known.height);
    return 1;
}

void dbus_display_ask_size(struct dbus_display *self, struct capture *capture, uint32_t serial)
{
    self->capture = capture;
    self->size_serial = serial;
    /* The answer on its way may stand for an earlier tick: it is worth nothing to the newer question. */
    self->ask_again = self->asking_size;
    if (self->state != ATTACHED || self->asking_size)
        return;
    self->asking_size = ask_all(self, CONSOLE, on_size) == 0;
    bus_source_update(self->source);
}

void dbus_display_forget(struct dbus_display *self)
{
    self->capture = NULL;
}

/* ---- input ---- */

static void count_answer(struct dbus_display *self)
{
    uint64_t sent_us = self->sent_us[self->first_unanswered];
    self->first_unanswered = (self->first_unanswered + 1) % UNANSWERED_MAX;
    self->unanswered--;
    if (!sent_us)
        return;
    struct input_statistics *s = &self->statistics;
    s->last_at_us = clock_now_us();
    s->last_us = s->last_at_us - sent_us;
    s->longest_us = MAX(s->longest_us, s->last_us);
    s->answer_us += s->last_us;
    s->answers++;
}

static int on_answer(sd_bus_message *m, void *data, sd_bus_error *error)
{
    struct dbus_display *self = data;
    (void)m; /* refusals (an absolute position while the guest wants relative ones) show in IsAbsolute */
    (void)error;
    count_answer(self);
    self->listener.answered(self->data);
    return 1;
}

int dbus_display_send(struct dbus_display *self, enum dbus_display_verb verb, int32_t a, int32_t b, bool quiet)
{
    static const struct {
        const char *interface, *member, *types;
    } calls[] = {
        [DISPLAY_KEY_PRESS] = {KEYBOARD, "Press", "u"},
        [DISPLAY_KEY_RELEASE] = {KEYBOARD, "Release", "u"},
        [DISPLAY_BUTTON_PRESS] = {MOUSE, "Press", "u"},
        [DISPLAY_BUTTON_RELEASE] = {MOUSE, "Release", "u"},
        [DISPLAY_MOVE_ABSOLUTE] = {MOUSE, "SetAbsPosition", "uu"},
        [DISPLAY_MOVE_RELATIVE] = {MOUSE, "RelMotion", "ii"},
    };
    if (self->state != ATTACHED)
        return -ENODEV;
    if (!quiet && self->unanswered >= UNANSWERED_MAX)
        return -EAGAIN;
    sd_bus_message *m = NULL;
    int r =
        sd_bus_message_new_method_call(self->bus, &m, NULL, CONSOLE_PATH, calls[verb].interface, calls[verb].member);
    if (r >= 0)
        r = sd_bus_message_append(m, calls[verb].types, a, b);
    if (r >= 0 && quiet) {
        r = sd_bus_message_set_expect_reply(m, false);
        if (r >= 0)
            r = sd_bus_send(self->bus, m, NULL);
    } else if (r >= 0) {
        bool key = verb == DISPLAY_KEY_PRESS || verb == DISPLAY_KEY_RELEASE;
        self->sent_us[(self->first_unanswered + self->unanswered) % UNANSWERED_MAX] = key ? clock_now_us() : 0;
        r = sd_bus_call_async(self->bus, NULL, m, on_answer, self, 0);
        self->unanswered += r >= 0;
    }
    sd_bus_message_unref(m);
    bus_source_update(self->source);
    return r < 0 ? -EAGAIN : 0;
}

unsigned dbus_display_unanswered(const struct dbus_display *self)
{
    return self->unanswered;
}

void dbus_display_statistics(const struct dbus_display *self, struct input_statistics *ret)
{
    *ret = self->statistics;
}

/* ---- what is known ---- */

bool dbus_display_is_attached(const struct dbus_display *self)
{
    return self->state == ATTACHED;
}

int dbus_display_width(const struct dbus_display *self)
{
    return (int)self->known.width;
}

int dbus_display_height(const struct dbus_display *self)
{
    return (int)self->known.height;
}

bool dbus_display_is_absolute(const struct dbus_display *self)
{
    return self->known.absolute;
}

uint8_t dbus_display_leds(const struct dbus_display *self)
{
    return dbus_properties_leds(self->known.modifiers);
}

int dbus_display_create(struct loop *loop, struct qmp *qmp, const struct dbus_display_listener *listener, void *data,
                        struct dbus_display **ret)
{
    _cleanup_free_ struct dbus_display *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct dbus_display){.loop = loop, .qmp = qmp, .listener = *listener, .data = data, .our_end = -1};
    int r = loop_timer_add(loop, on_retry, self, &self->retry);
    if (r < 0)
        return r;
    *ret = take(self);
    return 0;
}

struct dbus_display *dbus_display_destroy(struct dbus_display *self)
{
    if (!self)
        return NULL;
    hang_up(self);
    loop_timer_remove(self->retry);
    free(self);
    return NULL;
}

#include "guest_hid_port.h"

#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "core/clock.h"
#include "usbgadget/pointer.h"

static void polled(void *data, enum gadget_function hid)
{
    ((struct hid_port *)data)->polled[hid]++;
}

/* As the helper does it. */
static void wake(void *data)
{
    ((struct hid_port *)data)->wakes++;
    (void)host_write("/sys/class/udc/dummy_udc.0/srp", "1");
}

static void leds(void *data, uint8_t now)
{
    ((struct hid_port *)data)->leds = now;
}

static void absolute(void *data, bool available)
{
    ((struct hid_port *)data)->absolute = available;
}

static void put_plug(int fd)
{
    static const uint8_t report[POINTER_RELATIVE_SIZE];
    if (fd >= 0)
        (void)!write(fd, report, sizeof report);
}

static bool is_idle(struct hid_port *self)
{
    struct hidg_statistics s;
    hidg_statistics(self->hidg, &s);
    return self->is_configured && s.polled[GADGET_KEYBOARD] && !s.waiting;
}

bool hid_port_plug(struct hid_port *self)
{
    if (self->plug_holds || !is_idle(self))
        return self->plug_holds;
    hid_port_turn(self, 20); /* the host has taken what was in that place, unless it is the first plug */
    if (!is_idle(self))
        return false;
    put_plug(self->plugs[1]);
    return self->plug_holds = true;
}

static void state_changed(void *data, int fd, uint32_t events)
{
    struct hid_port *self = data;
    char state[64] = "";
    (void)events;
    ssize_t n = pread(fd, state, sizeof state - 1, 0); /* which also takes the event */
    state[n > 0 ? strcspn(state, "\n") : 0] = 0;
    self->suspended = strcmp(state, "suspended") == 0;
    bool configured = strcmp(state, "configured") == 0;
    self->configured += configured;
    self->is_configured = configured;
    self->plug_holds = false;
    if (configured)
        put_plug(self->plugs[0]);
    hidg_set_state(self->hidg, configured || self->suspended, self->suspended, true);
}

int hid_port_create(struct hid_port *self, enum personality personality, bool plugged)
{
    static const struct hidg_owner owner = {.polled = polled, .wake = wake};
    static const struct input_listener listener = {.leds = leds, .absolute = absolute};
    struct gadget_config config = host_gadget_config(HID_PRODUCT);
    config.wakeup = true;
    config.empty_drives = false;
    *self = (struct hid_port){.state_fd = -1, .plugs = {-1, -1}, .plugged = plugged, .personality = personality};
    int r = loop_create(&self->loop);
    if (r < 0)
        return r;
    r = gadget_create(&config, &self->gadget, self->why, sizeof self->why);
    if (r < 0)
        return r;
    self->state_fd = gadget_open_state(self->gadget);
    if (self->state_fd < 0)
        return self->state_fd;
    r = hidg_create(self->loop, &owner, self, &self->hidg);
    if (r < 0)
        return r;
    self->input = hidg_input(self->hidg);
    self->input->ops->listen(self->input, &listener, self);
    r = loop_io_add(self->loop, self->state_fd, EPOLLPRI, state_changed, self, &self->state_io);
    if (r < 0)
        return r;
    return hid_port_bind(self);
}

void hid_port_destroy(struct hid_port *self)
{
    if (self->input)
        self->input->ops->destroy(self->input);
    self->state_io = loop_io_remove(self->state_io);
    if (self->state_fd >= 0)
        close(self->state_fd);
    for (unsigned i = 0; i < 2; i++)
        if (self->plugs[i] >= 0)
            close(self->plugs[i]);
    self->gadget = gadget_destroy(self->gadget);
    self->loop = loop_destroy(self->loop);
}

int hid_port_bind(struct hid_port *self)
{
    int fds[GADGET_HIDS];
    int r = gadget_up(self->gadget, self->personality, NULL, self->why, sizeof self->why);
    if (r < 0)
        return r;
    for (unsigned i = 0; i < GADGET_HIDS; i++)
        fds[i] = gadget_open_hid(self->gadget, i);
    self->plug_holds = false;
    for (unsigned i = 0; self->plugged && i < 2; i++) {
        if (self->plugs[i] >= 0)
            close(self->plugs[i]);
        self->plugs[i] = fds[GADGET_ABSOLUTE + i];
        fds[GADGET_ABSOLUTE + i] = -1;
    }
    hidg_attach(self->hidg, fds);
    return 0;
}

void hid_port_turn(struct hid_port *self, int milliseconds)
{
    uint64_t until = clock_now_us() + (uint64_t)milliseconds * 1000, now;
    do {
        now = clock_now_us();
        loop_dispatch(self->loop, now < until ? (int)((until - now) / 1000) + 1 : 0);
    } while (now < until);
}

static bool wait_for(struct hid_port *self, bool (*fn)(struct hid_port *self))
{
    uint64_t limit = clock_now_us() + HOST_PATIENCE_US;
    while (!fn(self)) {
        if (clock_now_us() > limit)
            return false;
        loop_dispatch(self->loop, 20);
    }
    return true;
}

static bool is_drained(struct hid_port *self)
{
    struct hidg_statistics s;
    hidg_statistics(self->hidg, &s);
    return s.polled[GADGET_KEYBOARD] && s.keys_waiting == 0;
}

static bool is_polled(struct hid_port *self)
{
    struct hidg_statistics s;
    hidg_statistics(self->hidg, &s);
    return s.polled[GADGET_KEYBOARD];
}

bool hid_port_drain(struct hid_port *self)
{
    return wait_for(self, is_drained);
}

bool hid_port_wait_polled(struct hid_port *self)
{
    return wait_for(self, is_polled);
}

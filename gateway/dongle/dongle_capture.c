/* A dongle's screen. The capture thread says that it wants a device; the helper opens it; its descriptors go back to
 * that thread. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/log.h"
#include "gateway/dongle/dongle_internal.h"

static void empty(struct v4l2_device *device)
{
    *device = (struct v4l2_device){.video = -1, .heap = -1, .media = -1};
    for (unsigned i = 0; i < V4L2_MAX_SUBDEVS; i++)
        device->subdevs[i] = -1;
}

static void refuse(struct dongle_capture *self, const char *why)
{
    self->asking = false;
    v4l2_give(self->screen, NULL, why);
}

static void give(struct dongle_capture *self)
{
    self->asking = false;
    v4l2_give(self->screen, &self->device, NULL);
    empty(&self->device);
}

static void on_subdevs(void *data, const struct helper_answer *answer, int *fds, unsigned n_fds)
{
    struct dongle_capture *self = data;
    if (!self->screen)
        return;
    if (answer->why[0])
        log_warn("gateway", "target %s: %s", self->dongle->target->target.name, answer->why);
    for (unsigned i = 0; i < n_fds; i++)
        self->device.subdevs[self->device.n_subdevs++] = take_fd(&fds[i]);
    give(self);
}

static void on_opened(void *data, const struct helper_answer *answer, int *fds, unsigned n_fds)
{
    struct dongle_capture *self = data;
    if (!self->screen)
        return;
    if (answer->error < 0) {
        refuse(self, answer->why);
        return;
    }
    int *const places[] = {&self->device.video, &self->device.heap, &self->device.media};
    unsigned n = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(places) && n < n_fds; i++)
        if (answer->have >> i & 1)
            *places[i] = take_fd(&fds[n++]);
    if (answer->why[0])
        log_warn("gateway", "target %s: %s", self->dongle->target->target.name, answer->why);
    if (self->device.video < 0)
        refuse(self, "The helper gave no capture device.");
    else if (self->device.media >= 0)
        helper_client_ask_target(self->dongle->helper, HELPER_OPEN_SUBDEVS, self->dongle->target->index, on_subdevs,
                                 self);
    else
        give(self);
}

static void on_wanted(void *data)
{
    struct dongle_capture *self = data;
    if (self->asking || !self->screen)
        return;
    self->asking = true;
    empty(&self->device);
    helper_client_ask_target(self->dongle->helper, HELPER_OPEN_CAPTURE, self->dongle->target->index, on_opened, self);
}

/* On the capture thread. */
static void want_device(void *data)
{
    struct dongle_capture *self = data;
    loop_wake_signal(self->wanted);
}

/* The page's EDID, else the configuration's. */
static void choose_edid(const struct dongle *self, struct edid *ret)
{
    char why[160] = "";
    ret->size = 0;
    if (self->settings.edid.size > 0)
        *ret = self->settings.edid;
    else if (self->setup->edid == CONFIG_EDID_PRESET)
        edid_make((enum edid_preset)self->setup->preset, NULL, ret);
    else if (self->setup->edid == CONFIG_EDID_FILE &&
             edid_parse(self->target->edid_file, self->target->edid_file_size, ret, why, sizeof why) < 0) {
        log_error("gateway", "target %s: the EDID file cannot be used: %s; the receiver keeps what it has",
                  self->target->target.name, why);
        ret->size = 0;
    }
}

int dongle_capture_create(struct dongle *self)
{
    struct dongle_capture *capture = &self->capture;
    *capture = (struct dongle_capture){.dongle = self};
    empty(&capture->device);
    if (!self->setup->has_capture)
        return 0;
    int r = loop_wake_add(self->target->gateway->loop, on_wanted, capture, &capture->wanted);
    struct v4l2_config config = {
        .input = self->setup->input, .fourcc = self->setup->fourcc, .want_device = want_device, .data = capture};
    choose_edid(self, &config.edid);
    return r ? r : v4l2_create(&config, &capture->screen);
}

void dongle_capture_destroy(struct dongle *self)
{
    struct dongle_capture *capture = &self->capture;
    capture->screen = screen_destroy(capture->screen);
    capture->wanted = loop_wake_remove(capture->wanted);
}

void dongle_describe_capture(struct dongle *self, struct target_capture *ret)
{
    struct v4l2_description d;
    struct v4l2_statistics n;
    *ret = (struct target_capture){0};
    if (!self->capture.screen)
        return;
    v4l2_describe(self->capture.screen, &d);
    v4l2_statistics(self->capture.screen, &n);
    memcpy(ret->driver, d.driver, sizeof ret->driver);
    memcpy(ret->card, d.card, sizeof ret->card);
    memcpy(ret->bus, d.bus, sizeof ret->bus);
    memcpy(ret->input, d.input, sizeof ret->input);
    memcpy(ret->format, d.format, sizeof ret->format);
    memcpy(ret->memory, d.memory, sizeof ret->memory);
    memcpy(ret->timings, d.timings, sizeof ret->timings);
    memcpy(ret->offered, d.offered, sizeof ret->offered);
    memcpy(ret->why, d.why, sizeof ret->why);
    memcpy(ret->priority, d.priority, sizeof ret->priority);
    ret->frames = n.frames;
    ret->published = n.published;
    ret->gaps = n.gaps;
    ret->gaps_unexplained = n.gaps_unexplained;
    ret->requeued = n.requeued;
    ret->copies = n.copies;
    ret->decoded = n.decoded;
    ret->broken = n.broken;
    ret->errors = n.errors;
    ret->restarts = n.restarts;
    ret->stalls = n.stalls;
    ret->has_edid = d.has_edid;
    ret->edid = d.edid;
    if (d.has_edid && d.edid.size > 0)
        edid_describe(&d.edid, &ret->facts);
}

void dongle_set_edid(struct dongle *self, const struct edid *edid, target_done_fn *done, void *data)
{
    struct edid before = self->settings.edid, wanted;
    self->settings.edid = *edid;
    choose_edid(self, &wanted);
    int r = self->capture.screen ? 0 : -ENOTSUP;
    if (r == 0 && wanted.size > 0) /* else the receiver keeps what it has */
        r = v4l2_set_edid(self->capture.screen, &wanted);
    if (r < 0) {
        self->settings.edid = before;
        done(data, r, r == -ENOTSUP ? "The capture device takes no EDID." : "The EDID cannot be written.");
        return;
    }
    r = dongle_settings_save(self->settings_path, &self->settings);
    if (r < 0)
        log_error("gateway", "target %s: its EDID cannot be remembered: %s", self->target->target.name, strerror(-r));
    done(data, 0, NULL);
}

/* Takes pictures from the capture device for a moment, to tell what it would give. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "capture/v4l2.h"
#include "core/clock.h"
#include "gateway/doctor/device.h"
#include "gateway/doctor/doctor.h"

#define LOOK_US 5000000
#define STEP_US 20000

struct look {
    const struct config_target *target;
    struct screen *screen;
    pthread_mutex_t lock;
    enum screen_signal signal;
    char why[256];
    unsigned frames;
};

static void on_frame(void *data, struct frame *frame)
{
    struct look *self = data;
    frame_unref(frame);
    pthread_mutex_lock(&self->lock);
    self->frames++;
    pthread_mutex_unlock(&self->lock);
}

static void on_signal(void *data, enum screen_signal signal, const char *why)
{
    struct look *self = data;
    pthread_mutex_lock(&self->lock);
    self->signal = signal;
    snprintf(self->why, sizeof self->why, "%s", why ? why : "");
    pthread_mutex_unlock(&self->lock);
}

static void on_wanted(void *data)
{
    struct look *self = data;
    const struct config_dongle *config = &self->target->dongle;
    struct v4l2_device device = {.heap = -1, .media = -1};
    char why[256] = "";
    device.video = device_open(config->capture, "video4linux");
    if (device.video < 0) {
        device_explain(device.video, "capture device", config->capture, why, sizeof why);
        v4l2_give(self->screen, NULL, why);
        return;
    }
    for (unsigned i = 0; i < V4L2_MAX_SUBDEVS; i++)
        device.subdevs[i] = -1;
    int heap = config->dma_heap[0] ? device_open(config->dma_heap, "dma_heap") : -1;
    int media = config->media[0] ? device_open(config->media, "media") : -1;
    device.heap = heap < 0 ? -1 : heap;
    device.media = media < 0 ? -1 : media;
    for (unsigned i = 0; i < config->subdevs.n && media >= 0; i++) {
        int fd = device_open(config->subdevs.list[i], "video4linux");
        if (fd >= 0)
            device.subdevs[device.n_subdevs++] = fd;
    }
    v4l2_give(self->screen, &device, NULL);
}

/* Until there is a picture, or a reason why there is none that holds. */
static void wait_for_picture(struct look *self)
{
    uint64_t end = clock_now_us() + LOOK_US;
    for (bool done = false; !done && clock_now_us() < end; usleep(STEP_US)) {
        pthread_mutex_lock(&self->lock);
        done = self->frames > 0 || (self->signal != SCREEN_STARTING && self->signal != SCREEN_OK);
        pthread_mutex_unlock(&self->lock);
    }
}

static void report(struct doctor *doctor, struct look *self)
{
    struct v4l2_description d;
    v4l2_describe(self->screen, &d);
    if (d.card[0])
        doctor_say(doctor, DOCTOR_FINE, "capture", "%s (%s, %s), input %s", d.card, d.driver, d.bus, d.input);
    if (d.offered[0])
        doctor_say(doctor, DOCTOR_FINE, "", "offers %s", d.offered);
    if (d.format[0])
        doctor_say(doctor, DOCTOR_FINE, "", "takes %s", d.format);
    if (d.why[0])
        doctor_say(doctor, DOCTOR_FINE, "", "because %s", d.why);
    if (d.memory[0])
        doctor_say(doctor, DOCTOR_FINE, "", "memory %s", d.memory);
    if (d.priority[0])
        doctor_say(doctor, d.comes_first ? DOCTOR_FINE : DOCTOR_NOTE, "", "runs %s", d.priority);
    if (d.has_edid && d.edid.size > 0) {
        struct edid_facts facts;
        edid_describe(&d.edid, &facts);
        doctor_say(doctor, DOCTOR_FINE, "EDID", "%s, prefers %dx%d at %.2f Hz", facts.name, facts.width, facts.height,
                   facts.refresh);
    }
    pthread_mutex_lock(&self->lock);
    if (self->frames > 0)
        doctor_say(doctor, DOCTOR_FINE, "picture", "%s", d.timings[0] ? d.timings : "yes");
    else if (self->signal == SCREEN_DEVICE_GONE && doctor_runs(self->target))
        doctor_say(doctor, DOCTOR_NOTE, "picture",
                   "taken by the lightsoutd that runs; lightsout capture %s tells of it", self->target->name);
    else if (self->signal == SCREEN_DEVICE_GONE || self->signal == SCREEN_UNSUPPORTED)
        doctor_say(doctor, DOCTOR_WRONG, "picture", "%s: %s", screen_signal_name(self->signal), self->why);
    else /* a target that is off is nothing wrong of ours */
        doctor_say(doctor, DOCTOR_NOTE, "picture", "%s: %s", screen_signal_name(self->signal), self->why);
    pthread_mutex_unlock(&self->lock);
}

void doctor_capture(struct doctor *self, const struct config_target *target)
{
    static const struct screen_listener listener = {.frame = on_frame, .signal = on_signal};
    const struct config_dongle *config = &target->dongle;
    if (!config->capture[0]) {
        doctor_say(self, DOCTOR_NOTE, "capture", "none: the configuration has no capture = PATH");
        return;
    }
    int fd = device_open(config->capture, "video4linux");
    if (fd < 0) {
        char why[256];
        device_explain(fd, "capture device", config->capture, why, sizeof why);
        doctor_say(self, DOCTOR_WRONG, "capture", "%s", why);
        return;
    }
    close(fd);
    struct look look = {.target = target, .lock = PTHREAD_MUTEX_INITIALIZER, .signal = SCREEN_STARTING};
    struct v4l2_config v4l2 = {.input = config->capture_input,
                               .fourcc = config_capture_format(config),
                               .want_device = on_wanted,
                               .data = &look};
    if (v4l2_create(&v4l2, &look.screen) < 0)
        return;
    v4l2_set_watched(look.screen, true);
    if (screen_start(look.screen, &listener, &look) == 0) {
        wait_for_picture(&look);
        report(self, &look);
    }
    screen_destroy(look.screen);
}

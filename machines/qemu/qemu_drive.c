#include "machines/qemu/qemu_drive.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"
#include "core/clock.h"
#include "core/log.h"
#include "machines/qemu/argv.h"
#include "machines/qemu/drive_commands.h"
#include "machines/qemu/drive_pause.h"

/* For a device to go, or a locked tray to open by the guest's hand. */
#define WAIT_US 10000000

/* What a waiting job goes on with. */
enum wait { WAIT_NOTHING, WAIT_UNPLUGGED, WAIT_TRAY };

struct qemu_drive {
    struct drive base;
    struct qmp *qmp;
    struct drive_names names;
    unsigned index;

    enum drive_phase phase;
    enum drive_device device; /* what stands in the machine */
    struct drive_medium medium;
    bool has_medium; /* medium is in, or shall be again when the machine is back */
    struct drive_pause pause;
    char reason[256];
    void (*changed)(void *data);
    void *changed_data;

    bool known;   /* what stands in the machine was read since its monitor could be reached */
    bool waiting; /* the insertion under way begins when it is known */

    /* The change that is under way. */
    bool busy, ejecting, by_target;
    drive_done_fn *done;
    void *done_data;
    enum wait wait;
    struct loop_timer *patience;
};

static struct qemu_drive *of(struct drive *base)
{
    return container_of(base, struct qemu_drive, base);
}

static void set_phase(struct qemu_drive *self, enum drive_phase phase)
{
    if (phase == self->phase)
        return;
    self->phase = phase;
    if (self->changed)
        self->changed(self->changed_data);
}

static void begin(struct qemu_drive *self, enum drive_phase phase, drive_done_fn *done, void *data)
{
    self->busy = true;
    self->done = done;
    self->done_data = data;
    self->reason[0] = '\0';
    set_phase(self, phase);
}

static void finish(struct qemu_drive *self, enum drive_phase phase, int error, const char *why)
{
    drive_done_fn *done = self->done;
    self->busy = self->by_target = false;
    self->done = NULL;
    self->wait = WAIT_NOTHING;
    loop_timer_disarm(self->patience);
    if (error < 0)
        snprintf(self->reason, sizeof self->reason, "%s", why);
    set_phase(self, phase);
    if (done)
        done(self->done_data, error, error < 0 ? self->reason : NULL);
}

static void fail(struct qemu_drive *self, int error, const char *what, const char *why)
{
    char text[256];
    snprintf(text, sizeof text, "%s: %s.", what, why ? why : strerror(-error));
    if (!self->ejecting)
        self->has_medium = false;
    finish(self, DRIVE_FAILED, error, text);
}

static void wait_for(struct qemu_drive *self, enum wait wait)
{
    self->wait = wait;
    loop_timer_arm_in(self->patience, WAIT_US);
}

/* ---- standing still ---- */

static void on_pause_changed(void *data)
{
    struct qemu_drive *self = data;
    if (self->changed)
        self->changed(self->changed_data);
}

static void resume(struct drive *base)
{
    drive_pause_resume(&of(base)->pause);
}

/* The machine's answer to an error of this drive's medium. */
static void on_io_error(struct qemu_drive *self, const json_t *body)
{
    const char *action = json_string_value(json_object_get(body, "action"));
    if (action && !strcmp(action, "stop")) {
        log_warn("qemu", "drive %u: the machine stands still until medium %s can be read again", self->index,
                 self->medium.name);
        drive_pause_begin(&self->pause);
    } else {
        log_warn("qemu", "drive %u: the machine got an error from medium %s", self->index, self->medium.name);
    }
}

/* ---- inserting ---- */

/* A half-done insertion leaves nothing behind: device and node go. */
static void on_inserted(void *data, int error, const char *why)
{
    struct qemu_drive *self = data;
    if (!error) {
        self->device = drive_device_for(self->medium.kind);
        finish(self, DRIVE_INSERTED, 0, NULL);
        return;
    }
    if (error == -EREMOTEIO) {
        struct qmp_sequence *sequence = qmp_sequence_new(self->qmp);
        drive_commands_abandon(sequence, &self->names, self->device);
        qmp_sequence_run(sequence, NULL, NULL);
    }
    fail(self, error, "The machine did not take the medium", why);
}

static int boot_place(const struct qemu_drive *self)
{
    return (self->medium.boot_once ? QEMU_BOOT_DRIVE_LAST : QEMU_BOOT_DRIVE) + (int)self->index;
}

static void plug(struct qemu_drive *self)
{
    drive_names_next(&self->names);
    struct qmp_sequence *sequence = qmp_sequence_new(self->qmp);
    drive_commands_insert(sequence, &self->names, self->device, &self->medium, boot_place(self));
    qmp_sequence_run(sequence, on_inserted, self);
}

static void on_unplug_asked(void *data, int error, const char *why)
{
    struct qemu_drive *self = data;
    if (error && self->wait == WAIT_UNPLUGGED)
        fail(self, error, error == -EREMOTEIO ? "The machine keeps the drive" : "The drive could not be unplugged",
             why);
}

static void unplug(struct qemu_drive *self)
{
    struct qmp_sequence *sequence = qmp_sequence_new(self->qmp);
    drive_commands_unplug(sequence, &self->names, self->device);
    wait_for(self, WAIT_UNPLUGGED);
    qmp_sequence_run(sequence, on_unplug_asked, self);
}

static void make_room_and_plug(struct qemu_drive *self)
{
    if (self->device == DRIVE_DEVICE_NONE || self->device == drive_device_for(self->medium.kind))
        plug(self);
    else
        unplug(self); /* a CD-ROM stands where a stick is wanted */
}

static void start_insert(struct qemu_drive *self, drive_done_fn *done, void *data)
{
    self->ejecting = false;
    self->waiting = !self->known;
    begin(self, DRIVE_INSERTING, done, data);
    if (!self->waiting)
        make_room_and_plug(self);
}

static void insert(struct drive *base, const struct drive_medium *medium, drive_done_fn *done, void *data)
{
    struct qemu_drive *self = of(base);
    if (self->busy || self->has_medium) {
        done(data, -EBUSY,
             self->busy ? "Another change of this drive is under way." : "A medium is in: eject it first.");
        return;
    }
    if (!qmp_is_ready(self->qmp)) {
        done(data, -ENODEV, "The machine's process cannot be reached.");
        return;
    }
    self->medium = *medium;
    self->has_medium = true;
    start_insert(self, done, data);
}

/* ---- ejecting ---- */

static void forget_medium(struct qemu_drive *self)
{
    self->has_medium = false;
    self->medium = (struct drive_medium){0};
}

/* A tray that is not open although QEMU was content: the guest has locked it, and QEMU has pressed the button for us.
 * The guest may let go. */
static void on_removed(void *data, int error, const char *why)
{
    struct qemu_drive *self = data;
    if (error == -EREMOTEIO && strstr(why, "is not open")) {
        wait_for(self, WAIT_TRAY);
        return;
    }
    if (error) {
        fail(self, error, "The medium could not be taken out", why);
        return;
    }
    enum drive_phase phase = self->by_target ? DRIVE_EJECTED_BY_TARGET : DRIVE_EMPTY;
    forget_medium(self);
    drive_pause_resume(&self->pause); /* what it waited for will not come */
    finish(self, phase, 0, NULL);
}

/* The tray is open, or the stick is gone. */
static void remove_medium(struct qemu_drive *self)
{
    struct qmp_sequence *sequence = qmp_sequence_new(self->qmp);
    drive_commands_remove(sequence, &self->names, self->device);
    qmp_sequence_run(sequence, on_removed, self);
}

static void on_tray(void *data, int error, const json_t *answer, const char *why)
{
    struct qemu_drive *self = data;
    (void)answer;
    if (!error)
        remove_medium(self);
    else if (error == -EREMOTEIO && strstr(why, "locked"))
        wait_for(self, WAIT_TRAY); /* as in on_removed; older ones say it so */
    else
        fail(self, error, "The tray does not open", why);
}

static void start_eject(struct qemu_drive *self, bool force)
{
    self->ejecting = true;
    if (self->device == DRIVE_DEVICE_STICK) {
        unplug(self);
        return;
    }
    int r = qmp_call(self->qmp, "blockdev-open-tray", json_pack("{s:s, s:b}", "id", self->names.device, "force", force),
                     -1, on_tray, self);
    if (r < 0)
        fail(self, r, "The tray does not open", NULL);
}

static void eject(struct drive *base, bool force, drive_done_fn *done, void *data)
{
    struct qemu_drive *self = of(base);
    if (self->busy) {
        done(data, -EBUSY, "Another change of this drive is under way.");
        return;
    }
    if (qmp_is_ready(self->qmp) && !self->known) {
        done(data, -EAGAIN, "The machine has just been found and its drives are being read: try again.");
        return;
    }
    bool standing = self->device != DRIVE_DEVICE_NONE && qmp_is_ready(self->qmp);
    if (!self->has_medium || !standing) {
        forget_medium(self);
        self->reason[0] = '\0';
        set_phase(self, DRIVE_EMPTY);
        done(data, 0, NULL);
        return;
    }
    begin(self, DRIVE_EJECTING, done, data);
    start_eject(self, force);
}

/* ---- what the machine says ---- */

static void on_patience_over(void *data)
{
    struct qemu_drive *self = data;
    if (self->wait == WAIT_TRAY) {
        self->wait = WAIT_NOTHING;
        finish(self, DRIVE_INSERTED, -EBUSY,
               "The machine has locked the drive's door: eject with force, or let its "
               "operating system go of the medium.");
        self->reason[0] = '\0';
    } else if (self->wait == WAIT_UNPLUGGED) {
        fail(self, -ETIMEDOUT, "The machine keeps the drive", "it did not let go in time");
    }
}

static void on_device_deleted(struct qemu_drive *self, const char *id)
{
    if (strcmp(id, self->names.device) != 0 && strcmp(id, self->names.bridge) != 0)
        return;
    bool whole = self->device == DRIVE_DEVICE_STICK || !strcmp(id, self->names.bridge);
    if (!whole)
        return;
    self->device = DRIVE_DEVICE_NONE;
    if (self->wait != WAIT_UNPLUGGED)
        return;
    self->wait = WAIT_NOTHING;
    loop_timer_disarm(self->patience);
    if (self->ejecting)
        remove_medium(self);
    else
        plug(self);
}

/* The tray moved: by our own command, or by the guest. */
static void on_tray_moved(struct qemu_drive *self, bool open)
{
    if (open && self->wait == WAIT_TRAY) {
        self->wait = WAIT_NOTHING;
        loop_timer_disarm(self->patience);
        remove_medium(self);
    } else if (open && !self->busy && self->phase == DRIVE_INSERTED) {
        begin(self, DRIVE_EJECTING, NULL, NULL);
        self->by_target = true;
        start_eject(self, true);
    }
}

void qemu_drive_event(struct qemu_drive *self, const char *name, const json_t *body)
{
    const char *text;
    if (!strcmp(name, "DEVICE_DELETED") && (text = json_string_value(json_object_get(body, "device"))))
        on_device_deleted(self, text);
    else if (!strcmp(name, "DEVICE_TRAY_MOVED") && (text = json_string_value(json_object_get(body, "id")))) {
        if (drive_names_match(&self->names, text))
            on_tray_moved(self, json_is_true(json_object_get(body, "tray-open")));
    } else if (!strcmp(name, "BLOCK_IO_ERROR")) {
        text = json_string_value(json_object_get(body, "node-name"));
        if (text && !strcmp(text, self->names.node))
            on_io_error(self, body);
    } else {
        drive_pause_event(&self->pause, name);
    }
}

/* A medium's place tells what it was inserted for; one that still stands first (a gateway died) goes behind. */
static void on_place(void *data, int error, const json_t *answer, const char *why)
{
    struct qemu_drive *self = data;
    long long place = json_integer_value(answer);
    (void)why;
    if (error || !self->has_medium)
        return;
    self->medium.boot_once = place == QEMU_BOOT_ONCE || place >= QEMU_BOOT_DRIVE_LAST;
    if (place == QEMU_BOOT_ONCE)
        qmp_call(self->qmp, "qom-set", drive_commands_place(&self->names, boot_place(self)), -1, NULL, NULL);
}

static void adopt(struct qemu_drive *self, const struct drive_found *found)
{
    snprintf(self->names.node, sizeof self->names.node, "%s", found->node);
    if (!self->has_medium) {
        self->medium = found->medium;
        self->has_medium = true;
        log_info("qemu", "drive %u already has %s in it", self->index, self->medium.export);
    }
    qmp_call(self->qmp, "qom-get", drive_commands_place(&self->names, -1), -1, on_place, self);
    self->reason[0] = '\0';
    set_phase(self, DRIVE_INSERTED);
}

/* The insertion that was asked for before it was known what stands in the machine. */
static void begin_waiting_insert(struct qemu_drive *self, const struct drive_found *found)
{
    self->waiting = false;
    if (!found->has_medium) {
        make_room_and_plug(self);
        return;
    }
    self->has_medium = false;
    adopt(self, found);
    finish(self, DRIVE_INSERTED, -EBUSY, "A medium is in: eject it first.");
}

void qemu_drive_ready(struct qemu_drive *self, const json_t *blocks)
{
    struct drive_found found;
    drive_commands_find(&self->names, blocks, &found);
    self->device = found.device;
    self->known = true;
    drive_pause_forget(&self->pause, found.paused);
    if (self->waiting)
        begin_waiting_insert(self, &found);
    else if (found.has_medium)
        adopt(self, &found);
    else if (self->has_medium)
        start_insert(self, NULL, NULL); /* another process than the one it was put into */
}

void qemu_drive_lost(struct qemu_drive *self)
{
    self->device = DRIVE_DEVICE_NONE;
    self->known = self->waiting = false;
    drive_pause_forget(&self->pause, false);
    if (self->busy)
        fail(self, -ENODEV, "The change of the drive was not finished", "the machine's process is gone");
    else if (self->has_medium) {
        snprintf(self->reason, sizeof self->reason,
                 "The machine's process is gone; the medium is inserted again when it is back.");
        set_phase(self, DRIVE_FAILED);
    }
}

bool qemu_drive_boot_id(const struct qemu_drive *self, enum drive_kind kind, bool wanted, const char **ret_id,
                        int *ret_bootindex)
{
    if (self->phase != DRIVE_INSERTED || self->medium.kind != kind || (wanted && !self->medium.boot_once))
        return false;
    *ret_id = self->names.device;
    *ret_bootindex = boot_place(self);
    return true;
}

/* ---- port ---- */

static void state(struct drive *base, struct drive_state *ret)
{
    struct qemu_drive *self = of(base);
    *ret = (struct drive_state){
        .phase = self->phase,
        .kind = self->has_medium ? self->medium.kind : DRIVE_CDROM,
        .read_only = self->medium.read_only,
        .size = self->medium.size,
        .paused = self->pause.paused,
    };
    snprintf(ret->medium, sizeof ret->medium, "%s", self->medium.name);
    snprintf(ret->reason, sizeof ret->reason, "%s", self->phase == DRIVE_FAILED ? self->reason : "");
}

static void listen_to(struct drive *base, void (*changed)(void *data), void *data)
{
    of(base)->changed = changed;
    of(base)->changed_data = data;
}

static void destroy(struct drive *base)
{
    (void)base; /* the machine's */
}

static const struct drive_ops ops = {
    .name = "qemu",
    .insert = insert,
    .eject = eject,
    .state = state,
    .listen = listen_to,
    .resume = resume,
    .destroy = destroy,
};

struct drive *qemu_drive_port(struct qemu_drive *self)
{
    return &self->base;
}

int qemu_drive_create(struct loop *loop, struct qmp *qmp, unsigned index, const char *nbd_socket,
                      struct qemu_drive **ret)
{
    _cleanup_free_ struct qemu_drive *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct qemu_drive){.base.ops = &ops, .qmp = qmp, .index = index};
    self->pause = (struct drive_pause){.qmp = qmp, .changed = on_pause_changed, .data = self};
    int r = drive_names_init(&self->names, index, nbd_socket, (unsigned)(clock_wall_us() / 1000));
    if (r == 0)
        r = loop_timer_add(loop, on_patience_over, self, &self->patience);
    if (r < 0)
        return r;
    *ret = take(self);
    return 0;
}

struct qemu_drive *qemu_drive_destroy(struct qemu_drive *self)
{
    if (!self)
        return NULL;
    loop_timer_remove(self->patience);
    free(self);
    return NULL;
}

/* The gadget of a target, as the helper has it. Nothing of it comes from outside but the personality. */
#include <errno.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "core/clock.h"
#include "core/log.h"
#include "gateway/helper/helper.h"

#define RETRY_US 5000000 /* for a controller or module that is not there yet */
#define RELEASE 0x0100
#define MAX_POWER_MA 250

/* The same at every start, different on every machine and for each target. The machine's identity itself stays secret
 * (machine-id(5)), so it goes through a hash. Mass storage wants at least 12 of 0-9 and A-F (USB MSC BBB 1.0, 4.1.1).
 */
static void make_serial(const struct config_target *target, char *room, size_t size)
{
    char text[256] = "lightsout usb serial ";
    size_t n = strlen(text);
    FILE *f = fopen("/etc/machine-id", "re");
    if (f) {
        n += fread(text + n, 1, 32, f);
        fclose(f);
    }
    n += (size_t)snprintf(text + n, sizeof text - n, " %s", target->name);
    uint8_t digest[SHA256_DIGEST_LENGTH];
    SHA256((const uint8_t *)text, n, digest);
    for (unsigned i = 0; i < 8; i++)
        snprintf(room + 2 * i, size - 2 * i, "%02X", digest[i]);
}

static void make_name(const struct config_target *target, char *room, size_t size)
{
    snprintf(room, size, "lightsout-%s", target->name);
}

bool helper_gadget_prepare(const struct config_target *target)
{
    char name[sizeof((struct helper_dongle *)NULL)->name];
    if (!target->dongle.big_cd || target->drives == 0)
        return false;
    make_name(target, name, sizeof name);
    int r = gadget_prepare_ffs(name);
    if (r < 0)
        log_warn("helper",
                 "target %s: discs above 2.19 GiB cannot be shown until the helper is restarted, because FunctionFS is "
                 "not there: %s; load libcomposite and usb_f_fs first",
                 target->name, strerror(-r));
    return r == 0;
}

static int create(struct helper_dongle *self)
{
    const struct config_dongle *config = &self->target->dongle;
    struct gadget_config gadget = {
        .name = self->name,
        .udc = config->udc,
        .vendor = (uint16_t)config->vendor,
        .product = (uint16_t)config->product,
        .release = RELEASE,
        .manufacturer = config->manufacturer,
        .product_name = config->product_name,
        .serial = config->serial[0] ? config->serial : self->serial,
        .configuration = config->product_name,
        .max_power_ma = MAX_POWER_MA,
        .wakeup = config->wakeup,
        .empty_drives = config->empty_drives == CONFIG_DRIVES_SHOWN,
        .big_cd = self->ffs_ready,
        .ffs_ready = self->ffs_ready,
        .luns = self->target->drives,
    };
    for (unsigned i = 0; i < GADGET_LUNS; i++)
        gadget.inquiry[i] = self->inquiry[i];
    self->tried_us = clock_now_us();
    char why[HELPER_WHY] = "";
    int r = gadget_create(&gadget, &self->gadget, why, sizeof why);
    if (r < 0 && strcmp(why, self->trouble) != 0)
        log_error("helper", "target %s: %s", self->target->name, why);
    memcpy(self->trouble, why, sizeof why);
    return r;
}

static void on_udc_state(void *data, int fd, uint32_t events)
{
    struct helper_dongle *self = data;
    char room[64];
    (void)events;
    /* read, or it is told for ever */
    if (pread(fd, room, sizeof room, 0) < 0)
        log_debug("helper", "target %s: %s", self->target->name, strerror(errno));
    self->changes++;
    helper_tell(self);
}

static void close_ffs(struct helper_dongle *self)
{
    for (unsigned i = 0; i < 3; i++) {
        if (self->ffs[i] >= 0)
            close(self->ffs[i]);
        self->ffs[i] = -1;
    }
}

static void unwatch(struct helper_dongle *self)
{
    self->state_io = loop_io_remove(self->state_io);
    if (self->state_fd >= 0)
        close(self->state_fd);
    self->state_fd = -1;
}

static void watch(struct helper_dongle *self)
{
    if (self->state_io || !self->gadget)
        return;
    self->state_fd = gadget_open_state(self->gadget);
    if (self->state_fd >= 0 &&
        loop_io_add(self->helper->loop, self->state_fd, EPOLLPRI, on_udc_state, self, &self->state_io) < 0)
        unwatch(self);
}

static enum helper_udc udc_of(struct helper_dongle *self)
{
    char room[32] = "gone";
    const char *state = self->gadget ? gadget_state(self->gadget, room, sizeof room) : room;
    if (strcmp(state, "gone") == 0)
        return HELPER_UDC_GONE;
    if (strcmp(state, "configured") == 0)
        return HELPER_UDC_CONFIGURED;
    if (strcmp(state, "suspended") == 0)
        return HELPER_UDC_SUSPENDED;
    return strcmp(state, "not attached") == 0 ? HELPER_UDC_NOT_ATTACHED : HELPER_UDC_POWERED;
}

int helper_gadget_begin(struct helper_dongle *self)
{
    self->state_fd = self->ffs[0] = self->ffs[1] = self->ffs[2] = -1;
    make_name(self->target, self->name, sizeof self->name);
    make_serial(self->target, self->serial, sizeof self->serial);
    for (unsigned i = 0; i < GADGET_LUNS; i++)
        snprintf(self->inquiry[i], sizeof self->inquiry[i], "KVM     Virtual Drive %u 0001", i + 1);
    int r = create(self);
    watch(self);
    return r;
}

void helper_gadget_end(struct helper_dongle *self)
{
    unwatch(self);
    helper_drives_guard(self);
    if (self->gadget)
        gadget_down(self->gadget);
    helper_drives_unguard(self);
    close_ffs(self);
    self->gadget = gadget_destroy(self->gadget);
    self->bound = false;
}

void helper_gadget_watch(struct helper_dongle *self)
{
    if (!self->gadget && clock_now_us() - self->tried_us >= RETRY_US)
        create(self);
    if (!self->gadget)
        return;
    if (udc_of(self) == HELPER_UDC_GONE) {
        unwatch(self);
        /* its nodes are gone with it; what comes back must be bound again */
        if (self->bound)
            gadget_down(self->gadget);
        close_ffs(self);
        self->bound = false;
    } else {
        watch(self);
    }
}

void helper_gadget_state(struct helper_dongle *self, struct helper_state *ret)
{
    *ret = (struct helper_state){.target = self->index, .udc = (uint8_t)udc_of(self)};
    struct gadget_description description = {0};
    if (self->gadget)
        gadget_describe(self->gadget, &description);
    self->bound = description.bound;
    ret->changes = self->changes;
    ret->bound = description.bound;
    ret->wakeup = description.wakeup;
    ret->personality = (uint8_t)(description.bound ? description.personality : self->personality);
    for (unsigned i = 0; i < GADGET_FUNCTIONS; i++)
        if (description.bound && description.has[i])
            ret->functions |= (uint8_t)(1u << i);
    for (unsigned i = 0; i < GADGET_LUNS; i++) {
        ret->attached |= (uint8_t)(self->media[i].attached << i);
        if (self->media[i].attached && gadget_lun_loaded(self->gadget, i) == 1)
            ret->loaded |= (uint8_t)(1u << i);
    }
    ret->left_out = description.left_out;
    snprintf(ret->trouble, sizeof ret->trouble, "%s", self->trouble);
}

/* The report devices of what is bound. */
static void answer_hids(const struct helper_question *question, const char *why)
{
    struct helper_dongle *self = question->dongle;
    int fds[GADGET_HIDS] = {0};
    unsigned n = 0;
    uint8_t have = 0;
    for (unsigned i = 0; i < GADGET_HIDS; i++) {
        int fd = gadget_open_hid(self->gadget, (enum gadget_function)i);
        if (fd < 0)
            continue;
        fds[n++] = fd;
        have |= (uint8_t)(1u << i);
    }
    helper_answer_fds(self->helper, question->serial, have, fds, n, why);
    for (unsigned i = 0; i < n; i++)
        close(fds[i]);
}

void helper_gadget_up(const struct helper_question *question, const struct helper_up *up)
{
    struct helper_dongle *self = question->dongle;
    bool media[GADGET_LUNS];
    char why[HELPER_WHY] = "";
    for (unsigned i = 0; i < GADGET_LUNS; i++)
        media[i] = up->media >> i & 1;
    if (!self->gadget && create(self) < 0) {
        helper_answer(self->helper, question->serial, -ENODEV, self->trouble);
        return;
    }
    struct helper_state state;
    helper_gadget_state(self, &state);
    if (!(up->keep && state.bound && state.personality == up->personality)) {
        self->personality = up->personality;
        helper_drives_guard(self);
        int r = gadget_up(self->gadget, self->personality, media, why, sizeof why);
        helper_drives_unguard(self);
        if (r < 0) {
            helper_answer(self->helper, question->serial, r, why);
            helper_tell(self);
            return;
        }
    }
    watch(self);
    /* before the answer: what is bound is known when its descriptors come */
    helper_tell(self);
    answer_hids(question, why);
}

void helper_gadget_down(const struct helper_question *question)
{
    struct helper_dongle *self = question->dongle;
    helper_drives_guard(self);
    if (self->gadget)
        gadget_down(self->gadget);
    helper_drives_unguard(self);
    close_ffs(self);
    helper_answer(self->helper, question->serial, 0, NULL);
    helper_tell(self);
}

void helper_ffs_begin(const struct helper_question *question)
{
    struct helper_dongle *self = question->dongle;
    int fds[3] = {-1, -1, -1};
    if (!self->gadget || !self->ffs_ready) {
        helper_answer(self->helper, question->serial, -ENOTSUP, "The target has no drive for large discs.");
        return;
    }
    /* afterwards the gadget is down, whatever it was */
    helper_drives_guard(self);
    gadget_down(self->gadget);
    helper_drives_unguard(self);
    close_ffs(self);
    int r = gadget_open_ffs(self->gadget, fds);
    if (r < 0)
        helper_answer(self->helper, question->serial, r, "The kernel has no FunctionFS: large discs cannot be shown.");
    else
        helper_answer_fds(self->helper, question->serial, 1, fds, 1, NULL);
    self->ffs[0] = r < 0 ? -1 : fds[0];
}

void helper_ffs_endpoints(const struct helper_question *question)
{
    struct helper_dongle *self = question->dongle;
    int fds[3] = {-1, -1, -1};
    struct helper_state state;
    helper_gadget_state(self, &state);
    int r = state.functions & 1u << GADGET_BIG_CD && self->ffs[0] >= 0 ? 0 : -ENOENT;
    /* endpoints are opened once: another opening would wait for its own transfers */
    if (r == 0 && self->ffs[1] < 0) {
        r = gadget_open_ffs(self->gadget, fds);
        if (r == 0) {
            self->ffs[1] = fds[1];
            self->ffs[2] = fds[2];
        }
    }
    const int all[3] = {self->ffs[1], self->ffs[2], self->ffs[0]};
    if (r == 0 && (all[0] < 0 || all[1] < 0))
        r = -ENOENT;
    if (r < 0)
        helper_answer(self->helper, question->serial, r, "The drive for large discs is not bound.");
    else
        helper_answer_fds(self->helper, question->serial, 7, all, 3, NULL);
}

void helper_describe(const struct helper_question *question)
{
    struct helper_dongle *self = question->dongle;
    struct gadget_description d = {0};
    char text[sizeof((struct helper_answer *)NULL)->text];
    if (!self->gadget) {
        helper_answer_text(self->helper, question->serial, self->trouble);
        return;
    }
    gadget_describe(self->gadget, &d);
    char state[32] = "", left_out[LEFT_OUT_TEXT];
    left_out_write(&d.left_out, left_out, sizeof left_out);
    snprintf(text, sizeof text,
             "controller %s: %s\npersonality: %s%s\nendpoints: %u in, %u out\nleft out: %s\nkernel lacks: %s\n"
             "remote wake-up: %s\n",
             d.udc, gadget_state(self->gadget, state, sizeof state), personality_name(d.personality),
             d.bound ? "" : " (not bound)", d.in, d.out, left_out[0] ? left_out : "nothing",
             d.kernel[0] ? d.kernel : "nothing", d.wakeup ? "yes" : "no");
    helper_answer_text(self->helper, question->serial, text);
}

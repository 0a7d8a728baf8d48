#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "core/text.h"
#include "usbgadget/gadget_internal.h"
#include "usbgadget/gadget_remove.h"

#define MAX_ATTEMPTS 12 /* at binding, each with less */

/* --- life --- */

static const char *keep_string(struct gadget *self, const char *text)
{
    char *copy = text && self->n_strings < ARRAY_SIZE(self->strings) ? strdup(text) : NULL;
    if (copy)
        self->strings[self->n_strings++] = copy;
    return copy;
}

static int copy_config(struct gadget *self, const struct gadget_config *config)
{
    struct gadget_config *c = &self->config;
    *c = *config;
    unsigned wanted = 6;
    c->name = keep_string(self, config->name);
    c->udc = keep_string(self, config->udc ? config->udc : "");
    c->manufacturer = keep_string(self, config->manufacturer ? config->manufacturer : "");
    c->product_name = keep_string(self, config->product_name ? config->product_name : "");
    c->serial = keep_string(self, config->serial ? config->serial : "");
    c->configuration = keep_string(self, config->configuration ? config->configuration : "");
    for (unsigned i = 0; i < GADGET_LUNS; i++) {
        c->inquiry[i] = keep_string(self, config->inquiry[i]);
        wanted += config->inquiry[i] != NULL;
    }
    return self->n_strings == wanted ? 0 : -ENOMEM;
}

static void release(struct gadget *self)
{
    while (self->n_strings)
        free(self->strings[--self->n_strings]);
    free(self);
}

static int explain_kernel(int r, char *why, size_t why_size)
{
    if (r == -ENOENT || r == -ENOTDIR)
        snprintf(
            why, why_size,
            "the kernel shows no usb_gadget in configfs: load libcomposite and mount configfs on /sys/kernel/config");
    else
        snprintf(why, why_size, "a trial gadget could not be made: %s", strerror(-r));
    return r;
}

/* Where all was mounted beforehand, or nothing is to be, a sandbox may forbid even to ask. */
static bool may_mount(const struct gadget *self)
{
    return self->config.big_cd && !self->config.ffs_ready;
}

static int find_out(struct gadget *self, char *why, size_t why_size)
{
    const struct gadget_place *place = self->place;
    char kept[64], trial[GADGET_PATH_SIZE];
    gadget_ffs_name(self);
    self->ffs_mounted = self->config.ffs_ready;
    if (may_mount(self))
        gadget_ffs_unmount(self);
    int r = gadget_remove(place, self->config.name, gadget_ffs_function(self, kept));
    if (r < 0) {
        snprintf(why, why_size, "the gadget '%s' that an earlier run left behind cannot be removed: %s",
                 self->config.name, strerror(-r));
        return r;
    }
    gadget_path(trial, "%s-trial", self->config.name);
    r = gadget_remove(place, trial, NULL);
    if (r >= 0)
        r = gadget_kernel_probe(place, trial, &self->kernel);
    if (r < 0)
        return explain_kernel(r, why, why_size);
    return gadget_udc_find(place, self->config.udc, self->config.name, &self->udc, why, why_size);
}

int gadget_create_at(const struct gadget_place *place, const struct gadget_config *config, struct gadget **ret,
                     char *why, size_t why_size)
{
    struct gadget *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->place = place;
    int r = copy_config(self, config);
    if (r >= 0)
        r = find_out(self, why, why_size);
    if (r < 0) {
        release(self);
        return r;
    }
    *ret = self;
    return 0;
}

int gadget_create(const struct gadget_config *config, struct gadget **ret, char *why, size_t why_size)
{
    return gadget_create_at(&gadget_place_default, config, ret, why, why_size);
}

struct gadget *gadget_destroy(struct gadget *self)
{
    if (!self)
        return NULL;
    (void)gadget_unbind(self->place, self->config.name);
    if (may_mount(self))
        gadget_ffs_unmount(self);
    int r = gadget_remove(self->place, self->config.name, NULL);
    if (r < 0)
        log_warn("gadget", "%s could not be removed: %s", self->config.name, strerror(-r));
    release(self);
    return NULL;
}

/* --- what is --- */

bool gadget_is_bound(const struct gadget *self)
{
    char path[GADGET_PATH_SIZE], udc[128];
    gadget_path(path, "%s/usb_gadget/%s/UDC", self->place->configfs, self->config.name);
    /* the kernel keeps the name of a controller that has gone */
    return gadget_attr_read(self->place, path, udc, sizeof udc) >= 0 && udc[0] && gadget_udc_there(self->place, udc);
}

bool gadget_has(const struct gadget *self, enum gadget_function function)
{
    for (unsigned i = 0; i < self->plan.n; i++)
        if (self->plan.order[i] == function)
            return true;
    return false;
}

void gadget_describe(const struct gadget *self, struct gadget_description *ret)
{
    *ret = (struct gadget_description){.bound = self->plan.n && gadget_is_bound(self)};
    ret->personality = self->personality;
    (void)text_copy(ret->udc, sizeof ret->udc, self->udc.name);
    (void)text_copy(ret->kernel, sizeof ret->kernel, self->kernel.lacks);
    ret->left_out = self->plan.left_out;
    ret->in = self->plan.in;
    ret->out = self->plan.out;
    for (unsigned f = 0; f < GADGET_FUNCTIONS; f++)
        ret->has[f] = gadget_has(self, (enum gadget_function)f);
    ret->led_endpoint = self->plan.led_endpoint;
    ret->stall = self->stall;
    ret->wakeup = self->config.wakeup && self->kernel.wakeup_on_write;
}

/* --- up and down --- */

static int strip(struct gadget *self)
{
    char kept[64];
    gadget_lun_remember(self);
    self->plan.n = 0;
    self->storage_thread = 0;
    return gadget_remove(self->place, self->config.name, gadget_ffs_function(self, kept));
}

void gadget_down(struct gadget *self)
{
    int r = strip(self);
    if (r < 0)
        log_warn("gadget", "%s could not be taken down: %s", self->config.name, strerror(-r));
}

static int bind(struct gadget *self)
{
    struct gadget_threads before;
    char path[GADGET_PATH_SIZE];
    gadget_threads_list(&before);
    gadget_path(path, "%s/usb_gadget/%s/UDC", self->place->configfs, self->config.name);
    int r = gadget_attr_write(self->place, path, self->udc.name);
    if (r >= 0 && gadget_has(self, GADGET_STORAGE))
        self->storage_thread = gadget_threads_new(&before);
    return r;
}

static int build(struct gadget *self, const struct personality_plan *plan, char *what, size_t what_size)
{
    int r = strip(self);
    if (r < 0) {
        snprintf(what, what_size, "what was there before: %s", strerror(-r));
        return r;
    }
    self->plan = *plan;
    r = gadget_compose(self, what, what_size);
    if (r >= 0) {
        if (gadget_has(self, GADGET_STORAGE))
            gadget_lun_restore(self);
        r = bind(self);
        if (r < 0)
            snprintf(what, what_size, "binding to %s: %s", self->udc.name, strerror(-r));
    }
    if (r < 0)
        (void)strip(self);
    return r;
}

static struct personality_means means_of(const struct gadget *self, const bool media[GADGET_LUNS])
{
    struct personality_means means = {.functions = self->kernel.functions, .no_drives = !self->config.luns};
    means.hids = gadget_kernel_free_hids(self->place, self->config.name);
    means.in = self->config.endpoints_in ? self->config.endpoints_in : self->udc.in;
    means.out = self->config.endpoints_out ? self->config.endpoints_out : self->udc.out;
    means.led_endpoint = self->config.led_endpoint;
    means.hid_out = !self->kernel.no_out_endpoint;
    means.empty_drives = self->config.empty_drives;
    for (unsigned i = 0; i < GADGET_LUNS; i++)
        means.empty_drives |= i < self->config.luns && media && media[i];
    means.big_cd = self->config.big_cd && self->ffs_mounted;
    return means;
}

/* A controller that refused gets less: what costs least first. False: there is nothing left to leave out. */
static bool reduce(struct gadget *self, const struct personality_plan *plan, struct personality_means *means,
                   bool *tried_without_stall)
{
    bool storage = false, big_cd = false;
    for (unsigned i = 0; i < plan->n; i++) {
        storage |= plan->order[i] == GADGET_STORAGE;
        big_cd |= plan->order[i] == GADGET_BIG_CD;
    }
    if (plan->led_endpoint && !means->hid_out) {
        means->led_endpoint = false;
    } else if (storage && self->stall && !*tried_without_stall) {
        self->stall = false;
        *tried_without_stall = true;
    } else if (big_cd) {
        means->big_cd = false; /* perhaps its owner has not written its descriptors */
    } else {
        if (plan->in <= 1)
            return false;
        means->in = plan->in - 1;
        self->stall = self->kernel.stall;
    }
    return true;
}

/* From 5.19 on the kernel says EBUSY whatever the reason; that nobody else has the controller was looked up before. */
static bool worth_less(int r)
{
    return r == -EBUSY || r == -ENODEV || r == -EINVAL || r == -ENOSPC || r == -ENOMEM || r == -EOPNOTSUPP;
}

int gadget_up(struct gadget *self, enum personality personality, const bool media[GADGET_LUNS], char *why,
              size_t why_size)
{
    struct personality_plan plan;
    char what[128] = "";
    bool tried_without_stall = false;
    gadget_down(self); /* before counting: what is ours must not count as others' */
    int r = gadget_udc_find(self->place, self->config.udc, self->config.name, &self->udc, why, why_size);
    if (r < 0)
        return r;
    struct personality_means means = means_of(self, media);
    self->stall = self->kernel.stall;
    self->personality = personality;
    for (unsigned i = 0; i < MAX_ATTEMPTS; i++) {
        r = personality_plan(personality, &means, &plan, why, why_size);
        if (r < 0)
            return r;
        r = build(self, &plan, what, sizeof what);
        if (r >= 0 || !worth_less(r) || !gadget_udc_there(self->place, self->udc.name) ||
            !reduce(self, &plan, &means, &tried_without_stall))
            break;
        log_info("gadget", "%s: %s; trying with less", self->config.name, what);
    }
    if (r < 0)
        snprintf(why, why_size, "the gadget cannot be shown to the target: %s", what);
    return r;
}

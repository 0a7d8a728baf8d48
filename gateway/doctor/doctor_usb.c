/* What the kernel and the device controller have for a gadget, and what each personality would get of it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/doctor/doctor.h"
#include "usbgadget/gadget_kernel.h"
#include "usbgadget/gadget_udc.h"

#define PROBE "lightsout-doctor"

bool doctor_runs(const struct config_target *target)
{
    char path[GADGET_PATH_SIZE];
    return gadget_attr_exists(&gadget_place_default, gadget_path(path, "%s/usb_gadget/lightsout-%s/UDC",
                                                                 gadget_place_default.configfs, target->name));
}

static void show_plan(struct doctor *self, const struct personality_means *means, enum personality personality)
{
    struct personality_plan plan;
    char text[200] = "", why[160] = "", left_out[LEFT_OUT_TEXT];
    size_t n = 0;
    int r = personality_plan(personality, means, &plan, why, sizeof why);
    if (r < 0) {
        doctor_say(self, personality == PERSONALITY_FULL ? DOCTOR_WRONG : DOCTOR_NOTE, personality_name(personality),
                   "%s", why);
        return;
    }
    for (unsigned i = 0; i < plan.n && n < sizeof text; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", i ? ", " : "",
                              left_out_function(plan.order[i])->sentence);
    left_out_write(&plan.left_out, left_out, sizeof left_out);
    doctor_say(self, DOCTOR_FINE, personality_name(personality), "%s%s%s", text, left_out[0] ? "; left out: " : "",
               left_out);
}

void doctor_usb(struct doctor *self, const struct config_target *target)
{
    const struct config_dongle *config = &target->dongle;
    const struct gadget_place *place = &gadget_place_default;
    struct gadget_kernel kernel;
    struct gadget_udc udc;
    char own[96], path[GADGET_PATH_SIZE], state[32] = "", why[256] = "";
    snprintf(own, sizeof own, "lightsout-%s", target->name);
    int r = gadget_kernel_probe(place, PROBE, &kernel);
    if (r < 0) {
        doctor_say(self, DOCTOR_WRONG, "USB", "%s",
                   r == -ENOENT
                       ? "the kernel shows no usb_gadget in configfs; load libcomposite, and mount configfs on "
                         "/sys/kernel/config"
                       : strerror(-r));
        return;
    }
    if (kernel.lacks[0])
        doctor_say(self, DOCTOR_NOTE, "kernel", "lacks %s", kernel.lacks);
    r = gadget_udc_find(place, config->udc, own, &udc, why, sizeof why);
    if (r < 0) {
        doctor_say(self, DOCTOR_WRONG, "USB", "%s", why);
        return;
    }
    gadget_attr_read(place, gadget_path(path, "%s/%s/state", place->udcs, udc.name), state, sizeof state);
    if (udc.in > 0)
        doctor_say(self, DOCTOR_FINE, "USB", "controller %s (%s), %s; %u IN and %u OUT endpoints", udc.name, udc.driver,
                   state, udc.in, udc.out);
    else
        doctor_say(self, DOCTOR_FINE, "USB", "controller %s (%s), %s; how many endpoints it has is not known", udc.name,
                   udc.driver, state);
    struct personality_means means = {
        .functions = kernel.functions,
        .hids = gadget_kernel_free_hids(place, own),
        .in = udc.in,
        .out = udc.out,
        .empty_drives = config->empty_drives == CONFIG_DRIVES_SHOWN,
        .big_cd = config->big_cd,
        .no_drives = target->drives == 0,
    };
    for (unsigned i = 0; i < PERSONALITIES; i++)
        show_plan(self, &means, (enum personality)i);
}

void doctor_drives(struct doctor *self)
{
    if (access("/sys/block/nbd0", F_OK) == 0)
        doctor_say(self, DOCTOR_FINE, "media", "the kernel has network block devices");
    else
        doctor_say(self, DOCTOR_WRONG, "media", "the kernel has no network block devices; load the module nbd");
}

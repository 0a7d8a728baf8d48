/* `lightsoutd --doctor`: what a dongle's devices offer, what will be used and why, and what is wrong. It looks and
 * changes nothing: beside a lightsoutd that runs, too. */
#pragma once

#include "gateway/config/config.h"
#include "gateway/options.h"

/* EXIT_FINE, EXIT_FAILED when something is wrong, or as for a start. */
int doctor_main(const struct options *options);

/* One line of the report; wrong ones are counted. */
enum doctor_mark { DOCTOR_FINE, DOCTOR_NOTE, DOCTOR_WRONG };
struct doctor {
    unsigned wrong;
};
void doctor_say(struct doctor *self, enum doctor_mark mark, const char *what, const char *format, ...)
    attr_printf(4, 5);

/* Whether a lightsoutd has this target's gadget just now. */
bool doctor_runs(const struct config_target *target);

/* doctor_capture.c, doctor_usb.c */
void doctor_capture(struct doctor *self, const struct config_target *target);
void doctor_usb(struct doctor *self, const struct config_target *target);
void doctor_drives(struct doctor *self);
/* doctor_certificate.c; state: the state folder */
void doctor_certificate(struct doctor *self, const struct config *config, const char *state);

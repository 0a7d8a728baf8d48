/* Gets a machine that has just been reset into its firmware's menu by keys. SeaBIOS prints what it shows into a ring
 * too, so that Escape is sent when it is asked for and not a second time (which would leave the menu again); OVMF gets
 * F2 again and again until its hot-key time is over. Net thread. */
#pragma once

#include "machines/qemu/argv.h"
#include "machines/qemu/qmp.h"
#include "usbgadget/input.h"

struct boot_recipe;

int boot_recipe_create(struct loop *loop, struct qmp *qmp, struct input *input, enum qemu_firmware firmware,
                       struct boot_recipe **ret);
struct boot_recipe *boot_recipe_destroy(struct boot_recipe *self); /* after the monitor; NULL allowed; returns NULL */

void boot_recipe_prepare(struct boot_recipe *self); /* just before the reset */
void boot_recipe_start(struct boot_recipe *self);   /* just after it, with the machine running */
void boot_recipe_stop(struct boot_recipe *self);

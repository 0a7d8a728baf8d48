/* The console fonts that this host has: the VGA's (package seabios), UEFI's (ovmf), Linux's (console-setup-linux) and
 * GRUB's (grub-common). None of them is part of this program: they are read where they are installed. */
#pragma once

#include "video/console_fonts.h"

/* Reads some 7 MiB and unpacks some 15, so on a worker. What is missing or damaged is left out and logged. 0 with what
 * there is, perhaps nothing; -ENOMEM. */
int console_font_files_load(struct console_fonts **ret);

/* For tests: the same below another root. */
int console_font_files_load_below(const char *root, struct console_fonts **ret);

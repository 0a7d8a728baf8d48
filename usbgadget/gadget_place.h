/* Where the kernel's files are, and reading and writing them. Which files of configfs exist depends on the kernel: they
 * are looked for, never assumed. For usbgadget/gadget*.c. */
#pragma once

#include <stddef.h>

#include "core/attrs.h"

#define GADGET_PATH_SIZE 512

struct gadget_place {
    const char *configfs; /* "/sys/kernel/config" */
    const char *udcs;     /* "/sys/class/udc" */
    const char *run;      /* folder for mounts of FunctionFS, 0700 */
    /* For tests, which play another kernel; NULL: nothing is absent, and writing writes. */
    bool (*absent)(const char *path);
    int (*write)(const char *path, const char *text);
};

extern const struct gadget_place gadget_place_default;

/* A path, or "" (which is nowhere) when it does not fit. */
const char *gadget_path(char room[GADGET_PATH_SIZE], const char *format, ...) attr_printf(2, 3);

bool gadget_attr_exists(const struct gadget_place *place, const char *path);
/* One write of text. -ENOENT: this kernel has no such attribute; -errno as the kernel says. */
int gadget_attr_write(const struct gadget_place *place, const char *path, const char *text);
/* Without the newline at the end. -EMSGSIZE: longer than room. */
int gadget_attr_read(const struct gadget_place *place, const char *path, char *room, size_t size);

/* Calls fn for each entry of a folder but "." and "..", sorted. fn's first negative result ends it and is returned. */
int gadget_each_entry(const char *folder, int (*fn)(void *data, const char *folder, const char *name), void *data);

/* A gadget from inside. For usbgadget/gadget*.c and its tests. */
#pragma once

#include <limits.h>

#include "usbgadget/gadget.h"
#include "usbgadget/gadget_kernel.h"
#include "usbgadget/gadget_place.h"
#include "usbgadget/gadget_udc.h"

#define GADGET_STORAGE_FUNCTION "mass_storage.drives"
#define GADGET_MAX_THREADS 8

/* What is in a LUN: kept while the function is built anew. */
struct gadget_medium {
    char path[PATH_MAX]; /* "": nothing */
    bool cdrom, read_only;
};

struct gadget {
    const struct gadget_place *place;
    struct gadget_config config; /* its strings are ours */
    char *strings[16];
    unsigned n_strings;
    struct gadget_kernel kernel;
    struct gadget_udc udc;
    struct personality_plan plan; /* of what is built; n = 0: nothing is */
    enum personality personality;
    bool stall;
    bool built; /* functions and configuration stand; `bound` is asked of the kernel */
    struct gadget_medium media[GADGET_LUNS];
    int storage_thread; /* process id of the kernel's thread behind our drives, 0: not known */
    char ffs[32];       /* instance of FunctionFS */
    bool ffs_mounted;
};

/* As gadget_create, at another place. place must outlive the gadget. */
int gadget_create_at(const struct gadget_place *place, const struct gadget_config *config, struct gadget **ret,
                     char *why, size_t why_size);

bool gadget_is_bound(const struct gadget *self);
bool gadget_has(const struct gadget *self, enum gadget_function function);
const char *gadget_function_name(enum gadget_function hid); /* instance of a HID function */

/* gadget.c: builds functions and configuration of self->plan by libusbgx, unbound. The gadget may stand already, with
 * its FunctionFS alone. what: the part that could not be built. */
int gadget_compose(struct gadget *self, char *what, size_t what_size);

/* gadget_lun.c: takes what the kernel's LUNs hold into self->media, and puts it back into fresh ones. */
void gadget_lun_remember(struct gadget *self);
void gadget_lun_restore(struct gadget *self);

/* gadget_thread.c: the kernel's mass storage threads. */
struct gadget_threads {
    int pids[GADGET_MAX_THREADS];
    unsigned n;
};
void gadget_threads_list(struct gadget_threads *ret);
int gadget_threads_new(const struct gadget_threads *before); /* the one that was not there before, or 0 */

/* gadget_ffs.c */
int gadget_prepare_ffs_at(const struct gadget_place *place, const char *name);
const char *gadget_ffs_function(const struct gadget *self, char room[64]); /* to keep; NULL: none is mounted */
void gadget_ffs_name(struct gadget *self);
bool gadget_ffs_path(const struct gadget *self, const char *file, char room[GADGET_PATH_SIZE]);
void gadget_ffs_unmount(struct gadget *self);

/* The kernel's mass storage function has a thread. A SIGUSR1 to it makes it abandon the transfer that runs and unlock
 * all its doors: the way out on kernels whose LUNs have no forced_eject (before 5.19), because to unbind would take the
 * keyboard away too. Which thread is ours is known only from when it appeared. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "usbgadget/gadget_internal.h"

static int look_at(void *data, const char *folder, const char *name)
{
    struct gadget_threads *threads = data;
    char path[GADGET_PATH_SIZE], comm[32];
    if (!isdigit((unsigned char)name[0]) || threads->n == GADGET_MAX_THREADS)
        return 0;
    if (gadget_attr_read(&gadget_place_default, gadget_path(path, "%s/%s/comm", folder, name), comm, sizeof comm) < 0)
        return 0;
    if (strcmp(comm, "file-storage") == 0)
        threads->pids[threads->n++] = (int)strtol(name, NULL, 10);
    return 0;
}

void gadget_threads_list(struct gadget_threads *ret)
{
    ret->n = 0;
    (void)gadget_each_entry("/proc", look_at, ret);
}

int gadget_threads_new(const struct gadget_threads *before)
{
    struct gadget_threads now;
    gadget_threads_list(&now);
    for (unsigned i = 0; i < now.n; i++) {
        bool old = false;
        for (unsigned j = 0; j < before->n; j++)
            old |= before->pids[j] == now.pids[i];
        if (!old)
            return now.pids[i];
    }
    return 0;
}

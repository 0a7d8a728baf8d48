/* The monitor of a machine that is not there: what tests of its clients have in common. Each command is done; what it
 * returns is the test's to say. */
#pragma once

#include "core/loop.h"
#include "machines/qemu/qmp.h"

struct monitor_bed {
    struct loop *loop;
    struct qmp *qmp; /* connected */
    /* The owner's; command: one line of JSON; answer: "{}", or what is to be returned instead. event may be NULL. */
    void (*command)(void *data, const char *line, char *answer, size_t size);
    void (*event)(void *data, const char *name);
    void *data;

    char path[64];
    int listening, peer;
    bool ready;
    char heard[4096];
    size_t n_heard;
};

/* command, event and data are set. */
void monitor_bed_start(struct monitor_bed *self);
void monitor_bed_stop_qmp(struct monitor_bed *self); /* before its clients are destroyed */
void monitor_bed_finish(struct monitor_bed *self);

void monitor_bed_run(struct monitor_bed *self);                       /* the loop, and the monitor, a little */
void monitor_bed_happens(struct monitor_bed *self, const char *name); /* an event without a body */

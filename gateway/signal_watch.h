/* Signals as events of a loop. Begun before there are threads, which inherit that they are blocked; SIGPIPE is ignored
 * from then on. */
#pragma once

#include "core/loop.h"

struct signal_watch {
    int fd;
    struct loop_io *io; /* NULL: not begun */
    void (*arrived)(void *data, int number);
    void *data;
};

/* numbers: 0 ends. self may be all zeros before. 0 or -errno. */
int signal_watch_begin(struct signal_watch *self, struct loop *loop, const int *numbers,
                       void (*arrived)(void *data, int number), void *data);
void signal_watch_end(struct signal_watch *self); /* also when it never began */

/* What asks a part to end. */
extern const int signal_watch_stops[];

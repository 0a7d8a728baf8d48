/* Inside big_cd: the loop's thread (big_cd.c), the drive's own thread (big_cd_thread.c), and what the latter does when
 * something has come (big_cd_serve.c, big_cd_control.c). */
#pragma once

#include <pthread.h>

#include "usbgadget/big_cd.h"
#include "usbgadget/big_cd_blocks.h"
#include "usbgadget/big_cd_pipe.h"
#include "usbgadget/bulk_only.h"
#include "usbgadget/scsi_cd.h"

struct big_cd {
    const struct big_cd_listener *listener;
    void *listener_data;
    struct loop_wake *wake; /* to the loop's thread */
    int ep0;
    int epoll, nudge; /* of the drive's thread */
    pthread_t thread;
    bool running;

    pthread_mutex_t lock; /* around all that follows; never held while waiting */
    bool stop;
    bool tell_ejected, tell_enabled, tell_lost; /* to the listener */
    bool up, told_up;                           /* the target has configured us */

    struct big_cd_pipe *pipe;
    struct bulk bulk;
    struct scsi_cd scsi;
    struct big_cd_blocks blocks;
    uint32_t watched; /* events of its socket that the epoll looks for */

    struct scsi_cd_answer answer; /* to the command that runs */
    uint32_t sent;                /* of its data */
    bool reading;                 /* it reads blocks of the medium */
    bool medium_gone;             /* meanwhile */
    uint64_t waiting_since;       /* for blocks; 0: not */
    bool gave_up;                 /* waited in vain for this socket, or for another one */
    bool again;                   /* something had no room or memory: to be tried again soon */
    uint64_t lost_us, stall_us;
    struct big_cd_statistics statistics;
};

/* What the drive's epoll tells. */
enum big_cd_source { BIG_CD_NUDGE, BIG_CD_EP0, BIG_CD_PIPE, BIG_CD_SOCKET };

/* --- big_cd_serve.c: with the lock held --- */

/* Goes on as far as it can without waiting. */
void big_cd_advance(struct big_cd *self, uint64_t now);
bool big_cd_reap(struct big_cd *self); /* whether anything had ended */
void big_cd_run_socket(struct big_cd *self, uint64_t now);
/* When to go on though nothing came: a time, 0: never. */
uint64_t big_cd_deadline(const struct big_cd *self, uint64_t now);
/* Everything that was under way is forgotten: a bus reset or a bulk-only reset. */
void big_cd_forget(struct big_cd *self);
void big_cd_set_up(struct big_cd *self, bool up);
void big_cd_notify(struct big_cd *self);
void big_cd_new_socket(struct big_cd *self);

/* --- big_cd_control.c --- */

int big_cd_write_descriptors(int ep0);
/* Events of ep0, the lock not held. */
void big_cd_control(struct big_cd *self);

/* --- big_cd_thread.c --- */

/* pipe is taken on success; by big_cd_serve, and by tests that have no FunctionFS. */
int big_cd_start(struct big_cd *self, struct big_cd_pipe *pipe);
void big_cd_stop(struct big_cd *self);
/* The signal that gets the thread out of a wait of ep0's. */
int big_cd_prepare_signal(void);

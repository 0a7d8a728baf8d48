/* Where the gateway's messages arrive: takes them apart, hands them to the store's thread and, for passwords, to one of
 * two hashing threads, and sends the answers. Signatures are made at once, so that no handshake waits for a disk. The
 * loop's thread; the book belongs to the store's thread as long as the desk lives. */
#pragma once

#include "auth/keeper/book.h"
#include "auth/keeper/tls_identities.h"
#include "core/worker.h"

struct desk;

/* There is a new set-up secret, or ("") set-up was done. */
typedef void desk_setup_fn(void *data, const char *secret);
void desk_listen(struct desk *self, desk_setup_fn *fn, void *data);

/* book and identities stay the caller's and must outlive it. */
int desk_create(struct loop *loop, struct book *book, struct tls_identities *identities, struct desk **ret);

/* Something else for the store's thread: as worker_pool_submit. */
int desk_submit(struct desk *self, worker_fn *work, worker_fn *done, void *data);

/* Another certificate is in use: the gateway is told. */
void desk_certificate_changed(struct desk *self);

/* Work on the store's thread, where the book is; request is a fresh one, and what it fills of ended and news is told
 * before `ran`, which is called on the loop's thread in any case, also when the work had no turn. -ENOMEM. */
typedef void desk_work_fn(void *data, struct book *book, struct request *request, struct instant now);
typedef void desk_ran_fn(void *data);
int desk_run(struct desk *self, desk_work_fn *work, desk_ran_fn *ran, void *data);

/* Who asks the directory for request->user with request->password, which it wipes: 0, and `done` later, with
 * request->entry; else an error, and nobody is asked. */
typedef int desk_directory_fn(void *data, struct request *request, desk_ran_fn *done, void *done_data);
void desk_ask_directory(struct desk *self, desk_directory_fn *fn, void *data);

/* Finishes what was asked for (for some seconds at most), closes the channel. NULL allowed; returns NULL. */
struct desk *desk_destroy(struct desk *self);
DEFINE_CLEANUP(struct desk, desk_destroy)

/* The channel of a new gateway; the old one is closed. Takes fd. */
int desk_set_gateway(struct desk *self, int fd);

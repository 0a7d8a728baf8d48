/* Requests of the NBD server with room for a payload that are kept for the next ones: a large room that goes back to
 * the system with each answer comes back from it in pages of zeros, which costs more than to fill it. Rooms are powers
 * of two, so that one fits many requests. The last one given back is taken first: it is in the processor's cache. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define NBD_SPARE_LEAST ((size_t)4 << 10) /* room, also of requests without a payload */
#define NBD_SPARE_CLASSES 10              /* up to 2 MiB; larger ones are not kept */
#define NBD_SPARE_BYTES ((size_t)4 << 20) /* at most, of one connection */
#define NBD_SPARE_REST_US 2000000         /* those of who was idle for so long are given up */

struct nbd_request;

struct nbd_spare {
    struct nbd_request *first[NBD_SPARE_CLASSES];
    size_t bytes;
    bool used; /* since nbd_spare_rest */
};

/* All of it is unset but `room`. NULL: no memory. Freed by free, too. */
struct nbd_request *nbd_spare_take(struct nbd_spare *self, size_t room);
void nbd_spare_give(struct nbd_spare *self, struct nbd_request *request);
/* Called now and then: gives all up when none was taken since the last call. False: there are some left. */
bool nbd_spare_rest(struct nbd_spare *self);
void nbd_spare_drop(struct nbd_spare *self);

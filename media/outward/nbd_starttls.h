/* A client's first words to an NBD server, until TLS begins (NetworkBlockDevice/nbd doc/proto.md: fixed newstyle
 * negotiation, NBD_OPT_STARTTLS). Without I/O: the caller asks where the next bytes go, puts some there and says how
 * many. No byte more than belongs to it is asked for, so what comes behind the answer is TLS or fails as such: nothing
 * that was said in the clear is heard later. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NBD_GREETING_SIZE 18
#define NBD_STARTTLS_SIZE 20 /* of what is said in return, and of the answer */
#define NBD_FLAGS_SIZE 4

enum nbd_starttls_event {
    NBD_STARTTLS_MORE = 0,
    NBD_STARTTLS_SAY,   /* send nbd_starttls_words, then go on */
    NBD_STARTTLS_AGREED /* the TLS handshake begins with the next byte */
};

struct nbd_starttls {
    uint16_t flags; /* of the greeting, as far as we know them */
    bool greeted;
    size_t have;
    uint8_t room[NBD_STARTTLS_SIZE];
};

/* Zeroed is initialised. *ret_size is never 0 before an error or AGREED. */
uint8_t *nbd_starttls_room(struct nbd_starttls *self, size_t *ret_size);

/* enum nbd_starttls_event. -EPROTO, -ENOTSUP (the server has no TLS): a sentence in *ret_why. */
int nbd_starttls_filled(struct nbd_starttls *self, size_t n, const char **ret_why);

void nbd_starttls_words(const struct nbd_starttls *self, uint8_t ret[NBD_STARTTLS_SIZE]);

/* For a client that comes when TLS stands: the greeting that the server gave us, and the flags with which it must
 * answer, as the server was told them already. */
void nbd_starttls_greeting(const struct nbd_starttls *self, uint8_t ret[NBD_GREETING_SIZE]);
void nbd_starttls_flags(const struct nbd_starttls *self, uint8_t ret[NBD_FLAGS_SIZE]);

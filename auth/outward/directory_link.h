/* One connection to a directory: connected, given TLS by OpenSSL and spoken to by libldap, which gets its bytes from
 * here. So no read of libldap's can last beyond the deadline, whatever the server leaves unsaid, and it can never open
 * a connection of its own. Blocking; one thread at a time. */
#pragma once

#include <ldap.h>

#include "auth/errand_wire.h"
#include "auth/outward/directory_url.h"

#define DIRECTORY_MOST_BYTES (8u << 20) /* that one connection may bring */
#define DIRECTORY_MOST_ANSWER (2u << 20)

struct directory_link;

/* What went wrong, and what was done, for people. error as in struct errand_entry. */
struct directory_note {
    int error;
    char why[sizeof((struct errand_entry){0}).why];
    char *steps; /* ERRAND_MAX_STEPS */
};
void directory_step(struct directory_note *note, const char *format, ...) attr_printf(2, 3);
/* Says why, once more as a step, and returns error. */
int directory_fail(struct directory_note *note, int error, const char *format, ...) attr_printf(3, 4);

/* authorities: PEM, "" the system's. deadline_us: clock_now_us, of all that follows. 0, -EHOSTUNREACH (not there, not
 * in time), -EPROTO (TLS that cannot be trusted, no StartTLS). Nothing but StartTLS was said in the clear. */
int directory_link_open(const struct directory_url *url, const char *authorities, uint64_t deadline_us,
                        struct directory_note *note, struct directory_link **ret);
struct directory_link *directory_link_close(struct directory_link *self); /* NULL allowed; returns NULL */
DEFINE_CLEANUP(struct directory_link, directory_link_close)

/* A link whose bytes come from a socket as they are, for tests of what lies above: takes fd. */
int directory_link_adopt(int fd, uint64_t deadline_us, struct directory_link **ret);

/* To begin an operation with libldap's asynchronous calls. NULL after the connection has failed: libldap would try to
 * connect again. */
LDAP *directory_link_ldap(struct directory_link *self);

/* The next message of an operation, which is the caller's (ldap_msgfree): 0, or an error as of directory_link_open. An
 * answer of the server that says "no" is no error here. */
int directory_link_next(struct directory_link *self, int operation, struct directory_note *note, LDAPMessage **ret);

/* What libldap returned where it should have begun an operation. */
int directory_link_refused(struct directory_note *note, int code, const char *what);

/* A result message (freed here): the server's code, and what it says besides (may be NULL; a cut copy). -EPROTO when it
 * is none, or a referral (RFC 4511 section 4.1.10), which is never followed. */
int directory_link_result(struct directory_link *self, LDAPMessage *message, struct directory_note *note, int *ret_code,
                          char *text, size_t text_size);

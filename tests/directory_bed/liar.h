/* A directory for tests that keeps to LDAP (RFC 4511), or breaks it in one chosen way. On loopback, a thread for each
 * connection, with a certificate for localhost and 127.0.0.1. It knows one entry, LIAR_DN, whose password is
 * LIAR_PASSWORD, and takes nobody and any name that begins with "cn=reader" for whoever asks. */
#pragma once

#include <stdbool.h>

#define LIAR_DN "uid=ada,ou=people,dc=example,dc=org"
#define LIAR_GROUP "cn=admins,ou=groups,dc=example,dc=org"
#define LIAR_PASSWORD "rocket 7"

enum lies {
    LIES_NONE,
    LIES_NO_WHO,  /* does not know "who am I" */
    LIES_WINDOWS, /* says "u:EXAMPLE\ada" */
    /* about who is there */
    LIES_ANY_PASSWORD, /* accepts all, and then says nobody is there */
    LIES_ANY_UNTOLD,   /* accepts all, and does not know "who am I" */
    LIES_ANOTHER,      /* says we are somebody else */
    LIES_TWO,          /* entries */
    LIES_CUT_VALUES,   /* memberOf;range=0-1499 */
    LIES_BUSY,         /* to each bind */
    LIES_REFERRAL,     /* to each bind */
    LIES_REFERENCE,    /* among the entries */
    /* about LDAP */
    LIES_WRONG_NUMBER,   /* answers of another message */
    LIES_WRONG_KIND,     /* a search's end where a bind's result should be */
    LIES_EARLY,          /* all results before anything was asked */
    LIES_NOTICE,         /* of disconnection, and no more */
    LIES_GARBAGE,        /* bytes that are no BER */
    LIES_HUGE,           /* a length that nobody can hold */
    LIES_DEEP,           /* lengths that lie beyond their end */
    LIES_CLOSES,         /* in the middle of an answer */
    LIES_ENDLESS,        /* entries without end */
    LIES_ENDLESS_VALUES, /* one entry that does not end */
    LIES_GROUPS,         /* each group is in two new ones */
    /* about time */
    LIES_SILENT,       /* before TLS */
    LIES_SILENT_LATER, /* after TLS */
    LIES_DRIPS,        /* a byte now and then, of one answer */
    /* about TLS */
    LIES_OLD_TLS,  /* nothing above 1.1 */
    LIES_NO_START, /* no StartTLS */
    LIES_STRIPS,   /* says yes to StartTLS and goes on in the clear */
    LIES_INJECTS,  /* a bind's result in the clear behind the yes */
};

struct liar;

/* tls: from the first byte; else StartTLS. */
struct liar *liar_start(enum lies lies, bool tls);
void liar_stop(struct liar *self);
const char *liar_url(const struct liar *self);
const char *liar_authority(const struct liar *self);
unsigned liar_connections(struct liar *self);
/* A password came over a connection without TLS. */
bool liar_heard_in_the_clear(struct liar *self);

/* What the keeper has done by outward, which alone may reach other machines: directory logins and audit heads for a
 * syslog server. A channel of their own (core/ipc), made by the supervisor: ERRANDS to both when either was started
 * anew. The gateway is no party to it, so it cannot forge a directory's answer.
 *
 * The keeper believes what a directory's answer says of its own users and nothing else; each job carries what outward
 * needs for it, its one secret included, and outward forgets it when it has answered. Both sides close the channel at
 * the first message that is not listed here, too long or too short. */
#pragma once

#include "core/ipc.h"

enum errand_message {
    /* keeper -> outward, answered with the same serial */
    ERRAND_DIRECTORY_LOGIN = 1, /* directory, user, password -> ERRAND_DIRECTORY_ENTRY; an empty password is refused
                                   without asking anybody (RFC 4513 section 5.1.2) */
    ERRAND_DIRECTORY_LOOK, /* directory, user, dn -> ERRAND_DIRECTORY_ENTRY: is it still there, enabled, which groups.
                              dn: as it was at the login; another entry of this name is none */

    /* keeper -> outward, not answered */
    ERRAND_SYSLOG = 0x40, /* syslog server, one RFC 5424 message without its framing up to the end of the message */

    /* outward -> keeper */
    ERRAND_DIRECTORY_ENTRY = 0x80, /* le32 error, why, steps; with error 0: string dn, le16 n, n x group dn */
    ERRAND_SYSLOG_STATE,           /* u8 reached, le64 messages given to the server, le64 lost, why */
};

/* directory: le16 n, n x url ("ldaps://host[:port]" or "ldap://host[:port]", which then needs StartTLS); base, user
 * filter ("(uid=%u)"), user dn (a template, "": search), group base ("": none), group filter ("(member=%d)"), bind dn
 * ("": anonymous), bind password; le32 ms for everything together; le16 n, n x group dn; string PEM of the authorities
 * ("": the system's).
 * syslog server: string host, le16 port, string PEM of the authority ("": the system's), string name to be checked. */

#define ERRAND_MAX_URLS 4
#define ERRAND_MAX_URL 256
#define ERRAND_MAX_DN 512
#define ERRAND_MAX_FILTER 256
#define ERRAND_MAX_SECRET 128
#define ERRAND_MAX_GROUPS 32 /* that are worth something here; a user may be in many others */
#define ERRAND_MAX_PEM 8192
#define ERRAND_MAX_SYSLOG 7168 /* every receiver of RFC 5425 takes 8192 */
#define ERRAND_MAX_STEPS 2048
#define ERRAND_MAX_USER 64
#define ERRAND_MAX_PASSWORD 257 /* with its NUL */

struct errand_groups {
    unsigned n;
    char list[ERRAND_MAX_GROUPS][ERRAND_MAX_DN];
};

struct errand_directory {
    char urls[ERRAND_MAX_URLS][ERRAND_MAX_URL];
    unsigned n_urls;
    char base[ERRAND_MAX_DN], user_filter[ERRAND_MAX_FILTER];
    char user_dn[ERRAND_MAX_DN]; /* "uid=%u,ou=people,dc=example,dc=org" or "%u@example.org": who binds without being
                                    looked for first; "": found by the filter */
    char group_base[ERRAND_MAX_DN], group_filter[ERRAND_MAX_FILTER];
    char bind_dn[ERRAND_MAX_DN], bind_password[ERRAND_MAX_SECRET];
    uint32_t patience_ms;
    struct errand_groups groups; /* the only ones that the answer names, in this spelling */
    char authorities[ERRAND_MAX_PEM];
};

/* error of an entry: 0; EACCES wrong password, no such user, or the account is switched off (why tells our own log
 * which); EHOSTUNREACH no server answered in time; EPROTO the server did what it must not (referral, no TLS, more than
 * one entry), or refuses our own account. */
struct errand_entry {
    int error; /* 0 or -errno */
    char why[256];
    char steps[ERRAND_MAX_STEPS]; /* what was done, a line each, for people; no secret */
    char dn[ERRAND_MAX_DN];
    struct errand_groups groups; /* of those asked for, through others too */
};

struct errand_syslog {
    char host[254];
    uint16_t port;
    char name[254];
    char authorities[ERRAND_MAX_PEM];
};

struct errand_syslog_state {
    bool reached;
    uint64_t given, lost;
    char why[256]; /* "" while reached */
};

/* Writing and reading, for both sides; pure, fuzzed. A read that returns false leaves *ret
 * undefined; those of an entry, a state and a question take a whole body. */
void errand_write_directory(struct wire_writer *w, const struct errand_directory *directory);
bool errand_read_directory(struct wire_reader *r, struct errand_directory *ret);
void errand_write_entry(struct wire_writer *w, const struct errand_entry *entry);
bool errand_read_entry(struct wire_reader *r, struct errand_entry *ret);
void errand_write_syslog(struct wire_writer *w, const struct errand_syslog *server);
bool errand_read_syslog(struct wire_reader *r, struct errand_syslog *ret);
void errand_write_syslog_state(struct wire_writer *w, const struct errand_syslog_state *state);
bool errand_read_syslog_state(struct wire_reader *r, struct errand_syslog_state *ret);

/* A whole question: LOGIN, whose secret is the password, or LOOK, where it is the DN. */
struct errand_question {
    struct errand_directory directory;
    char user[ERRAND_MAX_USER];
    union {
        char password[ERRAND_MAX_PASSWORD];
        char dn[ERRAND_MAX_DN];
    };
};
void errand_write_question(struct wire_writer *w, uint16_t type, const struct errand_directory *directory,
                           const char *user, const char *secret);
bool errand_read_question(const uint8_t *body, size_t size, uint16_t type, struct errand_question *ret);

/* Whether a question with the longest user and secret fits one message. */
bool errand_directory_fits(const struct errand_directory *directory);

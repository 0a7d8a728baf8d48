/* How the gateway asks the keeper. Asynchronous: `done` runs on the net thread, exactly once, also (with -ECONNRESET)
 * when the keeper dies; it is never called before the asking function returned. Strings in results are valid during the
 * call. An asking function that returns an error (-ECONNRESET while there is no keeper, -EINVAL for what is too long,
 * -ENOBUFS, -ENOMEM) has asked nothing and never calls `done`. */
#pragma once

#include "auth/session.h"
#include "core/loop.h"

struct keeper_client;

struct keeper_client_listener {
    /* A session ended (logout elsewhere, expiry, revocation, password change). */
    void (*session_ended)(void *data, struct auth_session *session);
    /* Its user's rights are others now; session->grants and role have been changed. NULL: nobody wants to know. */
    void (*session_changed)(void *data, struct auth_session *session);
    /* Whether a user exists: false -> only set-up is served. Called at start and when it changes. */
    void (*setup_state)(void *data, bool needs_setup);
    /* Another TLS certificate is in use (keeper_client_certificate_read). NULL: nobody wants to know. */
    void (*certificate_changed)(void *data);
    void (*closed)(void *data); /* the keeper is gone; the supervisor gives the gateway a new channel */
};

/* Takes fd (an ipc channel to the keeper). */
int keeper_client_create(struct loop *loop, int fd, const struct keeper_client_listener *listener, void *data,
                         struct keeper_client **ret);
/* Calls the `done` of what is under way with -ECONNRESET. Not from inside the client's own callbacks. */
struct keeper_client *keeper_client_destroy(struct keeper_client *self);
DEFINE_CLEANUP(struct keeper_client, keeper_client_destroy)
/* A new channel after the keeper's restart; cached sessions stay good until the keeper says otherwise. Takes fd. */
int keeper_client_reconnect(struct keeper_client *self, int fd);

/* -EACCES wrong user, password or secret (never says which); -EAGAIN locked out, retry_s tells for how long; -EALREADY
 * set-up already done; -EINVAL the name or password does not meet the rules, `why` says which; -ENOSPC, -EIO. */
struct keeper_login_result {
    int error;
    const char *why; /* sentence for people, may be NULL */
    unsigned retry_s;
    struct auth_session *session; /* valid during the call; take a reference to keep it */
    const char *token;            /* for the cookie */
    const char *device;           /* for the device cookie; NULL: none */
};
typedef void keeper_login_fn(void *data, const struct keeper_login_result *result);

/* agent: what the first session's list entry says of the program; cut when longer. */
int keeper_client_setup(struct keeper_client *self, const char *secret, const char *user, const char *password,
                        const char *peer, const char *agent, keeper_login_fn *done, void *data);
/* The session of a token: from the cache at once (done still comes from the loop), else from the keeper. */
int keeper_client_session(struct keeper_client *self, const char *token, keeper_login_fn *done, void *data);
/* From the cache only; NULL when not there. A reference for the caller. */
struct auth_session *keeper_client_cached(struct keeper_client *self, const char *token);

/* Ended at once for auth_session_may; session_ended follows from the loop when the keeper has confirmed it. A keeper
 * that is away hears of it when it is back. -EINVAL for a local session. */
int keeper_client_logout(struct keeper_client *self, struct auth_session *session);

/* The session is in use (a viewer typed): keeps it from idling out. Cheap, the keeper hears of it once a minute.
 * Asking for a session by its token counts as use too. */
void keeper_client_touch(struct keeper_client *self, struct auth_session *session);

/* A new one-time secret, voiding the old; only for local root or the gateway's own user. */
typedef void keeper_secret_fn(void *data, int error, const char *secret);
int keeper_client_new_setup_secret(struct keeper_client *self, keeper_secret_fn *done, void *data);

typedef void keeper_done_fn(void *data, int error, const char *why);

/* One line for the audit log; queued, never waits. who: user name or peer. */
void keeper_client_audit(struct keeper_client *self, const char *who, const char *what, const char *target,
                         const char *detail);

/* The newest audit lines first, at most limit (<= 1000). Strings valid during the call. */
struct keeper_audit_line {
    int64_t time; /* seconds since 1970 */
    const char *who, *what, *target, *detail;
};
typedef void keeper_audit_fn(void *data, int error, const struct keeper_audit_line *lines, unsigned n);
int keeper_client_audit_read(struct keeper_client *self, unsigned limit, keeper_audit_fn *done, void *data);

/* ---- TLS ---- */

enum keeper_certificate_source {
    KEEPER_OWN_CERTIFICATE,        /* generated */
    KEEPER_CONFIGURED_CERTIFICATE, /* the configuration names its file */
    KEEPER_SET_CERTIFICATE,        /* by keeper_client_certificate_try */
};

struct keeper_certificate {
    char *pem; /* the chain behind it; malloc'ed for the caller */
    enum keeper_certificate_source source;
    bool on_trial; /* it goes when nobody keeps it */
};

/* What is in use. Waits for the answer (15 s at most), as the next two; not from inside the client's own callbacks. */
int keeper_client_certificate_read(struct keeper_client *self, struct keeper_certificate *ret);
int keeper_client_certificate(struct keeper_client *self, char **ret_pem);

/* A signature by the key that never leaves the keeper, of the certificate whose SHA-256 begins with the 8 bytes id.
 * scheme and bytes: auth/keeper_tls_wire.h. *ret_size: room in, bytes out. -ESTALE: that certificate is not there any
 * more. */
int keeper_client_sign(struct keeper_client *self, const uint8_t *id, unsigned scheme, const uint8_t *bytes, size_t n,
                       uint8_t *ret, size_t *ret_size);

/* A certificate (PEM, its chain behind it) and its key (PEM; NULL: the one that certificate_request was for), together
 * at most KEEPER_MAX_CERTIFICATE bytes. certificate NULL: back to the generated one. test: only whether it would be
 * taken. When it is good it is used at once, on trial. -EINVAL with why: what is wrong with it; -EBUSY with why. */
#define KEEPER_MAX_CERTIFICATE 16000
int keeper_client_certificate_try(struct keeper_client *self, const char *certificate, const char *key, bool test,
                                  keeper_done_fn *done, void *data);
/* The end of the trial. -ENOENT: there is none. */
int keeper_client_certificate_end_trial(struct keeper_client *self, bool keep, keeper_done_fn *done, void *data);

typedef void keeper_pem_fn(void *data, int error, const char *why, const char *pem);
/* A certificate signing request for the keeper's own key and the public names. */
int keeper_client_certificate_request(struct keeper_client *self, keeper_pem_fn *done, void *data);

/* The supervisor's two companions: keeper and gateway, and the channels between the three. Whichever of them ends is
 * started again in well under a second and gets new channels; the other goes on. */
#pragma once

#include "gateway/supervisor/announce.h"
#include "gateway/supervisor/listen.h"
#include "gateway/supervisor/supervisor_targets.h"

struct roles;

struct roles_config {
    const struct config *config; /* all of these outlive the roles */
    const char *config_path;     /* absolute, for the helper */
    const struct state *state;
    const struct uid_choice *user, *keeper, *outward; /* the gateway's, and those of the others */
    struct listeners *listeners;
    struct supervisor_targets *targets; /* outlives the roles */
    const char *units;                  /* as in struct process */
};

struct roles_owner {
    /* Both are up for the first time; again when there is a new secret. secret: "" when set-up is done. */
    void (*ready)(void *data, const struct announce_marks *marks, const char *secret);
    /* One of them ended before it was ever ready; it has said why. exit_code: EXIT_*. */
    void (*refused)(void *data, int exit_code);
    /* A gateway is about to begin, and has just begun (supervisor_settings.h). */
    void (*gateway_begins)(void *data);
    void (*gateway_begun)(void *data);
    /* One of its messages that is none of ours. False: it is nobody's, or malformed. */
    bool (*gateway_asks)(void *data, const struct ipc_message *message);
};

/* Starts both. 0 or -errno. */
int roles_create(struct loop *loop, const struct roles_config *config, const struct roles_owner *owner, void *data,
                 struct roles **ret);
void roles_stop(struct roles *self, int timeout_ms);
struct roles *roles_destroy(struct roles *self); /* NULL allowed; returns NULL */

struct ipc *roles_gateway(const struct roles *self); /* its channel; NULL: none, or self is NULL */
void roles_restart_gateway(struct roles *self);      /* it ends by itself, and another begins at once */

/* Where the page is reached has changed: the configuration's names, a socket that came, one that went. */
/* The owner's certificate, and the authorities of client certificates, are read anew from where the configuration says.
 * What cannot be opened leaves all as it is. */
void roles_tell_certificates(struct roles *self);
void roles_tell_directory(struct roles *self);
void roles_tell_outside(struct roles *self); /* what leaves this machine: the audit log, and outward */
void roles_tell_net(struct roles *self);
void roles_lend(struct roles *self, const struct listener *listener);
void roles_take_back(struct roles *self, uint32_t listener);

void roles_need_helper(struct roles *self); /* there is a dongle now; NULL allowed */

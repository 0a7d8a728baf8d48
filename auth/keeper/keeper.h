/* The keeper's process: the role that holds password hashes, the set-up secret, sessions, the audit log and the TLS
 * key, and no network. The supervisor starts it as `--role=keeper` with these descriptors; from then on:
 *
 *   supervisor -> keeper  KEEPER_FIRST_USER, where its owner has left one
 *   supervisor -> keeper  KEEPER_BEGIN: public names, and the user's own certificate if there is one
 *   keeper -> supervisor  KEEPER_READY, or KEEPER_FAILED and exit code 1
 *   supervisor -> keeper  KEEPER_GATEWAY whenever a gateway was started: its new channel; the old one is closed
 *   supervisor -> keeper  KEEPER_CLIENT_CA after KEEPER_BEGIN and whenever the owner's files changed: who may vouch for
 *                         client certificates; until then, and without descriptors, none opens an account
 *
 * The supervisor makes a SOCK_SEQPACKET pair for each gateway, gives one end to the keeper by KEEPER_GATEWAY and the
 * other to the gateway (keeper_client_create; keeper_client_reconnect when it is the keeper that was restarted). A
 * KEEPER_GATEWAY may come before KEEPER_READY: it waits. The end of the supervisor's channel ends the keeper (code 0),
 * after what was asked for has been written.
 *
 * What the sandbox must leave: see docs/security.md, "What the keeper's sandbox leaves". In short: no path outside its
 * own folder, which is made the working directory and in which all names are relative; threads; no socket(), no exec.
 * The sandbox is put on before keeper_main, because threads begin there. */
#pragma once

#include "core/ipc.h"

#define KEEPER_MAX_NAMES 16
#define KEEPER_MAX_NAME 254
#define KEEPER_MAX_REASON 512
#define KEEPER_MAX_HASH 384 /* as crypt(3) */

enum keeper_supervisor_message {
    KEEPER_BEGIN = 1,  /* u8 n, n names; descriptors: none, or certificate (PEM, chain) and private key (PEM) */
    KEEPER_GATEWAY,    /* one descriptor */
    KEEPER_FIRST_USER, /* before KEEPER_BEGIN: string name, string yescrypt hash; used where nobody is set up yet */
    KEEPER_CLIENT_CA,  /* descriptors: none, authorities (PEM), or authorities and revocation lists (PEM) */
    KEEPER_ERRANDS,    /* one descriptor: a channel to outward (auth/errand_wire.h), at each start of either */
    KEEPER_DIRECTORY_GROUP,       /* le16 index of a group of the KEEPER_DIRECTORY that follows, u8 role, grants
                                     (grants_wire.h) */
    KEEPER_DIRECTORY,             /* u8 any; then a directory (auth/errand_wire.h): the one that counts from now on */
    KEEPER_AGAIN,                 /* as KEEPER_BEGIN, when the configuration was read anew */
    KEEPER_AUDIT_SETTINGS = 0x20, /* before KEEPER_BEGIN, and again: keeper_audit_settings_send */
    KEEPER_READY = 0x80,
    KEEPER_FAILED,        /* string */
    KEEPER_SETUP_CHANGED, /* string: the new set-up secret, or "" when set-up was done */
};

struct keeper_options {
    int state_dir_fd;  /* state/keeper: mode 0700, the keeper's uid */
    int supervisor_fd; /* SOCK_SEQPACKET */
    int gateway_fd;    /* the first gateway's channel, or -1: comes by KEEPER_GATEWAY */
};

/* Runs until the supervisor goes away. Takes the descriptors. Returns the exit code. */
int keeper_main(const struct keeper_options *options);

/* ---- the supervisor's side ---- */

/* certificate_fd and key_fd stay the caller's; both -1: a certificate is made and kept. -EINVAL: too many names. */
int keeper_begin_send(struct ipc *ipc, const char *const *names, unsigned n_names, int certificate_fd, int key_fd);
/* The same when the configuration was read anew: names change at once; a certificate that is refused changes nothing,
 * and is told in the log. */
int keeper_again_send(struct ipc *ipc, const char *const *names, unsigned n_names, int certificate_fd, int key_fd);
int keeper_gateway_send(struct ipc *ipc, int gateway_fd);
int keeper_errands_send(struct ipc *ipc, int errands_fd);

/* Who may vouch for client certificates: PEM files, read at once and from their beginning; crl_fd -1: nothing is ever
 * revoked; both -1: no client certificate opens an account. A file that makes no sense is said in the log and counts
 * like none. With revocation lists, each authority of a chain needs one that has not expired. The descriptors stay the
 * caller's. */
int keeper_client_ca_send(struct ipc *ipc, int ca_fd, int crl_fd);

/* false: too long. */
bool keeper_first_user_send(struct ipc *ipc, const char *name, const char *hash);

/* How much of the audit log stays, where it goes, and whether what cannot be written down may be done. file_fd: opened
 * for appending, or -1; ca_fd: the PEM file of the syslog server's authority, or -1 for the system's. Both stay the
 * caller's. */
struct keeper_audit_settings {
    uint64_t keep; /* lines */
    bool refuse;
    char syslog_host[KEEPER_MAX_NAME]; /* "": none */
    uint16_t syslog_port;
};
int keeper_audit_settings_send(struct ipc *ipc, const struct keeper_audit_settings *settings, int file_fd, int ca_fd);

/* What became of the KEEPER_FIRST_USER. */
enum keeper_first_user {
    KEEPER_NO_FIRST_USER,
    KEEPER_FIRST_USER_MADE,
    KEEPER_FIRST_USER_LATE,
    KEEPER_FIRST_USER_REFUSED
};

struct keeper_ready {
    uint8_t first_user; /* enum keeper_first_user; reason says why it was refused */
    bool needs_setup;
    bool audit_broken;              /* somebody changed the audit log behind the keeper's back */
    uint8_t fingerprint[32];        /* SHA-256 of the certificate */
    uint8_t audit_key[32];          /* the first public key of the audit log: `lightsout audit verify --key` */
    char secret[64];                /* to be shown to the owner while needs_setup; else "" */
    char reason[KEEPER_MAX_REASON]; /* KEEPER_FAILED: a sentence that names the thing and the remedy */
};

/* 0: ready; 1: failed, for the reason given; -EPROTO: not one of the keeper's messages. */
int keeper_ready_read(const struct ipc_message *message, struct keeper_ready *ret);

/* KEEPER_SETUP_CHANGED. 0 or -EPROTO. */
int keeper_setup_read(const struct ipc_message *message, char *room, size_t size);

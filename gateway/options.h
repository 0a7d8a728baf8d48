/* The command line of lightsoutd. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "gateway/config/config.h"

/* What the program ends with; docs/configuration.md lists them. */
enum {
    EXIT_FINE = 0,
    EXIT_FAILED = 1,  /* anything that has no number of its own */
    EXIT_USAGE = 2,   /* the command line */
    EXIT_CONFIG = 3,  /* the configuration */
    EXIT_STATE = 4,   /* the state folder */
    EXIT_PORT = 5,    /* an address to listen on */
    EXIT_KEEPER = 6,  /* certificate, key or store: the keeper does not start */
    EXIT_RUNNING = 7, /* another instance has this state folder */
    EXIT_USER = 8,    /* the unprivileged user */
};

struct options {
    const char *config;  /* path; NULL: the default one, which may be absent */
    const char *state;   /* NULL: the configuration's */
    const char *role;    /* NULL: supervisor */
    const char *units;   /* folder of the sockets of units that are the other roles (handover.h); NULL: children */
    const char *root;    /* of a self-check: what stands in front of all paths; NULL: nothing */
    const char *sandbox; /* the supervisor's word to a role: with "best" walls that the kernel refuses may be missing */
    bool security, json; /* of the doctor */
    bool check, doctor, self_check, qr, version, help;
    const char *backup, *restore, *passphrase_file;
    bool recover, factory_reset, yes, images, replace; /* gateway/owner/owner.h */
};

#define CONFIG_DEFAULT_PATH "/etc/lightsout/lightsout.conf"

/* 0, or -EINVAL after a line on stderr. Strings stay in argv. */
int options_parse(int argc, char **argv, struct options *ret);
void options_help(FILE *out);

/* The state folder: option, else configuration, else /var/lib/lightsout for root and XDG_STATE_HOME/lightsout for
 * others. -EINVAL when none can be named or it is no absolute path after resolving against the working directory. */
int options_state_path(const struct options *self, const struct config *config, char *room, size_t size);

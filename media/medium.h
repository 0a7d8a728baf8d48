/* What somebody wants to have in a drive: where its blocks come from, and how it is to be served. Strings are valid
 * during the call that takes them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define MEDIUM_NAME_MAX 256
#define MEDIUM_URL_MAX 2048
#define MEDIUM_ID_SIZE 16 /* random; names a medium to who brings its blocks */

enum medium_origin {
    MEDIUM_LIBRARY, /* an image of the library, or a folder of it as a disk */
    MEDIUM_URL,     /* http, https */
    MEDIUM_NBD,     /* nbd, nbds: an export of another server */
    MEDIUM_STREAM,  /* a file of a browser or of the command line, which brings its blocks over a websocket */
};

/* "library", "url", "nbd", "stream": stable for API and command line. */
const char *medium_origin_name(enum medium_origin origin);

enum medium_overlay {
    MEDIUM_OVERLAY_NONE,
    MEDIUM_OVERLAY_DISCARD, /* writes go to a file of ours, which goes with the medium */
    MEDIUM_OVERLAY_KEEP,    /* and is there again when the same medium is inserted into this drive with it */
};

struct medium_spec {
    enum medium_origin origin;
    const char *image; /* library: the name; stream: the file's name */
    const char *url;   /* url, nbd */
    const char *user;  /* credentials for the URL or NBD export, NULL: none. Kept in memory only */
    const char *secret;
    const char *ca; /* PEM of the authority that vouches for the server instead of the system's; NULL */
    int kind;       /* < 0: by what it is, else enum drive_kind */
    bool read_only;
    enum medium_overlay overlay;
    bool boot_once;  /* the next reset boots it, once */
    bool copy;       /* copy to the library in the background; served from there when it is complete */
    uint64_t rate;   /* bytes/s at most; 0: no limit */
    const char *who; /* the user in whose name: blocks are never shared between users (media/cache.h) */
    uint64_t size;   /* stream: of the file */
    int64_t modified_ms;
    uint8_t id[MEDIUM_ID_SIZE]; /* stream: of the medium that the file is picked again for; zeros: a new one */
};

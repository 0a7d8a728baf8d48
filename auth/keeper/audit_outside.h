/* The audit log's way outside: to a file that the supervisor opened for appending, and to a syslog server by outward.
 * The store is the queue: lines and heads go when they are committed, and what could not go waits there; only what was
 * removed meanwhile is lost, and counted. After a crash the last ones may go twice. */
#pragma once

#include "auth/keeper/audit.h"

struct audit_settings {
    uint64_t keep; /* 0: as ever */
    bool refuse;   /* what cannot be written down is not to be done */
    int file_fd;   /* opened for appending; -1: none */
    bool syslog;
};

/* How far one way has come. */
struct audit_sink {
    const char *name; /* under which the store remembers it */
    uint64_t line;
    int64_t head; /* a row's id */
    uint64_t saved_line;
    int64_t saved_head;
    uint64_t lost;  /* lines that were removed before they had gone */
    uint64_t place; /* names the file, so that a new one begins at the beginning */
};

struct audit_outside_ways {
    int file_fd;
    int file_error; /* of the last write; 0: fine */
    bool torn;      /* the file may end in half a line */
    struct audit_sink file, syslog;
};

/* Takes file_fd. Reads how far it had come; again for other settings, when audit_outside_close was called. */
int audit_outside_open(struct audit_outside_ways *self, struct store *store, const struct audit_settings *settings);
void audit_outside_close(struct audit_outside_ways *self);

/* Appends to the file what is new. Never fails: file_error says it. */
void audit_outside_file(struct audit_outside_ways *self, struct store *store);

/* Inside a transaction: remembers how far it has come. */
int audit_outside_save(struct audit_outside_ways *self, struct store *store);

/* The next objects behind where the sink has come, one after the other; then audit_sink_close. */
struct audit_sink_reader {
    struct audit_rows rows;
    struct store *store;
    uint64_t line;
    int64_t head;
    bool root_given;
    struct audit_object kept; /* the milestone that waits behind its root */
    bool has_kept;
};
int audit_sink_open(struct audit_sink_reader *self, struct audit_sink *sink, struct store *store);
int audit_sink_next(struct audit_sink_reader *self, struct audit_object *ret); /* 1, 0 or an error */
void audit_sink_close(struct audit_sink_reader *self);

/* The audit log, as the gateway asks the keeper about it; auth/keeper_client.h has the rules. Texts come as
 * auth/audit/json.h writes them: one object a line. */
#pragma once

#include "auth/keeper_client.h"

#define KEEPER_AUDIT_TARGETS 32
#define KEEPER_AUDIT_TEXT 65 /* of a name, with its NUL */
#define KEEPER_AUDIT_LIMIT 1000

struct keeper_audit_filter {
    uint64_t below;                                       /* lines with smaller numbers; 0: from the newest */
    unsigned limit;                                       /* 1 to KEEPER_AUDIT_LIMIT */
    int64_t since, until;                                 /* seconds since 1970; until 0: ever */
    char who[KEEPER_AUDIT_TEXT], what[KEEPER_AUDIT_TEXT]; /* "": any; what may end in '*' */
    unsigned n_targets;                                   /* 0: any */
    char targets[KEEPER_AUDIT_TARGETS][KEEPER_AUDIT_TEXT];
};

/* One message's worth of the answer. */
struct keeper_audit_page {
    const char *text; /* not NUL-terminated */
    size_t size;
    unsigned n;    /* list: lines in it */
    bool more;     /* export: go on behind line and head; list: go on below `line` */
    uint64_t line; /* rekey: the first line that the key is for */
    uint64_t head;
    const uint8_t *key; /* rekey: 32 bytes */
};
typedef void keeper_audit_page_fn(void *data, int error, const struct keeper_audit_page *page);

/* done when the line is on disk; -ENOSPC: it waits in the keeper's memory. A keeper that goes away meanwhile is asked
 * again when it is back, and done comes then (-ECONNRESET only when the client is destroyed). who and the rest are cut
 * where too long. -ENOBUFS: too many are under way. */
int keeper_client_audit_write(struct keeper_client *self, const char *who, const char *what, const char *target,
                              const char *detail, keeper_done_fn *done, void *data);

int keeper_client_audit_list(struct keeper_client *self, const struct keeper_audit_filter *filter,
                             keeper_audit_page_fn *done, void *data);
/* The whole log from line and head on, behind which it goes on; first: from its beginning. */
int keeper_client_audit_export(struct keeper_client *self, bool first, uint64_t line, uint64_t head,
                               keeper_audit_page_fn *done, void *data);
int keeper_client_audit_state(struct keeper_client *self, keeper_audit_page_fn *done, void *data);
int keeper_client_audit_rekey(struct keeper_client *self, const char *who, keeper_audit_page_fn *done, void *data);

/* Lines cannot be written, and the configuration says that what needs one is not to be done then. */
bool keeper_client_audit_refuses(const struct keeper_client *self);

/* The TLS certificate as the page and the shell see it, and changes that wait to be confirmed. The gateway's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define API_CERTIFICATE_NAMES 32

struct route_call;

struct api_certificate {
    char subject[256], issuer[256];
    char names[API_CERTIFICATE_NAMES][256];
    unsigned n_names;
    int64_t from, to;     /* seconds since 1970 */
    char fingerprint[96]; /* SHA-256, "08:9E:..." */
    unsigned chain;       /* certificates behind it */
    const char *source;   /* "generated", "configuration", "set" */
    bool on_trial;
};

struct api_pending {
    const char *kind; /* "certificate"; "" when nothing waits */
    char who[64];
    unsigned left_s;
};

/* As api_done_fn, but with error 0 why is what was done, as the audit log calls it; NULL: nothing was changed. Ask for
 * PEM text: as keeper_pem_fn. */
typedef void api_change_done_fn(void *data, int error, const char *why);
typedef void api_pem_done_fn(void *data, int error, const char *why, const char *pem);

/* done is called once, perhaps before the function returns. */
struct api_certificate_ops {
    bool (*get)(void *context, struct api_certificate *ret); /* false: not known just now */
    /* certificate NULL: back to the generated one. test: only judged. -EINVAL with why, -EBUSY with why. */
    void (*set)(void *context, const char *certificate, const char *key, bool test, const char *who,
                api_change_done_fn *done, void *data);
    void (*request)(void *context, api_pem_done_fn *done, void *data);
    void (*pending)(void *context, struct api_pending *ret);
    /* connected_us: of the call. -ENOENT, -ENOTCONN, -EISCONN, -ETIME as pending_confirmable. */
    void (*confirm)(void *context, uint64_t connected_us, const char *who, api_change_done_fn *done, void *data);
    void (*revert)(void *context, const char *who, api_change_done_fn *done, void *data);
};

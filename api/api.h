/* The REST resources of docs/api.md as route tables. Net thread. */
#pragma once

#include "api/exports.h"
#include "api/recordings.h"
#include "auth/keeper_client.h"
#include "core/route.h"
#include "manage/target.h"
#include "media/library.h"
#include "media/upload.h"

#define API_MAX_TABLES 40
#define API_LANGUAGE 12 /* bytes of its name, as in struct target_text_wish */

struct api_certificate_ops;
struct api_config_ops;
struct api_devices_ops;
struct api_macros_ops;

typedef void api_done_fn(void *data, int error, const char *why); /* why: sentence, valid during the call */

/* Filled by the gateway; must outlive the server. */
struct api_context {
    const char *version;
    struct keeper_client *keeper;
    const struct target_list *targets;
    struct library *library; /* NULL: none configured, /images is empty */
    struct uploads *uploads; /* NULL: no library, or it cannot be written */
    /* The one place where rights are checked (transport/server.h has the same). */
    bool (*may)(void *context, const struct auth_session *session, uint32_t rights, const char *target);
    void *may_context;
    /* JSON text of GET /statistics, malloc'ed for the caller; NULL on lack of memory. */
    char *(*statistics)(void *context);
    void *statistics_context;
    /* In which text of pictures can be recognised, by name and at most n; how many. NULL: in none. */
    size_t (*languages)(char (*ret)[API_LANGUAGE], size_t n);
    bool needs_setup;         /* kept up to date from keeper_client's listener */
    bool client_certificates; /* browsers are asked for one: somebody may log in by it */

    uint64_t begun_us;       /* when this process began, by core/clock.h */
    bool clock_synchronised; /* kept up to date from the supervisor */
    /* Sets the wall clock, microseconds since 1970; done once. -EALREADY, -ERANGE, -EPERM, -EBUSY. NULL: cannot. */
    void (*set_clock)(void *context, uint64_t us, api_done_fn *done, void *data);
    void *clock_context;

    const struct api_certificate_ops *certificate; /* api/certificate.h; NULL: cannot be changed */
    void *certificate_context;

    const struct api_macros_ops *macros; /* api/macros.h; NULL: none */

    const struct api_config_ops *config; /* api/config.h; NULL: cannot be seen */
    void *config_context;

    const struct api_devices_ops *devices; /* api/devices.h; NULL: cannot be seen */
    void *devices_context;

    const struct api_exports_ops *exports; /* NULL: off */
    void *exports_context;

    const struct api_recordings_ops *recordings; /* NULL: they cannot be kept */
    void *recordings_context;

    bool audit_waits; /* answers wait until the audit line of what they acknowledge is on disk */
    struct route_table tables[API_MAX_TABLES]; /* by api_tables */
};

/* The tables, inside context. */
const struct route_table *api_tables(struct api_context *context, size_t *ret_n);

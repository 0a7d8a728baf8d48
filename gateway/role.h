/* The processes that lightsoutd becomes when the supervisor starts it with --role. */
#pragma once

#include "gateway/options.h"

/* Descriptors of the keeper's process; the gateway's stand in control.h. */
enum { KEEPER_FD_SUPERVISOR = 3, KEEPER_FD_STATE };
enum { OUTWARD_FD_SUPERVISOR = 3 };
enum { READER_FD_SUPERVISOR = 3 };
enum { HELPER_FD_SUPERVISOR = 3 }; /* or the service manager's socket */

/* The process's exit code. */
int gateway_role_main(const struct options *options);
int keeper_role_main(const struct options *options);
int helper_role_main(const struct options *options);
int outward_role_main(const struct options *options);
int reader_role_main(const struct options *options);

/* Calls of which only some arguments are fine. */
#pragma once

#include <seccomp.h>
#include <stdbool.h>

#include "gateway/sandbox/sandbox.h"

/* Adds them to a filter that refuses everything else. 0 or -errno. */
int sandbox_argument_rules(scmp_filter_ctx filter, enum sandbox_role role);

/* Whether the call is allowed by what it is asked for, and must not be allowed as a whole. */
bool sandbox_has_argument_rule(const char *name);

/* What is left of root for the helper: two capabilities, the system calls of its role, and the files that a gadget and
 * its devices need. */
#pragma once

#include "gateway/config.h"

int helper_sandbox_enter(const struct config *config); /* 0, or -errno: the helper must not go on */

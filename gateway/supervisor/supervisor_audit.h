/* What the supervisor tells the keeper of the audit log: it alone opens the file that lines go to outside. */
#pragma once

#include "core/ipc.h"
#include "gateway/config/config.h"

/* Before the keeper begins, and when the configuration was read anew; keeper NULL: its start does it. What cannot be
 * opened is said in the log, and left out. */
void supervisor_tell_audit(struct ipc *keeper, const struct config *config);

/* What the keeper needs to ask a directory: the configuration's, and two files that the supervisor reads because the
 * keeper may not. */
#pragma once

#include "core/ipc.h"
#include "gateway/config/config.h"

/* Before each start of the keeper is done, and when the configuration was read anew. A file that cannot be used is said
 * in the log, and then there is no directory: nobody is let in by half of the settings. */
void directory_setup_send(const struct config_directory *config, struct ipc *keeper);

/* The settings with what stands in the files. 0, or -errno and a sentence in why. */
int directory_setup_read(const struct config_directory *config, struct directory_settings *ret, char *why,
                         size_t why_size);

/* The files of certificates that the configuration names, opened here, where root may read what the other processes'
 * users may not, and handed on. ipc NULL: nobody to tell just now. */
#pragma once

#include "core/ipc.h"
#include "gateway/config/config.h"

/* The keeper's beginning: public names, and the owner's certificate with its key. One that cannot be opened counts like
 * none, and is told of. */
void certificates_begin(const struct config *config, struct ipc *keeper);

/* The same when the configuration was read anew; what cannot be opened leaves all as it is. */
void certificates_again(const struct config *config, struct ipc *keeper);

/* Who vouches for clients. Without a list of revoked ones that was asked for nobody does. *told: whether there was
 * anything to tell ever. */
void certificates_client_ca(const struct config *config, bool *told, struct ipc *keeper, struct ipc *gateway);

/* What the machine's owner leaves in the keeper's folder, with lightsoutd's commands, while the keeper runs or not. Who
 * may write there could take the store itself away: no more is proved. Looked for at the start and at each tick. */
#pragma once

/* `lightsoutd --recover`: the SHA-256 of a set-up secret (auth/keeper/secret.h). */
#define RECOVER_FILE "recover"
/* `lightsoutd --restore`: this folder came from a backup, so nobody is logged in. Any content. */
#define RESTORED_FILE "restored"

#define RECOVERY_S 3600 /* how long the secret counts, from when the keeper finds it or is started */

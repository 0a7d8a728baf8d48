/* Overlays of a release that did not seal: each is written anew, sealed, in the same folder, and takes the old one's
 * place when all of it is on the disk. Cut off at any moment, one of the two is there, whole. It blocks. */
#pragma once

#include "media/seal.h"

#define OVERLAY_ADOPT_END ".sealing" /* behind the name of what is not whole yet: may be removed at any start */

/* 1: it was written anew; 0: it needed nothing (sealed, empty, or no overlay); -ENOSPC, -errno: it is as it was. */
int overlay_adopt(int folder_fd, const char *name, const struct seal_key *key);

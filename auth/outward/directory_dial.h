/* The TCP connection to a directory. */
#pragma once

#include "auth/outward/directory_link.h"

/* A socket that does not block, or an error as of directory_link_open. Each address of the name is tried; looking it up
 * takes 2 s at most for each name server. */
int directory_dial(const struct directory_url *url, uint64_t deadline_us, struct directory_note *note);

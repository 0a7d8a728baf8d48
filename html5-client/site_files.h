/* The page's files as the build embeds them (embed.c): every file of this folder that browsers load, and the decoder
 * /lightsout.wasm. "/" is index.html. */
#pragma once

#include "transport/site.h"

extern const struct site_file site_files[];
extern const size_t site_files_count;

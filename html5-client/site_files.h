/* The page's files as the build makes and embeds them (CMakeLists.txt, embed.c): every module of this folder, the
 * sheet, the messages, the decoder /lightsout.wasm. "/" is index.html. */
#pragma once

#include "transport/site.h"

extern const struct site_file site_files[];
extern const size_t site_files_count;

/* `lightsoutd --self-check`: whether the installed files are those of the package. Works without anything that runs. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "gateway/options.h"

#define SELF_CHECK_MANIFEST "/usr/lib/lightsout/manifest" /* cmake/manifest.cmake */

struct self_check {
    unsigned files, changed, missing, added;
    bool packaged; /* there is a manifest */
};

/* root: a folder in front of all paths, "" for the system. Names each file that is not as it was on out (NULL: silent).
 * 0, also when files differ; -errno: the manifest is there and cannot be read or makes no sense. */
int self_check_run(const char *root, FILE *out, struct self_check *ret);

int self_check_main(const struct options *options); /* EXIT_FINE, or EXIT_FAILED when anything differs */

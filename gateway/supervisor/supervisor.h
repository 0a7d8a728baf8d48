/* The supervisor: the first process, the only one that starts others. It parses nothing that comes from the network. */
#pragma once

#include "gateway/options.h"

/* Runs until it is told to stop; the program's exit code. */
int supervisor_main(const struct options *options);

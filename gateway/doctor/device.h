/* Opens device nodes by their configured names. For the helper and the doctor. */
#pragma once

#include <stddef.h>

/* Read and write, never waiting. kind: the subsystem that it must belong to ("video4linux"), because a name below /dev
 * may lead to anything. A descriptor, -ENOTTY: it is no such device, -errno. */
int device_open(const char *path, const char *kind);

/* A sentence with the remedy. what: "capture device". */
void device_explain(int error, const char *what, const char *path, char *why, size_t size);

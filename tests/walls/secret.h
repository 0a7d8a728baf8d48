/* The secrets that the test planted, in a form that is no copy of them. */
#pragma once

#include "tests/walls/board.h"

/* Name of the first one that is among these bytes; NULL: none. */
const char *secret_in(const struct board *board, const void *bytes, size_t size);
void secret_plant(struct board *board, const char *name, const void *bytes, size_t size);

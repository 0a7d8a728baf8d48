/* Leaves pieces of the walls out, so that the test can see that it notices. In the attack stub alone. */
#pragma once

#include "tests/walls/board.h"

void weaken(const struct board *board);

/* A rectangle in cells. */
#pragma once

struct cell_rect {
    int x, y, w, h;
};

/* From a capture's own format to packed pixels, cell by cell: FOURCC_BGRX for RGB, FOURCC_VYUX for YUV, whose chroma is
 * replicated and never interpolated, so that nothing of the planes is lost. The fourth byte is 0. */
#pragma once

#include "video/cell_row.h"

/* FOURCC_BGRX or FOURCC_VYUX; 0 for a format that is not captured. */
uint32_t cell_pack_fourcc(uint32_t fourcc);

/* Writes the visible pixels of cell `cell` of the row; stride in bytes. */
void cell_pack(const struct cell_layout *layout, const struct cell_row *row, int cell, uint8_t *to, size_t stride);

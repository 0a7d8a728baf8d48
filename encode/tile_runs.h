/* Tiles as runs of palette indices or colours: larger than modelled ones, but decoded five times as fast
 * (docs/update-format.md, "Run tiles"). */
#pragma once

#include "core/wire.h"
#include "encode/tile_encode.h"

struct tile_runs;

int tile_runs_create(struct tile_runs **ret);
struct tile_runs *tile_runs_destroy(struct tile_runs *self); /* NULL allowed; returns NULL */

/* Before the first tile of each body. */
void tile_runs_begin(struct tile_runs *self);

/* Returns the tile_mode: a palette one where up to 256 colours allow it, otherwise TILE_RAW. */
unsigned tile_runs_encode(struct tile_runs *self, struct wire_writer *out, const struct tile_source *source);

/* Numbers of the update body that writer and applier share (docs/update-format.md). No C library here. */
#pragma once

#define UPDATE_VERSION 2
#define UPDATE_BODY_MAX (8 * 65536) /* bytes: what PACKET_MAX_PIECES pieces of PACKET_MAX hold */
#define UPDATE_CELL 16              /* pixels; positions and sizes are in cells, cut at the canvas's edges */
#define UPDATE_CELL_PIXELS (UPDATE_CELL * UPDATE_CELL)
#define UPDATE_TILE_CELLS 4 /* a tile op's rectangle has at most this many cells each way */
#define UPDATE_TILE_PIXELS (UPDATE_TILE_CELLS * UPDATE_CELL * UPDATE_TILE_CELLS * UPDATE_CELL)

/* The canvas may be painted this many times over by one body; more is malformed. Filling slots counts too. */
#define UPDATE_MAX_PAINT 4

/* The client's cell cache: 1 KiB each. */
#define UPDATE_SLOTS 16384
#define UPDATE_COLUMNS_MAX 512 /* cells in a row of the widest canvas */

/* Flags of a body. */
#define UPDATE_RESET 1 /* what tiles have taught is forgotten before this body */

enum update_op {
    UPDATE_OP_SOLID = 1,
    UPDATE_OP_COPY = 2,
    UPDATE_OP_TILES = 3,
    UPDATE_OP_FILL = 4, /* slots take what cells hold */
    UPDATE_OP_SHOW = 5, /* cells take what slots hold */
    UPDATE_OP_MARK = 6, /* cells count as lossy from now on; nothing is painted */
    UPDATE_OP_PHOTO = 7,
    UPDATE_OP_VIDEO = 8,
};

/* Pictures in other people's formats, which the client's browser decodes: in front of the ops. */
#define UPDATE_MAX_PAYLOADS 4
#define UPDATE_STREAMS 4 /* video decoders at the client */

enum update_payload_kind {
    UPDATE_JPEG = 0, /* an atlas of cells */
    UPDATE_VP8 = 1,  /* the next frame of a stream */
    UPDATE_VP9 = 2,
};

enum tile_mode {
    TILE_RAW = 0, /* 24-bit values */
    TILE_PALETTE_1 = 1,
    TILE_PALETTE_2 = 2,
    TILE_PALETTE_4 = 3,
    TILE_PALETTE_8 = 4,
    TILE_CONTEXT = 5, /* in the entropy stream, by encode/tile_model.h */
    TILE_PHOTO = 6,
};

/* Colours that the tiles of one body have named so far: a ring of the last ones that were new. */
#define TILE_CACHE 255
#define TILE_CACHE_NEW 255 /* in place of a cache position: a colour follows */

/* Kinds of a tile's runs: the two upper bits of the op byte; the lower six are the length - 1, where 63 means that a
 * varint to be added follows. */
enum tile_run {
    TILE_LITERAL = 0,
    TILE_REPEAT = 1, /* of the value before */
    TILE_ABOVE = 2,
    TILE_FILL = 3, /* of the value that follows */
};
#define TILE_RUN_LONG 63

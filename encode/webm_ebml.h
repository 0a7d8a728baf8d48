/* EBML as WebM files need it (RFC 8794, RFC 9559): names of elements, and writing them with sizes of fixed length, so
 * that a value can be put in later. */
#pragma once

#include "core/wire.h"

enum {
    EBML_HEAD = 0x1A45DFA3,
    EBML_VERSION = 0x4286,
    EBML_READ_VERSION = 0x42F7,
    EBML_MAX_ID = 0x42F2,
    EBML_MAX_SIZE = 0x42F3,
    EBML_DOC_TYPE = 0x4282,
    EBML_DOC_VERSION = 0x4287,
    EBML_DOC_READ_VERSION = 0x4285,
    EBML_VOID = 0xEC,
    WEBM_SEGMENT = 0x18538067,
    WEBM_SEEK_HEAD = 0x114D9B74,
    WEBM_SEEK = 0x4DBB,
    WEBM_SEEK_ID = 0x53AB,
    WEBM_SEEK_POSITION = 0x53AC,
    WEBM_INFO = 0x1549A966,
    WEBM_TIMESTAMP_SCALE = 0x2AD7B1,
    WEBM_DURATION = 0x4489,
    WEBM_DATE = 0x4461,
    WEBM_MUXING_APP = 0x4D80,
    WEBM_WRITING_APP = 0x5741,
    WEBM_TRACKS = 0x1654AE6B,
    WEBM_TRACK = 0xAE,
    WEBM_TRACK_NUMBER = 0xD7,
    WEBM_TRACK_UID = 0x73C5,
    WEBM_TRACK_TYPE = 0x83,
    WEBM_LACING = 0x9C,
    WEBM_CODEC = 0x86,
    WEBM_VIDEO = 0xE0,
    WEBM_PIXEL_WIDTH = 0xB0,
    WEBM_PIXEL_HEIGHT = 0xBA,
    WEBM_DISPLAY_WIDTH = 0x54B0,
    WEBM_DISPLAY_HEIGHT = 0x54BA,
    WEBM_COLOUR = 0x55B0,
    WEBM_MATRIX = 0x55B1,
    WEBM_BITS = 0x55B2,
    WEBM_CHROMA_HALF_X = 0x55B3,
    WEBM_CHROMA_HALF_Y = 0x55B4,
    WEBM_CHROMA_SITE_X = 0x55B7,
    WEBM_CHROMA_SITE_Y = 0x55B8,
    WEBM_RANGE = 0x55B9,
    WEBM_TRANSFER = 0x55BA,
    WEBM_PRIMARIES = 0x55BB,
    WEBM_CLUSTER = 0x1F43B675,
    WEBM_TIMESTAMP = 0xE7,
    WEBM_BLOCK = 0xA3,
    WEBM_CUES = 0x1C53BB6B,
    WEBM_CUE = 0xBB,
    WEBM_CUE_TIME = 0xB3,
    WEBM_CUE_WHERE = 0xB7,
    WEBM_CUE_TRACK = 0xF7,
    WEBM_CUE_CLUSTER = 0xF1,
};

#define EBML_UNKNOWN 0x00FFFFFFFFFFFFFFull /* the size of what has not ended yet */
#define EBML_SIZE_MAX (EBML_UNKNOWN - 1)

/* An element's name has its length in its first bits. */
static inline void ebml_write_id(struct wire_writer *w, uint32_t id)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        if (id >> shift)
            wire_write_u8(w, (uint8_t)(id >> shift));
}

/* Sizes of 8, 4 and 1 byte; `size` must fit. */
static inline void ebml_write_size8(struct wire_writer *w, uint64_t size)
{
    wire_write_be64(w, 1ull << 56 | size);
}

static inline void ebml_write_size4(struct wire_writer *w, uint32_t size)
{
    wire_write_be32(w, 1u << 28 | size);
}

static inline void ebml_write_size1(struct wire_writer *w, uint8_t size)
{
    wire_write_u8(w, 0x80 | size);
}

static inline void ebml_write_u8(struct wire_writer *w, uint32_t id, uint8_t value)
{
    ebml_write_id(w, id);
    ebml_write_size1(w, 1);
    wire_write_u8(w, value);
}

static inline void ebml_write_u16(struct wire_writer *w, uint32_t id, uint16_t value)
{
    ebml_write_id(w, id);
    ebml_write_size1(w, 2);
    wire_write_be16(w, value);
}

static inline void ebml_write_u32(struct wire_writer *w, uint32_t id, uint32_t value)
{
    ebml_write_id(w, id);
    ebml_write_size1(w, 4);
    wire_write_be32(w, value);
}

static inline void ebml_write_u64(struct wire_writer *w, uint32_t id, uint64_t value)
{
    ebml_write_id(w, id);
    ebml_write_size1(w, 8);
    wire_write_be64(w, value);
}

/* text: below 127 bytes. */
static inline void ebml_write_text(struct wire_writer *w, uint32_t id, const char *text)
{
    size_t size = 0;
    while (text[size])
        size++;
    ebml_write_id(w, id);
    ebml_write_size1(w, (uint8_t)size);
    wire_write_bytes(w, text, size);
}

/* Room for an element of `size` bytes in all, 2 to 128. */
static inline void ebml_write_void(struct wire_writer *w, size_t size)
{
    ebml_write_id(w, EBML_VOID);
    ebml_write_size1(w, (uint8_t)(size - 2));
    for (size_t i = 2; i < size; i++)
        wire_write_u8(w, 0);
}

/* An element's head with a size of one byte that ebml_end fills in; what is inside stays below 127 bytes. NULL when
 * there was no room. */
static inline uint8_t *ebml_begin(struct wire_writer *w, uint32_t id)
{
    ebml_write_id(w, id);
    return wire_write_room(w, 1);
}

static inline void ebml_end(struct wire_writer *w, uint8_t *size)
{
    if (size)
        *size = (uint8_t)(0x80 | (w->at - size - 1));
}

/* A name and a size as they stand in a file. False: not there, or malformed. */
static inline bool ebml_read_head(struct wire_reader *r, uint32_t *ret_id, uint64_t *ret_size)
{
    uint32_t id = wire_read_u8(r);
    unsigned more = id >= 0x80 ? 0 : id >= 0x40 ? 1 : id >= 0x20 ? 2 : 3;
    if (r->bad || id < 0x10)
        return false;
    for (; more; more--)
        id = id << 8 | wire_read_u8(r);
    uint64_t size = wire_read_u8(r);
    unsigned length = 0;
    while (length < 8 && !(size & (0x80u >> length)))
        length++;
    if (r->bad || length == 8)
        return false;
    size &= 0x7Fu >> length;
    bool unknown = size == (0x7Fu >> length);
    for (; length; length--) {
        uint8_t byte = wire_read_u8(r);
        unknown = unknown && byte == 0xFF;
        size = size << 8 | byte;
    }
    *ret_id = id;
    *ret_size = unknown ? EBML_UNKNOWN : size;
    return !r->bad;
}

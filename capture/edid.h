/* EDID: what a capture device tells the target's graphics about itself (VESA E-EDID 1.4, CTA-861 extension). Presets
 * are made here; a file of the owner's is checked, never trusted. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EDID_BLOCK 128
#define EDID_MAX_BLOCKS 4

struct edid {
    uint8_t bytes[EDID_MAX_BLOCKS * EDID_BLOCK];
    size_t size; /* a multiple of EDID_BLOCK; 0: none */
};

enum edid_preset { EDID_1080P60, EDID_1080P50, EDID_1200P60, EDID_720P60, EDID_PRESETS };

const char *edid_preset_name(enum edid_preset preset); /* "1080p60", "1080p50", "1200p60", "720p60" */
bool edid_preset_parse(const char *word, enum edid_preset *ret);

/* name: what monitors show, at most 13 printable ASCII characters; NULL: "lightsout". */
void edid_make(enum edid_preset preset, const char *name, struct edid *ret);

/* Bytes from a file or over the API, also as hexadecimal text with blanks. 0; -EINVAL with one sentence in why that
 * names what is wrong (size, header, version, checksum of block N, extension count, no usable mode). */
int edid_parse(const uint8_t *bytes, size_t size, struct edid *ret, char *why, size_t why_size);

struct edid_facts {
    char manufacturer[4], name[14], serial[14];
    int width, height; /* preferred mode */
    double refresh;    /* Hz */
    bool hdmi, audio;
    char preset[16]; /* when it equals one of ours, "" else */
};
void edid_describe(const struct edid *self, struct edid_facts *ret);

/* Frames of a capture stick that sends motion JPEG, decoded once into YUV planes by libjpeg-turbo, never into RGB and
 * back. For one thread at a time. */
#pragma once

#include "video/frame.h"

#define FOURCC_MJPG FOURCC('M', 'J', 'P', 'G')

struct mjpeg;

int mjpeg_create(struct mjpeg **ret);
struct mjpeg *mjpeg_destroy(struct mjpeg *self); /* NULL allowed; returns NULL; frames that are out keep their memory */

/* A frame of FOURCC_422P, FOURCC_YU12 or FOURCC_444P as the JPEG is sampled (4:1:1, 4:4:0 and grey become one of them),
 * colour BT.601 full range (JFIF). bytes may lack Huffman tables (the standard ones are meant) and may have anything
 * behind the end. -EBADMSG: damaged, cut, not a JPEG, or of another size than width x height; -EAGAIN: all
 * buffers are with their readers; -ENOMEM. captured_us is the caller's to set. */
int mjpeg_decode(struct mjpeg *self, const uint8_t *bytes, size_t size, int width, int height, struct frame **ret);

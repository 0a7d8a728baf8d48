/* TigerVNC's server, the real program, on a display of its own: frames are put into its framebuffer as an X client does
 * (what changed alone), and an RFB viewer may wait for them. */
#pragma once

#include "bench/reel.h"

struct vnc;

/* encoding: of bench/rfb_client.h, or 0: without a viewer. The first frame is put and has arrived. NULL and a word on
 * stderr when there is no such server here. */
struct vnc *vnc_open(const struct reel *reel, int encoding);
struct vnc *vnc_close(struct vnc *self); /* NULL allowed; returns NULL */

/* Puts the kept frame (after the one before it) and returns when the server has it. */
void vnc_put(struct vnc *self, unsigned frame);

/* Returns when the viewer has all of the frame put last. False: it never came. */
bool vnc_receive(struct vnc *self);

uint64_t vnc_bytes(const struct vnc *self); /* that the viewer got so far */
double vnc_cpu_ms(const struct vnc *self);  /* that the server took so far */

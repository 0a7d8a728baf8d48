/* Viewers: what transport's console sockets ask of the gateway (transport/console.h), the pictures they get, and who of
 * them may type. */
#pragma once

#include "gateway/gateway.h"
#include "transport/console.h"

extern const struct console_ops gateway_console_ops; /* its context is struct gateway */

/* A target's news for all of its viewers. */
void console_picture_changed(struct gateway_target *target); /* a picture or the signal */
void console_leds_changed(struct gateway_target *target);
void console_absolute_changed(struct gateway_target *target, bool absolute);
void console_recording_changed(struct gateway_target *target);
void console_tell_changed(struct gateway_target *target, uint8_t what);

/* The session has ended: what is remembered of its pages is erased. */
void console_session_ended(struct gateway_target *target, uint64_t session);

bool console_idle(const struct gateway_target *target); /* nobody views it, and no job of its pictures runs */
/* When it is idle. */
void console_finish(struct gateway_target *target);

/* NULL: nobody has viewed it yet. */
const struct audience_statistics *console_statistics(const struct gateway_target *target);

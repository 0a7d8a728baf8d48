/* A target's screen as text: by the fonts of consoles, or, where that is wished, by the reader. */
#pragma once

#include "gateway/gateway.h"

/* target_ops.screen_text */
void screen_text_take(struct gateway_target *target, const struct target_text_wish *wish, target_text_fn *done,
                      void *data);

/* A target's screen as text, where it shows a VGA text mode. */
#pragma once

#include "gateway/gateway.h"
#include "video/vga_text.h"

/* The font of the machines' VGA, from package seabios. -errno when it is not there. */
int screen_text_font(struct vga_font **ret);

/* target_ops.screen_text */
void screen_text_take(struct gateway_target *target, target_text_fn *done, void *data);

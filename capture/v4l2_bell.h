/* What wakes the capture thread: an eventfd that lives as long as anybody may ring it. */
#pragma once

struct v4l2_bell;

int v4l2_bell_create(struct v4l2_bell **ret);
struct v4l2_bell *v4l2_bell_ref(struct v4l2_bell *self);
struct v4l2_bell *v4l2_bell_unref(struct v4l2_bell *self); /* NULL allowed; returns NULL */

void v4l2_bell_ring(struct v4l2_bell *self); /* any thread */
int v4l2_bell_fd(const struct v4l2_bell *self);
void v4l2_bell_hush(struct v4l2_bell *self);

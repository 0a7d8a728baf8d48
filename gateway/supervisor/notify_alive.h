/* Tells systemd that the supervisor's loop turns, where its unit wants to know (WatchdogSec=). */
#pragma once

#include "core/loop.h"

struct notify_alive;

/* 0 with *ret NULL when nobody wants to know. */
int notify_alive_create(struct loop *loop, struct notify_alive **ret);
struct notify_alive *notify_alive_destroy(struct notify_alive *self); /* NULL allowed; returns NULL */

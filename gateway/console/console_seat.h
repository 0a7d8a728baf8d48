/* What the gateway's other parts ask of a target's seat. Net thread. */
#pragma once

#include "gateway/console/console.h"

/* struct target_ops' seat */
int console_seat_act(struct gateway_target *target, struct auth_session *session, enum seat_action action,
                     uint32_t request, const char **ret_why);

/* The session ended, or its rights on the target are others now: whoever may not type any more lets go of all keys and
 * of the seat at once, and every viewer is told how it stands. */
void console_rights_changed(struct gateway_target *target, const struct auth_session *session);

/* How the seat works is another now. Who must let go does. */
void console_seat_configure(struct gateway_target *target, bool shared, uint64_t idle_us);

void console_seat_finish(struct gateway_target *target);

/* struct target_ops' viewers and viewer_end (console_viewers.c) */
size_t console_viewers_list(const struct gateway_target *target, const struct auth_session *session,
                            struct target_viewer *room, size_t most);
int console_viewer_end(struct gateway_target *target, const struct auth_session *by, uint32_t id);

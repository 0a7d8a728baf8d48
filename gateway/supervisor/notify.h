/* Tells systemd, where it started us, how we are (sd_notify's protocol: a datagram to NOTIFY_SOCKET). */
#pragma once

/* "READY=1", "STOPPING=1", "STATUS=..." */
void notify_send(const char *text);

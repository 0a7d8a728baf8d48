/* The socket of a part's systemd unit, at which the supervisor asks for the part. */
#pragma once

/* FOLDER/ROLE.sock, listening; the caller's. A failure is the test's. */
int unit_socket_listen(const char *folder, const char *role);

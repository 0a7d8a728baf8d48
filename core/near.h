/* Connecting to a unix socket by its bare name. A process that may connect to some unix sockets must often not connect
 * to anything else, and a system call filter cannot see the address, only its length: one of at most NEAR_LONGEST bytes
 * is too short for IPv4 and IPv6 (whatever the socket was before), and for most paths of other programs' sockets. */
#pragma once

#define NEAR_LONGEST 15 /* of the address: a name of at most 12 characters */

/* Connects fd to the socket at the absolute path, whose last part has at most 12 characters: the working folder is its
 * folder meanwhile. For one thread, while no other uses relative paths. 0; -ENAMETOOLONG; -errno as of connect(2), and
 * of open(2) for the folder. */
int connect_near(int fd, const char *path);

/* The local socket: who may use it is decided by the kernel's word on the peer, not by anything the peer says. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/log.h"
#include "transport/server_internal.h"

static void refuse(int fd)
{
    static const char body[] =
        "{\"error\":{\"code\":\"forbidden\",\"message\":\"The control socket serves root and the "
        "gateway's own user; use another account or sudo.\"}}\n";
    char answer[512];
    int size = snprintf(answer, sizeof answer,
                        "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                        "Connection: close\r\n\r\n%s",
                        sizeof body - 1, body);
    ssize_t n = send(fd, answer, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)n; /* a peer that cannot even take this much gets nothing */
    close(fd);
}

void server_accept_local(struct server *self, int fd)
{
    struct ucred peer;
    socklen_t size = sizeof peer;
    struct auth_session *session;
    char name[32];
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0) {
        close(fd);
        return;
    }
    snprintf(name, sizeof name, "local uid %u", (unsigned)peer.uid);
    if (peer.uid != 0 && peer.uid != self->config.local_uid) {
        log_warn("server", "%s: the control socket was refused to this user", name);
        self->statistics.refused++;
        refuse(fd);
        return;
    }
    if (auth_session_create_local(name, &session) < 0) {
        close(fd);
        return;
    }
    connection_adopt(self, fd, name, session);
}

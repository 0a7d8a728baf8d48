/* KEEPER_AUDIT_SETTINGS: from the supervisor's configuration to the keeper. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "auth/keeper/supervisor_wire.h"
#include "core/cleanup.h"
#include "core/log.h"
#include "core/text.h"

enum { HAS_FILE = 1, HAS_CA = 2, REFUSES = 4, FLAGS_ALL = 7 };

int keeper_audit_settings_send(struct ipc *ipc, const struct keeper_audit_settings *settings, int file_fd, int ca_fd)
{
    uint8_t room[sizeof settings->syslog_host + 32];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    int fds[2];
    unsigned n = 0;
    uint8_t flags =
        (uint8_t)((file_fd >= 0 ? HAS_FILE : 0) | (ca_fd >= 0 ? HAS_CA : 0) | (settings->refuse ? REFUSES : 0));
    wire_write_u8(&w, flags);
    wire_write_le64(&w, settings->keep);
    ipc_write_string(&w, settings->syslog_host);
    wire_write_le16(&w, settings->syslog_port);
    if (file_fd >= 0)
        fds[n++] = file_fd;
    if (ca_fd >= 0)
        fds[n++] = ca_fd;
    return w.full ? -EINVAL : ipc_send(ipc, KEEPER_AUDIT_SETTINGS, 0, room, wire_written(&w), fds, n);
}

static bool read_pem(int fd, char *room, size_t size)
{
    size_t n = 0;
    ssize_t more = 1;
    while (more > 0 && n < size) {
        more = pread(fd, room + n, size - n, (off_t)n);
        n += more > 0 ? (size_t)more : 0;
    }
    bool good = more == 0 && n > 0 && n < size && !memchr(room, 0, n);
    room[good ? n : 0] = '\0';
    return good;
}

int audit_settings_read(struct ipc_message *message, struct audit_settings *ret, struct errand_syslog *ret_server)
{
    struct wire_reader r = wire_reader_init(message->body, message->body_size);
    uint8_t flags = wire_read_u8(&r);
    *ret = (struct audit_settings){.file_fd = -1, .refuse = flags & REFUSES, .keep = wire_read_le64(&r)};
    *ret_server = (struct errand_syslog){0};
    ipc_read_string(&r, ret_server->host, sizeof ret_server->host);
    ret_server->port = wire_read_le16(&r);
    unsigned fds = !!(flags & HAS_FILE) + !!(flags & HAS_CA);
    if (!wire_read_complete(&r) || flags > FLAGS_ALL || message->n_fds != fds)
        return -EPROTO;
    ret->syslog = ret_server->host[0] != '\0';
    memcpy(ret_server->name, ret_server->host, sizeof ret_server->name);
    if (flags & HAS_CA && !read_pem(message->fds[fds - 1], ret_server->authorities, sizeof ret_server->authorities)) {
        log_error("keeper",
                  "the file of audit-syslog-ca cannot be used: it is empty, no text, or longer than %d bytes; "
                  "nothing is sent to the syslog server",
                  ERRAND_MAX_PEM - 1);
        ret->syslog = false; /* rather than to whom the system's authorities vouch for */
    }
    if (flags & HAS_FILE)
        ret->file_fd = take_fd(&message->fds[0]);
    return 0;
}

#include "gateway/supervisor/supervisor_audit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "auth/keeper/keeper.h"
#include "core/cleanup.h"
#include "core/log.h"

/* Regular only: a pipe that nobody reads would hold the keeper. */
static int open_file(const char *path)
{
    struct stat st;
    _cleanup_close_ int fd =
        open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0640);
    int error = fd < 0 || fstat(fd, &st) < 0 ? errno : S_ISREG(st.st_mode) ? 0 : EINVAL;
    if (!error)
        return take_fd(&fd);
    log_error("supervisor", "audit-file %s cannot be opened: %s; the audit log stays in the keeper's store alone", path,
              error == EINVAL ? "it is no regular file" : strerror(error));
    return -1;
}

void supervisor_tell_audit(struct ipc *keeper, const struct config *config)
{
    const struct config_audit *audit = &config->audit;
    if (!keeper)
        return; /* its start comes back here */
    _cleanup_close_ int file = audit->file[0] ? open_file(audit->file) : -1;
    _cleanup_close_ int ca = audit->syslog_ca[0] ? open(audit->syslog_ca, O_RDONLY | O_NOCTTY | O_CLOEXEC) : -1;
    struct keeper_audit_settings settings = {
        .keep = audit->keep, .refuse = audit->full == CONFIG_AUDIT_REFUSE, .syslog_port = audit->syslog.port};
    bool without = audit->syslog_ca[0] && ca < 0; /* never to whom only the system's authorities vouch for */
    if (without)
        log_error("supervisor", "audit-syslog-ca %s cannot be opened: %s; nothing is sent to the syslog server",
                  audit->syslog_ca, strerror(errno));
    else
        snprintf(settings.syslog_host, sizeof settings.syslog_host, "%s", audit->syslog.host);
    int r = keeper_audit_settings_send(keeper, &settings, file, ca);
    if (r < 0)
        log_error("supervisor", "the keeper is not told of the audit log: %s", strerror(-r));
}

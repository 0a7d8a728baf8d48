#include "gateway/supervisor/supervisor_certificates.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "auth/keeper/keeper.h"
#include "core/log.h"
#include "gateway/control/control.h"

/* -1: none is named, or (*ret_bad) it cannot be opened. */
static int open_pem(const char *key, const char *path, bool *ret_bad)
{
    int fd = *path ? open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
    if (*path && fd < 0) {
        log_error("supervisor", "%s %s cannot be opened: %s; make it readable, or change %s in the configuration", key,
                  path, strerror(errno), key);
        *ret_bad = true;
    }
    return fd;
}

typedef int send_fn(struct ipc *ipc, const char *const *names, unsigned n_names, int certificate_fd, int key_fd);

static void send_certificate(const struct config *config, struct ipc *keeper, bool begin, send_fn *send)
{
    const char *names[CONFIG_MAX_NAMES];
    bool bad = false;
    _cleanup_close_ int certificate = open_pem("certificate", config->certificate, &bad);
    _cleanup_close_ int key = open_pem("certificate-key", config->certificate_key, &bad);
    for (unsigned i = 0; i < config->public_names.n; i++)
        names[i] = config->public_names.list[i];
    if (!keeper || (bad && !begin))
        return;
    int r = send(keeper, names, config->public_names.n, bad ? -1 : certificate, bad ? -1 : key);
    if (r < 0)
        log_error("supervisor", "the keeper does not listen: %s", strerror(-r));
}

void certificates_begin(const struct config *config, struct ipc *keeper)
{
    send_certificate(config, keeper, true, keeper_begin_send);
}

void certificates_again(const struct config *config, struct ipc *keeper)
{
    send_certificate(config, keeper, false, keeper_again_send);
}

void certificates_client_ca(const struct config *config, bool *told, struct ipc *keeper, struct ipc *gateway)
{
    bool bad = false;
    if (!config->client_ca[0] && !*told)
        return;
    *told = true;
    _cleanup_close_ int ca = open_pem("client-ca", config->client_ca, &bad);
    _cleanup_close_ int crl = open_pem("client-crl", config->client_crl, &bad);
    int r = keeper ? keeper_client_ca_send(keeper, bad ? -1 : ca, bad ? -1 : crl) : 0;
    if (r < 0)
        log_error("supervisor", "the keeper is not told of client-ca: %s", strerror(-r));
    const int fds[2] = {ca, crl};
    unsigned n = bad || ca < 0 ? 0 : crl < 0 ? 1 : 2;
    r = gateway ? ipc_send(gateway, CONTROL_CLIENT_CA, 0, NULL, 0, fds, n) : 0;
    if (r < 0)
        log_error("supervisor", "the gateway is not told of client-ca: %s", strerror(-r));
}

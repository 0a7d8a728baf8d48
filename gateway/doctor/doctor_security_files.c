#include <arpa/inet.h>
#include <errno.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "gateway/doctor/doctor_security_inner.h"
#include "gateway/supervisor/uid.h"

#define DAYS 30

DEFINE_CLEANUP(X509, X509_free)

/* Nobody but its owner (and group, where `group` allows reading) may have more than `most`. */
static void look_at_mode(struct security *self, const char *what, const char *path, mode_t most, bool of_root)
{
    struct stat st;
    if (lstat(path, &st) < 0) {
        if (errno != ENOENT)
            security_say(self, SECURITY_WEAK, what, "%s cannot be looked at: %s", path, strerror(errno));
        return;
    }
    mode_t mode = st.st_mode & 07777;
    if (mode & ~most)
        security_say(self, SECURITY_BAD, what, "%s has mode %o; chmod %o %s", path, (unsigned)mode, (unsigned)most,
                     path);
    else if (of_root && st.st_uid != 0)
        security_say(self, SECURITY_BAD, what, "%s belongs to user %u; chown root %s", path, (unsigned)st.st_uid, path);
    else
        security_say(self, SECURITY_GOOD, what, "%s: mode %o, user %u", path, (unsigned)mode, (unsigned)st.st_uid);
}

void security_files(struct security *self, const struct config *config, const char *config_path, const char *state)
{
    static const struct {
        const char *path;
        mode_t most;
    } ours[] = {{"", 0751},
                {"/keeper", 0700},
                {"/keeper/keeper.db", 0600},
                {"/keeper/tls.key", 0600},
                {"/keeper/device.key", 0600},
                {"/gateway", 0700},
                {"/run", 0711},
                {"/run/control.sock", 0600}};
    char path[CONFIG_PATH_MAX + 64];
    look_at_mode(self, "config", config_path, 0644, strcmp(config_path, CONFIG_DEFAULT_PATH) == 0);
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        snprintf(path, sizeof path, "%s%s", state, ours[i].path);
        look_at_mode(self, "state", path, ours[i].most, false);
    }
    if (config->certificate_key[0])
        look_at_mode(self, "key", config->certificate_key, 0640, false);
    if (config->nbd.psk_file[0])
        look_at_mode(self, "key", config->nbd.psk_file, 0640, false);
}

static X509 *read_certificate(const char *path)
{
    _cleanup_fclose_ FILE *f = fopen(path, "re");
    return f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;
}

void security_certificate(struct security *self, const char *path, int64_t now_s)
{
    attr_cleanup(X509_freep) X509 *certificate = read_certificate(path);
    time_t now = (time_t)now_s, soon = now + DAYS * 86400;
    if (!certificate) {
        security_say(self, SECURITY_WEAK, "certificate", "%s cannot be read; run this as root, after the first start",
                     path);
        return;
    }
    bool own = X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0;
    if (X509_cmp_time(X509_get0_notAfter(certificate), &now) < 0)
        security_say(self, SECURITY_BAD, "certificate", "%s has expired; give a new one, or remove it and restart",
                     path);
    else if (X509_cmp_time(X509_get0_notBefore(certificate), &now) > 0)
        security_say(self, SECURITY_BAD, "certificate", "%s is not valid yet; set this machine's clock", path);
    else if (X509_cmp_time(X509_get0_notAfter(certificate), &soon) < 0)
        security_say(self, SECURITY_WEAK, "certificate", "%s expires within %d days; give a new one", path, DAYS);
    else
        security_say(self, own ? SECURITY_WEAK : SECURITY_GOOD, "certificate", "%s is valid%s", path,
                     own ? ", and signed by itself: browsers ask; compare the fingerprint, or give one that is signed"
                         : "");
}

static bool is_loopback(const struct config_listen *listen)
{
    const struct sockaddr_storage *a = &listen->address;
    if (listen->kind != CONFIG_LISTEN_ADDRESS)
        return false;
    if (a->ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

static bool is_any(const struct config_listen *listen)
{
    const struct sockaddr_storage *a = &listen->address;
    if (listen->kind != CONFIG_LISTEN_ADDRESS)
        return listen->kind == CONFIG_LISTEN_ALL;
    if (a->ss_family == AF_INET)
        return ((const struct sockaddr_in *)a)->sin_addr.s_addr == 0;
    return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

static void look_at_listeners(struct security *self, const struct config_listens *listens, const char *what,
                              const char *key)
{
    for (unsigned i = 0; i < listens->n; i++) {
        const struct config_listen *l = &listens->list[i];
        if (is_any(l))
            security_say(self, SECURITY_WEAK, what,
                         "%s is on all networks of this machine; name an address of the one for management in %s",
                         l->text, key);
        else
            security_say(self, SECURITY_GOOD, what, "%s%s", l->text, is_loopback(l) ? ", this machine only" : "");
    }
}

void security_listeners(struct security *self, const struct config *config)
{
    look_at_listeners(self, &config->listen, "listener", "listen");
    look_at_listeners(self, &config->nbd.listen, "exports", "nbd-listen");
}

void security_kernel(struct security *self)
{
    char text[512] = "";
    _cleanup_fclose_ FILE *lsm = fopen("/sys/kernel/security/lsm", "re");
    _cleanup_fclose_ FILE *core = fopen("/proc/sys/kernel/core_pattern", "re");
    if (lsm && fgets(text, sizeof text, lsm))
        security_say(self, strstr(text, "landlock") ? SECURITY_GOOD : SECURITY_WEAK, "kernel",
                     strstr(text, "landlock")
                         ? "it has Landlock"
                         : "it has no Landlock: files are protected by their modes alone; boot with "
                           "lsm=landlock,... or another kernel");
    else
        security_say(self, SECURITY_WEAK, "kernel", "whether it has Landlock cannot be seen here");
    if (core && fgets(text, sizeof text, core))
        security_say(self, SECURITY_GOOD, "core dumps", "core_pattern is %.*s; no part of lightsout can be dumped",
                     (int)strcspn(text, "\n"), text);
}

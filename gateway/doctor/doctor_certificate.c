/* How long the certificate lasts. Reads what the keeper would: the configuration's, the one that was set, or our own.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/cleanup.h"
#include "gateway/certificate_facts.h"
#include "gateway/doctor/doctor.h"

#define WARN_DAYS 30
#define FILE_MAX 65536

/* The keeper's file has a key in it too, of which nothing stays here. */
static bool read_facts(const char *path, struct api_certificate *ret)
{
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    _cleanup_free_ char *text = fd >= 0 ? calloc(1, FILE_MAX + 1) : NULL;
    ssize_t n = text ? read(fd, text, FILE_MAX) : -1;
    bool good = n > 0 && certificate_facts(text, ret);
    if (text)
        explicit_bzero(text, FILE_MAX);
    return good;
}

void doctor_certificate(struct doctor *self, const struct config *config, const char *state)
{
    char set[CONFIG_PATH_MAX + 32], own[CONFIG_PATH_MAX + 32];
    snprintf(set, sizeof set, "%s/keeper/tls-set.pem", state);
    snprintf(own, sizeof own, "%s/keeper/tls.crt", state);
    const char *paths[] = {config->certificate[0] ? config->certificate : set, config->certificate[0] ? NULL : own};
    struct api_certificate *facts = calloc(1, sizeof *facts);
    const char *found = NULL;
    for (size_t i = 0; facts && !found && i < ARRAY_SIZE(paths) && paths[i]; i++)
        found = read_facts(paths[i], facts) ? paths[i] : NULL;
    long long days = found ? (long long)(facts->to - (int64_t)time(NULL)) / 86400 : 0;
    if (!found)
        doctor_say(self, DOCTOR_NOTE, "certificate", "none can be read (yet)");
    else if (days < 0 || facts->to <= (int64_t)time(NULL))
        doctor_say(self, DOCTOR_WRONG, "certificate", "%s is over since %lld days: have a new one issued", found,
                   -days);
    else
        doctor_say(self, days < WARN_DAYS ? DOCTOR_NOTE : DOCTOR_FINE, "certificate", "%s, %lld days left%s", found,
                   days, days < WARN_DAYS ? ": have a new one issued" : "");
    free(facts);
}

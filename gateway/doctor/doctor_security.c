#include "gateway/doctor/doctor_security.h"

#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/log.h"
#include "gateway/doctor/doctor_security_inner.h"
#include "gateway/doctor/self_check.h"

static const char *const grades[] = {[SECURITY_GOOD] = "good", [SECURITY_WEAK] = "weak", [SECURITY_BAD] = "bad"};

void security_say(struct security *self, enum security_grade grade, const char *what, const char *format, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    self->n[grade]++;
    if (self->list)
        json_array_append_new(self->list,
                              json_pack("{s:s, s:s, s:s}", "grade", grades[grade], "what", what, "text", text));
    else if (self->out)
        fprintf(self->out, "%-4s  %-12s %s\n", grades[grade], what, text);
}

static void look_at_package(struct security *self)
{
    struct self_check found = {0};
    int r = self_check_run("", NULL, &found);
    unsigned bad = found.changed + found.missing + found.added;
    if (r < 0)
        security_say(self, SECURITY_BAD, "package",
                     SELF_CHECK_MANIFEST " cannot be used: %s; install the package again", strerror(-r));
    else if (!found.packaged)
        security_say(self, SECURITY_WEAK, "package",
                     "not installed by the package: nothing says which files there should be");
    else if (bad)
        security_say(self, SECURITY_BAD, "package",
                     "%u of its files are changed, missing or added; lightsoutd --self-check names them", bad);
    else
        security_say(self, SECURITY_GOOD, "package", "all %u files are as installed", found.files);
}

static int load(const char *path, bool given, struct config **ret)
{
    struct stat st;
    if (!given && stat(path, &st) < 0 && errno == ENOENT)
        return config_default(ret);
    struct config_mistakes *mistakes = calloc(1, sizeof *mistakes);
    int r = mistakes ? config_load(path, mistakes, ret) : -ENOMEM;
    if (r < 0 && mistakes)
        config_print_mistakes(stderr, path, mistakes);
    free(mistakes);
    return r;
}

static void look(struct security *self, const struct config *config, const char *path, const char *state)
{
    char certificate[CONFIG_PATH_MAX + 32];
    snprintf(certificate, sizeof certificate, "%s/keeper/tls.crt", state);
    security_processes(self, "/proc", state);
    security_files(self, config, path, state);
    security_certificate(self, config->certificate[0] ? config->certificate : certificate,
                         (int64_t)(clock_wall_us() / 1000000));
    security_listeners(self, config);
    security_users(self, state);
    security_kernel(self);
    look_at_package(self);
}

int doctor_security_main(const struct options *options)
{
    const char *path = options->config ? options->config : CONFIG_DEFAULT_PATH;
    attr_cleanup(config_destroyp) struct config *config = NULL;
    char state[CONFIG_PATH_MAX];
    struct security self = {.out = stdout};
    log_init("doctor");
    if (load(path, options->config != NULL, &config) < 0)
        return EXIT_CONFIG;
    if (options_state_path(options, config, state, sizeof state) < 0)
        return EXIT_STATE;
    if (geteuid() != 0)
        fprintf(stderr, "lightsoutd: run this as root: others cannot see all of it\n");
    if (options->json)
        self.list = json_array();
    look(&self, config, path, state);
    if (self.list) {
        json_t *all = json_pack("{s:o, s:i, s:i, s:i}", "findings", self.list, "good", (int)self.n[SECURITY_GOOD],
                                "weak", (int)self.n[SECURITY_WEAK], "bad", (int)self.n[SECURITY_BAD]);
        json_dumpf(all, stdout, JSON_INDENT(1));
        putchar('\n');
        json_decref(all);
    } else {
        printf("%u good, %u weak, %u bad\n", self.n[SECURITY_GOOD], self.n[SECURITY_WEAK], self.n[SECURITY_BAD]);
    }
    return self.n[SECURITY_BAD] ? EXIT_FAILED : EXIT_FINE;
}

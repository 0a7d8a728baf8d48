/* `lightsoutd --doctor --security`: the walls as they stand on this machine. It looks and changes nothing. Each finding
 * is good, weak (an owner may want it so) or bad, and what is not good names its remedy. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "core/attrs.h"
#include "gateway/config/config.h"
#include "gateway/options.h"

enum security_grade { SECURITY_GOOD, SECURITY_WEAK, SECURITY_BAD };

struct security;

/* EXIT_FINE (weak ones too), EXIT_FAILED when something is bad, or as for a start. */
int doctor_security_main(const struct options *options);

/* what: a word or two; format: a sentence with its remedy, where there is one. */
void security_say(struct security *self, enum security_grade grade, const char *what, const char *format, ...)
    attr_printf(4, 5);

/* doctor_security_process.c: what runs. The number of the process in a role with this state folder, 0: none. proc:
 * "/proc", or a test's. The helper has no state folder. */
pid_t security_find_role(const char *proc, const char *role, const char *state);
void security_processes(struct security *self, const char *proc, const char *state);
/* One process by what the kernel says of it. Pure but for reading there. */
void security_process(struct security *self, const char *proc, const char *role, pid_t pid);

/* doctor_security_files.c: what stands where, and whose it is */
void security_files(struct security *self, const struct config *config, const char *config_path, const char *state);
void security_certificate(struct security *self, const char *path, int64_t now_s);
void security_listeners(struct security *self, const struct config *config);
void security_kernel(struct security *self);

/* doctor_security_users.c: what the running gateway says of its users, through its local door */
void security_users(struct security *self, const char *state);
void security_users_text(struct security *self, const char *json, size_t size);

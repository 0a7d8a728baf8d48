/* A real lightsoutd for one test: started, listened to, asked to stop; and its folder. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct program {
    char folder[64]; /* of this test; a state folder and a configuration are in it */
    char config[96], state[96];
    const char *file; /* another executable than the build's lightsoutd; NULL: that one */
    uid_t user;       /* it is started as this user and group; 0: as ours */
    unsigned port;
    pid_t pid;
    int output; /* stdout and stderr */
    char text[65536];
    size_t size;
};

/* A folder that an unprivileged user may pass, and a port that is free. */
void program_init(struct program *self);
void program_finish(struct program *self); /* ends it, removes the folder */

/* Writes the configuration: [gateway] with the port, then `more`. */
void program_configure(struct program *self, const char *more);

/* Where the executable is. */
void program_path(char *room, size_t size);

/* Starts it with --config, --state and one more argument (NULL: none). */
void program_start(struct program *self, const char *argument);

/* What it said so far does not count for program_await any more. */
void program_forget(struct program *self);

/* Reads its output until `wanted` is in it; false when it ended before or 30 s went by. */
bool program_await(struct program *self, const char *wanted);

/* Reads what it says within this time; false at its end. */
bool program_listen(struct program *self, int timeout_ms);

/* Waits for its end; the exit code, or -signal. */
int program_await_end(struct program *self);

/* Starts, and compares exit code and the one line that says why. */
void program_assert_refuses(struct program *self, const char *argument, int code, const char *line);

/* Process of its own in this role; 0: none. */
pid_t program_role(const struct program *self, const char *role);

/* The answer to GET path over TLS, "" when there was none. fingerprint (96 bytes, may be NULL): of the certificate. */
void program_get(const struct program *self, const char *path, char *answer, size_t size, char *fingerprint);

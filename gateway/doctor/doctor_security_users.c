#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "gateway/doctor/doctor_security_inner.h"

#define MOST (1u << 20)
#define PATIENCE_S 10

static const char question[] = "GET /api/v1/users HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

static int connect_door(const char *state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int n = snprintf(address.sun_path, sizeof address.sun_path, "%s/run/control.sock", state);
    if (n < 0 || (size_t)n >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {.tv_sec = PATIENCE_S};
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    return take_fd(&fd);
}

/* The whole answer; NULL: none came. */
static char *ask(const char *state, size_t *ret_size)
{
    _cleanup_close_ int fd = connect_door(state);
    _cleanup_free_ char *text = malloc(MOST + 1);
    size_t size = 0;
    if (fd < 0 || !text || send(fd, question, sizeof question - 1, MSG_NOSIGNAL) != sizeof question - 1)
        return NULL;
    for (ssize_t n; size < MOST && (n = recv(fd, text + size, MOST - size, 0)) > 0;)
        size += (size_t)n;
    text[size] = '\0';
    *ret_size = size;
    return strncmp(text, "HTTP/1.1 200", 12) == 0 ? take(text) : NULL;
}

void security_users_text(struct security *self, const char *json, size_t size)
{
    json_t *root = json_loadb(json, size, JSON_DISABLE_EOF_CHECK, NULL), *users = json_object_get(root, "users"), *user;
    size_t i;
    unsigned without = 0, n = 0;
    json_array_foreach(users, i, user)
    {
        const char *name = json_string_value(json_object_get(user, "name"));
        const char *role = json_string_value(json_object_get(user, "role"));
        const char *origin = json_string_value(json_object_get(user, "origin"));
        if (!name || !role || !json_is_true(json_object_get(user, "enabled")) ||
            (origin && strcmp(origin, "local") != 0))
            continue;
        n++;
        if (json_is_true(json_object_get(user, "second_factor")))
            continue;
        without++;
        if (strcmp(role, "Administrator") == 0)
            security_say(self, SECURITY_WEAK, "user",
                         "Administrator %s has no second factor; add one on the page (account)", name);
    }
    if (!json_is_array(users))
        security_say(self, SECURITY_WEAK, "users", "the gateway's list of users cannot be read");
    else
        security_say(self, without ? SECURITY_WEAK : SECURITY_GOOD, "users",
                     "%u of %u enabled local users have a second "
                     "factor",
                     n - without, n);
    json_decref(root);
}

void security_users(struct security *self, const char *state)
{
    size_t size = 0;
    _cleanup_free_ char *answer = ask(state, &size);
    const char *body = answer ? strstr(answer, "\r\n\r\n") : NULL;
    if (!body)
        security_say(self, SECURITY_WEAK, "users", "the gateway does not answer at %s/run/control.sock; is it running?",
                     state);
    else
        security_users_text(self, body + 4, size - (size_t)(body + 4 - answer));
}

/* Trying the directory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/errand_wire.h"
#include "auth/keeper_client_internal.h"

static enum ask_next tested(attr_unused struct keeper_client *self, struct keeper_ask *ask,
                            struct keeper_answer *answer)
{
    char why[sizeof((struct errand_entry){0}).why], steps[ERRAND_MAX_STEPS], dn[ERRAND_MAX_DN];
    struct keeper_directory_test result = {.why = why, .steps = steps, .dn = dn};
    struct grants grants;
    if (answer->error) {
        if (!wire_read_complete(&answer->body))
            return ASK_BAD;
        ask->directory(ask->data, answer->error, answer->why, answer->retry_s, NULL);
        return ASK_DONE;
    }
    uint32_t error = wire_read_le32(&answer->body);
    ipc_read_string(&answer->body, why, sizeof why);
    ipc_read_string(&answer->body, steps, sizeof steps);
    ipc_read_string(&answer->body, dn, sizeof dn);
    uint8_t role = wire_read_u8(&answer->body);
    grants_read(&answer->body, &grants);
    if (!wire_read_complete(&answer->body) || error > 4095 || role > ROLE_CUSTOM)
        return ASK_BAD;
    result.error = -(int)error;
    result.role = (enum auth_role)role;
    result.grants = &grants;
    ask->directory(ask->data, 0, NULL, 0, &result);
    return ASK_DONE;
}

int keeper_client_directory_test(struct keeper_client *self, const char *user, const char *password, const char *peer,
                                 const char *who, keeper_directory_fn *done, void *data)
{
    uint8_t room[2 * AUTH_USER_MAX + KEEPER_MAX_PASSWORD + KEEPER_MAX_PEER + 16];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    if (strlen(user) >= AUTH_USER_MAX || strlen(password) > KEEPER_MAX_PASSWORD)
        return -EINVAL;
    struct keeper_ask *ask = ask_new(tested, data);
    if (!ask)
        return -ENOMEM;
    ask->directory = done;
    ipc_write_string(&w, user);
    ipc_write_string(&w, password);
    ipc_write_string(&w, peer);
    ipc_write_string(&w, who);
    int r = ask_go(self, ask, KEEPER_DIRECTORY_TEST, &w);
    explicit_bzero(room, sizeof room);
    return r;
}

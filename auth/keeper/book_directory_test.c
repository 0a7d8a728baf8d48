/* A directory is tried by somebody who sets it up: as a login, with all that was done told, and no session. It counts
 * as a try at every door, so that nobody guesses here what they may not guess there. */
#include <errno.h>
#include <string.h>

#include "auth/keeper/book_internal.h"

enum book_next directory_test_begin(struct book *self, struct request *request, struct instant now)
{
    int r = user_find(&self->store, request->user, &request->account);
    if (r < 0) {
        request_answer(request, r, 0, NULL);
        return BOOK_ANSWER;
    }
    bool local = r == 1 && request->account.origin == KEEPER_LOCAL;
    if (!self->directory.map)
        request_answer(request, -ENOENT, 0, "No directory is configured; directory-url names one.");
    else if (local)
        request_answer(request, -EEXIST, 0, "This is an account of the gateway's own: no directory is asked for it.");
    else if (user_name_fault(request->user))
        request_answer(request, -EINVAL, 0, user_name_fault(request->user));
    if (!self->directory.map || local || user_name_fault(request->user))
        return BOOK_ANSWER;
    door_of_account(self, request, request->user, r == 1 ? &request->account : NULL, now);
    return door_is_closed(self, request, now) ? BOOK_ANSWER : BOOK_DIRECTORY;
}

void directory_test_finish(struct book *self, struct request *request, struct instant now)
{
    static const struct errand_entry nobody = {.error = -EHOSTUNREACH, .why = "The directory could not be asked."};
    const struct errand_entry *entry = request->entry ? request->entry : &nobody;
    enum auth_role role = ROLE_NONE;
    struct grants grants = {0};
    if (!entry->error && (!self->directory.map || !self->directory.map(self->directory.data, entry, &role, &grants)))
        grants.n = 0;
    if (entry->error != -EACCES)
        door_forgive(self, request);
    audit_add(&self->audit, now.wall_s, request->who, "directory-test", request->user,
              entry->error ? entry->why : role_name(role));
    request_answer(request, 0, 0, NULL);
    wire_write_le32(&request->answer, (uint32_t)-entry->error);
    ipc_write_string(&request->answer, entry->why);
    ipc_write_string(&request->answer, entry->steps);
    ipc_write_string(&request->answer, entry->dn);
    wire_write_u8(&request->answer, (uint8_t)role);
    grants_write(&request->answer, &grants);
}

/* The sessions of users, listed and ended. */
#include <errno.h>
#include <string.h>

#include "auth/keeper_client_internal.h"
#include "core/text.h"

static int sessions_send(struct keeper_client *self, struct keeper_ask *ask)
{
    uint8_t room[8 + AUTH_USER_MAX + 2];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_le64(&w, ask->page->last);
    ipc_write_string(&w, ask->user);
    return ask_send(self, ask, KEEPER_SESSIONS, &w);
}

static bool session_read(struct keeper_page *page, struct wire_reader *r)
{
    struct keeper_session *session = page_row(page, r);
    if (!session)
        return false;
    session->id = wire_read_le64(r);
    session->user = page_string(page, r, AUTH_USER_MAX);
    session->peer = page_string(page, r, KEEPER_MAX_PEER);
    session->agent = page_string(page, r, KEEPER_MAX_AGENT);
    uint8_t kind = wire_read_u8(r);
    session->created = (int64_t)wire_read_le64(r);
    session->used = (int64_t)wire_read_le64(r);
    if (r->bad || session->id <= page->last || kind < AUTH_BROWSER || kind > AUTH_DIRECTORY)
        return false; /* out of order: it would never end */
    session->kind = (enum auth_kind)kind;
    page->last = session->id;
    return true;
}

static enum ask_next sessions_answered(struct keeper_client *self, struct keeper_ask *ask, struct keeper_answer *answer)
{
    bool more = false;
    int error = answer->error;
    if (!error && !page_read(ask->page, &answer->body, session_read, &more))
        return ASK_BAD;
    if (more) {
        error = sessions_send(self, ask);
        if (!error)
            return ASK_AGAIN;
    }
    ask->sessions(ask->data, error, ask->page->rows, error ? 0 : ask->page->n);
    return ASK_DONE;
}

int keeper_client_sessions(struct keeper_client *self, const char *user, keeper_sessions_fn *done, void *data)
{
    struct keeper_ask *ask = ask_paged(sessions_answered, data, sizeof(struct keeper_session), 2 * KEEPER_MAX_SESSIONS);
    if (!ask)
        return -ENOMEM;
    ask->sessions = done;
    int r = text_copy(ask->user, sizeof ask->user, user) ? sessions_send(self, ask) : -EINVAL;
    if (r < 0)
        ask_free(ask);
    return r;
}

int keeper_client_session_end(struct keeper_client *self, uint64_t id, const char *user, const char *who,
                              keeper_done_fn *done, void *data)
{
    if (strlen(user) >= AUTH_USER_MAX)
        return -EINVAL;
    uint8_t room[8 + 2 * (AUTH_USER_MAX + 2)];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    wire_write_le64(&w, id);
    ipc_write_string(&w, user);
    write_cut(&w, who, AUTH_USER_MAX - 1);
    return ask_done(self, KEEPER_SESSION_END, &w, done, data);
}

int keeper_client_session_end_others(struct keeper_client *self, const struct auth_session *session,
                                     keeper_done_fn *done, void *data)
{
    uint8_t room[40];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    write_own(&w, session);
    return ask_done(self, KEEPER_END_OTHERS, &w, done, data);
}

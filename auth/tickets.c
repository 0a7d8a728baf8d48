#include <errno.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "auth/random.h"
#include "auth/session.h"
#include "core/text.h"

#define TICKET_LIFE_US (30 * 1000000ull)
#define TICKETS_PER_SESSION 8
#define TICKETS_MAX 256
#define TARGET_MAX 64

struct ticket {
    char text[AUTH_TICKET_HEX + 1];
    char target[TARGET_MAX];
    struct auth_session *session;
    uint64_t expires_us;
};

struct auth_tickets {
    struct ticket tickets[TICKETS_MAX];
    unsigned n;
};

int auth_tickets_create(struct auth_tickets **ret)
{
    struct auth_tickets *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *ret = self;
    return 0;
}

static void ticket_drop(struct auth_tickets *self, unsigned i)
{
    auth_session_unref(self->tickets[i].session);
    self->n--;
    if (i != self->n)
        self->tickets[i] = self->tickets[self->n];
    memset(&self->tickets[self->n], 0, sizeof self->tickets[self->n]);
}

struct auth_tickets *auth_tickets_destroy(struct auth_tickets *self)
{
    if (!self)
        return NULL;
    while (self->n)
        ticket_drop(self, self->n - 1);
    free(self);
    return NULL;
}

static unsigned count_of_session(const struct auth_tickets *self, const struct auth_session *session)
{
    unsigned n = 0;
    for (unsigned i = 0; i < self->n; i++)
        n += self->tickets[i].session == session;
    return n;
}

int auth_tickets_issue(struct auth_tickets *self, struct auth_session *session, const char *target, uint64_t now_us,
                       char *ret)
{
    if (strlen(target) >= TARGET_MAX)
        return -ENAMETOOLONG;
    if (session->ended)
        return -EACCES;
    auth_tickets_purge(self, now_us);
    if (self->n == TICKETS_MAX || count_of_session(self, session) >= TICKETS_PER_SESSION)
        return -EBUSY;
    uint8_t bytes[AUTH_TICKET_HEX / 2];
    int r = random_bytes(bytes, sizeof bytes);
    if (r < 0)
        return r;
    struct ticket *ticket = &self->tickets[self->n++];
    hex_write(ticket->text, bytes, sizeof bytes);
    text_copy(ticket->target, sizeof ticket->target, target);
    ticket->session = auth_session_ref(session);
    ticket->expires_us = now_us + TICKET_LIFE_US;
    memcpy(ret, ticket->text, sizeof ticket->text);
    return 0;
}

struct auth_session *auth_tickets_redeem(struct auth_tickets *self, const char *ticket, const char *target,
                                         uint64_t now_us)
{
    if (strlen(ticket) != AUTH_TICKET_HEX)
        return NULL;
    auth_tickets_purge(self, now_us);
    for (unsigned i = 0; i < self->n; i++) {
        struct ticket *t = &self->tickets[i];
        if (CRYPTO_memcmp(t->text, ticket, AUTH_TICKET_HEX) != 0)
            continue;
        /* shown once is used up, even when it was shown at the wrong door */
        struct auth_session *session = strcmp(t->target, target) == 0 ? auth_session_ref(t->session) : NULL;
        ticket_drop(self, i);
        return session;
    }
    return NULL;
}

void auth_tickets_purge(struct auth_tickets *self, uint64_t now_us)
{
    for (unsigned i = self->n; i-- > 0;)
        if (self->tickets[i].session->ended || self->tickets[i].expires_us <= now_us)
            ticket_drop(self, i);
}

/* Changing the certificate: asked like everything else, for nobody's handshake waits for it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/keeper_client_internal.h"
#include "auth/keeper_tls_wire.h"

int keeper_client_certificate_try(struct keeper_client *self, const char *certificate, const char *key, bool test,
                                  keeper_done_fn *done, void *data)
{
    size_t n = certificate ? strlen(certificate) : 0, key_size = key ? strlen(key) : 0;
    if (n > KEEPER_MAX_CERTIFICATE || key_size > KEEPER_MAX_CERTIFICATE - n)
        return -EINVAL;
    uint8_t *room = malloc(KEEPER_MAX_CERTIFICATE + 8);
    if (!room)
        return -ENOMEM;
    struct wire_writer w = wire_writer_init(room, KEEPER_MAX_CERTIFICATE + 8);
    wire_write_u8(&w, !certificate ? KEEPER_TRY_OWN : test ? KEEPER_TRY_TEST : KEEPER_TRY_SET);
    wire_write_le16(&w, (uint16_t)n);
    wire_write_bytes(&w, certificate ? certificate : "", n);
    wire_write_bytes(&w, key ? key : "", key_size);
    int r = ask_done(self, (enum keeper_message)KEEPER_CERTIFICATE_TRY, &w, done, data); /* wipes it */
    free(room);
    return r;
}

int keeper_client_certificate_end_trial(struct keeper_client *self, bool keep, keeper_done_fn *done, void *data)
{
    uint8_t body[1];
    struct wire_writer w = wire_writer_init(body, sizeof body);
    wire_write_u8(&w, keep);
    return ask_done(self, (enum keeper_message)KEEPER_CERTIFICATE_END, &w, done, data);
}

static enum ask_next request_answered(attr_unused struct keeper_client *self, struct keeper_ask *ask,
                                      struct keeper_answer *answer)
{
    char pem[8192];
    size_t n = answer->error ? 0 : answer->body.left;
    if (n >= sizeof pem || (!answer->error && n == 0) || (n && memchr(answer->body.at, 0, n)))
        return ASK_BAD;
    if (n)
        memcpy(pem, answer->body.at, n);
    pem[n] = '\0';
    ask->pem(ask->data, answer->error, answer->why, n ? pem : NULL);
    return ASK_DONE;
}

int keeper_client_certificate_request(struct keeper_client *self, keeper_pem_fn *done, void *data)
{
    struct wire_writer nothing = wire_writer_init(NULL, 0);
    struct keeper_ask *ask = ask_new(request_answered, data);
    if (!ask)
        return -ENOMEM;
    ask->pem = done;
    return ask_go(self, ask, (enum keeper_message)KEEPER_CERTIFICATE_REQUEST, &nothing);
}

/* What cannot wait for the loop: certificate and media key at start, a signature in a handshake. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/keeper_account.h"
#include "auth/keeper_client_internal.h"
#include "auth/keeper_tls_wire.h"

/* Limits for a keeper that hangs; a signature takes well under a millisecond. The keeper may still be checking its
 * store when the certificate is asked for. */
#define SIGN_TIMEOUT_MS 2000
#define CERTIFICATE_TIMEOUT_MS 15000
#define MEDIA_KEY_TIMEOUT_MS 15000

/* Asks and reads the head of the answer; *ret has the rest, which lies in room. */
static int call(struct keeper_client *self, enum keeper_message type, const void *body, size_t size, int timeout_ms,
                uint8_t *room, size_t room_size, struct wire_reader *ret)
{
    if (!self->ipc)
        return -ECONNRESET;
    uint16_t answer_type;
    size_t answer_size;
    int r = ipc_call(self->ipc, (uint16_t)type, body, size, timeout_ms, &answer_type, room, room_size, &answer_size);
    if (r < 0)
        return r;
    char why[KEEPER_MAX_WHY];
    struct keeper_answer answer;
    if (answer_type != KEEPER_ANSWER || !answer_parse(&answer, room, answer_size, why))
        return -EPROTO;
    *ret = answer.body;
    return answer.error;
}

int keeper_client_certificate_read(struct keeper_client *self, struct keeper_certificate *ret)
{
    _cleanup_free_ char *pem = malloc(KEEPER_MAX_PEM + 1);
    if (!pem)
        return -ENOMEM;
    for (size_t have = 0;;) {
        uint8_t room[IPC_MAX_BODY], offset[4];
        struct wire_writer w = wire_writer_init(offset, sizeof offset);
        wire_write_le32(&w, (uint32_t)have);
        struct wire_reader body;
        int r = call(self, KEEPER_CERTIFICATE, offset, sizeof offset, CERTIFICATE_TIMEOUT_MS, room, sizeof room, &body);
        if (r < 0)
            return r;
        size_t whole = wire_read_le32(&body);
        unsigned source = wire_read_u8(&body);
        bool on_trial = wire_read_u8(&body);
        if (body.bad || whole > KEEPER_MAX_PEM || body.left == 0 || body.left > whole - MIN(whole, have) ||
            source > KEEPER_SET_CERTIFICATE)
            return -EPROTO;
        memcpy(pem + have, body.at, body.left);
        have += body.left;
        if (have < whole)
            continue;
        pem[have] = 0;
        *ret = (struct keeper_certificate){
            .pem = take(pem), .source = (enum keeper_certificate_source)source, .on_trial = on_trial};
        return 0;
    }
}

int keeper_client_certificate(struct keeper_client *self, char **ret_pem)
{
    struct keeper_certificate read;
    int r = keeper_client_certificate_read(self, &read);
    if (r == 0)
        *ret_pem = read.pem;
    return r;
}

int keeper_client_sign(struct keeper_client *self, const uint8_t *id, unsigned scheme, const uint8_t *bytes, size_t n,
                       uint8_t *ret, size_t *ret_size)
{
    uint8_t asked[1 + KEEPER_KEY_ID + KEEPER_MAX_SIGNATURE];
    uint8_t room[KEEPER_MAX_SIGNATURE + KEEPER_MAX_WHY + 16];
    struct wire_writer w = wire_writer_init(asked, sizeof asked);
    struct wire_reader body;
    wire_write_u8(&w, (uint8_t)scheme);
    wire_write_bytes(&w, id, KEEPER_KEY_ID);
    wire_write_bytes(&w, bytes, n);
    if (w.full)
        return -EINVAL;
    int r = call(self, KEEPER_SIGN, asked, wire_written(&w), SIGN_TIMEOUT_MS, room, sizeof room, &body);
    if (r < 0)
        return r;
    if (body.left == 0 || body.left > KEEPER_MAX_SIGNATURE)
        return -EPROTO;
    if (body.left > *ret_size)
        return -EMSGSIZE;
    memcpy(ret, body.at, body.left);
    *ret_size = body.left;
    return 0;
}

int keeper_client_media_key(struct keeper_client *self, uint8_t ret[KEEPER_MEDIA_KEY_SIZE])
{
    uint8_t room[KEEPER_MEDIA_KEY_SIZE + KEEPER_MAX_WHY + 16];
    struct wire_reader body;
    int r = call(self, KEEPER_MEDIA_KEY, NULL, 0, MEDIA_KEY_TIMEOUT_MS, room, sizeof room, &body);
    if (r == 0 && body.left != KEEPER_MEDIA_KEY_SIZE)
        r = -EPROTO;
    if (r == 0)
        memcpy(ret, body.at, KEEPER_MEDIA_KEY_SIZE);
    explicit_bzero(room, sizeof room);
    return r;
}

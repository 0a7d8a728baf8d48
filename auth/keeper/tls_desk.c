#include "auth/keeper/tls_desk.h"

#include <errno.h>
#include <string.h>

#include "auth/keeper_tls_wire.h"
#include "core/cleanup.h"

bool tls_desk_takes(uint16_t type)
{
    return type == KEEPER_SIGN || type == KEEPER_CERTIFICATE || type == KEEPER_CERTIFICATE_TRY ||
           type == KEEPER_CERTIFICATE_END || type == KEEPER_CERTIFICATE_REQUEST;
}

static void begin(struct wire_writer *w, int error, const char *why)
{
    char cut[KEEPER_MAX_WHY];
    snprintf(cut, sizeof cut, "%s", why);
    wire_write_le32(w, (uint32_t)-error);
    wire_write_le32(w, 0);
    ipc_write_string(w, cut);
}

static int sign(struct tls_identities *identities, struct wire_reader *r, struct wire_writer *w)
{
    unsigned scheme = wire_read_u8(r);
    const uint8_t *id = wire_read_bytes(r, KEEPER_KEY_ID);
    uint8_t signature[KEEPER_MAX_SIGNATURE];
    size_t size = sizeof signature;
    if (!id || r->bad || r->left > KEEPER_MAX_SIGNATURE)
        return -EPROTO;
    int error = tls_identities_sign(identities, id, scheme, r->at, r->left, signature, &size);
    begin(w, error, "");
    if (error == 0)
        wire_write_bytes(w, signature, size);
    return 0;
}

static int show(const struct tls_identities *identities, struct wire_reader *r, struct wire_writer *w)
{
    const struct identity *used = tls_identities_used(identities);
    size_t offset = wire_read_le32(r);
    if (!wire_read_complete(r) || offset >= used->pem_size)
        return -EPROTO;
    begin(w, 0, "");
    wire_write_le32(w, (uint32_t)used->pem_size);
    wire_write_u8(w, (uint8_t)tls_identities_source(identities));
    wire_write_u8(w, identities->on_trial);
    wire_write_bytes(w, used->pem + offset, MIN(w->left, used->pem_size - offset));
    return 0;
}

/* Bytes of the message as a string; NULL: no memory, or a NUL in it. */
static char *text_of(const uint8_t *bytes, size_t n)
{
    char *text = bytes && !memchr(bytes, 0, n) ? malloc(n + 1) : NULL;
    if (!text)
        return NULL;
    memcpy(text, bytes, n);
    text[n] = '\0';
    return text;
}

static int try(struct tls_identities *identities, struct wire_reader *r, struct wire_writer *w)
{
    char why[KEEPER_MAX_REASON] = "";
    unsigned how = wire_read_u8(r);
    size_t n = wire_read_le16(r);
    const uint8_t *bytes = wire_read_bytes(r, n);
    if (r->bad || how > KEEPER_TRY_OWN)
        return -EPROTO;
    _cleanup_free_ char *certificate = text_of(n ? bytes : (const uint8_t *)"", n);
    size_t key_size = r->left;
    _cleanup_free_ char *key = text_of(key_size ? r->at : (const uint8_t *)"", key_size);
    if (!certificate || !key) {
        begin(w, -EINVAL, "the certificate and its key are text (PEM).");
        return 0;
    }
    int error = tls_identities_try(identities, how, certificate, key, time(NULL), why, sizeof why);
    explicit_bzero(key, key_size);
    begin(w, error, error ? why : "");
    return 0;
}

static int end(struct tls_identities *identities, struct wire_reader *r, struct wire_writer *w)
{
    char why[KEEPER_MAX_REASON] = "";
    unsigned keep = wire_read_u8(r);
    if (!wire_read_complete(r) || keep > 1)
        return -EPROTO;
    int error = tls_identities_end_trial(identities, keep, why, sizeof why);
    begin(w, error, error ? why : "");
    return 0;
}

static int request(struct tls_identities *identities, struct wire_reader *r, struct wire_writer *w)
{
    char why[KEEPER_MAX_REASON] = "";
    if (!wire_read_complete(r))
        return -EPROTO;
    _cleanup_free_ char *pem = tls_identities_request(identities, why, sizeof why);
    begin(w, pem ? 0 : -EIO, pem ? "" : why);
    if (pem)
        wire_write_bytes(w, pem, strlen(pem));
    return 0;
}

int tls_desk_answer(struct tls_identities *identities, const struct ipc_message *message, uint8_t *body,
                    size_t *ret_size, bool *ret_changed)
{
    struct wire_reader r = wire_reader_init(message->body, message->body_size);
    struct wire_writer w = wire_writer_init(body, IPC_MAX_BODY);
    uint8_t before[sizeof identities->own.fingerprint];
    memcpy(before, tls_identities_used(identities)->fingerprint, sizeof before);
    int error = -EPROTO;
    switch (message->type) {
    case KEEPER_SIGN:
        error = sign(identities, &r, &w);
        break;
    case KEEPER_CERTIFICATE:
        error = show(identities, &r, &w);
        break;
    case KEEPER_CERTIFICATE_TRY:
        error = try(identities, &r, &w);
        break;
    case KEEPER_CERTIFICATE_END:
        error = end(identities, &r, &w);
        break;
    case KEEPER_CERTIFICATE_REQUEST:
        error = request(identities, &r, &w);
        break;
    }
    *ret_size = wire_written(&w);
    *ret_changed = memcmp(before, tls_identities_used(identities)->fingerprint, sizeof before) != 0;
    return error < 0 ? error : w.full ? -EPROTO : 0;
}

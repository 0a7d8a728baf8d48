#include "gateway/outward/outward_wire.h"

#include <string.h>

/* -errno of any system fits; more is nonsense. */
#define MOST_ERRNO 4095

void outward_write_token(struct wire_writer *w, const uint8_t token[OUTWARD_TOKEN_SIZE])
{
    wire_write_bytes(w, token, OUTWARD_TOKEN_SIZE);
}

bool outward_read_token(const uint8_t *body, size_t size, uint8_t ret[OUTWARD_TOKEN_SIZE])
{
    if (size != OUTWARD_TOKEN_SIZE)
        return false;
    memcpy(ret, body, OUTWARD_TOKEN_SIZE);
    return true;
}

static bool take_token(struct wire_reader *r, uint8_t ret[OUTWARD_TOKEN_SIZE])
{
    const uint8_t *bytes = wire_read_bytes(r, OUTWARD_TOKEN_SIZE);
    if (bytes)
        memcpy(ret, bytes, OUTWARD_TOKEN_SIZE);
    return bytes;
}

/* 0 or 1, so that there is one way to say a thing. */
static bool take_bool(struct wire_reader *r, bool *ret)
{
    uint8_t v = wire_read_u8(r);
    *ret = v == 1;
    return v <= 1;
}

void outward_write_open(struct wire_writer *w, const struct outward_open *open)
{
    outward_write_token(w, open->token);
    ipc_write_string(w, open->url);
    ipc_write_string(w, open->user);
    ipc_write_string(w, open->secret);
    ipc_write_string(w, open->ca);
    wire_write_u8(w, open->writable);
}

bool outward_read_open(const uint8_t *body, size_t size, struct outward_open *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    memset(ret, 0, sizeof *ret);
    return take_token(&r, ret->token) && ipc_read_string(&r, ret->url, sizeof ret->url) &&
           ipc_read_string(&r, ret->user, sizeof ret->user) && ipc_read_string(&r, ret->secret, sizeof ret->secret) &&
           ipc_read_string(&r, ret->ca, sizeof ret->ca) && take_bool(&r, &ret->writable) && wire_read_complete(&r);
}

void outward_write_opened(struct wire_writer *w, const struct outward_opened *opened)
{
    wire_write_le32(w, (uint32_t)opened->error);
    ipc_write_string(w, opened->why);
    wire_write_le64(w, opened->size);
    wire_write_u8(w, opened->read_only);
    ipc_write_string(w, opened->name);
    ipc_write_string(w, opened->validator);
}

bool outward_read_opened(const uint8_t *body, size_t size, struct outward_opened *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    memset(ret, 0, sizeof *ret);
    ret->error = (int32_t)wire_read_le32(&r);
    if (ret->error > 0 || ret->error < -MOST_ERRNO || !ipc_read_string(&r, ret->why, sizeof ret->why))
        return false;
    ret->size = wire_read_le64(&r);
    /* offsets are signed in system calls and in other programs */
    return ret->size <= INT64_MAX && take_bool(&r, &ret->read_only) &&
           ipc_read_string(&r, ret->name, sizeof ret->name) &&
           ipc_read_string(&r, ret->validator, sizeof ret->validator) && wire_read_complete(&r);
}

void outward_write_state(struct wire_writer *w, const struct outward_state *state)
{
    outward_write_token(w, state->token);
    wire_write_u8(w, state->link);
    ipc_write_string(w, state->why);
}

bool outward_read_state(const uint8_t *body, size_t size, struct outward_state *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    memset(ret, 0, sizeof *ret);
    if (!take_token(&r, ret->token))
        return false;
    ret->link = wire_read_u8(&r);
    return ret->link <= OUTWARD_CHANGED && ipc_read_string(&r, ret->why, sizeof ret->why) && wire_read_complete(&r);
}

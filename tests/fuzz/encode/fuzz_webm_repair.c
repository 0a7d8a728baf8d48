/* Any bytes as a recording that was cut: nothing is read or written outside of them, and what is finished holds no
 * frame that was not there. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "encode/webm_write.h"

struct room {
    uint8_t *bytes;
    size_t size;
};

static int on_write(void *data, uint64_t at, const void *bytes, size_t size)
{
    struct room *self = data;
    if (at + size > self->size) {
        self->bytes = realloc(self->bytes, at + size);
        if (!self->bytes || at > self->size) /* a hole would be a mistake */
            abort();
        self->size = at + size;
    }
    memcpy(self->bytes + at, bytes, size);
    return 0;
}

static int on_cut(void *data, uint64_t size)
{
    struct room *self = data;
    if (size > self->size)
        abort();
    self->size = size;
    return 0;
}

static int on_read(void *data, uint64_t at, void *room, size_t size, size_t *ret)
{
    struct room *self = data;
    *ret = at >= self->size ? 0 : self->size - at < size ? self->size - at : size;
    if (*ret)
        memcpy(room, self->bytes + at, *ret);
    return 0;
}

/* A fresh head, so that the bytes come as clusters as well. */
static void run(const uint8_t *bytes, size_t size, int with_head)
{
    struct room room = {.bytes = malloc(size + 1), .size = 0};
    const struct webm_file file = {.write = on_write, .cut = on_cut, .read = on_read, .data = &room};
    const struct webm_track track = {.width = 64, .height = 32, .colour = 1};
    struct webm *webm = NULL;
    if (with_head && webm_create(&file, &track, 0, &webm) < 0)
        abort();
    webm_destroy(webm);
    webm = NULL;
    if (size)
        on_write(&room, room.size, bytes, size);
    const size_t before = room.size;
    if (webm_repair(&file, room.size, &webm) == 0) {
        if (room.size > before || webm_finish(webm, webm_last_ms(webm) + 1000ull) < 0)
            abort();
        webm_destroy(webm);
    }
    free(room.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    run(data, size, 0);
    run(data, size, 1);
    return 0;
}

#include "gateway/config/pending_change.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/attrs.h"

static const char *const words[] = {"", "certificate", "listeners", "login-rules"};

const char *pending_word(enum pending_kind kind)
{
    return words[kind];
}

int pending_begin(struct pending_change *self, enum pending_kind kind, const char *who, uint64_t now_us)
{
    if (self->kind != PENDING_NONE)
        return -EBUSY;
    *self = (struct pending_change){.kind = kind, .began_us = now_us, .until_us = now_us + PENDING_LIFE_US};
    snprintf(self->who, sizeof self->who, "%s", who);
    return 0;
}

bool pending_over(const struct pending_change *self, uint64_t now_us)
{
    return self->kind != PENDING_NONE && (now_us < self->began_us || now_us >= self->until_us);
}

int pending_confirmable(const struct pending_change *self, uint64_t connected_us, uint64_t now_us)
{
    if (self->kind == PENDING_NONE)
        return -ENOENT;
    if (pending_over(self, now_us))
        return -ETIME;
    if (!connected_us)
        return -ENOTCONN;
    return connected_us > self->began_us ? 0 : -EISCONN;
}

uint64_t pending_left(const struct pending_change *self, uint64_t now_us)
{
    return self->kind == PENDING_NONE || pending_over(self, now_us) ? 0 : self->until_us - now_us;
}

void pending_end(struct pending_change *self)
{
    *self = (struct pending_change){.kind = PENDING_NONE};
}

size_t pending_write(const struct pending_change *self, char room[PENDING_TEXT])
{
    int n = snprintf(room, PENDING_TEXT, "%s %" PRIu64 " %" PRIu64 " %s\n", words[self->kind], self->began_us,
                     self->until_us, self->who);
    return n < 0 || n >= PENDING_TEXT ? 0 : (size_t)n;
}

bool pending_read(struct pending_change *self, const char *note)
{
    struct pending_change read = {.kind = PENDING_NONE};
    char word[16];
    int at = 0;
    pending_end(self);
    if (sscanf(note, "%15s %" SCNu64 " %" SCNu64 " %n", word, &read.began_us, &read.until_us, &at) != 3 || !at ||
        read.until_us < read.began_us || read.until_us - read.began_us > PENDING_LIFE_US)
        return false;
    snprintf(read.who, sizeof read.who, "%.*s", (int)strcspn(note + at, "\n"), note + at);
    for (unsigned i = 1; i < ARRAY_SIZE(words); i++)
        if (strcmp(word, words[i]) == 0)
            read.kind = (enum pending_kind)i;
    if (read.kind == PENDING_NONE)
        return false;
    *self = read;
    return true;
}

#include "auth/keeper/lockout.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"

int lockout_init(struct lockout *self, unsigned room)
{
    *self = (struct lockout){.entries = calloc(room, sizeof self->entries[0]), .room = room};
    return self->entries ? 0 : -ENOMEM;
}

void lockout_finish(struct lockout *self)
{
    free(self->entries);
    *self = (struct lockout){0};
}

static uint32_t mark_of(const char *key)
{
    uint32_t mark = 2166136261u;
    for (; *key; key++)
        mark = (mark ^ (uint8_t)*key) * 16777619u;
    return mark;
}

static struct lockout_entry *find(struct lockout *self, const char *key)
{
    uint32_t mark = mark_of(key);
    for (unsigned i = 0; i < self->room; i++)
        if (self->entries[i].mark == mark && self->entries[i].key[0] && strcmp(self->entries[i].key, key) == 0)
            return &self->entries[i];
    return NULL;
}

/* Tries older than the window no longer count. */
static void forget_old(struct lockout_entry *entry, int64_t now_us)
{
    unsigned old = 0;
    while (old < entry->n && entry->tries_us[old] + LOCKOUT_WINDOW_US <= now_us)
        old++;
    if (old == 0)
        return;
    entry->n -= old;
    memmove(entry->tries_us, entry->tries_us + old, entry->n * sizeof entry->tries_us[0]);
}

static int64_t last_try(const struct lockout_entry *entry)
{
    return entry->n ? entry->tries_us[entry->n - 1] : INT64_MIN;
}

static void leave(struct lockout *self, struct lockout_entry *entry)
{
    if (entry->stored && self->n_gone < LOCKOUT_GONE)
        memcpy(self->gone[self->n_gone++], entry->key, sizeof entry->key);
    else if (entry->stored)
        self->sweep = true;
    memset(entry, 0, sizeof *entry);
}

static struct lockout_entry *claim(struct lockout *self, const char *key, int64_t now_us)
{
    struct lockout_entry *best = &self->entries[0];
    for (unsigned i = 0; i < self->room; i++) {
        struct lockout_entry *entry = &self->entries[i];
        forget_old(entry, now_us);
        if (entry->n < best->n || (entry->n == best->n && last_try(entry) < last_try(best)))
            best = entry;
    }
    leave(self, best);
    snprintf(best->key, sizeof best->key, "%s", key);
    best->mark = mark_of(best->key);
    return best;
}

static int64_t delay_after(unsigned tries)
{
    if (tries < LOCKOUT_FREE_TRIES)
        return 0;
    int64_t delay = 1000000ll << MIN(tries - LOCKOUT_FREE_TRIES, 20u);
    return MIN(delay, LOCKOUT_DELAY_MAX_US);
}

unsigned lockout_wait_s(struct lockout *self, const char *key, int64_t now_us)
{
    struct lockout_entry *entry = find(self, key);
    if (!entry)
        return 0;
    forget_old(entry, now_us);
    if (entry->n == 0)
        return 0;
    int64_t until = last_try(entry) + delay_after(entry->n);
    if (entry->n == LOCKOUT_TRIES)
        until = MAX(until, entry->tries_us[0] + LOCKOUT_WINDOW_US);
    return until > now_us ? (unsigned)((until - now_us + 999999) / 1000000) : 0;
}

static void add(struct lockout_entry *entry, int64_t try_us)
{
    if (entry->n == LOCKOUT_TRIES) { /* counted without having asked first */
        entry->n--;
        memmove(entry->tries_us, entry->tries_us + 1, entry->n * sizeof entry->tries_us[0]);
    }
    entry->tries_us[entry->n++] = try_us;
}

void lockout_count(struct lockout *self, const char *key, int64_t now_us)
{
    struct lockout_entry *entry = find(self, key);
    if (!entry)
        entry = claim(self, key, now_us);
    forget_old(entry, now_us);
    add(entry, now_us);
    entry->changed = true;
}

void lockout_restore(struct lockout *self, const char *key, int64_t try_us, int64_t now_us)
{
    struct lockout_entry *entry = find(self, key);
    if (!entry)
        entry = claim(self, key, now_us);
    add(entry, try_us);
    entry->stored = true;
}

/* What is empty and unknown to the store gives its place back at once. */
static void taken_back(struct lockout_entry *entry)
{
    entry->changed = true;
    if (entry->n == 0 && !entry->stored)
        memset(entry, 0, sizeof *entry);
}

void lockout_clear(struct lockout *self, const char *key)
{
    struct lockout_entry *entry = find(self, key);
    if (!entry)
        return;
    entry->n = 0;
    taken_back(entry);
}

void lockout_forgive(struct lockout *self, const char *key)
{
    struct lockout_entry *entry = find(self, key);
    if (!entry || entry->n == 0)
        return;
    entry->n--;
    taken_back(entry);
}

bool lockout_peer_key(const char *peer, char ret[LOCKOUT_KEY_MAX])
{
    if (strncmp(peer, "local", 5) == 0)
        return false;
    struct in6_addr v6;
    uint8_t *b = v6.s6_addr;
    struct in_addr v4;
    if (inet_pton(AF_INET, peer, &v4) == 1)
        snprintf(ret, LOCKOUT_KEY_MAX, "4:%08x", ntohl(v4.s_addr));
    else if (inet_pton(AF_INET6, peer, &v6) != 1)
        snprintf(ret, LOCKOUT_KEY_MAX, "?:%.64s", peer);
    else if (IN6_IS_ADDR_V4MAPPED(&v6))
        snprintf(ret, LOCKOUT_KEY_MAX, "4:%02x%02x%02x%02x", b[12], b[13], b[14], b[15]);
    else
        snprintf(ret, LOCKOUT_KEY_MAX, "6:%02x%02x%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3], b[4], b[5], b[6],
                 b[7]);
    return true;
}

void lockout_account_key(int64_t id, char ret[LOCKOUT_KEY_MAX])
{
    snprintf(ret, LOCKOUT_KEY_MAX, "u:%lld", (long long)id);
}

void lockout_name_key(const char *name, char ret[LOCKOUT_KEY_MAX])
{
    snprintf(ret, LOCKOUT_KEY_MAX, "n:%.64s", name);
    for (char *c = ret + 2; *c; c++)
        *c = (char)tolower((unsigned char)*c);
}

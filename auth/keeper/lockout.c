#include "auth/keeper/lockout.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/attrs.h"

static struct lockout_entry *find(struct lockout *self, const char *key)
{
    for (unsigned i = 0; i < LOCKOUT_KEYS; i++)
        if (self->entries[i].key[0] && strcmp(self->entries[i].key, key) == 0)
            return &self->entries[i];
    return NULL;
}

/* Tries older than the window no longer count. */
static void forget_old(struct lockout_entry *entry, uint64_t now_us)
{
    unsigned old = 0;
    while (old < entry->n && entry->tries_us[old] + LOCKOUT_WINDOW_US <= now_us)
        old++;
    entry->n -= old;
    memmove(entry->tries_us, entry->tries_us + old, entry->n * sizeof entry->tries_us[0]);
}

static uint64_t last_try(const struct lockout_entry *entry)
{
    return entry->n ? entry->tries_us[entry->n - 1] : 0;
}

/* A free entry, or else the one that holds back least: a flood of made-up names must not wash out one that counts. */
static struct lockout_entry *claim(struct lockout *self, const char *key, uint64_t now_us)
{
    struct lockout_entry *best = NULL;
    for (unsigned i = 0; i < LOCKOUT_KEYS; i++) {
        struct lockout_entry *entry = &self->entries[i];
        forget_old(entry, now_us);
        if (!best || entry->n < best->n || (entry->n == best->n && last_try(entry) < last_try(best)))
            best = entry;
    }
    memset(best, 0, sizeof *best);
    snprintf(best->key, sizeof best->key, "%s", key);
    return best;
}

static uint64_t delay_after(unsigned tries)
{
    if (tries < LOCKOUT_FREE_TRIES)
        return 0;
    uint64_t delay = 1000000ull << MIN(tries - LOCKOUT_FREE_TRIES, 20u);
    return MIN(delay, LOCKOUT_DELAY_MAX_US);
}

unsigned lockout_wait_s(struct lockout *self, const char *key, uint64_t now_us)
{
    struct lockout_entry *entry = find(self, key);
    if (!entry)
        return 0;
    forget_old(entry, now_us);
    uint64_t until = last_try(entry) + delay_after(entry->n);
    if (entry->n == LOCKOUT_TRIES)
        until = MAX(until, entry->tries_us[0] + LOCKOUT_WINDOW_US);
    return until > now_us ? (unsigned)((until - now_us + 999999) / 1000000) : 0;
}

void lockout_count(struct lockout *self, const char *key, uint64_t now_us)
{
    struct lockout_entry *entry = find(self, key);
    if (!entry)
        entry = claim(self, key, now_us);
    forget_old(entry, now_us);
    if (entry->n == LOCKOUT_TRIES) { /* counted without having asked first */
        entry->n--;
        memmove(entry->tries_us, entry->tries_us + 1, entry->n * sizeof entry->tries_us[0]);
    }
    entry->tries_us[entry->n++] = now_us;
}

void lockout_clear(struct lockout *self, const char *key)
{
    struct lockout_entry *entry = find(self, key);
    if (entry)
        memset(entry, 0, sizeof *entry);
}

void lockout_forgive(struct lockout *self, const char *key)
{
    struct lockout_entry *entry = find(self, key);
    if (entry && entry->n)
        entry->n--;
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

/* What the owner at the machine asks for: a way in when nobody has one, and a store that came from a backup. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "auth/keeper/book_internal.h"
#include "auth/keeper/owner_notes.h"
#include "auth/keeper/whole_file.h"
#include "core/log.h"

/* The note goes when what it asks for is in the store: asked for twice after a cut, it does the same again. */
static int note_done(const char *name)
{
    return unlink(name) < 0 && errno != ENOENT ? -errno : 0;
}

static int restored(struct book *self, struct instant now)
{
    if (access(RESTORED_FILE, F_OK) < 0)
        return 0;
    sessions_end_all(&self->sessions);
    int r = change_begin(self);
    if (r == 0)
        r = change_commit(self, now, 0, "root", "restored", "", "from a backup, sessions ended");
    return r < 0 ? r : note_done(RESTORED_FILE);
}

static void recovery_set(struct book *self, struct instant now)
{
    self->needs_setup = true;
    self->recovering = true;
    self->recovery_ends_us = now.us + RECOVERY_S * 1000000ll;
}

/* Users stay. The set-up page takes the secret, and makes whoever uses it an Administrator. */
static int recover(struct book *self, struct instant now)
{
    uint8_t hash[33];
    int n = whole_file_read(RECOVER_FILE, hash, sizeof hash);
    if (n == -ENOENT)
        return 0;
    if (n < 0 && n != -EFBIG && n != -EINVAL && n != -ELOOP)
        return n; /* it is there, and can be read another time */
    if (n != 32) {
        log_error("keeper", "keeper/%s: not made by lightsoutd --recover: it is ignored", RECOVER_FILE);
        return note_done(RECOVER_FILE);
    }
    unsigned users = 0;
    sessions_end_all(&self->sessions);
    int r = users_count(&self->store, &users);
    r = r < 0 ? r : change_begin(self);
    if (r < 0)
        return r;
    r = store_meta_put(&self->store, SETUP_SECRET, hash, 32);
    r = change_commit(self, now, r, "root", "recover", "", "a new set-up secret, sessions ended");
    explicit_bzero(hash, sizeof hash);
    if (r < 0)
        return r;
    if (users)
        recovery_set(self, now);
    log_warn("keeper", "a new set-up secret was made at this machine: whoever has it becomes an Administrator");
    return note_done(RECOVER_FILE);
}

static int end_recovery(struct book *self, struct instant now)
{
    int r = change_begin(self);
    if (r < 0)
        return r;
    r = store_meta_remove(&self->store, SETUP_SECRET);
    r = change_commit(self, now, r, "keeper", "recover-expired", "", "");
    if (r == 0)
        self->needs_setup = self->recovering = false;
    return r;
}

int owner_load(struct book *self, struct instant now)
{
    uint8_t hash[33];
    size_t size;
    int r = self->needs_setup ? 0 : store_meta_get(&self->store, SETUP_SECRET, hash, sizeof hash, &size);
    if (r == 1)
        recovery_set(self, now);
    explicit_bzero(hash, sizeof hash);
    return r < 0 ? r : owner_look(self, now);
}

int owner_look(struct book *self, struct instant now)
{
    int r = 0;
    if (self->recovering && now.us >= self->recovery_ends_us)
        r = end_recovery(self, now);
    if (r == 0)
        r = restored(self, now);
    return r < 0 ? r : recover(self, now);
}

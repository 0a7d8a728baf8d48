#include "gateway/drives/media_streams.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/log.h"
#include "core/text.h"
#include "core/utf8.h"
#include "gateway/drives/drives.h"
#include "media/source_stream.h"

/* It lives as long as one of these holds it: its peer, its drive, or an insertion that is under way. */
struct media_stream {
    struct gateway_target *target;
    unsigned drive;
    struct media_peer *peer; /* NULL: it is gone */
    struct source *source;   /* NULL: the drive has closed it */
    bool attached;           /* the drive names us */
    bool inserting;
    bool told_end; /* the peer was told to go */
    uint8_t id[MEDIUM_ID_SIZE];
    char who[AUTH_USER_MAX], name[256];
};

static void release(struct media_stream *self)
{
    if (!self->peer && !self->attached && !self->inserting && !self->source)
        free(self);
}

static void end_peer(struct media_stream *self, enum media_end reason, const char *why)
{
    if (!self->peer || self->told_end)
        return;
    self->told_end = true;
    media_peer_end(self->peer, reason, why);
}

/* --- the source --- */

static void on_ask(void *data, uint32_t id, uint64_t offset, uint32_t length)
{
    struct media_stream *self = data;
    if (self->peer && !self->told_end)
        media_peer_ask(self->peer, id, offset, length);
}

static void on_source_closed(void *data)
{
    struct media_stream *self = data;
    self->source = NULL;
    release(self);
}

/* --- what the drive says --- */

void media_stream_ejected(struct media_stream *self)
{
    self->attached = false;
    if (!self->inserting) /* else its end tells why */
        end_peer(self, MEDIA_END_EJECTED, "The medium was taken out of the drive.");
    release(self);
}

void media_stream_copied(struct media_stream *self, uint64_t size)
{
    self->attached = false;
    if (self->peer && !self->told_end)
        media_peer_progress(self->peer, size, size, true);
    end_peer(self, MEDIA_END_COPIED, "The file is in the library; it need not be brought any more.");
    release(self);
}

void media_stream_progress(struct media_stream *self, uint64_t copied, uint64_t size)
{
    if (self->peer && !self->told_end)
        media_peer_progress(self->peer, copied, size, false);
}

static void audit(const struct media_stream *self)
{
    const struct gateway *gateway = self->target->gateway;
    if (gateway->keeper)
        keeper_client_audit(gateway->keeper, self->who, "media-insert", self->target->target.name, self->name);
}

static void on_inserted(void *data, int error, const char *why)
{
    struct media_stream *self = data;
    self->inserting = false;
    if (error == 0)
        audit(self);
    if (error < 0) {
        self->attached = false;
        end_peer(self, MEDIA_END_REFUSED, why && *why ? why : strerror(-error));
    } else if (self->peer && !self->told_end)
        media_peer_ready(self->peer, self->id);
    release(self);
}

/* --- what the websocket says --- */

static bool name_is_plain(const char *name)
{
    size_t n = name ? strlen(name) : 0;
    if (n == 0 || n > 255 || !strcmp(name, ".") || !strcmp(name, "..") || strchr(name, '/'))
        return false;
    for (size_t i = 0, length; i < n; i += length)
        if (!(length = utf8_printable(name + i, n - i)))
            return false;
    return true;
}

static const char *explain_resume(int error)
{
    switch (error) {
    case -EACCES:
        return "Another user has inserted this medium.";
    case -ESTALE:
        return "It is not the same file: size or time of its last change differ.";
    default:
        return "The medium is not in the drive any more.";
    }
}

static void tell_replaced(struct media_stream *before)
{
    if (!before)
        return;
    before->attached = false;
    end_peer(before, MEDIA_END_REPLACED, "The same file is brought by somebody else now.");
    release(before);
}

/* 0: the medium goes on. */
static int resume(struct media_stream *self, const struct medium_spec *spec)
{
    struct media_stream *before = NULL;
    self->attached = true;
    int r = drives_resume_stream(self->target->drives, self->drive, spec, self->source, self, self->id, &before);
    if (r < 0) {
        self->attached = false;
        return r;
    }
    log_info("media", "target %s, drive %u: %s brings %s again", self->target->target.name, self->drive, spec->who,
             spec->image);
    tell_replaced(before);
    media_peer_ready(self->peer, self->id);
    return 0;
}

static void insert(struct media_stream *self, const struct medium_spec *spec)
{
    struct source *source = self->source;
    self->attached = self->inserting = true;
    drives_insert_stream(self->target->drives, self->drive, spec, source, self, self->id, on_inserted, self);
}

static bool is_named(const struct medium_spec *spec)
{
    static const uint8_t none[MEDIUM_ID_SIZE];
    return memcmp(spec->id, none, sizeof none) != 0;
}

static struct gateway_target *find_target(struct gateway *gateway, const char *name)
{
    for (size_t i = 0; i < gateway->target_list.n; i++)
        if (!strcmp(gateway->targets[i]->target.name, name))
            return gateway->targets[i];
    return NULL;
}

static int judge(struct gateway *gateway, const char *name, unsigned drive, const struct auth_session *session,
                 const struct medium_spec *spec, struct gateway_target **ret, char *why, size_t why_size)
{
    struct gateway_target *target = find_target(gateway, name);
    if (!target || !target->drives || drive >= target->target.n_drives) {
        snprintf(why, why_size, "Target '%s' has no drive %u.", name, drive);
        return -ENOENT;
    }
    if (!name_is_plain(spec->image) || spec->size == 0 || spec->size > INT64_MAX) {
        snprintf(why, why_size, spec->size ? "The file's name cannot be used." : "The file is empty.");
        return -EINVAL;
    }
    if (spec->copy && !gateway_may(gateway, session, RIGHT_LIBRARY, name)) {
        snprintf(why, why_size, "Copying to the library needs the right 'library'.");
        return -EACCES;
    }
    *ret = target;
    return 0;
}

static int on_open(void *context, const char *name, unsigned drive, struct auth_session *session,
                   const struct medium_spec *medium, struct media_peer *peer, char *why, size_t why_size,
                   struct media_stream **ret)
{
    static const struct source_stream_ops ops = {.ask = on_ask, .closed = on_source_closed};
    struct gateway_target *target;
    struct medium_spec spec = *medium;
    spec.origin = MEDIUM_STREAM;
    spec.who = session->user;
    int r = judge(context, name, drive, session, &spec, &target, why, why_size);
    if (r < 0)
        return r;
    struct media_stream *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    *self = (struct media_stream){.target = target, .drive = drive, .peer = peer};
    text_copy(self->who, sizeof self->who, session->user);
    text_copy(self->name, sizeof self->name, spec.image);
    r = source_stream_create(spec.size, &ops, self, &self->source);
    if (r < 0) {
        free(self);
        return r;
    }
    *ret = self;
    r = resume(self, &spec);
    if (r == 0)
        return 0;
    if (r != -ENOENT || is_named(&spec)) {
        source_close(self->source);
        end_peer(self, r == -ESTALE ? MEDIA_END_CHANGED : MEDIA_END_REFUSED, explain_resume(r));
        return 0;
    }
    insert(self, &spec);
    return 0;
}

static bool on_answer(struct media_stream *self, uint32_t id, const void *bytes, size_t size, int error)
{
    /* what was asked before the medium went may still come */
    return !self->source || source_stream_answer(self->source, id, bytes, size, error) == 0;
}

static void on_close(struct media_stream *self, bool orderly)
{
    self->peer = NULL;
    (void)orderly; /* a withdrawn file's medium stays, too: its reads wait */
    bool attached = self->attached;
    self->attached = false;
    if (self->source)
        source_stream_lost(self->source);
    if (attached)
        drives_stream_gone(self->target->drives, self->drive, self);
    release(self);
}

const struct media_ops media_stream_ops = {.open = on_open, .answer = on_answer, .close = on_close};

#include "media/read_ahead_rule.h"

#include <stddef.h>

#include "core/attrs.h"

#define READS_TO_BELIEVE 2                     /* one behind the other, before anything is read ahead */
#define SLACK (4 * (uint64_t)READ_AHEAD_PIECE) /* a known reader's requests may overtake each other by this */
#define FORGET_READS 256                       /* of others, since a reader's last: it has gone */
#define NEAR_US 150        /* what comes so soon was in somebody's memory, and tells nothing of the way */
#define FORGET_US 10000000 /* after so long a better figure of old counts no more */

void read_ahead_init(struct read_ahead_rule *self, uint64_t most)
{
    *self = (struct read_ahead_rule){.most = most};
}

static bool known(const struct read_ahead_rule *self, const struct read_ahead_stream *s)
{
    return s->reads >= READS_TO_BELIEVE && self->count - s->used < FORGET_READS;
}

static struct read_ahead_stream *stream_of(struct read_ahead_rule *self, uint64_t offset, uint64_t end)
{
    struct read_ahead_stream *near = NULL;
    uint64_t depth = read_ahead_depth(self);
    for (unsigned i = 0; i < READ_AHEAD_STREAMS; i++) {
        struct read_ahead_stream *s = &self->streams[i];
        if (!s->used)
            continue;
        if (offset == s->next)
            return s;
        if (known(self, s) && offset < s->next + depth + SLACK && end + SLACK > s->next && offset >= s->start)
            near = s;
    }
    return near;
}

static struct read_ahead_stream *oldest(struct read_ahead_rule *self)
{
    struct read_ahead_stream *found = &self->streams[0];
    for (unsigned i = 1; i < READ_AHEAD_STREAMS; i++) {
        /* who only jumps about shall not push out a reader that is known */
        struct read_ahead_stream *s = &self->streams[i];
        bool s_known = known(self, s), found_known = known(self, found);
        if (s_known != found_known ? !s_known : s->used < found->used)
            found = s;
    }
    return found;
}

bool read_ahead_wanted(struct read_ahead_rule *self, uint64_t offset, uint64_t length, uint64_t *ret_from,
                       uint64_t *ret_to)
{
    uint64_t end = offset + length;
    struct read_ahead_stream *s = stream_of(self, offset, end);
    self->count++;
    if (!s) {
        *oldest(self) = (struct read_ahead_stream){.start = offset, .next = end, .used = self->count, .reads = 1};
        return false;
    }
    s->used = self->count;
    if (end > s->next) {
        s->next = end;
        s->reads++;
    }
    if (s->reads < READS_TO_BELIEVE)
        return false;
    *ret_from = s->next;
    *ret_to = s->next + read_ahead_depth(self);
    return true;
}

bool read_ahead_useful(const struct read_ahead_rule *self, uint64_t offset, uint64_t length)
{
    uint64_t depth = read_ahead_depth(self);
    for (unsigned i = 0; i < READ_AHEAD_STREAMS; i++) {
        const struct read_ahead_stream *s = &self->streams[i];
        if (known(self, s) && offset + length > s->next && offset < s->next + depth + READ_AHEAD_PIECE)
            return true;
    }
    return false;
}

void read_ahead_asked(struct read_ahead_rule *self, uint64_t now_us, struct read_ahead_mark *ret)
{
    *ret = (struct read_ahead_mark){now_us, self->delivered, self->n_asked == 0};
    self->n_asked++;
}

/* Rate: the best of late of what came while a read was under way. Delay: the least, and never one that our own reads
 * have made longer. Together they are what the way holds; averages would shrink or grow with the depth, and the depth
 * with them. */
void read_ahead_ended(struct read_ahead_rule *self, const struct read_ahead_mark *mark, uint64_t bytes, uint64_t now_us)
{
    uint64_t took_us = now_us - mark->at_us;
    self->n_asked--;
    self->delivered += bytes;
    if (!bytes || took_us < NEAR_US)
        return;
    uint64_t rate = (self->delivered - mark->delivered) * 1000000 / took_us;
    if (rate >= self->rate || now_us - self->rate_at_us > FORGET_US) {
        self->rate = rate;
        self->rate_at_us = now_us;
    }
    bool old = now_us - self->delay_at_us > FORGET_US;
    if (!self->delay_us || took_us <= self->delay_us || (old && mark->alone)) {
        self->delay_us = took_us;
        self->delay_at_us = now_us;
    }
}

bool read_ahead_drain(const struct read_ahead_rule *self, uint64_t now_us)
{
    return self->n_asked && self->delay_us && now_us - self->delay_at_us > FORGET_US;
}

static unsigned readers(const struct read_ahead_rule *self)
{
    unsigned n = 0;
    for (unsigned i = 0; i < READ_AHEAD_STREAMS; i++)
        n += known(self, &self->streams[i]);
    return MAX(n, 1u);
}

uint64_t read_ahead_depth(const struct read_ahead_rule *self)
{
    uint64_t rate = MIN(self->rate, 16ull << 30), delay_us = MIN(self->delay_us, 10000000u);
    uint64_t depth = 2 * rate * delay_us / 1000000;
    return MIN(MAX(depth, READ_AHEAD_LEAST), self->most / readers(self));
}

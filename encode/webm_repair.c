/* Takes up a WebM file that was cut: finds its last whole frame, and what its cues must name. */
#include <errno.h>
#include <string.h>

#include "encode/webm_inner.h"
#include "video/csc.h"

/* One head in the file, with what follows it. */
struct glance {
    uint8_t bytes[32];
    size_t size;
};

static int look(const struct webm *self, uint64_t at, struct glance *ret)
{
    return self->file.read(self->file.data, at, ret->bytes, sizeof ret->bytes, &ret->size);
}

/* The head is the one that this program writes, but for the values that come later or differ from file to file. */
static bool is_our_head(struct webm *self, const uint8_t *head, size_t size)
{
    static const uint8_t colours[] = {COLOUR_BT601_LIMITED, COLOUR_BT601_FULL, COLOUR_BT709_LIMITED, COLOUR_BT709_FULL};
    uint8_t ours[WEBM_HEAD_MAX];
    for (size_t i = 0; i < sizeof colours; i++) {
        const struct webm_track track = {.width = 1, .height = 1, .colour = colours[i]};
        const size_t expected = webm_build_head(self, &track, 0, ours);
        if (size < expected)
            return false;
        const struct {
            uint64_t at, size;
        } values[] = {
            {self->segment_size, 8},
            {self->seek_cues, WEBM_SEEK_SIZE},
            {self->duration, WEBM_DURATION_SIZE + 11}, /* and the date */
            {self->pixels, 8},
            {self->display, 10},
        };
        for (size_t k = 0; k < sizeof values / sizeof values[0]; k++)
            memcpy(ours + values[k].at, head + values[k].at, values[k].size);
        if (!memcmp(ours, head, expected))
            return true;
    }
    return false;
}

/* The Cluster that begins here, in the form that webm_write gives it. */
static bool read_cluster(const struct glance *glance, uint64_t *ret_size, uint32_t *ret_ms)
{
    struct wire_reader r = wire_reader_init(glance->bytes, glance->size);
    uint32_t id;
    uint64_t size, length;
    if (!ebml_read_head(&r, &id, &size) || id != WEBM_CLUSTER)
        return false;
    const size_t left = r.left;
    if (!ebml_read_head(&r, &id, &length) || id != WEBM_TIMESTAMP || length != 4 || glance->size - left != 12)
        return false;
    *ret_size = size;
    *ret_ms = wire_read_be32(&r);
    return !r.bad;
}

struct block {
    uint64_t size; /* with its head */
    uint32_t ms;
    bool key;
};

static bool read_block(const struct glance *glance, uint32_t cluster_ms, struct block *ret)
{
    struct wire_reader r = wire_reader_init(glance->bytes, glance->size);
    uint32_t id;
    uint64_t size;
    if (!ebml_read_head(&r, &id, &size) || id != WEBM_BLOCK || size < 5 || size > WEBM_BLOCK_MAX + 4ull)
        return false;
    const uint64_t head = glance->size - r.left;
    const uint8_t track = wire_read_u8(&r);
    const uint16_t relative = wire_read_be16(&r);
    const uint8_t flags = wire_read_u8(&r);
    if (r.bad || track != 0x81 || relative > WEBM_RELATIVE_MAX || flags & 0x7F || cluster_ms > WEBM_MAX_MS - relative)
        return false;
    *ret = (struct block){.size = head + size, .ms = cluster_ms + relative, .key = flags & 0x80};
    return true;
}

/* The whole blocks of a cluster; self->at moves behind them. 1: what follows is no whole block. */
static int take_blocks(struct webm *self, uint64_t cluster, uint64_t size)
{
    for (bool first = true;; first = false) {
        struct glance glance;
        struct block block;
        int r = look(self, self->at, &glance);
        if (r < 0)
            return r;
        if (!read_block(&glance, self->cluster_ms, &block) || block.size > size - self->at ||
            (self->any && block.ms <= self->last_ms) || (!self->any && !block.key))
            return 1;
        r = first && block.key ? webm_add_cue(self, block.ms, cluster) : 0;
        if (r < 0)
            return r;
        self->at += block.size;
        self->last_ms = block.ms;
        self->any = true;
        self->frames++;
    }
}

/* Clusters that were closed have their size, unless a power cut lost it. */
static int check_size(struct webm *self, uint64_t cluster, uint64_t said)
{
    const uint64_t size = self->at - cluster - 12;
    return said == size ? 0 : webm_patch_size(self, cluster + 4, size);
}

static int take_clusters(struct webm *self, uint64_t size)
{
    for (;;) {
        struct glance glance;
        uint64_t said;
        const uint64_t cluster = self->at;
        int r = look(self, cluster, &glance);
        if (r < 0)
            return r;
        if (!read_cluster(&glance, &said, &self->cluster_ms))
            return 0;
        self->at = cluster + WEBM_CLUSTER_HEAD;
        r = take_blocks(self, cluster, size);
        if (r < 0)
            return r;
        if (self->at == cluster + WEBM_CLUSTER_HEAD) {
            self->at = cluster; /* there is nothing in it */
            return 0;
        }
        r = check_size(self, cluster, said);
        if (r < 0)
            return r;
    }
}

int webm_repair(const struct webm_file *file, uint64_t size, struct webm **ret)
{
    struct webm *self attr_cleanup(webm_destroyp) = calloc(1, sizeof *self);
    uint8_t head[WEBM_HEAD_MAX];
    size_t got;
    if (!self)
        return -ENOMEM;
    self->file = *file;
    int r = file->read(file->data, 0, head, sizeof head, &got);
    if (r < 0)
        return r;
    if (!is_our_head(self, head, got))
        return got < self->at || !got ? -ENODATA : -EBADMSG;
    r = take_clusters(self, size);
    if (r < 0)
        return r;
    if (!self->any)
        return -ENODATA;
    r = file->cut(file->data, self->at);
    if (r < 0)
        return r;
    *ret = take(self);
    return 0;
}

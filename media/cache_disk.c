#include "media/cache_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "media/cache_index.h"
#include "media/file_bytes.h"
#include "media/seal_file.h"

#define MAX_WRITES 32u /* on their way; what comes on top is not kept */
#define MAX_SLOTS (1u << 26)

enum slot_state { SLOT_EMPTY, SLOT_WRITING, SLOT_FULL };

struct slot {
    LIST_ENTRY(slot) chain;
    TAILQ_ENTRY(slot) age; /* unless it is being written */
    enum slot_state state;
    struct cache_index_entry entry;
};

struct cache_disk {
    struct worker_pool *io;
    int blocks_fd, index_fd;
    struct seal *seal, *index_seal; /* of the blocks, of their entries */
    struct slot *slots;
    unsigned n_slots, n_full, n_writes, n_chains;
    uint64_t seed, sequence;
    LIST_HEAD(disk_chain, slot) * chains;
    TAILQ_HEAD(, slot) ages; /* the next to be written over first */
    unsigned refs;           /* the owner's and one for each job on the pool */
    bool off;
};

/* One transfer on the pool. It has its own copy of all that it needs. */
struct job {
    struct cache_disk *disk;
    struct cache_index_entry entry;
    uint64_t slot;
    void *room;
    const void *bytes;
    bool writes;
    int error;
    source_done_fn *done;
    void *data;
};

static void unref(struct cache_disk *self)
{
    if (--self->refs)
        return;
    if (self->blocks_fd >= 0)
        close(self->blocks_fd);
    if (self->index_fd >= 0)
        close(self->index_fd);
    seal_destroy(self->seal);
    seal_destroy(self->index_seal);
    free(self->slots);
    free(self->chains);
    free(self);
}

static struct disk_chain *chain_of(const struct cache_disk *self, const struct cache_key *key, uint64_t number)
{
    uint64_t hash;
    memcpy(&hash, key->bytes, sizeof hash);
    hash = (hash ^ self->seed ^ number) * 0x9e3779b97f4a7c15u;
    hash = (hash ^ hash >> 32 ^ self->seed) * 0xd6e8feb86659fd93u;
    return &self->chains[(hash >> 32) & (self->n_chains - 1)];
}

static struct slot *find(const struct cache_disk *self, const struct cache_key *key, uint64_t number)
{
    struct slot *slot;
    LIST_FOREACH(slot, chain_of(self, key, number), chain)
    if (slot->entry.number == number && memcmp(&slot->entry.key, key, sizeof *key) == 0)
        return slot;
    return NULL;
}

static void empty_slot(struct cache_disk *self, struct slot *slot)
{
    if (slot->state == SLOT_EMPTY)
        return;
    if (slot->state == SLOT_FULL)
        self->n_full--;
    LIST_REMOVE(slot, chain);
    slot->state = SLOT_EMPTY;
}

/* Rather a cache less than a line in the log for each block. */
static void turn_off(struct cache_disk *self, int error)
{
    if (self->off)
        return;
    self->off = true;
    log_error("cache",
              "The folder of the block cache cannot be %s (%s): blocks are kept in memory only until the next start.",
              error == -ENOSPC || error == -EDQUOT || error == -EFBIG ? "filled any further" : "used",
              strerrordesc_np(-error));
}

static int read_block(struct job *job)
{
    struct cache_disk *self = job->disk;
    uint8_t check[CACHE_CHECK_SIZE];
    int r = seal_file_read(self->seal, self->blocks_fd, job->room, job->entry.length, job->slot * CACHE_BLOCK);
    if (r == -ENODATA)
        return -ENOENT; /* the file is shorter than the index says */
    if (r == 0)
        r = cache_index_check(seal_secret(self->seal), &job->entry.key, job->entry.number, job->room, job->entry.length,
                              check);
    if (r == 0 && memcmp(check, job->entry.check, sizeof check) != 0)
        return -ENOENT;
    return r;
}

/* The block before its entry: an entry whose block is not whole has a check that does not fit. */
static int write_block(struct job *job)
{
    struct cache_disk *self = job->disk;
    uint8_t entry[CACHE_INDEX_ENTRY];
    int r = cache_index_check(seal_secret(self->seal), &job->entry.key, job->entry.number, job->bytes,
                              job->entry.length, job->entry.check);
    if (r == 0)
        r = seal_file_write(self->seal, self->blocks_fd, job->bytes, job->entry.length, job->slot * CACHE_BLOCK);
    cache_index_write_entry(entry, &job->entry);
    if (r == 0)
        r = seal_close_sectors(self->index_seal, CACHE_INDEX_ENTRY, job->slot, entry, entry, sizeof entry);
    if (r == 0)
        r = file_write_all(self->index_fd, entry, sizeof entry, CACHE_INDEX_HEAD + job->slot * CACHE_INDEX_ENTRY);
    return r;
}

static void job_work(void *data)
{
    struct job *job = data;
    job->error = job->writes ? write_block(job) : read_block(job);
}

static void written(struct cache_disk *self, const struct job *job)
{
    struct slot *slot = &self->slots[job->slot];
    self->n_writes--;
    slot->state = SLOT_FULL;
    self->n_full++;
    slot->entry = job->entry;
    if (job->error)
        empty_slot(self, slot);
    TAILQ_INSERT_TAIL(&self->ages, slot, age);
}

static void job_done(void *data)
{
    struct job *job = data;
    struct cache_disk *self = job->disk;
    struct slot *slot = &self->slots[job->slot];
    if (job->writes) {
        written(self, job);
    } else if (job->error && slot->state == SLOT_FULL && slot->entry.sequence == job->entry.sequence) {
        empty_slot(self, slot);
        TAILQ_REMOVE(&self->ages, slot, age);
        TAILQ_INSERT_HEAD(&self->ages, slot, age);
    }
    if (job->error && job->error != -ENOENT && job->error != -ENOMEM && job->error != -ECANCELED)
        turn_off(self, job->error);
    job->done(job->data, job->error);
    free(job);
    unref(self);
}

static int submit(struct cache_disk *self, struct job request)
{
    struct job *job = malloc(sizeof *job);
    if (!job)
        return -ENOMEM;
    *job = request;
    job->disk = self;
    job->error = -ECANCELED; /* stays, should the pool end before the job begins */
    int r = worker_pool_submit(self->io, job_work, job_done, job);
    if (r < 0)
        free(job);
    else
        self->refs++;
    return r;
}

bool cache_disk_has(const struct cache_disk *self, const struct cache_key *key, uint64_t number)
{
    const struct slot *slot = self->off ? NULL : find(self, key, number);
    return slot && slot->state == SLOT_FULL;
}

int cache_disk_read(struct cache_disk *self, const struct cache_key *key, uint64_t number, void *room, uint32_t length,
                    source_done_fn *done, void *data)
{
    struct slot *slot = self->off ? NULL : find(self, key, number);
    if (!slot || slot->state != SLOT_FULL || slot->entry.length != length)
        return -ENOENT;
    TAILQ_REMOVE(&self->ages, slot, age);
    TAILQ_INSERT_TAIL(&self->ages, slot, age);
    return submit(
        self,
        (struct job){
            .entry = slot->entry, .slot = (uint64_t)(slot - self->slots), .room = room, .done = done, .data = data});
}

int cache_disk_write(struct cache_disk *self, const struct cache_key *key, uint64_t number, const void *bytes,
                     uint32_t length, source_done_fn *done, void *data)
{
    struct slot *slot = TAILQ_FIRST(&self->ages);
    if (self->off)
        return -ENODEV;
    if (find(self, key, number))
        return -EALREADY;
    if (self->n_writes >= MAX_WRITES || !slot)
        return -EBUSY;
    struct cache_index_entry entry = {.sequence = ++self->sequence, .key = *key, .number = number, .length = length};
    int r = submit(self, (struct job){.entry = entry,
                                      .slot = (uint64_t)(slot - self->slots),
                                      .bytes = bytes,
                                      .writes = true,
                                      .done = done,
                                      .data = data});
    if (r < 0)
        return r;
    empty_slot(self, slot);
    TAILQ_REMOVE(&self->ages, slot, age);
    slot->state = SLOT_WRITING;
    slot->entry = entry;
    LIST_INSERT_HEAD(chain_of(self, key, number), slot, chain);
    self->n_writes++;
    return 0;
}

uint64_t cache_disk_used(const struct cache_disk *self)
{
    return self->n_full * (uint64_t)CACHE_BLOCK;
}

bool cache_disk_is_off(const struct cache_disk *self)
{
    return self->off;
}

/* A file of this name that is ours: whatever else stands there is not touched. */
static int open_file(int folder_fd, const char *name)
{
    int fd = openat(folder_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    struct stat st;
    if (fd < 0)
        return -errno;
    int r = fstat(fd, &st) < 0 ? -errno : S_ISREG(st.st_mode) ? 0 : -EINVAL;
    if (r < 0) {
        close(fd);
        return r;
    }
    return fd;
}

static int make_seals(struct cache_disk *self, const struct seal_key *key, const uint8_t id[SEAL_ID_SIZE])
{
    self->seal = seal_destroy(self->seal);
    self->index_seal = seal_destroy(self->index_seal);
    int r = seal_create(key, "cache", id, &self->seal);
    return r ? r : seal_create(key, "cache index", id, &self->index_seal);
}

static int start_anew(struct cache_disk *self, const struct seal_key *key)
{
    uint8_t head[CACHE_INDEX_HEAD], id[SEAL_ID_SIZE];
    if (getrandom(id, sizeof id, 0) != (ssize_t)sizeof id)
        return -errno;
    int r = make_seals(self, key, id);
    if (r < 0)
        return r;
    if (ftruncate(self->index_fd, 0) < 0 || ftruncate(self->blocks_fd, 0) < 0)
        return -errno;
    cache_index_write_head(head, id, seal_check(self->seal));
    return file_write_all(self->index_fd, head, sizeof head, 0);
}

/* 1: there is none, or it was sealed with another key. */
static int open_seals(struct cache_disk *self, const struct seal_key *key)
{
    uint8_t head[CACHE_INDEX_HEAD], id[SEAL_ID_SIZE], check[SEAL_CHECK_SIZE];
    int r = file_read_all(self->index_fd, head, sizeof head, 0);
    if (r != 0)
        return r == -ENODATA ? 1 : r;
    if (!cache_index_read_head(head, sizeof head, id, check))
        return 1;
    r = make_seals(self, key, id);
    return r ? r : memcmp(check, seal_check(self->seal), sizeof check) != 0;
}

static void take_entry(struct cache_disk *self, struct slot *slot, const struct cache_index_entry *entry)
{
    struct slot *other = find(self, &entry->key, entry->number);
    if (other && other->entry.sequence >= entry->sequence)
        return;
    if (other)
        empty_slot(self, other);
    slot->entry = *entry;
    slot->state = SLOT_FULL;
    self->n_full++;
    self->sequence = MAX(self->sequence, entry->sequence);
    LIST_INSERT_HEAD(chain_of(self, &entry->key, entry->number), slot, chain);
}

static int by_age(const void *a, const void *b)
{
    const struct slot *x = *(struct slot *const *)a, *y = *(struct slot *const *)b;
    uint64_t of_x = x->state == SLOT_FULL ? x->entry.sequence : 0;
    uint64_t of_y = y->state == SLOT_FULL ? y->entry.sequence : 0;
    return of_x != of_y ? (of_x < of_y ? -1 : 1) : (x < y ? -1 : 1);
}

static int put_in_order(struct cache_disk *self)
{
    struct slot **order = calloc(self->n_slots, sizeof(struct slot *));
    if (!order)
        return -ENOMEM;
    for (unsigned i = 0; i < self->n_slots; i++)
        order[i] = &self->slots[i];
    qsort(order, self->n_slots, sizeof(struct slot *), by_age);
    for (unsigned i = 0; i < self->n_slots; i++)
        TAILQ_INSERT_TAIL(&self->ages, order[i], age);
    free(order);
    return 0;
}

/* sealed: of one slot. A slot that nothing was ever put into is a hole. */
static int load_entry(struct cache_disk *self, uint64_t slot, const uint8_t *sealed)
{
    static const uint8_t hole[CACHE_INDEX_ENTRY];
    uint8_t bytes[CACHE_INDEX_ENTRY];
    struct cache_index_entry entry;
    if (memcmp(sealed, hole, sizeof hole) == 0)
        return 0;
    int r = seal_open_sectors(self->index_seal, CACHE_INDEX_ENTRY, slot, sealed, bytes, sizeof bytes);
    if (r == 0 && cache_index_read_entry(bytes, sizeof bytes, &entry))
        take_entry(self, &self->slots[slot], &entry);
    return r;
}

/* The files grow only as blocks come, and shrink here when the bound did. */
static int load(struct cache_disk *self, const struct seal_key *key)
{
    size_t size = (size_t)self->n_slots * CACHE_INDEX_ENTRY;
    int r = open_seals(self, key);
    if (r != 0)
        return r < 0 ? r : start_anew(self, key);
    if (file_cut(self->index_fd, CACHE_INDEX_HEAD + size) < 0 ||
        file_cut(self->blocks_fd, self->n_slots * (uint64_t)CACHE_BLOCK) < 0)
        return -errno;
    uint8_t *bytes = malloc(size);
    if (!bytes)
        return -ENOMEM;
    ssize_t n = file_read_most(self->index_fd, bytes, size, CACHE_INDEX_HEAD);
    r = n < 0 ? (int)n : 0;
    for (size_t at = 0; r == 0 && (size_t)n - at >= CACHE_INDEX_ENTRY; at += CACHE_INDEX_ENTRY)
        r = load_entry(self, at / CACHE_INDEX_ENTRY, bytes + at);
    free(bytes);
    return r;
}

static int open_all(struct cache_disk *self, int folder_fd, const struct seal_key *key)
{
    self->index_fd = open_file(folder_fd, "index");
    if (self->index_fd < 0)
        return self->index_fd;
    if (flock(self->index_fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? -EBUSY : -errno;
    self->blocks_fd = open_file(folder_fd, "blocks");
    if (self->blocks_fd < 0)
        return self->blocks_fd;
    if (getrandom(&self->seed, sizeof self->seed, 0) != (ssize_t)sizeof self->seed)
        return -errno;
    self->slots = calloc(self->n_slots, sizeof *self->slots);
    self->chains = calloc(self->n_chains, sizeof *self->chains);
    if (!self->slots || !self->chains)
        return -ENOMEM;
    int r = load(self, key);
    return r < 0 ? r : put_in_order(self);
}

int cache_disk_create(struct worker_pool *io, int folder_fd, uint64_t bytes, const struct seal_key *key,
                      struct cache_disk **ret)
{
    struct cache_disk *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->io = io;
    self->refs = 1;
    self->index_fd = self->blocks_fd = -1;
    self->n_slots = (unsigned)MIN(bytes / CACHE_BLOCK, (uint64_t)MAX_SLOTS);
    self->n_chains = 64;
    while (self->n_chains < self->n_slots)
        self->n_chains *= 2;
    TAILQ_INIT(&self->ages);
    int r = self->n_slots ? open_all(self, folder_fd, key) : -EINVAL;
    if (r < 0) {
        unref(self);
        return r;
    }
    *ret = self;
    return 0;
}

struct cache_disk *cache_disk_destroy(struct cache_disk *self)
{
    if (self)
        unref(self);
    return NULL;
}

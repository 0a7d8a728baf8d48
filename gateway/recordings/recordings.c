#include "gateway/recordings/recordings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/recording_end.h"
#include "auth/keeper_client.h"
#include "auth/random.h"
#include "core/clock.h"
#include "core/log.h"
#include "gateway/recordings/recording_files.h"
#include "gateway/recordings/recording_note.h"
#include "gateway/recordings/recordings_inner.h"

#define THREADS 2

uint64_t recordings_bytes(const struct recordings *self)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < self->n; i++)
        sum += self->list[i]->bytes;
    return sum;
}

static int open_folder(const struct recordings *self, const char *id)
{
    int fd = openat(self->config.folder_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int recordings_save(struct recordings *self, const struct api_recording *entry, bool durable)
{
    char text[RECORDING_NOTE_MAX];
    _cleanup_close_ int fd = open_folder(self, entry->id);
    int size = fd < 0 ? fd : recording_note_write(entry, text);
    if (size < 0)
        return size;
    int r = recording_file_replace(fd, RECORDING_NOTE_FILE, text, (size_t)size);
    return r ? r : durable && fsync(fd) < 0 ? -errno : 0;
}

void recordings_forget(struct recordings *self, struct api_recording *entry)
{
    size_t n = 0;
    for (size_t i = 0; i < self->n; i++)
        if (self->list[i] != entry)
            self->list[n++] = self->list[i];
    self->n = n;
    free(entry);
}

bool recordings_drop_oldest(struct recordings *self)
{
    for (size_t i = 0; i < self->n; i++) {
        struct api_recording *entry = self->list[i];
        if (entry->running || entry->pinned)
            continue;
        int r = recording_remove(self->config.folder_fd, entry->id);
        log_info("recordings", "%s of %s makes room%s%s", entry->id, entry->target, r < 0 ? ": " : "",
                 r < 0 ? strerror(-r) : "");
        if (self->config.keeper)
            keeper_client_audit(self->config.keeper, "gateway", "recording-delete", entry->target, entry->id);
        recordings_forget(self, entry);
        return true;
    }
    return false;
}

/* ---- what is there at the start ---- */

static void read_note(int fd, char room[static RECORDING_NOTE_MAX])
{
    _cleanup_close_ int note = recording_file_open(fd, RECORDING_NOTE_FILE);
    ssize_t n = note < 0 ? 0 : read(note, room, RECORDING_NOTE_MAX - 1);
    room[n < 0 ? 0 : n] = '\0';
}

/* A gateway died while it ran. */
static void finish_cut(struct recordings *self, int fd, struct api_recording *entry)
{
    uint64_t ms = recording_alive_load(fd);
    int r = entry->every_s ? 0 : recording_repair(fd, MIN(ms, RECORDING_LONGEST_US / 1000), &ms, &entry->frames);
    struct api_recording_picture *pictures = NULL;
    size_t n = 0;
    if (entry->every_s && recording_pictures_load(fd, &pictures, &n) == 0)
        entry->frames = (uint32_t)n;
    free(pictures);
    entry->running = false;
    entry->duration_ms = MIN(ms, (uint64_t)UINT32_MAX);
    entry->bytes = recording_folder_bytes(fd);
    recording_end_say(entry, r < 0 ? API_END_CUT_EMPTY : API_END_CUT, NULL);
    log_warn("recordings", "%s of %s was cut: %s", entry->id, entry->target,
             r < 0 ? strerror(-r) : "it is whole again");
    (void)recordings_save(self, entry, true);
}

/* The newest last. */
static void insert(struct recordings *self, struct api_recording *entry)
{
    size_t i = self->n++;
    for (; i > 0 && self->list[i - 1]->began_ms > entry->began_ms; i--)
        self->list[i] = self->list[i - 1];
    self->list[i] = entry;
}

static void load_one(struct recordings *self, const char *id)
{
    char text[RECORDING_NOTE_MAX];
    struct api_recording read;
    _cleanup_close_ int fd = open_folder(self, id);
    if (fd < 0)
        return;
    read_note(fd, text);
    if (!recording_note_read(text, &read)) {
        log_warn("recordings", "%s is no recording: its note cannot be read", id);
        return;
    }
    struct api_recording *entry = malloc(sizeof *entry);
    if (!entry)
        return;
    *entry = read;
    memcpy(entry->id, id, sizeof entry->id);
    if (entry->running)
        finish_cut(self, fd, entry);
    insert(self, entry);
}

static void load(struct recordings *self)
{
    int again = openat(self->config.folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = again < 0 ? NULL : fdopendir(again);
    if (!dir) {
        recording_fd_close(again);
        return;
    }
    for (struct dirent *entry; self->n < RECORDINGS_MOST && (entry = readdir(dir));)
        if (recording_id_valid(entry->d_name))
            load_one(self, entry->d_name);
    closedir(dir);
}

int recordings_create(const struct recordings_config *config, struct recordings **ret)
{
    struct recordings *self = calloc(1, sizeof *self);
    if (!self) {
        recording_fd_close(config->folder_fd);
        return -ENOMEM;
    }
    self->config = *config;
    int r = worker_pool_create(config->loop, "record", THREADS, &self->workers);
    if (r < 0) {
        recordings_destroy(self);
        return r;
    }
    if (config->folder_fd >= 0)
        load(self);
    *ret = self;
    return 0;
}

struct recordings *recordings_destroy(struct recordings *self)
{
    if (!self)
        return NULL;
    for (unsigned i = 0; i < RECORDINGS_AT_ONCE; i++)
        if (self->runs[i] && !self->runs[i]->ending)
            self->runs[i]->end = API_END_STOPPED;
    struct worker_pool *workers = take(self->workers);
    worker_pool_destroy(workers);
    for (unsigned i = 0; i < RECORDINGS_AT_ONCE; i++)
        if (self->runs[i])
            run_finish_now(take(self->runs[i]));
    while (self->n)
        free(self->list[--self->n]);
    recording_fd_close(self->config.folder_fd);
    free(self);
    return NULL;
}

/* ---- what runs ---- */

static struct recording_run *run_of(const struct recordings *self, const struct target *target)
{
    for (unsigned i = 0; i < RECORDINGS_AT_ONCE; i++)
        if (self->runs[i] && self->runs[i]->target == target)
            return self->runs[i];
    return NULL;
}

const struct api_recording *recordings_of(const struct recordings *self, const struct target *target)
{
    const struct recording_run *run = self ? run_of(self, target) : NULL;
    return run ? run->entry : NULL;
}

uint32_t recordings_elapsed_s(const struct recordings *self, const struct target *target)
{
    const struct recording_run *run = self ? run_of(self, target) : NULL;
    return run ? (uint32_t)((clock_now_us() - run->began_us) / 1000000) : 0;
}

void recordings_picture(struct recordings *self, struct target *target)
{
    struct recording_run *run = self ? run_of(self, target) : NULL;
    if (run)
        run_tick(run);
}

void recordings_end(struct recordings *self, const struct target *target, enum api_recording_end end)
{
    struct recording_run *run = self ? run_of(self, target) : NULL;
    if (run)
        run_end(run, end, NULL);
}

void recordings_target_gone(struct recordings *self, struct target *target)
{
    struct recording_run *run = self ? run_of(self, target) : NULL;
    if (!run)
        return;
    run_end(run, API_END_REMOVED, NULL);
    run->target = NULL;
}

void recordings_run_over(struct recordings *self, struct recording_run *run)
{
    for (unsigned i = 0; i < RECORDINGS_AT_ONCE; i++)
        if (self->runs[i] == run)
            self->runs[i] = NULL;
    run_finish_now(run);
}

static int make_entry(struct recordings *self, const struct target *target, const char *who, unsigned every_s,
                      const char *note, struct api_recording **ret)
{
    uint8_t random[API_RECORDING_ID / 2];
    struct api_recording *entry = calloc(1, sizeof *entry);
    int r = entry ? random_bytes(random, sizeof random) : -ENOMEM;
    if (r < 0) {
        free(entry);
        return r;
    }
    hex_write(entry->id, random, sizeof random);
    snprintf(entry->target, sizeof entry->target, "%s", target->name);
    snprintf(entry->who, sizeof entry->who, "%s", who);
    snprintf(entry->note, sizeof entry->note, "%s", note);
    entry->every_s = (uint16_t)every_s;
    entry->running = true;
    entry->began_ms = clock_wall_us() / 1000;
    if (mkdirat(self->config.folder_fd, entry->id, 0700) < 0)
        r = -errno;
    r = r ? r : recordings_save(self, entry, true);
    if (r < 0) {
        recording_remove(self->config.folder_fd, entry->id);
        free(entry);
        return r;
    }
    *ret = entry;
    return 0;
}

static struct recording_run **free_place(struct recordings *self)
{
    for (unsigned i = 0; i < RECORDINGS_AT_ONCE; i++)
        if (!self->runs[i])
            return &self->runs[i];
    return NULL;
}

static int may_start(struct recordings *self, struct target *target, const char **ret_why)
{
    if (!self->config.keep || self->config.folder_fd < 0) {
        *ret_why = "Recording is switched off: recordings-keep is 0, or STATE/recordings cannot be used.";
        return -ENOTSUP;
    }
    if (!self->config.feed(self->config.data, target)) {
        *ret_why = "This target has no screen that could be recorded.";
        return -ENODEV;
    }
    if (run_of(self, target)) {
        *ret_why = "This target is being recorded already.";
        return -EBUSY;
    }
    if (!free_place(self)) {
        *ret_why = "Four targets are being recorded, more at once are not possible; stop one of them first.";
        return -EBUSY;
    }
    while (self->n >= RECORDINGS_MOST || recordings_bytes(self) >= self->config.keep)
        if (!recordings_drop_oldest(self)) {
            *ret_why = "There is no room for another recording, and all that are kept are pinned; delete some.";
            return -ENOSPC;
        }
    return 0;
}

static int on_start(void *context, struct target *target, const char *who, unsigned every_s, const char *note,
                    const struct api_recording **ret, const char **ret_why)
{
    struct recordings *self = context;
    struct api_recording *entry = NULL;
    int r = may_start(self, target, ret_why);
    if (r < 0)
        return r;
    struct recording_run **place = free_place(self);
    r = make_entry(self, target, who, every_s, note, &entry);
    r = r ? r : run_begin(self, target, entry, place);
    if (r < 0) {
        *ret_why = r == -ENOSPC ? "The disk is full; make room on it." : "The recording cannot be written to disk.";
        if (entry) {
            recording_remove(self->config.folder_fd, entry->id);
            free(entry);
        }
        return r;
    }
    self->list[self->n++] = entry;
    self->config.changed(self->config.data, target, entry);
    *ret = entry;
    return 0;
}

static void on_stop(void *context, struct target *target, api_recording_done_fn *done, void *data)
{
    struct recordings *self = context;
    struct recording_run *run = run_of(self, target);
    if (!run || run->stopped) {
        done(data, -ENOENT, "This target is not being recorded.");
        return;
    }
    run->stopped = done;
    run->stopped_data = data;
    run_end(run, API_END_UNSAID, NULL);
}

/* ---- what is kept ---- */

static struct api_recording *find(const struct recordings *self, const char *id)
{
    for (size_t i = 0; i < self->n; i++)
        if (!strcmp(self->list[i]->id, id))
            return self->list[i];
    return NULL;
}

static const struct api_recording *on_next(void *context, const struct api_recording *after)
{
    const struct recordings *self = context;
    size_t i = self->n;
    while (after && i > 0 && self->list[i - 1] != after)
        i--;
    i -= after && i > 0;
    return i > 0 ? self->list[i - 1] : NULL;
}

static const struct api_recording *on_find(void *context, const char *id)
{
    return find(context, id);
}

static const struct api_recording *on_of_target(void *context, const struct target *target)
{
    return recordings_of(context, target);
}

static void on_change(void *context, const char *id, const char *note, const bool *pinned, api_recording_done_fn *done,
                      void *data)
{
    struct recordings *self = context;
    struct api_recording *entry = find(self, id);
    if (!entry) {
        done(data, -ENOENT, "There is no such recording.");
        return;
    }
    if (note)
        snprintf(entry->note, sizeof entry->note, "%s", note);
    if (pinned)
        entry->pinned = *pinned;
    int r = recordings_save(self, entry, true);
    done(data, r, r < 0 ? "The change cannot be kept: the disk is full or cannot be written." : NULL);
}

static void on_remove(void *context, const char *id, api_recording_done_fn *done, void *data)
{
    struct recordings *self = context;
    struct api_recording *entry = find(self, id);
    if (!entry || entry->running) {
        done(data, entry ? -EBUSY : -ENOENT, entry ? "It still runs; stop it first." : "There is no such recording.");
        return;
    }
    int r = recording_remove(self->config.folder_fd, id);
    if (r == 0)
        recordings_forget(self, entry);
    done(data, r, r < 0 ? "Its files cannot be deleted." : NULL);
}

#define LOOK_AGAIN_US (600 * 1000000ull) /* a player asks for many pieces */

static bool on_new_look(void *context, const struct auth_session *session, const char *id, bool download)
{
    struct recordings *self = context;
    const uint64_t now = clock_now_us();
    for (unsigned i = 0; i < LOOKS; i++)
        if (self->looks[i].at_us && self->looks[i].session == session->id && self->looks[i].download == download &&
            !strcmp(self->looks[i].id, id) && now - self->looks[i].at_us < LOOK_AGAIN_US)
            return false;
    const unsigned i = self->next_look++ % LOOKS;
    self->looks[i].session = session->id;
    self->looks[i].at_us = now;
    self->looks[i].download = download;
    memcpy(self->looks[i].id, id, sizeof self->looks[i].id);
    return true;
}

const struct api_recordings_ops recordings_ops = {
    .next = on_next,
    .find = on_find,
    .of_target = on_of_target,
    .start = on_start,
    .stop = on_stop,
    .change = on_change,
    .remove = on_remove,
    .marks = recording_reader_marks,
    .open = recording_reader_open,
    .read = recording_reader_read,
    .close = recording_reader_close,
    .new_look = on_new_look,
};

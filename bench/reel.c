#include "bench/reel.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/encode/scene.h"

#define CELL 16

int reel_scratch_file(void)
{
    char path[512];
    const char *folder = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/lightsout-bench-XXXXXX", folder ? folder : "/tmp");
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

static struct reel *reel_create(const struct recording *recording, unsigned room)
{
    struct reel *self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    self->recording = *recording;
    self->width = recording->width;
    self->height = recording->height;
    self->size = (size_t)self->width * (size_t)self->height * 4;
    self->mapped = self->size * (room + 1); /* one more for what is being read */
    self->at = calloc(room + 1, sizeof self->at[0]);
    self->pixels = MAP_FAILED;
    int fd = reel_scratch_file();
    if (fd >= 0 && ftruncate(fd, (off_t)self->mapped) == 0)
        self->pixels = mmap(NULL, self->mapped, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    if (self->pixels != MAP_FAILED && self->at)
        return self;
    fprintf(stderr, "%s: no room for %zu MB of frames below TMPDIR\n", recording->name, self->mapped >> 20);
    return reel_close(self);
}

struct reel *reel_close(struct reel *self)
{
    if (!self)
        return NULL;
    if (self->pixels != MAP_FAILED)
        munmap(self->pixels, self->mapped);
    free(self->at);
    free(self);
    return NULL;
}

/* The frame that was just put behind the kept ones stays if it differs from the last of them. */
static void keep(struct reel *self)
{
    const uint8_t *now = reel_frame(self, self->count);
    if (self->count == 0 || memcmp(now, now - self->size, self->size) != 0)
        self->at[self->count++] = self->frames;
    self->frames++;
}

static pid_t start_decoder(const char *folder, const char *name, unsigned first, unsigned frames, int *ret_pipe)
{
    char script[600], from[16], count[16];
    int ends[2];
    snprintf(script, sizeof script, "%s/decode.sh", folder);
    snprintf(from, sizeof from, "%u", first);
    snprintf(count, sizeof count, "%u", frames);
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
        dup2(nothing, STDIN_FILENO);
        dup2(ends[1], STDOUT_FILENO);
        execl("/bin/sh", "sh", script, name, from, count, (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    *ret_pipe = ends[0];
    return pid;
}

static bool read_all(int fd, uint8_t *to, size_t size)
{
    while (size > 0) {
        ssize_t n = read(fd, to, size);
        if (n <= 0)
            return false;
        to += n;
        size -= (size_t)n;
    }
    return true;
}

struct reel *reel_open(const char *folder, const struct recording *recording, unsigned first, unsigned frames)
{
    unsigned left = recording->frames > first ? recording->frames - first : 0;
    if (frames == 0 || frames > left)
        frames = left;
    struct reel *self = reel_create(recording, frames);
    if (!self)
        return NULL;
    int fd = -1;
    pid_t pid = start_decoder(folder, recording->name, first, frames, &fd);
    while (pid > 0 && self->frames < frames && read_all(fd, self->pixels + self->size * self->count, self->size))
        keep(self);
    close(fd);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    if (self->count > 1)
        return self;
    fprintf(stderr, "%s: no frame of %u differs from the first; is ffmpeg installed?\n", recording->name, self->frames);
    return reel_close(self);
}

static void draw(struct scene *scene, unsigned i)
{
    if (i % 4 == 0) {
        scene_scroll(scene, 0, 0, scene->width, scene->height, 16);
        scene_text_line(scene, 8, scene->height - 24, scene->width / 8 - 4, 0xC0C0C0, 0x204060);
    } else {
        scene_glyph(scene, (int)(8 * (i % 100)), scene->height - 24, i, 0xFFFFFF, 0x204060, 1);
    }
}

struct reel *reel_generate(unsigned frames)
{
    struct recording recording = {.name = "generated", .kind = "plain", .width = 1280, .height = 800, .fps = 30};
    recording.frames = frames;
    struct reel *self = reel_create(&recording, frames);
    if (!self)
        return NULL;
    struct scene scene;
    scene_init(&scene, self->width, self->height, 1);
    scene_start(&scene);
    for (unsigned i = 0; i < frames; i++) {
        draw(&scene, i);
        memcpy(self->pixels + self->size * self->count, scene.pixels, self->size);
        keep(self);
    }
    scene_finish(&scene);
    return self;
}

static bool cell_differs(const struct reel *self, unsigned kept, int cx, int cy)
{
    const uint8_t *now = reel_frame(self, kept), *before = reel_frame(self, kept - 1);
    size_t stride = (size_t)self->width * 4;
    size_t line = (size_t)(self->width - cx * CELL < CELL ? self->width - cx * CELL : CELL) * 4;
    for (int y = cy * CELL; y < self->height && y < (cy + 1) * CELL; y++)
        if (memcmp(now + (size_t)y * stride + (size_t)cx * CELL * 4,
                   before + (size_t)y * stride + (size_t)cx * CELL * 4, line) != 0)
            return true;
    return false;
}

static bool cell_moves(const struct reel *self, int cx, int cy)
{
    unsigned changes = 0;
    for (unsigned i = 1; i < self->count; i++)
        changes += cell_differs(self, i, cx, cy);
    return changes * 2 >= self->count - 1;
}

bool reel_moving_region(const struct reel *self, struct reel_region *ret)
{
    int left = INT32_MAX, top = INT32_MAX, right = 0, bottom = 0;
    for (int cy = 0; cy * CELL < self->height; cy++) {
        for (int cx = 0; cx * CELL < self->width; cx++) {
            if (!cell_moves(self, cx, cy))
                continue;
            left = cx * CELL < left ? cx * CELL : left;
            top = cy * CELL < top ? cy * CELL : top;
            right = (cx + 1) * CELL > right ? (cx + 1) * CELL : right;
            bottom = (cy + 1) * CELL > bottom ? (cy + 1) * CELL : bottom;
        }
    }
    right = right > self->width ? self->width : right;
    bottom = bottom > self->height ? self->height : bottom;
    *ret = (struct reel_region){left, top, right - left, bottom - top};
    return right > left;
}

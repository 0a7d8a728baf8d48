#include "bench/vnc.h"

#include <X11/Xlib.h>
#include <X11/Xutil.h>
#include <X11/extensions/XShm.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

#include "bench/child.h"
#include "bench/rfb_client.h"
#include "free_port/free_port.h"

#define CELL 16
#define PATIENCE_MS 3000

struct vnc {
    const struct reel *reel;
    pid_t pid;
    int port;
    Display *display;
    GC gc;
    XImage *image;
    XShmSegmentInfo memory;
    bool watched;
    struct rfb_client viewer;
};

/* The server says the number of its display on standard output; 0: it did not. */
static bool start_server(struct vnc *self, char display[16])
{
    char size[32], port[16];
    self->port = (int)free_port();
    snprintf(size, sizeof size, "%dx%d", self->reel->width, self->reel->height);
    snprintf(port, sizeof port, "%d", self->port);
    const char *const argv[] = {"Xtigervnc",
                                "-displayfd",
                                "1",
                                "-geometry",
                                size,
                                "-depth",
                                "24",
                                "-rfbport",
                                port,
                                "-interface",
                                "127.0.0.1",
                                "-SecurityTypes",
                                "None",
                                "-nolisten",
                                "tcp",
                                "-AlwaysShared",
                                "-AcceptSetDesktopSize=0",
                                NULL};
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return false;
    self->pid = child_start(argv, -1, ends[1]);
    close(ends[1]);
    char answer[8] = "";
    struct pollfd poll_fd = {.fd = ends[0], .events = POLLIN};
    ssize_t n = poll(&poll_fd, 1, 20000) == 1 ? read(ends[0], answer, sizeof answer - 1) : 0;
    close(ends[0]);
    answer[strcspn(answer, "\n")] = '\0';
    snprintf(display, 16, ":%s", answer);
    return n > 0;
}

static bool connect_feeder(struct vnc *self, const char *display)
{
    self->display = XOpenDisplay(display);
    if (!self->display)
        return false;
    int screen = DefaultScreen(self->display);
    self->gc = DefaultGC(self->display, screen);
    self->image = XShmCreateImage(self->display, DefaultVisual(self->display, screen), 24, ZPixmap, NULL, &self->memory,
                                  (unsigned)self->reel->width, (unsigned)self->reel->height);
    if (!self->image || (size_t)self->image->bytes_per_line != (size_t)self->reel->width * 4)
        return false;
    self->memory.shmid = shmget(IPC_PRIVATE, self->reel->size, IPC_CREAT | 0600);
    self->memory.shmaddr = self->image->data = shmat(self->memory.shmid, NULL, 0);
    bool good = self->memory.shmaddr != (char *)-1 && XShmAttach(self->display, &self->memory);
    XSync(self->display, False);
    shmctl(self->memory.shmid, IPC_RMID, NULL);
    return good;
}

static void put_rectangle(struct vnc *self, unsigned frame, int x, int y, int w, int h)
{
    size_t stride = (size_t)self->reel->width * 4;
    for (int j = y; j < y + h; j++) {
        size_t at = (size_t)j * stride + (size_t)x * 4;
        memcpy(self->memory.shmaddr + at, reel_frame(self->reel, frame) + at, (size_t)w * 4);
    }
    XShmPutImage(self->display, DefaultRootWindow(self->display), self->gc, self->image, x, y, x, y, (unsigned)w,
                 (unsigned)h, False);
}

/* Pixels of a row of cells that differ between the frame and the one before it: the first and the one behind the last;
 * false: none. The viewer is to wait for them. */
static bool changed_span(struct vnc *self, unsigned frame, int y, int height, int *left, int *right)
{
    int width = self->reel->width;
    *left = width;
    *right = 0;
    for (int j = y; j < y + height; j++) {
        size_t line = (size_t)j * (size_t)width;
        const uint32_t *now = (const uint32_t *)(const void *)reel_frame(self->reel, frame) + line;
        const uint32_t *before = (const uint32_t *)(const void *)reel_frame(self->reel, frame - 1) + line;
        if (memcmp(now, before, (size_t)width * 4) == 0)
            continue;
        for (int x = 0; x < width; x++) {
            if (now[x] == before[x])
                continue;
            *left = x < *left ? x : *left;
            *right = x >= *right ? x + 1 : *right;
            if (self->watched)
                rfb_client_await(&self->viewer, line + (size_t)x);
        }
    }
    return *left < *right;
}

/* Rows of cells with the same span are put together. */
void vnc_put(struct vnc *self, unsigned frame)
{
    int height = self->reel->height, top = 0, last_left = 0, last_right = 0;
    for (int y = 0; y < height; y += CELL) {
        int left, right;
        if (!changed_span(self, frame, y, height - y < CELL ? height - y : CELL, &left, &right))
            left = right = 0;
        if (left / CELL == last_left / CELL && (right + CELL - 1) / CELL == (last_right + CELL - 1) / CELL && right) {
            last_left = left < last_left ? left : last_left;
            last_right = right > last_right ? right : last_right;
            continue;
        }
        if (last_right)
            put_rectangle(self, frame, last_left, top, last_right - last_left, y - top);
        top = y;
        last_left = left;
        last_right = right;
    }
    if (last_right)
        put_rectangle(self, frame, last_left, top, last_right - last_left, height - top);
    XSync(self->display, False);
}

bool vnc_receive(struct vnc *self)
{
    return rfb_client_receive(&self->viewer, PATIENCE_MS);
}

uint64_t vnc_bytes(const struct vnc *self)
{
    return self->viewer.bytes;
}

double vnc_cpu_ms(const struct vnc *self)
{
    return child_cpu_ms(self->pid);
}

static bool begin(struct vnc *self, int encoding)
{
    char display[16];
    if (!start_server(self, display) || !connect_feeder(self, display))
        return false;
    put_rectangle(self, 0, 0, 0, self->reel->width, self->reel->height);
    XSync(self->display, False);
    self->watched = encoding != 0;
    if (!self->watched)
        return true;
    if (!rfb_client_open(&self->viewer, self->port, encoding) || self->viewer.width != self->reel->width ||
        self->viewer.height != self->reel->height)
        return false;
    for (size_t i = 0; i < self->reel->size / 4; i++)
        rfb_client_await(&self->viewer, i);
    return rfb_client_receive(&self->viewer, PATIENCE_MS);
}

struct vnc *vnc_open(const struct reel *reel, int encoding)
{
    struct vnc *self = calloc(1, sizeof *self);
    if (!self)
        return NULL;
    self->reel = reel;
    self->viewer.fd = -1;
    if (begin(self, encoding))
        return self;
    fprintf(stderr, "Xtigervnc does not run here; it is in the Debian package tigervnc-standalone-server\n");
    return vnc_close(self);
}

struct vnc *vnc_close(struct vnc *self)
{
    if (!self)
        return NULL;
    rfb_client_close(&self->viewer);
    if (self->image) {
        self->image->data = NULL;
        XDestroyImage(self->image);
    }
    if (self->memory.shmaddr && self->memory.shmaddr != (char *)-1) {
        XShmDetach(self->display, &self->memory);
        XSync(self->display, False);
        shmdt(self->memory.shmaddr);
    }
    if (self->display)
        XCloseDisplay(self->display);
    if (self->pid > 0)
        child_end(self->pid);
    free(self);
    return NULL;
}

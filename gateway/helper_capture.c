/* Opens the capture device of a target and what belongs to it. Each time anew: sticks are unplugged and come back. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "gateway/helper.h"

/* Only what kind of node it should be: a name below /dev may lead to anything. */
static int open_device(const char *path, const char *kind)
{
    char subsystem[128], target[256];
    struct stat st;
    _cleanup_close_ int fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (!S_ISCHR(st.st_mode))
        return -ENOTTY;
    snprintf(subsystem, sizeof subsystem, "/sys/dev/char/%u:%u/subsystem", major(st.st_rdev), minor(st.st_rdev));
    ssize_t n = readlink(subsystem, target, sizeof target - 1);
    if (n < 0)
        return -errno;
    target[n] = '\0';
    const char *name = strrchr(target, '/');
    if (!name || strcmp(name + 1, kind) != 0)
        return -ENOTTY;
    return take_fd(&fd);
}

static void explain(int error, const char *what, const char *path, char *why, size_t size)
{
    if (error == -ENOENT || error == -ENXIO || error == -ENODEV)
        snprintf(why, size, "There is no %s %s; plug it in, or change the configuration.", what, path);
    else if (error == -ENOTTY)
        snprintf(why, size, "%s is no %s; change the configuration.", path, what);
    else
        snprintf(why, size, "The %s %s cannot be opened: %s.", what, path, strerror(-error));
}

void helper_open_capture(const struct helper_question *question)
{
    const struct config_dongle *config = &question->dongle->target->dongle;
    struct helper *helper = question->dongle->helper;
    char why[HELPER_WHY] = "";
    if (!config->capture[0]) {
        helper_answer(helper, question->serial, -ENOENT, "The target has no capture device; add capture = PATH.");
        return;
    }
    _cleanup_close_ int video = open_device(config->capture, "video4linux");
    if (video < 0) {
        explain(video, "capture device", config->capture, why, sizeof why);
        helper_answer(helper, question->serial, video, why);
        return;
    }
    _cleanup_close_ int heap = config->dma_heap[0] ? open_device(config->dma_heap, "dma_heap") : -1;
    _cleanup_close_ int media = config->media[0] ? open_device(config->media, "media") : -1;
    /* without them there is still a picture */
    if (heap < 0 && config->dma_heap[0])
        explain(heap, "DMA heap", config->dma_heap, why, sizeof why);
    if (media < 0 && config->media[0])
        explain(media, "media device", config->media, why, sizeof why);
    int fds[3] = {video};
    unsigned n = 1;
    uint8_t have = 1;
    if (heap >= 0) {
        fds[n++] = heap;
        have |= 2;
    }
    if (media >= 0) {
        fds[n++] = media;
        have |= 4;
    }
    helper_answer_fds(helper, question->serial, have, fds, n, why);
}

void helper_open_subdevs(const struct helper_question *question)
{
    const struct config_devices *devices = &question->dongle->target->dongle.subdevs;
    struct helper *helper = question->dongle->helper;
    char why[HELPER_WHY] = "";
    int fds[IPC_MAX_FDS] = {0};
    unsigned n = 0;
    uint8_t have = 0;
    for (unsigned i = 0; i < devices->n && n < IPC_MAX_FDS; i++) {
        int fd = open_device(devices->list[i], "video4linux");
        if (fd < 0) {
            explain(fd, "subdevice", devices->list[i], why, sizeof why);
            continue;
        }
        fds[n++] = fd;
        have |= (uint8_t)(1u << i);
    }
    helper_answer_fds(helper, question->serial, have, fds, n, why);
    for (unsigned i = 0; i < n; i++)
        close(fds[i]);
}

/* Opens the capture device of a target and what belongs to it. Each time anew: sticks are unplugged and come back. */
#include <errno.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/log.h"
#include "gateway/doctor/device.h"
#include "gateway/helper/helper.h"

void helper_open_capture(const struct helper_question *question)
{
    const struct config_dongle *config = &question->dongle->target->dongle;
    struct helper *helper = question->dongle->helper;
    char why[HELPER_WHY] = "";
    if (!config->capture[0]) {
        helper_answer(helper, question->serial, -ENOENT, "The target has no capture device; add capture = PATH.");
        return;
    }
    _cleanup_close_ int video = device_open(config->capture, "video4linux");
    if (video < 0) {
        device_explain(video, "capture device", config->capture, why, sizeof why);
        helper_answer(helper, question->serial, video, why);
        return;
    }
    _cleanup_close_ int heap = config->dma_heap[0] ? device_open(config->dma_heap, "dma_heap") : -1;
    _cleanup_close_ int media = config->media[0] ? device_open(config->media, "media") : -1;
    /* without them there is still a picture */
    if (heap < 0 && config->dma_heap[0])
        device_explain(heap, "DMA heap", config->dma_heap, why, sizeof why);
    if (media < 0 && config->media[0])
        device_explain(media, "media device", config->media, why, sizeof why);
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
        int fd = device_open(devices->list[i], "video4linux");
        if (fd < 0) {
            device_explain(fd, "subdevice", devices->list[i], why, sizeof why);
            continue;
        }
        fds[n++] = fd;
        have |= (uint8_t)(1u << i);
    }
    helper_answer_fds(helper, question->serial, have, fds, n, why);
    for (unsigned i = 0; i < n; i++)
        close(fds[i]);
}

#include "capture/v4l2_edid.h"

#include <errno.h>
#include <string.h>

int v4l2_edid_write(const struct v4l2_node *node, const struct edid *edid)
{
    struct edid bytes = *edid; /* the call may write into it */
    struct v4l2_edid request = {
        .pad = node->edid_pad, .blocks = (uint32_t)(bytes.size / EDID_BLOCK), .edid = bytes.bytes};
    return v4l2_receiver_call(node, VIDIOC_S_EDID, &request);
}

int v4l2_edid_read(const struct v4l2_node *node, struct edid *ret)
{
    struct edid self = {.size = 0};
    struct v4l2_edid request = {.pad = node->edid_pad, .blocks = EDID_MAX_BLOCKS, .edid = self.bytes};
    int r = v4l2_receiver_call(node, VIDIOC_G_EDID, &request);
    if (r == -ENODATA) /* it has none */
        request.blocks = 0;
    else if (r < 0)
        return r;
    self.size = (size_t)MIN(request.blocks, EDID_MAX_BLOCKS) * EDID_BLOCK;
    *ret = self;
    return 0;
}

#define CTA_EXTENSION 2
#define VENDOR_BLOCK 3

/* Makes 0 what drivers change. Data blocks of a CTA extension: tag and length in one byte, from byte 4 up to the byte
 * that byte 2 names (CTA-861-G, 7.5). */
static void forget_address(uint8_t block[EDID_BLOCK])
{
    static const uint8_t hdmi[] = {0x03, 0x0C, 0x00};
    size_t end = MIN(block[2], EDID_BLOCK - 1);
    block[EDID_BLOCK - 1] = 0;
    if (block[0] != CTA_EXTENSION)
        return;
    for (size_t at = 4; at < end;) {
        size_t size = block[at] & 31u;
        if (block[at] >> 5 == VENDOR_BLOCK && size >= 5 && at + size < end && memcmp(&block[at + 1], hdmi, 3) == 0)
            block[at + 4] = block[at + 5] = 0;
        at += 1 + size;
    }
}

bool v4l2_edid_alike(const struct edid *a, const struct edid *b)
{
    struct edid x = *a, y = *b;
    for (size_t at = EDID_BLOCK; at + EDID_BLOCK <= sizeof x.bytes; at += EDID_BLOCK) {
        forget_address(x.bytes + at);
        forget_address(y.bytes + at);
    }
    return x.size == y.size && memcmp(x.bytes, y.bytes, x.size) == 0;
}

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

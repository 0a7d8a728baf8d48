#include <stddef.h>

#include "bench/peer.h"

/* What the bench was built without keeps its name: its rows say that it is missing. */
#define MISSING(text)                                                                                                  \
    &(const struct peer)                                                                                               \
    {                                                                                                                  \
        .name = (text)                                                                                                 \
    }

const struct peer *const peers[] = {
    &peer_mjpeg,
#if HAVE_ZSTD
    &peer_zstd,
#else
    MISSING("zstd1-tiles"),
#endif
#if HAVE_YUV
    &peer_vp8,   &peer_vp9,   &peer_vp8_region, &peer_x264,
#else
    MISSING("vp8-rt"),
    MISSING("vp9-rt-screen"),
    MISSING("vp8-rt-region"),
    MISSING("x264-ultrafast-crf23"),
#endif
#if HAVE_X11
    &peer_zrle,  &peer_tight,
#else
    MISSING("tigervnc-zrle"),
    MISSING("tigervnc-tight"),
#endif
    NULL,
};

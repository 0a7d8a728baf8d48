/* libvpx, one thread, realtime at its fastest, as WebRTC servers run it: bare, every changed frame whole, or of the
 * moving region alone. */
#include <stdlib.h>
#include <vpx/vp8cx.h>
#include <vpx/vpx_encoder.h>

#include "bench/peer.h"
#include "bench/psnr.h"
#include "bench/rows.h"
#include "bench/yuv.h"

#define KBIT_S 8000

static bool configure(vpx_codec_ctx_t *codec, bool vp9, const struct reel *reel, const struct reel_region *part)
{
    vpx_codec_iface_t *interface = vp9 ? vpx_codec_vp9_cx() : vpx_codec_vp8_cx();
    vpx_codec_enc_cfg_t config;
    if (vpx_codec_enc_config_default(interface, &config, 0) != VPX_CODEC_OK)
        return false;
    config.g_w = (unsigned)part->width;
    config.g_h = (unsigned)part->height;
    config.g_timebase = (struct vpx_rational){1, (int)reel->recording.fps};
    config.g_threads = 1;
    config.g_lag_in_frames = 0;
    config.rc_end_usage = VPX_CBR;
    config.rc_target_bitrate = KBIT_S;
    config.rc_min_quantizer = 2;
    config.rc_max_quantizer = 56;
    config.rc_undershoot_pct = 100;
    config.rc_overshoot_pct = 15;
    config.rc_buf_initial_sz = 500;
    config.rc_buf_optimal_sz = 600;
    config.rc_buf_sz = 1000;
    config.kf_mode = VPX_KF_DISABLED; /* after the first */
    if (vpx_codec_enc_init(codec, interface, &config, 0) != VPX_CODEC_OK)
        return false;
    if (!vp9)
        return vpx_codec_control(codec, VP8E_SET_CPUUSED, -12) == VPX_CODEC_OK;
    return vpx_codec_control(codec, VP8E_SET_CPUUSED, 9) == VPX_CODEC_OK &&
           vpx_codec_control(codec, VP9E_SET_TUNE_CONTENT, VP9E_CONTENT_SCREEN) == VPX_CODEC_OK &&
           vpx_codec_control(codec, VP9E_SET_AQ_MODE, 3) == VPX_CODEC_OK;
}

static double packets_size(vpx_codec_ctx_t *codec)
{
    vpx_codec_iter_t iter = NULL;
    const vpx_codec_cx_pkt_t *packet;
    double size = 0;
    while ((packet = vpx_codec_get_cx_data(codec, &iter)))
        if (packet->kind == VPX_CODEC_CX_FRAME_PKT)
            size += (double)packet->data.frame.sz;
    return size;
}

static void compare(vpx_codec_ctx_t *codec, const struct reel *reel, unsigned frame, uint8_t *seen, struct psnr *psnr)
{
    const vpx_image_t *image = vpx_codec_get_preview_frame(codec);
    if (!image)
        return;
    struct yuv planes;
    for (int i = 0; i < 3; i++) {
        planes.data[i] = image->planes[i];
        planes.stride[i] = image->stride[i];
    }
    yuv_to_bgrx(&planes, reel->width, reel->height, seen);
    psnr_add(psnr, seen, reel_frame(reel, frame), reel->size / 4);
}

static bool encode_all(vpx_codec_ctx_t *codec, vpx_image_t *image, const struct reel *reel,
                       const struct reel_region *part, struct peer_result *ret)
{
    bool whole = part->width == reel->width && part->height == reel->height;
    uint8_t *seen = malloc(reel->size);
    struct yuv planes;
    for (int i = 0; i < 3; i++) {
        planes.data[i] = image->planes[i];
        planes.stride[i] = image->stride[i];
    }
    struct psnr psnr = {0};
    *ret = (struct peer_result){.p50_ms = rows_none()};
    for (unsigned i = 0; i < reel->count; i++) {
        size_t stride = (size_t)reel->width * 4;
        double start = thread_ms();
        yuv_from_bgrx(reel_frame(reel, i) + (size_t)part->y * stride + (size_t)part->x * 4, stride, part->width,
                      part->height, &planes);
        if (vpx_codec_encode(codec, image, reel->at[i], 1, 0, VPX_DL_REALTIME) != VPX_CODEC_OK)
            break;
        double size = packets_size(codec), ms = thread_ms() - start;
        if (i == 0)
            continue;
        ret->bytes += size / (reel->count - 1);
        ret->cpu_ms += ms / (reel->count - 1);
        if (whole && seen)
            compare(codec, reel, i, seen, &psnr);
    }
    ret->psnr_db = psnr.samples > 0 ? psnr_db(&psnr) : rows_none();
    free(seen);
    return true;
}

static bool run(const struct reel *reel, bool vp9, const struct reel_region *part, struct peer_result *ret)
{
    vpx_codec_ctx_t codec = {0};
    vpx_image_t *image = vpx_img_alloc(NULL, VPX_IMG_FMT_I420, (unsigned)part->width, (unsigned)part->height, 32);
    bool good = image && configure(&codec, vp9, reel, part) && encode_all(&codec, image, reel, part, ret);
    vpx_codec_destroy(&codec);
    vpx_img_free(image);
    return good;
}

static bool run_vp8(const struct reel *reel, struct peer_result *ret)
{
    return run(reel, false, &(struct reel_region){0, 0, reel->width, reel->height}, ret);
}

static bool run_vp9(const struct reel *reel, struct peer_result *ret)
{
    return run(reel, true, &(struct reel_region){0, 0, reel->width, reel->height}, ret);
}

static bool run_vp8_region(const struct reel *reel, struct peer_result *ret)
{
    struct reel_region part;
    return reel_moving_region(reel, &part) && run(reel, false, &part, ret);
}

const struct peer peer_vp8 = {"vp8-rt", run_vp8, false};
const struct peer peer_vp9 = {"vp9-rt-screen", run_vp9, false};
const struct peer peer_vp8_region = {"vp8-rt-region", run_vp8_region, true};

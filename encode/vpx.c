#include "encode/vpx.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>

#include "core/attrs.h"
#include "video/csc.h"

#define CLOCK 1000 /* ticks a second of the encoder's time */
#define WORST_QUANTIZER 58
#define RATE_STEP 16     /* of the rate: how little a change is not worth configuring the library anew */
#define STATIC_ERROR 500 /* squared, of a macroblock of VP8: less is not coded, at 45 dB nobody sees it */
#define KEY_PERCENT 900  /* of a frame's share of the rate: what a key frame may take */

struct vpx_encoder {
    vpx_codec_ctx_t codec;
    vpx_codec_enc_cfg_t config;
    vpx_image_t *image;
    int columns, rows;
    unsigned worst; /* quantizer */
    uint64_t first_us;
    vpx_codec_pts_t last; /* time of the last frame */
    bool open, begun;
};

static vpx_codec_iface_t *interface_of(enum update_payload_kind kind)
{
    return kind == UPDATE_VP9 ? vpx_codec_vp9_cx() : vpx_codec_vp8_cx();
}

static bool configure(struct vpx_encoder *self, enum update_payload_kind kind)
{
    vpx_codec_enc_cfg_t *c = &self->config;
    if (vpx_codec_enc_config_default(interface_of(kind), c, 0) != VPX_CODEC_OK)
        return false;
    c->g_w = self->image->d_w;
    c->g_h = self->image->d_h;
    c->g_timebase = (struct vpx_rational){1, CLOCK};
    c->g_threads = 1;
    c->g_lag_in_frames = 0;
    c->rc_end_usage = VPX_CBR;
    c->rc_dropframe_thresh = 0;
    c->rc_max_quantizer = self->worst;
    c->rc_undershoot_pct = 100;
    c->rc_overshoot_pct = 15;
    c->rc_buf_initial_sz = 500;
    c->rc_buf_optimal_sz = 600;
    c->rc_buf_sz = 1000;
    c->kf_mode = VPX_KF_DISABLED; /* the caller says when */
    return true;
}

static bool control(struct vpx_encoder *self, enum update_payload_kind kind)
{
    if (kind == UPDATE_VP8)
        return vpx_codec_control(&self->codec, VP8E_SET_CPUUSED, -12) == VPX_CODEC_OK &&
               vpx_codec_control(&self->codec, VP8E_SET_STATIC_THRESHOLD, STATIC_ERROR) == VPX_CODEC_OK &&
               vpx_codec_control(&self->codec, VP8E_SET_MAX_INTRA_BITRATE_PCT, KEY_PERCENT) == VPX_CODEC_OK;
    return vpx_codec_control(&self->codec, VP8E_SET_CPUUSED, 9) == VPX_CODEC_OK &&
           vpx_codec_control(&self->codec, VP9E_SET_TUNE_CONTENT, VP9E_CONTENT_SCREEN) == VPX_CODEC_OK &&
           vpx_codec_control(&self->codec, VP9E_SET_AQ_MODE, 0) == VPX_CODEC_OK &&
           vpx_codec_control(&self->codec, VP8E_SET_MAX_INTRA_BITRATE_PCT, KEY_PERCENT) == VPX_CODEC_OK;
}

/* image: taken. */
static int open_encoder(enum update_payload_kind kind, int columns, int rows, unsigned worst, vpx_image_t *image,
                        struct vpx_encoder **ret)
{
    struct vpx_encoder *self attr_cleanup(vpx_encoder_destroyp) = image ? calloc(1, sizeof *self) : NULL;
    if (!self) {
        vpx_img_free(image);
        return -ENOMEM;
    }
    self->image = image;
    self->columns = columns;
    self->rows = rows;
    self->worst = worst;
    if (!configure(self, kind) ||
        vpx_codec_enc_init(&self->codec, interface_of(kind), &self->config, 0) != VPX_CODEC_OK)
        return -ENOMEM;
    self->open = true;
    if (!control(self, kind))
        return -ENOMEM;
    *ret = take(self);
    return 0;
}

static vpx_image_t *image_of(int columns, int rows)
{
    return vpx_img_alloc(NULL, VPX_IMG_FMT_I420, (unsigned)columns * UPDATE_CELL, (unsigned)rows * UPDATE_CELL, 32);
}

int vpx_encoder_create(enum update_payload_kind kind, int columns, int rows, struct vpx_encoder **ret)
{
    return open_encoder(kind, columns, rows, WORST_QUANTIZER, image_of(columns, rows), ret);
}

static bool set_colour(struct vpx_encoder *self, uint8_t colour)
{
    const bool bt709 = colour == COLOUR_BT709_LIMITED || colour == COLOUR_BT709_FULL;
    const bool full = colour == COLOUR_BT601_FULL || colour == COLOUR_BT709_FULL;
    return vpx_codec_control(&self->codec, VP9E_SET_COLOR_SPACE, bt709 ? VPX_CS_BT_709 : VPX_CS_BT_601) ==
               VPX_CODEC_OK &&
           vpx_codec_control(&self->codec, VP9E_SET_COLOR_RANGE, full ? VPX_CR_FULL_RANGE : VPX_CR_STUDIO_RANGE) ==
               VPX_CODEC_OK;
}

int vpx_encoder_create_screen(const struct vpx_screen *screen, struct vpx_encoder **ret)
{
    const int columns = (screen->width + UPDATE_CELL - 1) / UPDATE_CELL;
    const int rows = (screen->height + UPDATE_CELL - 1) / UPDATE_CELL;
    struct vpx_encoder *self attr_cleanup(vpx_encoder_destroyp) = NULL;
    vpx_image_t *image = image_of(columns, rows);
    if (image && vpx_img_set_rect(image, 0, 0, (unsigned)screen->width, (unsigned)screen->height) != 0) {
        vpx_img_free(image);
        return -ENOMEM;
    }
    int r = open_encoder(UPDATE_VP9, columns, rows, screen->worst, image, &self);
    if (r < 0)
        return r;
    if (!set_colour(self, screen->colour))
        return -ENOMEM;
    *ret = take(self);
    return 0;
}

struct vpx_encoder *vpx_encoder_destroy(struct vpx_encoder *self)
{
    if (self) {
        if (self->open)
            vpx_codec_destroy(&self->codec);
        vpx_img_free(self->image);
        free(self);
    }
    return NULL;
}

uint8_t *vpx_encoder_plane(struct vpx_encoder *self, int plane, size_t *ret_stride)
{
    *ret_stride = (size_t)self->image->stride[plane];
    return self->image->planes[plane];
}

static bool set_rate(struct vpx_encoder *self, const struct vpx_ask *ask)
{
    unsigned kbit_s = ask->rate / 125 ? ask->rate / 125 : 1;
    unsigned now = self->config.rc_target_bitrate;
    unsigned off = now > kbit_s ? now - kbit_s : kbit_s - now;
    if (off <= now / RATE_STEP && self->config.rc_min_quantizer == ask->best)
        return true;
    self->config.rc_target_bitrate = kbit_s;
    self->config.rc_min_quantizer = ask->best;
    return vpx_codec_enc_config_set(&self->codec, &self->config) == VPX_CODEC_OK;
}

static bool set_active(struct vpx_encoder *self, const uint8_t *active)
{
    vpx_active_map_t map = {
        .active_map = (uint8_t *)active, .rows = (unsigned)self->rows, .cols = (unsigned)self->columns};
    return vpx_codec_control(&self->codec, VP8E_SET_ACTIVEMAP, &map) == VPX_CODEC_OK;
}

int vpx_encoder_encode(struct vpx_encoder *self, const struct vpx_ask *ask, const uint8_t **ret, size_t *ret_size)
{
    if (!set_rate(self, ask) || !set_active(self, ask->key ? NULL : ask->active))
        return -EIO;
    if (!self->begun)
        self->first_us = ask->now_us;
    vpx_codec_pts_t at = (vpx_codec_pts_t)((ask->now_us - self->first_us) * CLOCK / 1000000) + 1;
    vpx_codec_pts_t since = at > self->last ? at - self->last : 1;
    self->last += since;
    self->begun = true;
    /* After a pause the next frame follows at the usual pace: the rate control would otherwise believe in a rate of one
     * frame a minute. */
    unsigned long duration = (unsigned long)MIN(since, CLOCK / 10);
    if (vpx_codec_encode(&self->codec, self->image, self->last, duration, ask->key ? VPX_EFLAG_FORCE_KF : 0,
                         VPX_DL_REALTIME) != VPX_CODEC_OK)
        return -EIO;
    vpx_codec_iter_t iter = NULL;
    for (const vpx_codec_cx_pkt_t *packet; (packet = vpx_codec_get_cx_data(&self->codec, &iter));)
        if (packet->kind == VPX_CODEC_CX_FRAME_PKT) {
            *ret = packet->data.frame.buf;
            *ret_size = packet->data.frame.sz;
            return 0;
        }
    return -EIO;
}

unsigned vpx_encoder_quantizer(struct vpx_encoder *self)
{
    int quantizer = 0;
    return vpx_codec_control(&self->codec, VP8E_GET_LAST_QUANTIZER_64, &quantizer) == VPX_CODEC_OK && quantizer > 0
               ? (unsigned)quantizer
               : 0;
}

struct vpx_decoder {
    vpx_codec_iface_t *interface;
    vpx_codec_ctx_t codec;
};

int vpx_decoder_create(enum update_payload_kind kind, struct vpx_decoder **ret)
{
    struct vpx_decoder *self = calloc(1, sizeof *self);
    if (!self)
        return -ENOMEM;
    self->interface = kind == UPDATE_VP9 ? vpx_codec_vp9_dx() : vpx_codec_vp8_dx();
    if (vpx_codec_dec_init(&self->codec, self->interface, &(vpx_codec_dec_cfg_t){.threads = 1}, 0) != VPX_CODEC_OK) {
        free(self);
        return -ENOMEM;
    }
    *ret = self;
    return 0;
}

struct vpx_decoder *vpx_decoder_destroy(struct vpx_decoder *self)
{
    if (self) {
        vpx_codec_destroy(&self->codec);
        free(self);
    }
    return NULL;
}

/* A key frame says at its head how large it is: nothing is begun that would become too large. */
static bool may_decode(const struct vpx_decoder *self, const uint8_t *bytes, size_t size, int width, int height)
{
    vpx_codec_stream_info_t info = {.sz = sizeof info};
    return vpx_codec_peek_stream_info(self->interface, bytes, (unsigned)size, &info) != VPX_CODEC_OK || info.w == 0 ||
           (info.w == (unsigned)width && info.h == (unsigned)height);
}

static void take_planes(const vpx_image_t *image, int width, int height, uint8_t *to)
{
    for (int i = 0; i < 3; i++) {
        int w = i ? width / 2 : width, h = i ? height / 2 : height;
        for (int y = 0; y < h; y++, to += w)
            memcpy(to, image->planes[i] + (ptrdiff_t)y * image->stride[i], (size_t)w);
    }
}

bool vpx_decoder_decode(struct vpx_decoder *self, const uint8_t *bytes, size_t size, int width, int height,
                        uint8_t *planes)
{
    vpx_codec_iter_t iter = NULL;
    int corrupted = 0;
    if (!may_decode(self, bytes, size, width, height) ||
        vpx_codec_decode(&self->codec, bytes, (unsigned)size, NULL, 0) != VPX_CODEC_OK)
        return false;
    const vpx_image_t *image = vpx_codec_get_frame(&self->codec, &iter);
    if (!image || image->fmt != VPX_IMG_FMT_I420 || image->d_w != (unsigned)width || image->d_h != (unsigned)height ||
        vpx_codec_control(&self->codec, VP8D_GET_FRAME_CORRUPTED, &corrupted) != VPX_CODEC_OK || corrupted)
        return false;
    take_planes(image, width, height, planes);
    return true;
}

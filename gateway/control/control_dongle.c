#include "gateway/control/control_dongle.h"

#include <string.h>

#include "capture/edid.h"
#include "core/ipc.h"
#include "usbgadget/personality.h"

void control_dongle_fill(struct control_dongle *self, uint16_t index, const struct config_dongle *config)
{
    *self = (struct control_dongle){
        .index = index,
        .has_capture = config->capture[0] != '\0',
        .big_cd = config->big_cd,
        .withdraw_empty = config->empty_drives == CONFIG_DRIVES_WITHDRAWN,
        .wakeup = config->wakeup,
        .fourcc = config_capture_format(config),
        .input = config->capture_input,
        .edid = (uint8_t)config->edid.kind,
        .preset = (uint8_t)config->edid.preset,
        .personality = (uint8_t)config->personality,
        .press_short_ms = (uint16_t)config->press_short_ms,
        .press_long_ms = (uint16_t)config->press_long_ms,
        .wake = config->wake_mac.given,
    };
    memcpy(self->boot_keys, config->boot_keys, sizeof self->boot_keys);
}

static bool read_flag(struct wire_reader *r)
{
    uint8_t v = wire_read_u8(r);
    r->bad = r->bad || v > 1;
    return v == 1;
}

void control_write_dongle(struct wire_writer *w, const struct control_dongle *m)
{
    wire_write_le16(w, m->index);
    wire_write_u8(w, m->has_capture);
    wire_write_u8(w, m->big_cd);
    wire_write_u8(w, m->withdraw_empty);
    wire_write_u8(w, m->wakeup);
    wire_write_u8(w, m->wake);
    wire_write_le32(w, m->fourcc);
    wire_write_le32(w, m->input);
    wire_write_u8(w, m->edid);
    wire_write_u8(w, m->preset);
    wire_write_u8(w, m->personality);
    wire_write_le16(w, m->press_short_ms);
    wire_write_le16(w, m->press_long_ms);
    for (unsigned i = 0; i < CONFIG_BOOT_KEYS; i++)
        ipc_write_string(w, m->boot_keys[i]);
}

bool control_read_dongle(const uint8_t *body, size_t size, struct control_dongle *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    memset(ret, 0, sizeof *ret);
    ret->index = wire_read_le16(&r);
    ret->has_capture = read_flag(&r);
    ret->big_cd = read_flag(&r);
    ret->withdraw_empty = read_flag(&r);
    ret->wakeup = read_flag(&r);
    ret->wake = read_flag(&r);
    ret->fourcc = wire_read_le32(&r);
    ret->input = wire_read_le32(&r);
    ret->edid = wire_read_u8(&r);
    ret->preset = wire_read_u8(&r);
    ret->personality = wire_read_u8(&r);
    ret->press_short_ms = wire_read_le16(&r);
    ret->press_long_ms = wire_read_le16(&r);
    for (unsigned i = 0; i < CONFIG_BOOT_KEYS; i++)
        if (!ipc_read_string(&r, ret->boot_keys[i], sizeof ret->boot_keys[i]))
            return false;
    return wire_read_complete(&r) && ret->edid <= CONFIG_EDID_FILE && ret->preset < EDID_PRESETS &&
           ret->personality <= PERSONALITIES;
}

#include "gateway/helper/helper_wire.h"

/* enum helper_udc's last, and one more than the last of an index */
#define UDC_LAST HELPER_UDC_SUSPENDED
#define LUN_BITS ((1u << GADGET_LUNS) - 1)
#define LED_BITS (HELPER_LED_KNOWN | HELPER_LED_ON)
#define BUTTON_BITS ((1u << FRONT_PANEL_BUTTONS) - 1)
#define FUNCTION_BITS ((1u << GADGET_FUNCTIONS) - 1)
#define PRESS_LEAST 50
#define PRESS_MOST 15000

/* Exactly 0 or 1, so that what is read is written the same. */
static bool read_bool(struct wire_reader *r)
{
    uint8_t v = wire_read_u8(r);
    r->bad = r->bad || v > 1;
    return v == 1;
}

void helper_write_target(struct wire_writer *w, const struct helper_target *m)
{
    wire_write_le16(w, m->target);
}

bool helper_read_target(const uint8_t *body, size_t size, struct helper_target *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    *ret = (struct helper_target){.target = wire_read_le16(&r)};
    return wire_read_complete(&r);
}

void helper_write_name(struct wire_writer *w, const struct helper_name *m)
{
    wire_write_le16(w, m->target);
    ipc_write_string(w, m->name);
}

bool helper_read_name(const uint8_t *body, size_t size, struct helper_name *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    *ret = (struct helper_name){.target = wire_read_le16(&r)};
    return ipc_read_string(&r, ret->name, sizeof ret->name) && wire_read_complete(&r);
}

void helper_write_up(struct wire_writer *w, const struct helper_up *m)
{
    wire_write_le16(w, m->target);
    wire_write_u8(w, m->personality);
    wire_write_u8(w, m->media);
    wire_write_u8(w, m->keep);
}

bool helper_read_up(const uint8_t *body, size_t size, struct helper_up *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    *ret = (struct helper_up){.target = wire_read_le16(&r)};
    ret->personality = wire_read_u8(&r);
    ret->media = wire_read_u8(&r);
    ret->keep = read_bool(&r);
    return wire_read_complete(&r) && ret->personality < PERSONALITIES && ret->media <= LUN_BITS;
}

void helper_write_drive(struct wire_writer *w, const struct helper_drive *m)
{
    wire_write_le16(w, m->target);
    wire_write_u8(w, m->drive);
    wire_write_u8(w, m->force);
}

bool helper_read_drive(const uint8_t *body, size_t size, struct helper_drive *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    *ret = (struct helper_drive){.target = wire_read_le16(&r)};
    ret->drive = wire_read_u8(&r);
    ret->force = read_bool(&r);
    return wire_read_complete(&r) && ret->drive < GADGET_LUNS;
}

void helper_write_insert(struct wire_writer *w, const struct helper_insert *m)
{
    wire_write_le16(w, m->target);
    wire_write_u8(w, m->drive);
    wire_write_le64(w, m->size);
    wire_write_le16(w, m->flags);
    wire_write_u8(w, m->cdrom);
    wire_write_u8(w, m->read_only);
}

bool helper_read_insert(const uint8_t *body, size_t size, struct helper_insert *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    *ret = (struct helper_insert){.target = wire_read_le16(&r)};
    ret->drive = wire_read_u8(&r);
    ret->size = wire_read_le64(&r);
    ret->flags = wire_read_le16(&r);
    ret->cdrom = read_bool(&r);
    ret->read_only = read_bool(&r);
    /* beyond this the kernel's offsets are negative */
    return wire_read_complete(&r) && ret->drive < GADGET_LUNS && ret->size > 0 && ret->size <= INT64_MAX &&
           (ret->read_only || !ret->cdrom);
}

void helper_write_press(struct wire_writer *w, const struct helper_press *m)
{
    wire_write_le16(w, m->target);
    wire_write_u8(w, m->button);
    wire_write_le16(w, m->milliseconds);
}

bool helper_read_press(const uint8_t *body, size_t size, struct helper_press *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    *ret = (struct helper_press){.target = wire_read_le16(&r)};
    ret->button = wire_read_u8(&r);
    ret->milliseconds = wire_read_le16(&r);
    return wire_read_complete(&r) && ret->button < FRONT_PANEL_BUTTONS && ret->milliseconds >= PRESS_LEAST &&
           ret->milliseconds <= PRESS_MOST;
}

void helper_write_answer(struct wire_writer *w, const struct helper_answer *m)
{
    wire_write_le32(w, (uint32_t)m->error);
    wire_write_u8(w, m->have);
    ipc_write_string(w, m->why);
    ipc_write_string(w, m->text);
}

bool helper_read_answer(const uint8_t *body, size_t size, struct helper_answer *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    *ret = (struct helper_answer){.error = (int32_t)wire_read_le32(&r)};
    ret->have = wire_read_u8(&r);
    return ipc_read_string(&r, ret->why, sizeof ret->why) && ipc_read_string(&r, ret->text, sizeof ret->text) &&
           wire_read_complete(&r) && ret->error <= 0 && ret->error >= -4095;
}

void helper_write_state(struct wire_writer *w, const struct helper_state *m)
{
    wire_write_le16(w, m->target);
    wire_write_u8(w, m->udc);
    wire_write_le32(w, m->changes);
    wire_write_u8(w, m->bound);
    wire_write_u8(w, m->wakeup);
    wire_write_u8(w, m->personality);
    wire_write_u8(w, m->loaded);
    wire_write_u8(w, m->attached);
    wire_write_u8(w, m->functions);
    wire_write_bytes(w, m->leds, sizeof m->leds);
    wire_write_u8(w, m->buttons);
    wire_write_bytes(w, m->left_out.functions, sizeof m->left_out.functions);
    wire_write_u8(w, m->left_out.in);
    wire_write_u8(w, m->left_out.out);
    ipc_write_string(w, m->trouble);
}

bool helper_read_state(const uint8_t *body, size_t size, struct helper_state *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    *ret = (struct helper_state){.target = wire_read_le16(&r)};
    ret->udc = wire_read_u8(&r);
    ret->changes = wire_read_le32(&r);
    ret->bound = read_bool(&r);
    ret->wakeup = read_bool(&r);
    ret->personality = wire_read_u8(&r);
    ret->loaded = wire_read_u8(&r);
    ret->attached = wire_read_u8(&r);
    ret->functions = wire_read_u8(&r);
    bool good = true;
    for (unsigned i = 0; i < FRONT_PANEL_LEDS; i++) {
        ret->leds[i] = wire_read_u8(&r);
        good = good && ret->leds[i] <= LED_BITS;
    }
    ret->buttons = wire_read_u8(&r);
    for (unsigned i = 0; i < LEFT_OUT_REASONS; i++) {
        ret->left_out.functions[i] = wire_read_u8(&r);
        good = good && ret->left_out.functions[i] <= FUNCTION_BITS;
    }
    ret->left_out.in = wire_read_u8(&r);
    ret->left_out.out = wire_read_u8(&r);
    return ipc_read_string(&r, ret->trouble, sizeof ret->trouble) && wire_read_complete(&r) && good &&
           ret->udc <= UDC_LAST && ret->personality < PERSONALITIES && ret->loaded <= LUN_BITS &&
           ret->attached <= LUN_BITS && ret->functions <= FUNCTION_BITS && ret->buttons <= BUTTON_BITS;
}

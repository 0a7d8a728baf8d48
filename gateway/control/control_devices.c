#include "gateway/control/control_devices.h"

#include <string.h>

#include "core/ipc.h"
#include "core/text.h"

enum { MACHINE_KVM = 1, MACHINE_QEMU = 2, MACHINE_TPM = 4, MACHINE_BIOS = 8, MACHINE_UEFI = 16, MACHINE_SECURE = 32 };

/* Parts of a list; each begins with its kind. */
enum { PART_CAPTURE = 1, PART_UDC, PART_GPIO, PART_LINE, PART_LEFT_OUT };
#define PART_LEFT_OUT_SIZE 3

/* ---- asking ---- */

void control_write_devices_ask(struct wire_writer *w, const struct control_devices_ask *ask)
{
    wire_write_u8(w, ask->test);
    wire_write_u8(w, ask->kind);
    ipc_write_string(w, ask->value);
}

bool control_read_devices_ask(const uint8_t *body, size_t size, struct control_devices_ask *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    uint8_t test = wire_read_u8(&r);
    ret->test = test == 1;
    ret->kind = wire_read_u8(&r);
    return test <= 1 && ret->kind <= DEVICE_GPIO && ipc_read_string(&r, ret->value, sizeof ret->value) &&
           wire_read_complete(&r);
}

/* ---- the list ---- */

static uint8_t machine_of(const struct devices *d)
{
    return (uint8_t)((d->kvm ? MACHINE_KVM : 0) | (d->qemu ? MACHINE_QEMU : 0) | (d->tpm ? MACHINE_TPM : 0) |
                     (d->bios ? MACHINE_BIOS : 0) | (d->uefi ? MACHINE_UEFI : 0) |
                     (d->uefi_secure ? MACHINE_SECURE : 0));
}

static void write_part(struct wire_writer *w, uint8_t part, const struct control_devices *list, unsigned i)
{
    const struct devices *d = &list->devices;
    wire_write_u8(w, part);
    switch (part) {
    case PART_CAPTURE:
        ipc_write_string(w, d->captures[i].node);
        ipc_write_string(w, d->captures[i].stable);
        ipc_write_string(w, d->captures[i].card);
        ipc_write_string(w, d->captures[i].driver);
        ipc_write_string(w, list->capture_users[i]);
        break;
    case PART_UDC:
        ipc_write_string(w, d->udcs[i].name);
        ipc_write_string(w, d->udcs[i].state);
        ipc_write_string(w, d->udcs[i].gadget);
        ipc_write_string(w, list->udc_users[i]);
        break;
    case PART_GPIO:
        ipc_write_string(w, d->gpios[i].chip);
        ipc_write_string(w, d->gpios[i].label);
        wire_write_le32(w, d->gpios[i].lines);
        break;
    case PART_LINE:
        wire_write_u8(w, list->lines[i].chip);
        wire_write_le16(w, list->lines[i].line);
        ipc_write_string(w, list->lines[i].target);
        break;
    }
}

/* Those that fit, with room behind them for how many did not. */
static unsigned write_parts(struct wire_writer *w, uint8_t part, const struct control_devices *list, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct wire_writer before = *w;
        write_part(w, part, list, i);
        if (w->full || w->left < PART_LEFT_OUT_SIZE) {
            *w = before;
            return n - i;
        }
    }
    return 0;
}

void control_write_devices(struct wire_writer *w, const struct control_devices *list)
{
    const struct devices *d = &list->devices;
    unsigned left_out = list->left_out;
    wire_write_u8(w, 0);
    wire_write_le32(w, 0);
    wire_write_u8(w, machine_of(d));
    left_out += write_parts(w, PART_UDC, list, d->n_udcs);
    unsigned chips = write_parts(w, PART_GPIO, list, d->n_gpios);
    left_out += chips;
    if (chips == 0)
        write_parts(w, PART_LINE, list, list->n_lines);
    left_out += write_parts(w, PART_CAPTURE, list, d->n_captures);
    wire_write_u8(w, PART_LEFT_OUT);
    wire_write_le16(w, (uint16_t)left_out);
}

static bool read_part(struct wire_reader *r, struct control_devices *list)
{
    struct devices *d = &list->devices;
    switch (wire_read_u8(r)) {
    case PART_CAPTURE: {
        struct device_capture *one = &d->captures[d->n_captures];
        return d->n_captures < DEVICES_MAX && ipc_read_string(r, one->node, sizeof one->node) &&
               ipc_read_string(r, one->stable, sizeof one->stable) && ipc_read_string(r, one->card, sizeof one->card) &&
               ipc_read_string(r, one->driver, sizeof one->driver) &&
               ipc_read_string(r, list->capture_users[d->n_captures++], TARGET_NAME_MAX);
    }
    case PART_UDC: {
        struct device_udc *one = &d->udcs[d->n_udcs];
        return d->n_udcs < DEVICES_MAX && ipc_read_string(r, one->name, sizeof one->name) &&
               ipc_read_string(r, one->state, sizeof one->state) &&
               ipc_read_string(r, one->gadget, sizeof one->gadget) &&
               ipc_read_string(r, list->udc_users[d->n_udcs++], TARGET_NAME_MAX);
    }
    case PART_GPIO: {
        struct device_gpio *one = &d->gpios[d->n_gpios];
        if (d->n_gpios == DEVICES_MAX || !ipc_read_string(r, one->chip, sizeof one->chip) ||
            !ipc_read_string(r, one->label, sizeof one->label))
            return false;
        one->lines = wire_read_le32(r);
        d->n_gpios++;
        return !r->bad;
    }
    case PART_LINE: {
        struct control_devices_line *one = &list->lines[list->n_lines];
        if (list->n_lines == CONTROL_DEVICES_LINES)
            return false;
        one->chip = wire_read_u8(r);
        one->line = wire_read_le16(r);
        list->n_lines++;
        return one->chip < d->n_gpios && ipc_read_string(r, one->target, sizeof one->target);
    }
    case PART_LEFT_OUT:
        list->left_out = wire_read_le16(r);
        return !r->bad;
    default:
        return false;
    }
}

static bool read_list(struct wire_reader *r, struct control_devices *list)
{
    struct devices *d = &list->devices;
    uint8_t machine = wire_read_u8(r);
    d->kvm = machine & MACHINE_KVM;
    d->qemu = machine & MACHINE_QEMU;
    d->tpm = machine & MACHINE_TPM;
    d->bios = machine & MACHINE_BIOS;
    d->uefi = machine & MACHINE_UEFI;
    d->uefi_secure = machine & MACHINE_SECURE;
    while (r->left > 0 && !r->bad)
        if (!read_part(r, list))
            return false;
    return wire_read_complete(r);
}

/* ---- what was seen ---- */

void control_write_device_seen(struct wire_writer *w, int error, const struct device_seen *seen)
{
    wire_write_u8(w, 1);
    wire_write_le32(w, (uint32_t)error);
    if (error)
        return;
    wire_write_u8(w, seen->kind);
    wire_write_u8(w, seen->works);
    wire_write_u8(w, seen->busy);
    ipc_write_string(w, seen->device);
    ipc_write_string(w, seen->target);
    ipc_write_string(w, seen->why);
    ipc_write_string(w, seen->not_seen);
    for (unsigned i = 0; i < DEVICE_FACTS; i++)
        ipc_write_string(w, seen->facts[i]);
}

static bool read_seen(struct wire_reader *r, struct device_seen *seen)
{
    seen->kind = wire_read_u8(r);
    seen->works = wire_read_u8(r);
    seen->busy = wire_read_u8(r) != 0;
    if (seen->kind > DEVICE_GPIO || seen->works > DEVICE_FAILS ||
        !ipc_read_string(r, seen->device, sizeof seen->device) ||
        !ipc_read_string(r, seen->target, sizeof seen->target) || !ipc_read_string(r, seen->why, sizeof seen->why) ||
        !ipc_read_string(r, seen->not_seen, sizeof seen->not_seen))
        return false;
    for (unsigned i = 0; i < DEVICE_FACTS; i++)
        if (!ipc_read_string(r, seen->facts[i], DEVICE_FACT_MAX))
            return false;
    return wire_read_complete(r);
}

bool control_read_devices(const uint8_t *body, size_t size, struct control_devices_answer *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    memset(ret, 0, sizeof *ret);
    uint8_t test = wire_read_u8(&r);
    ret->test = test == 1;
    ret->error = (int32_t)wire_read_le32(&r);
    if (r.bad || test > 1 || ret->error > 0 || (ret->error && !ret->test))
        return false;
    if (ret->error)
        return wire_read_complete(&r);
    return ret->test ? read_seen(&r, &ret->seen) : read_list(&r, &ret->list);
}

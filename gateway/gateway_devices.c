#include "gateway/gateway_devices.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/control/control_devices.h"
#include "gateway/gateway.h"

static const char *const kinds[] = {[DEVICE_CAPTURE] = "capture", [DEVICE_UDC] = "udc", [DEVICE_GPIO] = "gpio"};

/* ---- asking ---- */

static void put_question(struct gateway *gateway, const struct control_devices_ask *ask, api_devices_done_fn *done,
                         void *data)
{
    struct gateway_devices *self = &gateway->devices;
    uint8_t room[512];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    unsigned i = 0;
    control_write_devices_ask(&w, ask);
    while (i < GATEWAY_DEVICES_ASKED && self->asked[i].done)
        i++;
    self->serial = (self->serial + 1) & ~IPC_CALL_SERIAL;
    int r = w.full                       ? -EINVAL
            : i == GATEWAY_DEVICES_ASKED ? -EAGAIN
            : !gateway->supervisor
                ? -ENOTCONN
                : ipc_send(gateway->supervisor, CONTROL_DEVICES_ASK, self->serial, room, wire_written(&w), NULL, 0);
    if (r < 0)
        done(data, r, NULL, NULL);
    else
        self->asked[i] = (struct gateway_devices_asked){done, data, self->serial};
}

static void list(void *context, api_devices_done_fn *done, void *data)
{
    put_question(context, &(struct control_devices_ask){.test = false}, done, data);
}

static void test(void *context, const char *kind, const char *value, api_devices_done_fn *done, void *data)
{
    struct control_devices_ask ask = {.test = true};
    while (ask.kind < DEVICE_GPIO && strcmp(kinds[ask.kind], kind) != 0)
        ask.kind++;
    snprintf(ask.value, sizeof ask.value, "%s", value);
    put_question(context, &ask, done, data);
}

const struct api_devices_ops gateway_devices_ops = {.list = list, .test = test};

/* ---- answers ---- */

static void hand_list(const struct gateway_devices_asked *asked, const struct control_devices *from)
{
    const struct devices *d = &from->devices;
    struct api_device_capture captures[DEVICES_MAX];
    struct api_device_udc udcs[DEVICES_MAX];
    struct api_device_gpio gpios[DEVICES_MAX];
    struct api_device_line lines[CONTROL_DEVICES_LINES];
    for (unsigned i = 0; i < d->n_captures; i++)
        captures[i] = (struct api_device_capture){d->captures[i].node, d->captures[i].stable, d->captures[i].card,
                                                  d->captures[i].driver, from->capture_users[i]};
    for (unsigned i = 0; i < d->n_udcs; i++)
        udcs[i] = (struct api_device_udc){d->udcs[i].name, d->udcs[i].state, d->udcs[i].gadget, from->udc_users[i]};
    for (unsigned i = 0; i < d->n_gpios; i++)
        gpios[i] = (struct api_device_gpio){d->gpios[i].chip, d->gpios[i].label, d->gpios[i].lines};
    for (unsigned i = 0; i < from->n_lines; i++)
        lines[i] = (struct api_device_line){from->lines[i].chip, from->lines[i].line, from->lines[i].target};
    const struct api_devices told = {.captures = captures,
                                     .udcs = udcs,
                                     .gpios = gpios,
                                     .lines = lines,
                                     .n_captures = d->n_captures,
                                     .n_udcs = d->n_udcs,
                                     .n_gpios = d->n_gpios,
                                     .n_lines = from->n_lines,
                                     .left_out = from->left_out,
                                     .kvm = d->kvm,
                                     .qemu = d->qemu,
                                     .tpm = d->tpm,
                                     .bios = d->bios,
                                     .uefi = d->uefi,
                                     .uefi_secure = d->uefi_secure};
    asked->done(asked->data, 0, &told, NULL);
}

static void hand_seen(const struct gateway_devices_asked *asked, const struct device_seen *from)
{
    static const int works[] = {[DEVICE_UNKNOWN] = -1, [DEVICE_WORKS] = 1, [DEVICE_FAILS] = 0};
    struct api_device_fact facts[DEVICE_FACTS];
    for (unsigned i = 0; i < DEVICE_FACTS; i++)
        facts[i] = (struct api_device_fact){device_fact_name((enum device_fact)i), from->facts[i]};
    const struct api_device_seen seen = {.kind = kinds[from->kind],
                                         .device = from->device,
                                         .works = works[from->works],
                                         .busy = from->busy,
                                         .target = from->target,
                                         .why = from->why,
                                         .not_seen = from->not_seen,
                                         .facts = facts,
                                         .n_facts = DEVICE_FACTS};
    asked->done(asked->data, 0, NULL, &seen);
}

bool gateway_devices_told(struct gateway *gateway, struct ipc_message *message)
{
    struct gateway_devices *self = &gateway->devices;
    _cleanup_free_ struct control_devices_answer *answer = malloc(sizeof *answer);
    unsigned i = 0;
    if (!answer || !control_read_devices(message->body, message->body_size, answer))
        return false;
    while (i < GATEWAY_DEVICES_ASKED && !(self->asked[i].done && self->asked[i].serial == message->serial))
        i++;
    if (i == GATEWAY_DEVICES_ASKED)
        return false;
    struct gateway_devices_asked asked = self->asked[i];
    self->asked[i].done = NULL;
    if (answer->error)
        asked.done(asked.data, answer->error, NULL, NULL);
    else if (answer->test)
        hand_seen(&asked, &answer->seen);
    else
        hand_list(&asked, &answer->list);
    return true;
}

void gateway_devices_lost(struct gateway *gateway)
{
    for (unsigned i = 0; i < GATEWAY_DEVICES_ASKED; i++) {
        struct gateway_devices_asked asked = gateway->devices.asked[i];
        gateway->devices.asked[i].done = NULL;
        if (asked.done)
            asked.done(asked.data, -ENOTCONN, NULL, NULL);
    }
}

#include "gateway/control/control.h"

#include <string.h>

#include "core/ipc.h"

void control_write_setup(struct wire_writer *w, const struct control_setup *setup)
{
    ipc_write_string(w, setup->state);
    wire_write_le64(w, setup->cache_memory);
    wire_write_le64(w, setup->cache_disk);
    wire_write_le64(w, setup->recordings_keep);
}

bool control_read_setup(const uint8_t *body, size_t size, struct control_setup *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    memset(ret, 0, sizeof *ret);
    if (!ipc_read_string(&r, ret->state, sizeof ret->state))
        return false;
    ret->cache_memory = wire_read_le64(&r);
    ret->cache_disk = wire_read_le64(&r);
    ret->recordings_keep = wire_read_le64(&r);
    return wire_read_complete(&r);
}

void control_write_target(struct wire_writer *w, const struct control_target *target)
{
    wire_write_le16(w, target->index);
    wire_write_le32(w, target->generation);
    wire_write_le16(w, target->order);
    ipc_write_string(w, target->name);
    wire_write_u8(w, target->machine);
    wire_write_u8(w, target->firmware);
    wire_write_u8(w, target->format);
    wire_write_u8(w, target->noise);
    wire_write_u8(w, target->nic);
    wire_write_u8(w, target->n_disks);
    wire_write_u8(w, target->drives);
    wire_write_le32(w, target->media_wait_s);
    wire_write_u8(w, target->seat_shared);
    wire_write_le32(w, target->seat_idle_s);
    wire_write_le32(w, target->jiggler_s);
    ipc_write_string(w, target->group);
    ipc_write_string(w, target->title);
    ipc_write_string(w, target->layout);
    ipc_write_string(w, target->waits);
}

bool control_read_target(const uint8_t *body, size_t size, struct control_target *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    memset(ret, 0, sizeof *ret);
    ret->index = wire_read_le16(&r);
    ret->generation = wire_read_le32(&r);
    ret->order = wire_read_le16(&r);
    if (!ipc_read_string(&r, ret->name, sizeof ret->name))
        return false;
    ret->machine = wire_read_u8(&r);
    ret->firmware = wire_read_u8(&r);
    ret->format = wire_read_u8(&r);
    ret->noise = wire_read_u8(&r) != 0;
    ret->nic = wire_read_u8(&r) != 0;
    ret->n_disks = wire_read_u8(&r);
    ret->drives = wire_read_u8(&r);
    ret->media_wait_s = wire_read_le32(&r);
    ret->seat_shared = wire_read_u8(&r) != 0;
    ret->seat_idle_s = wire_read_le32(&r);
    ret->jiggler_s = wire_read_le32(&r);
    if (!ipc_read_string(&r, ret->group, sizeof ret->group) || !ipc_read_string(&r, ret->title, sizeof ret->title) ||
        !ipc_read_string(&r, ret->layout, sizeof ret->layout) || !ipc_read_string(&r, ret->waits, sizeof ret->waits))
        return false;
    return wire_read_complete(&r) && ret->index < CONFIG_MAX_TARGETS && ret->machine <= CONFIG_DONGLE &&
           ret->firmware <= CONFIG_UEFI_SECURE && ret->format < CONFIG_FORMATS && ret->n_disks <= CONFIG_MAX_DISKS &&
           ret->drives <= DRIVES_MAX;
}

void control_write_vm(struct wire_writer *w, const struct control_vm *vm)
{
    wire_write_le16(w, vm->index);
    wire_write_le32(w, vm->generation);
    wire_write_u8(w, vm->running);
    wire_write_le32(w, vm->pid);
    ipc_write_string(w, vm->state);
    ipc_write_string(w, vm->why);
    wire_write_u8(w, vm->n_log);
    for (unsigned i = 0; i < vm->n_log; i++)
        ipc_write_string(w, vm->log[i]);
}

bool control_read_vm(const uint8_t *body, size_t size, struct control_vm *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    memset(ret, 0, sizeof *ret);
    ret->index = wire_read_le16(&r);
    ret->generation = wire_read_le32(&r);
    ret->running = wire_read_u8(&r) != 0;
    ret->pid = wire_read_le32(&r);
    if (!ipc_read_string(&r, ret->state, sizeof ret->state) || !ipc_read_string(&r, ret->why, sizeof ret->why))
        return false;
    ret->n_log = wire_read_u8(&r);
    if (ret->n_log > TARGET_LOG_LINES)
        return false;
    for (unsigned i = 0; i < ret->n_log; i++)
        if (!ipc_read_string(&r, ret->log[i], sizeof ret->log[i]))
            return false;
    return wire_read_complete(&r) && ret->index < CONFIG_MAX_TARGETS;
}

void control_write_exports(struct wire_writer *w, const struct control_exports *exports)
{
    wire_write_u8(w, exports->keys);
    wire_write_u8(w, exports->client_ca);
}

bool control_read_exports(const uint8_t *body, size_t size, struct control_exports *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    ret->keys = wire_read_u8(&r) != 0;
    ret->client_ca = wire_read_u8(&r) != 0;
    return wire_read_complete(&r);
}

void control_write_place(struct wire_writer *w, const struct control_place *place)
{
    wire_write_le16(w, place->index);
    wire_write_le32(w, place->generation);
}

static bool read_place(struct wire_reader *r, struct control_place *ret)
{
    ret->index = wire_read_le16(r);
    ret->generation = wire_read_le32(r);
    return ret->index < CONFIG_MAX_TARGETS;
}

bool control_read_place(const uint8_t *body, size_t size, struct control_place *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    return read_place(&r, ret) && wire_read_complete(&r);
}

void control_write_gone(struct wire_writer *w, const struct control_gone *gone)
{
    control_write_place(w, &gone->place);
    wire_write_u8(w, gone->how);
}

bool control_read_gone(const uint8_t *body, size_t size, struct control_gone *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    bool good = read_place(&r, &ret->place);
    ret->how = wire_read_u8(&r);
    return good && ret->how < CONTROL_GONE_HOWS && wire_read_complete(&r);
}

void control_write_wake(struct wire_writer *w, const struct control_wake *wake)
{
    control_write_place(w, &wake->place);
}

bool control_read_wake(const uint8_t *body, size_t size, struct control_wake *ret)
{
    return control_read_place(body, size, &ret->place);
}

void control_write_woken(struct wire_writer *w, const struct control_woken *woken)
{
    control_write_place(w, &woken->place);
    wire_write_le32(w, (uint32_t)woken->error);
    ipc_write_string(w, woken->why);
}

bool control_read_woken(const uint8_t *body, size_t size, struct control_woken *ret)
{
    struct wire_reader r = wire_reader_init(body, size);
    memset(ret, 0, sizeof *ret);
    bool good = read_place(&r, &ret->place);
    ret->error = (int32_t)wire_read_le32(&r);
    return ipc_read_string(&r, ret->why, sizeof ret->why) && wire_read_complete(&r) && good && ret->error <= 0;
}

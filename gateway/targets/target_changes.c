#include "gateway/targets/target_changes.h"

#include <stdlib.h>
#include <string.h>

/* How a field is compared. Structs are compared by what they mean: padding may be anything. */
typedef bool same_fn(const void *a, const void *b, size_t size);

struct field {
    const char *key;
    size_t offset, size;
    same_fn *same;
    bool soft; /* counts at once, and touches nothing that runs */
};

static bool same_bytes(const void *a, const void *b, size_t size)
{
    return memcmp(a, b, size) == 0;
}

static bool same_text(const void *a, const void *b, size_t size)
{
    return strncmp(a, b, size) == 0;
}

static bool same_disks(const void *a, const void *b, size_t size)
{
    const struct config_disk *x = a, *y = b;
    for (size_t i = 0; i < size / sizeof *x; i++)
        if (strcmp(x[i].path, y[i].path) != 0 || x[i].bus != y[i].bus || x[i].raw != y[i].raw || x[i].size != y[i].size)
            return false;
    return true;
}

/* Of struct config_arguments, which has pointers, and of struct config_devices, which has rooms. */
#define SAME_LIST(function, type)                                                                                      \
    static bool function(const void *a, const void *b, size_t size)                                                    \
    {                                                                                                                  \
        const struct type *x = a, *y = b;                                                                              \
        bool same = x->n == y->n;                                                                                      \
        (void)size;                                                                                                    \
        for (unsigned i = 0; same && i < x->n; i++)                                                                    \
            same = strcmp(x->list[i], y->list[i]) == 0;                                                                \
        return same;                                                                                                   \
    }
SAME_LIST(same_arguments, config_arguments)
SAME_LIST(same_devices, config_devices)

static bool same_nic(const void *a, const void *b, size_t size)
{
    const struct config_interface *x = a, *y = b;
    (void)size;
    return x->kind == y->kind && strcmp(x->tap, y->tap) == 0;
}

static bool same_edid(const void *a, const void *b, size_t size)
{
    const struct config_edid_choice *x = a, *y = b;
    (void)size;
    return x->kind == y->kind && (x->kind != CONFIG_EDID_PRESET || x->preset == y->preset) &&
           strcmp(x->path, y->path) == 0;
}

static bool same_line(const void *a, const void *b, size_t size)
{
    const struct front_panel_line *x = a, *y = b;
    (void)size;
    return strcmp(x->chip, y->chip) == 0 && x->offset == y->offset && x->active_low == y->active_low;
}

#define FIELD(name, member, how, is_soft)                                                                              \
    {                                                                                                                  \
        .key = (name), .offset = offsetof(struct config_target, member),                                               \
        .size = sizeof(((struct config_target *)0)->member), .same = (how), .soft = (is_soft)                          \
    }
#define SOFT(name, member, how) FIELD(name, member, how, true)
#define HARD(name, member, how) FIELD(name, member, how, false)
#define DONGLE(name, member, how) FIELD(name, dongle.member, how, false)

/* Each key of a target stands here once (test_target_changes looks). */
static const struct field fields[] = {
    SOFT("group", group, same_text),
    SOFT("title", title, same_text),
    SOFT("seat", seat, same_bytes),
    SOFT("seat-idle", seat_idle_s, same_bytes),
    SOFT("layout", layout, same_text),
    SOFT("jiggler", jiggler_s, same_bytes),
    SOFT("media-wait", media_wait_s, same_bytes),

    HARD("recording", recording, same_text),
    HARD("format", format, same_bytes),
    HARD("noise", noise, same_bytes),
    HARD("firmware", firmware, same_bytes),
    HARD("accel", accel, same_bytes),
    HARD("tpm", tpm, same_bytes),
    HARD("cpus", cpus, same_bytes),
    HARD("memory", memory_mb, same_bytes),
    HARD("disk", disks[0], same_disks),
    HARD("disk2", disks[1], same_disks),
    HARD("disk3", disks[2], same_disks),
    HARD("disk4", disks[3], same_disks),
    HARD("nic", nic, same_nic),
    HARD("mac", mac, same_bytes),
    HARD("serial-extra", serial_extra, same_bytes),
    HARD("lifetime", lifetime, same_bytes),
    HARD("drives", drives, same_bytes),
    HARD("extra-arguments", extra, same_arguments),

    DONGLE("capture", capture, same_text),
    DONGLE("capture-format", capture_format, same_bytes),
    DONGLE("capture-input", capture_input, same_bytes),
    DONGLE("dma-heap", dma_heap, same_text),
    DONGLE("media", media, same_text),
    DONGLE("media-subdevs", subdevs, same_devices),
    DONGLE("edid", edid, same_edid),
    DONGLE("udc", udc, same_text),
    DONGLE("usb-vendor", vendor, same_bytes),
    DONGLE("usb-product", product, same_bytes),
    DONGLE("usb-manufacturer", manufacturer, same_text),
    DONGLE("usb-name", product_name, same_text),
    DONGLE("usb-serial", serial, same_text),
    DONGLE("personality", personality, same_bytes),
    DONGLE("empty-drives", empty_drives, same_bytes),
    DONGLE("big-cd", big_cd, same_bytes),
    DONGLE("remote-wakeup", wakeup, same_bytes),
    DONGLE("gpio-power-button", panel.buttons[FRONT_PANEL_POWER], same_line),
    DONGLE("gpio-reset-button", panel.buttons[FRONT_PANEL_RESET], same_line),
    DONGLE("gpio-power-led", panel.leds[FRONT_PANEL_POWER_LED], same_line),
    DONGLE("gpio-disk-led", panel.leds[FRONT_PANEL_DISK_LED], same_line),
    DONGLE("press-short", press_short_ms, same_bytes),
    DONGLE("press-long", press_long_ms, same_bytes),
    DONGLE("wake-mac", wake_mac, same_bytes),
    DONGLE("wake-secureon", wake_secureon, same_bytes),
    DONGLE("wake-broadcast", wake_broadcast, same_text),
    DONGLE("boot-keys-cd", boot_keys[0], same_text),
    DONGLE("boot-keys-disk", boot_keys[1], same_text),
    DONGLE("boot-keys-pxe", boot_keys[2], same_text),
    DONGLE("boot-keys-menu", boot_keys[3], same_text),
    DONGLE("boot-keys-setup", boot_keys[4], same_text),
};

static const struct field *find_field(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        if (strcmp(fields[i].key, name) == 0)
            return &fields[i];
    return NULL;
}

bool target_key_known(const char *name)
{
    return strcmp(name, "machine") == 0 || find_field(name);
}

bool target_key_soft(const char *name)
{
    const struct field *field = find_field(name);
    return field && field->soft;
}

static void name_key(char *room, size_t size, const char *key)
{
    size_t n = strlen(room);
    if (n + strlen(key) + 3 <= size)
        snprintf(room + n, size - n, "%s%s", n ? ", " : "", key);
}

static void compare(struct target_change *change)
{
    const char *a = (const char *)change->before, *b = (const char *)change->after;
    bool hard = false, soft = false;
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
        const struct field *f = &fields[i];
        if (f->same(a + f->offset, b + f->offset, f->size))
            continue;
        name_key(change->keys, sizeof change->keys, f->key);
        if (f->soft)
            soft = true;
        else
            name_key(change->hard, sizeof change->hard, f->key);
        hard = hard || !f->soft;
    }
    if (hard)
        change->step = change->after->machine == CONFIG_QEMU ? TARGET_POWER : TARGET_REMAKE;
    else
        change->step = soft ? TARGET_TELL : TARGET_STAYS;
}

static enum target_step step_between(const struct config_target *a, const struct config_target *b)
{
    struct target_change change = {.before = a, .after = b};
    if (strcmp(a->name, b->name) != 0 || a->machine != b->machine)
        return TARGET_REMOVE;
    compare(&change);
    return change.step;
}

bool config_target_same(const struct config_target *a, const struct config_target *b)
{
    return step_between(a, b) == TARGET_STAYS;
}

bool config_target_same_shape(const struct config_target *a, const struct config_target *b)
{
    enum target_step step = step_between(a, b);
    return step == TARGET_STAYS || step == TARGET_TELL;
}

/* Of the same name and kind: what is another kind of machine is another target. */
static const struct config_target *counterpart(struct config_target *const *list, unsigned n,
                                               const struct config_target *of)
{
    for (unsigned i = 0; i < n; i++)
        if (strcmp(list[i]->name, of->name) == 0)
            return list[i]->machine == of->machine ? list[i] : NULL;
    return NULL;
}

void target_changes_find(struct config_target *const *before, unsigned n_before, struct config_target *const *after,
                         unsigned n_after, struct target_changes *ret)
{
    ret->n = 0;
    for (unsigned i = 0; i < n_before; i++)
        if (!counterpart(after, n_after, before[i]))
            ret->list[ret->n++] = (struct target_change){.step = TARGET_REMOVE, .before = before[i]};
    for (unsigned i = 0; i < n_after; i++) {
        struct target_change *change = &ret->list[ret->n++];
        *change = (struct target_change){
            .step = TARGET_ADD, .before = counterpart(before, n_before, after[i]), .after = after[i]};
        if (change->before)
            compare(change);
    }
}

struct config_target *config_target_copy(const struct config_target *from)
{
    struct config_target *self = malloc(sizeof *self);
    if (!self)
        return NULL;
    *self = *from;
    memset(&self->extra, 0, sizeof self->extra);
    memset(self->said, 0, sizeof self->said); /* the configuration's own */
    for (unsigned i = 0; i < from->extra.n; i++) {
        self->extra.list[i] = strdup(from->extra.list[i]);
        self->extra.n = i + 1;
        if (!self->extra.list[i])
            return config_target_free(self);
    }
    return self;
}

struct config_target *config_target_free(struct config_target *self)
{
    for (unsigned i = 0; self && i < self->extra.n; i++)
        free(self->extra.list[i]);
    free(self);
    return NULL;
}

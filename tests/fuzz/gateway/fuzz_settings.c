/* Settings from elsewhere: conf.d, which may hold anything and never keeps lightsoutd from starting; and what gateway
 * and supervisor tell each other of them. The first byte chooses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/ipc.h"
#include "gateway/control/control_config.h"
#include "gateway/control/control_devices.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char owner[] = "[gateway]\npublic-names = kvm\n[target a]\nmachine = qemu\nmac = 52:54:00:12:34:56\n"
                            "[target b]\nmachine = dongle\nudc = x\n";

/* Two files of conf.d, a NUL between them. */
static struct config_page *read_page(const uint8_t *data, size_t size, struct config_mistakes *ignored)
{
    const uint8_t *cut = memchr(data, '\0', size);
    size_t n = cut ? (size_t)(cut - data) : size;
    struct config_page *page = config_page_create();
    if (!page || config_page_read(page, "", (const char *)data, n, ignored) < 0 ||
        (cut && config_page_read(page, "a", (const char *)cut + 1, size - n - 1, ignored) < 0))
        abort();
    page->trusted = true;
    return page;
}

static void fuzz_page(const uint8_t *data, size_t size)
{
    static struct config_mistakes mistakes, ignored;
    mistakes = ignored = (struct config_mistakes){0};
    struct config_page *page = read_page(data, size, &ignored);
    struct config *config = NULL;
    char *text = NULL, *again = NULL;
    size_t n = 0;
    if (config_parse_with(owner, strlen(owner), true, page, &mistakes, &ignored, &config) < 0 || !config)
        abort(); /* it always starts, */
    if (config->user[0] || config->state[0] || config->targets[0]->extra.n ||
        config->targets[0]->disks[0].path[0] == '/')
        abort(); /* with nothing that is the owner's alone */
    config_destroy(config);
    if (config_page_write(page, "", &text, &n) < 0)
        abort();
    struct config_page *second = config_page_create();
    if (!second || config_page_read(second, "", text, n, &ignored) < 0 ||
        config_page_write(second, "", &again, &n) < 0 || strcmp(text, again) != 0)
        abort();
    free(text);
    free(again);
    config_page_destroy(second);
    config_page_destroy(page);
}

/* What a gateway asks never sets what is not the page's, and what is taken is still good after a restart. */
static void fuzz_ask(const uint8_t *data, size_t size)
{
    static struct settings_ask ask;
    static struct config_mistakes faults, ignored;
    faults = ignored = (struct config_mistakes){0};
    struct settings_base base = {.file = {.bytes = strdup(owner), .size = strlen(owner), .trusted = true}};
    struct config_page *page = NULL;
    struct config *config = NULL;
    const struct settings_author author = {"fuzz", 1};
    const struct settings_judge judge = {.listed = NULL};
    if (!settings_ask_read(data, size, &ask)) {
        free(base.file.bytes);
        return;
    }
    base.page = config_page_create();
    if (settings_read(&base.file, base.page, &ignored, &base.config) < 0)
        abort();
    const char *make = ask.wish == SETTINGS_MAKE ? ask.name : NULL;
    int r = settings_change_judge(&base, &ask.changes, make, &author, &judge, &faults, &page, &config);
    if ((r == 0) != (faults.n == 0) || (r == 0) != (page && config))
        abort();
    if (config && (config->user[0] || config->state[0] || config->outward.policy.allow.n))
        abort();
    config_destroy(config);
    config_page_destroy(page);
    settings_base_finish(&base);
    settings_changes_finish(&ask.changes);
}

/* What is read of devices is written again, and read the same. */
static void fuzz_devices(const uint8_t *data, size_t size)
{
    static struct control_devices_answer answer, again;
    static uint8_t room[IPC_MAX_BODY];
    struct control_devices_ask ask;
    struct wire_writer w = wire_writer_init(room, sizeof room);
    if (control_read_devices_ask(data, size, &ask)) {
        control_write_devices_ask(&w, &ask);
        if (w.full || !control_read_devices_ask(room, wire_written(&w), &ask))
            abort();
    }
    w = wire_writer_init(room, sizeof room);
    if (size > sizeof room || !control_read_devices(data, size, &answer))
        return;
    if (answer.test)
        control_write_device_seen(&w, answer.error, &answer.seen);
    else
        control_write_devices(&w, &answer.list);
    if (w.full || !control_read_devices(room, wire_written(&w), &again) || again.error != answer.error)
        abort();
    if (again.list.devices.n_captures > answer.list.devices.n_captures || strcmp(again.seen.why, answer.seen.why) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct settings_answer answer;
    struct settings_trial trial;
    if (size == 0)
        return 0;
    switch (data[0] % 6) {
    case 0:
        fuzz_page(data + 1, size - 1);
        break;
    case 1:
        fuzz_ask(data + 1, size - 1);
        break;
    case 2:
        settings_state_destroy(settings_state_read(data + 1, size - 1));
        break;
    case 3:
        (void)settings_answer_read(data + 1, size - 1, &answer);
        break;
    case 4:
        if (settings_trial_read(&trial, (const char *)data + 1, size - 1))
            settings_trial_finish(&trial);
        break;
    case 5:
        fuzz_devices(data + 1, size - 1);
        break;
    }
    return 0;
}

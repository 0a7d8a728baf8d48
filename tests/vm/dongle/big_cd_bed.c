#include "big_cd_bed.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/clock.h"

static void on_ejected(void *data)
{
    ((struct big_cd_bed *)data)->ejected++;
}

static void on_enabled(void *data, bool enabled)
{
    ((struct big_cd_bed *)data)->enabled += enabled;
}

static void on_lost(void *data)
{
    ((struct big_cd_bed *)data)->lost++;
}

static const struct big_cd_listener listener = {on_ejected, on_enabled, on_lost};

struct search {
    const char *model;
    char *disc;
};

static bool find_disc(void *data)
{
    struct search *search = data;
    char path[HOST_PATH * 4], model[64];
    DIR *folder = opendir("/sys/block");
    bool found = false;
    for (struct dirent *e; folder && !found && (e = readdir(folder));) {
        snprintf(path, sizeof path, "/sys/block/%s/device/model", e->d_name);
        if (strncmp(e->d_name, "sr", 2) != 0 || !host_read(path, model, sizeof model))
            continue;
        found = strncmp(model, search->model, strlen(search->model)) == 0;
        snprintf(search->disc, HOST_PATH, "/dev/%.60s", e->d_name);
    }
    if (folder)
        closedir(folder);
    return found && access(search->disc, F_OK) == 0;
}

void bed_wait_disc(const char *model, char disc[HOST_PATH])
{
    struct search search = {model, disc};
    assert_true(host_wait(find_disc, &search));
}

void bed_up(struct big_cd_bed *self, uint16_t product)
{
    struct gadget_config config = host_gadget_config(product);
    int fds[3];
    memset(self, 0, sizeof *self);
    config.big_cd = true;
    self->product = product;
    self->server = pattern_server_start();
    assert_int_equal(loop_create(&self->loop), 0);
    assert_int_equal(big_cd_create(self->loop, "LIGHTSOU" BED_MODEL " 0001SN-0042", &listener, self, &self->cd), 0);
    if (gadget_create(&config, &self->gadget, self->why, sizeof self->why) < 0)
        fail_msg("%s", self->why);
    assert_int_equal(gadget_open_ffs(self->gadget, fds), 0);
    assert_int_equal(big_cd_begin(self->cd, fds[0]), 0);
    if (gadget_up(self->gadget, PERSONALITY_DRIVE, NULL, self->why, sizeof self->why) < 0)
        fail_msg("%s", self->why);
    assert_int_equal(gadget_open_ffs(self->gadget, fds), 0);
    assert_int_equal(big_cd_serve(self->cd, fds[1], fds[2]), 0);
    bed_wait(self, &self->enabled);
    bed_wait_disc(BED_MODEL, self->disc);
}

void bed_down(struct big_cd_bed *self)
{
    gadget_down(self->gadget);
    big_cd_destroy(self->cd);
    gadget_destroy(self->gadget);
    pattern_server_stop(self->server);
    loop_destroy(self->loop);
    assert_true(host_wait_no_device(self->product));
    assert_true(host_wait_no_disc("sr"));
    assert_true(host_wait_no_disc("sd"));
}

void bed_insert(struct big_cd_bed *self, unsigned seed, uint64_t size)
{
    pattern_server_offer(self->server, seed, size);
    assert_int_equal(big_cd_insert(self->cd, pattern_server_connect(self->server, seed, NULL), size), 0);
}

void bed_wait(struct big_cd_bed *self, const unsigned *what)
{
    for (uint64_t limit = clock_now_us() + HOST_PATIENCE_US; !*what;) {
        assert_true(clock_now_us() < limit);
        loop_dispatch(self->loop, 100);
    }
}

#include "gateway/doctor/doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/log.h"
#include "gateway/supervisor/uid.h"
#include "gateway/supervisor/wall_clock.h"
#include "manage/front_panel.h"

void doctor_say(struct doctor *self, enum doctor_mark mark, const char *what, const char *format, ...)
{
    static const char *const marks[] = {[DOCTOR_FINE] = "", [DOCTOR_NOTE] = "note: ", [DOCTOR_WRONG] = "WRONG: "};
    self->wrong += mark == DOCTOR_WRONG;
    printf("  %-12s %s", what, marks[mark]);
    va_list ap;
    va_start(ap, format);
    vprintf(format, ap);
    va_end(ap);
    putchar('\n');
}

static void look_at_panel(struct doctor *self, const struct config_target *target)
{
    static const char *const buttons[] = {"power button", "reset button"}, *const leds[] = {"power LED", "disk LED"};
    for (unsigned i = 0; i < FRONT_PANEL_BUTTONS + FRONT_PANEL_LEDS; i++) {
        bool button = i < FRONT_PANEL_BUTTONS;
        unsigned k = button ? i : i - FRONT_PANEL_BUTTONS;
        struct front_panel_config one = {0};
        struct front_panel_line *line = button ? &one.buttons[k] : &one.leds[k];
        const char *what = button ? buttons[k] : leds[k];
        *line = button ? target->dongle.panel.buttons[k] : target->dongle.panel.leds[k];
        if (!line->chip[0])
            continue;
        static const struct front_panel_listener nobody;
        struct front_panel *panel = NULL;
        struct loop *loop = NULL;
        char why[256] = "no memory";
        int r = loop_create(&loop);
        r = r ? r : front_panel_create(loop, NULL, &one, &nobody, NULL, &panel, why, sizeof why);
        if (r == 0)
            doctor_say(self, DOCTOR_FINE, what, "%s line %u%s", line->chip, line->offset,
                       line->active_low ? ", active low" : "");
        else if (r == -EBUSY)
            doctor_say(self, DOCTOR_NOTE, what, "%s (a lightsoutd that runs has its own lines)", why);
        else
            doctor_say(self, DOCTOR_WRONG, what, "%s", why);
        front_panel_destroy(panel);
        loop_destroy(loop);
    }
}

static void look_at_target(struct doctor *self, const struct config_target *target)
{
    printf("target %s\n", target->name);
    doctor_capture(self, target);
    doctor_usb(self, target);
    look_at_panel(self, target);
    if (target->dongle.wake_mac.given)
        doctor_say(self, DOCTOR_FINE, "wake-up", "by packets to %02x:%02x:%02x:%02x:%02x:%02x%s",
                   target->dongle.wake_mac.bytes[0], target->dongle.wake_mac.bytes[1], target->dongle.wake_mac.bytes[2],
                   target->dongle.wake_mac.bytes[3], target->dongle.wake_mac.bytes[4], target->dongle.wake_mac.bytes[5],
                   target->dongle.wake_secureon.given ? " with a password" : "");
}

/* The owner's file, and the targets that the page has made. */
static int read_config(const struct options *options, const char *path, struct config_mistakes *mistakes,
                       struct config **ret)
{
    struct config_file file = {.there = false};
    struct config *alone = NULL;
    struct uid_choice user;
    char state[CONFIG_PATH_MAX], why[256];
    _cleanup_free_ struct config_mistakes *ignored = calloc(1, sizeof *ignored);
    int r = ignored ? config_file_read(path, mistakes, &file) : -ENOMEM;
    r = r ? r : config_parse(file.bytes, file.size, file.trusted, mistakes, &alone);
    if (r == 0 && options_state_path(options, alone, state, sizeof state) == 0 &&
        uid_choose(alone->user, &user, why, sizeof why) == 0) {
        alone = config_destroy(alone);
        r = config_parse_below(&file, state, uid_of_supervisor(&user), mistakes, ignored, ret);
        config_print_ignored(stderr, ignored);
    } else if (r == 0)
        *ret = alone;
    free(file.bytes);
    return r;
}

int doctor_main(const struct options *options)
{
    const char *path = options->config ? options->config : CONFIG_DEFAULT_PATH;
    struct config_mistakes *mistakes = calloc(1, sizeof *mistakes);
    attr_cleanup(config_destroyp) struct config *config = NULL;
    log_init("doctor");
    int r = mistakes ? read_config(options, path, mistakes, &config) : -ENOMEM;
    if (r < 0 && mistakes)
        config_print_mistakes(stderr, path, mistakes);
    free(mistakes);
    if (r < 0 || !config)
        return EXIT_CONFIG;
    struct doctor self = {0};
    unsigned dongles = 0;
    if (geteuid() != 0)
        fprintf(stderr, "lightsoutd: run this as root: others may not open the devices\n");
    for (unsigned i = 0; i < config->n_targets; i++)
        if (config->targets[i]->machine == CONFIG_DONGLE) {
            look_at_target(&self, config->targets[i]);
            dongles++;
        }
    printf("this machine\n");
    if (dongles > 0)
        doctor_drives(&self);
    bool synchronised = wall_clock_synchronised(&wall_clock_real);
    doctor_say(&self, synchronised ? DOCTOR_FINE : DOCTOR_NOTE, "clock",
               synchronised ? "kept right by somebody" : "nobody keeps it right; the page can set it");
    char state[CONFIG_PATH_MAX];
    if (options_state_path(options, config, state, sizeof state) == 0)
        doctor_certificate(&self, config, state);
    if (dongles == 0)
        printf("%s has no target with machine = dongle, nor has the page\n", path);
    if (self.wrong)
        printf("%u wrong\n", self.wrong);
    else
        printf("nothing is wrong\n");
    return self.wrong ? EXIT_FAILED : EXIT_FINE;
}

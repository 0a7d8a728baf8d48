#include "usbgadget/chooser.h"

#include "core/attrs.h"

/* In which order they are tried: without a medium, the drives are what disturbs. */
static const enum personality without_medium[] = {PERSONALITY_FULL, PERSONALITY_KEYBOARD, PERSONALITY_KEYBOARD_DRIVE};
/* With a medium, keyboard-only comes last: better than a firmware that hangs. */
static const enum personality with_medium[] = {PERSONALITY_FULL, PERSONALITY_KEYBOARD_DRIVE, PERSONALITY_STORAGE_FIRST,
                                               PERSONALITY_DRIVE, PERSONALITY_KEYBOARD};
/* The firmware has the keyboard but not the drive: it may set up no more than the first interface that it knows. */
static const enum personality drive_missed[] = {PERSONALITY_STORAGE_FIRST, PERSONALITY_DRIVE, PERSONALITY_FULL,
                                                PERSONALITY_KEYBOARD_DRIVE};

static bool has_drives(enum personality personality)
{
    return personality != PERSONALITY_KEYBOARD;
}

void chooser_init(struct chooser *self, const struct chooser_config *config)
{
    *self = (struct chooser){.config = *config, .current = config->first, .next = config->first};
}

uint64_t chooser_due(const struct chooser *self)
{
    return self->deadline_us;
}

enum chooser_why chooser_why(const struct chooser *self)
{
    return self->why;
}

void chooser_set(struct chooser *self, enum personality personality)
{
    self->config.automatic = false;
    self->current = self->next = personality;
    self->deadline_us = 0;
    self->switching = false;
    self->why = CHOOSER_WHY_UNSAID;
}

static enum chooser_step say(struct chooser *self, enum chooser_step step, enum chooser_why why)
{
    self->why = why;
    return step;
}

/* The host sees us leave and come back; what it did with the one before does not count any more. */
static enum chooser_step switch_to(struct chooser *self, enum personality personality, enum chooser_why why)
{
    self->current = self->next = personality;
    self->tried |= 1u << personality;
    self->configured_us = self->deadline_us = self->read_us = 0;
    self->polled = self->was_read = self->locked = self->offered = false;
    self->fits_medium = self->medium;
    self->switching = true;
    return say(self, CHOOSER_SWITCH, why);
}

static enum chooser_step offer(struct chooser *self, enum personality personality, enum chooser_why why)
{
    self->next = personality;
    if (self->offered)
        return CHOOSER_STAY;
    self->offered = true;
    return say(self, CHOOSER_OFFER, why);
}

/* A door that the host locked stays so when the medium was taken out by force: there is nothing behind it any more. */
static bool in_use(const struct chooser *self, uint64_t now_us)
{
    return self->key_down || (self->locked && self->medium) ||
           (self->read_us && now_us - self->read_us < self->config.quiet_us);
}

static bool works(const struct chooser *self)
{
    return self->medium && has_drives(self->current) ? self->was_read : self->polled;
}

/* What to begin with at power-on. */
static enum personality wish(const struct chooser *self)
{
    const struct chooser_config *c = &self->config;
    enum personality personality = self->medium && c->with_medium_known ? c->with_medium : c->first;
    return self->medium && !has_drives(personality) ? PERSONALITY_FULL : personality;
}

static void begin(struct chooser *self, uint64_t now_us)
{
    self->powered_us = now_us;
    self->configured_us = self->deadline_us = self->read_us = 0;
    self->polled = self->was_read = self->locked = self->settled = self->offered = false;
    self->fits_medium = self->medium;
    self->tried = 1u << self->current;
}

static enum chooser_step power_on(struct chooser *self, uint64_t now_us)
{
    /* Either the target saw us leave and come back, or it was switched on before it saw the new one: that one is still
     * to be tried. */
    if (self->switching) {
        self->powered_us = now_us;
        return CHOOSER_STAY;
    }
    begin(self, now_us);
    enum personality first = wish(self);
    if (!self->config.automatic || first == self->current || self->key_down)
        return CHOOSER_STAY;
    self->tried = 0;
    return switch_to(self, first, self->medium ? CHOOSER_WHY_ON_WITH_MEDIUM : CHOOSER_WHY_ON_WITHOUT_MEDIUM);
}

/* A restart that keeps the power shows no more than this; so does an OS that takes over from the firmware, and which
 * will see the device come back. There is no better moment: the host has not asked us anything yet. */
static enum chooser_step reset(struct chooser *self, uint64_t now_us)
{
    enum personality first = wish(self);
    if (!self->config.automatic || self->switching || self->fits_medium == self->medium || first == self->current)
        return CHOOSER_STAY;
    if (self->key_down || (self->medium && in_use(self, now_us)))
        return offer(self, first, CHOOSER_WHY_DRIVES_IN_USE);
    begin(self, now_us);
    self->tried = 0;
    return switch_to(self, first, self->medium ? CHOOSER_WHY_RESET_WITH_MEDIUM : CHOOSER_WHY_RESET_WITHOUT_MEDIUM);
}

void chooser_take_over(struct chooser *self, enum personality bound, uint64_t now_us)
{
    self->current = self->next = bound;
    begin(self, now_us);
    self->configured_us = now_us;
    self->settled = true;
}

static void power_off(struct chooser *self)
{
    self->powered_us = self->configured_us = self->deadline_us = self->read_us = 0;
    self->locked = self->offered = false;
}

static void configured(struct chooser *self, uint64_t now_us)
{
    if (!self->powered_us && !self->switching)
        begin(self, now_us); /* nobody could tell us of the power */
    self->switching = false;
    if (!self->powered_us)
        self->powered_us = now_us;
    if (!self->configured_us) {
        self->configured_us = now_us;
        self->deadline_us = self->config.automatic && !self->settled ? now_us + self->config.patience_us : 0;
    } else if (self->medium ? self->config.with_medium_known : self->config.known) {
        self->deadline_us = 0; /* an OS, which says nothing against what is known of the firmware */
    }
}

/* Keeps the current one as found out. True when that is news. */
static bool remember(struct chooser *self)
{
    struct chooser_config *c = &self->config;
    enum personality *kept = self->medium ? &c->with_medium : &c->first;
    bool *known = self->medium ? &c->with_medium_known : &c->known;
    if (self->medium && !has_drives(self->current))
        return false; /* the best there was, but no answer */
    bool news = !*known || *kept != self->current;
    *kept = self->current;
    *known = true;
    return news;
}

static enum chooser_step judge_success(struct chooser *self, uint64_t now_us)
{
    if (!self->config.automatic || self->settled || !self->configured_us || !works(self))
        return CHOOSER_STAY;
    self->settled = true;
    self->deadline_us = 0;
    if (now_us - self->configured_us > self->config.patience_us || !remember(self))
        return CHOOSER_STAY;
    return say(self, CHOOSER_REMEMBER, self->medium ? CHOOSER_WHY_DRIVE_READ : CHOOSER_WHY_KEYBOARD_POLLED);
}

static bool find_untried(const struct chooser *self, const enum personality *order, size_t n, enum personality *ret)
{
    for (size_t i = 0; i < n; i++)
        if (!(self->tried & 1u << order[i])) {
            *ret = order[i];
            return true;
        }
    return false;
}

static bool find_next(const struct chooser *self, enum personality *ret)
{
    if (!self->medium)
        return find_untried(self, without_medium, ARRAY_SIZE(without_medium), ret);
    if (self->polled)
        return find_untried(self, drive_missed, ARRAY_SIZE(drive_missed), ret);
    return find_untried(self, with_medium, ARRAY_SIZE(with_medium), ret);
}

static enum chooser_step judge_failure(struct chooser *self, uint64_t now_us)
{
    enum personality next = PERSONALITY_FULL;
    bool more = find_next(self, &next);

    if (!more && self->current == PERSONALITY_FULL) {
        self->settled = true;
        self->deadline_us = 0;
        return say(self, CHOOSER_STAY, CHOOSER_WHY_NONE_USED);
    }
    if (in_use(self, now_us)) {
        self->deadline_us = now_us + self->config.patience_us;
        return offer(self, next, CHOOSER_WHY_FIRMWARE_IN_USE);
    }
    if (self->medium)
        self->config.with_medium_known = false;
    else
        self->config.known = false;
    if (!more) {
        self->settled = true;
        return switch_to(self, PERSONALITY_FULL, CHOOSER_WHY_NONE_USED);
    }
    return switch_to(self, next, self->medium ? CHOOSER_WHY_DRIVE_UNREAD : CHOOSER_WHY_KEYBOARD_UNPOLLED);
}

static enum chooser_step tick(struct chooser *self, uint64_t now_us)
{
    if (!self->deadline_us || now_us < self->deadline_us)
        return CHOOSER_STAY;
    return judge_failure(self, now_us);
}

static enum chooser_step medium_in(struct chooser *self)
{
    self->medium = true;
    if (!self->config.automatic || has_drives(self->current))
        return CHOOSER_STAY;
    return offer(self, PERSONALITY_FULL, CHOOSER_WHY_DRIVE_UNSEEN);
}

enum chooser_step chooser_event(struct chooser *self, enum chooser_event event, uint64_t now_us)
{
    switch (event) {
    case CHOOSER_POWER_ON:
        return power_on(self, now_us);
    case CHOOSER_POWER_OFF:
        power_off(self);
        return CHOOSER_STAY;
    case CHOOSER_RESET:
        return reset(self, now_us);
    case CHOOSER_CONFIGURED:
        configured(self, now_us);
        return CHOOSER_STAY;
    case CHOOSER_POLLED:
        self->polled = true;
        return judge_success(self, now_us);
    case CHOOSER_READ:
        self->was_read = true;
        self->read_us = now_us;
        return judge_success(self, now_us);
    case CHOOSER_LOCKED:
    case CHOOSER_UNLOCKED:
        self->locked = event == CHOOSER_LOCKED;
        return CHOOSER_STAY;
    case CHOOSER_KEY_DOWN:
    case CHOOSER_KEYS_UP:
        self->key_down = event == CHOOSER_KEY_DOWN;
        return CHOOSER_STAY;
    case CHOOSER_MEDIUM_IN:
        return medium_in(self);
    case CHOOSER_MEDIUM_OUT:
        self->medium = self->was_read = false;
        return judge_success(self, now_us);
    case CHOOSER_TICK:
        return tick(self, now_us);
    }
    return CHOOSER_STAY;
}

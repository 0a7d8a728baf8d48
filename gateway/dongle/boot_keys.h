/* Runs a recipe of keys (manage/key_recipe.h) on an input port, and looks at the screen for the texts it waits for. One
 * recipe at a time. Net thread. */
#pragma once

#include "core/loop.h"
#include "manage/key_recipe.h"
#include "manage/target.h"

struct boot_keys;

struct boot_keys_eyes {
    /* The screen as text; done exactly once, perhaps before it returns. */
    void (*look)(void *data, target_text_fn *done, void *done_data);
};

enum boot_keys_end {
    BOOT_KEYS_PRESSED,
    BOOT_KEYS_UNSEEN,    /* pressed, but the screen could not be read as text */
    BOOT_KEYS_NOT_SHOWN, /* given up */
    BOOT_KEYS_NOT_TAKEN, /* the target took not a single one */
    BOOT_KEYS_STOPPED,
};

/* How it ended. missed: what the screen never showed, "" where nothing was missed. */
typedef void boot_keys_done_fn(void *data, enum boot_keys_end end, const char *missed);

int boot_keys_create(struct loop *loop, struct input *input, const struct boot_keys_eyes *eyes, void *data,
                     struct boot_keys **ret);
struct boot_keys *boot_keys_destroy(struct boot_keys *self); /* before the input; NULL allowed; returns NULL */

/* A recipe's text, as key_recipe_parse: -EINVAL with a clause in why. What was running is stopped. */
int boot_keys_start(struct boot_keys *self, const char *recipe, boot_keys_done_fn *done, void *data, char *why,
                    size_t why_size);
void boot_keys_stop(struct boot_keys *self);

/* key_recipe_known_fn by the names of usbgadget/keynames.h. */
bool boot_keys_known(const char *chord, char *why, size_t why_size);

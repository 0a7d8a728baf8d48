/* Types text and chords on an input port, at the pace that the target takes (input_ops.pace): a report or an event
 * group a character, the release of one key together with the press of the next. Where the port knows no pace, key by
 * key, so slowly that firmware and installers keep up. A job that the target takes nothing of for 12 s is ended. One
 * text at a time; chords queue behind each other. Net thread. */
#pragma once

#include "core/loop.h"
#include "usbgadget/input.h"
#include "usbgadget/keynames.h"
#include "usbgadget/layout.h"
#include "usbgadget/text_plan.h"

struct typist;

struct typist_listener {
    void (*ended)(void *data); /* the text is done, stopped or given up: typist_state says which */
};

int typist_create(struct loop *loop, struct input *input, struct typist **ret);
struct typist *typist_destroy(struct typist *self); /* stops first; NULL allowed; returns NULL */
void typist_listen(struct typist *self, const struct typist_listener *listener, void *data); /* NULL: nobody */

/* Begins to type; takes the plan's content. careful: as where the port knows no pace. With the target's Caps Lock on
 * (typist_leds) it is switched off first and on again at the end. -EBUSY: typing already; the plan is untouched then.
 */
int typist_text(struct typist *self, struct text_plan *plan, const struct layout *layout, bool careful);

/* Presses the keys in order and releases them in reverse. -EBUSY while a text is typed or too many chords wait. */
int typist_chord(struct typist *self, const struct chord *chord);

void typist_leds(struct typist *self, uint8_t leds); /* what the target lights now */

/* From outside, who watches the screen: at least so long from one character to the next; 0: as fast as the port goes.
 */
void typist_slow(struct typist *self, uint32_t us);
/* Stands still, or goes on; not for longer than the patience lasts. */
void typist_wait(struct typist *self, bool waits);

/* phase, characters, remaining and per_second; the rest is left as it is. */
void typist_state(const struct typist *self, struct typing_state *ret);
/* Of the text that is typed or was last: what was given to the port, one by one. Valid until typist_forget, which wipes
 * it once nothing is typed any more, or the next text. */
const uint32_t *typist_characters(const struct typist *self, size_t *ret_typed);
void typist_forget(struct typist *self);
size_t typist_remaining(const struct typist *self); /* characters */
bool typist_is_idle(const struct typist *self);     /* neither text nor chords; NULL is */

/* Ends all jobs; whatever the typist holds is released before it returns. A Caps Lock that was switched off goes on
 * again right after. */
void typist_stop(struct typist *self);

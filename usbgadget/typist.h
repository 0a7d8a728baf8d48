/* Types text and chords on an input port, key by key at a pace that firmware and installers keep up with: the port's,
 * as far as it knows one (input_ops.pace), and never before the target has taken what it was given. A job that the
 * target takes nothing of for 12 s is ended. One job at a time; chords queue behind each other. Net thread. */
#pragma once

#include "core/loop.h"
#include "usbgadget/input.h"
#include "usbgadget/keynames.h"
#include "usbgadget/layout.h"

#define TYPIST_MAX_TEXT 65536 /* bytes of UTF-8 */

struct typist;

int typist_create(struct loop *loop, struct input *input, struct typist **ret);
struct typist *typist_destroy(struct typist *self); /* stops first; NULL allowed; returns NULL */

/* Begins to type. CR LF and CR count as newline. *ret_characters: how many. -EINVAL: not UTF-8, or characters without a
 * key (why lists them, nothing is typed); -EBUSY: typing already; -EMSGSIZE; -ENOMEM. */
int typist_text(struct typist *self, const char *text, const struct layout *layout, size_t *ret_characters, char *why,
                size_t why_size);

/* Presses the keys in order and releases them in reverse. -EBUSY while a text is typed or too many chords wait. */
int typist_chord(struct typist *self, const struct chord *chord);

/* Characters still to be typed. */
size_t typist_remaining(const struct typist *self);

/* Ends all jobs; whatever the typist holds is released before it returns. */
void typist_stop(struct typist *self);

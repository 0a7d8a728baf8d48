/* What a gadget does without, because this machine has no room for it: sets of functions, each with its reason, which
 * has a name for programs and an English sentence. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum gadget_function {
    GADGET_KEYBOARD,
    GADGET_ABSOLUTE,
    GADGET_RELATIVE,
    GADGET_CONSUMER,
    GADGET_STORAGE, /* the kernel's mass storage, GADGET_LUNS LUNs */
    GADGET_BIG_CD,  /* our own mass storage on FunctionFS (usbgadget/big_cd.h) */
    GADGET_FUNCTIONS,
};

enum left_out_reason {
    LEFT_OUT_NO_FUNCTION,
    LEFT_OUT_NO_HID,
    LEFT_OUT_NO_ENDPOINT, /* and both numbers are known */
    LEFT_OUT_NO_IN,
    LEFT_OUT_NO_OUT,
    LEFT_OUT_REASONS
};

struct left_out {
    uint8_t functions[LEFT_OUT_REASONS]; /* bits 1 << enum gadget_function */
    uint8_t in, out;                     /* endpoints of the controller; 0: not known */
};

struct left_out_words {
    const char *name;     /* of small letters with hyphens; never changes its meaning, nor that of its arguments */
    const char *sentence; /* core/sentence.h: functions, then endpoints; without a full stop */
};

/* The name of a function is one for programs, its sentence what people call it. */
const struct left_out_words *left_out_function(enum gadget_function function);
const struct left_out_words *left_out_reason(enum left_out_reason reason);

#define LEFT_OUT_NUMBERS 2
/* How many endpoints the reason's sentence tells, and these. */
unsigned left_out_numbers(const struct left_out *self, enum left_out_reason reason, unsigned ret[LEFT_OUT_NUMBERS]);

unsigned left_out_functions(const struct left_out *self); /* bits, for whatever reason; 0: nothing is left out */

#define LEFT_OUT_TEXT 320 /* any of it with its NUL */
/* All of it for people: "drives (this kernel has not got that function)"; "" when nothing is. size is 1 at least. */
void left_out_write(const struct left_out *self, char *room, size_t size);

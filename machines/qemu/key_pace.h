/* How fast keys may follow each other. The machine's PS/2 keyboard keeps 16 bytes and drops what comes then; the guest
 * takes them by interrupt, as fast as it likes. So a few keys are given, and then QEMU is asked whether the keyboard
 * controller has anything left (its status port, which reading does not change); where a BIOS is at work, also whether
 * its own 15 places are empty (the head and tail of its buffer). What is not taken is waited for: nothing is lost
 * however slow the guest is. A machine with another keyboard (an adopted one of a former release has a USB one, which
 * hands out an event in 8 ms from 16 places) has no such signs: its pace is not known. Net thread. */
#pragma once

#include "machines/qemu/qmp.h"

struct key_pace;

int key_pace_create(struct qmp *qmp, struct key_pace **ret);
/* After the monitor was destroyed. NULL allowed; returns NULL. */
struct key_pace *key_pace_destroy(struct key_pace *self);

void key_pace_attached(struct key_pace *self); /* looks which keyboards the machine has */
void key_pace_gave(struct key_pace *self, uint8_t qnum, bool down);
/* As input_ops.pace. unanswered: calls that QEMU has not answered yet. */
int key_pace_next(struct key_pace *self, unsigned unanswered);

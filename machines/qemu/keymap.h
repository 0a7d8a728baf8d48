/* USB HID usages (HUT 1.4, keyboard page) as QEMU's key numbers: the codes of an AT keyboard, set 1, with 0x80 added
 * for those that stand behind E0 (QEMU calls them qnum). */
#pragma once

#include <stdint.h>

#define KEYMAP_USAGES 0xe8

/* 0: QEMU has no such key. */
uint8_t keymap_qnum(uint16_t usage);

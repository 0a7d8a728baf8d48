/* What stands packed in the file of a UEFI firmware: its drivers, and with them its font (UEFI Platform Initialization
 * Specification, volume 3, EFI_GUID_DEFINED_SECTION; the packing is EDK II's LzmaCustomDecompress: LZMA with the header
 * of .lzma). Pure; the bytes may be anything. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The first such section of the image, unpacked; *ret is the caller's, to be freed. -ENOENT: none that is whole,
 * -EFBIG: it unpacks to more than 64 MiB, -ENOMEM. 0. */
int firmware_image_unpack(const void *image, size_t size, void **ret, size_t *ret_size);

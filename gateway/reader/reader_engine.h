/* Recognises text by tesseract (its C API, capi.h of version 4 and 5), which is loaded where it is installed: package
 * tesseract-ocr. Nothing of it is linked. Only the reader's process loads it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct reader_engine;

/* Loads the library: before the sandbox, which lets nothing become executable any more. 0 also when there is none:
 * reader_engine_read then says so. -ENOMEM. */
int reader_engine_create(struct reader_engine **ret);
struct reader_engine *reader_engine_destroy(struct reader_engine *self); /* NULL allowed; returns NULL */

/* pixels: width x height greys. 0 and *ret (malloc'ed, UTF-8, without control characters but line ends); -ENOPKG,
 * -ENOMEM, -EIO, and why (static). Takes seconds; one at a time; any thread. */
int reader_engine_read(struct reader_engine *self, const uint8_t *pixels, unsigned width, unsigned height,
                       const char *language, char **ret, const char **why);

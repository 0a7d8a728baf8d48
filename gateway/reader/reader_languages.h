/* What tesseract has learnt here: its data lies in a folder of Debian's packages, a file a language. */
#pragma once

#include <stddef.h>

#include "gateway/reader/reader_wire.h"

/* Static; NULL: there is none. */
const char *reader_languages_folder(void);

/* At most n names, sorted, without data that is no language's; folder may be NULL. How many. */
size_t reader_languages(const char *folder, char (*ret)[READER_LANGUAGE], size_t n);

/* The header Upload-Metadata of tus 1.0.0: "key base64,key base64", as the fields that we know. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct upload_metadata {
    char filename[256], folder[256], sha256[65]; /* "" when absent */
    bool keep_packed, replace;
};

/* Keys we do not know are left out. False: not such a text, a key twice, or one of ours too long or with a NUL byte;
 * why names it. */
bool upload_metadata_parse(const char *text, struct upload_metadata *ret, const char **why);

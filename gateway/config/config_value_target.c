/* What a target is called among others. */
#include <stdio.h>
#include <string.h>

#include "core/text.h"
#include "core/utf8.h"
#include "gateway/config/config_keys.h"

bool config_value_group(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)key;
    if (*value == '-' || value[strspn(value, "abcdefghijklmnopqrstuvwxyz0123456789-")] != '\0') {
        snprintf(why, why_size, "is no word of a-z, 0-9 and -");
        return false;
    }
    if (text_copy(field, TARGET_GROUP_MAX, value))
        return true;
    snprintf(why, why_size, "is longer than %d letters", TARGET_GROUP_MAX - 1);
    return false;
}

bool config_value_title(const struct config_key *key, const char *value, void *field, char *why, size_t why_size)
{
    (void)key;
    for (size_t i = 0, n = strlen(value), length; i < n; i += length) {
        length = utf8_printable(value + i, n - i);
        if (length == 0 || utf8_turns(value + i, n - i)) {
            snprintf(why, why_size, "holds a control character, or is not UTF-8");
            return false;
        }
    }
    if (text_copy(field, TARGET_TITLE_MAX, value))
        return true;
    snprintf(why, why_size, "is longer than %d bytes", TARGET_TITLE_MAX - 1);
    return false;
}

/* The owner's file with the first Administrator: any bytes give one whole user or a sentence, and what the keeper would
 * take of it is a yescrypt hash. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/owner/first_start.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct first_user user = {.name = "", .hash = ""};
    char why[200] = "";
    int r = first_user_parse((const char *)data, size, &user, why, sizeof why);
    bool whole = user.name[0] && user.hash[0];
    if ((r == 0) != whole || (r == 0) == (why[0] != '\0') || strchr(user.name, ':') || strpbrk(user.hash, "\r\n"))
        abort();
    return 0;
}

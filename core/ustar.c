#include "core/ustar.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct head {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[6], version[2],
        user[32], group[32], major[8], minor[8], prefix[155], rest[12];
};
static_assert(sizeof(struct head) == USTAR_BLOCK, "a head is one block");

void ustar_head(uint8_t room[static USTAR_BLOCK], const char *name, uint64_t size, int64_t mtime)
{
    struct head head = {.mode = "0000600", .uid = "0000000", .gid = "0000000", .type = '0'};
    char number[32];
    unsigned sum = 0;
    assert(strlen(name) <= USTAR_NAME_MAX && size <= USTAR_SIZE_MAX && mtime >= 0);
    memcpy(head.name, name, strlen(name));
    snprintf(number, sizeof number, "%011llo", (unsigned long long)size);
    memcpy(head.size, number, sizeof head.size);
    snprintf(number, sizeof number, "%011llo", (unsigned long long)mtime & 077777777777);
    memcpy(head.mtime, number, sizeof head.mtime);
    memcpy(head.magic, "ustar", 6);
    memcpy(head.version, "00", 2);
    memset(head.checksum, ' ', sizeof head.checksum); /* counts as blanks */
    memcpy(room, &head, sizeof head);
    for (int i = 0; i < USTAR_BLOCK; i++)
        sum += room[i];
    snprintf(number, sizeof number, "%06o", sum & 0777777);
    memcpy(room + offsetof(struct head, checksum), number, 7);
}

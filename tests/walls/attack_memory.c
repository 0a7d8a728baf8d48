/* What lies in the process's own memory: nothing of what the keeper keeps. */
#include <string.h>
#include <unistd.h>

#include "core/attrs.h"
#include "tests/walls/attack.h"
#include "tests/walls/secret.h"

static char maps[1 << 18];

static size_t read_maps(void)
{
    size_t size = 0;
    lseek(attack_maps, 0, SEEK_SET);
    for (ssize_t n; size < sizeof maps - 1 && (n = read(attack_maps, maps + size, sizeof maps - 1 - size)) > 0;)
        size += (size_t)n;
    maps[size] = '\0';
    return size;
}

static int own_memory(const struct board *board, enum board_role me)
{
    unsigned n = 0;
    (void)me;
    if (attack_maps < 0 || read_maps() == 0)
        return NOT_HERE;
    for (char *line = maps; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        unsigned long from, until;
        char access[8];
        if (sscanf(line, "%lx-%lx %7s", &from, &until, access) != 3 || strncmp(access, "rw", 2) != 0)
            continue;
        n++;
        const char *name = secret_in(board, (const void *)from, until - from);
        if (name) {
            attack_note("%s lies in memory", name);
            return GOT_IT;
        }
    }
    attack_note("%u mappings", n);
    return ENODATA;
}

static const struct attempt attempts[] = {
    {"find the keeper's secrets in its own memory", BY_GATEWAY | BY_OUTWARD | BY_READER, own_memory},
};
const struct attempt_list attack_memory = {attempts, ARRAY_SIZE(attempts)};

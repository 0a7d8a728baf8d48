#include "media/drive.h"

#include "core/attrs.h"

static const char *const names[] = {
    [DRIVE_EMPTY] = "empty",
    [DRIVE_INSERTING] = "inserting",
    [DRIVE_INSERTED] = "inserted",
    [DRIVE_EJECTING] = "ejecting",
    [DRIVE_EJECTED_BY_TARGET] = "ejected-by-target",
    [DRIVE_FAILED] = "failed",
};

const char *drive_link_name(enum drive_link link)
{
    static const char *const words[] = {
        [DRIVE_LINK_GOOD] = "good",
        [DRIVE_LINK_WAITING] = "waiting",
        [DRIVE_LINK_LOST] = "lost",
    };
    return (unsigned)link < ARRAY_SIZE(words) ? words[link] : "unknown";
}

const char *medium_origin_name(enum medium_origin origin)
{
    static const char *const words[] = {
        [MEDIUM_LIBRARY] = "library",
        [MEDIUM_URL] = "url",
        [MEDIUM_NBD] = "nbd",
        [MEDIUM_STREAM] = "stream",
    };
    return (unsigned)origin < ARRAY_SIZE(words) ? words[origin] : "unknown";
}

const char *drive_phase_name(enum drive_phase phase)
{
    if ((unsigned)phase >= ARRAY_SIZE(names))
        return "unknown";
    return names[phase];
}

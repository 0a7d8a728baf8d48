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

const char *drive_phase_name(enum drive_phase phase)
{
    if ((unsigned)phase >= ARRAY_SIZE(names))
        return "unknown";
    return names[phase];
}

/* A file or block device of this machine as a target's medium, as long as the command runs. */
#pragma once

#include "gateway/cli/cli.h"
#include "transport/media_wire.h"

struct cli_stream {
    const char *path, *target;
    bool eject_at_end;
    struct media_hello wish; /* drive, flags, rate, kind, overlay; the rest is filled in */
};

int cli_stream_run(struct cli *cli, struct cli_stream *what);

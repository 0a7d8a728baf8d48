/* Files that browsers and the command line bring: between the media websocket (transport/media.h) and a drive's medium.
 * A peer that goes away leaves its medium in the drive, waiting; the same file picked again goes on. Net thread. */
#pragma once

#include "gateway/gateway.h"
#include "transport/media.h"

extern const struct media_ops media_stream_ops; /* context: struct gateway */

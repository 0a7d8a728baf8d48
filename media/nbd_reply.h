/* Headers of the server's answers: simple replies, and structured ones (doc/proto.md, "Structured reply chunk message")
 * to peers that wished for them. Pure. */
#pragma once

#include "media/nbd_wire.h"

#define NBD_REPLY_SIZE 16  /* of a simple one */
#define NBD_REPLY_ROOM 128 /* the longest: an error with its sentence */
#define NBD_MAGIC_SIMPLE_REPLY 0x67446698u
#define NBD_MAGIC_STRUCTURED_REPLY 0x668e33efu

/* Bytes written. Behind a read that went well (NBD_OK) its command.length bytes must follow: always in one piece. */
size_t nbd_reply_write(uint8_t room[NBD_REPLY_ROOM], const struct nbd_command *command, enum nbd_error error,
                       bool structured);

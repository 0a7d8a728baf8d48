/* A gadget with the kernel's mass storage and our big CD next to it, and a server of media for both. */
#pragma once

#include "core/loop.h"
#include "host_side.h"
#include "pattern_server.h"
#include "usbgadget/big_cd.h"

#define BED_MODEL "Virtual DVD-ROM" /* of the big CD; the kernel's is called otherwise */
#define BED_SIZE (6ull << 30)

struct big_cd_bed {
    struct loop *loop;
    struct gadget *gadget;
    struct big_cd *cd;
    struct pattern_server *server;
    unsigned ejected, lost, enabled;
    uint16_t product;
    char why[256], disc[HOST_PATH]; /* disc: the host's name for the big CD */
};

void bed_up(struct big_cd_bed *self, uint16_t product);
void bed_down(struct big_cd_bed *self);
/* The name of the disc drive of that model, when it has come. */
void bed_wait_disc(const char *model, char disc[HOST_PATH]);
/* Media are numbers: 1 and up. */
void bed_insert(struct big_cd_bed *self, unsigned seed, uint64_t size);
/* Serves the listener until *what is set. */
void bed_wait(struct big_cd_bed *self, const unsigned *what);

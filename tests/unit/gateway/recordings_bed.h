/* What the tests of recordings share: targets with test cards, a folder, a loop and workers of their own. */
#pragma once

#include "capture/testcard.h"
#include "core/clock.h"
#include "gateway/recordings/recording_files.h"
#include "gateway/recordings/recordings.h"

#define BED_PATIENCE_US 120000000ull /* only catches hangs */
#define BED_TARGETS 6

struct bed {
    char path[64];
    struct loop *loop;
    struct worker_pool *io;
    struct recordings *recordings;
    struct screen *screens[BED_TARGETS];
    struct feed *feeds[BED_TARGETS];
    struct target targets[BED_TARGETS];
    unsigned changes, done;
    int error;
    char why[256];
};

/* cards: how many of the targets have a screen. full_disk: the folder is a small file system of its own, to be mounted
 * by root. */
void bed_open(struct bed *bed, int cards, uint64_t keep, bool full_disk);
void bed_close(struct bed *bed, bool full_disk); /* what runs is finished */
void bed_reopen(struct bed *bed, uint64_t keep); /* after bed_shut */
void bed_shut(struct bed *bed);                  /* recordings alone, as at the gateway's end */

const struct api_recording *bed_start(struct bed *bed, int card, unsigned every);
void bed_stop(struct bed *bed, int card);
void bed_done(void *data, int error, const char *why); /* counts in data, the bed */
int bed_folder_of(const struct bed *bed, const char *id);
/* Through the face that REST has, in pieces of an odd size; NULL: there is none. */
uint8_t *bed_read_all(struct bed *bed, const char *id, enum api_recording_part part, uint32_t ms, size_t *ret_size);

#define BED_UNTIL(bed, condition)                                                                                      \
    for (uint64_t until_ = clock_now_us() + BED_PATIENCE_US; !(condition);) {                                          \
        assert_true(clock_now_us() < until_);                                                                          \
        assert_int_equal(loop_dispatch((bed)->loop, 20), 0);                                                           \
    }

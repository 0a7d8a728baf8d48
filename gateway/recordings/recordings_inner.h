/* What the files of recordings share. */
#pragma once

#include "gateway/recordings/recorder.h"
#include "gateway/recordings/recordings.h"

/* A recording that runs. */
struct recording_run {
    struct recordings *owner;
    struct target *target; /* NULL: it is gone */
    struct api_recording *entry;
    struct recorder *recorder;
    int folder_fd;
    struct loop_timer *timer;
    uint64_t began_us, next_us, alive_us, noted_us;
    bool no_signal;

    struct picture *last; /* that was taken */
    bool coarse;

    /* The one job that may be at work. */
    bool busy, worked;
    enum { RUN_TAKE, RUN_MARK, RUN_ALIVE, RUN_FINISH } what;
    struct picture *picture;
    uint64_t now_us, spent_us;
    enum api_recording_kind mark;
    int error;
    struct recorder_state state;
    uint64_t free_bytes, reserve_bytes;

    bool ending, finished;
    enum api_recording_end end;
    char why[80];                   /* of the end, "" */
    api_recording_done_fn *stopped; /* who asked for its end; NULL: nobody */
    void *stopped_data;
};

#define LOOKS 64

struct recordings {
    struct recordings_config config;
    struct worker_pool *workers; /* NULL: it ends */
    struct recording_run *runs[RECORDINGS_AT_ONCE];
    struct api_recording *list[RECORDINGS_MOST]; /* newest last */
    size_t n;
    struct {
        uint64_t session, at_us;
        char id[API_RECORDING_ID + 1];
        bool download;
    } looks[LOOKS];
    unsigned next_look;
};

/* recordings_run.c */
int run_begin(struct recordings *self, struct target *target, struct api_recording *entry, struct recording_run **ret);
void run_tick(struct recording_run *self);
/* It ends soon. API_END_UNSAID: somebody asked for it. why: as recording_end_say takes it. */
void run_end(struct recording_run *self, enum api_recording_end end, const char *why);
void run_finish_now(struct recording_run *self); /* no worker is there any more; frees it */

/* recording_reader.c: of recordings_ops */
void recording_reader_open(void *context, const char *id, enum api_recording_part part, uint32_t picture,
                           api_recording_open_fn *done, void *data);
void recording_reader_read(struct api_recording_reader *self, uint64_t at, size_t size, api_recording_read_fn *done,
                           void *data);
void recording_reader_close(struct api_recording_reader *self);
void recording_reader_marks(void *context, const char *id, api_recording_marks_fn *done, void *data);

/* recordings.c */
uint64_t recordings_bytes(const struct recordings *self);
int recordings_save(struct recordings *self, const struct api_recording *entry, bool durable);
/* Deletes the oldest that may go. False: there is none. */
bool recordings_drop_oldest(struct recordings *self);
void recordings_forget(struct recordings *self, struct api_recording *entry); /* frees it */
void recordings_run_over(struct recordings *self, struct recording_run *run);

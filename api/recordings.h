/* Recordings of targets' screens, as the REST face sees them (docs/recordings.md). The gateway's; net thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/session.h"
#include "manage/target.h"

#define API_RECORDING_ID 32     /* lower-case hex digits: 128 random bits */
#define API_RECORDING_NOTE 1000 /* bytes */
#define API_RECORDING_EVERY_MAX 3600

/* Why it ended where nobody asked for that: api/recording_end.h has their words. */
enum api_recording_end {
    API_END_UNSAID, /* it runs, somebody asked for it, or an older gateway wrote down its sentence alone */
    API_END_STOPPED,
    API_END_CUT,
    API_END_CUT_EMPTY,
    API_END_REMOVED,
    API_END_ANEW,
    API_END_LONGEST,
    API_END_KEEP,
    API_END_NEARLY_FULL,
    API_END_FULL,
    API_END_FAILED, /* why */
    API_ENDS
};

struct api_recording {
    char id[API_RECORDING_ID + 1];
    char target[TARGET_NAME_MAX];
    char who[AUTH_USER_MAX]; /* began it */
    char note[API_RECORDING_NOTE + 1];
    char ended[200];  /* a sentence when it ended otherwise than by who asked for it; "" */
    char end_why[80]; /* what it says of itself, where it has a place for it; "" */
    enum api_recording_end end;
    uint16_t every_s;     /* a series of pictures, so far apart; 0: a film */
    bool running, pinned; /* pinned: never deleted to make room */
    uint64_t began_ms;    /* since 1970 */
    uint64_t duration_ms;
    uint64_t bytes;
    uint32_t frames;   /* of the film, or pictures */
    int width, height; /* the largest; 0: there was no picture */
};

enum api_recording_kind { API_MARK_CHANGE, API_MARK_MODE, API_MARK_NO_SIGNAL, API_MARK_SIGNAL };

struct api_recording_mark {
    uint32_t ms; /* since it began */
    uint8_t kind;
    uint16_t width, height; /* of a mode */
};

struct api_recording_picture {
    uint32_t ms;
    uint64_t bytes;
};

/* What of a recording is read. */
enum api_recording_part { API_RECORDING_VIDEO, API_RECORDING_POSTER, API_RECORDING_PICTURE, API_RECORDING_TAR };

struct api_recording_reader;

typedef void api_recording_done_fn(void *data, int error, const char *why);
typedef void api_recording_marks_fn(void *data, int error, const struct api_recording_mark *marks, size_t n,
                                    const struct api_recording_picture *pictures, size_t n_pictures);
typedef void api_recording_open_fn(void *data, int error, struct api_recording_reader *reader, uint64_t size,
                                   const char *tag);
typedef void api_recording_read_fn(void *data, int error, const uint8_t *bytes, size_t size);

struct api_recordings_ops {
    /* Newest first. after NULL: the first; NULL: no more. Valid until something else is called. */
    const struct api_recording *(*next)(void *context, const struct api_recording *after);
    const struct api_recording *(*find)(void *context, const char *id);                   /* NULL: there is none */
    const struct api_recording *(*of_target)(void *context, const struct target *target); /* that runs; NULL: none */

    /* -EBUSY: it is being recorded, or too many are; -ENODEV: no screen; -ENOSPC: no room; -ENOTSUP: switched off.
     * *ret_why: a sentence, static, only then. */
    int (*start)(void *context, struct target *target, const char *who, unsigned every_s, const char *note,
                 const struct api_recording **ret, const char **ret_why);
    /* done: it is finished on disk. -ENOENT: none runs. */
    void (*stop)(void *context, struct target *target, api_recording_done_fn *done, void *data);

    /* note, pinned: NULL: stays. */
    void (*change)(void *context, const char *id, const char *note, const bool *pinned, api_recording_done_fn *done,
                   void *data);
    void (*remove)(void *context, const char *id, api_recording_done_fn *done, void *data); /* -EBUSY: it runs */

    void (*marks)(void *context, const char *id, api_recording_marks_fn *done, void *data);

    /* picture: its ms, of API_RECORDING_PICTURE. -ENOENT. Reads are done one at a time, at most 64 KiB; bytes are valid
     * during the call. What a closed reader was asked for is not answered any more. */
    void (*open)(void *context, const char *id, enum api_recording_part part, uint32_t picture,
                 api_recording_open_fn *done, void *data);
    void (*read)(struct api_recording_reader *reader, uint64_t at, size_t size, api_recording_read_fn *done,
                 void *data);
    void (*close)(struct api_recording_reader *reader);

    /* Whether this session has not looked at this recording for a while: then it is a line of the audit log. */
    bool (*new_look)(void *context, const struct auth_session *session, const char *id, bool download);
};

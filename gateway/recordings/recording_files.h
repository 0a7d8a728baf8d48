/* The files of one recording, in a folder of its own named by its id:
 *
 *     note            what is known of it (gateway/recordings/recording_note.h), replaced whole
 *     video.webm      a film
 *     0000012000.png  a series: the picture of 12 s after the begin
 *     poster.jpg      a small picture to find it by
 *     marks           where much changed: records of RECORDING_MARK_SIZE bytes
 *     alive           how long it had lasted when it was last heard of: u64, milliseconds
 *
 * Blocking; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/recordings.h"
#include "encode/webm_write.h"

#define RECORDING_NOTE_FILE "note"
#define RECORDING_VIDEO "video.webm"
#define RECORDING_POSTER "poster.jpg"
#define RECORDING_MARKS "marks"
#define RECORDING_ALIVE "alive"
#define RECORDING_NAME 32 /* bytes of a file's name */
#define RECORDING_MARK_SIZE 12
#define RECORDING_PICTURES_MAX 20000

/* A new file, or one that is emptied; -errno. */
int recording_file_create(int folder_fd, const char *name);
int recording_file_open(int folder_fd, const char *name); /* for reading; -errno */
/* Whole or not at all. */
int recording_file_replace(int folder_fd, const char *name, const void *bytes, size_t size);
void recording_fd_close(int fd); /* -1 allowed */

/* How the muxer writes into *fd. */
struct webm_file recording_webm_file(int *fd);

void recording_picture_name(uint32_t ms, char room[static RECORDING_NAME]);
bool recording_picture_parse(const char *name, uint32_t *ret_ms);

void recording_mark_write(const struct api_recording_mark *mark, uint8_t room[static RECORDING_MARK_SIZE]);
/* *ret: the caller's. What is no mark is left out. */
int recording_marks_load(int folder_fd, struct api_recording_mark **ret, size_t *ret_n);
uint64_t recording_alive_load(int folder_fd); /* 0: not known */

/* Pictures of a series in their order; *ret: the caller's. */
int recording_pictures_load(int folder_fd, struct api_recording_picture **ret, size_t *ret_n);

/* Bytes of all files. */
uint64_t recording_folder_bytes(int folder_fd);

/* Finishes a film that was cut. *ret_ms: its duration, alive_ms at least. -ENODATA: there is nothing to be seen in it.
 */
int recording_repair(int folder_fd, uint64_t alive_ms, uint64_t *ret_ms, uint32_t *ret_frames);

/* Removes the folder with all that is in it. */
int recording_remove(int parent_fd, const char *id);

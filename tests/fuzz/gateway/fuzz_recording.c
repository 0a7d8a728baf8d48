/* The files of a recording as they may stand on a disk: a note is read or refused, and comes out the same when it is
 * written and read again; marks are within their bounds; a picture's name is the one that its time has. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/recordings/recording_files.h"
#include "gateway/recordings/recording_note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void fuzz_note(const char *text)
{
    static struct api_recording a, b;
    static char room[RECORDING_NOTE_MAX];
    if (!recording_note_read(text, &a) || recording_note_write(&a, room) < 0)
        return;
    check(recording_note_read(room, &b) && memcmp(&a, &b, sizeof a) == 0);
}

static void fuzz_name(const char *text)
{
    char name[RECORDING_NAME];
    uint32_t ms;
    (void)recording_id_valid(text);
    if (!recording_picture_parse(text, &ms))
        return;
    recording_picture_name(ms, name);
    check(strcmp(name, text) == 0);
}

static char path[] = "/tmp/lightsout-fuzz-recording-XXXXXX";

static void remove_folder(void)
{
    rmdir(path);
}

/* Lives until the process ends. */
static int folder(void)
{
    static int fd = -1;
    if (fd >= 0)
        return fd;
    check(mkdtemp(path) && (fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0);
    check(atexit(remove_folder) == 0);
    return fd;
}

static void fuzz_files(const uint8_t *data, size_t size)
{
    struct api_recording_mark *marks = NULL;
    size_t n = 0;
    int at = folder();
    check(recording_file_replace(at, RECORDING_MARKS, data, size) == 0);
    check(recording_file_replace(at, RECORDING_ALIVE, data, size) == 0);
    check(recording_marks_load(at, &marks, &n) == 0 && n <= size / RECORDING_MARK_SIZE);
    for (size_t i = 0; i < n; i++)
        check(marks[i].kind <= API_MARK_SIGNAL);
    free(marks);
    check(size >= 8 || recording_alive_load(at) == 0);
    unlinkat(at, RECORDING_MARKS, 0);
    unlinkat(at, RECORDING_ALIVE, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    char *text = malloc(size);
    if (!text)
        return 0;
    memcpy(text, data + 1, size - 1);
    text[size - 1] = '\0';
    switch (*data % 3) {
    case 0:
        fuzz_note(text);
        break;
    case 1:
        fuzz_name(text);
        break;
    case 2:
        fuzz_files(data + 1, size - 1);
        break;
    }
    free(text);
    return 0;
}

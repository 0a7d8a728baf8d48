#include "gateway/screen_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "video/csc_frame.h"

#define FONT_FILE "/usr/share/seabios/vgabios-stdvga.bin"
#define FONT_ROOM (256 << 10)

struct job {
    const struct vga_font *font;
    struct picture *picture;
    target_text_fn *done;
    void *data;
    int error;
    struct vga_text text;
};

int screen_text_font(struct vga_font **ret)
{
    _cleanup_close_ int fd = open(FONT_FILE, O_RDONLY | O_CLOEXEC);
    _cleanup_free_ uint8_t *bytes = malloc(FONT_ROOM);
    if (fd < 0)
        return -errno;
    ssize_t n = bytes ? read(fd, bytes, FONT_ROOM) : -1;
    return n < 0 ? -EIO : vga_font_create(bytes, (size_t)n, ret);
}

static void work(void *data)
{
    struct job *job = data;
    attr_cleanup(frame_unrefp) struct frame *rgb = NULL;
    job->error = csc_frame_to_bgrx(job->picture->frame, &rgb);
    if (job->error == 0)
        job->error = vga_text_read(job->font, rgb, &job->text);
}

/* A graphical picture has few cells that are glyphs by chance, most of them blank. */
static bool is_text(const struct vga_text *text)
{
    return text->rows > 0 && text->unknown * 4 < (unsigned)(text->columns * text->rows);
}

static void done(void *data)
{
    struct job *job = data;
    if (job->error < 0 || !job->text.lines || !is_text(&job->text)) {
        job->done(job->data, -ENOTSUP, "The screen is not in a text mode that can be read.", NULL);
    } else {
        struct target_text text = {.columns = (unsigned)job->text.columns,
                                   .rows = (unsigned)job->text.rows,
                                   .lines = (const char *const *)job->text.lines,
                                   .exact = job->text.exact,
                                   .cursor_x = job->text.cursor_x,
                                   .cursor_y = job->text.cursor_y};
        job->done(job->data, 0, NULL, &text);
    }
    vga_text_finish(&job->text);
    picture_unref(job->picture);
    free(job);
}

void screen_text_take(struct gateway_target *target, target_text_fn *answer, void *data)
{
    struct gateway *gateway = target->gateway;
    attr_cleanup(picture_unrefp) struct picture *picture = target->feed ? feed_picture(target->feed) : NULL;
    if (!picture) {
        answer(data, -ENODATA, target->target.signal_why, NULL);
        return;
    }
    if (!gateway->font) {
        answer(data, -ENOTSUP, "The VGA font is not there to compare with; install package seabios.", NULL);
        return;
    }
    struct job *job = calloc(1, sizeof *job);
    if (!job) {
        answer(data, -ENOMEM, "There is no memory for this.", NULL);
        return;
    }
    *job = (struct job){.font = gateway->font, .picture = take(picture), .done = answer, .data = data};
    if (worker_pool_submit(gateway->pictures, work, done, job) < 0) {
        job->error = -ENOMEM;
        done(job);
    }
}

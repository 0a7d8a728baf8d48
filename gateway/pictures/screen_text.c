#include "gateway/pictures/screen_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway/pictures/console_font_files.h"
#include "gateway/pictures/grey_picture.h"
#include "gateway/reader/reader_client.h"
#include "video/text_read.h"

#define MOST_LINES 512 /* that were recognised */

struct job {
    struct gateway *gateway;
    const struct console_fonts *fonts;
    struct console_fonts *loaded; /* by this job, because nobody had before */
    struct picture *picture;
    struct target_text_wish wish;
    target_text_fn *done;
    void *data;
    int error; /* 1: no text */
    struct text_read text;
    int grey; /* the picture for the reader, -1: none */
    struct reader_ask ask;
};

/* A graphical picture has few cells that are glyphs by chance, most of them blank. */
static bool is_text(const struct job *job)
{
    const struct text_read *text = &job->text;
    return job->error == 0 && text->lines && text->rows > 0 && text->columns > 0 &&
           text->unknown * 4 < (unsigned)(text->columns * text->rows);
}

static void prepare_reader(struct job *job)
{
    struct rect part = job->wish.region;
    if (grey_picture_create(job->picture->frame, &part, READER_MOST_PIXELS, &job->grey) < 0)
        return;
    job->ask = (struct reader_ask){.width = (uint16_t)part.w, .height = (uint16_t)part.h};
    memcpy(job->ask.language, job->wish.language, sizeof job->ask.language);
}

static void work(void *data)
{
    struct job *job = data;
    if (!job->fonts) {
        job->error = console_font_files_load(&job->loaded);
        job->fonts = job->loaded;
    }
    if (job->error == 0)
        job->error =
            text_read(job->fonts, job->picture->frame, job->wish.region.w > 0 ? &job->wish.region : NULL, &job->text);
    if (job->wish.language[0] && !is_text(job))
        prepare_reader(job);
}

static void answer(const struct job *job)
{
    const struct text_read *text = &job->text;
    if (job->fonts && console_fonts_count(job->fonts) == 0) {
        job->done(job->data, -ENOTSUP,
                  "There is no console font to compare with; install the packages seabios and console-setup-linux.",
                  NULL);
    } else if (!is_text(job)) {
        job->done(job->data, -ENOTSUP, "Nothing there is text in a font of consoles.", NULL);
    } else {
        struct target_text ret = {
            .columns = (unsigned)text->columns,
            .rows = (unsigned)text->rows,
            .lines = (const char *const *)text->lines,
            .exact = text->exact,
            .cursor_x = text->cursor_x,
            .cursor_y = text->cursor_y,
            .known = text->known,
            .font = text->font,
            .cell = {text->x, text->y, text->cell_width, text->cell_height},
        };
        job->done(job->data, 0, NULL, &ret);
    }
}

static void end(struct job *job)
{
    text_read_finish(&job->text);
    if (!job->gateway->fonts)
        job->gateway->fonts = take(job->loaded);
    console_fonts_destroy(job->loaded);
    picture_unref(job->picture);
    if (job->grey >= 0)
        close(job->grey);
    free(job);
}

/* Lines of what was recognised, in place. */
static void answer_recognised(const struct job *job, char *text)
{
    const char *lines[MOST_LINES];
    struct target_text ret = {.lines = lines, .cursor_x = -1, .cursor_y = -1, .font = "", .recognised = true};
    for (char *line = text, *next; line && ret.rows < MOST_LINES; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        if (!*line && !next)
            break;
        lines[ret.rows++] = line;
        ret.columns = MAX(ret.columns, (unsigned)strlen(line));
    }
    job->done(job->data, 0, NULL, &ret);
}

static void on_read(void *data, int error, const char *text)
{
    struct job *job = data;
    _cleanup_free_ char *copy = error < 0 ? NULL : strdup(text);
    if (copy)
        answer_recognised(job, copy);
    else
        job->done(job->data, error < 0 ? error : -ENOMEM, error < 0 ? text : "There is no memory for this.", NULL);
    end(job);
}

static void done(void *data)
{
    struct job *job = data;
    if (job->grey >= 0) {
        reader_client_ask(job->gateway->reader, &job->ask, job->grey, on_read, job);
        return;
    }
    answer(job);
    end(job);
}

void screen_text_take(struct gateway_target *target, const struct target_text_wish *wish, target_text_fn *answer_to,
                      void *data)
{
    struct gateway *gateway = target->gateway;
    attr_cleanup(picture_unrefp) struct picture *picture = target->feed ? feed_picture(target->feed) : NULL;
    if (!picture) {
        answer_to(data, -ENODATA, target->target.signal_why, NULL);
        return;
    }
    struct job *job = calloc(1, sizeof *job);
    if (!job) {
        answer_to(data, -ENOMEM, "There is no memory for this.", NULL);
        return;
    }
    *job = (struct job){.gateway = gateway,
                        .fonts = gateway->fonts,
                        .picture = take(picture),
                        .done = answer_to,
                        .data = data,
                        .grey = -1};
    if (wish)
        job->wish = *wish;
    if (worker_pool_submit(gateway->pictures, work, done, job) < 0) {
        job->error = -ENOMEM;
        done(job);
    }
}

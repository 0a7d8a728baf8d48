#include "api/screen_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/json.h"
#include "api/tables.h"

#define MAX_PIXEL 8192

static bool reply_failure(struct route_call *call, int error, const char *why)
{
    if (error >= 0)
        return false;
    if (error == -ENODATA)
        route_reply_error(call, 409, "no-picture", "%s", why && *why ? why : "There is no picture now.");
    else if (error == -ENOTSUP)
        route_reply_error(call, 422, "no-text-mode", "%s",
                          why && *why ? why : "The screen is not in a text mode that can be read.");
    else if (error == -ENOPKG)
        route_reply_error(call, 422, "no-recognition", "%s", why && *why ? why : "Text cannot be recognised here.");
    else if (error == -EBUSY)
        route_reply_error(call, 429, "busy", "%s", why && *why ? why : "Other text is being read; try again.");
    else if (error == -ETIMEDOUT)
        route_reply_error(call, 504, "timed-out", "%s", why && *why ? why : "Reading took too long.");
    else
        route_reply_error(call, 500, "failed", "%s", why && *why ? why : "The picture could not be read.");
    return true;
}

/* null while a blinking cursor is not to be seen. */
static json_t *cursor_json(const struct target_text *text)
{
    return text->cursor_x < 0 ? json_null() : json_pack("{s:i, s:i}", "x", text->cursor_x, "y", text->cursor_y);
}

static json_t *cell_json(const struct target_text *text)
{
    const struct rect *c = &text->cell;
    return c->w <= 0 ? json_null()
                     : json_pack("{s:i, s:i, s:i, s:i}", "x", c->x, "y", c->y, "width", c->w, "height", c->h);
}

/* Runs of unknown cells: [row, column, how many]. */
static json_t *unknown_json(const struct target_text *text)
{
    json_t *runs = json_array();
    for (unsigned row = 0; text->known && row < text->rows; row++)
        for (unsigned column = 0, n; column < text->columns; column += n ? n : 1) {
            const uint8_t *at = text->known + (size_t)row * text->columns + column;
            for (n = 0; column + n < text->columns && !at[n]; n++)
                ;
            if (n)
                json_array_append_new(runs, json_pack("[i, i, i]", (int)row, (int)column, (int)n));
        }
    return runs;
}

static void json_done(void *data, int error, const char *why, const struct target_text *text)
{
    struct route_call *call = data;

    if (reply_failure(call, error, why))
        return;
    json_t *lines = json_array();
    for (unsigned i = 0; i < text->rows; i++)
        json_array_append_new(lines, api_text(text->lines[i]));
    api_reply_json(call, 200,
                   json_pack("{s:i, s:i, s:o, s:o, s:b, s:o, s:o, s:s, s:s}", "columns", (int)text->columns, "rows",
                             (int)text->rows, "lines", lines, "cursor", cursor_json(text), "exact", (int)text->exact,
                             "unknown", unknown_json(text), "cell", cell_json(text), "font",
                             text->font ? text->font : "", "method", text->recognised ? "recognition" : "fonts"));
}

static void text_done(void *data, int error, const char *why, const struct target_text *text)
{
    struct route_call *call = data;
    size_t size = 0;

    if (reply_failure(call, error, why))
        return;
    for (unsigned i = 0; i < text->rows; i++)
        size += strlen(text->lines[i]) + 1;
    char *all = malloc(size + 1), *at = all;
    if (!all) {
        route_reply_error(call, 500, "failed", "There is no memory for this.");
        return;
    }
    for (unsigned i = 0; i < text->rows; i++) {
        size_t n = strlen(text->lines[i]);
        memcpy(at, text->lines[i], n);
        at[n] = '\n';
        at += n + 1;
    }
    route_reply_header(call, "Lightsout-Text", text->recognised ? "recognised" : text->exact ? "exact" : "partial");
    route_reply(call, 200, "text/plain; charset=utf-8", all, (size_t)(at - all));
    free(all);
}

/* False: it is there and no sensible number; replied. */
static bool query_pixel(struct route_call *call, const char *name, int lowest, int *ret, int *count)
{
    char text[8], *end;

    if (!route_query(call, name, text, sizeof text))
        return true;
    unsigned long value = strtoul(text, &end, 10);
    if (*end || text[0] < '0' || text[0] > '9' || value < (unsigned long)lowest || value > MAX_PIXEL) {
        route_reply_error(call, 400, "bad-value", "'%s' must be a number of pixels from %d to %d.", name, lowest,
                          MAX_PIXEL);
        return false;
    }
    *ret = (int)value;
    (*count)++;
    return true;
}

static bool query_region(struct route_call *call, struct rect *ret)
{
    int count = 0;

    if (!query_pixel(call, "x", 0, &ret->x, &count) || !query_pixel(call, "y", 0, &ret->y, &count) ||
        !query_pixel(call, "width", 1, &ret->w, &count) || !query_pixel(call, "height", 1, &ret->h, &count))
        return false;
    if (count != 0 && count != 4) {
        route_reply_error(call, 400, "bad-value", "A region has all four of 'x', 'y', 'width' and 'height'.");
        return false;
    }
    return true;
}

/* The name of a language, as those who recognise text name them: "eng", "chi_sim". */
static bool query_language(struct route_call *call, char *room, size_t size)
{
    if (!route_query(call, "recognise", room, size)) {
        room[0] = '\0';
        return true;
    }
    if (strlen(room) < 3 || room[strspn(room, "abcdefghijklmnopqrstuvwxyz_")]) {
        route_reply_error(call, 400, "bad-value", "'recognise' must be the name of a language, such as eng.");
        return false;
    }
    return true;
}

void api_get_screen_text(void *context, struct route_call *call)
{
    struct target *t = api_target(context, call);
    struct target_text_wish wish = {.region = {0, 0, 0, 0}};
    char format[8] = "json";

    if (!t || !query_region(call, &wish.region) || !query_language(call, wish.language, sizeof wish.language))
        return;
    route_query(call, "format", format, sizeof format);
    route_reply_header(call, "Cache-Control", "no-store");
    if (!strcmp(format, "json"))
        t->ops->screen_text(t, &wish, json_done, call);
    else if (!strcmp(format, "text"))
        t->ops->screen_text(t, &wish, text_done, call);
    else
        route_reply_error(call, 400, "bad-value", "'format' must be json or text.");
}

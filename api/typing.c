/* Texts that are typed on a target, and the keyboard layouts they are typed with. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/json.h"
#include "api/layouts_json.h"
#include "api/tables.h"
#include "core/utf8.h"

static const char *const instead_words[] = {"refuse", "leave-out", "alt-codes", "unicode-input"};
static const char *const phase_words[] = {"idle", "typing", "waiting", "done", "stopped", "given-up"};
static const char *const echo_words[] = {"unknown", "none", "seen", "partly"};

/* ---- what cannot be typed ---- */

static json_t *missing_json(const struct typing_missing *m)
{
    char text[5] = "", code[16];
    const char *name = typing_character_name(m->character);
    utf8_write(text, m->character);
    snprintf(code, sizeof code, "U+%04X", m->character);
    return json_pack("{s:s?, s:s, s:s?, s:I, s:I, s:I}", "character", name ? NULL : text, "code", code, "name", name,
                     "count", (json_int_t)m->count, "line", (json_int_t)m->line, "column", (json_int_t)m->column);
}

static json_t *plan_json(const struct typing_plan *plan)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < plan->n_distinct; i++)
        json_array_append_new(list, missing_json(&plan->missing[i]));
    return json_pack("{s:s, s:I, s:I, s:I, s:o, s:b}", "layout", plan->layout, "characters",
                     (json_int_t)plan->characters, "strokes", (json_int_t)plan->strokes, "missing_count",
                     (json_int_t)plan->n_missing, "missing", list, "more_missing", plan->more);
}

/* "no key for 'ä' (U+00E4), no-break space (U+00A0) and 3 more" */
static void name_missing(const struct typing_plan *plan, char *ret, size_t size)
{
    size_t used = 0;
    unsigned i = 0;
    for (; i < plan->n_distinct && used + 80 < size; i++) {
        char text[5] = "";
        const struct typing_missing *m = &plan->missing[i];
        const char *name = typing_character_name(m->character);
        utf8_write(text, m->character);
        used += (size_t)snprintf(ret + used, size - used, name ? "%s%s (U+%04X)" : "%s'%s' (U+%04X)", i ? ", " : "",
                                 name ? name : text, m->character);
    }
    if (i < plan->n_distinct || plan->more)
        snprintf(ret + used, size - used, " and more");
}

static void reply_missing(struct route_call *call, const struct typing_plan *plan)
{
    char names[400], message[600];
    name_missing(plan, names, sizeof names);
    snprintf(message, sizeof message,
             "The layout '%s' has no key for %s. Choose the layout that the target uses, or "
             "leave these out (\"instead\":\"leave-out\").",
             plan->layout, names);
    json_t *error = plan_json(plan);
    json_object_set_new(error, "code", json_string("cannot-type"));
    json_object_set_new(error, "message", json_string(message));
    api_reply_json(call, 422, json_pack("{s:o}", "error", error));
}

/* ---- the calls ---- */

static void reply_refusal(struct route_call *call, int error, const char *why)
{
    if (error == -EINVAL)
        route_reply_error(call, 422, "cannot-type", "%s", why);
    else if (error == -EBUSY)
        route_reply_error(call, 409, "busy", "Text is being typed already; DELETE .../type stops it.");
    else if (error == -EMSGSIZE)
        route_reply_error(call, 413, "too-long",
                          "The text is longer than %d bytes, which is the most at a time: put it on a virtual drive "
                          "instead, or send it in parts.",
                          TYPING_MAX_TEXT);
    else
        api_reply_port_error(call, error, why, "busy");
}

static bool read_word(struct route_call *call, json_t *body, const char *key, const char *const *words, unsigned n,
                      uint8_t *ret)
{
    const char *word = NULL;
    if (!api_string(call, body, key, false, &word))
        return false;
    for (unsigned i = 0; word && i < n; i++)
        if (!strcmp(word, words[i])) {
            *ret = (uint8_t)i;
            return true;
        }
    if (word)
        route_reply_error(call, 400, "bad-value", "'%s' must be refuse, leave-out, alt-codes or unicode-input.", key);
    return !word;
}

/* Replies and gives false when something is wrong with it. */
static bool read_request(struct route_call *call, json_t *body, struct typing_request *ret, bool *force)
{
    if (!api_string(call, body, "text", true, &ret->text) || !api_string(call, body, "layout", false, &ret->layout) ||
        !api_bool(call, body, "force", force) || !api_bool(call, body, "check", &ret->only_check) ||
        !api_bool(call, body, "careful", &ret->careful) ||
        !read_word(call, body, "instead", instead_words, ARRAY_SIZE(instead_words), &ret->instead))
        return false;
    ret->size = json_string_length(json_object_get(body, "text"));
    return true;
}

static void post_type(void *context, struct route_call *call)
{
    static const char *const known[] = {"text", "layout", "force", "check", "careful", "instead", NULL};
    struct target *t = api_target(context, call);
    struct typing_request request = {0};
    struct typing_plan plan = {0};
    bool force = false;
    char why[400] = "";

    if (!t)
        return;
    _cleanup_json_ json_t *body = api_body(call, known);
    if (!body || !read_request(call, body, &request, &force))
        return;
    if (!request.only_check && !api_seat_is_open(context, t, call, force))
        return;
    int r = t->ops->type(t, &request, &plan, why, sizeof why);
    if (r < 0) {
        reply_refusal(call, r, why);
    } else if (request.only_check) {
        api_reply_json(call, 200, plan_json(&plan));
    } else if (r > 0) {
        reply_missing(call, &plan);
    } else {
        char detail[96]; /* never the text: it may be a password */
        snprintf(detail, sizeof detail, "%zu characters, layout %.60s", plan.characters, plan.layout);
        api_audit(context, call, "type", t->name, detail);
        api_reply_json(call, 202, plan_json(&plan));
    }
}

static void get_type(void *context, struct route_call *call)
{
    struct target *t = api_target(context, call);
    struct typing_state s = {0};
    if (!t)
        return;
    t->ops->typing(t, &s);
    json_t *echo = json_pack("{s:s, s:I, s:I}", "result", echo_words[s.echo], "seen", (json_int_t)s.echo_seen, "lost",
                             (json_int_t)s.echo_lost);
    if (s.echo_lost) {
        json_object_set_new(echo, "line", json_integer((json_int_t)s.lost_line));
        json_object_set_new(echo, "column", json_integer((json_int_t)s.lost_column));
    }
    api_reply_json(call, 200,
                   json_pack("{s:s, s:I, s:I, s:I, s:b, s:o}", "state", phase_words[s.phase], "characters",
                             (json_int_t)s.characters, "remaining", (json_int_t)s.remaining, "per_second",
                             (json_int_t)s.per_second, "slowed", s.slowed, "echo", echo));
}

static void delete_type(void *context, struct route_call *call)
{
    struct target *t = api_target(context, call);
    if (!t)
        return;
    t->ops->type_stop(t);
    route_reply(call, 204, NULL, NULL, 0);
}

static void get_layouts(void *context, struct route_call *call)
{
    (void)context;
    api_reply_json(call, 200, layouts_json(NULL));
}

static void get_layout(void *context, struct route_call *call)
{
    (void)context;
    json_t *layout = layouts_json(call->params[0]);
    if (layout)
        api_reply_json(call, 200, layout);
    else
        route_reply_error(call, 404, "no-such-layout",
                          "There is no keyboard layout '%s'; GET /api/v1/layouts lists them.", call->params[0]);
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/layouts", ROUTE_SESSION, 0, get_layouts),
    ROUTE(ROUTE_GET, "/api/v1/layouts/{layout}", ROUTE_SESSION, 0, get_layout),
    ROUTE(ROUTE_POST, "/api/v1/targets/{target}/type", ROUTE_RIGHT, RIGHT_INPUT, post_type),
    ROUTE(ROUTE_GET, "/api/v1/targets/{target}/type", ROUTE_RIGHT, RIGHT_INPUT, get_type),
    ROUTE(ROUTE_DELETE, "/api/v1/targets/{target}/type", ROUTE_RIGHT, RIGHT_INPUT, delete_type),
};
const struct api_rows api_typing_rows = {rows, ARRAY_SIZE(rows)};

/* What the target sees of us on USB: personality, the offer of another one, and why. */
#include "api/usb_json.h"

#include <errno.h>
#include <stdlib.h>

#include "api/json.h"
#include "api/tables.h"
#include "api/target_events_json.h"

static json_t *choice_json(enum personality personality)
{
    return json_pack("{s:s, s:s}", "name", personality_name(personality), "words", personality_words(personality));
}

static json_t *offer_json(const struct target_usb *usb)
{
    return usb->offered ? choice_json(usb->offer) : json_null();
}

static const char *why_sentence(const struct target_usb *usb)
{
    const struct chooser_why_words *words = chooser_why_words(usb->why);
    return words ? words->sentence : "";
}

static json_t *why_id_json(const struct target_usb *usb)
{
    const struct chooser_why_words *words = chooser_why_words(usb->why);
    return words ? json_string(words->name) : json_null();
}

static json_t *functions_json(unsigned set)
{
    json_t *list = json_array();
    for (unsigned f = 0; f < GADGET_FUNCTIONS; f++)
        if (set >> f & 1)
            json_array_append_new(list, json_string(left_out_function((enum gadget_function)f)->name));
    return list;
}

static json_t *left_out_part_json(const struct left_out *left_out, enum left_out_reason reason)
{
    unsigned numbers[LEFT_OUT_NUMBERS], n = left_out_numbers(left_out, reason, numbers);
    json_t *endpoints = json_array();
    for (unsigned i = 0; i < n; i++)
        json_array_append_new(endpoints, json_integer(numbers[i]));
    return json_pack("{s:s, s:o, s:o}", "id", left_out_reason(reason)->name, "functions",
                     functions_json(left_out->functions[reason]), "endpoints", endpoints);
}

static json_t *left_out_parts_json(const struct left_out *left_out)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < LEFT_OUT_REASONS; i++)
        if (left_out->functions[i])
            json_array_append_new(list, left_out_part_json(left_out, (enum left_out_reason)i));
    return list;
}

json_t *api_usb_summary_json(const struct target *target)
{
    const struct target_usb *usb = target->usb;
    if (!usb)
        return json_null();
    return json_pack("{s:s, s:s, s:o, s:s, s:o, s:o}", "state", target_usb_state_name(usb->state), "personality",
                     personality_name(usb->personality), "offer", offer_json(usb), "why", why_sentence(usb), "why_id",
                     why_id_json(usb), "trouble", api_text(usb->trouble));
}

static json_t *choices_json(void)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < PERSONALITIES; i++)
        json_array_append_new(list, choice_json((enum personality)i));
    return list;
}

static json_t *usb_json(const struct target_usb *usb)
{
    char left_out[LEFT_OUT_TEXT];
    left_out_write(&usb->left_out, left_out, sizeof left_out);
    return json_pack("{s:s, s:b, s:s, s:s, s:b, s:b, s:o, s:s, s:o, s:s, s:o, s:o, s:b, s:I, s:o, s:o}", "state",
                     target_usb_state_name(usb->state), "bound", (int)usb->bound, "personality",
                     personality_name(usb->personality), "words", personality_words(usb->personality), "automatic",
                     (int)usb->automatic, "found", (int)usb->found, "offer", offer_json(usb), "why", why_sentence(usb),
                     "why_id", why_id_json(usb), "left_out", left_out, "left_out_parts",
                     left_out_parts_json(&usb->left_out), "trouble", api_text(usb->trouble), "wakeup", (int)usb->wakeup,
                     "keyboard_interval_us", (json_int_t)usb->keyboard_interval_us, "choices", choices_json(), "events",
                     api_events_json(usb->events));
}

/* The target that the path names, when its USB is ours to shape; else replies and gives NULL. */
static struct target *usb_target(const struct api_context *api, struct route_call *call)
{
    struct target *target = api_target(api, call);
    if (!target || (target->usb && target->ops->set_personality && target->ops->accept_offer))
        return target;
    route_reply_error(call, 501, "not-supported", "Target '%s' has no USB of ours: only a dongle's can be shaped.",
                      target->name);
    return NULL;
}

static void get_usb(void *context, struct route_call *call)
{
    struct target *t = usb_target(context, call);
    if (t)
        api_reply_json(call, 200, usb_json(t->usb));
}

/* A change that is under way, and the call that waits for it. */
struct usb_change {
    struct api_context *api;
    struct route_call *call;
    struct target *target;
    const char *what;
    char word[32];
};

static void change_done(void *data, int error, const char *why)
{
    struct usb_change *c = data;

    if (error == -EINVAL) {
        route_reply_error(c->call, 400, "bad-value", "%s", why && *why ? why : "There is no such personality.");
    } else if (error == -ENODATA) {
        route_reply_error(c->call, 409, "no-offer", "%s",
                          why && *why ? why : "Nothing is offered (any more); GET .../usb tells.");
    } else if (error == -ENOSPC) {
        route_reply_error(c->call, 409, "no-room", "%s", why && *why ? why : "The USB controller has no room for it.");
    } else if (error < 0) {
        api_reply_port_error(c->call, error, why, "usb-busy");
    } else {
        api_audit(c->api, c->call, c->what, c->target->name, c->word);
        api_reply_json(c->call, 200, usb_json(c->target->usb));
    }
    free(c);
}

static struct usb_change *change_new(struct api_context *api, struct route_call *call, struct target *target,
                                     const char *what, const char *word)
{
    struct usb_change *c = calloc(1, sizeof *c);
    if (!c) {
        route_reply_error(call, 500, "no-memory", "The gateway is out of memory.");
        return NULL;
    }
    *c = (struct usb_change){.api = api, .call = call, .target = target, .what = what};
    snprintf(c->word, sizeof c->word, "%s", word);
    return c;
}

static void put_usb(void *context, struct route_call *call)
{
    const char *word;
    struct target *t = usb_target(context, call);
    if (!t)
        return;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){"personality", NULL});
    if (!body || !api_string(call, body, "personality", true, &word))
        return;
    struct usb_change *c = change_new(context, call, t, "usb-personality", word);
    if (c)
        t->ops->set_personality(t, word, change_done, c);
}

static void post_accept_offer(void *context, struct route_call *call)
{
    struct target *t = usb_target(context, call);
    if (!t)
        return;
    _cleanup_json_ json_t *body = api_body(call, (const char *const[]){NULL});
    if (!body)
        return;
    struct usb_change *c =
        change_new(context, call, t, "usb-offer-accepted", t->usb->offered ? personality_name(t->usb->offer) : "");
    if (c)
        t->ops->accept_offer(t, change_done, c);
}

static const struct route rows[] = {
    ROUTE(ROUTE_GET, "/api/v1/targets/{target}/usb", ROUTE_RIGHT, RIGHT_VIEW, get_usb),
    ROUTE(ROUTE_PUT, "/api/v1/targets/{target}/usb", ROUTE_RIGHT, RIGHT_CONFIGURE, put_usb),
    ROUTE(ROUTE_POST, "/api/v1/targets/{target}/usb/accept-offer", ROUTE_RIGHT, RIGHT_MEDIA, post_accept_offer),
};
const struct api_rows api_usb_rows = {rows, ARRAY_SIZE(rows)};

/* The REST resources without a server: one target "demo" with fake ports, calls by method and path, the reply kept. For
 * the unit test and the fuzz target of api/. */
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/api.h"
#include "core/text.h"
#include "manage/power_fake.h"
#include "usbgadget/text_plan.h"

struct fake_drive {
    struct drive drive;
    struct drive_state state;
};

static void fake_drive_state(struct drive *d, struct drive_state *ret)
{
    *ret = container_of(d, struct fake_drive, drive)->state;
}

static void fake_drive_eject(struct drive *d, bool force, drive_done_fn *done, void *data)
{
    struct fake_drive *self = container_of(d, struct fake_drive, drive);
    (void)force;
    self->state = (struct drive_state){.phase = DRIVE_EMPTY};
    done(data, 0, NULL);
}

static const struct drive_ops fake_drive_ops = {.name = "fake", .state = fake_drive_state, .eject = fake_drive_eject};

struct api_fixture {
    struct loop *loop;
    int keeper_end; /* nobody answers; audit lines end there */
    struct api_context api;
    const struct route_table *tables;
    size_t n_tables;
    struct power_fake *power;
    struct fake_drive drive;
    struct target target, *list[1];
    struct target_list targets;
    struct auth_session session;
    char typed[200], inserted[256];
    struct medium_spec spec; /* of the last insertion */
    int insert_error;
    uint32_t denied_rights;
    bool no_cursor; /* on the screen that is read as text */
    struct target_usb usb;
    struct edid edid; /* in the receiver; size 0: it has none */
    bool edid_fixed;  /* the device has one that cannot be read or written */
    char personality[32];
    int usb_error, edid_error; /* what the target's answers are, 0: done */

    struct route_call call;
    const char *if_match;       /* of the next request; NULL: none */
    const char *const *headers; /* of the next request: "upload-offset:", "5", ..., NULL ends; NULL: none */
    uint64_t body_length;       /* of a stream, and which bytes of it were asked for */
    bool head, more_wanted;
    int status; /* of the last reply, 0: none came */
    char reply_headers[4096];
    char body[65536];
    size_t body_size;
    const struct route_source *source;
    void *source_data;
    uint64_t source_left;
};

static void fixture_insert(struct target *t, unsigned drive, const struct medium_spec *medium, target_done_fn *done,
                           void *data)
{
    const char *image = medium->image ? medium->image : medium->url;
    struct api_fixture *f = container_of(t, struct api_fixture, target);
    (void)drive;
    if (!strcmp(image, "missing.iso")) {
        done(data, -ENOENT, "There is no image 'missing.iso' in the library.");
        return;
    }
    if (f->insert_error) {
        done(data, f->insert_error, "The source says no.");
        return;
    }
    snprintf(f->inserted, sizeof f->inserted, "%s", image);
    f->spec = *medium; /* its strings end with the call */
    f->drive.state = (struct drive_state){
        .phase = DRIVE_INSERTED, .kind = medium->kind == 1, .read_only = medium->read_only, .size = 1};
    snprintf(f->drive.state.medium, sizeof f->drive.state.medium, "%s", image);
    done(data, 0, NULL);
}

static void fixture_overlay_export(struct target *t, unsigned drive, const char *name, target_done_fn *done, void *data)
{
    struct api_fixture *f = container_of(t, struct api_fixture, target);
    (void)drive;
    snprintf(f->inserted, sizeof f->inserted, "%s", name);
    done(data, f->insert_error, NULL);
}

static void fixture_overlay_discard(struct target *t, unsigned drive, target_done_fn *done, void *data)
{
    struct api_fixture *f = container_of(t, struct api_fixture, target);
    (void)drive;
    done(data, f->insert_error, NULL);
}

static void fixture_screenshot(struct target *t, unsigned width, enum target_shot format, target_bytes_fn *done,
                               void *data)
{
    (void)t;
    (void)width;
    if (format == TARGET_SHOT_PNG)
        done(data, 0, NULL, "PNG", 3);
    else
        done(data, -ENODATA, "demo is powered off", NULL, 0);
}

static size_t fixture_viewers(struct target *t, const struct auth_session *session, struct target_viewer *room,
                              size_t most)
{
    (void)t, (void)session, (void)most;
    room[0] = (struct target_viewer){.id = 8, .user = "bert", .since = 1700000100, .address = "192.0.2.7"};
    room[1] = (struct target_viewer){.id = 7, .user = "anna", .types = true, .yours = true, .since = 1700000000};
    return 2;
}

static int fixture_viewer_end(struct target *t, const struct auth_session *by, uint32_t id)
{
    (void)t, (void)by;
    return id == 8 ? 0 : -ENOENT;
}

static void fixture_text(struct target *t, const struct target_text_wish *wish, target_text_fn *done, void *data)
{
    static const uint8_t known[160] = {[0 ... 7] = 1, [10 ... 159] = 1};
    const struct api_fixture *f = container_of(t, struct api_fixture, target);
    const char *lines[] = {"login:", ""};
    if (wish->language[0]) {
        done(data, -ENOPKG, "install package tesseract-ocr", NULL);
        return;
    }
    done(data, 0, NULL,
         &(struct target_text){.columns = 80,
                               .rows = 2,
                               .lines = lines,
                               .exact = !wish->region.w,
                               .known = wish->region.w ? known : NULL,
                               .font = "VGA 9x16",
                               .cell = {wish->region.x, 0, 9, 16},
                               .cursor_x = f->no_cursor ? -1 : 7,
                               .cursor_y = f->no_cursor ? -1 : 0});
}

static int fixture_chord(struct target *t, const char *chord, char *why, size_t size)
{
    struct api_fixture *f = container_of(t, struct api_fixture, target);
    if (!strcmp(chord, "hyper")) {
        snprintf(why, size, "no key is called 'hyper'");
        return -EINVAL;
    }
    snprintf(f->typed, sizeof f->typed, "%s", chord);
    return 0;
}

static int fixture_type(struct target *t, const struct typing_request *request, struct typing_plan *ret, char *why,
                        size_t size)
{
    struct api_fixture *f = container_of(t, struct api_fixture, target);
    const struct layout *layout = layout_find(request->layout ? request->layout : "us");
    struct layout_map *map = NULL;
    struct text_plan plan;
    size_t where;
    if (!layout) {
        snprintf(why, size, "There is no layout of that name.");
        return -EINVAL;
    }
    int r = layout_map_create(layout, &map);
    r = r < 0 ? r : text_plan_make(request, map, &plan, &where);
    layout_map_destroy(map);
    if (r < 0)
        return r == -EILSEQ ? -EINVAL : r;
    *ret = plan.plan;
    text_plan_finish(&plan);
    if (r == 0 && !request->only_check)
        snprintf(f->typed, sizeof f->typed, "%s", request->text);
    return request->only_check ? 0 : r;
}

static void fixture_typing(struct target *t, struct typing_state *ret)
{
    size_t n = strlen(container_of(t, struct api_fixture, target)->typed);
    *ret = (struct typing_state){.phase = n ? TYPING_ON : TYPING_IDLE, .characters = n, .remaining = n};
}

static void fixture_type_stop(struct target *t)
{
    container_of(t, struct api_fixture, target)->typed[0] = 0;
}

static void fixture_set_personality(struct target *t, const char *word, target_done_fn *done, void *data)
{
    struct api_fixture *f = container_of(t, struct api_fixture, target);
    snprintf(f->personality, sizeof f->personality, "%s", word);
    if (strcmp(word, "auto") != 0 && !personality_parse(word, &f->usb.personality))
        done(data, -EINVAL, "There is no personality of that name; known are auto, full and others.");
    else
        done(data, f->usb_error, f->usb_error ? "The target reads its drive." : NULL);
}

static void fixture_accept_offer(struct target *t, target_done_fn *done, void *data)
{
    struct api_fixture *f = container_of(t, struct api_fixture, target);
    const bool offered = f->usb.offered;
    if (offered)
        f->usb.personality = f->usb.offer;
    f->usb.offered = false;
    done(data, offered ? 0 : -ENODATA, NULL);
}

static void fixture_describe_capture(struct target *t, struct target_capture *ret)
{
    const struct api_fixture *f = container_of(t, struct api_fixture, target);
    snprintf(ret->driver, sizeof ret->driver, "fake");
    snprintf(ret->card, sizeof ret->card, "receiver \xFF 1");
    snprintf(ret->timings, sizeof ret->timings, "1920x1080p60, 148500 kHz");
    ret->frames = 7;
    ret->has_edid = !f->edid_fixed;
    ret->edid = f->edid;
    edid_describe(&ret->edid, &ret->facts);
}

static void fixture_set_edid(struct target *t, const struct edid *edid, target_done_fn *done, void *data)
{
    struct api_fixture *f = container_of(t, struct api_fixture, target);
    if (!f->edid_error && edid->size)
        f->edid = *edid;
    else if (!f->edid_error) /* the configuration's */
        edid_make(EDID_1080P60, NULL, &f->edid);
    done(data, f->edid_error, f->edid_error ? "The receiver's EDID cannot be written." : NULL);
}

/* The seat's own rules; configure is the right to take over and to share. */
static int fixture_seat(struct target *t, struct auth_session *session, enum seat_action action, uint32_t request,
                        const char **ret_why)
{
    const struct api_fixture *f = container_of(t, struct api_fixture, target);
    struct seat_party party = {.session = target_seat_session(session), .name = "session"};
    struct seat_news news;
    bool configure = !(f->denied_rights & RIGHT_CONFIGURE);
    *ret_why = "The seat says no.";
    switch (action) {
    case SEAT_DO_REQUEST:
        return seat_request(&t->seat, &party, 1, &news);
    case SEAT_DO_TAKE:
        return seat_take(&t->seat, &party, configure, 1, &news);
    case SEAT_DO_GRANT:
    case SEAT_DO_REFUSE:
        return seat_answer(&t->seat, &party, request, action == SEAT_DO_GRANT, 1, &news);
    case SEAT_DO_RELEASE:
        seat_leave(&t->seat, &party, 1, &news);
        return 0;
    case SEAT_DO_SHARE:
    case SEAT_DO_EXCLUSIVE:
        break;
    }
    if (!configure)
        return -EPERM;
    seat_share(&t->seat, &party, action == SEAT_DO_SHARE, &news);
    return 0;
}

static const struct target_ops fixture_target_ops = {
    .insert = fixture_insert,
    .overlay_export = fixture_overlay_export,
    .overlay_discard = fixture_overlay_discard,
    .screenshot = fixture_screenshot,
    .screen_text = fixture_text,
    .chord = fixture_chord,
    .type = fixture_type,
    .typing = fixture_typing,
    .type_stop = fixture_type_stop,
    .seat = fixture_seat,
    .viewers = fixture_viewers,
    .viewer_end = fixture_viewer_end,
    .set_personality = fixture_set_personality,
    .accept_offer = fixture_accept_offer,
    .describe_capture = fixture_describe_capture,
    .set_edid = fixture_set_edid,
};

static bool fixture_may(void *context, const struct auth_session *session, uint32_t rights, const char *target)
{
    struct api_fixture *f = context;
    (void)session;
    (void)target;
    return !(rights & f->denied_rights);
}

static char *fixture_statistics(void *context)
{
    (void)context;
    return strdup("{}");
}

static void fixture_header(struct route_call *call, const char *name, const char *value)
{
    struct api_fixture *f = container_of(call, struct api_fixture, call);
    size_t n = strlen(f->reply_headers);
    snprintf(f->reply_headers + n, sizeof f->reply_headers - n, "%s: %s\n", name, value);
}

static bool fixture_request_header(struct route_call *call, const char *name, char *room, size_t size)
{
    const struct api_fixture *f = container_of(call, struct api_fixture, call);
    for (const char *const *h = f->headers; h && *h; h += 2)
        if (!strcmp(h[0], name))
            return text_copy(room, size, h[1]);
    return false;
}

static void fixture_body_more(struct route_call *call)
{
    container_of(call, struct api_fixture, call)->more_wanted = true;
}

static void fixture_send(struct route_call *call, int status, const char *type, const void *body, size_t size)
{
    struct api_fixture *f = container_of(call, struct api_fixture, call);
    (void)type;
    if (f->status || f->source)
        abort(); /* two replies to one call */
    f->status = status;
    size = MIN(size, sizeof f->body - 1);
    f->body_size = size;
    if (size)
        memcpy(f->body, body, size);
    f->body[size] = 0;
}

/* The status is there when all of the body is. */
static void fixture_send_stream(struct route_call *call, int status, const char *type, uint64_t size,
                                const struct route_source *source, void *data)
{
    struct api_fixture *f = container_of(call, struct api_fixture, call);
    (void)type;
    if (f->status || f->source || size > sizeof f->body)
        abort();
    f->body_size = 0;
    f->source = source;
    f->source_data = data;
    f->source_left = size;
    f->call.body_size = (size_t)status;
    source->pull(data, MIN((size_t)size, (size_t)1000));
}

static void fixture_piece(struct route_call *call, const void *bytes, size_t size)
{
    struct api_fixture *f = container_of(call, struct api_fixture, call);
    if (!f->source || size > f->source_left)
        abort();
    if (size)
        memcpy(f->body + f->body_size, bytes, size);
    f->body_size += size;
    f->source_left -= size;
    if (size && f->source_left) {
        f->source->pull(f->source_data, MIN((size_t)f->source_left, (size_t)1000));
        return;
    }
    const struct route_source *source = take(f->source);
    f->status = size ? (int)f->call.body_size : -1;
    source->ended(f->source_data);
}

static const struct route_reply_ops fixture_reply = {.header = fixture_header,
                                                     .request_header = fixture_request_header,
                                                     .body_more = fixture_body_more,
                                                     .send_stream = fixture_send_stream,
                                                     .piece = fixture_piece,
                                                     .send = fixture_send};

static void fixture_setup_state(void *data, bool needs_setup)
{
    (void)data;
    (void)needs_setup;
}

static void fixture_ended(void *data, struct auth_session *session)
{
    (void)data;
    (void)session;
}

static void fixture_closed(void *data)
{
    (void)data;
}

static int fixture_init(struct api_fixture *f)
{
    static const struct keeper_client_listener listener = {
        .session_ended = fixture_ended, .setup_state = fixture_setup_state, .closed = fixture_closed};
    int pair[2];

    memset(f, 0, sizeof *f);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0 || loop_create(&f->loop) < 0 ||
        keeper_client_create(f->loop, pair[0], &listener, f, &f->api.keeper) < 0 || power_fake_create(&f->power) < 0)
        return -1;
    f->keeper_end = pair[1];
    f->drive.drive.ops = &fake_drive_ops;
    f->target = (struct target){.ops = &fixture_target_ops,
                                .name = "demo",
                                .machine = "testcard",
                                .power = &f->power->power,
                                .drives = {&f->drive.drive},
                                .n_drives = 1,
                                .width = 720,
                                .height = 400,
                                .usb = &f->usb};
    f->usb = (struct target_usb){
        .state = TARGET_USB_CONFIGURED, .bound = true, .automatic = true, .events = target_events_create()};
    edid_make(EDID_1080P60, NULL, &f->edid);
    f->list[0] = &f->target;
    f->targets = (struct target_list){.targets = f->list, .n = 1};
    f->session = (struct auth_session){.user = "ann", .role = ROLE_ADMINISTRATOR, .local = true};
    grants_of_role(&f->session.grants, f->session.role);
    ref_init(&f->session.ref);
    f->api.version = "1";
    f->api.targets = &f->targets;
    f->api.may = fixture_may;
    f->api.may_context = f;
    f->api.statistics = fixture_statistics;
    f->tables = api_tables(&f->api, &f->n_tables);
    return 0;
}

attr_unused static void fixture_finish(struct api_fixture *f)
{
    keeper_client_destroy(f->api.keeper);
    f->power->power.ops->destroy(&f->power->power);
    target_events_destroy(f->usb.events);
    close(f->keeper_end);
    loop_destroy(f->loop);
}

/* Calls the route; false when there is none for it. body must be NUL-terminated behind body_size. */
static bool fixture_call(struct api_fixture *f, enum route_method method, const char *path, const char *query,
                         const char *body, size_t body_size)
{
    char room[512];

    f->status = 0;
    f->body[0] = 0;
    f->reply_headers[0] = 0;
    f->more_wanted = false;
    for (size_t t = 0; t < f->n_tables; t++) {
        for (size_t i = 0; i < f->tables[t].n_rows; i++) {
            const struct route *row = &f->tables[t].rows[i];
            f->call = (struct route_call){.route = row,
                                          .query = query,
                                          .body = (const uint8_t *)body,
                                          .body_size = body_size,
                                          .body_length = row->stream ? f->body_length : 0,
                                          .head = f->head,
                                          .if_match = f->if_match,
                                          .if_none_match = "",
                                          .cookie_token = "",
                                          .peer = "test",
                                          .session = &f->session,
                                          .reply = &fixture_reply};
            if (row->method == method && route_match(row, path, room, f->call.params)) {
                row->handler(f->tables[t].context, &f->call);
                return true;
            }
        }
    }
    return false;
}

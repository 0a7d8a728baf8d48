/* A dongle's USB with a helper that fails or not, played here: what people are told of it, and what of the automatic
 * choice. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <errno.h>

#include "core/clock.h"
#include "core/text.h"
#include "gateway/dongle/dongle_internal.h"
#include "gateway/targets/target_news.h"

#define HANG_US 120000000
#define BUSY "The controller is busy."

struct bench {
    struct gateway gateway;
    struct gateway_target target;
    struct ipc *helper; /* its end */
    char folder[64], path[96];
    int up_error; /* how it answers the wish for a gadget */
    const char *up_why;
    bool silent; /* it does not */
    unsigned ups, done, lost;
    int error;
    char why[256];
};

/* ---- the helper ---- */

static void answer(struct bench *b, uint32_t serial, int error, const char *why)
{
    struct helper_answer message = {.error = error};
    uint8_t room[512];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    text_copy(message.why, sizeof message.why, why);
    helper_write_answer(&w, &message);
    assert_int_equal(ipc_send(b->helper, HELPER_ANSWER, serial, room, wire_written(&w), NULL, 0), 0);
}

static void on_question(void *data, struct ipc_message *message)
{
    struct bench *b = data;
    bool up = message->type == HELPER_GADGET_UP;
    b->ups += up;
    if (up && b->silent)
        return;
    answer(b, message->serial, up ? b->up_error : 0, up ? b->up_why : "");
}

static void on_closed(void *data, int error)
{
    (void)data, (void)error;
}

static void on_lost(void *data)
{
    struct bench *b = data;
    b->lost++;
}

/* Not attached: the target's firmware has no say. */
static void tell_state(struct bench *b)
{
    struct helper_state state = {.udc = HELPER_UDC_NOT_ATTACHED};
    uint8_t room[512];
    struct wire_writer w = wire_writer_init(room, sizeof room);
    helper_write_state(&w, &state);
    assert_int_equal(ipc_send(b->helper, HELPER_STATE, 0, room, wire_written(&w), NULL, 0), 0);
}

static void connect_helper(struct bench *b)
{
    static const struct ipc_listener listener = {.message = on_question, .closed = on_closed};
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(ipc_create(b->gateway.loop, pair[0], &listener, b, &b->helper), 0);
    assert_int_equal(helper_client_connect(b->gateway.helper, pair[1]), 0);
    tell_state(b);
}

/* ---- a gateway with one dongle ---- */

static int set_up(void **state)
{
    static const struct helper_client_owner owner = {.lost = on_lost};
    struct bench *b = calloc(1, sizeof *b);
    struct gateway_target *t = &b->target;
    snprintf(b->folder, sizeof b->folder, "/tmp/lightsout-dongle-XXXXXX");
    assert_non_null(mkdtemp(b->folder));
    snprintf(b->path, sizeof b->path, "%s/gateway", b->folder);
    assert_int_equal(mkdir(b->path, 0700), 0);
    snprintf(b->path, sizeof b->path, "%s/gateway/pc.dongle", b->folder);
    text_copy(b->gateway.setup.state, sizeof b->gateway.setup.state, b->folder);
    assert_int_equal(loop_create(&b->gateway.loop), 0);
    assert_int_equal(helper_client_create(b->gateway.loop, &owner, b, &b->gateway.helper), 0);
    t->gateway = &b->gateway;
    text_copy(t->target.name, sizeof t->target.name, "pc");
    t->target.events = target_events_create();
    assert_non_null(t->target.events);
    b->up_why = "";
    *state = b;
    return 0;
}

static int tear_down(void **state)
{
    struct bench *b = *state;
    char inner[96];
    b->gateway.helper = helper_client_destroy(b->gateway.helper);
    b->target.dongle = dongle_destroy(b->target.dongle);
    b->helper = ipc_destroy(b->helper);
    target_events_destroy(b->target.target.events);
    loop_destroy(b->gateway.loop);
    unlink(b->path);
    snprintf(inner, sizeof inner, "%s/gateway", b->folder);
    rmdir(inner);
    rmdir(b->folder);
    free(b);
    return 0;
}

static void dispatch_until(struct bench *b, const unsigned *count, unsigned wanted)
{
    uint64_t limit = clock_now_us() + HANG_US;
    while (*count < wanted && clock_now_us() < limit)
        loop_dispatch(b->gateway.loop, 10);
    assert_int_equal(*count, wanted);
}

static void begin(struct bench *b)
{
    assert_int_equal(dongle_create(&b->target, &b->target.dongle), 0);
    connect_helper(b);
    dispatch_until(b, &b->ups, 1);
}

static void on_done(void *data, int error, const char *why)
{
    struct bench *b = data;
    b->done++;
    b->error = error;
    text_copy(b->why, sizeof b->why, why ? why : "");
}

static void choose(struct bench *b, const char *word)
{
    unsigned wanted = b->done + 1;
    dongle_set_personality(b->target.dongle, word, on_done, b);
    dispatch_until(b, &b->done, wanted);
}

static const struct target_usb *usb_of(const struct bench *b)
{
    return b->target.target.usb;
}

/* The event so far back is this one; id TARGET_EVENT_IDS: there is none. */
static void tells(const struct target_events *events, unsigned back, enum target_event_id id, const char *sentence)
{
    char text[TARGET_EVENT_TEXT];
    const struct target_event *event = target_events_get(events, back);
    if (id == TARGET_EVENT_IDS) {
        assert_null(event);
        return;
    }
    assert_non_null(event);
    assert_int_equal(event->id, id);
    target_event_write(event, text);
    assert_string_equal(text, sentence);
}

/* ---- what is told ---- */

#define FAILED(why) TARGET_EVENT_USB_FAILED, "Its USB does not work: " why

static void test_usb_that_fails_is_told_once(void **state)
{
    struct bench *b = *state;
    b->up_error = -EBUSY;
    b->up_why = BUSY;
    begin(b);
    choose(b, "full"); /* ends with the one that began */
    assert_int_equal(b->error, -EBUSY);
    assert_string_equal(b->why, BUSY);
    assert_string_equal(usb_of(b)->trouble, BUSY);
    tells(b->target.target.events, 0, FAILED(BUSY));
    tells(b->target.target.events, 1, TARGET_EVENT_IDS, NULL);
    tells(usb_of(b)->events, 0, FAILED(BUSY));
    target_note(&b->target, TARGET_EVENT_POWER_ON);
    choose(b, "drive");
    tells(b->target.target.events, 0, TARGET_EVENT_POWER_ON, "Powered on.");
    tells(usb_of(b)->events, 0, FAILED(BUSY));
    tells(usb_of(b)->events, 1, TARGET_EVENT_USB_CHOSEN, "Chosen by hand: \"drive\".");
    b->up_error = -ENOSPC;
    b->up_why = "It has no endpoints left.";
    choose(b, "full");
    tells(b->target.target.events, 0, FAILED("It has no endpoints left."));
}

static void test_usb_that_works_again_may_fail_again(void **state)
{
    struct bench *b = *state;
    begin(b);
    choose(b, "full");
    assert_int_equal(b->error, 0);
    tells(b->target.target.events, 0, TARGET_EVENT_IDS, NULL);
    assert_string_equal(usb_of(b)->trouble, "");
    b->up_error = -EBUSY;
    b->up_why = BUSY;
    choose(b, "drive");
    tells(b->target.target.events, 0, FAILED(BUSY));
    b->up_error = 0;
    choose(b, "full");
    assert_string_equal(usb_of(b)->trouble, "");
}

static void test_a_helper_that_is_gone_is_no_failure(void **state)
{
    struct bench *b = *state;
    b->silent = true;
    begin(b);
    dongle_set_personality(b->target.dongle, "full", on_done, b);
    b->helper = ipc_destroy(b->helper);
    dispatch_until(b, &b->lost, 1);
    assert_int_equal(b->error, -ENOTCONN);
    assert_int_equal(usb_of(b)->state, TARGET_USB_NO_HELPER);
    assert_non_null(strstr(usb_of(b)->trouble, "lightsout-helper.socket"));
    choose(b, "drive");
    assert_int_equal(b->error, -ENOTCONN);
    tells(b->target.target.events, 0, TARGET_EVENT_IDS, NULL);
}

/* As far as it gets without waiting for firmware. */
static void test_what_is_chosen_is_told_with_its_reason(void **state)
{
    struct bench *b = *state;
    const struct dongle_settings found = {
        .chosen = true, .automatic = true, .has_found = true, .found = PERSONALITY_KEYBOARD};
    assert_int_equal(dongle_settings_save(b->path, &found), 0);
    begin(b);
    assert_int_equal(usb_of(b)->why, CHOOSER_WHY_UNSAID);
    dongle_choice_event(b->target.dongle, CHOOSER_MEDIUM_IN);
    assert_true(usb_of(b)->offered);
    assert_int_equal(usb_of(b)->why, CHOOSER_WHY_DRIVE_UNSEEN);
    tells(usb_of(b)->events, 0, TARGET_EVENT_USB_OFFERED,
          "Offered: \"full\". A medium is in, but the target sees no drive until it is switched on again.");
    assert_string_equal(target_events_get(usb_of(b)->events, 0)->args[1], "drive-unseen");
    dongle_accept_offer(b->target.dongle, on_done, b);
    tells(usb_of(b)->events, 0, TARGET_EVENT_USB_ACCEPTED, "The offer was accepted: \"full\".");
    assert_int_equal(usb_of(b)->why, CHOOSER_WHY_UNSAID);
    dongle_choice_event(b->target.dongle, CHOOSER_CONFIGURED);
    dongle_choice_event(b->target.dongle, CHOOSER_POLLED);
    tells(usb_of(b)->events, 0, TARGET_EVENT_USB_KEPT,
          "Kept for this target: \"full\". The target's firmware polls the keyboard.");
    choose(b, "auto");
    tells(usb_of(b)->events, 0, TARGET_EVENT_USB_CHOSEN_AUTOMATIC, "The automatic choice begins anew.");
}

static void test_what_was_found_for_a_medium_is_changed_to(void **state)
{
    struct bench *b = *state;
    const struct dongle_settings found = {
        .chosen = true, .automatic = true, .has_found_medium = true, .found_medium = PERSONALITY_STORAGE_FIRST};
    assert_int_equal(dongle_settings_save(b->path, &found), 0);
    begin(b);
    dongle_choice_event(b->target.dongle, CHOOSER_MEDIUM_IN);
    dongle_choice_event(b->target.dongle, CHOOSER_POWER_ON);
    assert_int_equal(usb_of(b)->personality, PERSONALITY_STORAGE_FIRST);
    tells(usb_of(b)->events, 0, TARGET_EVENT_USB_SWITCHED,
          "Changed to \"storage-first\". The target was switched on with a medium in.");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_usb_that_fails_is_told_once),
        TEST(test_usb_that_works_again_may_fail_again),
        TEST(test_a_helper_that_is_gone_is_no_failure),
        TEST(test_what_is_chosen_is_told_with_its_reason),
        TEST(test_what_was_found_for_a_medium_is_changed_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

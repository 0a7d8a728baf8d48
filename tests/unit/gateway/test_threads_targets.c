/* Targets that come and go while everything works on them: pictures are encoded, written and recorded on other threads,
 * a text is typed, and viewers look. What was begun ends once, who watches another target notices nothing, and a target
 * that is made anew waits for its forerunner. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "console_fixture.h"
#include "gateway/recordings/recordings.h"
#include "gateway/targets/gateway_targets.h"
#include "video/console_fonts.h"

#define ROUNDS 4
#define PATIENCE_US 120000000ull /* only catches hangs */
#define VIEWERS 4                /* the first one looks at what stays */
#define MANY 24
#define SMALL_WIDTH 320

struct bed {
    struct gateway gateway;
    char folder[64];
    struct auth_session session;
    struct viewer viewers[VIEWERS];
    struct console_viewer *open[VIEWERS];
    unsigned begun, ended; /* screenshots */
    uint32_t generation;
};

static void on_recording(void *data, struct target *target, const struct api_recording *entry)
{
    (void)data;
    target_recording_changed(container_of(target, struct gateway_target, target), entry);
}

static struct feed *on_feed(void *data, struct target *target)
{
    (void)data;
    return container_of(target, struct gateway_target, target)->feed;
}

static int open_folder(const struct bed *bed, const char *name)
{
    char path[96];
    snprintf(path, sizeof path, "%s/%s", bed->folder, name);
    assert_int_equal(mkdir(path, 0700), 0);
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* ---- what the supervisor says ---- */

static void tell(struct bed *bed, uint16_t type, const struct wire_writer *w, const uint8_t *body)
{
    struct ipc_message message = {.type = type, .body = body, .body_size = wire_written(w)};
    assert_true(gateway_targets_told(&bed->gateway, &message));
}

static void come(struct bed *bed, uint16_t index, const char *name)
{
    static uint8_t body[8192];
    struct wire_writer w = wire_writer_init(body, sizeof body);
    struct control_target setup = {
        .index = index, .generation = ++bed->generation, .order = index, .machine = CONFIG_TESTCARD, .layout = "us"};
    text_copy(setup.name, sizeof setup.name, name);
    control_write_target(&w, &setup);
    tell(bed, CONTROL_TARGET, &w, body);
}

/* Small pictures of it: what is looked for here is not in them. */
static struct target *made(struct bed *bed, uint16_t index)
{
    struct gateway_target *self = bed->gateway.places[index];
    assert_true(self->made);
    assert_int_equal(testcard_set_size(self->own_screen, SMALL_WIDTH, 200), 0);
    return &self->target;
}

static void go(struct bed *bed, uint16_t index, enum control_gone_how how)
{
    uint8_t body[64];
    struct wire_writer w = wire_writer_init(body, sizeof body);
    const struct control_gone gone = {{index, bed->gateway.places[index]->setup.generation}, (uint8_t)how};
    control_write_gone(&w, &gone);
    tell(bed, CONTROL_TARGET_GONE, &w, body);
}

/* ---- what stands in the state folder ---- */

static const char *const notes[] = {"drives", "dongle", "macros"};

static void note(const struct bed *bed, const char *target)
{
    char path[96];
    for (unsigned i = 0; i < ARRAY_SIZE(notes); i++) {
        snprintf(path, sizeof path, "%s/gateway/%s.%s", bed->folder, target, notes[i]);
        assert_int_equal(close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
    }
}

static bool are_noted(const struct bed *bed, const char *target)
{
    char path[96];
    unsigned n = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(notes); i++) {
        snprintf(path, sizeof path, "%s/gateway/%s.%s", bed->folder, target, notes[i]);
        n += access(path, F_OK) == 0;
    }
    assert_true(n == 0 || n == ARRAY_SIZE(notes));
    return n > 0;
}

/* ---- what people do ---- */

static void look_at(struct bed *bed, unsigned viewer, const char *name)
{
    const struct console_hello hello = {.view_only = false};
    bed->viewers[viewer].ended = 0;
    bed->viewers[viewer].updates = bed->viewers[viewer].modes = 0;
    assert_int_equal(ops->open(&bed->gateway, name, &bed->session, &hello, &bed->viewers[viewer], &bed->open[viewer]),
                     0);
}

static void on_shot(void *data, int error, const char *why, const void *bytes, size_t size)
{
    struct bed *bed = data;
    (void)why;
    assert_true(error || (bytes && size));
    bed->ended++;
}

/* Transport's part: it asks again after each update, and closes whom it was told to close. */
static void turn(struct bed *bed)
{
    for (unsigned i = 0; i < VIEWERS; i++) {
        struct console_viewer *v = bed->open[i];
        if (v && bed->viewers[i].ended) {
            bed->open[i] = NULL;
            ops->close(v);
        } else if (v) {
            ops->pull(v, 1 << 20);
        }
    }
    assert_int_equal(loop_dispatch(bed->gateway.loop, 5), 0);
}

#define UNTIL(bed, condition)                                                                                          \
    for (uint64_t until_ = clock_now_us() + PATIENCE_US; !(condition);) {                                              \
        assert_true(clock_now_us() < until_);                                                                          \
        turn(bed);                                                                                                     \
    }

static void work_on(struct bed *bed, struct target *target)
{
    const struct typing_request request = {.text = "a long line of text", .size = 19, .layout = "us"};
    const struct api_recording *entry;
    struct typing_plan plan;
    const char *reason;
    char why[240];
    for (unsigned i = 1; i < VIEWERS; i++)
        look_at(bed, i, target->name);
    press_things(bed->open[1]);
    for (unsigned i = 0; i < 3; i++, bed->begun++)
        target->ops->screenshot(target, 0, i % 2 ? TARGET_SHOT_PNG : TARGET_SHOT_JPEG, on_shot, bed);
    assert_int_equal(recordings_ops.start(bed->gateway.recordings, target, "anna", 0, "", &entry, &reason), 0);
    assert_int_equal(target->ops->type(target, &request, &plan, why, sizeof why), 0);
}

/* ---- the bed ---- */

static int bed_set_up(void **state)
{
    struct bed *bed = calloc(1, sizeof *bed);
    struct gateway *g = &bed->gateway;
    snprintf(bed->folder, sizeof bed->folder, "/tmp/test-targets-XXXXXX");
    assert_non_null(mkdtemp(bed->folder));
    text_copy(g->setup.state, sizeof g->setup.state, bed->folder);
    close(open_folder(bed, "gateway"));
    make_session(&bed->session, 1, "anna", ROLE_ADMINISTRATOR);
    for (unsigned i = 0; i < VIEWERS; i++)
        bed->viewers[i].number = i + 1;
    assert_int_equal(loop_create(&g->loop), 0);
    assert_int_equal(worker_pool_create(g->loop, "encode", 2, &g->encoders), 0);
    assert_int_equal(worker_pool_create(g->loop, "picture", 1, &g->pictures), 0);
    assert_int_equal(worker_pool_create(g->loop, "io", 2, &g->io), 0);
    const struct recordings_config config = {.loop = g->loop,
                                             .io = g->io,
                                             .folder_fd = open_folder(bed, "recordings"),
                                             .keep = 1 << 30,
                                             .changed = on_recording,
                                             .feed = on_feed,
                                             .data = g};
    assert_int_equal(recordings_create(&config, &g->recordings), 0);
    assert_int_equal(gateway_targets_begin(g), 0);
    come(bed, 0, "stays");
    made(bed, 0);
    look_at(bed, 0, "stays");
    *state = bed;
    return 0;
}

/* As the gateway ends. */
static int bed_tear_down(void **state)
{
    struct bed *bed = *state;
    struct gateway *g = &bed->gateway;
    char command[128];
    for (unsigned i = 0; i < VIEWERS; i++)
        if (bed->open[i])
            ops->close(bed->open[i]);
    g->encoders = worker_pool_destroy(g->encoders);
    g->pictures = worker_pool_destroy(g->pictures);
    gateway_targets_stop(g);
    g->io = worker_pool_destroy(g->io);
    g->recordings = recordings_destroy(g->recordings);
    gateway_targets_finish(g);
    g->fonts = console_fonts_destroy(g->fonts);
    g->loop = loop_destroy(g->loop);
    for (unsigned i = 0; i < VIEWERS; i++)
        replica_destroy(bed->viewers[i].replica);
    assert_int_equal(atomic_load(&bed->session.ref.count), 1);
    snprintf(command, sizeof command, "rm -rf %s", bed->folder);
    assert_int_equal(system(command), 0);
    free(bed);
    return 0;
}

/* ---- tests ---- */

static void what_was_begun_ends_with_the_target(void **state)
{
    struct bed *bed = *state;
    struct gateway *g = &bed->gateway;
    come(bed, 1, "goes");
    for (unsigned i = 0; i < ROUNDS; i++) {
        unsigned before = bed->viewers[0].updates;
        const enum control_gone_how how = (enum control_gone_how)(i % CONTROL_GONE_HOWS);
        UNTIL(bed, g->places[1] && g->places[1]->made);
        work_on(bed, made(bed, 1));
        /* in the middle of it, at other places each time */
        UNTIL(bed, bed->viewers[1 + i % 3].updates > i);
        go(bed, 1, how);
        assert_true(target_leaves(g, "goes"));
        come(bed, 1, "goes");
        assert_false(g->places[1]->made); /* it waits for the one before it */
        for (unsigned k = 1; k < VIEWERS; k++)
            assert_int_equal(bed->viewers[k].ended, how == CONTROL_GONE_ANEW ? VIEWER_END_GONE : VIEWER_END_TARGET);
        UNTIL(bed, !g->leaving);
        assert_int_equal(bed->ended, bed->begun);
        assert_null(recordings_of(g->recordings, &g->places[1]->target));
        UNTIL(bed, bed->viewers[0].updates > before);
    }
    /* not how often it began: one that a busy machine keeps from pulling for seconds begins anew */
    assert_int_equal(bed->viewers[0].width, SMALL_WIDTH);
    assert_int_equal(bed->viewers[0].ended, 0);
}

static void only_who_was_removed_is_forgotten(void **state)
{
    struct bed *bed = *state;
    for (unsigned how = 0; how < CONTROL_GONE_HOWS; how++) {
        come(bed, 1, "goes");
        made(bed, 1);
        note(bed, "goes");
        go(bed, 1, (enum control_gone_how)how);
        UNTIL(bed, !bed->gateway.leaving);
        assert_int_equal(are_noted(bed, "goes"), how != CONTROL_GONE_REMOVED);
    }
}

static void many_come_and_go_at_once(void **state)
{
    struct bed *bed = *state;
    struct gateway *g = &bed->gateway;
    char name[16];
    for (uint16_t i = 1; i <= MANY; i++) {
        snprintf(name, sizeof name, "card%u", i);
        come(bed, i, name);
        made(bed, i);
    }
    assert_int_equal(g->target_list.n, MANY + 1);
    for (unsigned i = 1; i < VIEWERS; i++) {
        look_at(bed, i, i % 2 ? "card1" : "card7");
        g->list[i]->ops->screenshot(g->list[i], 64, TARGET_SHOT_PNG, on_shot, bed);
        bed->begun++;
    }
    UNTIL(bed, bed->viewers[1].updates > 1 && bed->viewers[2].updates > 1);
    for (uint16_t i = MANY; i > 0; i--)
        go(bed, i, i % 2 ? CONTROL_GONE_AWAY : CONTROL_GONE_REMOVED);
    assert_int_equal(g->target_list.n, 1);
    UNTIL(bed, !g->leaving);
    assert_int_equal(bed->ended, bed->begun);
    assert_int_equal(bed->viewers[0].ended, 0);
}

/* The teardown is the gateway's end, with jobs of it on every pool. */
static void the_gateway_ends_while_one_leaves(void **state)
{
    struct bed *bed = *state;
    struct gateway *g = &bed->gateway;
    come(bed, 1, "goes");
    work_on(bed, made(bed, 1));
    UNTIL(bed, bed->viewers[1].updates > 0);
    go(bed, 1, CONTROL_GONE_REMOVED);
    assert_true(target_leaves(g, "goes"));
}

#define TARGETS_TEST(name) cmocka_unit_test_setup_teardown(name, bed_set_up, bed_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TARGETS_TEST(what_was_begun_ends_with_the_target),
        TARGETS_TEST(only_who_was_removed_is_forgotten),
        TARGETS_TEST(many_come_and_go_at_once),
        TARGETS_TEST(the_gateway_ends_while_one_leaves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

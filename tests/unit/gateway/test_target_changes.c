/* From one configuration's targets to the next one's: which steps that takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/config/config_keys.h"
#include "gateway/targets/target_changes.h"

static struct config *parse(const char *text)
{
    struct config_mistakes mistakes = {0};
    struct config *config = NULL;
    int r = config_parse(text, strlen(text), true, &mistakes, &config);
    if (r < 0)
        fail_msg("%s", mistakes.list[0].text);
    return config;
}

static struct target_changes changes;

/* Removals, then targets in order, as "-a +b ~c ..." */
static const char *steps(const char *before, const char *after)
{
    static const char *const signs[] = {
        [TARGET_STAYS] = "=", [TARGET_ADD] = "+",    [TARGET_REMOVE] = "-",
        [TARGET_TELL] = "~",  [TARGET_REMAKE] = "!", [TARGET_POWER] = "?",
    };
    static char room[500];
    attr_cleanup(config_destroyp) struct config *a = parse(before);
    attr_cleanup(config_destroyp) struct config *b = parse(after);
    target_changes_find(a->targets, a->n_targets, b->targets, b->n_targets, &changes);
    room[0] = '\0';
    for (unsigned i = 0; i < changes.n; i++) {
        const struct target_change *c = &changes.list[i];
        snprintf(room + strlen(room), sizeof room - strlen(room), "%s%s%s", i ? " " : "", signs[c->step],
                 c->after ? c->after->name : c->before->name);
    }
    return room;
}

#define CARD "machine = testcard\n"

static void nothing_changes(void **state)
{
    (void)state;
    assert_string_equal(steps("[target a]\n" CARD, "[target a]\n" CARD), "=a");
    assert_string_equal(steps("", ""), "");
}

static void targets_come_go_and_change_places(void **state)
{
    (void)state;
    assert_string_equal(steps("[target a]\n" CARD "[target b]\n" CARD, "[target c]\n" CARD "[target a]\n" CARD),
                        "-b +c =a");
}

static void another_name_is_another_target(void **state)
{
    (void)state;
    assert_string_equal(steps("[target a]\n" CARD, "[target b]\n" CARD), "-a +b");
}

static void another_kind_is_another_target(void **state)
{
    (void)state;
    assert_string_equal(steps("[target a]\n" CARD, "[target a]\nmachine = qemu\n"), "-a +a");
}

static void soft_keys_are_only_told(void **state)
{
    (void)state;
    assert_string_equal(steps("[target a]\n" CARD, "[target a]\n" CARD "seat = shared\nseat-idle = 5\ngroup = lab\n"
                                                   "title = The first one\njiggler = 60\n"),
                        "~a");
    assert_string_equal(changes.list[0].keys, "group, title, seat, seat-idle, jiggler");
    assert_string_equal(changes.list[0].hard, "");
    assert_string_equal(steps("[target a]\nmachine = qemu\n", "[target a]\nmachine = qemu\nmedia-wait = 60\n"), "~a");
}

static void hard_keys_of_a_machine_wait_for_its_power(void **state)
{
    (void)state;
    assert_string_equal(steps("[target a]\nmachine = qemu\nmemory = 512\nextra-arguments = -a b\n",
                              "[target a]\nmachine = qemu\nmemory = 1024\ngroup = lab\nextra-arguments = -a c\n"),
                        "?a");
    assert_string_equal(changes.list[0].hard, "memory, extra-arguments");
    assert_string_equal(steps("[target a]\nmachine = qemu\ndisk = a.qcow2,size=1G\n",
                              "[target a]\nmachine = qemu\ndisk = a.qcow2,size=1G\ndisk2 = b.qcow2,size=1G\n"),
                        "?a");
    assert_string_equal(changes.list[0].hard, "disk2");
}

static void others_are_made_anew(void **state)
{
    (void)state;
    assert_string_equal(
        steps("[target a]\n" CARD "[target b]\n" CARD, "[target a]\n" CARD "format = nv12\n[target b]\n" CARD),
        "!a =b");
    assert_string_equal(steps("[target a]\nmachine = dongle\nudc = x.usb\n",
                              "[target a]\nmachine = dongle\nudc = x.usb\ngpio-power-led = gpiochip0:3\n"),
                        "!a");
    assert_string_equal(changes.list[0].hard, "gpio-power-led");
}

/* A default that is written out is no change. */
static void defaults_are_the_same_as_what_they_say(void **state)
{
    (void)state;
    assert_string_equal(steps("[target a]\nmachine = qemu\n", "[target a]\nmachine = qemu\nmemory = 1024\ncpus = 1\n"),
                        "=a");
    assert_string_equal(steps("[target a]\nmachine = dongle\n", "[target a]\nmachine = dongle\nedid = keep\n"), "=a");
}

static void each_key_is_compared(void **state)
{
    (void)state;
    for (size_t i = 0; i < config_n_keys; i++)
        if (config_keys[i].section == CONFIG_SECTION_TARGET && !target_key_known(config_keys[i].name))
            fail_msg("%s: add it to the table of gateway/targets/target_changes.c", config_keys[i].name);
}

static void a_copy_is_the_same(void **state)
{
    (void)state;
    attr_cleanup(config_destroyp) struct config *config =
        parse("[target a]\nmachine = qemu\nextra-arguments = -device \"a b\"\ntitle = One\n");
    struct config_target *copy = config_target_copy(config->targets[0]);
    assert_true(config_target_same(copy, config->targets[0]));
    copy->extra.list[1][0] = 'x';
    assert_false(config_target_same(copy, config->targets[0]));
    config_target_free(copy);
}

static void as_many_as_there_can_be(void **state)
{
    (void)state;
    size_t size = 64 * CONFIG_MAX_TARGETS;
    char *before = calloc(1, size), *after = calloc(1, size);
    for (int i = 0; i < CONFIG_MAX_TARGETS; i++) {
        snprintf(before + strlen(before), size - strlen(before), "[target a%d]\n" CARD, i);
        snprintf(after + strlen(after), size - strlen(after), "[target b%d]\n" CARD, i);
    }
    struct config *a = parse(before), *b = parse(after);
    target_changes_find(a->targets, a->n_targets, b->targets, b->n_targets, &changes);
    assert_int_equal(changes.n, TARGET_CHANGES_MAX);
    config_destroy(a);
    config_destroy(b);
    free(before);
    free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_changes),
        cmocka_unit_test(targets_come_go_and_change_places),
        cmocka_unit_test(another_name_is_another_target),
        cmocka_unit_test(another_kind_is_another_target),
        cmocka_unit_test(soft_keys_are_only_told),
        cmocka_unit_test(hard_keys_of_a_machine_wait_for_its_power),
        cmocka_unit_test(others_are_made_anew),
        cmocka_unit_test(defaults_are_the_same_as_what_they_say),
        cmocka_unit_test(each_key_is_compared),
        cmocka_unit_test(a_copy_is_the_same),
        cmocka_unit_test(as_many_as_there_can_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

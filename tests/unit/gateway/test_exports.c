/* Grants of exports: as they stand on disk, and in a real lightsoutd, with the clients that people have. A tool that is
 * not installed is named, and the test left out. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/attrs.h"
#include "core/clock.h"
#include "gateway/drives/export_notes.h"
#include "program.h"

#define KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static int set_up(void **state)
{
    struct program *program = calloc(1, sizeof *program);
    program_init(program);
    *state = program;
    return 0;
}

static int tear_down(void **state)
{
    program_finish(*state);
    free(*state);
    return 0;
}

/* --- on disk --- */

static void test_notes_come_back(void **state)
{
    (void)state;
    static struct export_notes notes = {.n = 2}, back;
    static char text[4096];
    notes.list[0] =
        (struct api_export){.name = "inst", .image = "debian 12.iso", .identity = "psk:alice", .read_only = true};
    notes.list[1] = (struct api_export){.name = "w", .image = "w.img", .identity = "cert:b c\xc3\xa4"};
    int n = export_notes_print(&notes, text, sizeof text);
    assert_true(n > 0);
    export_notes_parse(text, &back);
    assert_int_equal(back.n, 2);
    for (unsigned i = 0; i < 2; i++) {
        assert_string_equal(back.list[i].name, notes.list[i].name);
        assert_string_equal(back.list[i].image, notes.list[i].image);
        assert_string_equal(back.list[i].identity, notes.list[i].identity);
        assert_int_equal(back.list[i].read_only, notes.list[i].read_only);
    }
    assert_true(export_notes_print(&notes, text, 30) < 0);
}

static void test_broken_notes_give_nothing(void **state)
{
    (void)state;
    static struct export_notes notes;
    static const char *const texts[] = {
        "",
        "exports 2\nro\ta\tpsk:b\tc\n",
        "exports 1\nro\ta\tpsk:b\n",
        "exports 1\nro\ta\tpsk:b\tc",
        "exports 1\nro\ta/b\tpsk:b\tc\n",
        "exports 1\nro\ta\tpsk:\tc\n",
        "exports 1\nro\ta\talice\tc\n",
        "exports 1\nreadonly\ta\tpsk:b\tc\n",
        "exports 1\n\n\t\t\t\n\xff\n",
    };
    for (unsigned i = 0; i < ARRAY_SIZE(texts); i++) {
        notes.n = 7;
        export_notes_parse(texts[i], &notes);
        assert_int_equal(notes.n, 0);
    }
    export_notes_parse("exports 1\nrubbish\nrw\ta\tpsk:b\tc\nro\ta\tpsk:other\tc\n", &notes);
    assert_int_equal(notes.n, 1);
    assert_string_equal(notes.list[0].identity, "psk:b");
    assert_false(notes.list[0].read_only);
}

/* --- in a program --- */

static void write_file(const struct program *p, const char *name, const char *text)
{
    char path[160];
    snprintf(path, sizeof path, "%s/%s", p->folder, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static int run(const struct program *p, const char *command)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char port[16];
        snprintf(port, sizeof port, "%u", p->port + 1);
        setenv("PORT", port, 1);
        setenv("STATE", p->state, 1);
        if (chdir(p->folder) == 0)
            execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(126);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* REST over the local socket: the answer is in `out`, its status is compared. */
#define REST                                                                                                           \
    "rest() { want=$1; shift; got=$(curl -s -o out -w '%{http_code}' --max-time 60 -H content-type:application/json"   \
    " --unix-socket $STATE/run/control.sock \"$@\"); [ \"$got\" = $want ] || { echo $got; cat out; exit 1; }; };"      \
    " at=http://localhost/api/v1/exports; uri() { echo \"nbds://$1@127.0.0.1:$PORT/$2?tls-psk-file=$PWD/$1.psk\"; };"

static bool missing(const struct program *p, const char *tools)
{
    char command[128];
    snprintf(command, sizeof command, "for t in %s; do command -v $t >/dev/null || exit 1; done", tools);
    if (run(p, command) == 0)
        return false;
    print_message("one of %s is not installed: left out\n", tools);
    return true;
}

static const char make_client[] =
    "set -e; mkdir -p home/.pki/libnbd; cd home/.pki/libnbd; { openssl req -x509 -newkey ec -pkeyopt"
    " ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ../../../ca.pem -days 2 -subj /CN=authority;"
    " openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout client-key.pem -out client.csr"
    " -subj /CN=backup; openssl x509 -req -in client.csr -CA ../../../ca.pem -CAkey ca.key -CAcreateserial -days 2"
    " -out client-cert.pem; } 2>log || { cat log; exit 1; }";

/* key = folder/file: another line of the configuration. */
static void start_with(struct program *p, const char *key, const char *file)
{
    char more[512];
    assert_int_equal(run(p, "mkdir images; chmod 755 . ; chmod 777 images; umask 0;"
                            " head -c 3000000 /dev/urandom >images/a.iso; head -c 8388608 /dev/zero >images/w.img"),
                     0);
    write_file(p, "keys", "alice:" KEY "\nbob:ff" KEY "\n");
    write_file(p, "alice.psk", "alice:" KEY "\n");
    write_file(p, "bob.psk", "bob:ff" KEY "\n");
    snprintf(more, sizeof more, "library = %s/images\nnbd-listen = 127.0.0.1:%u\n%s = %s/%s\n", p->folder, p->port + 1,
             key, p->folder, file);
    program_configure(p, more);
    program_start(p, NULL);
    assert_true(program_await(p, "set-up"));
}

static void test_who_was_granted_an_image_has_it(void **state)
{
    struct program *p = *state;
    if (missing(p, "nbdinfo nbdcopy curl"))
        return;
    start_with(p, "nbd-psk-file", "keys");
    assert_int_equal(run(p, REST "rest 201 $at -d '{\"name\":\"inst\",\"image\":\"a.iso\",\"identity\":\"psk:alice\"}';"
                                 " nbdcopy \"$(uri alice inst)\" copy && cmp copy images/a.iso"),
                     0);
    assert_int_not_equal(run(p, REST "nbdinfo \"$(uri bob inst)\" 2>/dev/null"), 0);
    assert_int_equal(run(p, REST "nbdinfo --json --list \"$(uri bob '')\" >out 2>&1; ! grep -q inst out"), 0);
    assert_int_equal(run(p, REST "nbdinfo --json \"$(uri alice inst)\" >out; grep -q '\"is_read_only\": true' out"), 0);
    /* the grant outlives the process */
    pid_t gateway = program_role(p, "gateway");
    assert_true(gateway > 0);
    program_forget(p);
    kill(gateway, SIGKILL);
    assert_true(program_await(p, "the gateway is ready"));
    assert_int_equal(run(p, REST "nbdcopy \"$(uri alice inst)\" copy2 && cmp copy2 images/a.iso"), 0);
    /* and ends when it is taken back */
    assert_int_equal(run(p, REST "rest 204 -X DELETE $at/inst; rest 404 -X DELETE $at/inst; rest 200 $at;"
                                 " grep -q '\"exports\":\\[\\]' out || { cat out; exit 1; }"),
                     0);
    assert_int_not_equal(run(p, REST "nbdinfo \"$(uri alice inst)\" 2>/dev/null"), 0);
}

static void test_refusals_have_names(void **state)
{
    struct program *p = *state;
    if (missing(p, "curl"))
        return;
    start_with(p, "nbd-psk-file", "keys");
    assert_int_equal(
        run(p,
            REST "give() { rest $1 $at -d \"{\\\"name\\\":\\\"$2\\\",\\\"image\\\":\\\"$3\\\",\\\"identity\\\":"
                 "\\\"$4\\\"}\"; grep -q \"$5\" out || { cat out; exit 1; }; };"
                 " give 404 a none.iso psk:alice no-such-image; give 422 a/b a.iso psk:alice bad-export;"
                 " give 422 a a.iso alice bad-export; give 422 a ../keys psk:alice ''; give 201 a a.iso psk:alice '';"
                 " give 409 a a.iso psk:bob export-exists"),
        0);
}

/* Random writes with checksums, read back through the same server: every block is what was written. fio takes no key,
 * but a certificate where libnbd looks for it; the gateway's own comes from the keeper. */
static void test_fio_with_a_certificate_verifies_a_writable_export(void **state)
{
    struct program *p = *state;
    if (missing(p, "fio curl openssl nbdinfo") || run(p, "fio --enghelp 2>/dev/null | grep -qw nbd") != 0) {
        print_message("fio has no nbd engine: left out\n");
        return;
    }
    assert_int_equal(run(p, make_client), 0);
    start_with(p, "nbd-client-ca", "ca.pem");
    assert_int_equal(
        /* libnbd looks into a home only when it is not root's */
        run(p, REST "openssl s_client -connect 127.0.0.1:$((PORT - 1)) </dev/null 2>/dev/null | openssl x509"
                    " >home/.pki/libnbd/ca-cert.pem; export HOME=$PWD/home; chmod -R a+rwX home; cd home;"
                    " as() { if [ $(id -u) = 0 ]; then setpriv --reuid 65534 --regid 65534 --clear-groups \"$@\";"
                    " else \"$@\"; fi; };"
                    " rest 201 $at -d '{\"name\":\"w\",\"image\":\"w.img\",\"identity\":\"cert:backup\","
                    "\"read_only\":false}'; as nbdinfo --size nbds://localhost:$PORT/w &&"
                    " as fio --name=v --ioengine=nbd --uri=nbds://localhost:$PORT/w --rw=randwrite --bs=4k --size=8M"
                    " --iodepth=16 --verify=crc32c --verify_fatal=1 --do_verify=1 >out 2>&1 || { cat out; exit 1; };"
                    " grep -q 'err= 0' out || { cat out; exit 1; }"),
        0);
}

/* Without the keys nobody is let in, and the rest works. */
static void test_bad_keys_switch_exports_off(void **state)
{
    struct program *p = *state;
    if (missing(p, "curl"))
        return;
    start_with(p, "nbd-psk-file", "keys");
    write_file(p, "keys", "alice:xyz\n");
    pid_t gateway = program_role(p, "gateway");
    program_forget(p);
    kill(gateway, SIGKILL);
    assert_true(program_await(p, "nbd-psk-file, line 1: the key must be 32 to 128 hexadecimal digits"));
    assert_true(program_await(p, "the gateway is ready"));
    assert_int_equal(run(p, REST "rest 409 $at; grep -q exports-off out"), 0);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_notes_come_back),
        cmocka_unit_test(test_broken_notes_give_nothing),
        T(test_who_was_granted_an_image_has_it),
        T(test_refusals_have_names),
        T(test_fio_with_a_certificate_verifies_a_writable_export),
        T(test_bad_keys_switch_exports_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

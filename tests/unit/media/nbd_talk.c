#include "nbd_talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/attrs.h"

const size_t talk_steps[TALK_STEPS] = {1, 3, 8192};

static void note(struct talk *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void note(struct talk *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    size_t used = strlen(t->log);
    vsnprintf(t->log + used, sizeof t->log - used, format, args);
    va_end(args);
}

static void on_send(void *data, const void *bytes, size_t size)
{
    struct talk *t = data;
    assert_true(t->out.size + size <= sizeof t->out.data);
    memcpy(t->out.data + t->out.size, bytes, size);
    t->out.size += size;
}

static bool on_find(void *data, const char *name, struct nbd_export_info *ret)
{
    (void)data;
    if (strcmp(name, "disk") != 0 && strcmp(name, "cd") != 0)
        return false;
    *ret = (struct nbd_export_info){.size = TALK_DISK, .read_only = *name == 'c'};
    return true;
}

static void on_list(void *data, void (*fn)(void *fn_data, const char *name), void *fn_data)
{
    (void)data;
    fn(fn_data, "disk");
    fn(fn_data, "cd");
}

static bool on_chosen(void *data, const char *name)
{
    struct talk *t = data;
    snprintf(t->chosen, sizeof t->chosen, "%s", name);
    return !t->refuse_chosen;
}

const struct nbd_wire_host talk_host = {on_send, on_find, on_list, on_chosen};

static void note_event(struct talk *t, struct nbd_wire *wire, int event, const char *why)
{
    const struct nbd_command *c = &wire->command;
    if (event < 0) {
        note(t, "bad: %s\n", why);
    } else if (event == NBD_PAYLOAD) {
        note(t, "payload %u\n", c->length);
        nbd_wire_payload(wire, t->no_memory ? NULL : t->payload);
    } else if (event == NBD_COMMAND) {
        note(t, "command %d error %d fua %d cookie %llx at %llu+%u\n", (int)c->type, (int)c->error, c->fua,
             (unsigned long long)c->cookie, (unsigned long long)c->offset, c->length);
    } else if (event == NBD_STARTTLS) {
        note(t, "starttls\n");
    } else if (event == NBD_FINISHED) {
        note(t, "finished\n");
    }
}

void talk_converse(struct talk *t, const struct bytes *in, size_t step)
{
    struct nbd_wire wire;
    nbd_wire_init(&wire, &talk_host, t, t->tls);
    int event = NBD_MORE;
    while (t->consumed < in->size && event >= 0 && event != NBD_FINISHED) {
        size_t size;
        uint8_t *room = nbd_wire_room(&wire, &size);
        assert_true(size > 0);
        size = MIN(MIN(size, step), in->size - t->consumed);
        memcpy(room, in->data + t->consumed, size);
        t->consumed += size;
        const char *why = NULL;
        event = nbd_wire_filled(&wire, size, &why);
        assert_true(event >= 0 || why);
        note_event(t, &wire, event, why);
    }
}

void talk_expect_over(enum nbd_tls_policy tls, const struct bytes *in, const struct bytes *out, const char *log)
{
    for (size_t i = 0; i < TALK_STEPS; i++) {
        struct talk *t = calloc(1, sizeof *t);
        t->tls = tls;
        talk_converse(t, in, talk_steps[i]);
        assert_string_equal(t->log, log);
        if (out) {
            assert_int_equal(t->out.size, out->size);
            assert_memory_equal(t->out.data, out->data, out->size);
        }
        free(t);
    }
}

void talk_expect(const struct bytes *in, const struct bytes *out, const char *log)
{
    talk_expect_over(NBD_TLS_NEVER, in, out, log);
}

void talk_enter(struct bytes *in, const char *name)
{
    in->size = 0;
    put_client_flags(in, 3);
    put_info(in, 7, name);
}

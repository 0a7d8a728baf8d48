#include "machines/qemu/qmp_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/attrs.h"

void qmp_stream_init(struct qmp_stream *self)
{
    *self = (struct qmp_stream){0};
}

void qmp_stream_finish(struct qmp_stream *self)
{
    free(self->line);
    *self = (struct qmp_stream){0};
}

static int refuse(const char **ret_why, const char *why)
{
    *ret_why = why;
    return -EPROTO;
}

static uint64_t message_id(const json_t *root)
{
    json_int_t id = json_integer_value(json_object_get(root, "id"));
    return id > 0 ? (uint64_t)id : 0;
}

/* Tells one object's kind; false when it is none that a monitor sends. */
static bool classify(const json_t *root, struct qmp_message *ret)
{
    const json_t *value;
    *ret = (struct qmp_message){.id = message_id(root)};
    if ((value = json_object_get(root, "return"))) {
        ret->kind = QMP_RETURN;
        ret->body = value;
        return true;
    }
    if ((value = json_object_get(root, "error"))) {
        ret->kind = QMP_ERROR;
        ret->body = value;
        ret->text = json_string_value(json_object_get(value, "desc"));
        ret->error_class = json_string_value(json_object_get(value, "class"));
        return ret->text && ret->error_class;
    }
    if ((value = json_object_get(root, "event"))) {
        ret->kind = QMP_EVENT;
        ret->text = json_string_value(value);
        ret->body = json_object_get(root, "data");
        return ret->text;
    }
    ret->kind = QMP_GREETING;
    ret->body = json_object_get(root, "QMP");
    return json_is_object(ret->body);
}

static int take_line(const char *line, size_t size, qmp_message_fn *fn, void *data, const char **ret_why)
{
    if (size && line[size - 1] == '\r')
        size--;
    if (!size)
        return 0;
    json_error_t error;
    json_t *root = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        return refuse(ret_why, "a line that is not JSON");
    struct qmp_message message;
    int r = classify(root, &message) ? 0 : refuse(ret_why, "JSON that is no message of QEMU's monitor");
    if (r == 0 && !fn(data, &message))
        r = -ECANCELED;
    json_decref(root);
    return r;
}

static int keep(struct qmp_stream *self, const char *bytes, size_t size, const char **ret_why)
{
    if (size > QMP_LINE_MAX - self->size)
        return refuse(ret_why, "a line of more than 1 MiB");
    if (self->size + size > self->room) {
        size_t room = MAX((size_t)4096, 2 * (self->size + size));
        char *line = realloc(self->line, room);
        if (!line)
            return -ENOMEM;
        self->line = line;
        self->room = room;
    }
    if (size)
        memcpy(self->line + self->size, bytes, size);
    self->size += size;
    return 0;
}

int qmp_stream_feed(struct qmp_stream *self, const void *bytes, size_t size, qmp_message_fn *fn, void *data,
                    const char **ret_why)
{
    const char *at = bytes;
    while (size) {
        const char *end = memchr(at, '\n', size);
        size_t n = end ? (size_t)(end - at) : size;
        int r = keep(self, at, n, ret_why);
        if (r < 0 || !end)
            return r;
        size_t line = self->size;
        self->size = 0;
        r = take_line(self->line, line, fn, data, ret_why);
        if (r < 0)
            return r;
        at += n + 1;
        size -= n + 1;
    }
    return 0;
}

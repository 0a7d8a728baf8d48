/* Takes the gateway's questions apart, each checked at the door, and has them answered. */
#include <errno.h>

#include "gateway/helper/helper.h"

/* Descriptors that each question comes with. */
static int wanted_fds(uint16_t type)
{
    switch (type) {
    case HELPER_DRIVE_INSERT:
    case HELPER_DRIVE_RECONNECT:
        return 1;
    default:
        return type >= HELPER_OPEN_CAPTURE && type <= HELPER_LAST ? 0 : -1;
    }
}

static struct helper_dongle *find(struct helper *self, unsigned target)
{
    for (unsigned i = 0; i < CONFIG_MAX_TARGETS; i++)
        if (self->dongles[i] && self->dongles[i]->index == target && target != HELPER_NO_NUMBER)
            return self->dongles[i];
    return NULL;
}

static bool begins(struct helper *self, struct helper_question *question, unsigned target)
{
    question->dongle = find(self, target);
    if (!question->dongle)
        helper_answer(self, question->serial, -ENODEV, "There is no such dongle.");
    return question->dongle != NULL;
}

static bool on_target(struct helper *self, const struct ipc_message *message, struct helper_question *question)
{
    struct helper_target m;
    if (!helper_read_target(message->body, message->body_size, &m))
        return false;
    if (!begins(self, question, m.target))
        return true;
    switch (message->type) {
    case HELPER_OPEN_CAPTURE:
        helper_open_capture(question);
        break;
    case HELPER_OPEN_SUBDEVS:
        helper_open_subdevs(question);
        break;
    case HELPER_GADGET_DOWN:
        helper_gadget_down(question);
        break;
    case HELPER_FFS_BEGIN:
        helper_ffs_begin(question);
        break;
    case HELPER_FFS_ENDPOINTS:
        helper_ffs_endpoints(question);
        break;
    default:
        helper_describe(question);
    }
    return true;
}

static bool on_drive(struct helper *self, const struct ipc_message *message, struct helper_question *question)
{
    struct helper_drive m;
    if (!helper_read_drive(message->body, message->body_size, &m))
        return false;
    if (!begins(self, question, m.target))
        return true;
    if (message->type == HELPER_DRIVE_EJECT)
        helper_drive_eject(question, &m);
    else
        helper_drive_reconnect(question, &m);
    return true;
}

/* From now on, in this channel, the number means that dongle. */
static bool on_name(struct helper *self, const struct ipc_message *message, const struct helper_question *question)
{
    struct helper_name m;
    if (!helper_read_name(message->body, message->body_size, &m) || m.target >= CONFIG_MAX_TARGETS)
        return false;
    struct helper_dongle *before = find(self, m.target), *dongle = helper_dongle_named(self, m.name);
    if (before && before != dongle)
        helper_dongle_number(before, HELPER_NO_NUMBER);
    if (dongle && before != dongle)
        helper_dongle_number(dongle, m.target);
    helper_answer(self, question->serial, dongle ? 0 : -ENODEV, dongle ? NULL : "There is no such dongle.");
    if (dongle)
        helper_tell(dongle);
    return true;
}

static bool on_again(struct helper *self, const struct ipc_message *message, const struct helper_question *question)
{
    if (message->body_size != 0)
        return false;
    int r = helper_config_again(self);
    helper_answer(self, question->serial, r, r < 0 ? "The configuration cannot be read: all stays as it is." : NULL);
    return true;
}

#define WITH(kind, function)                                                                                           \
    do {                                                                                                               \
        struct helper_##kind m;                                                                                        \
        if (!helper_read_##kind(message->body, message->body_size, &m))                                                \
            return false;                                                                                              \
        if (begins(self, question, m.target))                                                                          \
            function(question, &m);                                                                                    \
        return true;                                                                                                   \
    } while (0)

static bool dispatch(struct helper *self, const struct ipc_message *message, struct helper_question *question)
{
    if (wanted_fds(message->type) < 0 || (unsigned)wanted_fds(message->type) != message->n_fds || message->serial == 0)
        return false;
    switch (message->type) {
    case HELPER_NAME:
        return on_name(self, message, question);
    case HELPER_AGAIN:
        return on_again(self, message, question);
    case HELPER_GADGET_UP:
        WITH(up, helper_gadget_up);
    case HELPER_DRIVE_INSERT:
        WITH(insert, helper_drive_insert);
    case HELPER_PRESS:
        WITH(press, helper_press);
    case HELPER_DRIVE_RECONNECT:
    case HELPER_DRIVE_EJECT:
        return on_drive(self, message, question);
    default:
        return on_target(self, message, question);
    }
}

bool helper_dispatch(struct helper *self, struct ipc_message *message)
{
    struct helper_question question = {.serial = message->serial, .fds = message->fds, .n_fds = message->n_fds};
    return dispatch(self, message, &question);
}

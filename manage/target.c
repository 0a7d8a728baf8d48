#include "manage/target.h"

#include <string.h>

struct target *target_find(const struct target_list *self, const char *name)
{
    for (size_t i = 0; i < self->n; i++)
        if (!strcmp(self->targets[i]->name, name))
            return self->targets[i];
    return NULL;
}

uint64_t target_seat_session(const struct auth_session *session)
{
    return session->local ? UINT64_MAX : session->id;
}

bool target_seat_open_to(const struct target *self, const struct auth_session *session)
{
    return self->seat.shared || !self->seat.holder.session || self->seat.holder.session == target_seat_session(session);
}

const char *target_usb_state_name(enum target_usb_state state)
{
    static const char *const names[] = {
        [TARGET_USB_NO_HELPER] = "no-helper",       [TARGET_USB_GONE] = "gone",
        [TARGET_USB_NOT_ATTACHED] = "not-attached", [TARGET_USB_POWERED] = "powered",
        [TARGET_USB_CONFIGURED] = "configured",     [TARGET_USB_SUSPENDED] = "suspended",
    };
    return names[state];
}

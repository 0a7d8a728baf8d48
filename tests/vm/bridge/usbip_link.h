/* A connection to a USB/IP server that has imported one device: whole replies come out of it, and what is sent is kept
 * until the socket takes it. One thread, in a loop. */
#pragma once

#include "core/loop.h"
#include "tests/vm/bridge/usbip.h"

struct usbip_link;

#define USBIP_DATA_MAX (1U << 20) /* of one transfer */

struct usbip_link_owner {
    void (*imported)(void *data, const struct usbip_device *device);
    /* bytes: of a read, reply->length of them; valid during the call. */
    void (*reply)(void *data, const struct usbip_reply *reply, const uint8_t *bytes);
    /* Over: refused, closed, or the peer talks nonsense. The owner destroys the link, but not from inside any of
     * these; until then it may be called again. */
    void (*closed)(void *data, const char *why);
    bool (*has_data)(void *data, uint32_t sequence); /* a reply to it carries reply->length bytes */
};

/* Loopback only. Both texts must live as long as the link. */
int usbip_link_create(struct loop *loop, uint16_t port, const char *bus_id, const struct usbip_link_owner *owner,
                      void *data, struct usbip_link **ret);
struct usbip_link *usbip_link_destroy(struct usbip_link *self); /* NULL allowed; returns NULL */

/* bytes: submit->length of them for a write, else NULL. -ENOBUFS: more waits than is sensible; the link is then as
 * before. */
int usbip_link_submit(struct usbip_link *self, const struct usbip_submit *submit, const uint8_t *bytes);
int usbip_link_unlink(struct usbip_link *self, uint32_t sequence, uint32_t device, uint32_t which);
size_t usbip_link_waiting(const struct usbip_link *self); /* bytes that the socket has not taken yet */

#include <errno.h>
#include <string.h>

#include "core/ipc_internal.h"

void ipc_close_fds(int *fds, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
        fds[i] = -1;
    }
}

void ipc_queue_init(struct ipc_queue *queue)
{
    *queue = (struct ipc_queue){.most = IPC_QUEUE_MESSAGES, .most_bytes = IPC_QUEUE_BYTES};
    queue->end = &queue->first;
}

struct ipc_held *ipc_queue_take(struct ipc_queue *queue)
{
    struct ipc_held *held = queue->first;

    if (held) {
        queue->first = held->next;
        if (!queue->first)
            queue->end = &queue->first;
        queue->bytes -= held->size;
        queue->count--;
    }
    return held;
}

void ipc_held_free(struct ipc_held *held)
{
    explicit_bzero(held->bytes, held->size);
    free(held);
}

void ipc_queue_clear(struct ipc_queue *queue)
{
    struct ipc_held *held;

    while ((held = ipc_queue_take(queue))) {
        ipc_close_fds(held->fds, held->n_fds);
        ipc_held_free(held);
    }
}

int ipc_queue_add(struct ipc_queue *queue, const uint8_t *bytes, size_t size, int *fds, unsigned n_fds)
{
    if (queue->count >= queue->most || queue->bytes + size > queue->most_bytes)
        return -ENOBUFS;

    struct ipc_held *held = malloc(sizeof(*held) + size);
    if (!held)
        return -ENOMEM;
    *held = (struct ipc_held){.n_fds = n_fds, .size = size};
    memcpy(held->bytes, bytes, size);
    for (unsigned i = 0; i < n_fds; i++)
        held->fds[i] = take_fd(&fds[i]);

    *queue->end = held;
    queue->end = &held->next;
    queue->bytes += size;
    queue->count++;
    return 0;
}

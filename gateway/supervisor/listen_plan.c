#include "gateway/supervisor/listen_plan.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

bool listen_plan_is_any(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return ((const struct sockaddr_in *)address)->sin_addr.s_addr == htonl(INADDR_ANY);
    return IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

static bool is_same(const struct sockaddr_storage *a, const struct sockaddr_storage *b)
{
    if (a->ss_family != b->ss_family)
        return false;
    if (a->ss_family == AF_INET)
        return ((const struct sockaddr_in *)a)->sin_addr.s_addr == ((const struct sockaddr_in *)b)->sin_addr.s_addr;
    const struct sockaddr_in6 *x = (const struct sockaddr_in6 *)a, *y = (const struct sockaddr_in6 *)b;
    return IN6_ARE_ADDR_EQUAL(&x->sin6_addr, &y->sin6_addr) && x->sin6_scope_id == y->sin6_scope_id;
}

/* All addresses of this kind are in the plan already. */
static bool is_covered(const struct listen_plan *self, const struct sockaddr_storage *address)
{
    for (unsigned i = 0; i < self->n; i++)
        if (self->list[i].address.ss_family == address->ss_family && listen_plan_is_any(&self->list[i].address))
            return true;
    return false;
}

static void push(struct listen_plan *self, const struct listen_wish *wish)
{
    for (unsigned i = 0; i < self->n; i++)
        if (is_same(&self->list[i].address, &wish->address)) {
            self->list[i].required |= wish->required;
            return;
        }
    if (!listen_plan_is_any(&wish->address) && is_covered(self, &wish->address))
        return;
    if (self->n == LISTEN_PLAN_MAX)
        self->cut = true;
    else
        self->list[self->n++] = *wish;
}

static void write_text(struct listen_wish *wish, const char *interface, uint16_t port)
{
    char text[INET6_ADDRSTRLEN];
    bool v6 = wish->address.ss_family == AF_INET6;
    const void *at = v6 ? (const void *)&((struct sockaddr_in6 *)&wish->address)->sin6_addr
                        : (const void *)&((struct sockaddr_in *)&wish->address)->sin_addr;
    bool scoped = v6 && ((struct sockaddr_in6 *)&wish->address)->sin6_scope_id;
    inet_ntop(wish->address.ss_family, at, text, sizeof text);
    snprintf(wish->text, sizeof wish->text, "%s%s%s%s%s:%u", v6 ? "[" : "", text, scoped ? "%" : "",
             scoped ? interface : "", v6 ? "]" : "", port);
}

static void push_all(struct listen_plan *self, uint16_t port)
{
    struct listen_wish v4 = {.size = sizeof(struct sockaddr_in), .required = true};
    struct listen_wish v6 = {.size = sizeof(struct sockaddr_in6)}; /* there are kernels without */
    v4.address.ss_family = AF_INET;
    ((struct sockaddr_in *)&v4.address)->sin_port = htons(port);
    v6.address.ss_family = AF_INET6;
    ((struct sockaddr_in6 *)&v6.address)->sin6_port = htons(port);
    write_text(&v4, "", port);
    write_text(&v6, "", port);
    push(self, &v4);
    push(self, &v6);
}

static void push_interface(struct listen_plan *self, const struct config_listen *wanted, const struct interfaces *here)
{
    bool found = false;
    for (unsigned i = 0; i < here->n; i++) {
        const struct interface_address *at = &here->list[i];
        if (strcmp(at->name, wanted->interface) != 0)
            continue;
        found = true;
        if (!at->size)
            continue;
        struct listen_wish wish = {.address = at->address, .size = at->size};
        if (at->address.ss_family == AF_INET) {
            ((struct sockaddr_in *)&wish.address)->sin_port = htons(wanted->port);
        } else {
            ((struct sockaddr_in6 *)&wish.address)->sin6_port = htons(wanted->port);
            ((struct sockaddr_in6 *)&wish.address)->sin6_flowinfo = 0;
        }
        write_text(&wish, wanted->interface, wanted->port);
        push(self, &wish);
    }
    if (!found)
        snprintf(self->missing, sizeof self->missing, "%s", wanted->interface);
}

static unsigned index_of(const struct interfaces *here, const char *name)
{
    for (unsigned i = 0; i < here->n; i++)
        if (strcmp(here->list[i].name, name) == 0)
            return here->list[i].index;
    return 0;
}

static void push_address(struct listen_plan *self, const struct config_listen *wanted, const struct interfaces *here)
{
    struct listen_wish wish = {.address = wanted->address, .size = wanted->size, .required = true};
    snprintf(wish.text, sizeof wish.text, "%s", wanted->text);
    if (wanted->interface[0]) {
        unsigned index = index_of(here, wanted->interface);
        if (!index) {
            snprintf(self->missing, sizeof self->missing, "%s", wanted->interface);
            return;
        }
        ((struct sockaddr_in6 *)&wish.address)->sin6_scope_id = index;
        wish.required = false; /* the interface may come and go */
    }
    push(self, &wish);
}

/* All addresses first, because they cover the others. */
static bool is_first(const struct config_listen *wanted)
{
    return wanted->kind == CONFIG_LISTEN_ALL ||
           (wanted->kind == CONFIG_LISTEN_ADDRESS && listen_plan_is_any(&wanted->address));
}

void listen_plan_make(const struct config_listens *wanted, const struct interfaces *here, struct listen_plan *ret)
{
    memset(ret, 0, sizeof *ret);
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < wanted->n; i++) {
            const struct config_listen *at = &wanted->list[i];
            if (is_first(at) != (round == 0))
                continue;
            if (at->kind == CONFIG_LISTEN_ALL)
                push_all(ret, at->port);
            else if (at->kind == CONFIG_LISTEN_INTERFACE)
                push_interface(ret, at, here);
            else
                push_address(ret, at, here);
        }
}

bool listen_plan_follows(const struct config_listens *wanted)
{
    for (unsigned i = 0; i < wanted->n; i++)
        if (wanted->list[i].interface[0])
            return true;
    return false;
}

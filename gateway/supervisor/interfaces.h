/* The addresses that this machine has just now, interface by interface, and word of it when they change. */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "core/loop.h"

#define INTERFACES_MAX 256

struct interface_address {
    char name[IF_NAMESIZE];
    unsigned index;                  /* of the interface */
    struct sockaddr_storage address; /* IPv4 or IPv6, link-local ones with their scope */
    socklen_t size;                  /* 0: says only that there is such an interface */
};

struct interfaces {
    struct interface_address list[INTERFACES_MAX];
    unsigned n;
    bool cut; /* there are more */
};

/* 0 or -errno. */
int interfaces_read(struct interfaces *ret);

struct interfaces_watch;

/* Calls changed, from the loop, when an interface or address came or went: once for changes that come together. */
int interfaces_watch_create(struct loop *loop, void (*changed)(void *data), void *data, struct interfaces_watch **ret);
struct interfaces_watch *interfaces_watch_destroy(struct interfaces_watch *self); /* NULL allowed; returns NULL */

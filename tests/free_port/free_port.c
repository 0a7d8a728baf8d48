#include "free_port/free_port.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#define FIRST 20000
#define BEHIND 32766
#define MOST_TRIES 10000

static void give_up(const char *why)
{
    fprintf(stderr, "free_port: %s\n", why);
    abort();
}

/* -1: somebody has it. */
static int bind_port(unsigned port, int type)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        give_up("no socket");
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

/* The sign; -1: the port is not free. */
static int take_port(unsigned port)
{
    int sign = bind_port(port, SOCK_DGRAM), fd = sign < 0 ? -1 : bind_port(port, SOCK_STREAM);
    if (fd >= 0)
        close(fd);
    else if (sign >= 0)
        close(sign);
    return fd < 0 ? -1 : sign;
}

unsigned free_port(void)
{
    for (int i = 0; i < MOST_TRIES; i++) {
        uint16_t random = 0;
        if (getrandom(&random, sizeof random, 0) != sizeof random)
            give_up("no random number");
        unsigned port = FIRST + random % (BEHIND - FIRST);
        int sign = take_port(port);
        if (sign >= 0 && take_port(port + 1) >= 0)
            return port;
        if (sign >= 0)
            close(sign);
    }
    give_up("there is none on 127.0.0.1");
    return 0;
}

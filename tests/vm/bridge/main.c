/* usb-bridge PORT BUS-ID SOCKET: plugs the gadget behind the USB/IP server on that port of the loopback into the
 * machine whose usb-redir device listens at SOCKET, until it is terminated. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "core/log.h"
#include "tests/vm/bridge/bridge.h"

static struct loop_wake *stop_wake;

static void on_signal(attr_unused int number)
{
    loop_wake_signal(stop_wake);
}

static void stop(void *data)
{
    loop_stop(data, 0);
}

static int run(const struct bridge_config *config)
{
    attr_cleanup(loop_destroyp) struct loop *loop = NULL;
    struct bridge *bridge = NULL;
    int r = loop_create(&loop);
    if (r == 0)
        r = loop_wake_add(loop, stop, loop, &stop_wake);
    if (r == 0)
        r = bridge_create(loop, config, &bridge);
    if (r < 0)
        return r;
    struct sigaction action = {.sa_handler = on_signal};
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    r = loop_run(loop);
    bridge_destroy(bridge);
    loop_wake_remove(stop_wake);
    return r;
}

int main(int argc, char **argv)
{
    char *end = NULL;
    unsigned long port = argc == 4 ? strtoul(argv[1], &end, 10) : 0;
    if (port == 0 || port > UINT16_MAX || *end) {
        fputs("usage: usb-bridge PORT BUS-ID SOCKET\n", stderr);
        return 2;
    }
    log_init("usb-bridge");
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    struct bridge_config config = {.port = (uint16_t)port, .bus_id = argv[2], .socket = argv[3]};
    int r = run(&config);
    if (r < 0)
        fprintf(stderr, "usb-bridge: %s\n", strerror(-r));
    return r < 0;
}

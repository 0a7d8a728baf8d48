/* evdev-log: prints what every input device of this machine says, those that come later too: "NAME TYPE CODE VALUE" a
 * line. Key repeats and SYN are left out. */
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEVICES 32

static int devices[DEVICES];
static char names[DEVICES][64];

static void look(int i)
{
    char path[64];
    if (devices[i] >= 0)
        return;
    (void)snprintf(path, sizeof path, "/dev/input/event%d", i);
    devices[i] = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (devices[i] < 0)
        return;
    if (ioctl(devices[i], EVIOCGNAME(sizeof names[i]), names[i]) < 0)
        (void)snprintf(names[i], sizeof names[i], "event%d", i);
    printf("%s appears\n", names[i]);
}

static void tell(int i)
{
    struct input_event event;
    ssize_t n;
    while ((n = read(devices[i], &event, sizeof event)) == sizeof event)
        if (event.type != EV_SYN && event.type != EV_MSC && !(event.type == EV_KEY && event.value == 2))
            printf("%s %u %u %d\n", names[i], event.type, event.code, event.value);
    if (n < 0 && errno == EAGAIN)
        return;
    printf("%s leaves\n", names[i]);
    close(devices[i]);
    devices[i] = -1;
}

int main(void)
{
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    memset(devices, -1, sizeof devices);
    for (;;) {
        struct pollfd polled[DEVICES];
        for (int i = 0; i < DEVICES; i++) {
            look(i);
            polled[i] = (struct pollfd){.fd = devices[i], .events = POLLIN};
        }
        if (poll(polled, DEVICES, 50) < 0)
            return 1;
        for (int i = 0; i < DEVICES; i++)
            if (polled[i].revents)
                tell(i);
    }
}

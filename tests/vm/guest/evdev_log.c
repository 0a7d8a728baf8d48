/* evdev-log: prints what every input device of this machine says, those that come later too: "SECONDS NAME TYPE CODE
 * VALUE" a line, the seconds from the kernel, since it booted. Key repeats and SYN are left out. */
#include <errno.h>
#include <fcntl.h>
#include <linux/input.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define DEVICES 32
#define QUIET_MS 20

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
    int clock = CLOCK_MONOTONIC;
    (void)ioctl(devices[i], EVIOCSCLOCKID, &clock);
    if (ioctl(devices[i], EVIOCGNAME(sizeof names[i]), names[i]) < 0)
        (void)snprintf(names[i], sizeof names[i], "event%d", i);
    printf("%s appears\n", names[i]);
}

static void tell(int i)
{
    struct input_event event;
    ssize_t n;
    while ((n = read(devices[i], &event, sizeof event)) == sizeof event) {
        if (event.type == EV_SYN && event.code == SYN_DROPPED)
            printf("%s was read too late\n", names[i]);
        if (event.type != EV_SYN && event.type != EV_MSC && !(event.type == EV_KEY && event.value == 2))
            printf("%lld.%06ld %s %u %u %d\n", (long long)event.input_event_sec, (long)event.input_event_usec, names[i],
                   event.type, event.code, event.value);
    }
    if (n < 0 && errno == EAGAIN)
        return;
    printf("%s leaves\n", names[i]);
    close(devices[i]);
    devices[i] = -1;
}

static bool second_is_over(void)
{
    static time_t last;
    time_t now = time(NULL), before = last;
    last = now;
    return now != before;
}

int main(void)
{
    bool rests = true;
    (void)setvbuf(stdout, NULL, _IOFBF, 1 << 20);
    (void)setpriority(PRIO_PROCESS, 0, -20); /* the kernel keeps but 64 events for us */
    memset(devices, -1, sizeof devices);
    for (;;) {
        struct pollfd polled[DEVICES];
        for (int i = 0; i < DEVICES; i++) {
            if (rests)
                look(i);
            polled[i] = (struct pollfd){.fd = devices[i], .events = POLLIN};
        }
        int n = poll(polled, DEVICES, QUIET_MS);
        if (n < 0)
            return 1;
        for (int i = 0; i < DEVICES; i++)
            if (polled[i].revents)
                tell(i);
        /* the log lies outside of the guest, where each write takes its time: events that follow each other are
         * written together */
        rests = n == 0 || second_is_over();
        if (rests)
            (void)fflush(stdout);
    }
}

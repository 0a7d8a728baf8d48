/* hid-write DEVICE COUNT: presses and lets go of the key A, COUNT reports in all, each as soon as the host has taken
 * the one before: as fast as a program can that does nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    int fd = argc == 3 ? open(argv[1], O_WRONLY | O_NONBLOCK | O_CLOEXEC) : -1;
    if (fd < 0) {
        perror("hid-write");
        return 1;
    }
    for (long left = atol(argv[2]); left > 0; left--) {
        const uint8_t report[8] = {0, 0, left % 2 ? 0 : 4};
        struct pollfd writable = {.fd = fd, .events = POLLOUT};
        ssize_t n;
        do /* the gateway has the same device open, and may have been quicker */
            n = poll(&writable, 1, 60000) == 1 ? write(fd, report, sizeof report) : 0;
        while (n < 0 && errno == EAGAIN);
        if (n != sizeof report) {
            perror("hid-write");
            return 1;
        }
    }
    close(fd);
    return 0;
}

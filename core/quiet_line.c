#include "core/quiet_line.h"

#include <string.h>
#include <termios.h>
#include <unistd.h>

bool quiet_line_read(FILE *from, char *room, size_t size)
{
    setvbuf(from, NULL, _IONBF, 0);
    if (!fgets(room, (int)size, from))
        return false;
    size_t n = strcspn(room, "\r\n");
    bool whole = n + 1 < size;
    room[n] = '\0';
    return whole;
}

bool quiet_line_ask(const char *prompt, char *room, size_t size)
{
    struct termios before, quiet;
    bool terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
    if (terminal) {
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        fprintf(stderr, "%s: ", prompt);
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
    bool good = quiet_line_read(stdin, room, size);
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        fputc('\n', stderr);
    }
    return good;
}

/* One attempt after the other. An attempt that ends the process is found begun by the process that comes after it. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/attrs.h"
#include "core/cleanup.h"
#include "core/clock.h"
#include "tests/walls/attack.h"

static const struct attempt_list *const lists[] = {
    &attack_files,   &attack_processes, &attack_programs, &attack_kernel,
    &attack_network, &attack_channels,  &attack_memory,
};

int attack_maps = -1;
static bool begin_anew;
static char note[sizeof((struct board_result *)0)->note];
static const void *program;
static size_t program_size;
char attack_program_path[512];

const struct attempt *attack_get(size_t number)
{
    for (size_t i = 0; i < ARRAY_SIZE(lists); number -= lists[i++]->n)
        if (number < lists[i]->n)
            return &lists[i]->attempts[number];
    return NULL;
}

void attack_note(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(note, sizeof note, format, ap);
    va_end(ap);
}

void attack_begin_anew(void)
{
    begin_anew = true;
}

const void *attack_program(size_t *ret_size)
{
    *ret_size = program_size;
    return program;
}

static void bring_program(void)
{
    struct stat st;
    _cleanup_close_ int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    ssize_t n = readlink("/proc/self/exe", attack_program_path, sizeof attack_program_path - 1);
    if (fd < 0 || n < 0 || fstat(fd, &st) < 0)
        return;
    void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED)
        return;
    program = map;
    program_size = (size_t)st.st_size;
}

struct board *attack_board(void)
{
    static struct board *board;
    const char *path = getenv(BOARD_ENV);
    _cleanup_close_ int fd = board || !path ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return board;
    void *map = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    board = map == MAP_FAILED ? NULL : map;
    attack_maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    bring_program();
    return board;
}

static void write_result(struct board_result *result, int r)
{
    result->error = r > 0 ? r : 0;
    result->ended_ms = (uint32_t)(clock_now_us() / 1000);
    memcpy(result->note, note, sizeof note);
    __atomic_store_n(&result->outcome,
                     r == GOT_IT     ? BOARD_SUCCEEDED
                     : r == NOT_HERE ? BOARD_NOT_HERE
                                     : BOARD_DENIED,
                     __ATOMIC_SEQ_CST);
}

void attack_run(struct board *board, enum board_role me)
{
    for (uint32_t i = board->next[me]; attack_get(i) && i < BOARD_ATTEMPTS; i++) {
        const struct attempt *attempt = attack_get(i);
        struct board_result *result = &board->results[me][i];
        if (result->outcome == BOARD_BEGUN)
            result->outcome = BOARD_KILLED;
        if (!(attempt->by & 1u << me) || result->outcome != BOARD_UNTRIED || board->skip[i] ||
            (board->only && i + 1 != board->only))
            continue;
        board->next[me] = i;
        result->begun_ms = (uint32_t)(clock_now_us() / 1000);
        result->outcome = BOARD_BEGUN;
        note[0] = '\0';
        errno = 0;
        write_result(result, attempt->try(board, me));
        if (begin_anew)
            _exit(0);
    }
    __atomic_fetch_or(&board->done, 1u << me, __ATOMIC_SEQ_CST);
}

/* role: number, as digits. */
void attack_was_executed(const char *role)
{
    struct board *board = attack_board();
    unsigned me = (unsigned)atoi(role);
    if (!board || me >= BOARD_ROLES)
        return;
    attack_note("a program of the attacker's ran");
    write_result(&board->results[me][board->next[me]], GOT_IT);
}
